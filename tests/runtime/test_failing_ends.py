"""Packages that fail over their being cancelled, or raise a Cancelled that they kept; and what LSASS's death stops."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import trio
from lsas import Log, Scripted, in_use, scripted, simulated, status_of

import lsart
from lsart.contract import STATUS_UNSUCCESSFUL, FunctionTable, LsassTerminated
from lsart.events import PackageDisabled, PackageShutDown, PackageUnloaded
from lsart.runtime import LsaSettings

SECOND = 1_000_000_000
FREE = lsart.Costs(heap_lock=0, commit_page=0, create_section=0)
DEADLY = LsaSettings(choices=lsart.Choices(shared_double_free="terminate"), costs=FREE)


async def hangs_and_fails(*_: object) -> None:
    """Two tasks, of which one fails when both are cancelled: what comes out is both at once."""

    async def fails() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise ValueError("over the cancellation")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(fails)
        nursery.start_soon(trio.sleep_forever)


async def double_free(table: FunctionTable) -> None:
    section = await table.CreateSharedMemory(4096, 4096)
    assert section is not None
    block = await table.AllocateSharedMemory(section, 8)
    await table.FreeSharedMemory(section, block)
    await table.FreeSharedMemory(section, block)


def keeper() -> Callable[..., Awaitable[None]]:
    """A function that raises a Cancelled which it caught before, when nobody cancels any more."""
    kept: list[trio.Cancelled] = []

    async def raises(*_: object) -> None:
        with trio.CancelScope() as scope:
            scope.cancel()
            try:
                await trio.lowlevel.checkpoint()
            except trio.Cancelled as error:
                kept.append(error)
                raise
        raise kept[0]

    return raises


@pytest.mark.parametrize("itself", [True, False])
@simulated
async def test_a_shutdown_that_fails_over_its_end_holds_nobody_up(itself: bool, log: Log) -> None:
    first, second = scripted("first", shutdown=lambda: None), scripted("second", shutdown=hangs_and_fails)
    async with lsart.open_lsa(first, second, bus=log.bus) as lsa:
        if itself:
            await second.table.UnloadPackage()
            await trio.sleep(20)
    assert [each.package for each in log.of(PackageShutDown)] == ["second", "first"]
    assert "did not end within 5 s, and then raised ExceptionGroup" in log.of(PackageShutDown)[0].reason
    assert in_use(lsa) == {}


@simulated
async def test_a_call_that_fails_over_its_end_takes_nothing_else_down(log: Log) -> None:
    package = scripted("a", call=hangs_and_fails)
    settings = LsaSettings(grace=0)
    async with trio.open_nursery() as nursery, lsart.open_lsa(package, bus=log.bus, settings=settings) as lsa:

        async def client() -> None:
            async with lsa.connect() as each:
                assert await status_of(each.call("a", b"")) == STATUS_UNSUCCESSFUL

        nursery.start_soon(client)
        await trio.sleep(1)
    assert log.one(PackageDisabled).package == "a"
    assert in_use(lsa) == {}


@simulated
async def test_a_callee_that_fails_as_it_is_sent_away_is_no_fault_of_its_caller(log: Log) -> None:
    statuses: list[int] = []

    async def thread(_: object) -> None:
        statuses.append(await status_of(caller.table.CallPackage("callee", b"", 0)))

    caller, callee = scripted("caller"), scripted("callee", call=hangs_and_fails, trusted=hangs_and_fails)
    async with lsart.open_lsa(caller, callee, bus=log.bus):
        await caller.table.CreateThread(None, 0, thread, None, 0)
        await trio.sleep(1)
    assert statuses == [STATUS_UNSUCCESSFUL]
    assert log.of(PackageDisabled) == []


@pytest.mark.parametrize("where", ["call", "thread"])
@simulated
async def test_a_cancellation_that_a_package_kept_is_its_fault_and_ends_nothing_else(where: str, log: Log) -> None:
    package = scripted("a", call=keeper())
    async with lsart.open_lsa(package, bus=log.bus) as lsa:
        if where == "call":
            async with lsa.connect() as client:
                assert await status_of(client.call("a", b"")) == STATUS_UNSUCCESSFUL
        else:
            await package.table.CreateThread(None, 0, keeper(), None, 0)
        await trio.sleep(1)
        assert lsart.now_ns() == SECOND  # the block goes on
    assert log.one(PackageDisabled).reason == "Cancelled: it was kept from before, as nobody is cancelling now"


async def until_death(packages: list[Scripted], body: Callable[[lsart.Lsa], Awaitable[None]], log: Log) -> None:
    async def run() -> None:
        async with lsart.open_lsa(*packages, bus=log.bus, settings=DEADLY) as lsa:
            await body(lsa)

    with pytest.raises(LsassTerminated):
        await run()


@simulated
async def test_when_a_shutdown_kills_lsass_no_other_package_shuts_down(log: Log) -> None:
    class Killer(Scripted):
        async def SpShutdown(self) -> None:
            await double_free(self.table)

    async def nothing(_: lsart.Lsa) -> None: ...

    await until_death([scripted("a", shutdown=lambda: None), Killer("killer")], nothing, log)
    assert "a" not in [each.package for each in log.of(PackageShutDown)]
    assert "a" not in [each.package for each in log.of(PackageUnloaded)]


@simulated
async def test_when_lsass_dies_a_shutdown_that_is_under_way_ends(log: Log) -> None:
    killer = scripted("a")

    async def later(_: object) -> None:
        await trio.sleep(1)
        await double_free(killer.table)

    async def slowly() -> None:
        await trio.sleep(4)

    async def body(_: lsart.Lsa) -> None:
        await killer.table.CreateThread(None, 0, later, None, 0)

    await until_death([killer, scripted("b", shutdown=slowly)], body, log)
    assert lsart.now_ns() == SECOND
    assert log.of(PackageUnloaded) == []


@simulated
async def test_a_package_that_asks_to_go_as_lsass_dies_does_not_shut_down(log: Log) -> None:
    async def call(table: FunctionTable, *_: object) -> None:
        await table.UnloadPackage()
        await double_free(table)

    async def body(lsa: lsart.Lsa) -> None:
        async with lsa.connect() as client:
            await client.call("a", b"")

    await until_death([scripted("a", call=call, shutdown=lambda: None)], body, log)
    assert log.of(PackageShutDown) == []


@simulated
async def test_a_thread_that_was_started_as_lsass_died_does_not_run(log: Log) -> None:
    ran: list[object] = []

    async def call(table: FunctionTable, *_: object) -> None:
        await table.CreateThread(None, 0, lambda _: ran.append("thread"), None, 0)
        await double_free(table)

    async def body(lsa: lsart.Lsa) -> None:
        await package.table.CreateThread(None, 0, trio.sleep, 9, 0)
        await trio.sleep(1)
        async with lsa.connect() as client:
            await client.call("a", b"")

    package = scripted("a", call=call)
    await until_death([package], body, log)
    assert ran == []
