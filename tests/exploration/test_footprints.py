"""What a step touches, when two operations conflict, and which runs are the same but for independent steps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import pytest
import trio
from hypothesis import assume, given
from hypothesis import strategies as st

from lsart.engine import CLOCK, EVERYTHING, Label, Trace, labelled_primitives, own, point, run_schedule, touch
from lsart.exploration._footprints import Footprint, footprints, order_class, trace_hash

LENGTH = 6
kinds = st.sampled_from("rw")


@st.composite
def labels(draw: st.DrawFn, *, has_ranges: bool = True) -> Label:
    """An operation on one of two resources, or a part of it."""
    resource, kind = draw(st.sampled_from("ab")), draw(kinds)
    start, stop = 0, LENGTH
    if has_ranges:
        start = draw(st.integers(0, LENGTH - 1))
        stop = draw(st.integers(start + 1, LENGTH))
    return Label(resource, kind, f"{kind} {resource}[{start}:{stop}]", start, stop)  # type: ignore[arg-type]  # a letter


# ------------------------------------------------------------------ conflicts


def touched(label: Label) -> set[tuple[str, int]]:
    return {(label.resource, place) for place in range(label.start, label.stop)}


@given(labels(), labels())
def test_two_operations_conflict_if_they_share_a_place_and_one_writes(one: Label, other: Label) -> None:
    expected = bool(touched(one) & touched(other)) and "w" in (one.kind, other.kind)
    assert one.conflicts_with(other) == other.conflicts_with(one) == expected


@given(labels())
def test_everything_conflicts_with_whatever_there_is(label: Label) -> None:
    assert EVERYTHING.conflicts_with(label)
    assert label.conflicts_with(EVERYTHING)
    assert EVERYTHING.conflicts_with(EVERYTHING)


# ------------------------------------------------------------------ footprints

A, B, PACKAGE, OTHER = (Label(name, "w", f"write {name}") for name in ("a", "b", "package", "other package"))


def prints_of(main: Callable[[], Awaitable[object]], **options: Any) -> list[tuple[int, Footprint]]:
    """Who ran in a run without interference, and what that touched, with the promise of labels."""
    with labelled_primitives():
        trace = run_schedule(main, lambda ready: ready.canonical(), **options)
    return list(zip(trace.numbers, footprints(trace, labelled=True), strict=True))


def of_task(number: int, found: list[tuple[int, Footprint]]) -> list[set[str] | None]:
    """The names of what each step of a task touched."""
    return [None if each is None else {label.resource for label in each} for task, each in found if task == number]


def test_a_step_touches_what_it_was_announced_with_and_what_it_noted() -> None:
    async def main() -> None:
        await point("a")
        touch("b")

    assert of_task(1, prints_of(main)) == [set(), {"a", "b"}]


def test_without_the_promise_of_labels_a_step_that_was_not_announced_has_unknown_effects() -> None:
    trace = Trace(numbers=[0, 1, 1], labels={1: A}, touched=[(1, B), (2, B)])
    assert footprints(trace, labelled=False) == [None, (A, B), None]
    assert footprints(trace, labelled=True) == [(), (A, B), (B,)]


@pytest.mark.parametrize(
    "trace",
    [
        Trace(numbers=[1], labels={0: EVERYTHING}),
        Trace(numbers=[1], labels={0: A}, touched=[(0, EVERYTHING)]),
        Trace(numbers=[1], labels={0: A}, ends={0: "x"}),
        Trace(numbers=[CLOCK]),
    ],
    ids=["announced", "noted", "ends with an exception", "time"],
)
def test_the_effects_of_a_step_may_be_unknown_in_spite_of_labels(trace: Trace) -> None:
    assert footprints(trace, labelled=True) == [None]


# ------------------------------------------------------------------ owners


def test_every_step_of_an_owner_touches_what_it_owns_until_that_ends() -> None:
    async def main() -> None:
        await point("a")
        own(PACKAGE)
        await trio.lowlevel.checkpoint()
        await point("b")
        own(None)
        await trio.lowlevel.checkpoint()

    assert of_task(1, prints_of(main)) == [set(), {"a", "package"}, {"package"}, {"package", "b"}, set()]


def test_a_step_within_which_the_owner_changes_touches_both() -> None:
    async def main() -> None:
        own(PACKAGE)
        await trio.lowlevel.checkpoint()
        own(OTHER)
        await trio.lowlevel.checkpoint()

    assert of_task(1, prints_of(main)) == [{"package"}, {"package", "other package"}, {"other package"}]


def test_tasks_that_an_owners_task_starts_are_owned_and_so_are_theirs() -> None:
    async def grandchild() -> None:
        await trio.lowlevel.checkpoint()

    async def child() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(grandchild)

    async def owner(nursery: trio.Nursery) -> None:
        own(PACKAGE)
        nursery.start_soon(child)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(owner, nursery)
            nursery.start_soon(trio.lowlevel.checkpoint)

    found = prints_of(main)
    owned = {number: [(each or set()) & {"package"} for each in of_task(number, found)] for number in range(1, 6)}
    assert set().union(*owned[1]) == set()  # who started the owner
    assert owned[2] == [{"package"}]
    assert owned[3] == [set(), set()]  # started beside it
    assert owned[4] == [{"package"}] * 2
    assert owned[5] == [{"package"}] * 2


def test_a_child_started_before_its_parent_was_an_owner_is_not_owned() -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.lowlevel.checkpoint)
            await trio.lowlevel.checkpoint()
            own(PACKAGE)

    assert of_task(2, prints_of(main)) == [set(), set()]


def test_an_owner_that_is_woken_owns_no_more_than_before() -> None:
    async def main() -> None:
        event = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(event.wait)
            await trio.lowlevel.checkpoint()
            await trio.sleep(1)
            own(PACKAGE)
            event.set()

    assert all("package" not in (each or ()) for each in of_task(2, prints_of(main)))


# ------------------------------------------------------------------ the same order but for independent steps


@st.composite
def runs(draw: st.DrawFn, *, has_ranges: bool = False) -> list[tuple[int, tuple[Label, ...], str | None]]:
    """For each step: who, what it touches, and whether it ended with an exception."""
    step = st.tuples(
        st.integers(CLOCK, 3),
        st.lists(labels(has_ranges=has_ranges), max_size=2).map(tuple),
        st.sampled_from([None] * 9 + ["x"]),
    )
    return draw(st.lists(step, min_size=2, max_size=14))


def trace_of(run: list[tuple[int, tuple[Label, ...], str | None]]) -> Trace:
    trace = Trace(numbers=[number for number, _, _ in run])
    for step, (_, operations, end) in enumerate(run):
        if operations:
            trace.labels[step] = operations[0]
            trace.touched += [(step, each) for each in operations[1:]]
        if end is not None:
            trace.ends[step] = end
    return trace


def swapped(run: list[Any], step: int) -> list[Any]:
    return [*run[:step], run[step + 1], run[step], *run[step + 2 :]]


def are_dependent(one: Footprint, other: Footprint) -> bool:
    if one is None or other is None:
        return True
    return any(each.conflicts_with(label) for each in one for label in other)


def check_swap(run: list[Any], place: int, *, labelled: bool) -> None:
    """To swap two neighbours of different tasks changes the class just if they depend on each other."""
    step = place % (len(run) - 1)
    before, after = trace_of(run), trace_of(swapped(run, step))
    one, other, *_ = footprints(before, labelled=labelled)[step:]
    is_other = order_class(before, labelled=labelled) != order_class(after, labelled=labelled)
    assert is_other == are_dependent(one, other)


@given(runs(), st.integers(0, 100), st.booleans())
def test_swapping_neighbours_changes_the_class_just_if_they_depend_on_each_other(
    run: list[Any], place: int, labelled: bool
) -> None:
    step = place % (len(run) - 1)
    assume(run[step][0] != run[step + 1][0])
    check_swap(run, place, labelled=labelled)


def test_writes_to_parts_that_do_not_overlap_may_change_places() -> None:
    check_swap([(1, (Label("a", "w", "", 0, 4),), None), (2, (Label("a", "w", "", 4, 8),), None)], 0, labelled=True)


def test_tasks_that_are_spawned_in_another_order_make_no_other_class() -> None:
    async def child(steps: int) -> None:
        for _ in range(steps):
            await trio.lowlevel.checkpoint()

    async def parent(steps: int) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child, steps)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(parent, 1)
            nursery.start_soon(parent, 2)

    one, other = (run_schedule(main, lambda ready, pick=pick: pick(ready.numbers)) for pick in (min, max))  # type: ignore[misc]
    assert order_class(one, labelled=True) == order_class(other, labelled=True)


@given(runs(has_ranges=True), st.booleans())
def test_the_class_of_a_run_follows_from_the_run_and_fits_64_bits(run: list[Any], labelled: bool) -> None:
    found = order_class(trace_of(run), labelled=labelled)
    assert found == order_class(trace_of(run), labelled=labelled)
    assert 0 <= found < 1 << 64


@given(runs(), st.integers(0, 100))
def test_the_hash_of_a_trace_tells_every_order_apart(run: list[Any], place: int) -> None:
    step = place % (len(run) - 1)
    before, after = trace_of(run), trace_of(swapped(run, step))
    assume((before.numbers, before.labels, before.ends) != (after.numbers, after.labels, after.ends))
    assert trace_hash(before) != trace_hash(after)
    assert trace_hash(before) == trace_hash(attrs.evolve(before))
