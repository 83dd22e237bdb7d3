"""LSA_TOKEN_INFORMATION_NULL and _V1, and UNICODE_STRING, as they lie in memory on x64.

A V1 is a structure of addresses: each SID and each list that they lead to is a block of its own. A V2 has the same
layout, and everything that its addresses lead to lies in the one block. Pages: sdk-api
ns-ntsecpkg-lsa_token_information_v1, ne-ntsecpkg-lsa_token_information_type, ns-lsalookup-lsa_unicode_string.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from lsart.contract import (
    LSA_TOKEN_INFORMATION_NULL,
    LSA_TOKEN_INFORMATION_V1,
    LUID_AND_ATTRIBUTES,
    SID_AND_ATTRIBUTES,
    enumerations,
)
from lsart.security._sid import sid_bytes, sid_text
from lsart.security._token_bytes import pack_token_groups

__all__ = ["pack_token_information", "pack_unicode_string", "unpack_token_information", "unpack_unicode_string"]

_NULL = struct.Struct("<QQ")
_V1 = struct.Struct("<QQI4xQQQQQ")
_PRIVILEGES = struct.Struct("<I")
_PRIVILEGE = struct.Struct("<QI")
_STRING = struct.Struct("<HH4xQ")
_GROUPS = struct.Struct("<I4x")
_GROUP = struct.Struct("<QI4x")
_FORMS = enumerations.LSA_TOKEN_INFORMATION_TYPE

Read = Callable[[int, int], bytes]
"""Gives so many bytes at an address; what it raises for memory that is not there goes through."""
Extent = Callable[[int], int]
"""Notes that a block which LSA has to free begins at an address, and gives its size; raises for what is none."""


def pack_token_information(information: LSA_TOKEN_INFORMATION_V1, base: int) -> bytes:
    """One block of the form LsaTokenInformationV2, to be put at the address `base`.

    Raises:
        ValueError: text that is no SID, or groups that are at another place already.
    """
    if not isinstance(information.groups, tuple):
        raise ValueError("the groups are at another place already, so one block cannot hold everything")
    parts: list[bytes] = []
    place = base + _V1.size

    def put(data: bytes) -> int:
        nonlocal place
        padded = data + bytes(-len(data) % 8)
        parts.append(padded)
        place += len(padded)
        return place - len(padded)

    head = _V1.pack(
        information.expiration_time,
        put(sid_bytes(information.user.sid)),
        information.user.attributes,
        put(pack_token_groups(information.groups, place)) if information.groups else 0,
        put(sid_bytes(information.primary_group)),
        put(_pack_privileges(information.privileges)) if information.privileges else 0,
        0 if information.owner is None else put(sid_bytes(information.owner)),
        0 if information.default_dacl is None else put(information.default_dacl),
    )
    return b"".join([head, *parts])


def unpack_token_information(
    form: int, base: int, read: Read, extent: Extent
) -> LSA_TOKEN_INFORMATION_NULL | LSA_TOKEN_INFORMATION_V1:
    """The structure of this form at `base`.

    Raises:
        ValueError: it is none, or leads out of its block where it must not.
    """
    size = extent(base)
    if form == _FORMS.LsaTokenInformationNull:
        _fits("LSA_TOKEN_INFORMATION_NULL", _NULL.size, size)
        expires, groups = _NULL.unpack(read(base, _NULL.size))
        return LSA_TOKEN_INFORMATION_NULL(groups=_groups(groups, read, extent), expiration_time=expires)
    if form == _FORMS.LsaTokenInformationV2:
        extent = _within(base, size)
    elif form != _FORMS.LsaTokenInformationV1:
        raise ValueError(f"no token is made of form {form}")
    _fits("LSA_TOKEN_INFORMATION_V1", _V1.size, size)
    expires, user, attributes, groups, primary, privileges, owner, dacl = _V1.unpack(read(base, _V1.size))
    return LSA_TOKEN_INFORMATION_V1(
        user=SID_AND_ATTRIBUTES(_sid(user, read, extent), attributes),
        primary_group=_sid(primary, read, extent),
        groups=_groups(groups, read, extent),
        privileges=_privileges(privileges, read, extent),
        owner=_sid(owner, read, extent) if owner else None,
        default_dacl=_acl(dacl, read, extent) if dacl else None,
        expiration_time=expires,
    )


def pack_unicode_string(text: str, base: int) -> bytes:
    """A UNICODE_STRING and, behind it, its characters, to be put at the address `base`.

    Raises:
        ValueError: more bytes than the structure can count.
    """
    data = text.encode("utf-16-le", "surrogatepass")
    if len(data) > 0xFFFE:
        raise ValueError(f"a UNICODE_STRING holds 65534 bytes, this text has {len(data)}")
    return _STRING.pack(len(data), len(data), base + _STRING.size) + data


def unpack_unicode_string(base: int, read: Read, extent: Extent) -> str:
    """The text of the structure at `base`. Its characters lie in the same block, or in one of their own.

    Raises:
        ValueError: it is none.
    """
    size = extent(base)
    _fits("UNICODE_STRING", _STRING.size, size)
    length, room, place = _STRING.unpack(read(base, _STRING.size))
    if length > room or length % 2:
        raise ValueError(f"a UNICODE_STRING of {length} bytes with room for {room}")
    if not base <= place <= base + size - length:
        _fits("its text", length, extent(place))
    return read(place, length).decode("utf-16-le", "surrogatepass")


def _fits(what: str, needed: int, size: int) -> None:
    if needed > size:
        raise ValueError(f"{what} needs {needed} bytes, its block has {size}")


def _within(base: int, size: int) -> Extent:
    """Blocks of a V2: there are none but the whole, so what remains of that from an address on."""

    def extent(address: int) -> int:
        if not base <= address < base + size:
            raise ValueError(f"{address:#x} is outside of the one block that a LSA_TOKEN_INFORMATION_V2 is")
        return base + size - address

    return extent


def _sid(address: int, read: Read, extent: Extent) -> str:
    size = extent(address)
    _fits("a SID", 8, size)
    needed = 8 + 4 * min(read(address, 2)[1], 15)
    _fits("a SID", needed, size)
    return sid_text(read(address, needed))


def _groups(address: int, read: Read, extent: Extent) -> tuple[SID_AND_ATTRIBUTES, ...]:
    if not address:
        return ()
    size = extent(address)
    _fits("TOKEN_GROUPS", _GROUPS.size, size)
    (count,) = _GROUPS.unpack(read(address, _GROUPS.size))
    _fits(f"TOKEN_GROUPS of {count}", _GROUPS.size + count * _GROUP.size, size)
    groups = []
    for place, attributes in _GROUP.iter_unpack(read(address + _GROUPS.size, count * _GROUP.size)):
        is_inside = address <= place < address + size  # each SID is a block, too, if it is not in that of the list
        sid = _sid(place, read, _within(address, size) if is_inside else extent)
        groups.append(SID_AND_ATTRIBUTES(sid, attributes))
    return tuple(groups)


def _privileges(address: int, read: Read, extent: Extent) -> tuple[LUID_AND_ATTRIBUTES, ...]:
    if not address:
        return ()
    size = extent(address)
    _fits("TOKEN_PRIVILEGES", _PRIVILEGES.size, size)
    (count,) = _PRIVILEGES.unpack(read(address, _PRIVILEGES.size))
    _fits(f"TOKEN_PRIVILEGES of {count}", _PRIVILEGES.size + count * _PRIVILEGE.size, size)
    data = read(address + _PRIVILEGES.size, count * _PRIVILEGE.size)
    return tuple(LUID_AND_ATTRIBUTES(luid, attributes) for luid, attributes in _PRIVILEGE.iter_unpack(data))


def _pack_privileges(privileges: tuple[LUID_AND_ATTRIBUTES, ...]) -> bytes:
    entries = (_PRIVILEGE.pack(each.luid, each.attributes) for each in privileges)
    return b"".join([_PRIVILEGES.pack(len(privileges)), *entries])


def _acl(address: int, read: Read, extent: Extent) -> bytes:
    """An ACL says its size itself, in bytes 2 and 3."""
    size = extent(address)
    _fits("an ACL", 8, size)
    needed = int.from_bytes(read(address + 2, 2), "little")
    _fits("an ACL", needed, size)
    return read(address, needed)
