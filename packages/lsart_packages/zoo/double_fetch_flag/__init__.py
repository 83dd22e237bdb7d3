"""Tells clients about the machine's account.

A client puts its request into a section: one word of flags, of which one asks for the secret as well, and that is only
for callers that LSA trusts.

The defect: the flags are read to see whether the caller may ask that, and read again to see what to answer. In LSASS
another thread of the client sets the flag in between: it passes the check as a modest request, and is answered as one
that was allowed.
"""

from __future__ import annotations

from random import Random

from lsart import (
    SECPKG_PARAMETERS,
    STATUS_ACCESS_DENIED,
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

__all__ = ["OPERATIONS", "DoubleFetchFlag"]

WITH_SECRET = 1
_REQUESTS = 8
_FLAGS = 4  # bytes
_NAME = b"MACHINE$"
_SECRET = b"the secret of the machine"


class DoubleFetchFlag:
    """Answers the number of a request."""

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        section = await table.CreateSharedMemory(max_size=4096, initial_size=4096)
        if section is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        requests = await table.AllocateSharedMemory(section, _REQUESTS * _FLAGS)
        if requests is None:
            await table.DeleteSharedMemory(section)
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        await table.memory.write(requests, bytes(_REQUESTS * _FLAGS))
        self.section, self.requests = section, requests

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("double_fetch_flag", comment="tells what a client may know of an account")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        return await self.answer(client_request, submit_buffer, is_trusted=False)

    async def LsaApCallPackage(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        return await self.answer(client_request, submit_buffer, is_trusted=True)

    async def answer(self, client_request: ClientRequest, message: bytes, *, is_trusted: bool) -> CallPackageReply:
        """Answer a request, if whoever makes it may."""
        if len(message) != 1 or message[0] >= _REQUESTS:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        request = self.requests + message[0] * _FLAGS
        flags = await self.flags(request)
        if flags & WITH_SECRET and not is_trusted:
            return CallPackageReply(protocol_status=STATUS_ACCESS_DENIED)
        if await self.flags(request) & WITH_SECRET:
            return await self.table.reply(client_request, _NAME + _SECRET)
        return await self.table.reply(client_request, _NAME)

    async def flags(self, request: Pointer) -> int:
        """What a client asks for."""
        return int.from_bytes(await self.table.memory.read(request, _FLAGS), "little")

    async def SpShutdown(self) -> None:
        await self.table.FreeSharedMemory(self.section, self.requests)
        await self.table.DeleteSharedMemory(self.section)


async def _ask(client: Client, random: Random, size: int) -> None:
    """Put a modest request, or one that is refused."""
    number = random.randrange(_REQUESTS)
    view = client.map_section("double_fetch_flag")
    await view.write(number * _FLAGS, random.choice((0, WITH_SECRET)).to_bytes(_FLAGS, "little"))
    await client.call("double_fetch_flag", bytes((number,)), operation="ask")


def _number(random: Random, size: int) -> bytes:
    return bytes((random.randrange(_REQUESTS),))


OPERATIONS = {"ask": _ask, "number": _number}
