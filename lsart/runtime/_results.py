"""What an entry point of a package gave back, by its row.

An entry point fails by raising a StatusError. It succeeds by returning what its out-parameters become: nothing at all,
the one value, a tuple of all, or an attrs value with members of their names. Such a value may have a `status` as well:
with one that says failure nothing else of it reaches anybody (SET-1).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import attrs

from lsart.contract import (
    NTSTATUS,
    SECPKG_PRIMARY_CRED,
    SECPKG_SUPPLEMENTAL_CRED,
    STATUS_SUCCESS,
    FailureValue,
    Parameter,
    Pointer,
    SecBuffer,
    SecBufferDesc,
    SecPkgInfo,
    Slot,
    StatusError,
)
from lsart.runtime._arguments import enumeration_of

__all__ = ["ResultError", "Returned", "read", "shape_of"]

_ULONG_MAX = 0xFFFF_FFFF
_WORD_MAX = 0xFFFF_FFFF_FFFF_FFFF


class ResultError(TypeError):
    """An entry point returned what its row has no place for; the message says what was expected."""


@attrs.frozen
class Returned:
    """What an entry point gave back when it succeeded.

    Args:
        status: what it says besides: STATUS_SUCCESS, or an informational status such as SEC_I_CONTINUE_NEEDED.
        outs: the out-parameters in the order of the row. Those that it left alone are as LSA had prepared them: NULL
            (None), 0 or FALSE.
    """

    status: NTSTATUS
    outs: tuple[Any, ...]


def shape_of(value: object) -> str:
    """What a value is, and nothing of what is in it: a result of the wrong shape may hold a secret, and a client may
    read what is told of it."""
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} of {len(value)}"
    return "None" if value is None else type(value).__name__


def read(slot: Slot, value: object) -> Returned:
    """The results of an entry point.

    Raises:
        StatusError: what it returned says that it failed. ResultError: it is not what the row describes.
    """
    parameters = slot.out_parameters
    if not parameters:
        return Returned(_bare_status(slot, value), ())
    status, given = _apart(parameters, value)
    return Returned(status, tuple([_out(each, out, value) for each, out in zip(parameters, given, strict=True)]))


def _bare_status(slot: Slot, value: object) -> NTSTATUS:
    """The status of an entry point without out-parameters, which may return it instead of raising it."""
    if value is None:
        return STATUS_SUCCESS
    if slot.failure_value is FailureValue.NOTHING:
        raise ResultError(f"it returned {shape_of(value)}; expected None")
    if not _is_number(value, -0x8000_0000, _ULONG_MAX):
        raise ResultError(f"it returned {shape_of(value)}; expected None or an NTSTATUS")
    return _succeeded(value)


def _apart(parameters: tuple[Parameter, ...], value: object) -> tuple[NTSTATUS, tuple[Any, ...]]:
    """The status, and one value for each out-parameter."""
    count = len(parameters)
    if value is None:
        return STATUS_SUCCESS, (None,) * count
    kind: Any = type(value)
    members = _members_of(kind)
    if members and all(each.name in members for each in parameters):
        status = STATUS_SUCCESS
        if "status" in members:
            said = getattr(value, "status", None)
            if not _is_number(said, -0x8000_0000, _ULONG_MAX):
                raise ResultError(f"it returned {shape_of(value)}; its status is an NTSTATUS")
            status = _succeeded(said, getattr(value, "sub_status", None))
        return status, tuple(getattr(value, each.name) for each in parameters)
    if count == 1:
        return STATUS_SUCCESS, (value,)
    if isinstance(value, tuple | list) and len(value) == count:
        return STATUS_SUCCESS, tuple(value)
    names = ", ".join(each.name for each in parameters)
    raise ResultError(f"it returned {shape_of(value)}; expected None, ({names}), or a value with these members")


@lru_cache(maxsize=256)
def _members_of(kind: Any) -> frozenset[str]:
    return frozenset(attrs.fields_dict(kind)) if attrs.has(kind) else frozenset()


def _succeeded(said: Any, sub_status: Any = None) -> NTSTATUS:
    status = said if isinstance(said, NTSTATUS) else NTSTATUS(said)
    if status.is_success:
        return status
    detail = sub_status if _is_number(sub_status, -0x8000_0000, _ULONG_MAX) else STATUS_SUCCESS
    raise StatusError(status, sub_status=detail)


def _out(parameter: Parameter, given: Any, returned: object) -> Any:
    """One out-parameter, as LSA takes it."""
    c_type = parameter.type
    number = _NUMBERS.get(c_type)
    if number is not None:
        bottom, top = number
        if given is None:
            given = 0
        elif not _is_number(given, bottom, top):
            raise _wrong(parameter, returned, f"a number from {bottom} to {top}")
        return (given if isinstance(given, NTSTATUS) else NTSTATUS(given)) if c_type == "PNTSTATUS" else given
    if c_type == "PBOOLEAN":
        if not (given is None or isinstance(given, bool)):
            raise _wrong(parameter, returned, "True or False")
        return bool(given)
    if c_type in _TEXTS:
        if not (given is None or isinstance(given, str | Pointer)):
            raise _wrong(parameter, returned, "text or a Pointer to text")
        return given
    if c_type in _POINTERS and not parameter.takes_value:
        takes_bytes = c_type != "PVOID *"
        if not (given is None or type(given) is Pointer or (takes_bytes and isinstance(given, bytes | bytearray))):
            raise _wrong(parameter, returned, "a Pointer, bytes or None" if takes_bytes else "a Pointer or None")
        return given
    if c_type in _BUFFERS:
        if not (given is None or isinstance(given, _BUFFERS[c_type])):
            raise _wrong(parameter, returned, f"a {_BUFFERS[c_type].__name__} or None")
        return given
    if c_type == "PSecPkgInfo":
        if not isinstance(given, SecPkgInfo):  # LSA prepares the structure, but only the package knows its name
            raise _wrong(parameter, returned, "a SecPkgInfo")
        return given
    if c_type in _CREDENTIALS:
        kind, is_array = _CREDENTIALS[c_type]
        values = given if is_array and isinstance(given, tuple | list) else (given,)
        if given is not None and not all(isinstance(each, kind) for each in values):
            raise _wrong(parameter, returned, f"{'a tuple of ' if is_array else 'a '}{kind.__name__}, or None")
        return tuple(values) if is_array and given is not None else given
    enumeration = enumeration_of(c_type.removeprefix("P"))
    if enumeration is not None:
        if given is not None and not (_is_number(given, 0, _ULONG_MAX) and given in [int(x) for x in enumeration]):
            raise _wrong(parameter, returned, f"a member of {enumeration.__name__}")
        return enumeration(given or 0)
    return given


_NUMBERS = {
    "PULONG": (0, _ULONG_MAX),
    "ULONG *": (0, _ULONG_MAX),
    "PNTSTATUS": (-0x8000_0000, _ULONG_MAX),
    "PLUID": (0, _WORD_MAX),
    "PHANDLE": (0, _WORD_MAX),
    "PLSA_SEC_HANDLE": (0, _WORD_MAX),
    "PTimeStamp": (0, _WORD_MAX >> 1),
}
_CREDENTIALS: dict[str, tuple[type[object], bool]] = {
    "PSECPKG_PRIMARY_CRED": (SECPKG_PRIMARY_CRED, False),
    "PSECPKG_SUPPLEMENTAL_CRED_ARRAY *": (SECPKG_SUPPLEMENTAL_CRED, True),
}
_TEXTS = frozenset({"PLSA_STRING *", "PUNICODE_STRING *", "PLSA_UNICODE_STRING *"})
_BUFFERS: dict[str, type[object]] = {"PSecBuffer": SecBuffer, "PSecBufferDesc": SecBufferDesc}
_POINTERS = frozenset({"PVOID *", "PUCHAR *", "PBYTE *"})


def _is_number(value: object, bottom: int, top: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and bottom <= value <= top


def _wrong(parameter: Parameter, returned: object, expected: str) -> ResultError:
    return ResultError(f"it returned {shape_of(returned)}; expected {expected} for {parameter.name}")
