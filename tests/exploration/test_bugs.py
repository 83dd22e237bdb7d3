"""The seeded bugs are what the catalogue says: as deep, as rare, and told in words."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
import trio
from _bugs import BUGS, Bug, SeededBug
from _bugs_held_out import HELD_OUT

from lsart.engine import DeadlockError, Trace, labelled_primitives, run_schedule
from lsart.exploration import DFS, DPOR, RandomWalk, Strategy

SIZE, SMALL = (4, 10), (3, 3)
each_bug = pytest.mark.parametrize("bug", [*BUGS, *HELD_OUT], ids=lambda bug: bug.name)


@pytest.fixture(autouse=True)
def labels() -> Iterator[None]:
    with labelled_primitives():
        yield


def traces(bug: SeededBug, strategy: Strategy, cap: int, size: tuple[int, int] = SIZE) -> Iterator[Trace]:
    """What happens in one schedule after the other; it ends when the strategy has nothing left to try."""
    model = bug.make(*size)
    for schedule in range(cap):
        if not strategy.begin(schedule):
            return
        trace = run_schedule(model, strategy.choose, time_is_a_choice=bug.time_is_a_choice, step_limit=10_000)
        strategy.end(trace)
        yield trace
    assert not isinstance(strategy, DFS | DPOR), f"not everything was tried in {cap} schedules"


def first_failure(bug: SeededBug, strategy: Strategy, cap: int, size: tuple[int, int] = SIZE) -> Trace | None:
    return next((trace for trace in traces(bug, strategy, cap, size) if trace.error is not None), None)


def causes(error: BaseException | None) -> list[BaseException | None]:
    if isinstance(error, BaseExceptionGroup):
        return [cause for each in error.exceptions for cause in causes(each)]
    return [error]


def test_there_are_fifteen_bugs_and_ten_held_out_and_no_two_have_one_name() -> None:
    assert len(BUGS) == 15
    assert len(HELD_OUT) == 10
    assert len({bug.name for bug in (*BUGS, *HELD_OUT)}) == 25


def test_at_least_three_of_the_bugs_held_out_are_deep() -> None:
    assert sum(bug.depth == 3 for bug in HELD_OUT) >= 3


@each_bug
def test_a_bug_says_where_it_is_from(bug: SeededBug) -> None:
    assert bug.source[-4:].isdigit(), "a source ends with its year"


@each_bug
def test_a_bug_is_of_depth_two_or_three(bug: SeededBug) -> None:
    assert bug.depth in (2, 3)


@each_bug
def test_no_schedule_of_fewer_preemptions_shows_a_bug(bug: SeededBug) -> None:
    assert first_failure(bug, DFS(bug.depth - 2), 3000) is None


@each_bug
def test_a_bug_of_depth_d_needs_d_minus_one_preemptions(bug: SeededBug) -> None:
    trace = first_failure(bug, DFS(bug.depth - 1), 3000)
    assert trace is not None
    assert trace.preemptions == bug.depth - 1


@each_bug
def test_a_bug_is_told_in_words_or_is_a_deadlock(bug: SeededBug) -> None:
    trace = first_failure(bug, DFS(bug.depth - 1), 3000)
    assert trace is not None
    (cause,) = causes(trace.error)
    assert isinstance(cause, Bug | DeadlockError)
    assert " " in str(cause)


@each_bug
def test_orders_drawn_at_random_seldom_show_a_bug(bug: SeededBug) -> None:
    failures = sum(trace.error is not None for trace in traces(bug, RandomWalk(Random(1)), 1000))
    assert failures <= 50


@each_bug
def test_labels_say_all_that_is_shared(bug: SeededBug) -> None:
    # Were an access not announced, a search that trusts labels would not try the order that fails.
    # A deadline conflicts with every step, so where time is a choice, steps that concern nobody cost schedules too.
    size = SMALL if bug.time_is_a_choice else SIZE
    assert first_failure(bug, DPOR(labelled=True), 3000, size) is not None


@pytest.mark.parametrize("size", [SIZE, (8, 50)], ids=["4x10", "8x50"])
@each_bug
def test_a_model_runs_to_its_end_in_trios_own_loop(bug: SeededBug, size: tuple[int, int]) -> None:
    model = bug.make(*size)

    async def main() -> bool:
        with trio.move_on_after(10) as patience:
            await model()
        return patience.cancelled_caught

    assert not trio.run(main)


@each_bug
def test_a_model_takes_about_the_steps_it_is_asked_for(bug: SeededBug) -> None:
    (trace,) = traces(bug, RandomWalk(Random(0)), 1)
    tasks, steps = SIZE
    assert tasks * steps <= len(trace.numbers) <= 1.5 * tasks * steps
