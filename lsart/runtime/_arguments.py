"""What a function of a table may be called with, by the C types of its row.

A value of the wrong type is what a C compiler would refuse, so it is a TypeError in the package that passed it. A value
of the right type that the C type cannot carry is told as misuse, and the function fails as documented.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from enum import IntEnum
from typing import Any

from lsart.contract import (
    CREDENTIAL_TARGET_INFORMATIONW,
    ENCRYPTED_CREDENTIALW,
    LSA_STRING,
    LSA_TOKEN_INFORMATION_NULL,
    LSA_TOKEN_INFORMATION_V1,
    SECPKG_PRIMARY_CRED,
    SECPKG_SUPPLEMENTAL_CRED,
    SID_AND_ATTRIBUTES,
    TOKEN_SOURCE,
    ClientRequest,
    Parameter,
    Pointer,
    SecBuffer,
    SecBufferDesc,
    Slot,
    enumerations,
)

__all__ = ["Check", "arguments", "checker", "enumeration_of", "token_information_problem"]

Check = Callable[[Any], str]
"""Says what is wrong with a value, or nothing.

Raises:
    TypeError: the value is of a type that no compiler would let through.
"""

_ULONG_MAX = 0xFFFF_FFFF
_WORD_MAX = 0xFFFF_FFFF_FFFF_FFFF
_STATUS_MIN = -0x8000_0000  # the same 32 bits as a negative C long
_INTEGER_LIMITS = {
    "unsigned long": (0, _ULONG_MAX),
    "ULONG": (0, _ULONG_MAX),
    "PULONG": (0, _ULONG_MAX),
    "NTSTATUS": (_STATUS_MIN, _ULONG_MAX),
    "SIZE_T": (0, _WORD_MAX),
    "ULONG_PTR": (0, _WORD_MAX),
    "HANDLE": (0, _WORD_MAX),
    "LUID": (0, _WORD_MAX),
    "PLUID": (0, _WORD_MAX),
    "FILETIME *": (0, _WORD_MAX),
}
# A UNICODE_STRING counts its bytes in 16 bits and holds whole characters of two; an LSA_STRING counts single bytes.
_UNICODE_MAX = 0xFFFE
_LSA_STRING_MAX = 0xFFFF
_TEXT_LIMITS = {
    "PUNICODE_STRING": _UNICODE_MAX,
    "PSECURITY_STRING": _UNICODE_MAX,
    "LPWSTR": None,
    "PSID": None,
}
_TOKEN_FORMS: dict[int, type[object]] = {
    enumerations.LSA_TOKEN_INFORMATION_TYPE.LsaTokenInformationNull: LSA_TOKEN_INFORMATION_NULL,
    enumerations.LSA_TOKEN_INFORMATION_TYPE.LsaTokenInformationV1: LSA_TOKEN_INFORMATION_V1,
    enumerations.LSA_TOKEN_INFORMATION_TYPE.LsaTokenInformationV2: LSA_TOKEN_INFORMATION_V1,  # in memory another one
}

_STRUCTURES: dict[str, type[object]] = {
    "PSecBuffer": SecBuffer,
    "PSecBufferDesc": SecBufferDesc,
    "PTOKEN_SOURCE": TOKEN_SOURCE,
    "PSECPKG_PRIMARY_CRED": SECPKG_PRIMARY_CRED,
    "PENCRYPTED_CREDENTIALW": ENCRYPTED_CREDENTIALW,
    "PCREDENTIAL_TARGET_INFORMATIONW": CREDENTIAL_TARGET_INFORMATIONW,
}
_ARRAYS: dict[str, type[object]] = {
    "PTOKEN_GROUPS": SID_AND_ATTRIBUTES,
    "PSECPKG_SUPPLEMENTAL_CRED_ARRAY": SECPKG_SUPPLEMENTAL_CRED,
    "PENCRYPTED_CREDENTIALW *": ENCRYPTED_CREDENTIALW,
}


def checker(parameter: Parameter) -> Check:
    """What looks at the values of one parameter. A C type that has no Python form yet lets everything pass."""
    c_type = parameter.type
    nullable = parameter.optional or parameter.tolerates_null
    enumeration = enumeration_of(c_type)
    if parameter.takes_value:
        return _anything
    if c_type in _INTEGER_LIMITS:
        return _or_absent(_integer(c_type)) if nullable else _integer(c_type)
    if c_type in ("PVOID", "PUCHAR"):
        return _pointer(nullable, parameter.takes_bytes or c_type == "PUCHAR")
    if c_type == "PLSA_CLIENT_REQUEST":
        return _null_or(nullable, _request)
    if c_type in _TEXT_LIMITS:
        return _null_or(nullable, _text(c_type, _TEXT_LIMITS[c_type]))
    if c_type == "PLSA_STRING":
        return _null_or(nullable, _secret if parameter.takes_bytes else _counted(parameter.takes_string))
    if c_type == "BOOLEAN":
        return _truth
    if c_type in _STRUCTURES:
        return _null_or(nullable, _structure(_STRUCTURES[c_type]))
    if c_type in _ARRAYS:
        return _null_or(nullable, _array(_ARRAYS[c_type]))
    if c_type == "PCHAR":
        return _key
    if c_type in ("SEC_THREAD_START", "PLSA_CALLBACK_FUNCTION"):
        return _function
    if enumeration is not None:
        return _member(enumeration)
    return _anything


def enumeration_of(c_type: str) -> type[IntEnum] | None:
    """The C enumeration of that name."""
    found: type[IntEnum] | None = getattr(enumerations, c_type, None) if c_type in enumerations.__all__ else None
    return found


def token_information_problem(form: int, value: Any, forms: Collection[int] = (0, 1)) -> str:
    """What is wrong with the structure that a token shall be made of; which one it must be, another parameter says.

    Args:
        value: the structure, or a Pointer to where it lies.
        form: a member of LSA_TOKEN_INFORMATION_TYPE. forms: those that the function takes.

    Raises:
        TypeError: it is not the structure of that form.
    """
    if form not in forms:
        return f"is of form {form}, of which no token is made; expected one of {sorted(map(int, forms))}"
    wanted = _TOKEN_FORMS[form]
    if not (isinstance(value, wanted) or type(value) is Pointer):
        raise TypeError(f"expected {wanted.__name__} or a Pointer, got {type(value).__name__} {value!r}")
    return ""


def arguments(slot: Slot, names: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Keywords and positions as one tuple.

    Raises:
        TypeError: too many, too few, or a name that the function does not have.
    """
    signature = f"{slot.name}({', '.join(names)})"
    if len(args) > len(names):
        raise TypeError(f"{signature} takes {len(names)} arguments, got {len(args)}")
    bound = dict(zip(names, args, strict=False))
    for key, value in kwargs.items():
        if key not in names:
            raise TypeError(f"{signature} has no parameter {key!r}")
        if key in bound:
            raise TypeError(f"{signature} got {key!r} twice")
        bound[key] = value
    missing = [name for name in names if name not in bound]
    if missing:
        raise TypeError(f"{signature} is missing {', '.join(missing)}")
    return tuple(bound[name] for name in names)


