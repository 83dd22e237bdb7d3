"""UnloadPackage: a package in trouble is away from clients at once, and gone when its last call has ended."""

from __future__ import annotations

import pytest
import trio
from lsas import Log, Scripted, in_use, scripted, simulated, status_of

import lsart
from lsart.contract import (
    SECPKG_SLOTS,
    STATUS_ACCESS_VIOLATION,
    STATUS_NO_SUCH_PACKAGE,
    Choices,
    ClientRequest,
    FunctionTable,
    PackageState,
    constants,
)
from lsart.events import PackageShutDown, PackageUnloaded, SectionLeaked, ThreadEnded, UnloadRequested
from lsart.runtime import LsaSettings

SECOND = 1_000_000_000
NOTHING = LsaSettings(costs=lsart.Costs(heap_lock=0, commit_page=0, create_section=0))


async def unloads(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
    """Asks for it, unless it is told to wait; then takes its time."""
    if message != b"wait":
        assert await table.UnloadPackage() is None  # type: ignore[func-returns-value]  # that it gives nothing
    await trio.sleep(2)


@pytest.mark.rule("ULP-2", "ULP-3", "LSQ-23")
@simulated
async def test_it_leaves_the_list_at_once_and_is_unloaded_when_its_last_call_has_ended(log: Log) -> None:
    async with (
        lsart.open_lsa(scripted("a", call=unloads), bus=log.bus, settings=NOTHING) as lsa,
        lsa.connect() as first,
        lsa.connect() as other,
        trio.open_nursery() as nursery,
    ):
        (package,) = lsa.packages
        nursery.start_soon(first.call, "a", b"")
        await trio.sleep(0.5)
        assert lsa.packages == ()
        assert package.state.value == "shut down"
        assert await status_of(other.call("a", b"")) == STATUS_NO_SUCH_PACKAGE
        number = package.authentication_id
        handle = await other.LsaConnectUntrusted()
        assert await status_of(other.LsaCallAuthenticationPackage(handle, number, b"")) == STATUS_NO_SUCH_PACKAGE
        assert log.of(PackageUnloaded) == []
        await trio.sleep(2)
        assert package.state is PackageState.UNLOADED
    assert log.one(PackageUnloaded).time_ns == 2 * SECOND
    assert log.one(UnloadRequested).is_honoured


@simulated
async def test_calls_in_flight_are_finished_even_for_a_client_that_has_gone(log: Log) -> None:
    async with lsart.open_lsa(scripted("a", call=unloads), bus=log.bus) as lsa, lsa.connect() as other:
        async with trio.open_nursery() as nursery, lsa.connect() as gone:
            nursery.start_soon(gone.call, "a", b"wait")
            await trio.sleep(1)
            nursery.cancel_scope.cancel()
        with trio.move_on_after(0.5):
            await other.call("a", b"")
        assert log.of(PackageUnloaded) == []
        await trio.sleep(5)
        assert log.one(PackageUnloaded).time_ns == 3 * SECOND


@pytest.mark.rule("ULP-1")
@simulated
async def test_it_is_for_packages_that_are_loaded_and_can_be_asked_for_in_a_call_a_thread_or_a_notification(
    log: Log,
) -> None:
    async def early(table: FunctionTable) -> None:
        await table.UnloadPackage()

    async def thread(table: FunctionTable) -> None:
        await table.UnloadPackage()
        await trio.sleep_forever()

    a, b, c = scripted("a", initialize=early, call=unloads), scripted("b"), scripted("c")
    async with lsart.open_lsa(a, b, c, bus=log.bus) as lsa, lsa.connect() as client:
        assert [each.name for each in lsa.packages] == ["a", "b", "c"]
        await b.table.CreateThread(None, 0, thread, b.table, 0)
        await trio.sleep(1)
        assert [each.name for each in lsa.packages] == ["a", "c"]
        assert log.one(ThreadEnded).reason == "it was ended with its package"
        at_once = constants.NOTIFIER_TYPE_IMMEDIATE
        await c.table.RegisterNotification(thread, c.table, at_once, 0, 0, 0, None)
        await trio.sleep(1)
        assert [each.name for each in lsa.packages] == ["a"]
        await client.call("a", b"")
        assert lsa.packages == ()
    assert [each.is_honoured for each in log.of(UnloadRequested)] == [False, True, True, True]
    assert sorted(each.package for each in log.of(PackageUnloaded)) == ["a", "b", "c"]


@pytest.mark.rule("ULP-4")
@simulated
async def test_it_succeeds_whenever_it_is_called(log: Log) -> None:
    package = scripted("a")
    async with lsart.open_lsa(package, bus=log.bus) as lsa:
        # That it gives nothing back is the point.
        results = [await package.table.UnloadPackage() for _ in range(2)]  # type: ignore[func-returns-value]
        await trio.sleep(1)
        # That it gives nothing back is the point.
        results.append(await package.table.UnloadPackage())  # type: ignore[func-returns-value]
        assert results == [None, None, None]
        assert len(log.of(PackageUnloaded)) == 1
        with pytest.raises(lsart.StatusError, match="it had itself unloaded with UnloadPackage"):
            lsa.find_package("a")
    assert [each.is_honoured for each in log.of(UnloadRequested)] == [True, False, False]


@pytest.mark.choice("unload_runs_shutdown", "no")
@pytest.mark.parametrize("runs", ["yes", "no"])
@simulated
async def test_whether_it_shuts_down_first_is_a_choice(runs: str, log: Log) -> None:
    ends: list[str] = []

    async def initialize(table: FunctionTable) -> None:
        await table.CreateSharedMemory(65536, 0)

    package = scripted("a", initialize=initialize, shutdown=lambda: ends.append("shut down"))
    choices = Choices(unload_runs_shutdown=runs)  # type: ignore[arg-type]  # one of its values
    async with lsart.open_lsa(package, bus=log.bus, settings=LsaSettings(choices=choices)) as lsa:
        await package.table.UnloadPackage()
        await trio.sleep(1)
        assert len(log.of(PackageUnloaded)) == 1
        assert ends == (["shut down"] if runs == "yes" else [])
        assert len(log.of(SectionLeaked)) == 1
        assert in_use(lsa) == {}
    assert len(log.of(PackageShutDown)) == len(ends)


@pytest.mark.choice("unload_unmaps", "under_caller")
@pytest.mark.parametrize("unmaps", ["when_idle", "under_caller"])
@simulated
async def test_code_that_goes_under_its_caller_takes_the_call_along(unmaps: str, log: Log) -> None:
    choices = Choices(unload_unmaps=unmaps)  # type: ignore[arg-type]  # one of its values
    package = scripted("a", call=unloads)
    async with (
        lsart.open_lsa(package, bus=log.bus, settings=LsaSettings(choices=choices)) as lsa,
        lsa.connect() as client,
    ):
        if unmaps == "when_idle":
            await client.call("a", b"")
            assert lsart.now_ns() == 2 * SECOND
        else:
            assert await status_of(client.call("a", b"")) == STATUS_ACCESS_VIOLATION
            assert lsart.now_ns() == 0
        await trio.sleep(1)
        assert len(log.of(PackageUnloaded)) == 1


@simulated
async def test_an_lsa_that_ends_meanwhile_waits_for_it(log: Log) -> None:
    async def slowly() -> None:
        await trio.sleep(3)

    package = scripted("a", shutdown=slowly)
    async with lsart.open_lsa(package, bus=log.bus):
        await package.table.UnloadPackage()
    assert lsart.now_ns() == 3 * SECOND
    assert len(log.of(PackageUnloaded)) == len(log.of(PackageShutDown)) == 1


@simulated
async def test_packages_that_unload_each_other_s_company_leave_the_rest_alone(log: Log) -> None:
    a, b = scripted("a", call=unloads), scripted("b", call=unloads)
    async with lsart.open_lsa(a, b, bus=log.bus) as lsa, lsa.connect() as client:
        await a.table.UnloadPackage()
        await client.call("b", b"wait")
        assert [each.name for each in lsa.packages] == ["b"]
    assert [each.package for each in log.of(PackageUnloaded)] == ["a", "b"]


@simulated
async def test_a_package_that_another_has_entered_is_unloaded_when_it_is_left(log: Log) -> None:
    entered = next(each for each in SECPKG_SLOTS if each.name == "AcceptCredentials")

    class Slow(Scripted):
        async def SpAcceptCredentials(self, *_: object) -> None:
            await self.table.UnloadPackage()
            await trio.sleep(2)

    async with lsart.open_lsa(Slow("a"), bus=log.bus) as lsa, trio.open_nursery() as nursery:
        (package,) = lsa.packages
        nursery.start_soon(lsa.entrance.enter, package, entered, 2, "alice", None, None)
        await trio.sleep(1)
        assert package.state is PackageState.SHUT_DOWN
        assert await status_of(lsa.entrance.enter(package, entered, 2, "bob", None, None)) == STATUS_NO_SUCH_PACKAGE
        assert log.of(PackageUnloaded) == []
    assert log.one(PackageUnloaded).time_ns == 2 * SECOND
