"""A status is a number to code and a name to people."""

from __future__ import annotations

import copy
import pickle
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lsart.contract
from lsart.contract._status import NTSTATUS
from lsart.contract._tables import _statuses

DATA = Path(lsart.contract.__path__[0]) / "data"
STATUSES = tomllib.loads((DATA / "statuses.toml").read_text("utf-8"))["status"]


def test_a_status_shows_its_name_and_number() -> None:
    assert repr(NTSTATUS(0xC000009A)) == "STATUS_INSUFFICIENT_RESOURCES (0xC000009A)"
    assert f"{NTSTATUS(0xC000009A)}" == "STATUS_INSUFFICIENT_RESOURCES (0xC000009A)"


def test_a_status_nobody_documents_is_its_eight_digits() -> None:
    assert NTSTATUS(0xC0001234).name == "0xC0001234"
    assert repr(NTSTATUS(0xC0001234)) == "0xC0001234"
    assert NTSTATUS(0xC0001234).names == ()


def test_two_names_of_one_number_are_equal_and_each_keeps_its_own() -> None:
    ours, ndis = _statuses.STATUS_INSUFFICIENT_RESOURCES, _statuses.NDIS_STATUS_RESOURCES
    assert ours == ndis == 0xC000009A
    assert hash(ours) == hash(ndis)
    assert ndis.name == "NDIS_STATUS_RESOURCES"
    assert NTSTATUS(ndis).name == "STATUS_INSUFFICIENT_RESOURCES"
    assert ndis.names == ("STATUS_INSUFFICIENT_RESOURCES", "NDIS_STATUS_RESOURCES")


def test_a_negative_c_long_is_the_same_status() -> None:
    assert NTSTATUS(-0x3FFFFF66) == 0xC000009A


@pytest.mark.parametrize("value", [1 << 32, -(1 << 31) - 1])
def test_a_number_of_more_than_32_bits_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match="32 bits"):
        NTSTATUS(value)


@pytest.mark.rule("STS-1")
@given(st.integers(0, 0xFFFF_FFFF))
def test_success_means_not_negative_as_a_signed_number(value: int) -> None:
    signed = value - (1 << 32) if value >= 1 << 31 else value
    assert NTSTATUS(value).is_success is (signed >= 0)


@pytest.mark.rule("STS-1")
def test_the_two_top_bits_are_the_severity() -> None:
    tops = [NTSTATUS(top << 30).severity for top in range(4)]
    assert tops == ["success", "informational", "warning", "error"]


@pytest.mark.rule("STS-2")
def test_a_sec_code_is_an_error_by_its_top_bit_and_sec_i_codes_count_as_success() -> None:
    assert NTSTATUS(0x80090308).severity == "error"
    assert _statuses.SEC_I_CONTINUE_NEEDED.is_success
    assert not _statuses.SEC_E_INVALID_TOKEN.is_success


@pytest.mark.parametrize("row", STATUSES, ids=lambda row: row["name"])
def test_each_constant_agrees_with_the_data(row: dict[str, object]) -> None:
    if row["use"] == "misprint":
        assert not hasattr(_statuses, str(row["name"]))
        return
    constant = getattr(_statuses, str(row["name"]))
    assert constant == row["value"]
    if row["kind"] == "win32":
        assert type(constant) is int
        return
    assert constant.name == row["name"]
    assert constant.name in constant.names
    assert constant.severity == row["severity"]


def test_a_copied_and_a_pickled_status_keep_number_and_name() -> None:
    status = _statuses.NDIS_STATUS_RESOURCES
    for twin in (copy.deepcopy(status), pickle.loads(pickle.dumps(status))):
        assert twin == status
        assert twin.name == "NDIS_STATUS_RESOURCES"
