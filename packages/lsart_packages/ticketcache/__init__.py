"""A ticket cache: one section for all clients, a block per ticket, the oldest ticket out when memory is short.

It is what a careful author would write. It checks for NULL, it copies out of the section once and validates the
copy, and between two awaits it trusts nothing that another call may have changed.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict

from lsart import (
    SEC_E_MESSAGE_ALTERED,
    SECPKG_PARAMETERS,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_OBJECT_NAME_NOT_FOUND,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
    StatusError,
)
from lsart_packages.ticketcache._block import HEADER_SIZE, Entry, pack, unpack
from lsart_packages.ticketcache._messages import DROP, GET, OPERATIONS, PUT, decode

__all__ = ["OPERATIONS", "TicketCache"]


class TicketCache:
    """Answers put, get and drop.

    Args:
        max_size, initial_size: of the one section, in bytes.
    """

    def __init__(self, max_size: int = 64 * 1024, initial_size: int = 16 * 1024) -> None:
        self.max_size = max_size
        self.initial_size = initial_size
        self.tickets: OrderedDict[int, Entry] = OrderedDict()  # least recently used first
        self.evictions = 0

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        section = await table.CreateSharedMemory(self.max_size, self.initial_size)
        if section is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        self.section = section

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("ticketcache", comment="one section for all clients, LRU eviction")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        message = decode(submit_buffer)
        if message is None:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        operation, ticket_id, ticket = message
        if operation == PUT:
            return await self.put(ticket_id, ticket)
        if operation == GET:
            return await self.get(client_request, ticket_id)
        assert operation == DROP
        return await self.drop(ticket_id)

    async def put(self, ticket_id: int, ticket: bytes) -> CallPackageReply:
        """Store a ticket, at the expense of older ones if need be."""
        size = HEADER_SIZE + len(ticket)
        block = await self.table.AllocateSharedMemory(self.section, size)
        while block is None:
            if not self.tickets:
                return CallPackageReply(protocol_status=STATUS_INSUFFICIENT_RESOURCES)
            # Out of the index first: once it is not there, no other call can use a block that is being freed.
            _, oldest = self.tickets.popitem(last=False)
            self.evictions += 1
            await self.table.FreeSharedMemory(self.section, oldest.block)
            block = await self.table.AllocateSharedMemory(self.section, size)
        await self.table.memory.write(block, pack(ticket_id, ticket))
        replaced = self.tickets.pop(ticket_id, None)
        self.tickets[ticket_id] = Entry(block, len(ticket), zlib.crc32(ticket))
        if replaced is not None:
            await self.table.FreeSharedMemory(self.section, replaced.block)
        return CallPackageReply()

    async def get(self, client_request: ClientRequest, ticket_id: int) -> CallPackageReply:
        """Answer with a ticket, if it is there and as it was stored."""
        entry = self.tickets.get(ticket_id)
        if entry is None:
            return CallPackageReply(protocol_status=STATUS_OBJECT_NAME_NOT_FOUND)
        copy = await self.table.memory.read(entry.block, HEADER_SIZE + entry.length)
        if self.tickets.get(ticket_id) is not entry:  # evicted or replaced while we read: the copy proves nothing
            return CallPackageReply(protocol_status=STATUS_OBJECT_NAME_NOT_FOUND)
        ticket = unpack(ticket_id, entry, copy)
        if ticket is None:
            await self.drop(ticket_id)
            return CallPackageReply(protocol_status=SEC_E_MESSAGE_ALTERED)
        self.tickets.move_to_end(ticket_id)
        return await self.table.reply(client_request, ticket)

    async def drop(self, ticket_id: int) -> CallPackageReply:
        """Forget a ticket."""
        entry = self.tickets.pop(ticket_id, None)
        if entry is None:
            return CallPackageReply(protocol_status=STATUS_OBJECT_NAME_NOT_FOUND)
        await self.table.FreeSharedMemory(self.section, entry.block)
        return CallPackageReply()

    async def SpShutdown(self) -> None:
        while self.tickets:
            _, entry = self.tickets.popitem()
            await self.table.FreeSharedMemory(self.section, entry.block)
        await self.table.DeleteSharedMemory(self.section)
