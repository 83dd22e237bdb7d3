"""A notary: it seals messages with a key that it derives from a master key, and says how many it has sealed.

The defect: it asks for the key as another package would, with CallPackage and its own name. Where such a call needs a
worker of its own, sealing holds one worker and waits for a second. When every worker serves a message to seal, none is
left for the keys, and nothing moves. In LSASS it looks like this: all threads of the pool wait for the same queue, and
the queue holds nothing but what they sent themselves.
"""

from __future__ import annotations

import hmac
from random import Random

from lsart import (
    SECPKG_PARAMETERS,
    STATUS_INVALID_PARAMETER,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
)

__all__ = ["OPERATIONS", "CallPackage", "key_for"]

SEAL, COUNT = b"\1", b"\2"  # how a message begins; what to seal comes after it, or nothing
_NAME = "call_package"
_MASTER = b"a key that never leaves the notary"
_LARGEST = 1024


class CallPackage:
    """Answers seal and count, and the packages of LSA with keys."""

    def __init__(self) -> None:
        self.sealed = 0

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo(_NAME, comment="a notary that asks itself for its keys")

    async def LsaApCallPackage(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        """The key for a purpose, for whoever is trusted."""
        return await self.table.reply(client_request, key_for(submit_buffer))

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        operation, data = submit_buffer[:1], submit_buffer[1:]
        if len(data) > _LARGEST:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        if operation == SEAL:
            return await self.table.reply(client_request, await self.seal(data))
        if operation == COUNT and not data:
            return await self.table.reply(client_request, self.sealed.to_bytes(4, "little"))
        return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)

    async def seal(self, message: bytes) -> bytes:
        """The seal of a message."""
        key = await self.key(b"seal")
        self.sealed += 1
        return hmac.digest(key, message, "sha256")

    async def key(self, purpose: bytes) -> bytes:
        """The key for a purpose."""
        reply, length, _ = await self.table.CallPackage(_NAME, purpose, len(purpose))  # with a worker in hand
        assert reply is not None
        try:
            return await self.table.memory.read(reply, length)
        finally:
            await self.table.FreeReturnBuffer(reply)

    async def SpShutdown(self) -> None:
        """Nothing is left to give back."""


def key_for(purpose: bytes) -> bytes:
    """The key for a purpose, derived from the master key."""
    return hmac.digest(_MASTER, purpose, "sha256")


def _seal(random: Random, size: int) -> bytes:
    return SEAL + random.randbytes(size)


def _count(random: Random, size: int) -> bytes:
    return COUNT


OPERATIONS = {"seal": _seal, "count": _count}
