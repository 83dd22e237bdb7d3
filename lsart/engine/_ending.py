"""How a deadlocked run is brought to its end: cancel, then lift shields, then raise inside, then give up.

Each step is tried only when the run deadlocks again after the one before. Abandoning the loop at once
would be shorter, but it leaves suspended coroutines to the garbage collector, which may then run
their clean-up in the middle of the next run.
"""

from collections.abc import Callable
from typing import Final

import attrs
import outcome
import trio

from lsart.engine import _frames, _trio
from lsart.engine._deadlock import DeadlockError

# Code that shields itself again each time it is woken would go round for ever.
_LIFTS: Final = 16
_FORCED: Final = 16


@attrs.define(eq=False)
class Ending:
    """Called with each deadlock of a run, outside of any task. Remembers the first one.

    `cancel` begins the end: it should cancel everything that lets itself be cancelled.
    """

    _cancel: Callable[[DeadlockError], None]
    deadlock: DeadlockError | None = attrs.field(default=None, init=False)
    _rounds: int = attrs.field(default=0, init=False)

    def __call__(self, found: DeadlockError) -> None:
        self._rounds += 1
        if self.deadlock is None:
            self.deadlock = found
            self._cancel(found)
            return
        tasks = _frames.all_tasks()
        if self._rounds <= _LIFTS and _trio.unshield(tasks):
            return
        stuck = [task for task in tasks if not _waits_for_children(task)]
        names = ", ".join(task.name for task in stuck)
        if self._rounds > _LIFTS + _FORCED or not stuck:
            self._note(f"would not end, so given up without clean-up: {names}")
            # Out of the clock, through trio's loop: that ends with a TrioInternalError.
            raise self.deadlock
        self._note(f"could not be cancelled, so the deadlock was raised inside: {names}")
        for task in stuck:
            # Normally forbidden, since whoever parked the task must wake it; here nobody ever will.
            again = DeadlockError(self.deadlock.time_ns, self.deadlock.waits)
            trio.lowlevel.reschedule(task, outcome.Error(again))

    def _note(self, note: str) -> None:
        assert self.deadlock is not None
        if note not in getattr(self.deadlock, "__notes__", ()):
            self.deadlock.add_note(note)


def fail_in_system_task(found: DeadlockError) -> None:
    """Cancel a run of which only the clock is ours, by a system task that fails."""

    async def fail() -> None:
        raise found

    trio.lowlevel.spawn_system_task(fail, name="deadlock")


def _waits_for_children(task: trio.lowlevel.Task) -> bool:
    # Such a task ends when its children do; woken before, it breaks trio's nursery.
    frame = _frames.parked_at(task)
    return frame is not None and isinstance(frame.f_locals.get("self"), trio.Nursery)
