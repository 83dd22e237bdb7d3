"""Who can be chosen, time among them, and how what was chosen is counted."""

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from loops import all_schedules, oldest

from lsart.engine import CLOCK, EVERYTHING, Label, Ready, StepLimitError, Trace, now_ns, run_schedule, sleep_ns

# ------------------------------------------------------------------ Ready


class ReadyStates(RuleBasedStateMachine):
    """Numbers come and go; a set says who should be there."""

    def __init__(self) -> None:
        super().__init__()
        self.ready = Ready(None)
        self.ready.has_stopped = False
        self.inside: set[int] = set()

    def moved(self, before: list[int]) -> int:
        """How many places hold another number than before: what an operation cost."""
        after = self.ready.numbers
        return sum(one != other for one, other in zip(before, after, strict=False)) + abs(len(before) - len(after))

    @rule(number=st.integers(CLOCK, 30))
    def come(self, number: int) -> None:
        if number in self.inside:
            return
        before = list(self.ready.numbers)
        self.ready.put_in(number)
        self.inside.add(number)
        assert self.ready.numbers == [*before, number]

    @precondition(lambda self: bool(self.inside))
    @rule(data=st.data())
    def go(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.inside)))
        before = list(self.ready.numbers)
        self.ready.take_out(number)
        self.inside.remove(number)
        assert self.moved(before) <= 2

    @rule(number=st.integers(0, 30))
    def run(self, number: int) -> None:
        self.ready.current = number

    @invariant()
    def each_stands_where_it_is_said_to(self) -> None:
        assert {number: place for place, number in enumerate(self.ready.numbers)} == self.ready.places
        assert set(self.ready.numbers) == self.inside

    @invariant()
    def the_current_task_goes_on_if_it_can_and_time_moves_last(self) -> None:
        current = self.ready.current
        assert self.ready.stays() == (current if current in self.inside else None)
        if self.inside:
            tasks = self.inside - {CLOCK}
            expected = current if current in self.inside else min(tasks, default=CLOCK)
            assert self.ready.canonical() == expected


TestReadyStates = ReadyStates.TestCase


def test_to_take_out_who_is_not_there_is_refused_and_changes_nothing() -> None:
    ready = Ready(None)
    ready.put_in(3)
    with pytest.raises(KeyError):
        ready.take_out(4)
    assert (ready.numbers, ready.places) == ([3], {3: 0})


def test_arrivals_are_noted_for_a_chooser_that_asks_for_them() -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(trio.lowlevel.checkpoint)

    arrived: list[list[int]] = []

    def choose(ready: Ready) -> int:
        assert ready.arrived is not None
        arrived.append(list(ready.arrived))
        ready.arrived.clear()
        return oldest(ready)

    run_schedule(main, choose, notes_arrivals=True)
    assert arrived[0] == [0, 1, 2, 3, 4]
    assert not any(arrived[1:])

    def asks_for_nothing(ready: Ready) -> int:
        assert ready.arrived is None
        return oldest(ready)

    assert run_schedule(main, asks_for_nothing).error is None


# ------------------------------------------------------------------ time


async def work_under_a_timeout() -> bool:
    """Whether the timeout came before the work was done."""
    with trio.move_on_after(1) as scope:
        for _ in range(3):
            await trio.lowlevel.checkpoint()
    return scope.cancelled_caught


async def two_at_work() -> list[bool]:
    found: list[bool] = []

    async def member() -> None:
        found.append(await work_under_a_timeout())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(member)
        nursery.start_soon(member)
    return sorted(found)


def results(time_is_a_choice: bool) -> set[tuple[bool, ...]]:
    found: set[tuple[bool, ...]] = set()
    for trace in all_schedules(two_at_work, time_is_a_choice=time_is_a_choice):
        assert trace.result is not None
        found.add(tuple(trace.result.unwrap()))  # type: ignore[arg-type]  # it is a list
        assert (CLOCK in trace.numbers) <= time_is_a_choice
    return found


def test_a_timeout_comes_while_tasks_can_run_only_if_time_is_a_choice() -> None:
    assert results(time_is_a_choice=False) == {(False, False)}
    assert results(time_is_a_choice=True) == {(False, False), (False, True), (True, True)}


