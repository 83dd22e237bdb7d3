"""Coverage: how many orders were seen, and whether going on is likely to show new ones."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from models import handover, lost_update, never_fails

from lsart import explore
from lsart.exploration import Coverage, as_model
from lsart.exploration._coverage import CoverageCounter

orders = st.lists(st.integers(0, 30))


def counted(*seen: int) -> Coverage:
    counter = CoverageCounter()
    counter.add(seen)
    return counter.result()


@given(orders)
def test_counts_are_those_of_the_orders_as_they_came(seen: list[int]) -> None:
    told = counted(*seen)
    lately = len(seen) - len(seen) // 4
    assert told.schedules == len(seen)
    assert told.orders == len(set(seen))
    assert told.seen_once == sum(seen.count(order) == 1 for order in set(seen))
    assert told.new_lately == len(set(seen[lately:]) - set(seen[:lately]))


@given(st.lists(orders))
def test_orders_may_come_in_batches_of_any_size(batches: list[list[int]]) -> None:
    counter = CoverageCounter()
    for batch in batches:
        counter.add(batch)
    assert counter.result() == counted(*itertools.chain(*batches))
    assert counter.schedules == sum(map(len, batches))


@given(orders)
def test_the_chance_of_a_new_order_is_a_chance(seen: list[int]) -> None:
    assert 0 <= counted(*seen).chance_of_a_new_one <= 1


def test_the_chance_of_a_new_order_is_the_share_of_those_seen_once() -> None:
    assert counted(1, 1, 2, 3).chance_of_a_new_one == 0.5
    assert counted(1, 2, 3).chance_of_a_new_one == 1
    assert counted(1, 1, 2, 2).chance_of_a_new_one == 0
    assert counted().chance_of_a_new_one == 1


def test_coverage_is_flat_when_the_last_quarter_added_next_to_nothing() -> None:
    assert counted(*[1] * 40).is_flat
    assert not counted(*[1] * 39).is_flat, "too few to tell"
    assert not counted(*[1] * 39, 2).is_flat
    assert counted(2, *[1] * 39).is_flat
    assert counted(*[1] * 399, 2).is_flat, "one in a hundred"
    assert not counted(*[1] * 398, 2, 3).is_flat
    assert not counted(*range(1000)).is_flat


def test_nothing_is_flat_before_it_began() -> None:
    assert not counted().is_flat


def test_a_campaign_over_few_orders_becomes_flat() -> None:
    few = explore(as_model(never_fails, labelled=True), schedules=400).coverage
    assert few.is_flat
    assert few.chance_of_a_new_one < 0.05
    many = explore(handover, strategy="random", schedules=40, stop_after=9).coverage
    assert not many.is_flat
    assert many.chance_of_a_new_one > few.chance_of_a_new_one


def test_orders_that_differ_only_in_independent_steps_count_once() -> None:
    """Without a promise, the first step of a task, which is not announced, may matter to everybody."""
    told = {
        promised: explore(as_model(lost_update, labelled=promised), strategy="dfs", stop_after=9).coverage
        for promised in (False, True)
    }
    assert told[False].schedules == told[True].schedules > told[False].orders
    assert told[False].orders > told[True].orders
    assert told[True].orders == 4, "one after the other, or both read first; in both cases either comes first"


@pytest.mark.parametrize("strategy", ["dfs", "dpor"])
def test_a_campaign_that_was_exhausted_saw_all_orders(strategy: str) -> None:
    model = as_model(handover, labelled=True)
    told = explore(model, strategy=strategy, stop_after=9)
    sampled = explore(model, strategy="random", schedules=600, stop_after=9)
    assert told.is_exhausted
    assert told.coverage.orders >= sampled.coverage.orders
