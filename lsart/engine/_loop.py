"""The loop over trio's real Runner in which virtual runs take place, and how a run is ended from outside.

trio's tasks, nurseries, cancel scopes and primitives are untouched. What is replaced is who decides who goes next, what
time it is, and the outside world, of which there is none. The steps themselves are in `_trio.py`, as they need trio's
private names.
"""

from __future__ import annotations

import gc
import itertools
import math
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NoReturn, Protocol, cast

import attrs
import outcome
import trio

from lsart.engine import _trio
from lsart.engine._deadlock import DeadlockError
from lsart.engine._ending import Ending
from lsart.engine._outside import SystemTaskError
from lsart.engine._schedule import CLOCK, EVERYTHING, Choose, Ready, StepLimitError, TimeLimitError, Trace
from lsart.engine._waits import describe, nothing_to_come

__all__ = ["Loop", "VirtualTime"]

# Every so many steps the loop shows that it is alive.
_STEPS_BETWEEN_SIGNS: Final = 16
# By count, so that what the garbage collector finalises comes at the same step in each run. A full collection looks at
# all there is, so it comes seldom.
_STEPS_BETWEEN_COLLECTIONS: Final = 8192
_STEPS_BETWEEN_FULL_ONES: Final = 64 * _STEPS_BETWEEN_COLLECTIONS
# Tasks that are cancelled get so many steps, and so many more for each of them, to end before an error is raised inside
# them, and again as many after that.
_PATIENCE: Final = 5_000
_PATIENCE_EACH: Final = 100


class VirtualTime(Protocol):
    """A clock whose time moves only when it is told to."""

    now_ns: int

    def start_clock(self) -> None:
        """Begin a run at 0."""

    def current_time(self) -> float:
        """Seconds since then."""

    def can_move(self, deadline: float) -> bool:
        """Whether anything is to come, given trio's next deadline."""

    def move(self, deadline: float) -> bool:
        """Move to whatever comes first and wake its timers; False when there is nothing to come."""


class _WindUp(Exception):  # noqa: N818  (no error: out of the hot loop, to enter it again in another mode)
    pass


def _in_turns() -> Choose:
    """So that one that will not end keeps nobody else from it."""
    turn = itertools.count()
    return lambda ready: ready.numbers[next(turn) % len(ready.numbers)]


