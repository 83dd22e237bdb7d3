"""The end of an LSA in which packages are going, and what reaches them when the program around it is cancelled."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from callers import Callee, calls_with
from lsas import Log, in_use, scripted, simulated, status_of

import lsart
from lsart.contract import STATUS_UNSUCCESSFUL, ClientRequest, FunctionTable, LsassTerminated, PackageState
from lsart.events import PackageDisabled, PackageShutDown, PackageUnloaded, SectionLeaked, ThreadEnded, UnloadRequested
from lsart.runtime import LsaSettings

SECOND = 1_000_000_000


@simulated
async def test_threads_of_packages_outlast_a_program_that_is_cancelled_around_the_lsa(log: Log) -> None:
    """They end with their package, after its SpShutdown, as ever."""
    order: list[str] = []

    async def thread(_: object) -> None:
        try:
            await trio.sleep_forever()
        finally:
            order.append("thread")

    async def shutdown() -> None:
        await trio.sleep(1)
        order.append("shut down")

    async def initialize(table: FunctionTable) -> None:
        await table.CreateThread(None, 0, thread, None, 0)

    package = scripted("a", initialize=initialize, shutdown=shutdown)
    with trio.move_on_after(1):
        async with lsart.open_lsa(package, bus=log.bus):
            await trio.sleep_forever()
    assert order == ["shut down", "thread"]
    assert log.one(ThreadEnded).time_ns == 2 * SECOND


@simulated
async def test_a_package_that_is_being_unloaded_shuts_down_though_the_program_is_cancelled_around_it(log: Log) -> None:
    async def shutdown() -> None:
        await trio.sleep(3)

    package = scripted("a", shutdown=shutdown)
    with trio.move_on_after(2):
        async with lsart.open_lsa(package, bus=log.bus):
            await trio.sleep(1)
            await package.table.UnloadPackage()
            await trio.sleep_forever()
    told = log.one(PackageShutDown)
    assert (told.status, told.time_ns) == (0, 4 * SECOND)
    assert log.one(PackageUnloaded).time_ns == 4 * SECOND


@simulated
async def test_a_disabled_package_may_have_itself_unloaded(log: Log) -> None:
    async def thread(table: FunctionTable) -> None:
        await trio.sleep(1)
        await table.UnloadPackage()

    def call(*_: object) -> None:
        raise KeyError("boom")

    async def initialize(table: FunctionTable) -> None:
        await table.CreateThread(None, 0, thread, table, 0)

    package = scripted("a", call=call, initialize=initialize)
    async with lsart.open_lsa(package, bus=log.bus) as lsa, lsa.connect() as client:
        (found,) = lsa.packages
        assert await status_of(client.call("a", b"")) == STATUS_UNSUCCESSFUL
        assert found.state.value == "disabled"
        await trio.sleep(2)
        assert found.state is PackageState.UNLOADED
        assert found.failure == "CallPackageUntrusted raised KeyError: 'boom'"  # the first reason stays
        with pytest.raises(lsart.StatusError, match="KeyError: 'boom'"):
            lsa.find_package("a")
    assert log.one(UnloadRequested).is_honoured
    assert log.one(PackageUnloaded).time_ns == SECOND
    assert len(log.of(PackageDisabled)) == 1


@simulated
async def test_packages_that_were_going_are_gone_before_the_others_shut_down(log: Log) -> None:
    async def slowly() -> None:
        await trio.sleep(3)

    going, staying = scripted("a", shutdown=slowly), scripted("b", shutdown=lambda: None)
    async with lsart.open_lsa(going, staying, bus=log.bus):
        await going.table.UnloadPackage()
    assert [(each.package, each.time_ns) for each in log.of(PackageUnloaded)] == [("a", 3 * SECOND), ("b", 3 * SECOND)]


@simulated
async def test_one_that_asks_while_others_are_unloaded_keeps_its_threads_until_it_has_shut_down(log: Log) -> None:
    order: list[str] = []

    async def thread(_: object) -> None:
        try:
            await trio.sleep_forever()
        finally:
            order.append("thread")

    async def shutdown() -> None:
        await trio.sleep(3)
        order.append("shut down")

    async def last(_: object) -> None:
        await asking.table.UnloadPackage()

    async def shutdown_of_b() -> None:
        await other.table.CreateThread(None, 0, last, None, 0)
        await trio.sleep(1)

    asking = scripted("a", shutdown=shutdown)
    other = scripted("b", shutdown=shutdown_of_b)
    async with lsart.open_lsa(asking, other, bus=log.bus):
        await asking.table.CreateThread(None, 0, thread, None, 0)
        await trio.sleep(1)
    assert order == ["shut down", "thread"]
    assert [each.package for each in log.of(PackageUnloaded)] == ["b", "a"]


@simulated
async def test_a_call_that_waits_beyond_the_grace_period_is_answered(log: Log) -> None:
    statuses: list[Any] = []

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery, lsart.open_lsa(scripted("a", call=call), bus=log.bus) as lsa:

        async def client() -> None:
            statuses.append(await status_of(alice.call("a", b"")))

        alice = lsa.start_client("alice")
        alice.connect(trusted=False)
        nursery.start_soon(client)
        await trio.sleep(1)
    assert statuses == [STATUS_UNSUCCESSFUL]
    assert log.one(PackageUnloaded).time_ns == 6 * SECOND


@simulated
async def test_when_lsass_dies_nothing_of_a_package_that_was_going_goes_on(log: Log) -> None:
    async def deadly(table: FunctionTable) -> None:
        section = await table.CreateSharedMemory(4096, 4096)
        assert section is not None
        block = await table.AllocateSharedMemory(section, 8)
        await table.FreeSharedMemory(section, block)
        await table.FreeSharedMemory(section, block)

    async def slowly() -> None:
        await trio.sleep(3)

    going, killer, lsas = scripted("a", shutdown=slowly), scripted("b"), []

    async def until_death() -> None:
        settings = LsaSettings(choices=lsart.Choices(shared_double_free="terminate"))
        async with lsart.open_lsa(going, killer, bus=log.bus, settings=settings) as lsa:
            lsas.append(lsa)
            handle = going.table.win32.CreateEvent()
            await going.table.RegisterNotification(lambda _: None, None, 2, 0, 0, 0, handle)
            await going.table.UnloadPackage()
            await trio.sleep(1)
            await killer.table.CreateThread(None, 0, deadly, killer.table, 0)
            await trio.sleep_forever()

    with pytest.raises(LsassTerminated):
        await until_death()
    assert lsart.now_ns() < 2 * SECOND
    # Both are empty.
    assert log.of(PackageUnloaded) == log.of(PackageShutDown) == []  # type: ignore[comparison-overlap]
    assert in_use(lsas[0]) == {}
    assert lsas[0].check() == []


@simulated
async def test_calls_that_were_cancelled_unwind_before_any_package_shuts_down() -> None:
    """The one that they still need while they unwind would be the first to go."""
    seen: list[object] = []

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(0.5)
                seen.append((await table.CallPackage("b", b"", 0))[2])

    async with trio.open_nursery() as nursery, lsart.open_lsa(calls_with(call), Callee(lambda *_: None)) as lsa:
        alice = lsa.start_client("alice")
        alice.connect(trusted=False)

        async def client() -> None:
            assert await status_of(alice.call("a", b"")) == STATUS_UNSUCCESSFUL

        nursery.start_soon(client)
        await trio.sleep(1)
    assert seen == [0]


@simulated
async def test_whoever_is_in_a_package_that_goes_is_sent_out_at_the_end_with_a_status(log: Log) -> None:
    statuses: list[object] = []

    async def thread(_: object) -> None:
        statuses.append(await status_of(caller.table.CallPackage("b", b"", 0)))

    caller, callee = scripted("a"), Callee(lambda *_: trio.sleep_forever())
    async with lsart.open_lsa(caller, callee, bus=log.bus):
        await caller.table.CreateThread(None, 0, thread, None, 0)
        await trio.sleep(1)
        await callee.table.UnloadPackage()
        await trio.sleep(100)
        assert log.of(PackageUnloaded) == []
    assert statuses == [STATUS_UNSUCCESSFUL]
    assert [each.package for each in log.of(PackageUnloaded)] == ["callee", "a"]


@simulated
async def test_one_who_cannot_be_sent_out_is_waited_for_and_the_package_is_unloaded_after_that(log: Log) -> None:
    async def does(*_: object) -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(100)

    sections: list[Any] = []

    async def initialize(table: FunctionTable) -> None:
        sections.append(await table.CreateSharedMemory(65536, 0))

    async def slowly() -> None:
        await trio.sleep(1)
        assert await callee.table.DeleteSharedMemory(sections[0])

    caller, callee = scripted("a"), scripted("b", initialize=initialize, shutdown=slowly, trusted=does)
    async with lsart.open_lsa(caller, callee, bus=log.bus) as lsa:
        await caller.table.CreateThread(None, 0, lambda _: caller.table.CallPackage("b", b"", 0), None, 0)
        await trio.sleep(1)
        await callee.table.UnloadPackage()
    assert [each.package for each in log.of(PackageUnloaded)] == ["a", "b"]
    assert log.of(SectionLeaked) == []
    assert [(each.package, each.status) for each in log.of(PackageShutDown)] == [("b", 0)]
    assert in_use(lsa) == {}


@simulated
async def test_when_lsass_dies_threads_end_at_once_and_a_call_that_goes_on_leaves_nothing(log: Log) -> None:
    ticks: list[float] = []
    lsas: list[lsart.Lsa] = []

    async def thread(_: object) -> None:
        while True:
            await trio.sleep(0.5)
            ticks.append(trio.current_time())

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(30)
            await table.CreateSharedMemory(65536, 0)
            await table.AllocatePrivateHeap(8)

    async def until_death() -> None:
        async with lsart.open_lsa(package, bus=log.bus) as lsa, trio.open_nursery() as nursery:
            lsas.append(lsa)
            alice = lsa.start_client("alice")
            alice.connect(trusted=False)
            nursery.start_soon(alice.call, "a", b"")
            await package.table.CreateThread(None, 0, thread, None, 0)
            await trio.sleep(0.75)
            lsa.memory.environment.terminate("the test says so")
            await trio.sleep_forever()

    package = scripted("a", call=call)
    with pytest.raises(LsassTerminated):
        await until_death()
    assert len(ticks) == 1
    assert lsart.now_ns() >= 30 * SECOND
    assert in_use(lsas[0]) == {}
