"""The smallest useful package: it puts a message into shared memory and answers with what it reads there."""

from __future__ import annotations

from random import Random

from lsart import (
    SECPKG_PARAMETERS,
    STATUS_INSUFFICIENT_RESOURCES,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
    StatusError,
)

__all__ = ["OPERATIONS", "Minimal"]


class Minimal:
    """One section; each call borrows a block of it."""

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        section = await table.CreateSharedMemory(max_size=64 * 1024, initial_size=4096)
        if section is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        self.section = section

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("minimal", comment="echoes a message through shared memory")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        block = await self.table.AllocateSharedMemory(self.section, length)
        if block is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        try:
            await self.table.memory.write(block, submit_buffer)
            return await self.table.reply(client_request, await self.table.memory.read(block, length))
        finally:
            await self.table.FreeSharedMemory(self.section, block)

    async def SpShutdown(self) -> None:
        await self.table.DeleteSharedMemory(self.section)


def echo(random: Random, size: int) -> bytes:
    """A message of `size` random bytes."""
    return random.randbytes(size)


OPERATIONS = {"echo": echo}
"""Messages that `lsart stress` can send: name to a function of a random stream and a size in bytes."""
