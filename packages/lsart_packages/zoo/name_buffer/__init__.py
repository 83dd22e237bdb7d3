"""An authentication package that counts its callers, the smallest that there can be.

The defect: it keeps its name with the length before it, as many programs keep text, and gives LSA the address of the
text. LSA frees what it is given, and that is no block of the LSA heap but the inside of one. In LSASS the heap finds
the length where its header should be, and the machine restarts while it boots; here LSA reports the address and leaves
the package out.
"""

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
        block = await table.AllocateLsaHeap(_LENGTH.size + len(_NAME))
        if block is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        await table.memory.write(block, _LENGTH.pack(len(_NAME)) + _NAME)
        return block + _LENGTH.size

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
