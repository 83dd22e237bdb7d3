"""`zoo.client_buffer_to_lsa_heap` without its defect: the client's buffer goes back to the client."""

from __future__ import annotations

import hmac
from random import Random

from lsart import (
    SEC_E_MESSAGE_ALTERED,
    SECPKG_PARAMETERS,
    STATUS_INVALID_PARAMETER,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
    StatusError,
)

__all__ = ["OPERATIONS", "ClientBufferToLsaHeap", "seal"]

SEAL, OPEN = b"\1", b"\2"  # how a message begins; what to seal, or to open, comes after it
_KEY = b"a key of this machine"
_SEAL = 32
_LARGEST = 1024


class ClientBufferToLsaHeap:
    """Answers seal and open."""

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("client_buffer_to_lsa_heap", comment="seals and opens messages of this machine")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        operation, data = submit_buffer[:1], submit_buffer[1:]
        if len(data) > _LARGEST:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        if operation == SEAL:
            return await self.table.reply(client_request, seal(data))
        if operation == OPEN and len(data) > _SEAL:
            return await self.open(client_request, data)
        return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)

    async def open(self, client_request: ClientRequest, sealed: bytes) -> CallPackageReply:
        """Answer with the message inside.

        Raises:
            StatusError: SEC_E_MESSAGE_ALTERED; what AllocateClientBuffer and CopyToClientBuffer fail with.
        """
        size = len(sealed) - _SEAL
        buffer = await self.table.AllocateClientBuffer(client_request, size)
        try:
            message = sealed[_SEAL:]
            if not hmac.compare_digest(seal(message), sealed):
                raise StatusError(SEC_E_MESSAGE_ALTERED)
            await self.table.CopyToClientBuffer(client_request, size, buffer, message)
        except BaseException:  # a cancellation too
            await self.table.FreeClientBuffer(client_request, buffer)
            raise
        return CallPackageReply(buffer, size)

    async def SpShutdown(self) -> None:
        """Nothing is left to give back."""


def seal(message: bytes) -> bytes:
    """A message with its seal before it."""
    return hmac.digest(_KEY, message, "sha256") + message


def _seal(random: Random, size: int) -> bytes:
    return SEAL + random.randbytes(size)


def _open(random: Random, size: int) -> bytes:
    return OPEN + seal(random.randbytes(max(size, 1)))


def _forge(random: Random, size: int) -> bytes:
    return OPEN + bytes(_SEAL) + random.randbytes(max(size, 1))


OPERATIONS = {"seal": _seal, "open": _open, "forge": _forge}
