"""Publishes the display names of users in shared memory, as text that ends with a zero byte, for clients written in C.

The defect: a block has room for the name, and not for the zero byte at its end. Where the heap rounds sizes up nothing
happens; a name of 16 bytes, or 32, overwrites the first byte of whatever lies behind it. In LSASS that is another
user's name, which then looks empty, or a header of the heap, and LSASS ends at some later free that has nothing to do
with it.
"""

from __future__ import annotations

from random import Random

import trio

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

__all__ = ["OPERATIONS", "Overrun"]

SET, GET = 1, 2  # the first byte; the user, one byte; `set` has the name after it
_USERS = 16
_LARGEST = 64


class Overrun:
    """Answers set and get."""

    def __init__(self) -> None:
        self.names: dict[int, tuple[Pointer, bytes]] = {}  # where it is, and the name
        self.mutex = trio.Lock()

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        section = await table.CreateSharedMemory(max_size=4096, initial_size=4096)
        if section is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        self.section = section

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("overrun", comment="publishes display names in shared memory")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        if length < 2 or submit_buffer[1] >= _USERS:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        operation, user, name = submit_buffer[0], submit_buffer[1], submit_buffer[2:]
        if operation == SET and 0 < len(name) <= _LARGEST and b"\0" not in name:
            async with self.mutex:
                return await self.set(user, name)
        if operation == GET and not name:
            async with self.mutex:
                return await self.get(client_request, user)
        return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)

    async def set(self, user: int, name: bytes) -> CallPackageReply:
        """Publish a name in place of the old one."""
        if user in self.names:
            await self.table.FreeSharedMemory(self.section, self.names.pop(user)[0])
        block = await self.table.AllocateSharedMemory(self.section, len(name))
        if block is None:
            return CallPackageReply(protocol_status=STATUS_INSUFFICIENT_RESOURCES)
        self.names[user] = block, name
        await self.table.memory.write(block, name + b"\0")
        return CallPackageReply()

    async def get(self, client_request: ClientRequest, user: int) -> CallPackageReply:
        """Answer with a name, if it is as it was published."""
        if user not in self.names:
            return CallPackageReply(protocol_status=STATUS_OBJECT_NAME_NOT_FOUND)
        block, name = self.names[user]
        if await self.table.memory.read(block, len(name)) != name:
            return CallPackageReply(protocol_status=SEC_E_MESSAGE_ALTERED)
        return await self.table.reply(client_request, name)

    async def SpShutdown(self) -> None:
        for block, _ in self.names.values():
            await self.table.FreeSharedMemory(self.section, block)
        await self.table.DeleteSharedMemory(self.section)


def _set(random: Random, size: int) -> bytes:
    return bytes((SET, random.randrange(_USERS))) + b"x" * min(max(size, 1), _LARGEST)


def _get(random: Random, size: int) -> bytes:
    return bytes((GET, random.randrange(_USERS)))


OPERATIONS = {"set": _set, "get": _get}
