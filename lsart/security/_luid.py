"""Locally unique ids: 64-bit numbers that name logon sessions and tokens until the machine restarts.

Pages: win32 SecAuthZ/luid; sdk-api nf-securitybaseapi-allocatelocallyuniqueid; [MS-DTYP] 2.3.7.
"""

from __future__ import annotations

__all__ = ["ANONYMOUS_LUID", "LOCALSERVICE_LUID", "NETWORKSERVICE_LUID", "SYSTEM_LUID", "SYSTEM_LUIDS", "Luids"]

NETWORKSERVICE_LUID = 0x3E4
LOCALSERVICE_LUID = 0x3E5
ANONYMOUS_LUID = 0x3E6
SYSTEM_LUID = 0x3E7
SYSTEM_LUIDS = (NETWORKSERVICE_LUID, LOCALSERVICE_LUID, ANONYMOUS_LUID, SYSTEM_LUID)
"""LUIDs that ntifs.h and winnt.h reserve for sessions which exist from the start."""

_FIRST = 0x3E9  # the first above what the headers reserve


class Luids:
    """Gives out LUIDs, each once."""

    def __init__(self) -> None:
        self._next = _FIRST

    def allocate(self) -> int:
        """A LUID that nothing was named by before."""
        luid = self._next
        self._next += 1
        return luid
