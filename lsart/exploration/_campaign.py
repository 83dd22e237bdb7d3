"""A campaign: schedule after schedule until something fails, the budget is spent or nothing is left to try.

This is where everything of this floor comes together: known failures first, then batches, here or in several
processes; then each failure is run again, made small and told.
"""

from __future__ import annotations

import gc
import sys
import time
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from functools import partial
from typing import Any

import attrs

from lsart.contract import ConfigurationError
from lsart.engine import ctrl_c_calls, loop_works
from lsart.exploration._attempt import follow, labelled
from lsart.exploration._batch import BATCH, Batch, Batches, Hit, Plan
from lsart.exploration._coverage import CoverageCounter
from lsart.exploration._database import FailureDatabase
from lsart.exploration._explain import Origin, explain
from lsart.exploration._failure import Symptom
from lsart.exploration._jobs import jobs
from lsart.exploration._model import Model, check_first_run, version_of
from lsart.exploration._protocol import NotRepeatable
from lsart.exploration._recheck import check_repeats, recheck
from lsart.exploration._result import Exploration, Failure
from lsart.exploration._token import Token

__all__ = ["UNLIMITED", "CampaignOptions", "CampaignProgress", "run_campaign"]

UNLIMITED = 10**9


@attrs.frozen
class CampaignProgress:
    """How far a campaign is. `doing`: what it is at, in a word or two."""

    schedules: int
    orders: int
    doing: str


@attrs.frozen(kw_only=True)
class CampaignOptions:
    """How a campaign is run; what it finds in a number of schedules depends on none of it.

    Args:
        budget: seconds of real time after which no further batch is begun; None for no limit. jobs: processes.
        shrinks: whether failures are made small. database: where known failures are, None for nowhere.
        on_progress: told now and then.
    """

    budget: float | None = None
    jobs: int = 1
    shrinks: bool = True
    database: FailureDatabase | None = None
    on_progress: Callable[[CampaignProgress], None] | None = None


