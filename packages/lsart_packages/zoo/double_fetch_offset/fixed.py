"""`zoo.double_fetch_offset` without its defect: the entry is read once, and what was checked is used."""

from __future__ import annotations

import struct
from random import Random

from lsart import (
    SECPKG_PARAMETERS,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_OBJECT_NAME_NOT_FOUND,
    CallPackageReply,
    Client,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
    StatusError,
)

__all__ = ["OPERATIONS", "DoubleFetchOffset"]

_ENTRY = struct.Struct("<HH")  # offset in the arena, length
_ENTRIES = 16
_TABLE = _ENTRIES * _ENTRY.size
_ARENA = 1024
_SECRET = b"the name of the chairman's account at the bank"


class DoubleFetchOffset:
    """Answers the number of an entry with the name."""

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        section = await table.CreateSharedMemory(max_size=4096, initial_size=4096)
        if section is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        table_ = await table.AllocateSharedMemory(section, _TABLE + _ARENA + len(_SECRET))
        if table_ is None:
            await table.DeleteSharedMemory(section)
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        self.section, self.entries, self.arena = section, table_, table_ + _TABLE
        await table.memory.write(table_, bytes(_TABLE + _ARENA) + _SECRET)

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("double_fetch_offset", comment="looks names up in a directory that clients fill")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        if length != 1 or submit_buffer[0] >= _ENTRIES:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        name = await self.name(self.entries + submit_buffer[0] * _ENTRY.size)
        if name is None:
            return CallPackageReply(protocol_status=STATUS_OBJECT_NAME_NOT_FOUND)
        return await self.table.reply(client_request, name)

    async def name(self, entry: Pointer) -> bytes | None:
        """The name that an entry leads to; None if that is not in the arena."""
        offset, size = await self.entry(entry)
        if not size or offset + size > _ARENA:
            return None
        return await self.table.memory.read(self.arena + offset, size)

    async def entry(self, entry: Pointer) -> tuple[int, int]:
        """Where a client says that its name lies."""
        offset, size = _ENTRY.unpack(await self.table.memory.read(entry, _ENTRY.size))
        return offset, size

    async def SpShutdown(self) -> None:
        await self.table.FreeSharedMemory(self.section, self.entries)
        await self.table.DeleteSharedMemory(self.section)


async def _enter(client: Client, random: Random, size: int) -> None:
    """Enter a name and look it up."""
    number = random.randrange(_ENTRIES)
    name = b"user %d" % number
    view = client.map_section("double_fetch_offset")
    await view.write(_TABLE + number * 16, name)
    await view.write(number * _ENTRY.size, _ENTRY.pack(number * 16, len(name)))
    await client.call("double_fetch_offset", bytes((number,)), operation="look up")


def _number(random: Random, size: int) -> bytes:
    return bytes((random.randrange(_ENTRIES),))


OPERATIONS = {"enter": _enter, "number": _number}
