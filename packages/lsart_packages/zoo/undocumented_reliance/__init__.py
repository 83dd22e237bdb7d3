"""Hands out seats by number. A map that the package keeps says which are taken.

The defect: the map is read before anything was written to it, as if new memory were zero. No page says what a block
holds at first. In LSASS it is zero as long as the page is fresh, which is how it goes in every test; with another heap,
or after something else was freed there, seats are taken where nobody sits.
"""

from __future__ import annotations

from random import Random

import trio

from lsart import (
    SECPKG_PARAMETERS,
    STATUS_ACCESS_DENIED,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
    StatusError,
)

__all__ = ["OPERATIONS", "UndocumentedReliance"]

TAKE, LEAVE = 1, 2  # the first byte; the seat, one byte, comes after it
_SEATS = 64
_FREE = b"\0"


class UndocumentedReliance:
    """Answers take and leave."""

    def __init__(self) -> None:
        self.mutex = trio.Lock()

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        seats = await table.AllocatePrivateHeap(_SEATS)
        if seats is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        self.seats = seats

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("undocumented_reliance", comment="hands out numbered seats")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        if length != 2 or submit_buffer[0] not in (TAKE, LEAVE) or submit_buffer[1] >= _SEATS:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        seat = self.seats + submit_buffer[1]
        async with self.mutex:
            if submit_buffer[0] == LEAVE:
                await self.table.memory.write(seat, _FREE)
                return CallPackageReply()
            if await self.table.memory.read(seat, 1) != _FREE:
                return CallPackageReply(protocol_status=STATUS_ACCESS_DENIED)
            await self.table.memory.write(seat, b"\1")
            return CallPackageReply()

    async def SpShutdown(self) -> None:
        await self.table.FreePrivateHeap(self.seats)


def _take(random: Random, size: int) -> bytes:
    return bytes((TAKE, random.randrange(_SEATS)))


def _leave(random: Random, size: int) -> bytes:
    return bytes((LEAVE, random.randrange(_SEATS)))


OPERATIONS = {"take": _take, "leave": _leave}
