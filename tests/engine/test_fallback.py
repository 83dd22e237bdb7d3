"""On a trio on which our loop does not work, runs take place in trio's own, and one warning says so."""

import random
import warnings
from collections.abc import Iterator

import pytest
import trio
from loops import oldest

from lsart.engine import (
    DeadlockError,
    Ready,
    StepLimitError,
    Trace,
    _trio,
    current,
    labelled_primitives,
    now_ns,
    point,
    run,
    run_schedule,
    sleep_ns,
)
from lsart.engine._canary import loop_works


@pytest.fixture
def another_trio(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One that lacks what the loop needs."""

    def enter(*_: object, **__: object) -> None:
        raise AttributeError("Runner has no 'runq'")

    loop_works.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(_trio, "enter", enter)
        yield
    loop_works.cache_clear()


@pytest.fixture
def in_trios_loop(another_trio: None) -> None:
    with pytest.warns(RuntimeWarning, match="trio's own"):
        assert not loop_works()


async def _returns() -> int:
    await sleep_ns(3)
    return now_ns()


@pytest.mark.usefixtures("another_trio")
def test_one_warning_says_that_the_loop_does_not_work_and_on_which_trio() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert run(_returns) == 3
        assert run(_returns) == 3
        assert run_schedule(_returns, oldest).time_ns == 3
    assert [each.category for each in caught] == [RuntimeWarning]
    said = str(caught[0].message)
    assert f"trio {trio.__version__}" in said
    assert "Runner has no 'runq'" in said


def test_no_warning_comes_where_the_loop_works() -> None:
    loop_works.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(_returns) == 3
    assert loop_works()


def crowd(seed: int) -> list[int]:
    """The order in which tasks of equal rank go."""

    async def main() -> list[int]:
        order: list[int] = []

        async def member(number: int) -> None:
            for _ in range(2):
                await sleep_ns(current().random(number).randrange(2))
                order.append(number)

        async with trio.open_nursery() as nursery:
            for number in range(10):
                nursery.start_soon(member, number)
        return order

    return run(main, seed=seed)


@pytest.mark.usefixtures("in_trios_loop")
def test_a_run_follows_from_its_seed() -> None:
    assert crowd(1) == crowd(1)
    assert len({tuple(crowd(seed)) for seed in range(5)}) == 5


@pytest.mark.usefixtures("in_trios_loop")
def test_a_run_ends_with_its_deadlock() -> None:
    cleaned = []

    async def main() -> None:
        try:
            await trio.sleep_forever()
        finally:
            cleaned.append("main")

    with pytest.raises(DeadlockError, match="main waits for sleep_forever"):
        run(main)
    assert cleaned == ["main"]


def explored(seed: int, steps: int = 3, step_limit: int = 10_000) -> tuple[str, Trace]:
    """A schedule of three tasks that is chosen by chance."""
    chance = random.Random(seed)
    order = ""

    async def main() -> None:
        async def member(name: str) -> None:
            nonlocal order
            for _ in range(steps):
                order += name
                await trio.lowlevel.checkpoint()

        async with trio.open_nursery() as nursery:
            for name in "abc":
                nursery.start_soon(member, name, name=name)

    trace = run_schedule(main, lambda ready: chance.choice(ready.numbers), step_limit=step_limit)
    return order, trace


@pytest.mark.usefixtures("in_trios_loop")
def test_a_schedule_follows_from_the_choices() -> None:
    for seed in range(5):
        (one, first), (other, second) = explored(seed), explored(seed)
        assert one == other
        assert first.numbers == second.numbers
        assert first.woken == second.woken
    orders = {explored(seed)[0] for seed in range(100)}
    assert len(orders) > 50
    assert any("aaa" in order for order in orders)


@pytest.mark.usefixtures("in_trios_loop")
def test_a_schedule_that_deadlocks_has_it_as_its_error() -> None:
    cleaned = []

    async def main() -> None:
        lock = trio.Lock()

        async def member() -> None:
            try:
                await lock.acquire()
                await trio.sleep_forever()
            finally:
                cleaned.append(trio.lowlevel.current_task().name)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(member, name="a")
            nursery.start_soon(member, name="b")

    trace = run_schedule(main, oldest)
    assert isinstance(trace.error, DeadlockError)
    assert [str(wait) for wait in trace.error.waits[1:]] == [
        "a waits for sleep_forever",
        "b waits for Lock 'lock', held by a",
    ]
    assert trace.is_wound_up
    assert sorted(cleaned) == ["a", "b"]


@pytest.mark.usefixtures("in_trios_loop")
def test_a_schedule_ends_at_its_limit() -> None:
    for _ in range(2):
        _, trace = explored(1, steps=1000, step_limit=30)
        assert isinstance(trace.error, StepLimitError)
        assert trace.error.limit == 30
        assert len(trace.numbers) == 30
        assert trace.is_wound_up


@pytest.mark.usefixtures("in_trios_loop")
def test_a_chooser_that_raises_ends_the_run_and_its_error_comes_out() -> None:
    cleaned = []

    async def main() -> None:
        async def member() -> None:
            try:
                while True:
                    await trio.lowlevel.checkpoint()
            finally:
                cleaned.append("member")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(member)
            nursery.start_soon(member)

    def choose(ready: Ready) -> int:
        assert ready.trace is not None
        if len(ready.trace.numbers) == 9:
            raise ZeroDivisionError("the chooser's")
        return oldest(ready)

    with pytest.raises(ZeroDivisionError, match="the chooser's"):
        run_schedule(main, choose)
    assert cleaned == ["member", "member"]


@pytest.mark.usefixtures("in_trios_loop")
def test_ctrl_c_comes_out_of_a_schedule() -> None:
    async def main() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_schedule(main, oldest)


@pytest.mark.usefixtures("in_trios_loop")
def test_labels_are_noted() -> None:
    async def main() -> None:
        await point("a")
        async with trio.Lock():
            pass

    with labelled_primitives():
        trace = run_schedule(main, oldest)
    assert trace.error is None
    assert next(str(label) for label in trace.labels.values()) == "write a"
    assert len(trace.labels) == 2
    assert "Lock" in str([label for _, label in trace.touched])
