"""Arguments that every slot of the function table takes, and what its failure looks like."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from lsart.contract import (
    CREDENTIAL_TARGET_INFORMATIONW,
    ENCRYPTED_CREDENTIALW,
    NTSTATUS,
    SECPKG_PRIMARY_CRED,
    TOKEN_SOURCE,
    ClientRequest,
    FailureValue,
    Parameter,
    Pointer,
    SecBuffer,
    Slot,
    StatusError,
    enumerations,
)

__all__ = ["SECTION", "failure_of", "outcome_of", "valid_arguments"]

SECTION = Pointer(0x1_0000_0000, "lsass")
_NUMBERS = ("ULONG", "PULONG", "SIZE_T", "ULONG_PTR", "HANDLE", "LUID", "PLUID", "FILETIME *", "NTSTATUS")
_TEXTS = ("PUNICODE_STRING", "PSECURITY_STRING", "LPWSTR", "PLSA_STRING", "PSID")
_VALUES: dict[str, Any] = {
    **dict.fromkeys(_NUMBERS, 0),
    **dict.fromkeys(_TEXTS, "text"),
    "BOOLEAN": False,
    "PVOID": SECTION,
    "PUCHAR": SECTION,
    "PLSA_CLIENT_REQUEST": ClientRequest(1),
    "PSecBuffer": SecBuffer(0),
    "PTOKEN_SOURCE": TOKEN_SOURCE("text"),
    "PENCRYPTED_CREDENTIALW": ENCRYPTED_CREDENTIALW("text"),
    "PENCRYPTED_CREDENTIALW *": (ENCRYPTED_CREDENTIALW("text"),),
    "PCREDENTIAL_TARGET_INFORMATIONW": CREDENTIAL_TARGET_INFORMATIONW(),
    "PSECPKG_PRIMARY_CRED": SECPKG_PRIMARY_CRED(),
    "PSECPKG_SUPPLEMENTAL_CRED_ARRAY": (),
    "PCHAR": 0,
    "SEC_THREAD_START": print,
}
_SECRET = b"credential"


def valid_arguments(slot: Slot) -> list[object]:
    """A value for each parameter that is passed in, each one that its C type can carry."""
    members = {name: next(iter(getattr(enumerations, name))) for name in enumerations.__all__}
    values = {**members, **_VALUES}
    return [_SECRET if _is_secret(each) else values.get(each.type) for each in slot.in_parameters]


def _is_secret(parameter: Parameter) -> bool:
    return parameter.type == "PLSA_STRING" and parameter.takes_bytes


def failure_of(slot: Slot, status: NTSTATUS) -> object:
    """What `outcome_of` gives when the slot fails: NULL, FALSE, nothing, or this status."""
    match slot.failure_value:
        case FailureValue.STATUS:
            return status
        case FailureValue.FALSE:
            return False
        case _:
            return None


async def outcome_of(awaitable: Awaitable[object]) -> object:
    """What a slot returns, or the status it raises."""
    try:
        return await awaitable
    except StatusError as error:
        return error.status
