"""Keeps profiles of users in memory of its own.

Cards in shared memory show clients when each was used last, and hold the address of the profile, so that the package
finds it again.

The defect: the address is taken from where clients can write. A client puts another address into a card, and is
answered with what lies there. In LSASS that reads any byte of the process, keys and password hashes among them; where
the package writes as well, it is the whole machine.
"""

from __future__ import annotations

import struct
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

__all__ = ["OPERATIONS", "UncheckedPointer"]

_CARD = struct.Struct("<QI")  # address of the profile, how often it was used
_USERS = (b"alice", b"bob", b"carol", b"dave")
_PROFILE = 16


class UncheckedPointer:
    """Answers the number of a user with the profile."""

    def __init__(self) -> None:
        self.profiles: list[Pointer] = []
        self.uses = 0

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        section = await table.CreateSharedMemory(max_size=4096, initial_size=4096)
        if section is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        cards = await table.AllocateSharedMemory(section, len(_USERS) * _CARD.size)
        self.section = section
        if cards is None:
            await table.DeleteSharedMemory(section)
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        self.cards = cards
        for number, user in enumerate(_USERS):
            profile = await table.AllocatePrivateHeap(_PROFILE)
            if profile is None:
                await self.SpShutdown()
                raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
            self.profiles.append(profile)
            await table.memory.write(profile, user.ljust(_PROFILE))
            await table.memory.write(cards + number * _CARD.size, _CARD.pack(profile.address, 0))

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("unchecked_pointer", comment="keeps profiles and shows where they are")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        if length != 1 or submit_buffer[0] >= len(_USERS):
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        card = self.cards + submit_buffer[0] * _CARD.size
        address, _ = _CARD.unpack(await self.table.memory.read(card, _CARD.size))
        profile = Pointer(address, card.space)
        self.uses += 1
        await self.table.memory.write(card, _CARD.pack(profile.address, self.uses))
        return await self.table.reply(client_request, await self.table.memory.read(profile, _PROFILE))

    async def SpShutdown(self) -> None:
        for profile in self.profiles:
            await self.table.FreePrivateHeap(profile)
        await self.table.FreeSharedMemory(self.section, self.cards)
        await self.table.DeleteSharedMemory(self.section)


def _profile(random: Random, size: int) -> bytes:
    return bytes((random.randrange(len(_USERS)),))


OPERATIONS = {"profile": _profile}
