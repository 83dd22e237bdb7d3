"""Each C type carries what it can carry; more is misuse, and another type is what a compiler would refuse."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from lsart.contract import (
    LSA_SECPKG_SLOTS,
    LSA_STRING,
    SID_AND_ATTRIBUTES,
    TOKEN_SOURCE,
    ClientRequest,
    Parameter,
    Pointer,
    enumerations,
)
from lsart.runtime._arguments import checker

POINTER = Pointer(0x1000, "lsass")
WORD = 0xFFFF_FFFF_FFFF_FFFF


def parameter(c_type: str, **fields: Any) -> Parameter:
    return Parameter("value", "Value", c_type, "in", fields.pop("optional", False), "", **fields)


CARRIED: list[tuple[str, list[Any]]] = [
    ("ULONG", [0, 0xFFFF_FFFF]),
    ("PULONG", [0, 0xFFFF_FFFF]),
    ("NTSTATUS", [0, -0x8000_0000, 0xFFFF_FFFF]),
    *((word, [0, WORD]) for word in ("SIZE_T", "ULONG_PTR", "HANDLE", "LUID", "PLUID", "FILETIME *")),
    ("PVOID", [POINTER]),
    ("PUCHAR", [POINTER, b"bytes"]),
    ("PUNICODE_STRING", ["", "x" * 32767, "half a pair: \ud800"]),
    ("PSECURITY_STRING", ["x" * 32767]),
    ("LPWSTR", ["x" * 100_000]),
    ("PSID", ["S-1-5-18"]),
    ("PLSA_STRING", ["x" * 65535, "half a pair: \ud800", ""]),
    ("BOOLEAN", [True, False]),
    ("SEC_THREAD_START", [print]),
    ("PTOKEN_SOURCE", [TOKEN_SOURCE("cache")]),
    ("PTOKEN_GROUPS", [(), (SID_AND_ATTRIBUTES("S-1-1-0", 7),)]),
    ("PLSA_CLIENT_REQUEST", [ClientRequest(1)]),
    ("SECURITY_LOGON_TYPE", [2, enumerations.SECURITY_LOGON_TYPE.Network]),
    ("SEC_ATTRS", [None, 5]),
]
TOO_MUCH: list[tuple[str, Any, str]] = [
    ("ULONG", 1 << 32, "ULONG (0 to 4294967295) cannot carry"),
    ("NTSTATUS", 1 << 32, "NTSTATUS (-2147483648 to 4294967295) cannot carry"),
    ("HANDLE", -1, "HANDLE (0 to 18446744073709551615) cannot carry"),
    ("PLUID", 1 << 64, "PLUID (0 to 18446744073709551615) cannot carry"),
    ("PUNICODE_STRING", "x" * 32768, "has 65536 bytes, which PUNICODE_STRING (at most 65534) cannot carry"),
    ("PUNICODE_STRING", "\U0001f600" * 16384, "has 65536 bytes"),
    ("PLSA_STRING", "ä" * 32768, "has 65536 bytes, which PLSA_STRING (at most 65535) cannot carry"),
    ("PUNICODE_STRING", None, "is NULL"),
    ("PLSA_STRING", None, "is NULL"),
    ("PSID", None, "is NULL"),
    ("PTOKEN_SOURCE", None, "is NULL"),
    ("PVOID", None, "is NULL"),
    ("SEC_THREAD_START", None, "is NULL"),
    ("SECURITY_LOGON_TYPE", 99, "is 99, which is no SECURITY_LOGON_TYPE"),
    ("CRED_FETCH", -1, "is -1, which is no CRED_FETCH"),
]
REFUSED: list[tuple[str, Any, str]] = [
    ("HANDLE", "4", "expected an int for HANDLE, got str '4'"),
    ("PLUID", None, "expected an int for PLUID, got NoneType"),
    ("BOOLEAN", 1, "expected True or False, got int 1"),
    ("PUNICODE_STRING", b"name", "expected text for PUNICODE_STRING, got bytes"),
    ("PSID", 18, "expected text for PSID, got int 18"),
    ("PLSA_STRING", 7, "expected text for PLSA_STRING, got int 7"),
    ("PLSA_STRING", b"name", "expected text for PLSA_STRING, got bytes"),
    ("PLSA_STRING", LSA_STRING("name"), "expected text for PLSA_STRING, got LSA_STRING"),
    ("PVOID", b"bytes", "expected a Pointer or None, got bytes"),
    ("PTOKEN_SOURCE", "cache", "expected a TOKEN_SOURCE, got str"),
    ("PTOKEN_GROUPS", ("S-1-1-0",), "expected a tuple of SID_AND_ATTRIBUTES, got tuple"),
    ("PTOKEN_GROUPS", SID_AND_ATTRIBUTES("S-1-1-0"), "expected a tuple of SID_AND_ATTRIBUTES, got SID_AND"),
    ("SEC_THREAD_START", "print", "expected a function, got str 'print'"),
    ("SECURITY_LOGON_TYPE", "Network", "expected a member of SECURITY_LOGON_TYPE, got str"),
    ("SECURITY_LOGON_TYPE", True, "expected a member of SECURITY_LOGON_TYPE, got bool"),
]


@pytest.mark.parametrize(("c_type", "value"), [(kind, value) for kind, values in CARRIED for value in values])
def test_a_value_that_the_type_carries_passes(c_type: str, value: object) -> None:
    assert checker(parameter(c_type))(value) == ""


@pytest.mark.parametrize(("c_type", "value", "problem"), TOO_MUCH)
def test_a_value_that_the_type_cannot_carry_is_told(c_type: str, value: object, problem: str) -> None:
    assert problem in checker(parameter(c_type))(value)


@pytest.mark.parametrize(("c_type", "value", "message"), REFUSED)
def test_a_value_of_another_type_is_refused(c_type: str, value: object, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        checker(parameter(c_type))(value)
    assert message in str(caught.value)


@pytest.mark.parametrize("c_type", ["PVOID", "PUCHAR", "PUNICODE_STRING", "PLSA_STRING", "PSID", "HANDLE", "ULONG_PTR"])
def test_an_optional_parameter_may_be_left_out(c_type: str) -> None:
    assert checker(parameter(c_type, optional=True))(None) == ""
    with pytest.raises(TypeError):
        checker(parameter(c_type, optional=True))(1.5)


def test_a_pvoid_may_stand_for_a_value_where_the_row_says_so() -> None:
    rows = {each.name: each for each in LSA_SECPKG_SLOTS}
    taken = {(slot.name, each.name) for slot in rows.values() for each in slot.in_parameters if each.takes_value}
    assert taken == {
        ("CreateThread", "thread_parameter"),
        ("RegisterNotification", "parameter"),
        ("CreateToken", "token_information"),
        ("CreateTokenEx", "token_information"),
        ("CreateTokenEx", "session_information"),
    }
    (token,) = (each for each in rows["CreateToken"].parameters if each.takes_value)
    assert checker(token)({"any": "structure"}) == ""
    with pytest.raises(TypeError):
        checker(attrs.evolve(token, takes_value=False))({"any": "structure"})


def test_a_counted_string_may_stand_for_text_where_the_row_says_so() -> None:
    taken = {(slot.name, each.name) for slot in LSA_SECPKG_SLOTS for each in slot.parameters if each.takes_string}
    assert taken == {(name, "primary_key_value") for name in ("AddCredential", "GetCredentials", "DeleteCredential")}
    check = checker(parameter("PLSA_STRING", takes_string=True))
    assert [check(each) for each in ("key", LSA_STRING("key", maximum_length=9))] == ["", ""]
    for wrong in (LSA_STRING(POINTER, 3), b"key", 7):
        with pytest.raises(TypeError, match="expected text or an LSA_STRING of text"):
            check(wrong)


def test_a_counted_string_of_secrets_is_bytes_and_no_message_shows_them() -> None:
    check = checker(parameter("PLSA_STRING", takes_bytes=True))
    assert [check(each) for each in (b"\xff" * 65535, bytearray(b"x"), b"")] == ["", "", ""]
    assert check(bytes(65536)) == "has 65536 bytes, which PLSA_STRING (at most 65535) cannot carry"
    assert check(None) == "is NULL"
    with pytest.raises(TypeError) as caught:
        check("correct horse")
    assert str(caught.value) == "expected bytes, got str"


@pytest.mark.parametrize(
    ("c_type", "value"),
    [
        ("PVOID", "correct horse"),
        ("PUNICODE_STRING", b"correct horse"),
        ("PSECPKG_PRIMARY_CRED", {"password": "correct horse"}),
        ("PSECPKG_SUPPLEMENTAL_CRED_ARRAY", ("correct horse",)),
    ],
)
def test_what_may_hold_a_secret_is_shown_in_no_message(c_type: str, value: object) -> None:
    with pytest.raises(TypeError, match=f"got {type(value).__name__}$"):
        checker(parameter(c_type))(value)
