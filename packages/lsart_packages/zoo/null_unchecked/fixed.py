"""`zoo.null_unchecked` without its defect: a note for which there is no room is refused."""

from __future__ import annotations

from collections import deque
from random import Random

from lsart import (
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

__all__ = ["OPERATIONS", "NullUnchecked"]

LEAVE, TAKE = b"\1", b"\2"  # how a message begins; `leave` has the note after it
_LARGEST = 1024


class NullUnchecked:
    """Answers leave and take."""

    def __init__(self) -> None:
        self.notes: deque[tuple[Pointer, bytes]] = deque()  # where each is, and what it says

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        section = await table.CreateSharedMemory(max_size=4096, initial_size=4096)
        if section is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        self.section = section

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("null_unchecked", comment="passes notes between clients through shared memory")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        operation, note = submit_buffer[:1], submit_buffer[1:]
        if operation == LEAVE and 0 < len(note) <= _LARGEST:
            return await self.leave(note)
        if operation == TAKE and not note:
            return await self.take(client_request)
        return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)

    async def leave(self, note: bytes) -> CallPackageReply:
        """Put a note where everybody can read it."""
        block = await self.table.AllocateSharedMemory(self.section, len(note))
        if block is None:
            return CallPackageReply(protocol_status=STATUS_INSUFFICIENT_RESOURCES)
        await self.table.memory.write(block, note)
        self.notes.append((block, note))
        return CallPackageReply()

    async def take(self, client_request: ClientRequest) -> CallPackageReply:
        """Answer with the oldest note, as it was left, and take it away."""
        if not self.notes:
            return CallPackageReply(protocol_status=STATUS_OBJECT_NAME_NOT_FOUND)
        block, note = self.notes.popleft()
        await self.table.FreeSharedMemory(self.section, block)
        return await self.table.reply(client_request, note)

    async def SpShutdown(self) -> None:
        for block, _ in self.notes:
            await self.table.FreeSharedMemory(self.section, block)
        await self.table.DeleteSharedMemory(self.section)


def _leave(random: Random, size: int) -> bytes:
    return LEAVE + random.randbytes(min(max(size, 1), _LARGEST))


def _take(random: Random, size: int) -> bytes:
    return TAKE


OPERATIONS = {"leave": _leave, "take": _take}
