"""SIDs as text and as bytes; privileges by name and LUID."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsart.security import LOCAL_SYSTEM, PRIVILEGES, logon_sid, privilege_name, sid_bytes, sid_text

PARTS = st.lists(st.integers(0, 0xFFFF_FFFF), max_size=15)
AUTHORITIES = st.integers(0, (1 << 48) - 1)


@given(authority=AUTHORITIES, parts=PARTS, tail=st.binary(max_size=4))
def test_a_sid_is_the_same_as_text_and_as_bytes(authority: int, parts: list[int], tail: bytes) -> None:
    shown = str(authority) if authority <= 0xFFFF_FFFF else f"0x{authority:012x}"
    text = "-".join(["S", "1", shown, *map(str, parts)])
    assert sid_text(sid_bytes(text) + tail) == text


def test_a_well_known_sid_has_the_bytes_that_windows_has() -> None:
    assert sid_bytes(LOCAL_SYSTEM) == bytes.fromhex("0101000000000005 12000000")
    assert sid_bytes("S-1-5-32-544") == bytes.fromhex("0102000000000005 20000000 20020000")


@pytest.mark.parametrize(
    "text", ["", "S-2-5-18", "S-1-", "S-1-5-", "S-1-5-x", "S-1-5-4294967296", "s-1-5-18", "S-1-5" + "-1" * 16]
)
def test_what_is_no_sid_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="SID"):
        sid_bytes(text)


@pytest.mark.parametrize("data", [b"", bytes(8), b"\1\20" + bytes(80), sid_bytes(LOCAL_SYSTEM)[:-1]])
def test_bytes_that_hold_no_sid_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="is no SID"):
        sid_text(data)


@given(data=st.binary(max_size=80))
def test_any_bytes_are_a_sid_or_refused(data: bytes) -> None:
    try:
        text = sid_text(data)
    except ValueError:
        return
    assert data.startswith(sid_bytes(text))


def test_a_logon_sid_is_made_of_both_halves_of_its_luid() -> None:
    assert logon_sid(0x1_0000_03E9) == "S-1-5-5-1-1001"


def test_privileges_have_the_numbers_of_the_header() -> None:
    known = {2: "SeCreateTokenPrivilege", 7: "SeTcbPrivilege", 20: "SeDebugPrivilege", 23: "SeChangeNotifyPrivilege"}
    known |= {29: "SeImpersonatePrivilege", 35: "SeCreateSymbolicLinkPrivilege"}
    assert {luid: privilege_name(luid) for luid in known} == known
    assert PRIVILEGES["SeTcbPrivilege"] == 7
    assert privilege_name(1) is None
