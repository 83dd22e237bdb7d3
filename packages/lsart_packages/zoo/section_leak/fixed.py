"""`zoo.section_leak` without its defect: the old section is deleted once the table has moved."""

from __future__ import annotations

import struct
from random import Random

import trio

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

__all__ = ["OPERATIONS", "SectionLeak"]

COUNT, SHOW = b"\1", b"\2"  # how a message begins; a service, 16 bits, comes after it
_SIZE = struct.Struct("<H")
_SMALLEST = 64  # services
_LARGEST = 4096


class SectionLeak:
    """Answers count and show."""

    def __init__(self) -> None:
        self.counts: list[int] = []  # what is published is never read back
        self.mutex = trio.Lock()

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        if not await self.move(_SMALLEST):
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("section_leak", comment="counts the uses of services in shared memory that grows")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        if length != 1 + _SIZE.size or submit_buffer[:1] not in (COUNT, SHOW):
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        (service,) = _SIZE.unpack(submit_buffer[1:])
        if service >= _LARGEST:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        async with self.mutex:
            if service >= len(self.counts) and not await self.grow(service):
                return CallPackageReply(protocol_status=STATUS_INSUFFICIENT_RESOURCES)
            if submit_buffer[:1] == COUNT:
                self.counts[service] = (self.counts[service] + 1) % 65536
            count = _SIZE.pack(self.counts[service])
            await self.table.memory.write(self.block + service * _SIZE.size, count)
        return await self.table.reply(client_request, count)

    async def move(self, services: int) -> bool:
        """Publish the table in a new section with room for so many services; whether there is one."""
        section = await self.table.CreateSharedMemory(max(services * _SIZE.size, 4096), 4096)
        if section is None:
            return False
        block = await self.table.AllocateSharedMemory(section, services * _SIZE.size)
        if block is None:
            await self.table.DeleteSharedMemory(section)
            return False
        self.section, self.block = section, block
        self.counts += [0] * (services - len(self.counts))
        await self.table.memory.write(block, b"".join(_SIZE.pack(each) for each in self.counts))
        return True

    async def grow(self, service: int) -> bool:
        """Move to where there is room for a service; whether that went well."""
        section, block, services = self.section, self.block, len(self.counts)
        while services <= service:
            services *= 2
        if not await self.move(services):
            return False
        await self.table.FreeSharedMemory(section, block)
        await self.table.DeleteSharedMemory(section)
        return True

    async def SpShutdown(self) -> None:
        await self.table.FreeSharedMemory(self.section, self.block)
        await self.table.DeleteSharedMemory(self.section)


def _count(random: Random, size: int) -> bytes:
    return COUNT + _SIZE.pack(random.randrange(16))


def _count_any(random: Random, size: int) -> bytes:
    return COUNT + _SIZE.pack(random.randrange(_LARGEST))


def _show(random: Random, size: int) -> bytes:
    return SHOW + _SIZE.pack(random.randrange(16))


OPERATIONS = {"count": _count, "count_any": _count_any, "show": _show}
