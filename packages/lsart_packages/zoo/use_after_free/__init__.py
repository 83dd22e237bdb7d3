"""Keeps the machine's key in shared memory: clients read it, and now and then it is rolled, that is, replaced.

The defect: reading notes where the key lies, then lets others run while it gets a buffer for the answer, and copies the
key only then. When the key is rolled in between, that block is free. In LSASS the client gets whatever lies there by
now, which may be a secret of somebody else, or LSASS faults and takes the machine with it; with luck it is still the
old key, and nobody notices for years.
"""

from __future__ import annotations

import zlib
from random import Random

import attrs

from lsart import (
    SEC_E_MESSAGE_ALTERED,
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

__all__ = ["OPERATIONS", "Key", "UseAfterFree"]

READ, ROLL = b"\1", b"\2"  # how a message begins; `roll` has the new key after it
_SIZE = 32


@attrs.define(eq=False)
class Key:
    """What the package knows of a key without looking into the section, where clients can write.

    Args:
        block: where it lies. checksum: CRC-32 of it as it was stored.
        readers: calls that are using the block. is_retired: it has been replaced.
    """

    block: Pointer
    checksum: int
    readers: int = 0
    is_retired: bool = False


class UseAfterFree:
    """Answers read and roll."""

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        section = await table.CreateSharedMemory(max_size=4096, initial_size=4096)
        if section is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        self.section = section
        key = await self.store(bytes(_SIZE))
        if key is None:
            await table.DeleteSharedMemory(section)
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        self.key = key

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("use_after_free", comment="a key in shared memory")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        operation, secret = submit_buffer[:1], submit_buffer[1:]
        if operation == READ and not secret:
            return await self.read(client_request)
        if operation == ROLL and len(secret) == _SIZE:
            return await self.roll(secret)
        return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)

    async def read(self, client_request: ClientRequest) -> CallPackageReply:
        """Answer with the key."""
        return await self.answer(client_request, self.key)

    async def answer(self, client_request: ClientRequest, key: Key) -> CallPackageReply:
        """Copy a key to the client, if it is as it was stored."""
        buffer = await self.table.AllocateClientBuffer(client_request, _SIZE)
        secret = await self.table.memory.read(key.block, _SIZE)
        if zlib.crc32(secret) != key.checksum:
            await self.table.FreeClientBuffer(client_request, buffer)
            return CallPackageReply(protocol_status=SEC_E_MESSAGE_ALTERED)
        try:
            await self.table.CopyToClientBuffer(client_request, _SIZE, buffer, secret)
        except StatusError:
            await self.table.FreeClientBuffer(client_request, buffer)
            raise
        return CallPackageReply(buffer, _SIZE)

    async def roll(self, secret: bytes) -> CallPackageReply:
        """Replace the key. The old one is freed when no call can find it any more."""
        key = await self.store(secret)
        if key is None:
            return CallPackageReply(protocol_status=STATUS_INSUFFICIENT_RESOURCES)
        old, self.key = self.key, key
        await self.retire(old)
        return CallPackageReply()

    async def store(self, secret: bytes) -> Key | None:
        """A key in a block of its own; None when there is no room."""
        block = await self.table.AllocateSharedMemory(self.section, _SIZE)
        if block is None:
            return None
        await self.table.memory.write(block, secret)
        return Key(block, zlib.crc32(secret))

    async def retire(self, key: Key) -> None:
        """Free a key that has been replaced."""
        key.is_retired = True
        await self.table.FreeSharedMemory(self.section, key.block)  # whoever may still be reading it

    async def SpShutdown(self) -> None:
        await self.table.FreeSharedMemory(self.section, self.key.block)
        await self.table.DeleteSharedMemory(self.section)


def _read(random: Random, size: int) -> bytes:
    return READ


def _roll(random: Random, size: int) -> bytes:
    return ROLL + random.randbytes(_SIZE)


OPERATIONS = {"read": _read, "roll": _roll}
