"""What the tests of notifications stand on: a package that registers its own function and notes each run of it."""

from __future__ import annotations

from typing import Any

import trio

import lsart
from lsart.contract import FunctionTable, SecPkgInfo, constants

__all__ = [
    "HANDLE_WAIT",
    "HOLDS",
    "INTERVAL",
    "NOTIFY_EVENT",
    "ONE_SHOT",
    "PACKAGE_CHANGE",
    "SECOND",
    "SECONDS",
    "Notified",
]

SECOND = 1_000_000_000
INTERVAL = constants.NOTIFIER_TYPE_INTERVAL
HANDLE_WAIT = constants.NOTIFIER_TYPE_HANDLE_WAIT
NOTIFY_EVENT = constants.NOTIFIER_TYPE_NOTIFY_EVENT
PACKAGE_CHANGE = constants.NOTIFY_CLASS_PACKAGE_CHANGE
ONE_SHOT = constants.NOTIFIER_FLAG_ONE_SHOT
SECONDS = constants.NOTIFIER_FLAG_SECONDS
HOLDS = "holds"


class Notified:
    """Notes what its function is given and when. A parameter ``("holds", name, seconds)`` makes a run last.

    Args:
        name: what SpGetInfo says. register: arguments after function and parameter for a registration in SpInitialize.
    """

    table: FunctionTable

    def __init__(self, name: str = "notified", *register: Any) -> None:
        self.name = name
        self.register = register
        self.handle: int | None = None
        self.given: list[object] = []
        self.times: list[int] = []
        self.ended: list[int] = []

    async def SpInitialize(self, package_id: int, parameters: object, table: FunctionTable) -> None:
        self.table = table
        self.parameters = parameters
        if self.register:
            self.handle = await table.RegisterNotification(self.notify, None, *self.register)

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo(self.name)

    async def notify(self, argument: object) -> None:
        self.given.append(argument)
        self.times.append(lsart.now_ns())
        if isinstance(argument, tuple) and argument[0] == HOLDS:
            await trio.sleep(argument[2])
            self.ended.append(lsart.now_ns())

    async def at(self, kind: int, *, given: object = None, event_class: int = 0, flags: int = 0, **more: Any) -> int:
        """Register; it must succeed."""
        interval, event = more.get("interval", 0), more.get("event")
        handle = await self.table.RegisterNotification(self.notify, given, kind, event_class, flags, interval, event)
        assert handle is not None
        return handle

    @property
    def seconds(self) -> list[float]:
        """When it ran, in seconds."""
        return [each / SECOND for each in self.times]
