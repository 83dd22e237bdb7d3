"""Tasks that no cancellation ends, and functions that others are in: the LSA ends, and its books close."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
import trio
from callers import Callee, calls_with
from lsas import Log, in_use, scripted, simulated, status_of

import lsart
from lsart.contract import (
    ERROR_ACCESS_DENIED,
    NTSTATUS,
    STATUS_NO_SUCH_PACKAGE,
    STATUS_UNSUCCESSFUL,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    StatusError,
)
from lsart.events import (
    BlockLeaked,
    InnerCallCancelled,
    PackageOutlived,
    PackageUnloaded,
    SlotUnavailable,
    ThreadEnded,
)
from lsart.runtime import LsaSettings

SECOND = 1_000_000_000


async def makes_everything(table: FunctionTable) -> list[object]:
    """What a package gets that asks for one of each."""
    got: list[object] = [
        await table.CreateSharedMemory(65536, 0),
        await table.AllocateLsaHeap(8),
        await table.AllocatePrivateHeap(8),
        await table.CreateThread(None, 0, print, None, 0),
        table.win32.CreateEvent(),
    ]
    try:
        await table.CreateLogonSession(0x5555)
    except StatusError as error:
        got.append(error.status)
    return got


@pytest.mark.parametrize("unloads_itself", [False, True])
@simulated
async def test_a_task_that_outlives_its_package_is_told_and_makes_nothing(unloads_itself: bool, log: Log) -> None:
    got: list[object] = []

    async def stubborn(table: FunctionTable) -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(100)
            got.extend(await makes_everything(table))
            got.append(table.win32.GetLastError())

    package = scripted("a")
    async with lsart.open_lsa(package, bus=log.bus) as lsa:
        await package.table.CreateThread(None, 0, stubborn, package.table, 0)
        await trio.sleep(1)
        if unloads_itself:
            await package.table.UnloadPackage()
            await trio.sleep(10)
    assert got == [None, None, None, None, None, STATUS_UNSUCCESSFUL, ERROR_ACCESS_DENIED]
    assert in_use(lsa) == {}
    assert lsa.check() == []
    told = log.one(PackageOutlived)
    assert (told.package, told.tasks) == ("a", ("thread 8 (stubborn) of package 'a'",))
    assert told.time_ns == 6 * SECOND
    assert log.one(PackageUnloaded).time_ns == 6 * SECOND
    assert log.one(ThreadEnded).time_ns == 100 * SECOND
    slots = [(each.slot, each.reason) for each in log.of(SlotUnavailable)]
    assert ("CreateSharedMemory", "its package is unloaded") in slots


@simulated
async def test_nor_does_the_task_of_a_package_that_did_not_come_up(log: Log) -> None:
    got: list[object] = []

    async def stubborn(table: FunctionTable) -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(100)
            got.extend(await makes_everything(table))

    async def initialize(table: FunctionTable) -> None:
        await table.CreateThread(None, 0, stubborn, table, 0)
        await trio.sleep(1)
        raise StatusError(STATUS_UNSUCCESSFUL)

    async with lsart.open_lsa(scripted("a", initialize=initialize), bus=log.bus) as lsa:
        assert lsa.packages == ()
        await trio.sleep(200)
        assert in_use(lsa) == {}
    assert got == [None, None, None, None, None, STATUS_UNSUCCESSFUL]
    assert log.one(PackageOutlived).package == "a"


@simulated
async def test_a_call_that_outlives_its_package_makes_nothing_either(log: Log) -> None:
    got: list[object] = []

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(100)
            got.extend(await makes_everything(table))

    async with trio.open_nursery() as nursery, lsart.open_lsa(scripted("a", call=call), bus=log.bus) as lsa:

        async def client() -> None:
            async with lsa.connect() as each:
                with contextlib.suppress(lsart.ProcessTerminated):
                    await each.call("a", b"")

        nursery.start_soon(client)
        await trio.sleep(1)
    assert got == [None, None, None, None, None, STATUS_UNSUCCESSFUL]
    assert in_use(lsa) == {}
    told = log.one(PackageOutlived)
    assert (told.package, told.tasks) == ("a", ("calls of clients",))


@simulated
async def test_what_comes_to_a_package_after_its_end_is_told_and_given_back(log: Log) -> None:
    """Its task is in another package when it goes, and is given a reply there."""

    async def does(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        await trio.sleep(100)
        return await table.reply(request, b"late")

    async def stubborn(table: FunctionTable) -> None:
        with trio.CancelScope(shield=True):
            await table.CallPackage("b", b"", 0)

    package = scripted("a")
    async with lsart.open_lsa(package, Callee(does), bus=log.bus) as lsa:
        await package.table.CreateThread(None, 0, stubborn, package.table, 0)
        await trio.sleep(1)
        await package.table.UnloadPackage()
        await trio.sleep(200)
        assert lsa.memory.return_heap is not None
        assert log.of(BlockLeaked) == []
    assert in_use(lsa) == {}
    leak = log.one(BlockLeaked)
    assert (leak.heap, leak.allocated.package, leak.size) == ("return-buffers", "a", 4)


class Inner:
    """Package "a", whose thread is in a function of package "b" for as long as that takes."""

    def __init__(self, does: Callable[[], Any]) -> None:
        self.callee = Callee(lambda *_: does())
        self.caller = scripted("a")
        self.statuses: list[NTSTATUS] = []

    async def thread(self, _: object) -> None:
        self.statuses.append(await status_of(self.caller.table.CallPackage("b", b"", 0)))

    async def begin(self) -> None:
        await self.caller.table.CreateThread(None, 0, self.thread, None, 0)
        await trio.sleep(1)


@simulated
async def test_the_end_of_the_lsa_waits_for_a_thread_that_is_in_another_package(log: Log) -> None:
    order: list[str] = []

    async def does() -> None:
        await trio.sleep(3)
        order.append("left")

    scene = Inner(does)
    scene.callee.SpShutdown = lambda: order.append("shut down")

    async with lsart.open_lsa(scene.caller, scene.callee, bus=log.bus):
        await scene.caller.table.CreateThread(None, 0, lambda _: scene.caller.table.CallPackage("b", b"", 0), None, 0)
        await trio.sleep(1)
    assert order == ["left", "shut down"]
    assert log.of(InnerCallCancelled) == []
    assert [each.package for each in log.of(PackageUnloaded)] == ["callee", "a"]
    assert log.of(PackageUnloaded)[0].time_ns == 3 * SECOND


@simulated
async def test_one_that_stays_too_long_is_sent_out_with_a_status_and_that_is_told(log: Log) -> None:
    scene = Inner(trio.sleep_forever)
    async with lsart.open_lsa(scene.caller, scene.callee, bus=log.bus):
        await scene.begin()
    assert scene.statuses == [STATUS_UNSUCCESSFUL]
    told = log.one(InnerCallCancelled)
    assert (told.package, told.slot, told.origin.package, told.origin.function) == (
        "callee",
        "CallPackage",
        "a",
        "CallPackage",
    )
    assert told.reason == "package 'b' is being unloaded"
    assert told.time_ns == 6 * SECOND  # after the grace period
    assert [each.package for each in log.of(PackageUnloaded)] == ["callee", "a"]
    assert log.of(PackageOutlived) == []


@simulated
async def test_one_that_cannot_be_sent_out_is_told_and_the_package_goes_under_it(log: Log) -> None:
    async def does() -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(100)
            assert await scene.callee.table.AllocateLsaHeap(8) is None

    scene = Inner(does)
    async with lsart.open_lsa(scene.caller, scene.callee, bus=log.bus) as lsa:
        await scene.begin()
    assert {each.package: each.tasks for each in log.of(PackageOutlived)} == {
        "callee": ("CallPackage of a",),
        "a": ("thread 8 (thread) of package 'a'",),
    }
    assert in_use(lsa) == {}
    assert lsart.now_ns() == 100 * SECOND


@simulated
async def test_nobody_enters_a_package_that_the_end_of_the_lsa_has_come_to(log: Log) -> None:
    scene = Inner(lambda: trio.sleep(3))
    found: list[object] = []

    async def late(_: object) -> None:
        await trio.sleep(2)
        found.append(await status_of(scene.caller.table.CallPackage("b", b"", 0)))

    async with lsart.open_lsa(scene.caller, scene.callee):
        await scene.caller.table.CreateThread(None, 0, lambda _: scene.caller.table.CallPackage("b", b"", 0), None, 0)
        await scene.caller.table.CreateThread(None, 0, late, None, 0)
        await trio.sleep(1)
    assert found == [STATUS_NO_SUCH_PACKAGE]


@simulated
async def test_a_function_that_ends_with_the_package_that_called_it_is_told(log: Log) -> None:
    scene = Inner(trio.sleep_forever)
    async with lsart.open_lsa(scene.caller, scene.callee, bus=log.bus) as lsa:
        await scene.begin()
        await scene.caller.table.UnloadPackage()
        await trio.sleep(1)
        assert [each.name for each in lsa.packages] == ["b"]
        told = log.one(InnerCallCancelled)
        assert (told.package, told.slot, told.origin.package) == ("callee", "CallPackage", "a")
        assert told.reason == "its caller was cancelled"
    assert scene.statuses == []
    assert log.of(PackageOutlived) == []


@pytest.mark.parametrize("worker", ["same", "another"])
@simulated
async def test_a_reply_of_a_package_that_has_itself_unloaded_arrives(worker: Any, log: Log) -> None:
    data: list[bytes] = []

    async def does(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        reply = await table.reply(request, b"the last")
        await table.UnloadPackage()
        return reply

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        reply, length, _ = await table.CallPackage("b", b"", 0)
        assert reply is not None
        await trio.sleep(1)
        data.append(await table.memory.read(reply, length))
        await table.FreeReturnBuffer(reply)

    settings = LsaSettings(choices=lsart.Choices(call_package_worker=worker))
    for _ in range(4):  # who runs first is chance
        packages = Callee(does), calls_with(call)
        async with lsart.open_lsa(*packages, bus=log.bus, settings=settings) as lsa, lsa.connect() as client:
            await client.call("a", b"")
            assert [each.name for each in lsa.packages] == ["a"]
    assert data == [b"the last"] * 4
    assert log.of(BlockLeaked) == []
