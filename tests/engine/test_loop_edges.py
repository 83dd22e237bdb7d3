"""At the edges of trio our loop behaves as trio's: system tasks, calls from outside, generators, instruments, traps."""

import gc
import types
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any

import outcome
import pytest
import trio
import trio.testing
from loops import Log, Seen, in_trios_loop, same_in_both

from lsart.engine import Ready, VirtualClock, run
from lsart.engine._loop import Loop


def test_a_system_task_runs_beside_main_and_is_cancelled_when_main_ends() -> None:
    async def main(log: Log) -> str:
        async def daemon() -> None:
            try:
                await trio.sleep_forever()
            finally:
                log.append("daemon ends")

        task = trio.lowlevel.spawn_system_task(daemon, name="daemon")
        await trio.sleep(1)
        log.append("main ends")
        return task.name

    assert same_in_both(main) == Seen("daemon", ["daemon ends", "main ends"])


def test_a_system_task_that_ends_early_leaves_main_alone() -> None:
    async def main(log: Log) -> int:
        async def short() -> None:
            log.append("short")

        trio.lowlevel.spawn_system_task(short)
        await trio.sleep(1)
        return 1

    assert same_in_both(main) == Seen(1, ["short"])


def test_a_system_task_that_fails_ends_the_run_with_an_internal_error_after_clean_up() -> None:
    async def main(log: Log) -> None:
        async def fail() -> None:
            raise ValueError("system")

        trio.lowlevel.spawn_system_task(fail)
        try:
            await trio.sleep_forever()
        finally:
            log.append("cleaned")

    assert same_in_both(main) == Seen("TrioInternalError from ['ValueError: system']", ["cleaned"])


def test_calls_that_are_to_come_soon_come_once_each_unless_they_are_equal() -> None:
    async def main(log: Log) -> None:
        token = trio.lowlevel.current_trio_token()
        for _ in range(3):
            token.run_sync_soon(log.append, "each")
            token.run_sync_soon(log.append, "once", idempotent=True)
            token.run_sync_soon(log.append, "other", idempotent=True)
        log.append(str(trio.lowlevel.current_statistics().run_sync_soon_queue_size))
        await trio.testing.wait_all_tasks_blocked()
        token.run_sync_soon(log.append, "once", idempotent=True)
        await trio.testing.wait_all_tasks_blocked()

    assert same_in_both(main).log == ["5", "each", "each", "each", "once", "once", "other"]


def test_a_call_wakes_a_run_in_which_everybody_waits() -> None:
    async def main(log: Log) -> float:
        event = trio.Event()
        trio.lowlevel.current_trio_token().run_sync_soon(event.set)
        await event.wait()
        return trio.current_time()

    assert same_in_both(main).result == 0.0


def test_a_call_can_spawn_a_system_task() -> None:
    async def main(log: Log) -> None:
        async def spawned() -> None:
            log.append("spawned")

        trio.lowlevel.current_trio_token().run_sync_soon(trio.lowlevel.spawn_system_task, spawned)
        await trio.testing.wait_all_tasks_blocked()

    assert same_in_both(main).log == ["spawned"]


def test_calls_after_the_end_are_refused() -> None:
    async def main(log: Log) -> None:
        log.append(trio.lowlevel.current_trio_token())

    for runner in (in_trios_loop, run):
        log: Log = []

        async def entry(log: Log = log) -> None:
            await main(log)

        runner(entry)
        with pytest.raises(trio.RunFinishedError):
            log[0].run_sync_soon(print)


async def numbers(log: Log, name: str) -> AsyncIterator[int]:
    """A generator that tells how it is closed."""
    try:
        for number in range(3):
            yield number
    finally:
        try:
            task = trio.lowlevel.current_task()
            await trio.lowlevel.checkpoint()
            log.append((name, "not cancelled"))
        except trio.Cancelled:
            log.append((name, task is not None, "cancelled"))


def test_generators_left_open_are_closed_at_the_end_inside_trio() -> None:
    async def main(log: Log) -> list[AsyncIterator[int]]:
        kept = [numbers(log, name) for name in "abc"]
        for each in kept:
            assert await anext(each) == 0
        log.append(kept)
        return kept

    async def entry(log: Log) -> int:
        return len(await main(log))

    for runner in (in_trios_loop, run):
        log: Log = []

        async def each(log: Log = log) -> int:
            return await entry(log)

        assert runner(each) == 3
        assert sorted(log[1:]) == [(name, True, "cancelled") for name in "abc"]


def test_a_generator_that_opens_another_while_it_closes_gets_both_closed() -> None:
    async def main(log: Log) -> None:
        async def outer() -> AsyncIterator[int]:
            try:
                yield 1
            finally:
                inner = numbers(log, "inner")
                kept.append(inner)
                await anext(inner)
                log.append("outer")

        kept: list[AsyncIterator[int]] = [outer()]
        await anext(kept[0])
        main.kept = kept  # type: ignore[attr-defined]  # so that it outlives the task

    assert same_in_both(main).log == ["outer", ("inner", True, "cancelled")]


def test_a_generator_that_fails_while_it_closes_is_logged_and_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    async def main(log: Log) -> None:
        async def fails() -> AsyncIterator[int]:
            try:
                yield 1
            finally:
                raise ValueError("while closing")

        main.kept = fails()  # type: ignore[attr-defined]  # so that it outlives the task
        await anext(main.kept)  # type: ignore[attr-defined]

    assert same_in_both(main).result is None
    assert {record.name for record in caplog.records} == {"trio.async_generator_errors"}
    assert len(caplog.records) == 6


