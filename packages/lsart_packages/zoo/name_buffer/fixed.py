"""`zoo.name_buffer` without its defect: the name has a block of the LSA heap to itself."""

from __future__ import annotations

import struct
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

__all__ = ["OPERATIONS", "NameBuffer"]

_NAME = b"name_buffer\0"
_LENGTH = struct.Struct("<Q")


class NameBuffer:
    """Answers anything with the number of the call."""

    def __init__(self) -> None:
        self.calls = 0

    async def LsaApInitializePackage(
        self, authentication_package_id: int, table: FunctionTable, database: str | None, confidentiality: str | None
    ) -> Pointer:
        block = await table.AllocateLsaHeap(len(_NAME))
        if block is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        await table.memory.write(block, _NAME)
        return block

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("name_buffer", comment="an authentication package that counts its callers")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        self.calls += 1
        return await self.table.reply(client_request, _LENGTH.pack(self.calls))

    async def SpShutdown(self) -> None:
        """Nothing is left to give back."""


def _count(random: Random, size: int) -> bytes:
    return b"count me"


OPERATIONS = {"count": _count}
