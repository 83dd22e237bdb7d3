"""A search through all schedules proves nothing of a model that changes from run to run, and says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import trio

from lsart.contract import ConfigurationError
from lsart.exploration import explore


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
