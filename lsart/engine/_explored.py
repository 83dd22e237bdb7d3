"""One run under an explorer: somebody else decides who goes next, and every step is noted."""

from __future__ import annotations

import math
import sys
from collections.abc import Awaitable, Callable

import outcome
import trio

from lsart.engine._canary import loop_works
from lsart.engine._clock import VirtualClock
from lsart.engine._deadlock import DeadlockError
from lsart.engine._fallback import run_in_trios_loop
from lsart.engine._frames import in_a_run
from lsart.engine._loop import Loop
from lsart.engine._loop_parts import only_run
from lsart.engine._outside import SystemTaskError
from lsart.engine._schedule import Choose, StepLimitError, TimeLimitError, Trace

__all__ = ["run_schedule"]

_FAILURES = (DeadlockError, StepLimitError, TimeLimitError, SystemTaskError)


def run_schedule(
    main: Callable[[], Awaitable[object]],
    choose: Choose,
    *,
    seed: int = 0,
    step_limit: int = sys.maxsize,
    time_limit_ns: float = math.inf,
    time_is_a_choice: bool = False,
    notes_arrivals: bool = False,
    before_step: Callable[[int, int], None] | None = None,
    shows_names: bool = False,
    notes_nurseries: bool = False,
) -> Trace:
    """Run `main` once on the virtual clock, asking `choose` at each decision; what happened.

    Whatever `main` raises, a deadlock and a run beyond a limit are the trace's `result`. The step at which a
    deadlock or the limit was met is the trace's last one: how the run was brought to its end after that is not noted.

    Args:
        seed: all chance that `main` draws through the engine follows from it.
        step_limit: steps that the run may take. From half of them on `choose` is not asked any more and tasks take
            turns: a program that has not ended then does not end for lack of somebody's turn (fairness as in Musuvathi,
            Qadeer: Fair Stateless Model Checking, PLDI 2008).
        time_is_a_choice: whether time may move while tasks can run; it is then among the ready, as ``CLOCK``.
        notes_arrivals: whether `choose` uses `Ready.arrived`. before_step: called with the numbers of step and task.
        notes_nurseries: whether to note whose nursery each task is in.
        shows_names: whether labels call primitives by the names that the code has for them, which takes time.

    Raises:
        RuntimeError: called inside a run.
        TrioInternalError: an error in the loop itself.
        BaseException: what `choose` or `before_step` raised, after all tasks ended; Ctrl-C.
    """
    if in_a_run():
        raise RuntimeError("a schedule cannot be run inside a run; call this from synchronous code")
    trace = Trace(shows_names=shows_names, notes_nurseries=notes_nurseries)
    if not loop_works():
        return run_in_trios_loop(main, choose, trace, seed=seed, step_limit=step_limit)
    clock = VirtualClock(seed=seed)

    loop = Loop(
        clock,
        choose,
        trace=trace,
        before_step=before_step,
        notes_arrivals=notes_arrivals,
        time_is_a_choice=time_is_a_choice,
        step_limit=step_limit,
        turns_from=max(1, step_limit // 2),
        time_limit_ns=time_limit_ns,
    )
    with only_run():
        try:
            result = loop.run(main)
        except SystemTaskError as error:
            trace.result, trace.time_ns = outcome.Error(error), clock.now_ns
            return trace
        except trio.TrioInternalError as error:
            if isinstance(error.__cause__, KeyboardInterrupt):
                raise error.__cause__ from None
            raise
    if isinstance(result, outcome.Error):
        _raise_interrupt(result.error)
    stopped_by = loop.stopped_by
    if stopped_by is None:
        trace.result = result
    elif stopped_by is loop.failed_with or isinstance(stopped_by, _FAILURES):
        trace.result = outcome.Error(stopped_by)
    else:
        raise stopped_by
    trace.time_ns = clock.now_ns
    return trace


def _raise_interrupt(error: BaseException) -> None:
    """Let Ctrl-C out, wherever in a run it struck."""
    if isinstance(error, KeyboardInterrupt):
        raise error
    if isinstance(error, BaseExceptionGroup):
        found: BaseException | None = error.split(KeyboardInterrupt)[0]
        while isinstance(found, BaseExceptionGroup):
            found = found.exceptions[0]
        if found is not None:
            raise found from None
