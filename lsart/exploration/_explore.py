"""`explore`, `replay` and `shrink`: the ways in from Python."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, Literal, TypeAlias, overload

import attrs

from lsart.contract import ConfigurationError
from lsart.exploration._batch import Plan
from lsart.exploration._campaign import UNLIMITED, CampaignOptions, CampaignProgress, run_campaign
from lsart.exploration._database import FailureDatabase
from lsart.exploration._model import Main, Model, as_model
from lsart.exploration._replay import replay_test
from lsart.exploration._result import Exploration, ScheduleFailure
from lsart.exploration._strategies import (
    STRATEGIES,
    TAKE_DEPTH,
    TAKE_PREEMPTIONS,
    StrategySettings,
    make_strategy,
)

__all__ = ["explore"]

_SCHEDULES = 1000
_Test: TypeAlias = Callable[..., Awaitable[None]]


@overload
def explore(
    model: Model | Main,
    *,
    strategy: str = ...,
    schedules: int | None = ...,
    seed: int = ...,
    budget: float | None = ...,
    depth: int | None = ...,
    preemptions: int | None = ...,
    jobs: int = ...,
    stop_after: int = ...,
    shrink: bool = ...,
    labelled: bool | None = ...,
    time_is_a_choice: bool | None = ...,
    step_limit: int | None = ...,
    time_limit_ns: int | None = ...,
    database: FailureDatabase | Literal["default"] | None = ...,
    on_progress: Callable[[CampaignProgress], None] | None = ...,
) -> Exploration: ...


@overload
def explore(
    model: None = ...,
    *,
    strategy: str = ...,
    schedules: int | None = ...,
    seed: int = ...,
    budget: float | None = ...,
    depth: int | None = ...,
    preemptions: int | None = ...,
    jobs: int = ...,
    stop_after: int = ...,
    shrink: bool = ...,
    labelled: bool | None = ...,
    time_is_a_choice: bool | None = ...,
    step_limit: int | None = ...,
    time_limit_ns: int | None = ...,
    database: FailureDatabase | Literal["default"] | None = ...,
    on_progress: Callable[[CampaignProgress], None] | None = ...,
    replay: str | None = ...,
) -> Callable[[_Test], Callable[..., None]]: ...


def explore(
    model: Model | Main | None = None,
    *,
    strategy: str = "portfolio",
    schedules: int | None = None,
    seed: int = 0,
    budget: float | None = None,
    depth: int | None = None,
    preemptions: int | None = None,
    jobs: int = 1,
    stop_after: int = 1,
    shrink: bool = True,
    labelled: bool | None = None,
    time_is_a_choice: bool | None = None,
    step_limit: int | None = None,
    time_limit_ns: int | None = None,
    database: FailureDatabase | Literal["default"] | None = None,
    on_progress: Callable[[CampaignProgress], None] | None = None,
    replay: str | None = None,
) -> Exploration | Callable[[_Test], Callable[..., None]]:
    """Run a model under one schedule after another until it fails.

    With a model: run a campaign and return what it came to. Without one: a decorator that makes an async test a plain
    one, which runs a campaign and fails with the story of the schedule that failed; fixtures are passed on.

    Args:
        model: any async function without arguments, over trio primitives, that can be run again and again.
        strategy: one of `STRATEGIES`. schedules: how many at most; 1000 if no budget is given either.
        seed: all chance follows from it, the model's too. budget: seconds of real time; it ends between batches.
        depth: for "pct" and "fair-pct", 3 if not given. preemptions: for "dfs", how many at most.
        jobs: processes; they find the same as one. Not for a decorated test.
        stop_after: how many different failures are enough. shrink: whether to make them small.
        labelled, time_is_a_choice, step_limit, time_limit_ns: see `Model`.
        database: where failures are kept and tried first next time; "default" is ``.lsart_cache`` here.
        on_progress: called after each batch.
        replay: for a decorated test: a token. The test runs the schedule of that, and no campaign.

    Raises:
        ConfigurationError: the model or an option cannot be used; the message says which and why.
    """
    settings = _checked(strategy, schedules, budget, depth, preemptions, jobs, stop_after)
    options = CampaignOptions(
        budget=budget,
        jobs=jobs,
        shrinks=shrink,
        database=FailureDatabase() if database == "default" else database,
        on_progress=on_progress,
    )
    count = schedules if schedules is not None else (_SCHEDULES if budget is None else UNLIMITED)

    def model_of(given: Model | Main) -> Model:
        return as_model(
            given,
            labelled=labelled,
            time_is_a_choice=time_is_a_choice,
            step_limit=step_limit,
            time_limit_ns=time_limit_ns,
        )

    def campaign(found: Model) -> Exploration:
        plan = Plan(
            strategy=strategy,
            settings=attrs.evolve(settings, labelled=found.labelled),
            seed=seed,
            schedules=count,
            stop_after=stop_after,
        )
        return run_campaign(found, plan, options)

    if model is not None:
        if replay is not None:
            raise ConfigurationError("replay is for decorated tests; call lsart.replay(model, token)")
        return campaign(model_of(model))
    if jobs != 1:
        raise ConfigurationError(
            f"a decorated test runs in one process, not in {jobs}: its fixtures cannot be sent to others. Call "
            "lsart.explore(model, jobs=...) with a function at the top of a module"
        )

    def decorate(test: _Test) -> Callable[..., None]:
        @functools.wraps(test)
        def explored(*args: Any, **kwargs: Any) -> None:
            __tracebackhide__ = True
            found = model_of(functools.partial(test, *args, **kwargs))
            if replay is not None:
                replay_test(found, replay)
                return
            told = campaign(found)
            if told.failure is not None:
                raise ScheduleFailure(told.failure, is_decorated=True)
            if told.is_interrupted:
                raise KeyboardInterrupt  # what was tried before Ctrl-C is too little for the test to pass

        explored.__wrapped_model__ = test  # type: ignore[attr-defined]  # for replay
        return explored

    return decorate


def _checked(
    strategy: str,
    schedules: int | None,
    budget: float | None,
    depth: int | None,
    preemptions: int | None,
    jobs: int,
    stop_after: int,
) -> StrategySettings:
    for name, value in (("schedules", schedules), ("jobs", jobs), ("stop_after", stop_after), ("depth", depth)):
        if value is not None and value < 1:
            raise ConfigurationError(f"{name} must be 1 or more, not {value}")
    if budget is not None and budget <= 0:
        raise ConfigurationError(f"a budget of {budget:g} seconds leaves no time for a single schedule; give more")
    for name, value, takers in (("depth", depth, TAKE_DEPTH), ("preemptions", preemptions, TAKE_PREEMPTIONS)):
        if value is not None and strategy in STRATEGIES and strategy not in takers:
            raise ConfigurationError(f"{name} is for {' and '.join(takers)}; the strategy {strategy} has no use for it")
    settings = StrategySettings(preemptions=preemptions)
    if depth is not None:
        settings = attrs.evolve(settings, depth=depth)
    make_strategy(strategy, Random(0), settings)
    return settings
