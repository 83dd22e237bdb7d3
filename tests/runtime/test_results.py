"""What entry points give back is read by their rows: every output has its type, and anything else is said in words."""

from __future__ import annotations

import keyword
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsart.contract import (
    NTSTATUS,
    SECPKG_SLOTS,
    STATUS_SUCCESS,
    STATUS_UNSUCCESSFUL,
    CallPackageReply,
    Parameter,
    Pointer,
    SecPkgInfo,
    Slot,
    StatusError,
    enumerations,
)
from lsart.runtime._results import ResultError, Returned, read

POINTER = Pointer(0x1000, "lsass")
BY_NAME = {each.name: each for each in SECPKG_SLOTS}
LOGON = BY_NAME["LogonUserEx2"]
NULL_INFORMATION = enumerations.LSA_TOKEN_INFORMATION_TYPE.LsaTokenInformationNull
V1 = enumerations.LSA_TOKEN_INFORMATION_TYPE.LsaTokenInformationV1
PREPARED = {"PULONG": 0, "PLUID": 0, "PNTSTATUS": 0, "PLSA_TOKEN_INFORMATION_TYPE": NULL_INFORMATION}


def test_outputs_that_an_entry_left_alone_are_as_lsa_prepared_them() -> None:
    result = read(LOGON, None)
    assert result.status == STATUS_SUCCESS
    assert result.outs == tuple(PREPARED.get(each.type) for each in LOGON.out_parameters)
    assert isinstance(dict(zip(names(LOGON), result.outs, strict=True))["sub_status"], NTSTATUS)


def names(slot: Slot) -> list[str]:
    return [each.name for each in slot.out_parameters]


GOOD: dict[str, list[Any]] = {
    "PVOID *": [POINTER, None],
    "PULONG": [0, 0xFFFF_FFFF],
    "PLUID": [0, 0xFFFF_FFFF_FFFF_FFFF],
    "PNTSTATUS": [STATUS_UNSUCCESSFUL],
    "PLSA_TOKEN_INFORMATION_TYPE": [V1, NULL_INFORMATION],
    "PUNICODE_STRING *": ["alice", POINTER, None],
    "PLSA_STRING *": ["name", POINTER, None],
    "PSecPkgInfo": [SecPkgInfo("a")],
    "PBOOLEAN": [True, False],
    "PHANDLE": [4],
    "PLSA_SEC_HANDLE": [1 << 63],
    "PTimeStamp": [0x7FFF_FFFF_FFFF_FFFF],
    "PUCHAR *": [b"blob", POINTER, None],
}
BAD: dict[str, list[Any]] = {
    "PVOID *": [b"bytes", 4096, "text"],
    "PULONG": [-1, 1 << 32, "8", True, 1.0],
    "PLUID": [-1, 1 << 64, POINTER],
    "PNTSTATUS": [1 << 32, "fine", False],
    "PLSA_TOKEN_INFORMATION_TYPE": [99, "V1", True],
    "PUNICODE_STRING *": [b"alice", 7],
    "PLSA_STRING *": [b"name", 7],
    "PSecPkgInfo": [None, "a", 7],
    "PBOOLEAN": [1, 0, "yes"],
    "PHANDLE": [-1, 1 << 64],
    "PLSA_SEC_HANDLE": [-1, POINTER],
    "PTimeStamp": [1 << 63, -1],
    "PUCHAR *": ["text", 7],
}


def slot_with(c_type: str) -> Slot:
    """A function of two outputs of one type."""
    outs = tuple(Parameter(name, name, c_type, "out", False, "") for name in ("first", "second"))
    return attrs.evolve(LOGON, parameters=outs)


@pytest.mark.parametrize(("c_type", "value"), [(kind, value) for kind, values in GOOD.items() for value in values])
def test_an_output_of_its_type_comes_through(c_type: str, value: object) -> None:
    other = GOOD[c_type][0]
    result = read(slot_with(c_type), (other, value))
    assert result.outs == (other, value)


@pytest.mark.parametrize(("c_type", "value"), [(kind, value) for kind, values in BAD.items() for value in values])
def test_an_output_of_another_type_is_refused_and_named(c_type: str, value: object) -> None:
    with pytest.raises(ResultError, match=r"^it returned .*; expected .* for second$"):
        read(slot_with(c_type), (GOOD[c_type][0], value))


def test_token_data_may_be_any_structure_at_hand() -> None:
    given = {each.name: None for each in LOGON.out_parameters} | {"token_information": SecPkgInfo("anything")}
    assert SecPkgInfo("anything") in read(LOGON, tuple(given.values())).outs


@given(st.integers(0, 30).filter(lambda count: count != len(LOGON.out_parameters)))
def test_a_tuple_of_another_length_is_refused_with_the_names_of_the_outputs(count: int) -> None:
    with pytest.raises(ResultError, match=r"expected None, \(profile_buffer, .*\), or a value with these members"):
        read(LOGON, (None,) * count)


WHATEVER = st.one_of(
    st.integers(), st.booleans(), st.text(), st.binary(), st.floats(), st.dictionaries(st.text(), st.integers())
)


@given(st.sampled_from(SECPKG_SLOTS), st.one_of(WHATEVER, st.lists(WHATEVER), st.lists(WHATEVER).map(tuple)))
def test_whatever_comes_back_is_read_or_refused_in_words(slot: Slot, value: object) -> None:
    error: Exception | None = None
    result: Returned | None = None
    try:
        result = read(slot, value)
    except (ResultError, StatusError) as raised:
        error = raised
    if result is not None:
        assert len(result.outs) == len(slot.out_parameters)
    elif isinstance(error, StatusError):
        assert not slot.out_parameters
        assert not error.status.is_success
    else:
        assert str(error).startswith("it returned ")


def test_a_value_with_the_members_of_the_outputs_is_as_good_as_a_tuple() -> None:
    reply = CallPackageReply(POINTER, 8, int(STATUS_UNSUCCESSFUL))
    result = read(BY_NAME["CallPackage"], reply)
    assert (result.status, result.outs) == (STATUS_SUCCESS, (POINTER, 8, STATUS_UNSUCCESSFUL))
    for each in SECPKG_SLOTS:
        assert not [name for name in names(each) if keyword.iskeyword(name)]  # each can be a member


@attrs.frozen
class Answer:
    package_info: SecPkgInfo
    status: object


@pytest.mark.parametrize("status", ["fine", True, None, 1 << 32])
def test_a_status_beside_the_outputs_must_be_one(status: object) -> None:
    with pytest.raises(ResultError, match="its status is an NTSTATUS"):
        read(BY_NAME["GetInfo"], Answer(SecPkgInfo("a"), status))


@pytest.mark.parametrize("value", [0, 0x103, STATUS_SUCCESS, None])
def test_an_entry_without_outputs_may_return_its_status(value: int | None) -> None:
    result = read(BY_NAME["Shutdown"], value)
    assert (result.status, result.outs) == (value or 0, ())


@pytest.mark.parametrize("value", [int(STATUS_UNSUCCESSFUL), int(STATUS_UNSUCCESSFUL) - (1 << 32)])
def test_a_returned_status_that_says_failure_is_raised(value: int) -> None:
    with pytest.raises(StatusError) as caught:
        read(BY_NAME["Shutdown"], value)
    assert caught.value.status == STATUS_UNSUCCESSFUL


@pytest.mark.parametrize("value", [0, "text", True])
def test_a_void_entry_returns_nothing(value: object) -> None:
    assert read(BY_NAME["LogonTerminated"], None).outs == ()
    with pytest.raises(ResultError, match=r"expected None$"):
        read(BY_NAME["LogonTerminated"], value)
