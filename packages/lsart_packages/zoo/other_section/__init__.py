"""Issues tickets and keeps a trail of whom they went to: both in shared memory, each in a section of its own.

The defect: when the trail is long enough, its oldest record is given back to the section of the tickets. A block
belongs to the section that it came from. In LSASS one heap links the memory of another into its list of free blocks,
and the next ticket overwrites the trail, or the heap ends LSASS.
"""

from __future__ import annotations

import struct
from collections import deque
from random import Random

from lsart import (
    SECPKG_PARAMETERS,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
    StatusError,
)

__all__ = ["OPERATIONS", "OtherSection"]

ISSUE, RECORDS = b"\1", b"\2"  # how a message begins; `issue` has the number of a service after it
_RECORD = struct.Struct("<IB")  # number of the ticket, service
_TRAIL = 8  # records that are kept
_SLOTS = 8  # tickets that are valid at a time


class OtherSection:
    """Answers issue and records."""

    def __init__(self) -> None:
        self.issued = 0
        self.trail: deque[Pointer] = deque()

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        tickets = await table.CreateSharedMemory(max_size=4096, initial_size=4096)
        if tickets is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        slots = await table.AllocateSharedMemory(tickets, _SLOTS * _RECORD.size)
        trail = await table.CreateSharedMemory(max_size=4096, initial_size=4096)
        if slots is None or trail is None:
            if trail is not None:
                await table.DeleteSharedMemory(trail)
            if slots is not None:
                await table.FreeSharedMemory(tickets, slots)
            await table.DeleteSharedMemory(tickets)
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        self.ticket_section, self.slots, self.trail_section = tickets, slots, trail

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("other_section", comment="issues tickets and keeps a trail of them")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        operation, service = submit_buffer[:1], submit_buffer[1:]
        if operation == ISSUE and len(service) == 1:
            return await self.issue(client_request, service[0])
        if operation == RECORDS and not service:
            return await self.table.reply(client_request, struct.pack("<I", len(self.trail)))
        return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)

    async def issue(self, client_request: ClientRequest, service: int) -> CallPackageReply:
        """Answer with a ticket, and remember it; without a record there is no ticket."""
        record = await self.table.AllocateSharedMemory(self.trail_section, _RECORD.size)
        if record is None:
            return CallPackageReply(protocol_status=STATUS_INSUFFICIENT_RESOURCES)
        number = self.issued
        self.issued += 1
        ticket = _RECORD.pack(number, service)
        await self.table.memory.write(record, ticket)
        self.trail.append(record)
        oldest = self.trail.popleft() if len(self.trail) > _TRAIL else None
        await self.table.memory.write(self.slots + number % _SLOTS * _RECORD.size, ticket)
        if oldest is not None:
            await self.table.FreeSharedMemory(self.ticket_section, oldest)
        return await self.table.reply(client_request, ticket)

    async def SpShutdown(self) -> None:
        for record in self.trail:
            await self.table.FreeSharedMemory(self.trail_section, record)
        await self.table.DeleteSharedMemory(self.trail_section)
        await self.table.FreeSharedMemory(self.ticket_section, self.slots)
        await self.table.DeleteSharedMemory(self.ticket_section)


def _issue(random: Random, size: int) -> bytes:
    return ISSUE + bytes((random.randrange(256),))


def _records(random: Random, size: int) -> bytes:
    return RECORDS


OPERATIONS = {"issue": _issue, "records": _records}
