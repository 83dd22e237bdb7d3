"""What the half in LSA hands to the half in the client's process: flags, keys, and who the client is."""

from __future__ import annotations

import struct

from lsart_packages.challenge._keys import KEYS_SIZE, ContextKeys

__all__ = ["pack", "unpack"]

_FLAGS = struct.Struct("<I")


def pack(keys: ContextKeys, flags: int, account: str) -> bytes:
    """The bytes."""
    return _FLAGS.pack(flags) + keys.pack() + account.encode()


def unpack(packed: bytes) -> tuple[ContextKeys, int, str]:
    """Keys, flags and account."""
    keys_at, name_at = _FLAGS.size, _FLAGS.size + KEYS_SIZE
    return ContextKeys.unpack(packed[keys_at:name_at]), _FLAGS.unpack_from(packed)[0], packed[name_at:].decode()
