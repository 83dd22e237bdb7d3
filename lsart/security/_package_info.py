"""SecPkgInfoW structures as bytes, as a 64-bit client has them in its memory."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from lsart.contract import SecPkgInfo

__all__ = ["pack_package_infos", "package_infos_size", "unpack_package_infos"]

_LAYOUT = struct.Struct("<IHHI4xQQ")  # capabilities, version, RPC id, largest token, addresses of name and comment
_ULONG = 0xFFFF_FFFF
_USHORT = 0xFFFF


def package_infos_size(infos: Sequence[SecPkgInfo]) -> int:
    """Bytes that the array takes with its texts."""
    return len(infos) * _LAYOUT.size + sum(len(_text(each.name)) + len(_text(each.comment)) for each in infos)


def pack_package_infos(infos: Sequence[SecPkgInfo], address: int) -> bytes:
    """The array, for this address: first the structures, then the texts that they point to."""
    array, texts = b"", b""
    end = address + len(infos) * _LAYOUT.size
    for each in infos:
        name, comment = _text(each.name), _text(each.comment)
        at = end + len(texts)
        numbers = (each.capabilities & _ULONG, each.version & _USHORT, each.rpc_id & _USHORT, each.max_token & _ULONG)
        array += _LAYOUT.pack(*numbers, at, at + len(name))
        texts += name + comment
    return array + texts


def unpack_package_infos(data: bytes, count: int, address: int) -> tuple[SecPkgInfo, ...]:
    """What a client reads of `count` structures at this address."""
    found = []
    for place in range(count):
        capabilities, version, rpc_id, max_token, name, comment = _LAYOUT.unpack_from(data, place * _LAYOUT.size)
        texts = _read(data, name - address), _read(data, comment - address)
        found.append(SecPkgInfo(*texts, capabilities, max_token, version, rpc_id))
    return tuple(found)


def _text(text: str) -> bytes:
    return f"{text}\0".encode("utf-16-le", "surrogatepass")


def _read(data: bytes, start: int) -> str:
    stop = start
    while data[stop : stop + 2] not in (b"\0\0", b""):
        stop += 2
    return data[start:stop].decode("utf-16-le", "surrogatepass")
