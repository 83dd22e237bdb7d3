"""How a ticket lies in the section: a header for clients that read it, then the ticket.

Nothing in the section is trusted (CSM-8). What the cache must be sure of it keeps in its own memory.
"""

from __future__ import annotations

import struct
import zlib

import attrs

from lsart import Pointer

__all__ = ["HEADER_SIZE", "Entry", "pack", "unpack"]

_HEADER = struct.Struct("<4sII")
_MAGIC = b"TKT1"
HEADER_SIZE = _HEADER.size


@attrs.frozen
class Entry:
    """What the cache knows of a ticket without looking into the section.

    Args:
        block: where it lies. length: bytes of the ticket. checksum: CRC-32 of the ticket as it was stored.
    """

    block: Pointer
    length: int
    checksum: int


def pack(ticket_id: int, ticket: bytes) -> bytes:
    """The bytes of a block."""
    return _HEADER.pack(_MAGIC, ticket_id, len(ticket)) + ticket


def unpack(ticket_id: int, entry: Entry, copy: bytes) -> bytes | None:
    """The ticket in a private copy of its block, or None when a client has changed anything in it."""
    magic, found_id, found_length = _HEADER.unpack_from(copy)
    ticket = copy[HEADER_SIZE:]
    intact = (magic, found_id, found_length) == (_MAGIC, ticket_id, entry.length)
    return ticket if intact and zlib.crc32(ticket) == entry.checksum else None
