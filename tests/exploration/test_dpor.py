"""DPOR reaches every final state, failure and deadlock that trying every schedule reaches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import permutations
from typing import Any

import pytest
import trio
import trio.testing
from programs import Program, Tally

from lsart.engine import Label, end_run, labelled_primitives, own, point, run_schedule
from lsart.exploration import DFS, DPOR, Strategy

Log = list[object]
Main = Callable[[Log], Awaitable[object]]
LIMIT = 300
BATCH = 250


def seen(main: Main, strategy: Strategy, **options: Any) -> list[tuple[str, ...]]:
    """What each schedule logged, and the error it ended with."""
    found: list[tuple[str, ...]] = []
    with labelled_primitives():
        while strategy.begin(len(found)):
            log: Log = []
            trace = run_schedule(lambda log=log: main(log), strategy.choose, notes_nurseries=True, **options)  # type: ignore[misc]
            strategy.end(trace)
            error = () if trace.error is None else (type(trace.error).__name__,)
            found.append((*map(str, log), *error))
    return found


async def together(*tasks: Callable[[], Awaitable[object]]) -> None:
    async with trio.open_nursery() as nursery:
        for each in tasks:
            nursery.start_soon(each)


# ------------------------------------------------------------------ random programs


def compared(first: int, count: int, *, labelled: bool, time_is_a_choice: bool = False) -> Tally:
    tally = Tally()
    for seed in range(first, first + count):
        program = Program.drawn(seed, size=3, is_announced=labelled)
        program.time_is_a_choice = time_is_a_choice
        tally.compare(program, labelled=labelled, limit=LIMIT)
    return tally


@pytest.mark.parametrize("first", [0, *(pytest.param(BATCH * batch, marks=pytest.mark.slow) for batch in (1, 2, 3))])
def test_it_reaches_what_dfs_reaches_on_random_programs_of_which_a_good_part_fails(first: int) -> None:
    tally = compared(first, BATCH, labelled=True)
    assert tally.mismatches == []
    assert 0.3 <= tally.share_failing <= 0.7
    assert tally.skipped <= 0.1 * tally.programs
    assert tally.by_dfs > 3 * tally.by_dpor


@pytest.mark.parametrize("first", [0, pytest.param(100, marks=pytest.mark.slow)])
def test_it_reaches_what_dfs_reaches_when_accesses_are_not_announced(first: int) -> None:
    assert compared(first, 40, labelled=False).mismatches == []


@pytest.mark.parametrize("first", [0, pytest.param(100, marks=pytest.mark.slow)])
def test_it_reaches_what_dfs_reaches_when_timeouts_may_come_early(first: int) -> None:
    assert compared(first, 60, labelled=True, time_is_a_choice=True).mismatches == []


# ------------------------------------------------------------------ where the answer is known


def members(names: str, steps: int, *, is_shared: bool) -> Main:
    async def main(log: Log) -> None:
        async def member(name: str) -> None:
            for _ in range(steps):
                await point("variable" if is_shared else f"variable {name}")
                log.append(name)

        async with trio.open_nursery() as nursery:
            for name in names:
                nursery.start_soon(member, name)

    return main


def test_tasks_that_share_nothing_take_one_schedule() -> None:
    assert len(seen(members("abcd", 10, is_shared=False), DPOR(labelled=True))) == 1


@pytest.mark.parametrize(("names", "steps"), [("ab", 3), ("abc", 2), ("abcd", 1)])
def test_of_tasks_that_write_one_variable_it_sees_every_interleaving(names: str, steps: int) -> None:
    found = set(seen(members(names, steps, is_shared=True), DPOR(labelled=True)))
    assert found == set(permutations(names * steps))


def test_readers_of_one_variable_take_one_schedule() -> None:
    async def main(log: Log) -> None:
        await together(*[lambda: point("variable", "r")] * 4)

    assert len(seen(main, DPOR(labelled=True))) == 1


def test_without_the_promise_of_labels_bare_steps_are_tried_in_every_order() -> None:
    async def main(log: Log) -> None:
        async def member(name: str) -> None:
            for _ in range(2):
                log.append(name)
                await trio.lowlevel.checkpoint()

        await together(lambda: member("a"), lambda: member("b"))

    assert set(seen(main, DPOR())) == set(permutations("aabb"))
    assert len(seen(main, DPOR(labelled=True))) == 1


# ------------------------------------------------------------------ owners

PACKAGE = Label("package", "w", "run package")
OTHER = Label("other package", "w", "run other package")


def owners(first: Label, second: Label) -> Main:
    """Two tasks in packages, whose accesses nobody announces."""

    async def main(log: Log) -> None:
        async def member(name: str, package: Label) -> None:
            await trio.lowlevel.checkpoint()
            own(package)
            await trio.lowlevel.checkpoint()
            log.append(name)
            own(None)

        await together(lambda: member("a", first), lambda: member("b", second))

    return main


def test_steps_of_one_owner_conflict() -> None:
    assert set(seen(owners(PACKAGE, PACKAGE), DPOR(labelled=True))) == {("a", "b"), ("b", "a")}


def test_steps_of_different_owners_do_not() -> None:
    assert len(seen(owners(PACKAGE, OTHER), DPOR(labelled=True))) == 1


def test_what_an_owners_child_does_is_the_owners() -> None:
    async def main(log: Log) -> None:
        async def child() -> None:
            await trio.lowlevel.checkpoint()
            log.append("child")

        async def parent() -> None:
            own(PACKAGE)
            await together(child)

        async def other() -> None:
            own(PACKAGE)
            await trio.lowlevel.checkpoint()
            log.append("other")

        await together(parent, other)

    assert set(seen(main, DPOR(labelled=True))) == {("child", "other"), ("other", "child")}


# ------------------------------------------------------------------ what only a few schedules show


async def clone_of_what_another_closes(log: Log) -> None:
    send, _ = trio.open_memory_channel[int](1)

    async def clones() -> None:
        await point("a")
        try:
            send.clone()
        except trio.ClosedResourceError:
            log.append("closed")

    async def closes() -> None:
        await point("b")
        send.close()

    await together(clones, closes)


async def start_in_a_nursery_that_closes(log: Log) -> None:
    held: list[trio.Nursery] = []
    is_open = trio.Event()

    async def opens() -> None:
        async with trio.open_nursery() as nursery:
            held.append(nursery)
            is_open.set()
            await point("a")

    async def starts() -> None:
        await is_open.wait()
        await point("b")
        try:
            held[0].start_soon(trio.lowlevel.checkpoint)
        except RuntimeError:
            log.append("closed")

    await together(opens, starts)


async def cut_off(log: Log, cut: Callable[[trio.Nursery], object]) -> None:
    """Woken or cancelled, whichever comes first."""
    event = trio.Event()

    async def waits() -> None:
        try:
            await event.wait()
        except trio.Cancelled:
            log.append("cancelled")
            raise
        log.append("woken")

    async def wakes() -> None:
        await point("a")
        event.set()

    with suppress(BaseExceptionGroup):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(waits)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(wakes)
            await point("b")
            cut(nursery)


async def nursery_that_is_cancelled(log: Log) -> None:
    await cut_off(log, lambda nursery: nursery.cancel_scope.cancel())


async def nursery_whose_body_raises(log: Log) -> None:
    def fail(nursery: trio.Nursery) -> None:
        raise ValueError

    await cut_off(log, fail)


async def queue_for_the_lock_of_a_condition(log: Log) -> None:
    condition = trio.Condition()

    async def notified() -> None:
        async with condition:
            await condition.wait()
            log.append("notified")

    async def acquires() -> None:
        async with condition:
            log.append("acquired")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(notified)
        await trio.testing.wait_all_tasks_blocked()
        condition.acquire_nowait()
        nursery.start_soon(acquires)
        await point("a")
        condition.notify()
        await point("b")
        condition.release()


async def writes_a(log: Log) -> None:
    await point("a")
    log.append("written")


async def run_ended_by_a_watcher(log: Log) -> None:
    async def watched() -> None:
        await point("a")
        if not log:
            end_run(ValueError("too early"))

    await together(watched, lambda: writes_a(log))


async def turn_of_one_that_cannot_run_yet(log: Log) -> None:
    event = trio.Event()

    async def waits() -> None:
        await event.wait()
        await point("a")
        log.append("waited")

    async def sets() -> None:
        event.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(waits)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(writes_a, log)
        nursery.start_soon(sets)


async def read_of_a_semaphore(log: Log) -> None:
    semaphore = trio.Semaphore(0)

    async def releases() -> None:
        await point("a")
        semaphore.release()

    async def looks() -> None:
        await point("b")
        log.append(semaphore.value)

    await together(releases, looks)


async def deadline_set_by_two(log: Log) -> None:
    scope = trio.CancelScope()

    async def sets(deadline: float) -> None:
        await point(f"{deadline}")
        scope.deadline = deadline

    async def sleeps() -> None:
        with scope:
            await trio.sleep(5)
        log.append(trio.current_time())

    await together(sleeps, lambda: sets(1), lambda: sets(2))


@pytest.mark.parametrize(
    "main",
    [
        nursery_that_is_cancelled,
        turn_of_one_that_cannot_run_yet,
        read_of_a_semaphore,
        deadline_set_by_two,
        clone_of_what_another_closes,
        start_in_a_nursery_that_closes,
        nursery_whose_body_raises,
        queue_for_the_lock_of_a_condition,
        run_ended_by_a_watcher,
    ],
)
def test_with_labels_it_sees_what_dfs_sees(main: Main) -> None:
    expected = set(seen(main, DFS()))
    assert len(expected) > 1
    assert set(seen(main, DPOR(labelled=True))) == expected


def test_without_labels_it_sees_what_comes_after_the_end_of_a_channel() -> None:
    async def main(log: Log) -> None:
        async def drains(name: str) -> None:
            send, receive = trio.open_memory_channel[int](1)
            send.close()
            log.append(f"{name} begins")
            async for _ in receive:
                pass
            log.append(f"{name} ends")
            await point(name)

        async def first() -> None:
            nursery.start_soon(drains, "second")
            await drains("first")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(first)

    assert set(seen(main, DPOR())) == set(seen(main, DFS()))


def test_a_timeout_that_comes_early_is_tried() -> None:
    async def main(log: Log) -> None:
        with trio.move_on_after(1) as scope:
            await trio.lowlevel.checkpoint()
            await trio.lowlevel.checkpoint()
        log.append(scope.cancelled_caught)

    found = seen(main, DPOR(labelled=True), time_is_a_choice=True)
    assert set(found) == {("True",), ("False",)}
