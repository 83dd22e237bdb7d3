"""SecurityUserData as bytes, as a 64-bit client has it in its memory."""

from __future__ import annotations

import struct

from lsart.contract import SecurityUserData
from lsart.security._sid import sid_bytes, sid_text

__all__ = ["pack_user_data", "unpack_user_data", "user_data_size"]

_STRING = struct.Struct("<HH4xQ")  # length, room, address
_SIZE = 3 * _STRING.size + 8


def user_data_size(data: SecurityUserData) -> int:
    """Bytes that the structure takes with its texts and the SID."""
    return _SIZE + sum(map(len, _parts(data)))


def pack_user_data(data: SecurityUserData, address: int) -> bytes:
    """The structure for this address: first itself, then what it points to."""
    head, tail = b"", b""
    *texts, sid = _parts(data)
    for text in texts:
        head += _STRING.pack(len(text), len(text), address + _SIZE + len(tail))
        tail += text
    return head + (address + _SIZE + len(tail)).to_bytes(8, "little") + tail + sid


def unpack_user_data(data: bytes, address: int) -> SecurityUserData:
    """What a client reads at this address."""
    texts = []
    for place in range(3):
        length, _, at = _STRING.unpack_from(data, place * _STRING.size)
        texts.append(data[at - address : at - address + length].decode("utf-16-le", "surrogatepass"))
    sid = int.from_bytes(data[_SIZE - 8 : _SIZE], "little") - address
    name, domain, server = texts
    return SecurityUserData(name, domain, server, sid_text(data[sid:]))


def _parts(data: SecurityUserData) -> tuple[bytes, ...]:
    texts = (data.user_name, data.logon_domain_name, data.logon_server)
    return (*(each.encode("utf-16-le", "surrogatepass") for each in texts), sid_bytes(data.sid))