def test_time_stands_among_the_ready_only_while_something_is_to_come() -> None:
    offered: list[bool] = []

    async def main() -> None:
        await trio.lowlevel.checkpoint()
        offered.append(CLOCK in seen[-1])
        with trio.move_on_after(1):
            await trio.lowlevel.checkpoint()
            offered.append(CLOCK in seen[-1])
        await trio.lowlevel.checkpoint()
        offered.append(CLOCK in seen[-1])

    seen: list[list[int]] = [[]]

    def before_step(step: int, number: int) -> None:
        seen.append(list(ready_now[-1].numbers) if ready_now else [])
        ready_now.clear()

    ready_now: list[Ready] = []

    def choose(ready: Ready) -> int:
        ready_now.append(ready)
        return oldest(ready)

    trace = run_schedule(main, choose, time_is_a_choice=True, before_step=before_step)
    assert trace.error is None
    assert offered == [False, True, False]


def test_time_that_is_chosen_moves_to_the_next_instant_and_no_further() -> None:
    async def main() -> list[int]:
        at: list[int] = []

        async def sleeper(ns: int) -> None:
            await sleep_ns(ns)
            at.append(now_ns())

        async with trio.open_nursery() as nursery:
            for ns in (5, 3, 7):
                nursery.start_soon(sleeper, ns)
        return at

    def hurries(ready: Ready) -> int:
        return CLOCK if CLOCK in ready.places else oldest(ready)

    for choose, expected in ((oldest, [3, 5, 7]), (hurries, [5, 5 + 3, 5 + 3 + 7])):
        trace = run_schedule(main, choose, time_is_a_choice=True)
        assert trace.result is not None
        assert trace.result.unwrap() == expected
        assert trace.numbers.count(CLOCK) == 3
        assert trace.time_ns == expected[-1]


def test_idle_waiters_go_before_time_when_time_is_a_choice() -> None:
    async def main() -> int:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(sleep_ns, 10)
            await trio.testing.wait_all_tasks_blocked()
            return now_ns()

    trace = run_schedule(main, oldest, time_is_a_choice=True)
    assert trace.result is not None
    assert trace.result.unwrap() == 0


def test_a_deadlock_is_found_when_time_is_a_choice() -> None:
    async def main() -> None:
        await sleep_ns(3)
        await trio.sleep_forever()

    trace = run_schedule(main, oldest, time_is_a_choice=True)
    assert str(trace.error).startswith("deadlock at virtual time 3 ns")


# ------------------------------------------------------------------ Trace and Label


@pytest.mark.parametrize(
    ("numbers", "ends", "preemptions"),
    [
        ([], {}, 0),
        ([1], {0: "e"}, 0),
        ([1, 1, 1], {2: "e"}, 0),
        ([1, 2], {0: "b", 1: "e"}, 0),
        ([1, 2], {0: "e", 1: "e"}, 0),
        ([1, 2], {0: "x", 1: "e"}, 0),
        ([1, 2, 1], {1: "e", 2: "e"}, 1),
        ([1, 2, 1, 2], {2: "e", 3: "e"}, 2),
        ([1, CLOCK, 1], {0: "b", 2: "e"}, 0),
        ([1, CLOCK, 2], {0: "b", 2: "e"}, 0),
        ([1, CLOCK, 1], {2: "e"}, 1),
        ([CLOCK, 1], {1: "e"}, 0),
    ],
)
def test_a_preemption_is_a_task_that_could_go_on_and_did_not(
    numbers: list[int], ends: dict[int, str], preemptions: int
) -> None:
    assert Trace(numbers=numbers, ends=ends).preemptions == preemptions


def test_the_canonical_schedule_has_no_preemptions_and_every_other_has() -> None:
    async def main() -> None:
        async def member() -> None:
            await trio.lowlevel.checkpoint()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(member)
            nursery.start_soon(member)

    assert run_schedule(main, Ready.canonical).preemptions == 0
    # a b in any order: aabb and bbaa, abba and baab, abab and baba
    assert sorted(trace.preemptions for trace in all_schedules(main)) == [0, 0, 1, 1, 2, 2]


parts = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted)


@given(st.sampled_from("rw"), parts, st.sampled_from("rw"), parts)
def test_labels_conflict_when_a_byte_is_shared_and_one_side_writes(
    one: str, here: list[int], other: str, there: list[int]
) -> None:
    first, second = Label("a", one, "", *here), Label("a", other, "", *there)  # type: ignore[arg-type]
    shared = set(range(*here)) & set(range(*there))
    if here[0] < here[1] and there[0] < there[1]:
        assert first.conflicts_with(second) == second.conflicts_with(first) == (bool(shared) and "w" in one + other)
    assert not first.conflicts_with(second._replace(resource="b"))
    assert first.conflicts_with(EVERYTHING)
    assert EVERYTHING.conflicts_with(first)


def test_the_step_limit_is_told_in_words() -> None:
    assert str(StepLimitError(1_000_000)).startswith("the run was not over after 1,000,000 steps")
