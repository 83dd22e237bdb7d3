"""PCT hits a bug of depth d among n tasks with k steps with a chance of at least 1 / (n * k^(d-1)): exactly where all
that it can draw is gone through, and measured on programs where the bound is tight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, permutations
from random import Random

import pytest
from pct import PROGRAMS, Hard, measure, one_first, one_stopped, pct_for, random_for, upper_limit

from lsart.engine import Ready
from lsart.exploration import PCT, FairPCT

SCHEDULES = 800

# ------------------------------------------------------------------ measured


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_the_guarantee_holds_with_a_confidence_of_999_in_1000(program: Hard) -> None:
    assert measure(program, pct_for(program), SCHEDULES).upper >= program.bound


def test_random_walk_does_not_give_it() -> None:
    hard = [each for each in PROGRAMS if each.is_tight]
    failed = [each.name for each in hard if measure(each, random_for(each), SCHEDULES).upper < each.bound]
    assert len(failed) > len(hard) / 2


@pytest.mark.parametrize("program", [one_first(4, 3), one_stopped(2, 5, 2), one_stopped(3, 3, 1)])
def test_the_bound_is_tight_where_it_is_said_to_be(program: Hard) -> None:
    found = measure(program, pct_for(program), SCHEDULES)
    # The lower limit: misses are hits of the opposite.
    assert 1 - upper_limit(found.schedules - found.hits, found.schedules) <= program.bound <= found.upper


@pytest.mark.parametrize(
    ("hits", "trials", "limit"), [(0, 10, 0.2589), (1, 10, 0.3942), (5, 10, 0.7776), (10, 10, 1.0), (0, 1000, 0.0030)]
)
def test_the_confidence_limit_is_that_of_clopper_and_pearson(hits: int, trials: int, limit: float) -> None:
    assert upper_limit(hits, trials, 0.05) == pytest.approx(limit, abs=5e-5)


# ------------------------------------------------------------------ gone through

Operation = tuple[int, int]
"""A task and which of its steps."""


class Drawn(Random):
    """Chance that was decided on before: the priorities in their order, and where they change."""

    def __init__(self, priorities: Sequence[int], changes: Sequence[int]) -> None:
        super().__init__(0)
        self.priorities = [each / 100 for each in reversed(priorities)]
        self.changes = list(changes)

    def random(self) -> float:
        return self.priorities.pop()

    def sample(self, population: object, k: int, *, counts: object = None) -> list[int]:  # type: ignore[override]
        assert len(self.changes) == k
        return self.changes


def runs(steps: Sequence[int], depth: int) -> Iterator[dict[Operation, int]]:
    """For all that PCT can draw: when each operation ran, of tasks that take so many steps."""
    for priorities in permutations(range(len(steps))):
        for changes in permutations(range(sum(steps)), depth - 1):
            yield {operation: place for place, operation in enumerate(run(steps, depth, Drawn(priorities, changes)))}


def run(steps: Sequence[int], depth: int, stream: Random) -> Iterator[Operation]:
    strategy = PCT(stream, depth, sum(steps))
    ready = Ready(None, notes_arrivals=True)
    for task in range(len(steps)):
        ready.put_in(task)
    ready.arrived = list(ready.numbers)
    done = [0] * len(steps)
    strategy.begin(0)
    while ready.numbers:
        task = strategy.choose(ready) if len(ready.numbers) > 1 else ready.numbers[0]
        yield task, done[task]
        ready.current = task
        done[task] += 1
        if done[task] == steps[task]:
            ready.take_out(task)


def can_all_hold(constraints: Sequence[tuple[Operation, Operation]], steps: Sequence[int]) -> bool:
    """Whether some order of the operations has the first of each pair before the second."""
    later = {
        (task, step): {(task, step - 1)} - {(task, -1)} for task, count in enumerate(steps) for step in range(count)
    }
    for first, second in constraints:
        later[second].add(first)
    left = dict(later)
    while free := [operation for operation, before in left.items() if not before & left.keys()]:
        for operation in free:
            del left[operation]
    return not left


@pytest.mark.parametrize(
    ("steps", "depth"),
    [
        ((3, 3), 1),
        ((2, 2, 2), 1),
        ((3, 3), 2),
        ((2, 5), 2),
        ((2, 2, 2), 2),
        ((3, 3), 3),
        ((2, 2, 1), 3),
    ],
)
def test_no_bug_within_the_depth_is_hit_less_often_than_promised(steps: tuple[int, ...], depth: int) -> None:
    drawn = list(runs(steps, depth))
    bound = Fraction(1, len(steps) * sum(steps) ** (depth - 1))
    operations = list(drawn[0])
    pairs = [(one, other) for one in operations for other in operations if one[0] != other[0]]
    chances = [
        Fraction(sum(all(when[one] < when[other] for one, other in bug) for when in drawn), len(drawn))
        for bug in combinations(pairs, depth)
        if can_all_hold(bug, steps)
    ]
    assert chances
    assert min(chances) >= bound


def test_tasks_that_must_be_stopped_one_inside_the_other_are_hit_at_depth_six() -> None:
    # 0 is stopped after a step, then 1, then 2; 3 runs; then 2 must end before 1, and that before 0.
    wanted = [(0, 0), (1, 0), (2, 0), (3, 0), (2, 1), (1, 1), (0, 1)]
    assert wanted in [list(when) for when in runs((2, 2, 2, 1), 6)]


# ------------------------------------------------------------------ its settings


@pytest.mark.parametrize("kind", [PCT, FairPCT])
@pytest.mark.parametrize("depth", [0, -1])
def test_a_depth_below_one_is_refused(kind: type[PCT], depth: int) -> None:
    with pytest.raises(ValueError, match=f"a depth of at least 1, not {depth}"):
        kind(Random(0), depth)
