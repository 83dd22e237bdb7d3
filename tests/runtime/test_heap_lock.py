"""The heap lock: one at a time, in order, its waits measured, and a waiter that leaves disturbs nobody."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import pytest
import trio
from lsas import Log, in_use, scripted, simulated

import lsart
from lsart.contract import STATUS_UNSUCCESSFUL, Choices, ClientRequest, FunctionTable, Pointer, StatusError
from lsart.events import (
    AllocationRefused,
    BlockAllocated,
    BlockFreed,
    ForeignFree,
    LockAcquired,
    LockReleased,
    Origin,
    PackageDisabled,
)
from lsart.runtime import Costs, LsaSettings
from lsart.runtime._locks import HeapLock


async def queue_up(lock: HeapLock, count: int, granted: list[int]) -> None:
    """`count` tasks ask for the lock, 10 ns apart; each holds it for 100 ns."""

    async def one(number: int) -> None:
        await lsart.sleep_ns(number * 10)
        origin = Origin(f"p{number}", time_ns=lsart.now_ns())
        waited = await lock.acquire(origin)
        assert lsart.now_ns() - origin.time_ns == waited
        assert lock.holder is origin
        granted.append(number)
        await lsart.sleep_ns(100)
        lock.release()

    async with trio.open_nursery() as nursery:
        for number in range(count):
            nursery.start_soon(one, number)


@pytest.mark.choice("heap_lock_order", "lifo")
@pytest.mark.parametrize(("order", "expected"), [("fifo", [0, 1, 2, 3, 4]), ("lifo", [0, 4, 3, 2, 1])])
@simulated
async def test_the_lock_goes_to_the_oldest_waiter_or_to_the_newest(
    order: Literal["fifo", "lifo"], expected: list[int], log: Log
) -> None:
    granted: list[int] = []
    await queue_up(HeapLock("heap lock", log.bus, order), 5, granted)
    assert granted == expected


@simulated
async def test_each_wait_is_told_with_the_depth_met_and_the_holder(log: Log) -> None:
    await queue_up(HeapLock("heap lock", log.bus), 4, [])
    acquired = [(e.origin.package, e.waited_ns, e.queue_depth, e.time_ns) for e in log.of(LockAcquired)]
    assert acquired == [("p0", 0, 0, 0), ("p1", 90, 0, 100), ("p2", 180, 1, 200), ("p3", 270, 2, 300)]
    assert [None if e.held_by is None else e.held_by.package for e in log.of(LockAcquired)] == [None, "p0", "p0", "p0"]
    assert [(e.origin.package, e.held_ns) for e in log.of(LockReleased)] == [(f"p{n}", 100) for n in range(4)]


@simulated
async def test_a_free_lock_is_taken_without_letting_others_run(log: Log) -> None:
    lock = HeapLock("heap lock", log.bus)
    coroutine = lock.acquire(Origin("a"))
    with pytest.raises(StopIteration) as done:
        coroutine.send(None)
    assert done.value.value == 0


@simulated
async def test_a_waiter_that_is_cancelled_leaves_the_queue_and_the_next_one_is_served(log: Log) -> None:
    lock = HeapLock("heap lock", log.bus)
    granted: list[str] = []

    async def wait(name: str, patience: float) -> None:
        with trio.move_on_after(patience):
            await lock.acquire(Origin(name, time_ns=lsart.now_ns()))
            granted.append(name)
            lock.release()

    await lock.acquire(Origin("holder"))
    async with trio.open_nursery() as nursery:
        for name, patience in (("impatient", 0.1), ("patient", 10.0)):
            nursery.start_soon(wait, name, patience)
            await trio.sleep(0.01)
        await trio.sleep(1)
        assert lock.waiting == 1
        lock.release()
    assert granted == ["patient"]
    assert lock.holder is None


def in_package(
    call: Callable[[FunctionTable, Pointer, bytes], Awaitable[object]],
    main: Callable[[lsart.Lsa], Awaitable[None]],
    *,
    log: Log,
    settings: LsaSettings | None = None,
) -> None:
    """Run `main` beside a package that has one section and serves each call with `call`."""
    sections: list[Pointer] = []

    async def initialize(table: FunctionTable) -> None:
        section = await table.CreateSharedMemory(65536, 65536)
        assert section is not None
        sections.append(section)

    async def entry(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await call(table, sections[0], message)

    async def run() -> None:
        package = scripted("a", initialize=initialize, call=entry)
        async with lsart.open_lsa(package, bus=log.bus, settings=settings) as lsa:
            await main(lsa)
        assert in_use(lsa) == {}

    lsart.run(run)


async def all_at_once(lsa: lsart.Lsa, messages: list[bytes]) -> None:
    async with trio.open_nursery() as nursery:
        for number, message in enumerate(messages):
            client = lsa.start_client(f"c{number}")
            client.connect(trusted=False)
            nursery.start_soon(client.call, "a", message)
            await lsart.sleep_ns(1)  # in this order


SLOW = LsaSettings(costs=Costs(heap_lock=1000, commit_page=0, create_section=0))


@pytest.mark.parametrize(("order", "expected"), [("fifo", "0123"), ("lifo", "0321")])
def test_calls_of_clients_are_served_by_the_chosen_order(order: Any, expected: str, log: Log) -> None:
    async def call(table: FunctionTable, section: Pointer, message: bytes) -> None:
        await table.AllocateSharedMemory(section, 16)

    settings = LsaSettings(costs=SLOW.costs, choices=Choices(heap_lock_order=order))
    in_package(call, lambda lsa: all_at_once(lsa, [b""] * 4), log=log, settings=settings)
    assert [each.origin.client for each in log.of(LockAcquired)] == [f"c{each}" for each in expected]


def test_an_allocation_that_waited_is_recorded_at_the_time_it_was_made(log: Log) -> None:
    async def call(table: FunctionTable, section: Pointer, message: bytes) -> None:
        await table.AllocateSharedMemory(section, 16)

    in_package(call, lambda lsa: all_at_once(lsa, [b""] * 3), log=log, settings=SLOW)
    assert [each.time_ns for each in log.of(BlockAllocated)] == [0, 1000, 2000]
    assert [each.origin.time_ns for each in log.of(BlockAllocated)] == [0, 1000, 2000]


def test_whoever_allocates_from_a_section_that_is_deleted_meanwhile_gets_null(log: Log) -> None:
    results: list[object] = []

    async def call(table: FunctionTable, section: Pointer, message: bytes) -> None:
        if message == b"delete":
            results.append(await table.DeleteSharedMemory(section))
        else:
            block = await table.AllocateSharedMemory(section, 16)
            results.append(block and "block")

    in_package(call, lambda lsa: all_at_once(lsa, [b"", b"", b"delete", b""]), log=log, settings=SLOW)
    assert results == [True, None, None, None]
    # c0 held the lock, c1 waited for it, c3 came too late.
    assert {each.origin.client: each.cause for each in log.of(AllocationRefused)} == {
        f"c{number}": "bad section" for number in (0, 1, 3)
    }


def test_an_allocation_that_is_cancelled_after_its_section_was_deleted_accuses_nobody(log: Log) -> None:
    async def call(table: FunctionTable, section: Pointer, message: bytes) -> None:
        if message == b"delete":
            assert await table.DeleteSharedMemory(section)
            return
        with trio.move_on_after(500e-9) as scope:
            await table.AllocateSharedMemory(section, 16)
        assert scope.cancelled_caught

    in_package(call, lambda lsa: all_at_once(lsa, [b"", b"delete"]), log=log, settings=SLOW)
    assert len(log.of(BlockAllocated)) == 1
    assert log.of(ForeignFree) == []
    assert log.of(PackageDisabled) == []


def heap_locks() -> int:
    gc.collect()
    return sum(isinstance(each, HeapLock) for each in gc.get_objects())


@pytest.mark.parametrize("held", [False, True])
def test_a_lock_goes_with_its_deleted_section(held: bool, log: Log) -> None:
    async def call(table: FunctionTable, section: Pointer, message: bytes) -> None:
        if message == b"delete":
            assert await table.DeleteSharedMemory(section)
        else:
            await table.AllocateSharedMemory(section, 16)

    async def main(lsa: lsart.Lsa) -> None:
        before = heap_locks()
        await all_at_once(lsa, [b""])
        assert heap_locks() == before + 1
        for client in lsa.clients:
            client.terminate()
        await all_at_once(lsa, [b"", b"delete"] if held else [b"delete"])
        assert heap_locks() == before

    in_package(call, main, log=log, settings=SLOW)


@simulated
async def test_a_lock_goes_with_the_section_of_an_unloaded_package() -> None:
    async def initialize(table: FunctionTable) -> None:
        section = await table.CreateSharedMemory(65536, 4096)
        assert section is not None
        await table.AllocateSharedMemory(section, 16)
        raise StatusError(STATUS_UNSUCCESSFUL)

    before = heap_locks()
    async with lsart.open_lsa(scripted("a", initialize=initialize)) as lsa:
        assert lsa.packages == ()
        assert heap_locks() == before


def test_an_allocation_that_is_cancelled_while_it_costs_time_is_taken_back(log: Log) -> None:
    async def call(table: FunctionTable, section: Pointer, message: bytes) -> None:
        with trio.move_on_after(500e-9) as scope:
            await table.AllocateSharedMemory(section, 16)
        assert scope.cancelled_caught
        assert await table.AllocateSharedMemory(section, 16) is not None  # the lock is free again

    in_package(call, lambda lsa: all_at_once(lsa, [b""]), log=log, settings=SLOW)
    first, second = log.of(BlockAllocated)
    assert [each.address for each in log.of(BlockFreed)] == [first.address]
    assert second.address == first.address


def test_a_section_whose_creation_is_cancelled_while_it_costs_time_is_taken_back(log: Log) -> None:
    async def call(table: FunctionTable, section: Pointer, message: bytes) -> None:
        with trio.move_on_after(1e-6) as scope:
            await table.CreateSharedMemory(4096, 4096)
        assert scope.cancelled_caught

    async def main(lsa: lsart.Lsa) -> None:
        await all_at_once(lsa, [b""])
        assert len(lsa.memory.sections()) == 1

    in_package(call, main, log=log)


def test_a_deadlock_report_names_the_lock_and_who_holds_it(log: Log) -> None:
    async def main() -> None:
        lock = HeapLock("heap lock of section-1", log.bus)
        await lock.acquire(Origin("cache", 7, "alice", "AllocateSharedMemory", 1000))
        await lock.acquire(Origin("cache", 8, "bob", "AllocateSharedMemory", 2000))

    with pytest.raises(lsart.DeadlockError) as caught:
        lsart.run(main)
    expected = "waits for heap lock of section-1, held by cache by AllocateSharedMemory in call 7 of alice at 0.001 ms"
    assert expected in str(caught.value)
