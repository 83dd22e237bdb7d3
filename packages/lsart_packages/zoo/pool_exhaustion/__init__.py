"""A smart card for all clients: once somebody has entered its PIN, everybody can have messages signed.

The defect: signing with a locked card waits for the PIN, and keeps its worker meanwhile. When every worker waits, the
call that brings the PIN waits for a worker, and nothing moves. In LSASS it looks like this: all threads of the pool are
idle in the same wait, no processor is busy, and every call to LSA hangs, those of other packages too.
"""

from __future__ import annotations

import hmac
from random import Random

import trio

from lsart import (
    SEC_E_LOGON_DENIED,
    SECPKG_PARAMETERS,
    STATUS_INVALID_PARAMETER,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
)

__all__ = ["OPERATIONS", "PoolExhaustion"]

SIGN, ENTER_PIN = b"\1", b"\2"  # how a message begins; the message to sign, or the PIN, comes after it
_PIN = b"1234"
_KEY = b"a key that never leaves the card"
_LARGEST = 1024


class PoolExhaustion:
    """Answers sign and enter_pin."""

    def __init__(self) -> None:
        self.pin_entered = trio.Event()

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("pool_exhaustion", comment="a smart card that waits for its PIN")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        operation, data = submit_buffer[:1], submit_buffer[1:]
        if len(data) > _LARGEST:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        if operation == SIGN:
            return await self.sign(client_request, data)
        if operation == ENTER_PIN:
            return self.enter_pin(data)
        return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)

    async def sign(self, client_request: ClientRequest, message: bytes) -> CallPackageReply:
        """Answer with a signature of the message, as soon as the card is unlocked."""
        await self.pin_entered.wait()  # with a worker in hand
        return await self.table.reply(client_request, hmac.digest(_KEY, message, "sha256"))

    def enter_pin(self, pin: bytes) -> CallPackageReply:
        """Unlock the card for good."""
        if not hmac.compare_digest(pin, _PIN):
            return CallPackageReply(protocol_status=SEC_E_LOGON_DENIED)
        self.pin_entered.set()
        return CallPackageReply()

    async def SpShutdown(self) -> None:
        """Nothing is left to give back."""


def _sign(random: Random, size: int) -> bytes:
    return SIGN + random.randbytes(size)


def _enter_pin(random: Random, size: int) -> bytes:
    return ENTER_PIN + _PIN


OPERATIONS = {"sign": _sign, "enter_pin": _enter_pin}