def _shown(value: Any) -> str:
    """What a value is that should have been bytes, text or a structure: it may hold a secret, and a client may read of
    it. Numbers and addresses do not."""
    name = type(value).__name__
    return f"{name} {value!r}" if isinstance(value, int | float | Pointer | ClientRequest) else name


def _anything(value: Any) -> str:
    return ""


def _integer(c_type: str) -> Check:
    bottom, top = _INTEGER_LIMITS[c_type]

    def check(value: Any) -> str:
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"expected an int for {c_type}, got {type(value).__name__} {value!r}")
        if bottom <= value <= top:
            return ""
        return f"is {value}, which {c_type} ({bottom} to {top}) cannot carry"

    return check


def _member(enumeration: type[IntEnum]) -> Check:
    name, members = enumeration.__name__, frozenset(int(each) for each in enumeration)

    def check(value: Any) -> str:
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"expected a member of {name}, got {type(value).__name__} {value!r}")
        return "" if value in members else f"is {value}, which is no {name}"

    return check


def _pointer(nullable: bool, takes_bytes: bool) -> Check:
    def check(value: Any) -> str:
        if type(value) is Pointer or (takes_bytes and isinstance(value, (bytes, bytearray))):
            return ""
        if value is None:
            return "" if nullable else "is NULL"
        raise TypeError(f"expected a Pointer or None, got {_shown(value)}")

    return check


