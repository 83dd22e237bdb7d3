"""`zoo.growth` without its defect: the oldest record makes room for the newest."""

from __future__ import annotations

import struct
from collections import deque
from random import Random

from lsart import (
    SECPKG_PARAMETERS,
    STATUS_INSUFFICIENT_RESOURCES,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
    now_ns,
)

__all__ = ["OPERATIONS", "Growth"]

_RECORD = struct.Struct("<QQ")  # process, when
_KEPT = 32
RECORDS = b"?"


class Growth:
    """Answers ? with the number of records, and takes note of everything else."""

    def __init__(self) -> None:
        self.records: deque[Pointer] = deque()

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("growth", comment="remembers who has called")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        if submit_buffer == RECORDS:
            return await self.table.reply(client_request, struct.pack("<I", len(self.records)))
        client = await self.table.GetClientInfo()
        record = await self.table.AllocatePrivateHeap(_RECORD.size)
        if record is None:
            return CallPackageReply(protocol_status=STATUS_INSUFFICIENT_RESOURCES)
        await self.table.memory.write(record, _RECORD.pack(client.process_id, now_ns()))
        self.records.append(record)
        if len(self.records) > _KEPT:
            await self.table.FreePrivateHeap(self.records.popleft())
        return CallPackageReply()

    async def SpShutdown(self) -> None:
        while self.records:
            await self.table.FreePrivateHeap(self.records.popleft())


def _hello(random: Random, size: int) -> bytes:
    return b"hello"


def _records(random: Random, size: int) -> bytes:
    return RECORDS


OPERATIONS = {"hello": _hello, "records": _records}
