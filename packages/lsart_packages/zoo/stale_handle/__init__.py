"""Keeps the notes of today and of yesterday, each day's in a section of its own.

Turning the page deletes the day before.

The defect: the page that is deleted stays in the index of days, so a late note for it is allocated from a section that
is gone. The pointer of CreateSharedMemory is a handle, and names nothing any more. In LSASS there may be another
section at that address by now, of another package, or nothing, and LSASS faults.
"""

from __future__ import annotations

from random import Random

import attrs
import trio

from lsart import (
    SECPKG_PARAMETERS,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_OBJECT_NAME_NOT_FOUND,
    STATUS_SUCCESS,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
    StatusError,
)

__all__ = ["OPERATIONS", "StaleHandle"]

NOTE, TURN = 1, 2  # the first byte; `note` has the day, one byte, and the note after it
_PAGE = 4096


@attrs.define(eq=False)
class Page:
    """The notes of one day."""

    section: Pointer
    notes: list[Pointer] = attrs.field(factory=list)


class StaleHandle:
    """Answers note and turn."""

    def __init__(self) -> None:
        self.pages: dict[int, Page] = {}
        self.today = -1
        self.mutex = trio.Lock()

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        if not await self.turn():
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("stale_handle", comment="keeps a page of notes for each day")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        if not submit_buffer:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        async with self.mutex:
            if submit_buffer[0] == NOTE and 2 < length <= 256:
                return await self.note(submit_buffer[1], submit_buffer[2:])
            if submit_buffer[0] == TURN and length == 1:
                turned = await self.turn()
                return CallPackageReply(protocol_status=STATUS_SUCCESS if turned else STATUS_INSUFFICIENT_RESOURCES)
        return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)

    async def note(self, day: int, note: bytes) -> CallPackageReply:
        """Put a note on the page of a day."""
        page = self.pages.get(day)
        if page is None:
            return CallPackageReply(protocol_status=STATUS_OBJECT_NAME_NOT_FOUND)
        block = await self.table.AllocateSharedMemory(page.section, len(note))
        if block is None:
            return CallPackageReply(protocol_status=STATUS_INSUFFICIENT_RESOURCES)
        page.notes.append(block)
        await self.table.memory.write(block, note)
        return CallPackageReply()

    async def turn(self) -> bool:
        """Begin a page; whether there was room for one."""
        section = await self.table.CreateSharedMemory(_PAGE, _PAGE)
        if section is None:
            return False
        self.today += 1
        self.pages[self.today] = Page(section)
        if self.today - 2 in self.pages:
            await self.delete(self.pages[self.today - 2])
        return True

    async def delete(self, page: Page) -> None:
        """Give a page back."""
        for block in page.notes:
            await self.table.FreeSharedMemory(page.section, block)
        await self.table.DeleteSharedMemory(page.section)

    async def SpShutdown(self) -> None:
        for day in (self.today - 1, self.today):
            if day in self.pages:
                await self.delete(self.pages[day])


def _note(random: Random, size: int) -> bytes:
    return bytes((NOTE, random.randrange(2))) + random.randbytes(min(max(size, 1), 250))


def _turn(random: Random, size: int) -> bytes:
    return bytes((TURN,))


OPERATIONS = {"note": _note, "turn": _turn}
