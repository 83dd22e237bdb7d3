"""Schedules in trio's own loop, for a trio on which ours does not work: slower, and with less noted.

trio shuffles each batch of tasks that can run. What stands in for its random object keeps one of them, the chosen one,
and puts the others back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import outcome
import trio

from lsart.engine import _trio
from lsart.engine._clock import VirtualClock
from lsart.engine._deadlock import DeadlockError
from lsart.engine._ending import Ending
from lsart.engine._engine import Engine, install
from lsart.engine._schedule import Choose, Ready, StepLimitError, Trace

__all__ = ["run_in_trios_loop"]

_PATIENCE = 100_000  # steps that cancelled tasks get to end


class _Shuffle:
    """In the place of trio's random object."""

    def __init__(self, choose: Choose, trace: Trace, step_limit: int, stop: Callable[[BaseException], None]) -> None:
        self._choose = choose
        self._trace = trace
        self._limit = step_limit
        self._stop = stop
        self._base: int | None = None
        self._after_end = 0
        self.failed_with: BaseException | None = None
        self.ready = Ready(trace, notes_arrivals=True)
        self.ready.end_run = self._end_run

    def _end_run(self, error: BaseException) -> None:
        """See `Ready.end_run`."""
        self.failed_with = error
        self._stop(error)

    def uniform(self, low: float, high: float) -> float:
        """trio draws one such number, for its deadlines."""
        return low

    def random(self) -> float:
        """trio draws one when it does not shuffle."""
        return 1.0

    def shuffle(self, batch: list[Any]) -> None:
        """Keep who is chosen."""
        if not batch:
            return
        if self._base is None:
            self._base = _trio.number_of(batch[0])
        tasks = {_trio.number_of(task) - self._base: task for task in batch}
        ready, trace = self.ready, self._trace
        for number in [each for each in ready.numbers if each not in tasks]:
            ready.take_out(number)
        for number in sorted(each for each in tasks if each not in ready.places):
            ready.put_in(number)
            assert ready.arrived is not None
            ready.arrived.append(number)
            tasks[number].name = trace.name_task(number, tasks[number].name)
        step = len(trace.numbers)
        chosen = ready.numbers[0]
        if step >= self._limit // 2:
            trace.turns_from = step if trace.turns_from is None else trace.turns_from
            chosen = ready.numbers[step % len(ready.numbers)]
        elif not trace.is_wound_up and len(tasks) > 1:
            try:
                chosen = self._choose(ready)
            except BaseException as error:
                self._stop(error)
        if not trace.is_wound_up and step >= self._limit:
            self._stop(StepLimitError(self._limit))
        self._after_end += trace.is_wound_up
        if self._after_end > _PATIENCE:
            raise StepLimitError(self._limit)  # out of trio's loop, as nothing else would end it
        if not trace.is_wound_up:
            trace.numbers.append(chosen)
            if chosen in ready.pending:
                trace.labels[step] = ready.pending.pop(chosen)
        ready.current, ready.has_stopped = chosen, False
        _trio.put_back(self.ready, [task for number, task in sorted(tasks.items()) if number != chosen])
        batch[:] = [tasks[chosen]]


def run_in_trios_loop(
    main: Callable[[], Awaitable[object]], choose: Choose, trace: Trace, *, seed: int, step_limit: int
) -> Trace:
    """As `run_schedule`, for its arguments that trio's own loop can serve. How steps ended is not noted."""
    scope = trio.CancelScope()
    stopped_by: list[BaseException] = []

    def stop(error: BaseException) -> None:
        trace.is_wound_up = True
        stopped_by.append(error)
        scope.cancel()

    async def entry() -> object:
        install(Engine(seed=seed))
        with scope:
            return await main()
        return None

    clock = VirtualClock(on_deadlock=Ending(stop))
    shuffle = _Shuffle(choose, trace, step_limit, stop)
    with _trio.seeded_scheduler(shuffle):
        result: outcome.Outcome[object] = outcome.capture(lambda: trio.run(entry, clock=clock))
    error = result.error if isinstance(result, outcome.Error) else None
    if isinstance(error, KeyboardInterrupt):
        raise error
    if stopped_by:
        first = stopped_by[0]
        if first is not shuffle.failed_with and not isinstance(first, (DeadlockError, StepLimitError)):
            raise stopped_by[0]
        result = outcome.Error(stopped_by[0])
    trace.result = result
    trace.time_ns = clock.now_ns
    return trace
