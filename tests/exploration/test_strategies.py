"""What every strategy keeps to, and what each one is chosen for."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import pairwise
from random import Random
from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from lsart.contract import ConfigurationError
from lsart.engine import CLOCK, Ready, Trace, labelled_primitives, point, run_schedule
from lsart.exploration import (
    DFS,
    PCT,
    STRATEGIES,
    HotSpots,
    Lockstep,
    Portfolio,
    RandomWalk,
    Selective,
    Strategy,
    StrategySettings,
    UniformRandomWalk,
    make_strategy,
)

Main = Callable[[], Awaitable[object]]


def traces(main: Main, strategy: Strategy, schedules: int | None = None, **options: Any) -> list[Trace]:
    """So many schedules, or all there are. Whoever is chosen must be ready."""

    def choose(ready: Ready) -> int:
        chosen = strategy.choose(ready)
        assert chosen in ready.places
        return chosen

    found: list[Trace] = []
    with labelled_primitives():
        while len(found) != schedules and strategy.begin(len(found)):
            found.append(run_schedule(main, choose, notes_arrivals=strategy.notes_arrivals, **options))
            strategy.end(found[-1])
    return found


def members(*steps: int, resource: str | None = None) -> Main:
    """Tasks that take so many steps each; they share nothing or announce one resource."""

    async def member(count: int) -> None:
        for step in range(count):
            if step:
                await (trio.lowlevel.checkpoint() if resource is None else point(resource))

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for count in steps:
                nursery.start_soon(member, count)

    return main


def order(trace: Trace) -> tuple[int, ...]:
    """Who ran, of the tasks that the main task started."""
    return tuple(number - 2 for number in trace.numbers if number >= 2)


async def messy() -> None:
    """Locks, timeouts that come together, an event for many, a hand-over and a cancellation."""
    lock, event = trio.Lock(), trio.Event()
    send, receive = trio.open_memory_channel[int](0)

    async def member(number: int) -> None:
        with trio.move_on_after(1 + number % 2):
            await event.wait()
        async with lock:
            await point("shared", "rw"[number % 2])  # type: ignore[arg-type]  # one letter of the two
        await point(f"private {number}")
        await send.send(number)

    async with trio.open_nursery() as nursery:
        for number in range(5):
            nursery.start_soon(member, number)
        await receive.receive()
        event.set()
        for _ in range(2):
            await receive.receive()
        nursery.cancel_scope.cancel()


# ------------------------------------------------------------------ all of them


def made(name: str) -> Strategy:
    return make_strategy(name, Random("strategies"), StrategySettings(labelled=True))


def numbers(name: str, schedules: int = 12) -> list[list[int]]:
    return [each.numbers for each in traces(messy, made(name), schedules, time_is_a_choice=True)]


@pytest.mark.parametrize("name", STRATEGIES)
def test_it_chooses_who_is_ready_and_the_same_from_the_same_stream(name: str) -> None:
    first = numbers(name)
    assert len(first) == 12
    assert first == numbers(name)


@pytest.mark.parametrize("name", sorted(set(STRATEGIES) - {"dfs", "dpor"}))
def test_it_lets_time_come_while_tasks_can_run(name: str) -> None:
    assert any(CLOCK in each[:-20] for each in numbers(name, 30))


def digest() -> str:
    return hashlib.sha256(repr([(name, numbers(name)) for name in STRATEGIES]).encode()).hexdigest()


def test_all_choose_the_same_in_a_process_with_another_hash_seed() -> None:
    program = (
        f"import sys; sys.path[:0] = {sys.path!r}; import {__name__.rpartition('.')[2]} as tests; print(tests.digest())"
    )
    said = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": os.path.dirname(__file__)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert said.strip() == digest()


@pytest.mark.parametrize("name", STRATEGIES)
def test_it_works_with_two_hundred_tasks(name: str) -> None:
    for trace in traces(members(*[3] * 200, resource="shared"), made(name), 2):
        assert trace.error is None
        assert Counter(order(trace)) == dict.fromkeys(range(200), 3)


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="'best'") as caught:
        made("best")
    assert all(name in str(caught.value) for name in STRATEGIES)


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("pct", StrategySettings(depth=0), "strategy 'pct'.*at least 1, not 0"),
        ("fair-pct", StrategySettings(depth=-1), "strategy 'fair-pct'.*at least 1, not -1"),
        ("dfs", StrategySettings(preemptions=-1), "strategy 'dfs'.*0 preemptions or more, not -1"),
    ],
)
def test_a_setting_out_of_range_is_refused_with_what_it_may_be(
    name: str, settings: StrategySettings, told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        make_strategy(name, Random(0), settings)


# ------------------------------------------------------------------ random walk and URW


def test_the_choice_of_random_walk_is_uniform() -> None:
    ready = Ready(None)
    for number in range(5):
        ready.put_in(number)
    walk, draws = RandomWalk(Random(1)), 5000
    counts = Counter(walk.choose(ready) for _ in range(draws))
    chi_square = sum((counts[number] - draws / 5) ** 2 / (draws / 5) for number in range(5))
    assert chi_square < 18.47  # 4 degrees of freedom, 99.9 %


def distance_from_uniform(strategy: Strategy, *steps: int, orders: int) -> float:
    schedules = 1500
    counts = Counter(order(each) for each in traces(members(*steps), strategy, schedules))
    assert len(counts) == orders
    return sum(abs(count / schedules - 1 / orders) for count in counts.values()) / 2


def test_urw_is_nearer_to_uniform_over_interleavings_than_random_walk() -> None:
    walk = distance_from_uniform(RandomWalk(Random(1)), 1, 5, orders=6)
    uniform = distance_from_uniform(UniformRandomWalk(Random(1)), 1, 5, orders=6)
    assert walk > 0.3
    assert uniform < 0.05


# ------------------------------------------------------------------ PCT


def test_pct_of_depth_one_never_preempts_tasks_that_wake_nobody() -> None:
    found = traces(members(4, 4, 4), PCT(Random(1), 1), 100)
    assert {each.preemptions for each in found} == {0}
    assert len({order(each) for each in found}) == 6


class NaivePCT:
    """PCT that looks at all priorities each time."""

    def __init__(self, stream: Random, depth: int, steps: int) -> None:
        self.random = stream.random
        self.changes = list(stream.sample(range(steps), depth - 1))  # priorities go by the order of drawing
        self.priorities: dict[int, float] = {}
        self.decided = 0

    def choose(self, ready: Ready) -> int:
        for task in ready.arrived or ():
            if task not in self.priorities:
                self.priorities[task] = 1.0 + self.random()
        if self.decided in self.changes:
            best = max(ready.numbers, key=self.priorities.__getitem__)
            self.priorities[best] = -1.0 - self.changes.index(self.decided)
        self.decided += 1
        return max(ready.numbers, key=self.priorities.__getitem__)


@given(
    seed=st.integers(0, 1000),
    depth=st.integers(1, 6),
    moves=st.lists(st.tuples(st.sampled_from(["come", "go", "choose", "choose"]), st.integers(CLOCK, 6)), max_size=60),
)
def test_the_heap_of_pct_agrees_with_looking_at_all_priorities(
    seed: int, depth: int, moves: list[tuple[str, int]]
) -> None:
    steps = 12
    fast, naive = PCT(Random(seed), depth, steps), NaivePCT(Random(seed), depth, steps)
    fast.begin(0)
    ready = Ready(None, notes_arrivals=True)
    for move, number in moves:
        if move == "choose" and len(ready.numbers) > 1:
            expected = naive.choose(ready)
            assert fast.choose(ready) == expected
            assert ready.arrived == []
        elif move == "come" and number not in ready.places:
            ready.put_in(number)
            assert ready.arrived is not None
            ready.arrived.append(number)
        elif move == "go" and number in ready.places:
            ready.take_out(number)


# ------------------------------------------------------------------ lockstep


@pytest.mark.parametrize(("tasks", "steps"), [(2, 5), (5, 4), (20, 3)])
def test_lockstep_lets_everybody_take_one_step_in_each_round(tasks: int, steps: int) -> None:
    for trace in traces(members(*[steps] * tasks), Lockstep(Random(1)), 20):
        ran = order(trace)
        rounds = [ran[start : start + tasks] for start in range(0, len(ran), tasks)]
        assert all(sorted(each) == list(range(tasks)) for each in rounds)


# ------------------------------------------------------------------ DFS


def test_dfs_meets_each_interleaving_of_three_tasks_with_three_steps_once() -> None:
    found = [order(each) for each in traces(members(3, 3, 3), DFS())]
    assert len(found) == len(set(found)) == 1680


async def crossed() -> None:
    """Two locks in opposite orders."""
    one, other = trio.Lock(), trio.Lock()

    async def member(outer: trio.Lock, inner: trio.Lock) -> None:
        async with outer, inner:
            pass

    async with trio.open_nursery() as nursery:
        nursery.start_soon(member, one, other)
        nursery.start_soon(member, other, one)


async def cancelled() -> None:
    """A timeout, and a wait that is over as soon as it begins."""

    async def member() -> None:
        with trio.move_on_after(1):
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(member)
        with trio.CancelScope() as scope:
            scope.cancel()
            await trio.sleep(1)
        await trio.lowlevel.checkpoint()


@pytest.mark.parametrize("main", [members(2, 3), members(2, 2, 2), crossed, cancelled])
@pytest.mark.parametrize("time_is_a_choice", [False, True])
def test_a_bound_on_preemptions_leaves_just_the_schedules_within_it(main: Main, time_is_a_choice: bool) -> None:
    everything = traces(main, DFS(), time_is_a_choice=time_is_a_choice)
    most = max(each.preemptions for each in everything)
    assert most > 1
    known: set[tuple[int, ...]] = set()
    for bound in range(most + 1):
        found = traces(main, DFS(bound), time_is_a_choice=time_is_a_choice)
        assert max(each.preemptions for each in found) == bound
        within = {tuple(each.numbers) for each in found}
        assert len(within) == len(found)
        assert within == {tuple(each.numbers) for each in everything if each.preemptions <= bound}
        assert known < within
        known = within
    assert len(known) == len(everything)


# ------------------------------------------------------------------ portfolio


class Member:
    """A strategy that has so many schedules and says whose turn it is by whom it chooses."""

    def __init__(self, number: int, schedules: int, *, notes_arrivals: bool = False) -> None:
        self.name = f"member {number}"
        self.notes_arrivals = notes_arrivals
        self.number = number
        self.schedules = schedules
        self.begun: list[int] = []
        self.ended = 0

    def begin(self, schedule: int) -> bool:
        if len(self.begun) == self.schedules:
            return False
        self.begun.append(schedule)
        return True

    def choose(self, ready: Ready) -> int:
        return self.number

    def end(self, trace: Trace) -> None:
        self.ended += 1


def test_members_of_a_portfolio_take_turns_and_those_that_are_done_are_passed_over() -> None:
    team = [Member(0, 100), Member(1, 2), Member(2, 3)]
    portfolio = Portfolio(team, HotSpots(labelled=True))
    ready, turns = Ready(None), []
    for schedule in range(12):
        assert portfolio.begin(schedule)
        turns.append(portfolio.choose(ready))
        portfolio.end(Trace())
    assert turns == [0, 1, 2, 0, 1, 2, 0, 2, 0, 0, 0, 0]
    assert [each.ended for each in team] == [7, 2, 3]


def test_a_portfolio_is_done_when_all_are() -> None:
    portfolio = Portfolio([Member(0, 1), Member(1, 1)], HotSpots(labelled=True))
    assert [portfolio.begin(schedule) for schedule in range(4)] == [True, True, False, False]


def test_a_portfolio_empties_the_list_of_arrivals_for_members_that_do_not() -> None:
    portfolio = Portfolio([Member(0, 9), Member(1, 9, notes_arrivals=True)], HotSpots(labelled=True))
    ready, left = Ready(None, notes_arrivals=True), []
    for schedule in range(2):
        ready.arrived = [5]
        portfolio.begin(schedule)
        portfolio.choose(ready)
        left.append(list(ready.arrived))
    assert portfolio.notes_arrivals
    assert left == [[], [5]]


# ------------------------------------------------------------------ selective


async def mostly_private() -> None:
    async def member(number: int) -> None:
        for turn in range(3):
            await point(f"private {number}")
            if turn == number % 3:
                await point("shared")

    async with trio.open_nursery() as nursery:
        for number in range(4):
            nursery.start_soon(member, number)


@pytest.mark.parametrize("chooser", [RandomWalk(Random(1)), PCT(Random(1), 3)], ids=lambda chooser: chooser.name)
def test_once_it_has_learnt_selective_never_preempts_before_a_private_operation(chooser: Strategy) -> None:
    strategy = Selective(chooser, HotSpots(labelled=True))
    preemptions = 0
    for trace in traces(mostly_private, strategy, 100)[1:]:
        steps = list(enumerate(trace.numbers))
        for (step, one), (_, other) in pairwise(steps):
            if one != other and step not in trace.ends:
                preemptions += 1
                held_up = next(later for later, task in steps[step + 1 :] if task == one)
                assert trace.labels[held_up].resource == "shared"
    assert preemptions > 50
