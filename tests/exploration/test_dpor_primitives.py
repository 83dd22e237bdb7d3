"""DPOR with the promise of labels, for what trio shares between tasks besides its locks, events and channels."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import trio
import trio.testing

from lsart.engine import labelled_primitives, point, run_schedule
from lsart.exploration import DFS, DPOR, Strategy

Log = list[object]
Main = Callable[[Log], Awaitable[object]]


def seen(main: Main, strategy: Strategy) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    with labelled_primitives():
        while strategy.begin(0):
            log: Log = []

            async def logged(log: Log = log) -> None:
                await main(log)

            trace = run_schedule(logged, strategy.choose, notes_nurseries=True)
            strategy.end(trace)
            error = () if trace.error is None else (type(trace.error).__name__,)
            found.add((*map(str, log), *error))
    return found


async def together(*tasks: Callable[[], Awaitable[object]]) -> None:
    async with trio.open_nursery() as nursery:
        for each in tasks:
            nursery.start_soon(each)


async def end_of_a_start_that_kept_a_nursery_open(log: Log) -> None:
    begun, left, started = trio.Event(), trio.Event(), trio.Event()

    async def child(task_status: trio.TaskStatus[None]) -> None:
        begun.set()
        await left.wait()
        task_status.started()
        started.set()

    async def starts(nursery: trio.Nursery) -> None:
        await nursery.start(child)  # when it returns, nothing else holds the nursery open
        await point("started")

    async def starts_later(nursery: trio.Nursery) -> None:
        await started.wait()
        try:
            nursery.start_soon(trio.lowlevel.checkpoint)
        except RuntimeError:
            log.append("closed")

    async with trio.open_nursery() as outer, trio.open_nursery() as nursery:
        outer.start_soon(starts, nursery)
        outer.start_soon(starts_later, nursery)
        await begun.wait()
        left.set()


async def shield_set_by_two(log: Log) -> None:
    scope = trio.CancelScope()

    async def sets(how: bool) -> None:
        await point(f"{how}")
        scope.shield = how

    await together(lambda: sets(True), lambda: sets(False))
    log.append(scope.shield)


async def count_of_those_that_wait_for_an_event(log: Log) -> None:
    event = trio.Event()

    async def looks() -> None:
        log.append(event.statistics().tasks_waiting)

    await together(event.wait, looks)  # ends with a deadlock, whatever is seen


async def lot_that_one_may_come_too_late_for(log: Log) -> None:
    lot = trio.lowlevel.ParkingLot()

    async def parks() -> None:
        await point("a")
        with trio.move_on_after(1):
            await lot.park()
            log.append("woken")

    async def wakes() -> None:
        await point("b")
        lot.unpark()

    await together(parks, wakes)


async def lot_that_is_looked_at(log: Log) -> None:
    lot = trio.lowlevel.ParkingLot()

    async def looks() -> None:
        await point("b")
        log.append(f"{len(lot)} {bool(lot)} {lot.statistics().tasks_waiting}")
        lot.unpark_all()

    async def parks() -> None:
        await point("a")
        with trio.move_on_after(1):
            await lot.park()

    await together(parks, looks)


async def lot_whose_tasks_move(log: Log) -> None:
    lot, other = trio.lowlevel.ParkingLot(), trio.lowlevel.ParkingLot()

    async def parks() -> None:
        with trio.move_on_after(1):
            await lot.park()
            log.append("woken")

    async def moves() -> None:
        await point("a")
        lot.repark(new_lot=other)

    async def wakes() -> None:
        await point("b")
        other.unpark()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(parks)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(moves)
        nursery.start_soon(wakes)


async def function_called_soon(log: Log) -> None:
    async def calls() -> None:
        await point("a")
        trio.lowlevel.current_trio_token().run_sync_soon(log.append, "called")

    async def writes() -> None:
        await point("b")
        log.append("written")

    await together(calls, writes)


async def function_that_another_function_called_soon(log: Log) -> None:
    token, go, value = trio.lowlevel.current_trio_token(), trio.Event(), list[int]()

    async def calls() -> None:
        await point("a")
        token.run_sync_soon(token.run_sync_soon, value.append, 1)
        go.set()

    async def looks(name: str) -> None:
        await go.wait()
        log.append(f"{name} {len(value)}")

    await together(lambda: looks("b"), lambda: looks("c"), calls)
    log.sort(key=str)


def stream_between(
    pair: Callable[[], tuple[trio.abc.SendStream, trio.abc.ReceiveStream]], *, receiver_closes: bool
) -> Main:
    async def main(log: Log) -> None:
        send, receive = pair()

        async def sends() -> None:
            try:
                await send.send_all(b"a")
            except (trio.ClosedResourceError, trio.BrokenResourceError) as error:
                log.append(type(error).__name__)

        async def closes() -> None:
            await (receive if receiver_closes else send).aclose()

        async def receives() -> None:
            try:
                log.append(bytes(await receive.receive_some(1)))
            except trio.ClosedResourceError:
                log.append("nothing received")

        await together(sends, closes, receives)
        log.sort(key=str)  # of what happened, not of who wrote it down first

    return main


@pytest.mark.parametrize(
    "main",
    [
        pytest.param(end_of_a_start_that_kept_a_nursery_open, id="start"),
        pytest.param(function_that_another_function_called_soon, id="run_sync_soon twice"),
        pytest.param(shield_set_by_two, id="shield"),
        pytest.param(count_of_those_that_wait_for_an_event, id="count of waiters"),
        pytest.param(lot_that_one_may_come_too_late_for, id="unpark"),
        pytest.param(lot_that_is_looked_at, id="look at a lot"),
        pytest.param(lot_whose_tasks_move, id="repark"),
        pytest.param(function_called_soon, id="run_sync_soon"),
        *(
            pytest.param(stream_between(pair, receiver_closes=closes), id=f"{name} stream, {who} closes")
            for name, pair in (
                ("memory", trio.testing.memory_stream_one_way_pair),
                ("lockstep", trio.testing.lockstep_stream_one_way_pair),
            )
            for who, closes in (("sender", False), ("receiver", True))
        ),
    ],
)
def test_with_labels_it_sees_what_dfs_sees(main: Main) -> None:
    expected = seen(main, DFS())
    assert len(expected) > 1
    assert seen(main, DPOR(labelled=True)) == expected
