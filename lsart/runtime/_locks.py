"""The heap lock: one per section, fair, and honest about its waits.

A lock of our own, as its events must name the holder, the depth of the queue and the wait, and an uncontended
acquire must not yield: in LSASS it is a few instructions. That the lock is fair is our assumption (docs/model.md).
"""

from __future__ import annotations

from collections import deque
from typing import Literal

import trio

from lsart.engine import Label, announce, exploring, now_ns, touch
from lsart.events import Bus, LockAcquired, LockReleased, Origin

__all__ = ["HeapLock"]


class HeapLock:
    """Serialises the allocator of one section.

    Args:
        name: ``"heap lock of section-1"``. order: ``"fifo"`` grants the oldest waiter, ``"lifo"`` the newest.
    """

    __slots__ = ("_bus", "_explores", "_granted_at", "_order", "_waiters", "holder", "name")

    def __init__(self, name: str, bus: Bus, order: Literal["fifo", "lifo"] = "fifo") -> None:
        self.name = name
        self.holder: Origin | None = None
        self._bus = bus
        self._explores = exploring()
        self._order = order
        self._granted_at = 0
        self._waiters: deque[tuple[trio.lowlevel.Task, Origin]] = deque()

    async def acquire(self, origin: Origin) -> int:
        """Get the lock; returns nanoseconds waited. Does not yield when the lock is free, unless schedules are
        explored: in LSASS another thread can always come first."""
        if self._explores:
            await announce(Label(self.name, "w", f"acquire {self.name}", is_told=False))
        holder = self.holder
        if holder is None:
            self.holder = origin
            self._granted_at = origin.time_ns
            if self._bus.wants(LockAcquired):
                self._tell_acquired(0, 0, None, origin)
            return 0
        depth = len(self._waiters)
        entry = (trio.lowlevel.current_task(), origin)
        self._waiters.append(entry)

        def abort(_: object) -> trio.lowlevel.Abort:
            self._waiters.remove(entry)
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(abort)
        # `release` has made us the holder; time stood still since then.
        waited = self._granted_at - origin.time_ns
        if self._bus.wants(LockAcquired):
            self._tell_acquired(waited, depth, holder, origin)
        return waited

    def release(self) -> None:
        """Hand the lock to the next waiter at once, if any."""
        released = self.holder
        assert released is not None
        if self._explores:
            touch(self.name, "w", f"release {self.name}", is_told=False)
        # The clock is read only when somebody needs to know: an uncontended release on the hot path does not.
        wanted = self._bus.wants(LockReleased)
        if not self._waiters and not wanted:
            self.holder = None
            return
        now = now_ns()
        if wanted:
            self._bus.emit(LockReleased(time_ns=now, lock=self.name, held_ns=now - self._granted_at, origin=released))
        if not self._waiters:
            self.holder = None
            return
        task, origin = self._waiters.popleft() if self._order == "fifo" else self._waiters.pop()
        self.holder = origin
        self._granted_at = now
        trio.lowlevel.reschedule(task)

    @property
    def waiting(self) -> int:
        """How many wait for the lock now."""
        return len(self._waiters)

    def describe_wait(self, task: trio.lowlevel.Task) -> tuple[str, str | None]:
        """For the deadlock report: what is waited for, and who holds it."""
        return self.name, None if self.holder is None else str(self.holder)

    def _tell_acquired(self, waited: int, depth: int, holder: Origin | None, origin: Origin) -> None:
        self._bus.emit(
            LockAcquired(
                time_ns=self._granted_at,
                lock=self.name,
                waited_ns=waited,
                queue_depth=depth,
                held_by=holder,
                origin=origin,
            )
        )
