"""One run under somebody else's choices: what can be chosen, what is noted, how it ends."""

import contextlib
import gc
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable

import pytest
import trio
from loops import all_schedules, oldest
from trio import _threads
from trio._core import _run as internals

from lsart.engine import DeadlockError, Ready, StepLimitError, current, now_ns, run, run_schedule, sleep_ns

THREE_TIMES_THREE = 1680  # 9! / (3! * 3! * 3!)


async def members(log: list[str], names: str, steps: int) -> None:
    """Tasks that take so many steps each."""

    async def member(name: str) -> None:
        for step in range(steps):
            log.append(name)
            if step + 1 < steps:
                await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        for name in names:
            nursery.start_soon(member, name, name=name)


def test_every_order_of_three_tasks_with_three_steps_can_be_chosen_and_is_met_once() -> None:
    log: list[str] = []
    orders = []
    for trace in all_schedules(lambda: members(log, "abc", 3)):
        assert trace.error is None
        orders.append("".join(log))
        log.clear()
    assert len(orders) == len(set(orders)) == THREE_TIMES_THREE


def test_the_trace_says_who_ran_who_woke_whom_and_how_steps_ended() -> None:
    async def main() -> str:
        event = trio.Event()

        async def waits() -> None:
            await event.wait()
            raise ValueError("woken")

        async def wakes() -> None:
            await trio.lowlevel.checkpoint()
            event.set()

        with pytest.RaisesGroup(ValueError):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(waits, name="waits")
                nursery.start_soon(wakes, name="wakes")
        await sleep_ns(5)
        return "done"

    trace = run_schedule(main, oldest)
    assert trace.numbers == [0, 1, 2, 3, 3, 2, 1, 1, 0]
    assert trace.ends == {0: "b", 1: "b", 2: "b", 4: "e", 5: "x", 6: "b", 7: "e", 8: "e"}
    assert trace.woken == [(-1, 0), (0, 1), (1, 2), (1, 3), (4, 2), (5, 1), (6, 1), (7, 0)]
    assert (trace.names[2], trace.names[3]) == ("waits", "wakes")
    assert trace.result is not None
    assert trace.result.unwrap() == "done"
    assert trace.time_ns == 5
    assert not trace.is_wound_up


PROGRAM = """if True:
    import attrs, random, trio
    from lsart.engine import labelled_primitives, point, run_schedule, sleep_ns, touch

    junk = [object() for _ in range(random.SystemRandom().randrange(10000))]

    async def member(number, gate, lock, channel):
        with trio.move_on_after(1e-9 * (1 + number % 2)):
            await gate.wait()
        await point(f"mine {number}")
        async with lock:
            touch("ours")
            await sleep_ns(number % 3)
        await channel.send(number)
        await gate.wait()

    async def crowd():
        gate, lock = trio.Event(), trio.Lock()
        send, receive = trio.open_memory_channel(0)
        async with trio.open_nursery() as nursery:
            for number in range(12):
                nursery.start_soon(member, number, gate, lock, send)
            got = [await receive.receive() for _ in range(10)]
            nursery.cancel_scope.cancel()
        return got

    def told(seed):
        order = random.Random(seed)
        with labelled_primitives():
            trace = run_schedule(crowd, lambda ready: order.choice(ready.numbers), time_is_a_choice=bool(seed % 2))
        return attrs.astuple(trace, recurse=False)
"""


def test_the_same_choices_give_the_same_trace_in_processes_with_other_hash_seeds() -> None:
    program = PROGRAM + "    for seed in range(20):\n        print(told(seed), told(seed) == told(seed))\n"
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        for hash_seed in ("0", "1", "4711")
    }
    (text,) = said
    lines = text.splitlines()
    assert len(set(lines)) == 20
    assert "acquire Lock" in text
    assert "Error" not in text
    # Outcomes are equal when what they hold is.
    assert all(line.endswith("True") for line in lines)


