"""Hashes passages that clients leave on a shared page: the length, then the text. A client says which passage.

The defect: the length is believed. It is read once, and right so, but nobody asks whether a passage can be that long.
In LSASS the text of the next client goes into the answer, or the read runs off the end of the section: an access
violation, and the machine restarts.
"""

from __future__ import annotations

import hashlib
from random import Random

from lsart import (
    SECPKG_PARAMETERS,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    CallPackageReply,
    Client,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
    StatusError,
)

__all__ = ["OPERATIONS", "UncheckedLength"]

_PASSAGES = 8
_PASSAGE = 128
_LENGTH = 4  # bytes of the length


class UncheckedLength:
    """Answers the number of a passage with its last 8 bytes and its hash."""

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        section = await table.CreateSharedMemory(max_size=4096, initial_size=4096)
        if section is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        page = await table.AllocateSharedMemory(section, _PASSAGES * _PASSAGE)
        if page is None:
            await table.DeleteSharedMemory(section)
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        await table.memory.write(page, bytes(_PASSAGES * _PASSAGE))
        self.section, self.page = section, page

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("unchecked_length", comment="hashes passages of a shared page")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        if length != 1 or submit_buffer[0] >= _PASSAGES:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        passage = self.page + submit_buffer[0] * _PASSAGE
        size = int.from_bytes(await self.table.memory.read(passage, _LENGTH), "little")
        text = await self.table.memory.read(passage + _LENGTH, size)
        return await self.table.reply(client_request, text[-8:] + hashlib.sha256(text).digest())

    async def SpShutdown(self) -> None:
        await self.table.FreeSharedMemory(self.section, self.page)
        await self.table.DeleteSharedMemory(self.section)


async def _hash(client: Client, random: Random, size: int) -> None:
    """Leave a passage, and have it hashed."""
    text = random.randbytes(min(size, _PASSAGE - _LENGTH))
    number = random.randrange(_PASSAGES)
    view = client.map_section("unchecked_length")
    await view.write(number * _PASSAGE, len(text).to_bytes(_LENGTH, "little") + text)
    await client.call("unchecked_length", bytes((number,)), operation="hash")


def _number(random: Random, size: int) -> bytes:
    return bytes((random.randrange(_PASSAGES),))


OPERATIONS = {"hash": _hash, "number": _number}