def _text(c_type: str, limit: int | None) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError(f"expected text for {c_type}, got {_shown(value)}")
        size = len(value.encode("utf-16-le", "surrogatepass"))
        if limit is None or size <= limit:
            return ""
        return f"has {size} bytes, which {c_type} (at most {limit}) cannot carry"

    return check


def _counted(takes_string: bool) -> Check:
    """An LSA_STRING carries bytes with their count; text stands for its UTF-8."""
    expected = "text or an LSA_STRING of text" if takes_string else "text for PLSA_STRING"

    def check(value: Any) -> str:
        if isinstance(value, str):
            return _counted_size(len(value.encode("utf-8", "surrogatepass")))
        if takes_string and type(value) is LSA_STRING and isinstance(value.buffer, str):
            return ""  # it has checked its lengths itself
        raise TypeError(f"expected {expected}, got {type(value).__name__} {value!r}")

    return check


def _secret(value: Any) -> str:
    """Bytes of the package's own format that travel in an LSA_STRING (ADC-5). No message shows them."""
    if isinstance(value, (bytes, bytearray)):
        return _counted_size(len(value))
    raise TypeError(f"expected bytes, got {type(value).__name__}")


def _counted_size(size: int) -> str:
    if size <= _LSA_STRING_MAX:
        return ""
    return f"has {size} bytes, which PLSA_STRING (at most {_LSA_STRING_MAX}) cannot carry"


def _request(value: Any) -> str:
    if type(value) is ClientRequest:
        return ""
    raise TypeError(f"expected the ClientRequest that the entry point was given, got {value!r}")


def _truth(value: Any) -> str:
    if isinstance(value, bool):
        return ""
    raise TypeError(f"expected True or False, got {type(value).__name__} {value!r}")


def _structure(kind: type[object]) -> Check:
    def check(value: Any) -> str:
        if isinstance(value, kind):
            return ""
        raise TypeError(f"expected a {kind.__name__}, got {_shown(value)}")

    return check


def _array(kind: type[object]) -> Check:
    def check(value: Any) -> str:
        if isinstance(value, (tuple, list)) and all(isinstance(each, kind) for each in value):
            return ""
        raise TypeError(f"expected a tuple of {kind.__name__}, got {_shown(value)}")

    return check


def _function(value: Any) -> str:
    if value is None:
        return "is NULL"
    if callable(value):
        return ""
    raise TypeError(f"expected a function, got {type(value).__name__} {value!r}")


def _key(value: Any) -> str:
    """A pointer-sized value in which a number may travel, or the name that it may point to (ClientCallback)."""
    if isinstance(value, str):
        return ""
    return _integer("ULONG_PTR")(value)


def _null_or(nullable: bool, check: Check) -> Check:
    """A pointer to something: NULL is a value that C can carry, and misuse unless the parameter is optional."""

    def check_null(value: Any) -> str:
        if value is None:
            return "" if nullable else "is NULL"
        return check(value)

    return check_null


def _or_absent(check: Check) -> Check:
    """A number that may be left out."""

    def check_absent(value: Any) -> str:
        return "" if value is None else check(value)

    return check_absent