def test_chance_follows_from_the_seed_and_not_from_the_choices() -> None:
    async def main() -> float:
        await members([], "ab", 2)
        return current().random("mine").random()

    drawn = {
        (seed, trace.result.unwrap())
        for seed in (1, 2)
        for trace in all_schedules(main, seed=seed)
        if trace.result is not None
    }
    assert len(drawn) == 2
    assert len({value for _, value in drawn}) == 2


# ------------------------------------------------------------------ how a run ends


def test_a_deadlock_is_the_error_of_the_trace_and_all_tasks_clean_up() -> None:
    cleaned = []

    async def main() -> None:
        first, second = trio.Lock(), trio.Lock()

        async def member(one: trio.Lock, other: trio.Lock) -> None:
            try:
                async with one:
                    await trio.lowlevel.checkpoint()
                    async with other:
                        pass
            finally:
                with trio.CancelScope(shield=True):
                    await sleep_ns(5)
                cleaned.append(trio.lowlevel.current_task().name)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(member, first, second, name="a")
            nursery.start_soon(member, second, first, name="b")

    found = [trace for trace in all_schedules(main) if trace.error is not None]
    assert found
    for trace in found:
        assert isinstance(trace.error, DeadlockError)
        assert [str(wait) for wait in trace.error.waits[1:]] == [
            "a waits for Lock 'other', held by b",
            "b waits for Lock 'other', held by a",
        ]
        assert trace.is_wound_up
        assert trace.ends[len(trace.numbers) - 1] == "b"
    assert cleaned.count("a") == cleaned.count("b") >= len(found)


def test_a_run_with_too_many_steps_ends_at_the_limit_and_all_tasks_clean_up() -> None:
    cleaned = []

    async def main() -> None:
        async def polls() -> None:
            try:
                while True:
                    await trio.lowlevel.checkpoint()
            finally:
                cleaned.append(trio.lowlevel.current_task().name)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(polls, name="a")
            nursery.start_soon(polls, name="b")

    trace = run_schedule(main, oldest, step_limit=50)
    assert isinstance(trace.error, StepLimitError)
    assert (
        str(trace.error)
        == "the run was not over after 50 steps; raise step_limit (--step-limit) if it should take longer"
    )
    assert len(trace.numbers) == 50
    assert trace.is_wound_up
    assert sorted(cleaned) == ["a", "b"]


def test_a_run_of_just_so_many_steps_is_within_the_limit() -> None:
    steps = len(run_schedule(lambda: members([], "ab", 3), oldest).numbers)
    assert run_schedule(lambda: members([], "ab", 3), oldest, step_limit=steps).error is None
    assert run_schedule(lambda: members([], "ab", 3), oldest, step_limit=steps - 1).error is not None


@pytest.fixture
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lsart.engine._loop._PATIENCE", 200)


async def stubborn(cleaned: list[str]) -> None:
    """Ignores cancellation."""
    try:
        while True:
            try:
                await trio.lowlevel.checkpoint()
            except trio.Cancelled:
                continue
    finally:
        cleaned.append("stubborn")


async def shielded(cleaned: list[str]) -> None:
    """Cannot be cancelled."""
    try:
        with trio.CancelScope(shield=True):
            while True:
                await trio.lowlevel.checkpoint()
    finally:
        cleaned.append("shielded")


@pytest.mark.usefixtures("little_patience")
def test_tasks_that_ignore_their_cancellation_get_the_step_limit_raised_inside() -> None:
    cleaned: list[str] = []

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stubborn, cleaned)
            nursery.start_soon(shielded, cleaned)

    def in_turn(ready: Ready) -> int:
        assert ready.trace is not None
        return ready.numbers[len(ready.trace.numbers) % len(ready.numbers)]

    trace = run_schedule(main, in_turn, step_limit=20)
    assert isinstance(trace.error, StepLimitError)
    assert trace.error.limit == 20
    assert sorted(cleaned) == ["shielded", "stubborn"]


