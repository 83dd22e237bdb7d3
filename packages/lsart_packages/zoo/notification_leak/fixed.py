"""`zoo.notification_leak` without its defect: the notification before is cancelled."""

from __future__ import annotations

from random import Random

import trio

from lsart import (
    SECPKG_PARAMETERS,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_SUCCESS,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
    constants,
)

__all__ = ["OPERATIONS", "NotificationLeak"]

_LONGEST = 60  # minutes


class NotificationLeak:
    """Answers a number of minutes, one byte, and nothing with whether the vault is open."""

    def __init__(self) -> None:
        self.is_open = False
        self.closing: int | None = None  # the handle of the notification that closes the vault
        self.mutex = trio.Lock()

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("notification_leak", comment="opens the vault of the machine for a while")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        if not submit_buffer:
            return await self.table.reply(client_request, b"open" if self.is_open else b"closed")
        if length > 1 or not 0 < submit_buffer[0] <= _LONGEST:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        async with self.mutex:
            return await self.open(submit_buffer[0])

    async def open(self, minutes: int) -> CallPackageReply:
        """Open the vault for so many minutes from now."""
        await self.cancel()
        kind = constants.NOTIFIER_TYPE_INTERVAL
        self.closing = await self.table.RegisterNotification(self.close, None, kind, 0, 0, minutes, None)
        self.is_open = self.closing is not None
        return CallPackageReply(protocol_status=STATUS_SUCCESS if self.is_open else STATUS_INSUFFICIENT_RESOURCES)

    def close(self, parameter: object) -> None:
        """The time is over."""
        self.is_open = False

    async def cancel(self) -> None:
        """Let no notification close the vault."""
        if self.closing is not None:
            await self.table.CancelNotification(self.closing)
            self.closing = None

    async def SpShutdown(self) -> None:
        await self.cancel()


def _open(random: Random, size: int) -> bytes:
    return bytes((random.randrange(1, _LONGEST),))


def _look(random: Random, size: int) -> bytes:
    return b""


OPERATIONS = {"open": _open, "look": _look}
