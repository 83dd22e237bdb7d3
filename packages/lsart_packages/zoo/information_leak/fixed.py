"""`zoo.information_leak` without its defect: the block is cleared before it is filled."""

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
)

__all__ = ["OPERATIONS", "InformationLeak"]

_CARD = 64
_HALF = _CARD // 2


class InformationLeak:
    """Answers name;department with a card: 32 bytes for each."""

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("information_leak", comment="answers with the business card of a name")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        name, separator, department = submit_buffer.partition(b";")
        if not separator or not 0 < len(name) <= _HALF or not 0 < len(department) <= _HALF:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        card = await self.table.AllocateLsaHeap(_CARD)
        if card is None:
            return CallPackageReply(protocol_status=STATUS_INSUFFICIENT_RESOURCES)
        try:
            await self.table.memory.write(card, bytes(_CARD))
            await self.table.memory.write(card, name)
            await self.table.memory.write(card + _HALF, department)
            return await self.table.reply(client_request, await self.table.memory.read(card, _CARD))
        finally:
            await self.table.FreeLsaHeap(card)

    async def SpShutdown(self) -> None:
        """Nothing is left to give back."""


def _full(random: Random, size: int) -> bytes:
    return b"%032x;%032x" % (random.getrandbits(128), random.getrandbits(128))


def _short(random: Random, size: int) -> bytes:
    return random.choice((b"Ann;IT", b"Robert;Sales"))


OPERATIONS = {"full": _full, "short": _short}
