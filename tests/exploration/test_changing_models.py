"""A search through all schedules proves nothing of a model that changes from run to run, and says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import trio

from lsart.contract import ConfigurationError
from lsart.exploration import explore
from lsart.report import exploration_report


def changes_after(runs: int, before: int, after: int) -> Callable[[], Awaitable[None]]:
    """Has `before` tasks at first, and `after` tasks once it has run so often."""
    run = 0

    async def works() -> None:
        await trio.lowlevel.checkpoint()

    async def main() -> None:
        nonlocal run
        run += 1
        async with trio.open_nursery() as nursery:
            for _ in range(before if run <= runs else after):
                nursery.start_soon(works)

    return main


@pytest.mark.parametrize("strategy", ["dfs", "dpor"])
@pytest.mark.parametrize(("before", "after"), [(3, 2), (2, 3), (3, 1)])
def test_a_model_that_changes_in_a_search_is_refused_and_nothing_is_proved(
    strategy: str, before: int, after: int
) -> None:
    with pytest.raises(ConfigurationError, match="the model does not repeat"):
        explore(changes_after(7, before, after), strategy=strategy, schedules=5000)


@pytest.mark.parametrize("strategy", ["dfs", "dpor"])
def test_a_model_that_stays_as_it_is_is_searched_to_the_end(strategy: str) -> None:
    assert explore(changes_after(7, 2, 2), strategy=strategy, schedules=5000).is_sound


@pytest.mark.parametrize("strategy", ["dfs", "dpor"])
def test_what_was_found_before_a_model_changed_is_kept(strategy: str) -> None:
    run = 0

    async def fails(name: str) -> None:
        await trio.lowlevel.checkpoint()
        raise ValueError(name)

    async def works() -> None:
        await trio.lowlevel.checkpoint()

    async def main() -> None:
        nonlocal run
        run += 1
        async with trio.open_nursery() as nursery:
            for _ in range(2 if run < 40 else 1):
                nursery.start_soon(works)
            nursery.start_soon(fails, "found")

    told = explore(main, strategy=strategy, schedules=5000, stop_after=2, shrink=False)
    assert [failure.symptom.kind for failure in told.failures] == ["ValueError"]
    assert "the model does not repeat" in told.broken_off
    assert not told.is_exhausted
    assert not told.is_sound
    assert "broken off" in exploration_report(told, ["token"]).plain
