"""The life of a package is the table of lsart.contract, and nothing else moves a package."""

from __future__ import annotations

from itertools import product

import pytest

from lsart.contract import InternalError, PackageState, PackageStep, next_state

L, D, R, X, F, S, U = PackageState
LOAD, INITIALIZE, REFUSE, DISABLE, SHUT_DOWN, UNLOAD = PackageStep

# Written out once more, from the drawing that stands above the table.
DRAWN = {
    (L, LOAD): D,
    (L, REFUSE): F,
    (D, INITIALIZE): R,
    (D, REFUSE): F,
    (R, DISABLE): X,
    (R, SHUT_DOWN): S,
    (X, SHUT_DOWN): S,
    (S, UNLOAD): U,
}


def test_the_states_are_those_of_the_drawing() -> None:
    assert [each.name for each in (L, D, R, X, F, S, U)] == [
        "LISTED",
        "LOADED",
        "READY",
        "DISABLED",
        "REFUSED",
        "SHUT_DOWN",
        "UNLOADED",
    ]


@pytest.mark.parametrize(("state", "step"), list(product(PackageState, PackageStep)), ids=lambda each: each.name)
def test_each_step_leads_where_the_drawing_says_or_is_refused(state: PackageState, step: PackageStep) -> None:
    expected = DRAWN.get((state, step))
    if expected is not None:
        assert next_state(state, step) is expected
        return
    with pytest.raises(InternalError, match=f"'{state.value}' cannot take the step '{step.value}'"):
        next_state(state, step)


def test_clients_find_a_package_only_while_it_is_ready() -> None:
    assert [each for each in PackageState if each.is_available] == [PackageState.READY]


def test_every_state_can_be_reached_and_every_life_ends() -> None:
    reached = {PackageState.LISTED}
    for _ in PackageState:
        reached |= {after for (before, _), after in DRAWN.items() if before in reached}
    assert reached == set(PackageState)
    ends = {state for state in PackageState if not any(before is state for before, _ in DRAWN)}
    assert ends == {PackageState.REFUSED, PackageState.UNLOADED}
