"""The machine charges all of a charge or nothing, refuses at the limit, and its books close."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsart.memory import Machine, MachineLimits, Refusal, Resource, round_up, section_cost


@pytest.mark.parametrize("resource", list(Resource), ids=lambda each: each.name)
def test_the_limit_itself_can_be_used_and_one_more_is_refused(resource: Resource) -> None:
    limits: Mapping[str, Any] = {resource.name.lower(): 10}
    machine = Machine(MachineLimits(**limits))
    assert machine.charge("a", {resource: 10}) is None
    assert machine.charge("b", {resource: 1}) == Refusal(resource, wanted=1, in_use=10, limit=10)
    machine.release("a", {resource: 1})
    assert machine.charge("b", {resource: 1}) is None


def test_a_charge_is_made_whole_or_not_at_all() -> None:
    machine = Machine(MachineLimits(commit=100, handles=0))
    assert machine.charge("a", {Resource.COMMIT: 50, Resource.HANDLES: 1}) == Refusal(Resource.HANDLES, 1, 0, 0)
    assert machine.in_use(Resource.COMMIT) == 0
    assert machine.statistics().by_owner == {}


def test_nobody_gives_back_what_he_does_not_hold() -> None:
    machine = Machine()
    machine.charge("a", {Resource.COMMIT: 10, Resource.HANDLES: 1})
    with pytest.raises(ValueError, match="b gives back 5 of commit limit but holds 0"):
        machine.release("b", {Resource.COMMIT: 5})
    with pytest.raises(ValueError, match="a gives back 2 of handles but holds 1"):
        machine.release("a", {Resource.COMMIT: 10, Resource.HANDLES: 2})
    assert machine.in_use(Resource.COMMIT) == 10, "a release is made whole or not at all, too"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(list(Resource)), st.integers(0, 50)), max_size=40))
def test_what_is_in_use_is_the_sum_over_the_owners_and_never_above_the_limit(
    charges: list[tuple[str, Resource, int]],
) -> None:
    machine = Machine(MachineLimits(commit=200, paged_pool=150, handles=100, address_space=50))
    made = [(owner, {resource: amount}) for owner, resource, amount in charges]
    taken = [each for each in made if machine.charge(*each) is None]
    statistics = machine.statistics()
    for resource in Resource:
        owned = sum(amount for (_, what), amount in statistics.by_owner.items() if what is resource)
        assert statistics.in_use[resource] == owned <= statistics.limit[resource]
        assert statistics.peak[resource] == owned
    for each in taken:
        machine.release(*each)
    assert set(machine.statistics().in_use.values()) == {0}
    assert machine.statistics().by_owner == {}
    assert machine.statistics().peak == statistics.peak


def test_a_limit_cannot_be_negative() -> None:
    with pytest.raises(ValueError, match=r"MachineLimits\(handles=-1\): a limit cannot be negative"):
        MachineLimits(handles=-1)


@pytest.mark.parametrize(
    ("max_size", "committed", "pool", "addresses"),
    [(1, 0, 512 + 8, 65536), (4096, 4096, 512 + 8, 65536), (4097, 0, 512 + 16, 65536), (65537, 0, 512 + 136, 131072)],
)
def test_a_section_costs_what_the_arithmetic_says(max_size: int, committed: int, pool: int, addresses: int) -> None:
    assert section_cost(max_size, committed) == {
        Resource.COMMIT: committed,
        Resource.PAGED_POOL: pool,
        Resource.HANDLES: 1,
        Resource.ADDRESS_SPACE: addresses,
    }


def test_rounding_up_goes_to_the_next_multiple_and_stays_on_one() -> None:
    assert [round_up(size, 4096) for size in (0, 1, 4095, 4096, 4097)] == [0, 4096, 4096, 4096, 8192]
