"""Options of a campaign that cannot be used are refused, with what is wrong and what would do."""

from typing import Any

import pytest
from models import lost_update

from lsart import explore
from lsart.contract import ConfigurationError


@pytest.mark.parametrize("name", ["schedules", "jobs", "stop_after", "depth", "step_limit"])
@pytest.mark.parametrize("value", [0, -1])
def test_limits_begin_at_one(name: str, value: int) -> None:
    options: Any = {name: value}
    with pytest.raises(ConfigurationError, match=f"^{name} must be 1 or more, not {value}$"):
        explore(lost_update, **options)


@pytest.mark.parametrize("budget", [0, -2.5])
def test_a_budget_leaves_time_for_something(budget: float) -> None:
    with pytest.raises(ConfigurationError, match=f"a budget of {budget:g} seconds leaves no time"):
        explore(lost_update, budget=budget)


def test_an_unknown_strategy_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"no strategy 'luck'; choose one of portfolio, .*dpor"):
        explore(lost_update, strategy="luck")


def test_fewer_than_no_preemptions_are_refused_with_the_strategy() -> None:
    with pytest.raises(ConfigurationError, match=r"strategy 'dfs': .* 0 preemptions or more, not -1"):
        explore(lost_update, strategy="dfs", preemptions=-1)


def test_options_are_refused_before_the_model_runs() -> None:
    async def model() -> None:
        raise AssertionError("it ran")

    for wrong in ({"jobs": 0}, {"strategy": "luck"}, {"budget": 0}):
        options: Any = wrong
        with pytest.raises(ConfigurationError):
            explore(model, **options)


def test_options_of_a_decorator_are_refused_where_it_stands() -> None:
    with pytest.raises(ConfigurationError, match="schedules must be 1 or more"):
        explore(schedules=0)


@pytest.mark.parametrize(("name", "takers"), [("depth", "pct and fair-pct"), ("preemptions", "dfs")])
def test_an_option_that_the_strategy_has_no_use_for_is_refused(name: str, takers: str) -> None:
    options: Any = {name: 2}
    with pytest.raises(ConfigurationError, match=f"{name} is for {takers}; the strategy portfolio has no use for it"):
        explore(lost_update, **options)
