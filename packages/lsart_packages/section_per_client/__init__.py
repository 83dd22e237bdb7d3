"""The anti-pattern: a section of its own for every client.

The CreateSharedMemory page advises against it: sections are costly and can exhaust the system. Here one can watch
which resource goes first, and at which client. It does check for NULL, so that its clients get a status.
"""

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
)

__all__ = ["OPERATIONS", "SectionPerClient"]


class SectionPerClient:
    """Creates a section at each request and keeps them all.

    Args:
        max_size: bytes reserved for each client. initial_size: bytes committed at once.
    """

    def __init__(self, max_size: int = 256 * 1024, initial_size: int = 64 * 1024) -> None:
        self.max_size = max_size
        self.initial_size = initial_size
        self.sections: list[Pointer] = []

    def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("section_per_client", comment="one section per client, as the page warns not to")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        section = await self.table.CreateSharedMemory(self.max_size, self.initial_size)
        if section is None:
            return CallPackageReply(protocol_status=STATUS_INSUFFICIENT_RESOURCES)
        self.sections.append(section)
        return CallPackageReply()

    async def SpShutdown(self) -> None:
        for section in self.sections:
            await self.table.DeleteSharedMemory(section)


def register(random: Random, size: int) -> bytes:
    """A client announces itself."""
    return b"hello"


OPERATIONS = {"register": register}
