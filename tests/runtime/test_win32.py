"""Functions of Windows itself, as packages reach them."""

from __future__ import annotations

import trio
import trio.testing
from lsas import Log, in_use, scripted, simulated

import lsart
from lsart.contract import FunctionTable
from lsart.events import HandleLeaked
from lsart.memory import MachineLimits
from lsart.runtime import LsaSettings


@simulated
async def test_a_handle_is_closed_once_and_charged_until_then() -> None:
    package = scripted("a")
    async with lsart.open_lsa(package) as lsa:
        win32 = package.table.win32
        event = win32.CreateEvent()
        assert event is not None
        assert in_use(lsa) == {"handles": 1}
        assert lsa.check() == []
        assert win32.SetEvent(event) is True
        assert win32.CloseHandle(event) is True
        assert in_use(lsa) == {}
        assert win32.GetLastError() == 0
        assert win32.CloseHandle(event) is False
        assert win32.GetLastError() == 6
        assert win32.SetEvent(event) is False


@simulated
async def test_each_task_has_its_own_last_error() -> None:
    package = scripted("a")
    seen: list[int] = []

    async def fails() -> None:
        package.table.win32.CloseHandle(2)
        seen.append(package.table.win32.GetLastError())

    async with lsart.open_lsa(package), trio.open_nursery() as nursery:
        nursery.start_soon(fails)
        await trio.testing.wait_all_tasks_blocked()
        assert (seen, package.table.win32.GetLastError()) == ([6], 0)


@simulated
async def test_a_handle_that_a_package_leaves_open_is_told_at_unload(log: Log) -> None:
    def initialize(table: FunctionTable) -> None:
        table.win32.CreateEvent()

    async with lsart.open_lsa(scripted("leaky", initialize=initialize), bus=log.bus) as lsa:
        assert log.of(HandleLeaked) == []
    told = log.one(HandleLeaked)
    assert (told.kind, told.opened.package, told.opened.function) == ("event", "leaky", "CreateEvent")
    assert in_use(lsa) == {}


@simulated
async def test_when_lsass_has_no_handles_left_there_is_no_event() -> None:
    package = scripted("a")
    settings = LsaSettings(machine=MachineLimits(handles=0), watchdog=None)
    async with lsart.open_lsa(package, settings=settings):
        assert package.table.win32.CreateEvent() is None
        assert package.table.win32.GetLastError() == 1450


@simulated
async def test_random_bytes_are_of_the_seed_the_package_and_the_moment() -> None:
    drawn: list[list[bytes]] = []
    for _ in range(2):
        one, other = scripted("a"), scripted("b")
        async with lsart.open_lsa(one, other):
            drawn.append([each.table.win32.BCryptGenRandom(16) for each in (one, one, other)])
    assert drawn[0] == drawn[1]
    assert len({*drawn[0]}) == 3
    assert all(len(each) == 16 for each in drawn[0])
