"""`zoo.double_fetch_length` without its defect: the length is read once, and what was checked is used."""

from __future__ import annotations

import hmac
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

__all__ = ["OPERATIONS", "DoubleFetchLength"]

_BOXES = 8
_BOX = 64
_LENGTH = 4  # bytes of the length
_LARGEST = _BOX - _LENGTH
_KEY = b"a key that never leaves LSASS"


class DoubleFetchLength:
    """Answers the number of a box with the letter as it was signed, and its signature after it."""

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        section = await table.CreateSharedMemory(max_size=4096, initial_size=4096)
        if section is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        boxes = await table.AllocateSharedMemory(section, _BOXES * _BOX)
        if boxes is None:
            await table.DeleteSharedMemory(section)
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        await table.memory.write(boxes, bytes(_BOXES * _BOX))
        self.section, self.boxes = section, boxes

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("double_fetch_length", comment="signs what clients put into their boxes")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        if length != 1 or submit_buffer[0] >= _BOXES:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        letter = await self.letter(self.boxes + submit_buffer[0] * _BOX)
        if letter is None:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        return await self.table.reply(client_request, letter + hmac.digest(_KEY, letter, "sha256"))

    async def letter(self, box: Pointer) -> bytes | None:
        """What is in a box; None if it is not as long as a letter can be."""
        length = await self.length(box)
        if not 0 < length <= _LARGEST:
            return None
        return await self.table.memory.read(box + _LENGTH, length)

    async def length(self, box: Pointer) -> int:
        """What a client says of its letter."""
        return int.from_bytes(await self.table.memory.read(box, _LENGTH), "little")

    async def SpShutdown(self) -> None:
        await self.table.FreeSharedMemory(self.section, self.boxes)
        await self.table.DeleteSharedMemory(self.section)


async def _sign(client: Client, random: Random, size: int) -> None:
    """Put a letter into a box and have it signed."""
    letter = random.randbytes(min(max(size, 1), _LARGEST))
    number = random.randrange(_BOXES)
    view = client.map_section("double_fetch_length")
    await view.write(number * _BOX, len(letter).to_bytes(_LENGTH, "little") + letter)
    await client.call("double_fetch_length", bytes((number,)), operation="sign")


def _box(random: Random, size: int) -> bytes:
    return bytes((random.randrange(_BOXES),))


OPERATIONS = {"sign": _sign, "box": _box}
