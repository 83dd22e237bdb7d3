"""Packages of a few lines, and runs of them with what happened noted."""

from __future__ import annotations

from typing import Any

import lsart
from lsart import CallPackageReply, ClientRequest, FunctionTable, Pointer, Scenario
from lsart.events import CallFinished, CallStarted
from lsart.stress import ClientGroup, HostileGroup, LsaSetup, RunLimits, StressResult

__all__ = ["MILLISECOND", "Package", "Shared", "Slow", "calls_of", "scenario"]

MILLISECOND = 1_000_000


class Package:
    """Answers everything with success."""

    def SpInitialize(self, package_id: int, parameters: object, table: FunctionTable) -> None:
        self.table = table

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply | None:
        return None


class Slow(Package):
    """Needs 3 ms of virtual time for every call."""

    async def LsaApCallPackageUntrusted(self, *args: Any) -> None:
        await lsart.sleep_ns(3 * MILLISECOND)


class Shared(Package):
    """Holds one section; subclasses do something wrong with it."""

    section: Pointer

    async def SpInitialize(  # type: ignore[override]  # both kinds of entry point are welcome
        self, package_id: int, parameters: object, table: FunctionTable
    ) -> None:
        self.table = table
        section = await table.CreateSharedMemory(max_size=65536, initial_size=4096)
        assert section is not None
        self.section = section

    async def SpShutdown(self) -> None:
        await self.table.DeleteSharedMemory(self.section)


def scenario(package: type, *, hostile: tuple[HostileGroup, ...] = (), limits: Any = None, **group: Any) -> Scenario:
    group.setdefault("calls", 3)
    return Scenario(
        lsa=LsaSetup(packages=(package,)),
        clients=(ClientGroup(**group),),
        hostile=hostile,
        run=limits or RunLimits(),
    )


def calls_of(source: Any, **options: Any) -> tuple[StressResult, list[CallStarted], list[CallFinished]]:
    bus = lsart.Bus()
    started: list[CallStarted] = []
    finished: list[CallFinished] = []
    bus.subscribe(started.append, CallStarted)
    bus.subscribe(finished.append, CallFinished)
    return lsart.stress(source, bus=bus, **options), started, finished
