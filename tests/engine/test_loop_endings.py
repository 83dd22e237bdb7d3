"""Corners of the loop in which it once differed from trio's, or from its own words."""

import gc
import math
import warnings
import weakref
from collections.abc import AsyncIterator

import outcome
import pytest
import trio
import trio.testing
from loops import Log, Seen, in_trios_loop, oldest, same_in_both

from lsart.engine import (
    DeadlockError,
    Ready,
    StepLimitError,
    TimeLimitError,
    labelled_primitives,
    point,
    run,
    run_schedule,
    touch,
)


def test_a_deadline_that_is_moved_to_now_comes_while_tasks_can_run() -> None:
    async def main(log: Log) -> bool:
        steps = 0
        for deadline in (0.0, -1.0):
            with trio.CancelScope() as scope:
                scope.deadline = deadline
                for _ in range(100):
                    await trio.lowlevel.checkpoint()
                    steps += 1
            log.append(scope.cancelled_caught)
        return steps < 30

    assert same_in_both(main) == Seen(True, [True] * 2)


def test_a_deadline_of_minus_infinity_ends_a_wait() -> None:
    async def main(log: Log) -> bool:
        with trio.CancelScope() as scope:
            scope.deadline = -math.inf
            await trio.sleep_forever()
        return scope.cancelled_caught

    assert same_in_both(main).result is True


def test_a_call_that_fails_ends_the_run_with_an_internal_error_after_clean_up() -> None:
    async def main(log: Log) -> None:
        def fail() -> None:
            raise ValueError("call")

        trio.lowlevel.current_trio_token().run_sync_soon(fail)
        try:
            await trio.sleep_forever()
        finally:
            log.append("cleaned")

    assert same_in_both(main) == Seen("TrioInternalError from ['ValueError: call']", ["cleaned"])


def test_a_call_that_asks_for_itself_again_lets_tasks_run_between() -> None:
    async def main(log: Log) -> bool:
        token, calls, is_over = trio.lowlevel.current_trio_token(), 0, False

        def again() -> None:
            nonlocal calls
            calls += 1
            if not is_over:
                token.run_sync_soon(again)

        again()
        for _ in range(3):
            await trio.lowlevel.checkpoint()
        is_over = True
        return calls < 100

    assert same_in_both(main).result is True


@pytest.mark.parametrize("runner", [in_trios_loop, run])
def test_a_schedule_inside_a_run_is_refused_and_the_run_goes_on(runner: object) -> None:
    async def main() -> str:
        with pytest.raises(RuntimeError, match="inside a run"):
            run_schedule(trio.lowlevel.checkpoint, oldest)
        await trio.sleep(1)
        return "outer"

    assert runner(main) == "outer"  # type: ignore[operator]


def test_system_tasks_are_cancelled_when_main_leaves_the_loop_for_good() -> None:
    async def main(log: Log) -> None:
        trio.lowlevel.spawn_system_task(trio.sleep_forever)
        await trio.lowlevel.checkpoint()
        await trio.lowlevel.permanently_detach_coroutine_object(outcome.Value(7))

    assert same_in_both(main).result == 7


async def spins_beside_a_shielded_wait() -> None:
    async def shielded() -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep_forever()

    async def spins() -> None:
        while True:
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(shielded)
        nursery.start_soon(spins)
        nursery.start_soon(spins)


def test_a_step_limit_stays_the_error_when_the_end_of_the_run_deadlocks() -> None:
    assert isinstance(run_schedule(spins_beside_a_shielded_wait, oldest, step_limit=50).error, StepLimitError)


def test_the_error_of_a_chooser_stays_the_error_when_the_end_of_the_run_deadlocks() -> None:
    def choose(ready: Ready) -> int:
        assert ready.trace is not None
        if len(ready.trace.numbers) > 20:
            raise ZeroDivisionError
        return ready.numbers[len(ready.trace.numbers) % len(ready.numbers)]

    with pytest.raises(ZeroDivisionError):
        run_schedule(spins_beside_a_shielded_wait, choose)


