"""Messages between a client and the ticket cache, and the ones that `lsart stress` sends.

A message is an operation (one byte), a ticket id (four bytes, little-endian), and for `put` the ticket.
"""

from __future__ import annotations

import struct
from random import Random

__all__ = ["DROP", "GET", "OPERATIONS", "PUT", "decode", "encode"]

PUT, GET, DROP = 1, 2, 3
_HEAD = struct.Struct("<BI")
_IDS = 400  # a small population of tickets, so that gets meet puts
_LARGEST = 16 * 1024


def encode(operation: int, ticket_id: int, ticket: bytes = b"") -> bytes:
    """A message."""
    return _HEAD.pack(operation, ticket_id) + ticket


def decode(message: bytes) -> tuple[int, int, bytes] | None:
    """Operation, ticket id and ticket; None for anything that is no message."""
    if len(message) < _HEAD.size or len(message) > _HEAD.size + _LARGEST:
        return None
    operation, ticket_id = _HEAD.unpack_from(message)
    ticket = message[_HEAD.size :]
    if operation not in (PUT, GET, DROP) or (ticket and operation != PUT):
        return None
    return operation, ticket_id, ticket


def _put(random: Random, size: int) -> bytes:
    return encode(PUT, random.randrange(_IDS), random.randbytes(size))


def _get(random: Random, size: int) -> bytes:
    return encode(GET, random.randrange(_IDS))


def _drop(random: Random, size: int) -> bytes:
    return encode(DROP, random.randrange(_IDS))


OPERATIONS = {"put": _put, "get": _get, "drop": _drop}