@attrs.define(eq=False)
class Loop:
    """One run.

    Args:
        choose: picks who goes next. trace: where steps are noted, None for nowhere.
        before_step: called with the number of a step and of its task; what it raises ends the run.
        notes_arrivals: see `Ready.arrived`. time_is_a_choice: whether time may move while tasks can run.
        step_limit: steps that it may take. turns_from: from this step on `choose` is not asked and tasks take turns, so
            that a task that polls does not keep all others out for ever.
        handles_signals: whether Ctrl-C is delivered as trio does it.
    """

    clock: VirtualTime
    choose: Choose
    trace: Trace | None = None
    before_step: Callable[[int, int], None] | None = None
    notes_arrivals: bool = False
    time_is_a_choice: bool = False
    step_limit: int = sys.maxsize
    turns_from: int = sys.maxsize
    time_limit_ns: float = math.inf
    handles_signals: bool = False
    instruments: Sequence[trio.abc.Instrument] = ()
    ready: Ready = attrs.field(init=False)
    tasks: dict[int, Any] = attrs.field(factory=dict, init=False)
    steps: int = attrs.field(default=0, init=False)
    ending: Ending | None = attrs.field(default=None, init=False)
    """How a deadlock is ended, if there was one."""
    stopped_by: BaseException | None = attrs.field(default=None, init=False)
    """Why the run was ended from outside, if it was."""
    failed_with: BaseException | None = attrs.field(default=None, init=False)
    """What a watcher ended the run with, if one did."""
    _runner: Any = attrs.field(default=None, init=False)
    _insisted: bool = attrs.field(default=False, init=False)
    _calls_without_steps: int = attrs.field(default=0, init=False)

    def run(self, main: Callable[[], Awaitable[object]]) -> outcome.Outcome[object]:
        """Run `main`; what it returned or raised.

        Raises:
            SystemTaskError: see there. TrioInternalError: an error in the loop itself.
        """
        self.ready = Ready(self.trace, notes_arrivals=self.notes_arrivals)
        self.ready.end_run = self._end_soon
        runner, leave = _trio.enter(self.ready, self.clock, self.instruments, handles_signals=self.handles_signals)
        self._runner = runner
        try:
            if "before_run" in runner.instruments:
                runner.instruments.call("before_run")
            self.clock.start_clock()
            _trio.spawn_root(runner, main)
            self._take_all_steps()
        except trio.TrioInternalError:
            raise
        except BaseException as error:
            if error is self.stopped_by:  # it was given up, after some tasks would not end
                return outcome.Error(error)
            for task in [*runner.tasks]:  # Ctrl-C that hit the loop itself: else each complains when it is collected
                _trio.give_up(task)
            raise trio.TrioInternalError("an error that is no task's came out of the loop") from error
        finally:
            leave()
            self.ready.end_run, self._runner = None, None
        result = cast("outcome.Outcome[object]", runner.main_task_outcome)
        if runner.ki_pending:
            interrupt = KeyboardInterrupt()
            interrupt.__context__ = result.error if isinstance(result, outcome.Error) else None
            return outcome.Error(interrupt)
        return result

    def _take_all_steps(self) -> None:
        while True:
            try:
                _trio.take_steps(self, self._runner)
            except _WindUp:
                continue
            return

    # ------------------------------------------------------------------ ending it from outside

    def cancel_all(self) -> None:
        """Ask every task to end."""
        runner = self._runner
        if runner.system_nursery is not None:
            runner.system_nursery.cancel_scope.cancel()

    @property
    def deadlock(self) -> DeadlockError | None:
        """The one that was found, if one was."""
        return None if self.ending is None else self.ending.deadlock

    def begin_end(self, error: BaseException) -> None:
        """Cancel everything; from the next step on tasks take turns and nothing is noted."""
        if self.stopped_by is not None:
            return
        self.stopped_by = error
        if self.trace is not None:
            self.trace.is_wound_up = True
            waiting = [*self.ready.numbers, *(_trio.task_number(task) for task in self._runner.runq)]
            self.trace.left = {number: self.ready.pending.get(number) for number in waiting}
        self.cancel_all()
        self.ready.trace, self.turns_from = None, sys.maxsize
        self.choose, self.trace, self.before_step, self.time_is_a_choice = _in_turns(), None, None, False
        if CLOCK in self.ready.places:
            self.ready.take_out(CLOCK)

    def _patience(self) -> int:
        return _PATIENCE + _PATIENCE_EACH * len(self._runner.tasks)

    def _end_soon(self, error: BaseException) -> None:
        """See `Ready.end_run`."""

        def end() -> None:
            if self.stopped_by is None:
                self.failed_with = error
                self.stop(self._runner, self.steps if self.trace is None else len(self.trace.numbers), error)

        self._runner.entry_queue.run_sync_soon(end)

    def stop(self, runner: Any, steps: int, error: BaseException) -> NoReturn:
        """End the run between two steps. Called by the hot loop only, which it leaves and enters anew."""
        self.steps = steps
        if self.stopped_by is None:
            self.begin_end(error)
        elif not self._insisted:
            self._insisted = True
            for task in self.tasks.values():
                _trio.raise_inside(task, type(error)(*error.args))
        else:
            stuck = [each for each in runner.tasks if not any(it.child_tasks for it in each.child_nurseries)]
            names = ", ".join(sorted(task.name for task in stuck))
            for task in runner.tasks:
                _trio.give_up(task)
            self.stopped_by.add_note(f"would not end, so given up without clean-up: {names}")
            raise self.stopped_by
        self.step_limit = self.steps + self._patience()
        raise _WindUp

    def _begin_turns(self, step: int) -> NoReturn:
        self.steps, self.turns_from, self.choose = step, sys.maxsize, _in_turns()
        if self.trace is not None:
            self.trace.turns_from = step
        raise _WindUp

    def note_wait(self, task: trio.lowlevel.Task, step: int) -> None:
        """Note what a task that has just blocked waits for, in words."""
        trace, self.ready.trace = self.ready.trace, None  # to look at primitives is no step of anybody
        if trace is not None:
            trace.waits[step] = describe(task).what
        self.ready.trace = trace

    def make_calls(self, runner: Any, steps: int) -> None:
        """Calls of run_sync_soon. One that raises ends the run."""
        if self.trace is not None:  # what they do belongs to the step before them, whoever asked for it
            self.trace.touched.append((len(self.trace.numbers) - 1, EVERYTHING))
        try:
            runner.entry_queue.empty()
        except (KeyboardInterrupt, _WindUp):
            raise
        except BaseException as error:
            if self.stopped_by is not None:  # the run is ending, and what it ends with is known
                return
            failure = SystemTaskError("a function given to run_sync_soon", error)
            failure.__cause__ = error
            self.stop(runner, steps, failure)
        if not self.ready.numbers and not runner.runq:
            self._calls_without_steps += 1
            if self._calls_without_steps >= self.step_limit:  # calls that ask for each other
                self._calls_without_steps = 0
                self.stop(runner, steps, StepLimitError(self.step_limit))

    # ------------------------------------------------------------------ time

    def wait_for_time(self, runner: Any, steps: int) -> None:
        """Nobody can run: wake those who wait for just that, or let what is due next come."""
        waiting = runner.waiting_for_idle
        if waiting:
            cushion = min(key[0] for key in waiting)
            for key in [key for key in waiting if key[0] == cushion]:
                runner.reschedule(waiting.pop(key))
        elif self._move_time(runner, steps):
            pass
        elif not runner.entry_queue.queue:
            was_stopped = self.stopped_by is not None
            self.ready.trace = None  # to look at primitives for the report is no step of anybody
            if self.ending is None:
                self.ending = Ending(self.begin_end)
            nothing_to_come(self.clock.now_ns, self.ending)
            self.ready.trace = self.trace
            if self.stopped_by is not None and not was_stopped:
                self.steps = steps
                self.step_limit = steps + self._patience()
                raise _WindUp

    def offer_time(self, runner: Any) -> None:
        """Put time among the ready while something is to come, take it out when nothing is."""
        ready = self.ready
        offers = self.clock.can_move(runner.deadlines.next_deadline())
        if offers and CLOCK not in ready.places:
            ready.put_in(CLOCK)
            if ready.arrived is not None:
                ready.arrived.append(CLOCK)
        elif not offers and CLOCK in ready.places:
            ready.take_out(CLOCK)

    def let_time_come(self, runner: Any, steps: int) -> None:
        """Time was chosen."""
        if len(self.ready.numbers) == 1 and runner.waiting_for_idle:
            self.wait_for_time(runner, steps)
        else:
            self._move_time(runner, steps)

    def _move_time(self, runner: Any, steps: int) -> bool:
        """To what is due next; False if there is nothing."""
        if not self.clock.move(runner.deadlines.next_deadline()):
            return False
        runner.deadlines.expire(self.clock.current_time())
        if self.clock.now_ns > self.time_limit_ns and self.stopped_by is None:
            self.stop(runner, steps, TimeLimitError(int(self.time_limit_ns)))
        return True

    def attend(self, runner: Any, step: int, task: int) -> int:
        """What is due before some steps only; before which step this is to be called next."""
        if step >= self.step_limit:
            self.stop(runner, step, StepLimitError(self.step_limit))
        if step >= self.turns_from:
            self._begin_turns(step)
        if self.before_step is not None:
            try:
                self.before_step(step, task)
            except BaseException as error:
                self.stop(runner, step, error)
        if not step % _STEPS_BETWEEN_SIGNS:
            if "after_io_wait" in runner.instruments:  # it is what a watchdog listens to
                runner.instruments.call("after_io_wait", 0)
            if step and not step % _STEPS_BETWEEN_COLLECTIONS:
                gc.collect(1 if step % _STEPS_BETWEEN_FULL_ONES else 2)
        if self.before_step is not None:
            return step + 1
        return min(self.step_limit, self.turns_from, step + _STEPS_BETWEEN_SIGNS - step % _STEPS_BETWEEN_SIGNS)
