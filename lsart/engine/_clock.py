"""Virtual time: a clock that stands still while anything can run, then jumps to what comes next.

trio asks the clock how long to sleep only when no task is runnable. That question is where time moves
and where it shows that nothing can move it any more.
"""

import itertools
import math
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Final

import trio

from lsart.engine import _frames, _trio
from lsart.engine._deadlock import DeadlockError
from lsart.engine._ending import Ending, fail_in_system_task
from lsart.engine._waits import found_deadlock

NS_PER_S: Final = 10**9

# A timer of a cancelled sleep stays in the heap until its time comes; more of them than this, and
# more than half the heap, and they are swept out.
_STALE_TIMERS: Final = 1000


class _Timer:
    """A task that is to go on at `time_ns`; `task` is None once it was cancelled."""

    __slots__ = ("task",)

    def __init__(self, task: trio.lowlevel.Task) -> None:
        self.task: trio.lowlevel.Task | None = task


class VirtualClock(trio.abc.Clock):
    """A clock for ``trio.run(..., clock=VirtualClock())``, and the one that ``run`` uses.

    Time starts at 0 and is kept in integer nanoseconds. It jumps to the next deadline when no task can
    run; tasks in ``wait_all_tasks_blocked`` go first. If there is no deadline, a wait for a thread, a
    file descriptor or a signal is a wait in real time; without one it is a deadlock.

    While there is a deadline, the outside world is not waited for: what is ready at once is taken
    first, but a thread that needs a real millisecond loses against a timeout of a virtual hour.

    A thread that was not started by ``trio.to_thread`` is not seen: a task that waits for such a thread
    must do so through ``trio.to_thread`` or a socket.

    trio's own deadlines are floats. They are exact to 1 ns up to 2**22 s (48 days) of virtual time and
    coarser after that; ``sleep_ns`` needs no float and is exact always.

    `seed` is that of the engine that `current` makes when nobody has made one.

    `on_deadlock` is called with each deadlock found, outside of any task. It should cancel something.
    Without it a system task raises the error, which cancels all tasks, runs their ``finally`` blocks
    and ends ``trio.run`` with a TrioInternalError that has the DeadlockError among its causes.
    """

    __slots__ = (
        "_numbers",
        "_on_deadlock",
        "_outside",
        "_seconds",
        "_stale",
        "_timers",
        "_told_on_deadlock",
        "now_ns",
        "seed",
    )

    def __init__(self, *, on_deadlock: Callable[[DeadlockError], None] | None = None, seed: int = 0) -> None:
        self.seed = seed
        """The seed of the run's engine, unless the run installs one itself."""
        self._told_on_deadlock = on_deadlock
        self._on_deadlock = on_deadlock or Ending(fail_in_system_task)
        self._timers: list[tuple[int, int, _Timer]] = []
        self._numbers = itertools.count()
        self._stale = 0
        self._outside: trio.lowlevel.Task | None = None
        self._seconds = 0.0
        self.now_ns = 0
        """The time in nanoseconds since the start of the run."""

    def __repr__(self) -> str:
        return f"<VirtualClock at {self.now_ns} ns>"

    def start_clock(self) -> None:
        """Begin a run at 0."""
        self._on_deadlock = self._told_on_deadlock or Ending(fail_in_system_task)
        self._timers.clear()
        self._stale = 0
        self._outside = None
        self._seconds = 0.0
        self.now_ns = 0

    def current_time(self) -> float:
        """Seconds since the start of the run."""
        return self._seconds

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """trio's own loop asks this when nobody can run: move to whatever comes first and return 0.

        Returns infinity when only real time can bring something.
        """
        if deadline <= self._seconds:
            return 0.0
        if _frames.somebody_waits_for_idle():
            return math.inf
        if _trio.take_news_from_outside() or self.move(deadline):
            return 0.0
        return self._nothing_to_come()

    def can_move(self, deadline: float) -> bool:
        """Whether anything is to come: a timer, or trio's next deadline if that is finite."""
        self._drop_cancelled_timers()
        return bool(self._timers) or deadline < math.inf

    def move(self, deadline: float) -> bool:
        """Move to whatever comes first and wake its timers; False when there is nothing to come.

        Args:
            deadline: trio's next one, in seconds; infinity if there is none. What waits for it is trio's to cancel.
        """
        if deadline <= self._seconds:  # moved to now, or to the past
            return True
        self._drop_cancelled_timers()
        timers = self._timers
        if timers:
            due = timers[0][0]
            if deadline < math.inf:
                reached = round(deadline * NS_PER_S)
                if reached < due:
                    self._jump(reached, deadline)
                    return True
                # Both at one nanosecond: the deadline's float may lie a hair after the timer's.
                self._jump(due, deadline if reached == due else 0.0)
            else:
                self._jump(due, 0.0)
            self._wake(due)
            return True
        if deadline < math.inf:
            self._jump(round(deadline * NS_PER_S), deadline)
            return True
        return False

    async def sleep_until_ns(self, time_ns: int) -> None:
        """Sleep until `time_ns`, which must lie in the future."""
        # A cancel scope with a deadline would do, at several times the cost and through a float.
        timer = _Timer(trio.lowlevel.current_task())
        heappush(self._timers, (time_ns, next(self._numbers), timer))

        def abort(_: object) -> trio.lowlevel.Abort:
            timer.task = None
            self._stale += 1
            if self._stale > _STALE_TIMERS and self._stale * 2 > len(self._timers):
                self._sweep()
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(abort)

    def _jump(self, time_ns: int, seconds: float) -> None:
        self.now_ns = max(self.now_ns, time_ns)
        # Not simply now_ns / 1e9: a deadline that is not a whole number of nanoseconds would never be
        # reached, and trio would ask for ever.
        self._seconds = max(self._seconds, self.now_ns / NS_PER_S, seconds)

    def _wake(self, due: int) -> None:
        timers = self._timers
        while timers and timers[0][0] <= due:
            task = heappop(timers)[2].task
            if task is None:
                self._stale -= 1
            else:
                trio.lowlevel.reschedule(task)

    def _drop_cancelled_timers(self) -> None:
        timers = self._timers
        while timers and timers[0][2].task is None:
            heappop(timers)
            self._stale -= 1

    def _sweep(self) -> None:
        self._timers = [entry for entry in self._timers if entry[2].task is not None]
        heapify(self._timers)
        self._stale = 0

    def _nothing_to_come(self) -> float:
        if trio.lowlevel.current_statistics().run_sync_soon_queue_size:
            # A thread's result or Ctrl-C has arrived between two polls.
            return 0.0
        if _trio.is_guest():
            return math.inf
        # Often the same one as last time, and looking for another is a walk over all tasks.
        if self._outside is not None and _frames.waits_outside(self._outside):
            return math.inf
        self._outside = next(filter(_frames.waits_outside, _frames.all_tasks()), None)
        if self._outside is not None:
            return math.inf
        self._on_deadlock(found_deadlock(self.now_ns))
        return 0.0
