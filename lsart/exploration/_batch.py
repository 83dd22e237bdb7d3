"""Batches: the unit in which schedules are dealt out.

Each batch has a strategy and a stream of chance of its own, made from the campaign's seed and the batch's number. So a
batch does not depend on who ran the others, and the same campaign finds the same in one process or in many. What a
strategy learns, it learns within its batch.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from random import Random

import attrs

from lsart.exploration._attempt import attempt
from lsart.exploration._failure import Symptom, symptom_of
from lsart.exploration._footprints import order_class
from lsart.exploration._model import Model
from lsart.exploration._protocol import NotRepeatable, Strategy
from lsart.exploration._strategies import EXHAUSTIVE, StrategySettings, make_strategy

__all__ = ["BATCH", "Batch", "Batches", "Hit", "Plan"]

BATCH = 100
"""Schedules in a batch."""


@attrs.frozen(kw_only=True)
class Plan:
    """What a campaign does, whoever does it.

    Args:
        strategy, settings: see `make_strategy`. seed: of all chance. schedules: how many, at most.
        stop_after: how many different failures are enough.
    """

    strategy: str
    settings: StrategySettings
    seed: int
    schedules: int
    stop_after: int

    @property
    def is_exhaustive(self) -> bool:
        """Whether each schedule follows from the one before, so that all of them are one batch."""
        return self.strategy in EXHAUSTIVE

    def size_of(self, batch: int) -> int:
        """Schedules in a batch; the last one may have fewer."""
        return max(0, min(BATCH, self.schedules - batch * BATCH))


@attrs.frozen(kw_only=True)
class Hit:
    """A schedule that failed: which, how, and who ran at each step."""

    schedule: int
    symptom: Symptom
    numbers: tuple[int, ...]
    strategy: str


@attrs.frozen(kw_only=True)
class Batch:
    """What a batch came to. Small, as it travels between processes.

    `long`: how many went on in turns. `broken_off`: why it ended before its time, if it did.
    """

    number: int
    schedules: int
    hits: tuple[Hit, ...]
    orders: tuple[int, ...]
    steps: int
    is_exhausted: bool
    long: int = 0
    broken_off: str = ""


class Batches:
    """Runs batches of one plan in this process.

    Args:
        stop: asked between schedules; True ends the batch early.
    """

    def __init__(self, model: Model, plan: Plan, stop: Callable[[], bool] = lambda: False) -> None:
        self._model = model
        self._plan = plan
        self._stop = stop
        self._lasting: Strategy | None = None

    def run(self, number: int) -> Batch:
        """Run one. Those of an exhaustive strategy must be run in order."""
        plan, model = self._plan, self._model
        strategy = self._strategy(number)
        hits: list[Hit] = []
        known: set[Symptom] = set()
        orders: list[int] = []
        steps, long, is_exhausted, broken_off = 0, 0, False, ""
        collects = gc.isenabled()
        gc.disable()
        try:
            for index in range(plan.size_of(number)):
                if self._stop():
                    break
                schedule = number * BATCH + index
                if not strategy.begin(schedule if self._lasting is not None else index):
                    is_exhausted = True
                    break
                trace = attempt(model, strategy, plan.seed)
                strategy.end(trace)
                long += trace.turns_from is not None
                steps += len(trace.numbers)
                orders.append(order_class(trace, labelled=model.labelled))
                symptom = symptom_of(trace)
                if symptom is not None and symptom not in known:
                    known.add(symptom)
                    hits.append(
                        Hit(schedule=schedule, symptom=symptom, numbers=tuple(trace.numbers), strategy=strategy.name)
                    )
                    if len(known) >= plan.stop_after:
                        break
        except NotRepeatable as error:
            if not hits:
                raise
            broken_off = str(error)  # what was found until then is worth having
        finally:
            if collects:
                gc.enable()
            gc.collect(1)
        return Batch(
            number=number,
            schedules=len(orders),
            hits=tuple(hits),
            orders=tuple(orders),
            steps=steps,
            is_exhausted=is_exhausted,
            long=long,
            broken_off=broken_off,
        )

    def _strategy(self, number: int) -> Strategy:
        plan = self._plan
        if plan.is_exhaustive:
            if self._lasting is None:
                self._lasting = make_strategy(plan.strategy, Random(plan.seed), plan.settings)
            return self._lasting
        return make_strategy(plan.strategy, Random(f"lsart exploration/{plan.seed}/{number}"), plan.settings)