def test_a_chooser_that_raises_ends_the_run_and_its_error_comes_out() -> None:
    cleaned = []

    async def main() -> None:
        try:
            await members([], "abc", 5)
        finally:
            with trio.CancelScope(shield=True):
                await sleep_ns(1)
            cleaned.append(now_ns())

    def choose(ready: Ready) -> int:
        assert ready.trace is not None
        if len(ready.trace.numbers) == 7:
            raise ZeroDivisionError("the chooser's")
        return oldest(ready)

    before = around_a_run()
    with pytest.raises(ZeroDivisionError, match="the chooser's"):
        run_schedule(main, choose)
    assert cleaned == [1]
    assert around_a_run() == before


def test_what_is_called_before_each_step_hears_of_all_and_can_end_the_run() -> None:
    heard: list[tuple[int, int]] = []

    def before_step(step: int, number: int) -> None:
        heard.append((step, number))

    trace = run_schedule(lambda: members([], "ab", 3), oldest, before_step=before_step)
    assert heard == list(enumerate(trace.numbers))

    def ends(step: int, number: int) -> None:
        if step == 5:
            raise LookupError(number)

    with pytest.raises(LookupError):
        run_schedule(lambda: members([], "ab", 3), oldest, before_step=ends)


def test_what_main_raises_is_the_error_of_the_trace_but_ctrl_c_comes_out() -> None:
    async def main(error: BaseException) -> None:
        await trio.lowlevel.checkpoint()
        raise error

    mine = ValueError("mine")
    assert run_schedule(lambda: main(mine), oldest).error is mine
    with pytest.raises(KeyboardInterrupt):
        run_schedule(lambda: main(KeyboardInterrupt()), oldest)


# ------------------------------------------------------------------ what is around a run


def around_a_run() -> list[object]:
    """All that a run sets and must put back."""
    library = getattr(internals, "sniffio_library", None)
    return [
        vars(_threads)["start_thread_soon"],
        getattr(library, "name", None),
        sys.get_asyncgen_hooks(),
        dict(internals.GLOBAL_RUN_CONTEXT.__dict__),
        signal.getsignal(signal.SIGINT),
        signal.set_wakeup_fd(-1),
        gc.isenabled(),
        internals._r,
        internals._r.getstate(),
        internals._ALLOW_DETERMINISTIC_SCHEDULING,
    ]


async def _returns() -> None:
    await sleep_ns(1)


async def _fails() -> None:
    raise ValueError("mine")


async def _breaks() -> None:
    trio.lowlevel.spawn_system_task(_fails)
    await trio.sleep_forever()


@pytest.mark.parametrize("main", [_returns, _fails, _breaks, trio.sleep_forever])
@pytest.mark.parametrize("runner", [run, lambda main: run_schedule(main, oldest)])
@pytest.mark.parametrize("collects", [True, False])
def test_a_run_leaves_everything_as_it_was_even_after_an_error(
    runner: Callable[[Callable[[], Awaitable[None]]], object], main: Callable[[], Awaitable[None]], collects: bool
) -> None:
    was = gc.isenabled()
    (gc.enable if collects else gc.disable)()
    try:
        before = around_a_run()
        with contextlib.suppress(ValueError, DeadlockError, trio.TrioInternalError):
            runner(main)
        assert around_a_run() == before
        assert before[3] == {}
        assert gc.isenabled() is collects
    finally:
        (gc.enable if was else gc.disable)()


def test_garbage_is_collected_at_fixed_steps_only() -> None:
    collections: list[str] = []

    async def main() -> bool:
        for _ in range(10_000):
            await trio.lowlevel.checkpoint()
        return gc.isenabled()

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            collections.append("collection")

    gc.callbacks.append(note)
    try:
        trace = run_schedule(main, oldest)
    finally:
        gc.callbacks.remove(note)
    assert trace.result is not None
    assert trace.result.unwrap() is False
    assert len(collections) <= 2  # one in the loop; switching the collector on again may start one
