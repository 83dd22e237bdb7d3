"""Threads of packages: CreateThread runs a function beside its starter; the thread goes with its package."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from lsas import Log, in_use, scripted, simulated

import lsart
from lsart.contract import (
    CREATE_SUSPENDED,
    ERROR_ACCESS_DENIED,
    ERROR_INVALID_HANDLE,
    ERROR_INVALID_PARAMETER,
    ERROR_NO_SYSTEM_RESOURCES,
    STACK_SIZE_PARAM_IS_A_RESERVATION,
    STATUS_LOGON_FAILURE,
    FunctionTable,
    LsassTerminated,
    StatusError,
)
from lsart.engine import DeadlockError
from lsart.events import (
    FaultContained,
    HandleLeaked,
    LockOrphaned,
    ObjectRefused,
    PackageDisabled,
    ThreadEnded,
    ThreadStarted,
)
from lsart.runtime import LsaSettings

SECOND = 1_000_000_000


def at_most(handles: int) -> LsaSettings:
    return LsaSettings(machine=lsart.MachineLimits(handles=handles))


@pytest.mark.rule("CTH-1")
@simulated
async def test_a_thread_runs_its_function_with_the_parameter_beside_its_starter(log: Log) -> None:
    order: list[object] = []
    something = object()

    async def function(parameter: object) -> int:
        order.append(parameter)
        await trio.sleep(2)
        order.append("thread done")
        return 7

    async def call(table: FunctionTable, *_: object) -> None:
        assert await table.CreateThread(None, 0, function, something, STACK_SIZE_PARAM_IS_A_RESERVATION) is not None
        order.append("started")
        await trio.sleep(1)
        order.append("call done")

    async with lsart.open_lsa(scripted("a", call=call), bus=log.bus) as lsa:
        async with lsa.connect() as client:
            await client.call("a", b"")
        await trio.sleep(2)
        ended = log.one(ThreadEnded)
        assert (ended.package, ended.exit_code, ended.reason, ended.time_ns) == ("a", 7, "", 2 * SECOND)
    assert order == ["started", something, "call done", "thread done"]
    started = log.one(ThreadStarted)
    assert (started.function, started.thread_id, started.origin.call) == ("function", ended.thread_id, 1)


@pytest.mark.rule("CTH-1")
@simulated
async def test_a_thread_that_is_made_suspended_waits_until_it_is_resumed() -> None:
    ran: list[int] = []
    package = scripted("a")
    async with lsart.open_lsa(package):
        table = package.table
        made = await table.CreateThread(None, 0, lambda _: ran.append(lsart.now_ns()), None, CREATE_SUSPENDED)
        assert made is not None
        await trio.sleep(5)
        assert ran == []
        assert table.win32.ResumeThread(made[0]) == 1
        await trio.sleep(1)
        assert ran == [5 * SECOND]
        assert table.win32.ResumeThread(made[0]) == 0
        assert table.win32.ResumeThread(made[1] + 1) == 0xFFFF_FFFF
        assert table.win32.GetLastError() == ERROR_INVALID_HANDLE
        assert table.win32.CloseHandle(made[0])


@simulated
async def test_a_thread_that_is_resumed_before_it_began_does_not_wait() -> None:
    ran: list[int] = []
    package = scripted("a")
    async with lsart.open_lsa(package):
        made = await package.table.CreateThread(None, 0, ran.append, 1, CREATE_SUSPENDED)
        assert made is not None
        assert package.table.win32.ResumeThread(made[0]) == 1
        await trio.sleep(1)
        assert package.table.win32.CloseHandle(made[0])
    assert ran == [1]


@pytest.mark.rule("CTH-3")
@simulated
async def test_attributes_and_parameter_may_be_null() -> None:
    ran: list[object] = []
    package = scripted("a")
    async with lsart.open_lsa(package):
        assert await package.table.CreateThread(None, 0, ran.append, None, 0) is not None
        await trio.sleep(1)
    assert ran == [None]


@pytest.mark.rule("CTH-4")
@simulated
async def test_a_thread_gives_a_handle_and_an_id_or_null_and_the_reason(log: Log) -> None:
    package = scripted("a")
    nothing: Any = None
    async with lsart.open_lsa(package, bus=log.bus, settings=at_most(2)):
        table = package.table
        assert table.win32.GetLastError() == 0
        made = [await table.CreateThread(None, 0, print_nothing, 0, 0) for _ in range(2)]
        (first, one), (second, two) = [each for each in made if each is not None]
        assert first != second
        assert one != two
        assert await table.CreateThread(None, 0, print_nothing, 0, 0) is None
        assert table.win32.GetLastError() == ERROR_NO_SYSTEM_RESOURCES
        assert await table.CreateThread(None, 0, print_nothing, 0, 0x40) is None
        assert table.win32.GetLastError() == ERROR_INVALID_PARAMETER
        assert await table.CreateThread(None, 0, nothing, 0, 0) is None
        told = [each.reason for each in log.of(ObjectRefused)]
        assert told[:2] == ["no handle is left", "nobody knows the creation flags 0x40"]
        with pytest.raises(TypeError, match="expected a function, got int 5"):
            await table.CreateThread(None, 0, 5, 0, 0)


def print_nothing(_: object) -> None:
    pass


@pytest.mark.rule("CTH-5")
@simulated
async def test_closing_the_handle_leaves_the_thread_alone_and_a_handle_left_open_is_told(log: Log) -> None:
    ran: list[str] = []

    async def slowly(name: str) -> None:
        await trio.sleep(1)
        ran.append(name)

    package = scripted("a")
    async with lsart.open_lsa(package, bus=log.bus) as lsa:
        table = package.table
        closed = await table.CreateThread(None, 0, slowly, "closed", 0)
        left = await table.CreateThread(None, 0, slowly, "left", 0)
        assert closed is not None
        assert left is not None
        assert table.win32.CloseHandle(closed[0])
        assert not table.win32.CloseHandle(closed[0])
        assert table.win32.GetLastError() == ERROR_INVALID_HANDLE
        await trio.sleep(2)
        assert in_use(lsa) == {"handles": 1}
    assert ran == ["closed", "left"]
    leaked = log.one(HandleLeaked)
    assert (leaked.kind, leaked.handle, leaked.opened.function) == ("thread", left[0], "CreateThread")
    assert in_use(lsa) == {}


@simulated
async def test_threads_end_with_their_package_after_it_shut_down(log: Log) -> None:
    order: list[str] = []

    async def for_ever(_: object) -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(0.5)
            order.append("thread")

    async def initialize(table: FunctionTable) -> None:
        await table.CreateThread(None, 0, for_ever, None, 0)

    package = scripted("a", initialize=initialize, shutdown=lambda: order.append("shut down"))
    async with lsart.open_lsa(package, bus=log.bus):
        await trio.sleep(1)
    assert order == ["shut down", "thread"]
    assert log.one(ThreadEnded).reason == "it was ended with its package"
    assert await package.table.CreateThread(None, 0, for_ever, None, 0) is None
    assert package.table.win32.GetLastError() == ERROR_ACCESS_DENIED


@simulated
async def test_the_threads_of_a_package_that_does_not_start_are_ended(log: Log) -> None:
    async def initialize(table: FunctionTable) -> None:
        await table.CreateThread(None, 0, trio.sleep, 1000, 0)
        raise StatusError(STATUS_LOGON_FAILURE)

    async with lsart.open_lsa(scripted("a", initialize=initialize), bus=log.bus) as lsa:
        assert lsa.packages == ()
        assert in_use(lsa) == {}
        await trio.sleep(0)
        assert len(log.of(ThreadStarted)) == 1
    assert lsart.now_ns() == 0


class Faulty:
    """Its thread takes a lock and fails."""

    def __init__(self) -> None:
        self.lock = trio.Lock()

    async def SpInitialize(self, package_id: int, parameters: object, table: FunctionTable) -> None:
        await table.CreateThread(None, 0, self.thread, 1, 0)

    async def thread(self, seconds: float) -> None:
        await self.lock.acquire()
        await trio.sleep(seconds)
        raise KeyError("boom")


@simulated
async def test_a_fault_in_a_thread_disables_its_package_and_nobody_else(log: Log) -> None:
    async with lsart.open_lsa(Faulty, scripted("b"), bus=log.bus) as lsa:
        assert [each.name for each in lsa.packages] == ["faulty", "b"]
        await trio.sleep(2)
        assert [each.name for each in lsa.packages] == ["b"]
        told = log.one(PackageDisabled)
        assert (told.package, told.entry_point, told.reason, told.call) == (
            "faulty",
            "thread",
            "KeyError: 'boom'",
            None,
        )
        assert log.one(LockOrphaned).lock == "faulty.lock"
        assert log.one(ThreadEnded).reason == "KeyError: 'boom'"


@simulated
async def test_a_fault_in_a_thread_may_be_contained_as_in_a_call(log: Log) -> None:
    settings = LsaSettings(contain_faults=True)
    async with lsart.open_lsa(Faulty, bus=log.bus, settings=settings) as lsa:
        await trio.sleep(2)
        assert [each.name for each in lsa.packages] == ["faulty"]
        assert log.of(PackageDisabled) == []
        told = log.one(FaultContained)
        assert (told.package, told.entry_point, told.reason, told.call) == (
            "faulty",
            "thread",
            "KeyError: 'boom'",
            None,
        )
        assert log.one(LockOrphaned).lock == "faulty.lock"


@simulated
async def test_a_fault_while_the_package_is_loading_disables_it_when_it_is_up(log: Log) -> None:
    def fails(_: object) -> None:
        raise KeyError("early")

    async def initialize(table: FunctionTable) -> None:
        await table.CreateThread(None, 0, fails, None, 0)
        await trio.sleep(1)

    async with lsart.open_lsa(scripted("a", initialize=initialize), bus=log.bus) as lsa:
        assert lsa.packages == ()
        assert log.one(PackageDisabled).reason == "KeyError: 'early'"


@simulated
async def test_a_status_that_leaves_a_thread_is_its_exit_code(log: Log) -> None:
    def fails(_: object) -> None:
        raise StatusError(STATUS_LOGON_FAILURE)

    package = scripted("a")
    async with lsart.open_lsa(package, bus=log.bus) as lsa:
        await package.table.CreateThread(None, 0, fails, None, 0)
        await trio.sleep(1)
        assert log.one(ThreadEnded).exit_code == STATUS_LOGON_FAILURE
        assert len(lsa.packages) == 1


@simulated
async def test_ctrl_c_in_a_thread_ends_the_run() -> None:
    async def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    package, lsas = scripted("a"), []

    async def until_ctrl_c() -> None:
        async with lsart.open_lsa(package) as lsa:
            lsas.append(lsa)
            await package.table.CreateThread(None, 0, interrupted, None, 0)
            await trio.sleep_forever()

    with pytest.raises(KeyboardInterrupt):
        await until_ctrl_c()
    assert in_use(lsas[0]) == {}


@simulated
async def test_the_death_of_lsass_ends_its_threads_and_gives_their_handles_back(log: Log) -> None:
    async def deadly(table: FunctionTable) -> None:
        section = await table.CreateSharedMemory(4096, 4096)
        assert section is not None
        block = await table.AllocateSharedMemory(section, 8)
        await table.FreeSharedMemory(section, block)
        await table.FreeSharedMemory(section, block)
        await trio.sleep_forever()

    settings = LsaSettings(choices=lsart.Choices(shared_double_free="terminate"))
    package, lsas = scripted("a"), []

    async def until_death() -> None:
        async with lsart.open_lsa(package, bus=log.bus, settings=settings) as lsa:
            lsas.append(lsa)
            await package.table.CreateThread(None, 0, deadly, package.table, 0)
            await trio.sleep_forever()

    with pytest.raises(LsassTerminated):
        await until_death()
    assert in_use(lsas[0]) == {}
    assert lsart.now_ns() < SECOND
    assert log.of(HandleLeaked) == []


@simulated
async def test_errors_of_cleaning_up_do_not_leave_a_cancelled_thread(log: Log) -> None:
    async def careless(_: object) -> None:
        async def fails() -> None:
            try:
                await trio.sleep_forever()
            finally:
                raise ValueError("while cleaning up")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(fails)
            nursery.start_soon(trio.sleep_forever)

    package = scripted("a")
    async with lsart.open_lsa(package, bus=log.bus):
        await package.table.CreateThread(None, 0, careless, None, 0)
        await trio.sleep(1)
    assert len(log.of(ThreadEnded)) == 1


def test_a_deadlock_names_a_thread_by_its_function_and_package() -> None:
    lock = trio.Lock()

    async def waits(_: object) -> None:
        await lock.acquire()

    async def main() -> None:
        package = scripted("a")
        async with lsart.open_lsa(package):
            await lock.acquire()
            await package.table.CreateThread(None, 0, waits, None, 0)
            await package.table.CreateThread(None, 0, waits, None, CREATE_SUSPENDED)
            await trio.sleep_forever()

    with pytest.raises(DeadlockError) as caught:
        lsart.run(main)
    told = {each.task: each.waits_for for each in caught.value.waits}
    assert told["thread 8 (waits) of package 'a'"] == "Lock 'lock'"
    assert told["thread 12 (waits) of package 'a'"] == "ResumeThread"
    assert told["LSA for the tasks of package 'a'"] == "the end of package 'a'"
