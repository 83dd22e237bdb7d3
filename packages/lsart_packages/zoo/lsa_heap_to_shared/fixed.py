"""`zoo.lsa_heap_to_shared` without its defect: a block goes back to the heap that it came from."""

from __future__ import annotations

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

__all__ = ["OPERATIONS", "LsaHeapToShared"]

_ROOM = 4096
_LARGEST = 64 * 1024


class LsaHeapToShared:
    """Answers claims, name=value;name=value, with the same in the words of the application."""

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        section = await table.CreateSharedMemory(max_size=_ROOM, initial_size=_ROOM)
        if section is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        self.section = section

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("lsa_heap_to_shared", comment="turns claims of a directory into those of an application")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        if b"=" not in submit_buffer or length > _LARGEST:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        claims = submit_buffer.replace(b"memberOf=", b"role=").replace(b"sAMAccountName=", b"user=")
        stage = await self.table.AllocateSharedMemory(self.section, len(claims))
        is_shared = stage is not None
        if stage is None:
            stage = await self.table.AllocateLsaHeap(len(claims))
        if stage is None:
            return CallPackageReply(protocol_status=STATUS_INSUFFICIENT_RESOURCES)
        try:
            await self.table.memory.write(stage, claims)
            return await self.table.reply(client_request, claims)
        finally:
            await self.give_back(stage, is_shared)

    async def give_back(self, stage: Pointer, is_shared: bool) -> None:
        """Claims have been delivered."""
        if is_shared:  # applications read along, and must not find the claims of who comes next among old ones
            await self.table.memory.write(stage, b"\0")
            await self.table.FreeSharedMemory(self.section, stage)
        else:
            await self.table.FreeLsaHeap(stage)

    async def SpShutdown(self) -> None:
        await self.table.DeleteSharedMemory(self.section)


def _claims(random: Random, size: int) -> bytes:
    return b"memberOf=" + b"%x" % random.getrandbits(4 * max(size, 1))


def _many_claims(random: Random, size: int) -> bytes:
    return b"sAMAccountName=ann;" + b"memberOf=staff;" * random.randrange(400, 500)


OPERATIONS = {"claims": _claims, "many_claims": _many_claims}
