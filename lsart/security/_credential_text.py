"""Bytes as a packed string and back: what CrediUnmarshalandDecodeString decodes.

``@@L``, then base64 of a CRC-32 and the bytes. Windows's own packing is not public; like it, ours begins with what no
name of a user begins with, so that one can tell a packed string from a plain one.
"""

from __future__ import annotations

import binascii
import zlib
from base64 import b64decode, b64encode

__all__ = ["is_packed", "pack_string", "unpack_string"]

_MARK = "@@L"
_SUM = 4  # bytes of the CRC, little-endian


def pack_string(data: bytes) -> str:
    """The bytes as text. It hides nothing from anybody."""
    return _MARK + b64encode(zlib.crc32(data).to_bytes(_SUM, "little") + data).decode("ascii")


def is_packed(text: str) -> bool:
    """Whether text says of itself that it is packed."""
    return text.startswith(_MARK)


def unpack_string(text: str) -> bytes:
    """What `pack_string` made this text of.

    Raises:
        ValueError: nothing; the text is not packed, or has changed since. The message does not show it.
    """
    if not is_packed(text):
        raise ValueError("not a packed string")
    try:
        packed = b64decode(text[len(_MARK) :].encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("a packed string with characters that do not belong there, or too few of them") from None
    data = packed[_SUM:]
    # One text for each bytes: base64 leaves bits over that a decoder does not look at.
    if pack_string(data) != text:
        raise ValueError("a packed string that has changed since it was packed")
    return data
