"""Threads of packages, as CreateThread makes them."""

from __future__ import annotations

import trio

from lsart.contract import ThreadStart
from lsart.engine import exploring, now_ns, touch
from lsart.events import Bus, Origin, ThreadEnded, ThreadStarted
from lsart.runtime._enter_task import enter_task, name_of
from lsart.runtime._faults import Faults
from lsart.runtime._handles import last_error
from lsart.runtime._package_tasks import PackageTasks
from lsart.security import KernelObject

__all__ = ["Thread"]


class Thread(KernelObject):
    """One thread of a package. It goes on when its last handle is closed.

    Args:
        number: its id. suspended: whether it waits for ResumeThread before it enters its function.
    """

    kind = "thread"

    def __init__(self, number: int, function: ThreadStart, argument: object, *, suspended: bool) -> None:
        super().__init__()
        self.number = number
        self._function = function
        self._argument = argument
        self._is_suspended = suspended
        self._parked: trio.lowlevel.Task | None = None
        self._name = name_of(function)

    def start(self, tasks: PackageTasks, bus: Bus, faults: Faults, origin: Origin) -> None:
        """Let it run, beside its starter."""
        bus.emit(
            ThreadStarted(
                time_ns=origin.time_ns,
                package=origin.package,
                thread_id=self.number,
                function=self._name,
                suspended=self._is_suspended,
                origin=origin,
            )
        )
        where = f"thread {self.number} ({self._name}) of package {tasks.package.name!r}"
        tasks.start(self._run, tasks, bus, faults, name=where)

    def resume(self) -> int:
        """How often it was suspended before: once or not at all."""
        if exploring():
            touch(f"thread {self.number}", "w", f"resume thread {self.number}")
        if not self._is_suspended:
            return 0
        self._is_suspended = False
        if self._parked is not None:
            trio.lowlevel.reschedule(self._parked)
        return 1

    async def _run(self, tasks: PackageTasks, bus: Bus, faults: Faults) -> None:
        code, reason = None, "it was ended with its package"
        last_error.set(0)  # each thread has its own
        try:
            if exploring():
                touch(f"thread {self.number}", "w", f"begin thread {self.number}", is_told=False)
            if self._is_suspended:
                await self._wait()
            code, reason = await enter_task(tasks.package, self._name, self._function, self._argument, faults)
        finally:
            bus.emit(
                ThreadEnded(
                    time_ns=now_ns(),
                    package=tasks.package.key,
                    thread_id=self.number,
                    exit_code=code,
                    reason=reason,
                )
            )

    async def _wait(self) -> None:
        self._parked = trio.lowlevel.current_task()

        def abort(_: object) -> trio.lowlevel.Abort:
            self._is_suspended = False  # nobody is there to be resumed
            return trio.lowlevel.Abort.SUCCEEDED

        try:
            await trio.lowlevel.wait_task_rescheduled(abort)
        finally:
            self._parked = None

    def describe_wait(self, task: trio.lowlevel.Task) -> tuple[str, str | None] | None:
        """For the deadlock report."""
        return ("ResumeThread", None) if task is self._parked else None