def test_a_task_that_never_ran_is_ended_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lsart.engine._loop._PATIENCE", 200)

    async def stubborn() -> None:
        while True:
            await trio.lowlevel.cancel_shielded_checkpoint()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stubborn)
            nursery.start_soon(stubborn)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trace = run_schedule(main, oldest, step_limit=20)
    assert isinstance(trace.error, StepLimitError)
    assert [str(each.message) for each in caught] == []  # coroutine 'stubborn' was never awaited


def test_a_choice_that_is_not_among_the_ready_is_refused_after_clean_up() -> None:
    cleaned = []

    async def main() -> None:
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.lowlevel.checkpoint)
                nursery.start_soon(trio.lowlevel.checkpoint)
        finally:
            cleaned.append("main")

    with pytest.raises(ValueError, match="77"):  # any error but an internal one
        run_schedule(main, lambda ready: 77)
    assert cleaned == ["main"]


def test_generators_of_one_name_are_closed_in_the_same_order_in_every_run() -> None:
    orders = set()
    junk: list[object] = []
    for round_ in range(20):
        log: Log = []

        async def generator(number: int, log: Log) -> AsyncIterator[int]:
            try:
                yield number
            finally:
                log.append(number)

        async def main(log: Log = log, round_: int = round_) -> None:
            for number in range(6):
                each = generator(number, log)
                junk.append(each)
                junk.append([object()] * (round_ * number))
                await anext(each)

        run(main)
        orders.add(tuple(log))
    assert len(orders) == 1


def test_a_lock_has_one_name_in_all_schedules() -> None:
    def names(choose: object) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {"first": set(), "second": set()}

        async def main() -> None:
            first, second = trio.Lock(), trio.Lock()

            async def member(lock: trio.Lock) -> None:
                await point("mine")
                async with lock:
                    pass

            async with trio.open_nursery() as nursery:
                for lock, name in ((first, "first"), (second, "second"), (first, "first")):
                    nursery.start_soon(member, lock, name=name)

        with labelled_primitives():
            trace = run_schedule(main, choose)  # type: ignore[arg-type]
        for step, label in trace.labels.items():
            if "Lock" in label.resource:
                found[trace.names[trace.numbers[step]]].add(label.resource)
        return found

    assert names(oldest) == names(lambda ready: max(ready.numbers))


def test_a_kind_that_is_neither_read_nor_write_is_refused_wherever_it_is_said() -> None:
    async def main() -> None:
        for what in ("", "fill a"):
            with pytest.raises(ValueError, match="kind must be"):
                touch("a", "x", what)  # type: ignore[arg-type]  # what the test is about
        with pytest.raises(ValueError, match="kind must be"):
            await point(None, "x")  # type: ignore[arg-type]

    error = run_schedule(main, oldest).error
    assert error is None, error


def test_the_trace_has_the_name_that_the_deadlock_has() -> None:
    trace = run_schedule(trio.sleep_forever, oldest)
    assert isinstance(trace.error, DeadlockError)
    assert trace.names[1] == trace.error.waits[0].task


def test_a_run_that_goes_on_in_virtual_time_ends_at_the_limit_and_all_tasks_clean_up() -> None:
    cleaned: list[int] = []

    async def main() -> None:
        try:
            while True:
                await trio.sleep(3600)
        finally:
            cleaned.append(round(trio.current_time()))

    trace = run_schedule(main, oldest, time_limit_ns=100 * 10**9)
    assert isinstance(trace.error, TimeLimitError)
    assert str(trace.error).startswith("the run was not over after 100 s of virtual time; raise time_limit_ns")
    assert cleaned == [3600]
    assert run_schedule(lambda: trio.sleep(99), oldest, time_limit_ns=100 * 10**9).error is None


def test_a_long_run_frees_old_garbage_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lsart.engine._loop._STEPS_BETWEEN_COLLECTIONS", 64)
    monkeypatch.setattr("lsart.engine._loop._STEPS_BETWEEN_FULL_ONES", 256)

    class Circle:
        itself: object = None

    async def main() -> bool:
        circle = Circle()
        circle.itself = circle
        for _ in range(3):
            gc.collect()  # now it is old
        is_there = weakref.ref(circle)
        del circle
        for _ in range(600):
            await trio.lowlevel.checkpoint()
        return is_there() is None

    assert run(main)