@pytest.mark.filterwarnings("ignore:Async generator .* was garbage collected:ResourceWarning")
def test_a_generator_that_is_forgotten_is_closed_by_a_system_task_during_the_run() -> None:
    async def main(log: Log) -> None:
        async for number in numbers(log, "forgotten"):
            if number == 1:
                break
        gc.collect()
        await trio.testing.wait_all_tasks_blocked()
        log.append(("main", len(log)))

    assert same_in_both(main).log == [("forgotten", True, "cancelled"), ("main", 1)]


class Heard(trio.abc.Instrument):
    """Notes what trio tells an instrument about the tasks named here."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.log: list[str] = []

    def _note(self, what: str, task: trio.lowlevel.Task) -> None:
        if task.name in self.names:
            self.log.append(f"{what} {task.name}")

    def before_run(self) -> None:
        self.log.append("before_run")

    def task_spawned(self, task: trio.lowlevel.Task) -> None:
        self._note("spawned", task)

    def task_scheduled(self, task: trio.lowlevel.Task) -> None:
        self._note("scheduled", task)

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self._note("before", task)

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        self._note("after", task)

    def task_exited(self, task: trio.lowlevel.Task) -> None:
        self._note("exited", task)

    def after_run(self) -> None:
        self.log.append("after_run")


def test_instruments_hear_of_each_step_of_a_task() -> None:
    async def member() -> None:
        await trio.lowlevel.checkpoint()
        await trio.sleep(1)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(member, name="a")

    step = ["scheduled a", "before a"]
    expected = ["before_run", "spawned a", *step, *step[:1], "after a", "before a", "after a", *step]
    expected += ["exited a", "after a", "after_run"]
    runners: list[Callable[[Heard], object]] = [
        lambda heard: in_trios_loop(main, (heard,)),
        lambda heard: run(main, instruments=[heard]),
    ]
    for runner in runners:
        heard = Heard("a")
        runner(heard)
        assert heard.log == expected


def test_an_instrument_can_come_and_go_during_a_run() -> None:
    async def main(log: Log) -> None:
        heard = Heard("b")

        async def member() -> None:
            await trio.lowlevel.checkpoint()

        for is_in in (False, True, False):
            if is_in:
                trio.lowlevel.add_instrument(heard)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(member, name="b")
            if is_in:
                trio.lowlevel.remove_instrument(heard)
        log.append(heard.log)

    ((heard,)) = same_in_both(main).log
    assert heard == [
        "spawned b",
        "scheduled b",
        "before b",
        "scheduled b",
        "after b",
        "before b",
        "exited b",
        "after b",
    ]


def test_an_instrument_that_fails_is_removed_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(trio.abc.Instrument):
        steps = 0

        def before_task_step(self, task: trio.lowlevel.Task) -> None:
            self.steps += 1
            raise ValueError("broken")

    async def main() -> int:
        await trio.sleep(1)
        return 3

    broken = Broken()
    assert run(main, instruments=[broken]) == 3
    assert broken.steps == 1
    assert [record.name for record in caplog.records] == ["trio.abc.Instrument"]


def test_a_main_that_cannot_be_spawned_is_the_outcome_of_the_loop() -> None:
    def not_async() -> int:
        return 5

    loop = Loop(clock=VirtualClock(), choose=Ready.canonical)
    result = loop.run(not_async)  # type: ignore[arg-type]  # what the test is about
    with pytest.raises(TypeError, match="expected an async function"):
        result.unwrap()


@types.coroutine
def trap(message: object) -> Generator[object, Any, Any]:
    """What a coroutine of another framework does to ours."""
    return (yield message)


def test_a_yield_of_another_framework_raises_in_the_task() -> None:
    async def main(log: Log) -> str:
        for message in (None, "a future", object):
            try:
                await trap(message)
            except TypeError as error:
                log.append(repr(message) in str(error))
            await trio.lowlevel.checkpoint()
        await trap(5)
        return "never"

    for runner in (in_trios_loop, run):
        log: Log = []

        async def entry(log: Log = log) -> None:
            await main(log)

        with pytest.raises(TypeError, match="5"):
            runner(entry)
        assert log == [True, True, True]


def test_a_coroutine_can_leave_the_loop_for_good() -> None:
    async def main(log: Log) -> str:
        async def leaver() -> None:
            value = await trio.lowlevel.permanently_detach_coroutine_object(outcome.Value(None))
            log.append(("outside", value))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(leaver, name="leaver")
            await trio.testing.wait_all_tasks_blocked()
            (task,) = coroutines
            assert not nursery.child_tasks
        with pytest.raises(StopIteration):
            task.send(7)
        return "main ends"

    coroutines: list[Any] = []

    class Keeps(Heard):
        def task_spawned(self, task: trio.lowlevel.Task) -> None:
            if task.name == "leaver":
                coroutines[:] = [task.coro]

    for runner in (lambda entry: in_trios_loop(entry, (Keeps(),)), lambda entry: run(entry, instruments=[Keeps()])):
        log: Log = []

        async def entry(log: Log = log) -> str:
            return await main(log)

        assert runner(entry) == "main ends"
        assert log == [("outside", 7)]


def test_a_coroutine_can_leave_the_loop_and_come_back() -> None:
    async def main(log: Log) -> object:
        task = trio.lowlevel.current_task()
        outside: Any = "outside"

        def come_back() -> None:
            log.append(task.coro.send(outside))

        def abort(_: object) -> trio.lowlevel.Abort:
            return trio.lowlevel.Abort.FAILED

        trio.lowlevel.current_trio_token().run_sync_soon(come_back)
        came = await trio.lowlevel.temporarily_detach_coroutine_object(abort)
        await trio.lowlevel.reattach_detached_coroutine_object(task, "a yield")
        await trio.sleep(1)
        return came

    assert same_in_both(main) == Seen("outside", ["a yield"])
