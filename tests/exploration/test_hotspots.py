"""Hot spots: what two tasks touch, one of them at least writing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import trio
from hypothesis import example, given
from hypothesis import strategies as st

from lsart.engine import EVERYTHING, Label, Ready, Trace, own, run_schedule
from lsart.exploration import HotSpots

LENGTH = 8
Access = tuple[int, str, int, int]
"""Who, ``r`` or ``w``, and the part of the resource from where to where."""


def label(kind: str, start: int, stop: int, resource: str = "section") -> Label:
    return Label(resource, kind, f"{kind} {resource}[{start}:{stop}]", start, stop)  # type: ignore[arg-type]  # a letter


def trace_of(accesses: Sequence[Access], *, announced: bool = True) -> Trace:
    """One access in each step."""
    operations = [label(kind, start, stop) for _, kind, start, stop in accesses]
    numbers = [task for task, *_ in accesses]
    if announced:
        return Trace(numbers=numbers, labels=dict(enumerate(operations)))
    return Trace(numbers=numbers, touched=list(enumerate(operations)))


def learnt(*traces: Trace, labelled: bool = True) -> HotSpots:
    hot = HotSpots(labelled=labelled)
    for each in traces:
        hot.learn(each)
    return hot


def hot_parts(accesses: Sequence[Access]) -> set[tuple[int, int]]:
    """The parts at which an access conflicts with one of another task."""
    return {
        (one[2], one[3])
        for one in accesses
        for other in accesses
        if one[0] != other[0] and label(*one[1:]).conflicts_with(label(*other[1:]))
    }


@st.composite
def accesses(draw: st.DrawFn, *, overlap: bool) -> list[Access]:
    def access() -> st.SearchStrategy[Access]:
        parts = [(start, stop) for start in range(LENGTH) for stop in range(start + 1, LENGTH + 1)]
        if not overlap:
            parts = [(start, start + 2) for start in range(0, LENGTH, 2)]
        return st.builds(
            lambda task, kind, part: (task, kind, *part),
            st.integers(1, 3),
            st.sampled_from("rw"),
            st.sampled_from(parts),
        )

    return draw(st.lists(access(), max_size=12))


@given(accesses(overlap=False), st.booleans())
def test_what_two_tasks_touch_and_one_writes_is_hot_and_nothing_else(found: list[Access], announced: bool) -> None:
    hot = learnt(trace_of(found, announced=announced))
    expected = hot_parts(found)
    for start in range(0, LENGTH, 2):
        assert hot.are_at(label("r", start, start + 2)) == ((start, start + 2) in expected)


@given(accesses(overlap=True))
@example([(1, "r", 0, 4), (2, "w", 3, 4), (1, "r", 0, 2), (2, "w", 0, 4)])
def test_no_part_that_overlaps_what_another_task_touches_is_missed(found: list[Access]) -> None:
    hot = learnt(trace_of(found))
    assert [part for part in sorted(hot_parts(found)) if not hot.are_at(label("r", *part))] == []


def test_a_part_is_hot_because_of_an_overlapping_one() -> None:
    hot = learnt(trace_of([(1, "w", 0, 4), (2, "r", 3, 6), (2, "r", 6, 8)]))
    assert hot.are_at(label("w", 0, 4))
    assert hot.are_at(label("r", 3, 6))
    assert not hot.are_at(label("r", 6, 8))
    assert not hot.are_at(label("r", 0, 3))  # nobody has touched just that so far


@pytest.mark.parametrize(
    "found",
    [
        [(1, "w", 0, 4), (1, "r", 0, 4), (1, "w", 2, 6)],
        [(1, "r", 0, 4), (2, "r", 0, 4), (3, "r", 2, 6)],
        [(1, "w", 0, 4), (2, "w", 4, 8)],
    ],
    ids=["one task", "only read", "side by side"],
)
def test_what_cannot_matter_stays_cold(found: list[Access]) -> None:
    hot = learnt(trace_of(found))
    assert not any(hot.are_at(label("w", start, stop)) for _, _, start, stop in found)


def test_it_learns_over_several_schedules() -> None:
    hot = learnt(trace_of([(1, "r", 0, 4)]), trace_of([(2, "r", 0, 4)]))
    assert not hot.are_at(label("r", 0, 4))
    hot.learn(trace_of([(1, "w", 0, 4)]))
    assert hot.are_at(label("r", 0, 4))


def test_parts_of_different_resources_do_not_meet() -> None:
    hot = learnt(Trace(numbers=[1, 2], labels={0: label("w", 0, 4, "one"), 1: label("w", 0, 4, "other")}))
    assert not hot.are_at(label("w", 0, 4, "one"))


@pytest.mark.parametrize("labelled", [False, True])
def test_an_operation_that_was_not_announced_is_hot_without_the_promise_of_labels(labelled: bool) -> None:
    assert HotSpots(labelled=labelled).are_at(None) is not labelled


def test_what_touches_everything_is_hot() -> None:
    assert HotSpots(labelled=True).are_at(EVERYTHING)


def test_what_two_owners_tasks_share_is_hot() -> None:
    package = label("w", 0, LENGTH, "package")
    hot = learnt(Trace(numbers=[1, 2], owned=[(0, 1, package), (1, 2, package)]))
    assert hot.are_at(package)
    ready = Ready(None)
    assert not hot.are_next(ready, 1, 0)
    ready.owners[1] = package
    assert hot.are_next(ready, 1, 0)


def test_what_only_one_owners_task_touches_is_not() -> None:
    package = label("w", 0, LENGTH, "package")
    hot = learnt(Trace(numbers=[1, 1], owned=[(0, 1, package), (1, 1, None)]))
    assert not hot.are_at(package)


def test_a_step_that_touches_something_hot_without_announcing_it_is_known_the_next_time() -> None:
    hot, ready = HotSpots(labelled=True), Ready(None)
    assert not hot.are_next(ready, 2, 1)
    shared = label("w", 0, 4)
    hot.learn(Trace(numbers=[1, 2, 2], touched=[(0, shared), (2, shared)]))
    assert hot.are_next(ready, 2, 1)
    assert not hot.are_next(ready, 2, 0)


def test_a_child_of_an_owners_task_is_hot_with_it() -> None:
    package = label("w", 0, LENGTH, "package")

    async def child() -> None:
        await trio.lowlevel.checkpoint()

    async def parent() -> None:
        own(package)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(parent)
            nursery.start_soon(parent)

    hot = HotSpots(labelled=True)
    seen: set[int] = set()

    def choose(ready: Ready) -> int:
        seen.update(number for number in ready.numbers if hot.are_next(ready, number, 0))
        return ready.canonical()

    for _ in range(2):
        hot.learn(run_schedule(main, choose))
    assert {4, 5} <= seen  # the children
