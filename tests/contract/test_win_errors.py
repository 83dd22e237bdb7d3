"""NTSTATUS as Win32 error codes."""

from __future__ import annotations

import pytest

from lsart.contract import (
    NTSTATUS,
    SEC_E_LOGON_DENIED,
    STATUS_ACCESS_DENIED,
    STATUS_INVALID_HANDLE,
    STATUS_LOGON_FAILURE,
    STATUS_LOGON_SESSION_COLLISION,
    STATUS_MORE_ENTRIES,
    STATUS_NO_SUCH_LOGON_SESSION,
    STATUS_SUCCESS,
    STATUS_UNSUCCESSFUL,
    LsaNtStatusToWinError,
)

PAIRS = [
    (STATUS_SUCCESS, 0),
    (STATUS_ACCESS_DENIED, 5),
    (STATUS_INVALID_HANDLE, 6),
    (STATUS_UNSUCCESSFUL, 31),
    (STATUS_MORE_ENTRIES, 234),
    (STATUS_NO_SUCH_LOGON_SESSION, 1312),
    (STATUS_LOGON_FAILURE, 1326),
    (STATUS_LOGON_SESSION_COLLISION, 1366),
]


@pytest.mark.rule("STS-4")
@pytest.mark.parametrize(("status", "error"), PAIRS)
def test_a_status_has_the_win32_error_that_says_the_same(status: NTSTATUS, error: int) -> None:
    assert LsaNtStatusToWinError(status) == error
    as_a_c_long = int(status) - (1 << 32) if int(status) >= 1 << 31 else int(status)
    assert LsaNtStatusToWinError(as_a_c_long) == error


@pytest.mark.parametrize("status", [0xE000_0001, 0x4000_1234, SEC_E_LOGON_DENIED])
def test_a_status_without_a_counterpart_says_that_there_is_no_message(status: int) -> None:
    assert LsaNtStatusToWinError(status) == 317
