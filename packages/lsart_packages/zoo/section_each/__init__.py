"""Tells clients apart at a glance: each that says hello gets a place in shared memory that shows its name.

The defect: each place is a section of its own. The page of CreateSharedMemory advises against that: creating one is
costly, and sections exhaust the system. In LSASS it works in the laboratory; with some thousand clients the paged pool,
or the commit limit, is used up, and functions fail that have nothing to do with the package.
"""

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

__all__ = ["OPERATIONS", "SectionEach"]

_PLACE = 32
_PLACES = 64


class SectionEach:
    """Answers a name with the distance of its place from the start of its section."""

    def __init__(self) -> None:
        self.sections: dict[Pointer, Pointer] = {}  # the block in each
        self.greeted = 0

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        places = await self.open(_PLACES * _PLACE)
        if places is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        self.section, self.places = places

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("section_each", comment="gives every client a place in shared memory")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        if not 0 < length <= _PLACE:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        number = self.greeted
        self.greeted += 1
        place = await self.open(_PLACE)
        if place is None:
            return CallPackageReply(protocol_status=STATUS_INSUFFICIENT_RESOURCES)
        section, block = place
        await self.table.memory.write(block, submit_buffer.ljust(_PLACE, b"\0"))
        return await self.table.reply(client_request, (block - section).to_bytes(4, "little") + bytes((number % 256,)))

    async def open(self, size: int) -> tuple[Pointer, Pointer] | None:
        """A section with a block of `size` bytes in it, and the block; None when there is no room."""
        section = await self.table.CreateSharedMemory(max_size=4096, initial_size=4096)
        if section is None:
            return None
        block = await self.table.AllocateSharedMemory(section, size)
        if block is None:
            await self.table.DeleteSharedMemory(section)
            return None
        self.sections[section] = block
        return section, block

    async def SpShutdown(self) -> None:
        for section, block in self.sections.items():
            await self.table.FreeSharedMemory(section, block)
            await self.table.DeleteSharedMemory(section)


def _hello(random: Random, size: int) -> bytes:
    return b"client %d" % random.randrange(1000)


OPERATIONS = {"hello": _hello}
