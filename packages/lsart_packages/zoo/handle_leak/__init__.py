"""Rings bells.

A client names one, the event behind it is signalled, and the client learns how often that has been done.

The defect: the event is made before it is known whether there is a bell of that name, and stays open when there is
none. In LSASS each is a handle, and a kernel object; whoever asks for bells that do not exist uses up what the process
may have, and then no file, no token and no section can be opened any more.
"""

from __future__ import annotations

import struct
from collections import Counter
from random import Random

from lsart import (
    SECPKG_PARAMETERS,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_OBJECT_NAME_NOT_FOUND,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
)

__all__ = ["OPERATIONS", "HandleLeak"]

_BELLS = (b"door", b"phone", b"alarm")


class HandleLeak:
    """Answers the name of a bell with how many have asked for it."""

    def __init__(self) -> None:
        self.events: dict[bytes, int] = {}
        self.asked: Counter[bytes] = Counter()

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("handle_leak", comment="rings bells")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        bell = submit_buffer.lower()
        event = self.events.get(bell) or self.table.win32.CreateEvent()
        if event is None:
            return CallPackageReply(protocol_status=STATUS_INSUFFICIENT_RESOURCES)
        if bell not in _BELLS:
            return CallPackageReply(protocol_status=STATUS_OBJECT_NAME_NOT_FOUND)
        self.events[bell] = event
        self.asked[bell] += 1
        self.table.win32.SetEvent(event)
        return await self.table.reply(client_request, struct.pack("<I", self.asked[bell]))

    def SpShutdown(self) -> None:
        for event in self.events.values():
            self.table.win32.CloseHandle(event)


def _ask(random: Random, size: int) -> bytes:
    return random.choice(_BELLS)


def _ask_wrongly(random: Random, size: int) -> bytes:
    return random.choice(_BELLS) + b"s"


OPERATIONS = {"ask": _ask, "ask_wrongly": _ask_wrongly}
