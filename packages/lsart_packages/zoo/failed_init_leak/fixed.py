"""`zoo.failed_init_leak` without its defect: what was created before SpInitialize fails is given back first."""

from __future__ import annotations

import hmac
from random import Random

from lsart import (
    SECPKG_PARAMETERS,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_QUOTA_EXCEEDED,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
    StatusError,
)

__all__ = ["OPERATIONS", "FailedInitLeak"]

POST = b"\1"  # how a message begins; the notice comes after it
_BOARD = 4096
_KEYS = 8192  # one for each hour of the year, almost


class FailedInitLeak:
    """Answers post."""

    def __init__(self) -> None:
        self.used = 0

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        section = await table.CreateSharedMemory(max_size=2 * _BOARD, initial_size=_BOARD)
        if section is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        board = await table.AllocateSharedMemory(section, _BOARD)
        if board is None:
            await table.DeleteSharedMemory(section)
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        keys = await table.AllocatePrivateHeap(_KEYS)
        if keys is None:
            await table.FreeSharedMemory(section, board)
            await table.DeleteSharedMemory(section)
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        await table.memory.write(keys, table.win32.BCryptGenRandom(_KEYS))
        self.section, self.board, self.keys = section, board, keys

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("failed_init_leak", comment="posts sealed notices for all clients")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        operation, notice = submit_buffer[:1], submit_buffer[1:]
        if operation != POST or not notice:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        offset = self.used
        if offset + len(notice) > _BOARD:
            return CallPackageReply(protocol_status=STATUS_QUOTA_EXCEEDED)
        self.used += len(notice)  # before anybody else runs
        await self.table.memory.write(self.board + offset, notice)
        key = await self.table.memory.read(self.keys + offset % (_KEYS - 32), 32)
        return await self.table.reply(client_request, hmac.digest(key, notice, "sha256"))

    async def SpShutdown(self) -> None:
        await self.table.memory.write(self.keys, bytes(_KEYS))
        await self.table.FreePrivateHeap(self.keys)
        await self.table.FreeSharedMemory(self.section, self.board)
        await self.table.DeleteSharedMemory(self.section)


def _post(random: Random, size: int) -> bytes:
    return POST + random.randbytes(max(size, 1))


OPERATIONS = {"post": _post}
