"""Security identifiers: text (S-1-5-18), bytes as in memory, and those that everybody knows.

Pages: win32 SecAuthZ/sid-components, SecAuthZ/well-known-sids; [MS-DTYP] 2.4.2.
"""

from __future__ import annotations

import re
import struct

__all__ = [
    "ANONYMOUS_LOGON",
    "AUTHENTICATED_USERS",
    "EVERYONE",
    "LOCAL_SYSTEM",
    "logon_sid",
    "sid_bytes",
    "sid_text",
]

EVERYONE = "S-1-1-0"
ANONYMOUS_LOGON = "S-1-5-7"
AUTHENTICATED_USERS = "S-1-5-11"
LOCAL_SYSTEM = "S-1-5-18"

_MOST_PARTS = 15
_FORM = re.compile(r"S-1-(0x[0-9A-Fa-f]{12}|[0-9]{1,10})((?:-[0-9]{1,10})*)")


def sid_bytes(text: str) -> bytes:
    """A SID as it lies in memory: revision, count, 48 bits of authority (big-endian), 32-bit parts (little-endian).

    Raises:
        ValueError: no SID, or a number in it that has no room.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no SID; expected S-1-<authority>-<part>-...")
    authority = int(found[1], 16 if found[1].startswith("0x") else 10)
    parts = [int(each) for each in found[2].split("-")[1:]]
    if len(parts) > _MOST_PARTS or any(each > 0xFFFF_FFFF for each in parts):
        raise ValueError(f"{text!r}: a SID has at most {_MOST_PARTS} parts of 32 bits")
    return struct.pack(f"<BB6s{len(parts)}I", 1, len(parts), authority.to_bytes(6, "big"), *parts)


def sid_text(data: bytes) -> str:
    """The SID that these bytes begin with; what follows it is ignored.

    Raises:
        ValueError: they hold none.
    """
    if len(data) < 8 or data[0] != 1 or data[1] > _MOST_PARTS or len(data) < 8 + 4 * data[1]:
        raise ValueError(f"{data[:8].hex()}... is no SID")
    authority = int.from_bytes(data[2:8], "big")
    # Authorities above 32 bits are written in hexadecimal, all 12 digits.
    shown = str(authority) if authority <= 0xFFFF_FFFF else f"0x{authority:012x}"
    parts = struct.unpack_from(f"<{data[1]}I", data, 8)
    return "-".join(["S", "1", shown, *map(str, parts)])


def logon_sid(luid: int) -> str:
    """The SID of one logon, S-1-5-5-x-y, made of a LUID of its own."""
    return f"S-1-5-5-{luid >> 32}-{luid & 0xFFFF_FFFF}"
