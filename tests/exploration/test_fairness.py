"""Tasks that poll: no schedule makes a failure of a correct program, and one that never ends is still found."""

from __future__ import annotations

from itertools import pairwise

import pytest
import trio

from lsart.engine import CLOCK, Ready, point, run_schedule
from lsart.exploration import STRATEGIES, explore, replay
from lsart.report import exploration_report, failure_report

LIMIT = 60


async def polls_until_it_is_set() -> None:
    is_set = False

    async def polls() -> None:
        while not is_set:
            await point("flag", "r")

    async def sets() -> None:
        nonlocal is_set
        for _ in range(3):
            await point("flag")
        is_set = True

    async with trio.open_nursery() as nursery:
        nursery.start_soon(polls)
        nursery.start_soon(sets)


async def polls_for_what_never_comes() -> None:
    async def polls() -> None:
        while True:
            await point("flag", "r")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(polls)
        nursery.start_soon(point, "other")


async def polls_and_then_it_is_wrong() -> None:
    await polls_until_it_is_set()
    raise ValueError("wrong anyway")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_no_strategy_fails_a_correct_program_that_polls(strategy: str) -> None:
    told = explore(polls_until_it_is_set, strategy=strategy, schedules=60, step_limit=LIMIT)
    assert told.failures == ()


def test_schedules_that_went_on_in_turns_are_counted_and_prove_nothing() -> None:
    told = explore(polls_until_it_is_set, strategy="dfs", schedules=100_000, step_limit=30)
    assert told.is_exhausted
    assert told.long > 0
    assert not told.is_sound
    screen = exploration_report(told, []).plain
    assert f"{told.long:,} schedules had taken half of the step limit" in " ".join(screen.split())
    assert "no schedule fails of those that fit into half of the step limit" in " ".join(screen.split())


def test_one_that_polls_for_what_never_comes_fails_and_replays() -> None:
    told = explore(polls_for_what_never_comes, step_limit=LIMIT)
    assert told.failure is not None
    assert told.failure.symptom.kind == "step limit"
    assert told.failure.story.splitlines()[1:3] == [
        "polls runs (steps 3 to 30), and is not left alone any longer",
        "polls and point go on in turns (steps 31 to 60)",
    ]
    again = replay(polls_for_what_never_comes, told.failure.line)
    assert again.is_exact
    assert again.story == told.failure.story


def test_a_failure_after_turns_began_replays() -> None:
    told = explore(polls_and_then_it_is_wrong, strategy="dfs", schedules=1, step_limit=LIMIT)
    assert told.long == 1
    assert told.failure is not None
    assert told.failure.symptom.kind == "ValueError"
    assert replay(polls_and_then_it_is_wrong, told.failure.line).is_exact


def test_turns_are_no_preemptions_and_nobody_is_asked_for_them() -> None:
    asked: list[int] = []

    def choose(ready: Ready) -> int:
        assert ready.trace is not None
        asked.append(len(ready.trace.numbers))
        return min(each for each in ready.numbers if each != CLOCK)

    trace = run_schedule(polls_until_it_is_set, choose, step_limit=LIMIT)
    assert trace.error is None
    assert trace.turns_from == LIMIT // 2
    assert max(asked) <= LIMIT // 2
    assert trace.preemptions <= 1
    tail = trace.numbers[trace.turns_from :]
    assert all(a != b for a, b in pairwise(tail[:5]))


async def lost_update_beside_one_that_polls() -> None:
    balance, is_done = 0, False

    async def polls() -> None:
        while not is_done:
            await point("done", "r")

    async def adds() -> None:
        nonlocal balance, is_done
        await point("balance", "r")
        seen = balance
        await point("balance")
        balance = seen + 1
        await point("done")
        is_done = True

    async with trio.open_nursery() as nursery:
        nursery.start_soon(polls)
        nursery.start_soon(adds)
        nursery.start_soon(adds)
    assert balance == 2


@pytest.mark.parametrize("strategy", ["random", "pct", "urw"])
def test_shrinking_does_not_trade_preemptions_for_turns(strategy: str) -> None:
    failure = explore(lost_update_beside_one_that_polls, strategy=strategy, step_limit=2000).failure
    assert failure is not None
    assert failure.turns_from is None
    assert failure.steps < 30
    assert failure.preemptions == 1
    assert failure.is_minimal is None, "schedules that went on in turns prove nothing"


def test_a_failure_in_turns_says_so_where_it_counts_preemptions() -> None:
    failure = explore(polls_for_what_never_comes, step_limit=LIMIT).failure
    assert failure is not None
    assert failure.turns_from == LIMIT // 2
    assert "before step 31; from there on tasks took turns" in " ".join(failure_report(failure, "t").plain.split())