class _Campaign:
    def __init__(self, model: Model, plan: Plan, options: CampaignOptions) -> None:
        self._model = model
        self._plan = plan
        self._options = options
        self._started = time.monotonic()
        self._exploring = 0.0  # seconds, without those that shrinking took
        self._counter = CoverageCounter()
        self._steps = 0
        self._long = 0
        self._is_exhausted = False
        self._broken_off = ""
        self.was_asked_to_stop = False
        self.was_insisted = False
        self.failures: dict[Symptom, Failure] = {}

    def interrupt(self) -> bool:
        """Ctrl-C: end after the schedule under way; a second one insists."""
        self.was_insisted, self.was_asked_to_stop = self.was_asked_to_stop, True
        return not self.was_insisted

    def run(self) -> None:
        check_first_run(self._model)
        repeats = check_repeats(self._model, self._plan.seed)
        if not repeats.is_stable:
            raise ConfigurationError(
                f"the model {self._model.name} cannot be explored, as one schedule run twice differs. {repeats}"
            )
        self._try_known_failures()
        with closing(self._batches()) as batches:  # so that Ctrl-C, wherever it strikes, leaves no process behind
            self._take(batches)

    def _take(self, batches: Iterator[Batch]) -> None:
        while True:
            started = time.monotonic()
            try:
                batch = next(batches, None)
            except NotRepeatable as error:
                if not self.failures:
                    raise
                self._broken_off = str(error)
                break
            self._exploring += time.monotonic() - started
            if batch is None:
                break
            self._counter.add(batch.orders)
            self._steps += batch.steps
            self._long += batch.long
            self._is_exhausted, self._broken_off = batch.is_exhausted, batch.broken_off
            for hit in batch.hits:
                if hit.symptom not in self.failures and not self._has_enough():
                    self._report("shrinking")
                    self._note_hit(hit, self._model)
            self._report("exploring")
            if self._is_exhausted or self._broken_off or self._has_enough() or self._is_out_of_time():
                break

    def result(self) -> Exploration:
        is_complete = self._is_exhausted or self._has_enough() or self._counter.schedules >= self._plan.schedules
        bounded = self._plan.strategy == "dfs" and self._plan.settings.preemptions is not None
        return Exploration(
            model=self._model.name,
            strategy=self._plan.strategy,
            seed=self._plan.seed,
            schedules=self._counter.schedules,
            steps=self._steps,
            failures=tuple(self.failures.values()),
            coverage=self._counter.result(),
            is_exhausted=self._is_exhausted,
            is_interrupted=self.was_asked_to_stop and not is_complete,
            is_sound=self._is_exhausted and not bounded and not self._long and loop_works(),
            long=self._long,
            is_bounded=bounded,
            broken_off=self._broken_off,
            seconds=self._exploring,
        )

    def _has_enough(self) -> bool:
        return len(self.failures) >= self._plan.stop_after

    def _is_out_of_time(self) -> bool:
        budget = self._options.budget
        return budget is not None and time.monotonic() - self._started >= budget

    def _report(self, doing: str) -> None:
        if self._options.on_progress is not None:
            self._options.on_progress(CampaignProgress(self._counter.schedules, self._counter.orders, doing))

    def _batches(self) -> Generator[Batch, None, None]:
        plan = self._plan
        last = -(-plan.schedules // BATCH) - 1
        if self._has_enough():
            return
        if self._options.jobs == 1 or plan.is_exhaustive:
            here = Batches(self._model, plan, lambda: self.was_asked_to_stop)
            for number in range(last + 1):
                if self.was_asked_to_stop:
                    return
                yield here.run(number)
            return
        with jobs(self._model, plan, self._options.jobs) as pool:
            for number in range(last + 1):
                batch = pool.run(number, last, lambda: self.was_asked_to_stop)
                if batch is None:
                    return
                yield batch

    # ------------------------------------------------------------------ failures

    def _try_known_failures(self) -> None:
        database, model = self._options.database, self._model
        if database is None:
            return
        self._report("known failures")
        for text, token in database.tokens(model.name):
            if self._has_enough():
                return
            small = version_of(model, token.model)
            if small is None or token.fingerprint != small.fingerprint or token.seed != self._plan.seed:
                continue
            if _settings_of(token) != _settings_of(small):  # found under other settings, and as good as ever there
                continue
            found, trace = follow(small, token.script, token.seed)
            if found is None or found.symptom.number != token.symptom:
                database.remove(model.name, text)
            elif found.symptom not in self.failures:
                hit = Hit(schedule=-1, symptom=found.symptom, numbers=tuple(trace.numbers), strategy=token.strategy)
                self._note_hit(hit, small)

    def _note_hit(self, hit: Hit, model: Model) -> None:
        seed = self._plan.seed
        checked, script, trace = recheck(model, hit.numbers, hit.symptom, seed)
        origin = Origin(
            schedule=hit.schedule + 1, strategy=hit.strategy, preemptions=trace.preemptions, recheck=checked
        )
        failure = explain(
            model,
            script,
            hit.symptom,
            origin,
            seed,
            shrinks=self._options.shrinks,
            stop=lambda: self.was_asked_to_stop,
            stop_proof=lambda: self.was_asked_to_stop or self._is_out_of_time(),
        )
        self.failures[hit.symptom] = failure
        database = self._options.database
        if database is not None and checked.is_stable:
            database.add(self._model.name, failure.line)


def _settings_of(each: Model | Token) -> tuple[object, ...]:
    return each.labelled, each.time_is_a_choice, each.step_limit, each.time_limit_ns


def _tell_unless_insisted(campaign: _Campaign, tell: Callable[[Any], object], unraisable: Any) -> None:
    """What was hit in the middle may not be able to clean up; nobody wants to read of that."""
    if not campaign.was_insisted:
        tell(unraisable)


def run_campaign(model: Model, plan: Plan, options: CampaignOptions) -> Exploration:
    """Run it to its end, or to Ctrl-C.

    Raises:
        ConfigurationError: the model cannot be explored, or not as asked.
    """
    campaign = _Campaign(model, plan, options)
    with ExitStack() as stack:
        stack.enter_context(labelled(nurseries=plan.strategy == "dpor"))
        stack.enter_context(ctrl_c_calls(campaign.interrupt))
        stack.callback(setattr, sys, "unraisablehook", sys.unraisablehook)
        sys.unraisablehook = partial(_tell_unless_insisted, campaign, sys.unraisablehook)
        try:
            campaign.run()
        except BaseException as error:
            # One who insists may hit trio or a model anywhere, and what comes out of them then is anything.
            if not isinstance(error, KeyboardInterrupt) and not campaign.was_insisted:
                raise
            campaign.was_asked_to_stop = True
        if campaign.was_insisted:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # a coroutine that it hit before its first step
                gc.collect()
    return campaign.result()
