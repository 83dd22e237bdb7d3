"""TOKEN_GROUPS as it lies in memory on x64: a count, then 16 bytes each: the address of the SID, the attributes.

Page: sdk-api ns-winnt-token_groups.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

from lsart.contract import SID_AND_ATTRIBUTES
from lsart.security._sid import sid_bytes, sid_text

__all__ = ["pack_token_groups", "unpack_token_groups"]

_HEADER = struct.Struct("<I4x")
_ENTRY = struct.Struct("<QI4x")
_SID_HEADER = 8  # bytes before the parts


def pack_token_groups(groups: Sequence[SID_AND_ATTRIBUTES], base: int) -> bytes:
    """One block that holds the list and its SIDs, to be put at the address `base`.

    Raises:
        ValueError: text that is no SID.
    """
    sids = [sid_bytes(each.sid) for each in groups]
    place = base + _HEADER.size + _ENTRY.size * len(sids)
    entries = []
    for group, sid in zip(groups, sids, strict=True):
        entries.append(_ENTRY.pack(place, group.attributes))
        place += len(sid)  # a multiple of four, as a SID must lie
    return b"".join([_HEADER.pack(len(sids)), *entries, *sids])


def unpack_token_groups(base: int, size: int, read: Callable[[int, int], bytes]) -> tuple[SID_AND_ATTRIBUTES, ...]:
    """The groups of a list at `base`, whose block has `size` bytes. Its SIDs may lie anywhere.

    Args:
        read: gives so many bytes at an address; what it raises for memory that is not there goes through.

    Raises:
        ValueError: the list is longer than its block, or holds something that is no SID.
    """
    if size < _HEADER.size:
        raise ValueError(f"a TOKEN_GROUPS needs {_HEADER.size} bytes, its block has {size}")
    (count,) = _HEADER.unpack(read(base, _HEADER.size))
    if _HEADER.size + count * _ENTRY.size > size:
        raise ValueError(f"a TOKEN_GROUPS of {count} groups does not fit its block of {size} bytes")
    groups = []
    for place in range(base + _HEADER.size, base + _HEADER.size + count * _ENTRY.size, _ENTRY.size):
        address, attributes = _ENTRY.unpack(read(place, _ENTRY.size))
        head = read(address, _SID_HEADER)
        groups.append(SID_AND_ATTRIBUTES(sid_text(read(address, _SID_HEADER + 4 * min(head[1], 15))), attributes))
    return tuple(groups)
