"""The tasks that a package has in LSA: its threads, and those that wait for its notifications."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from lsart.runtime._package import Package

__all__ = ["PackageTasks"]


class PackageTasks:
    """One package's own nursery. It opens with its first task, so that packages without any cost nothing.

    Shielded, like workers: whoever cancels the program around the LSA does not stop package code; `cancel` does.
    """

    def __init__(self, lsa: trio.Nursery, package: Package) -> None:
        self.package = package
        self._lsa = lsa
        self._nursery: trio.Nursery | None = None
        self._until_open: list[tuple[Callable[..., Awaitable[object]], tuple[object, ...], str]] = []
        self._has_begun = False
        self._ended = trio.Event()
        self.is_closed = False

    def start(self, function: Callable[..., Awaitable[object]], *arguments: object, name: str) -> None:
        """Start a task. Not after `cancel`: ask `is_closed` first."""
        assert not self.is_closed
        if self._nursery is not None:
            self._nursery.start_soon(function, *arguments, name=name)
            return
        self._until_open.append((function, arguments, name))
        if not self._has_begun:
            self._has_begun = True
            self._lsa.start_soon(self._hold, name=f"LSA for the tasks of package {self.package.name!r}")

    def cancel(self) -> None:
        """End every task, now. None is started from here on."""
        self.is_closed = True
        if self._nursery is not None:
            self._nursery.cancel_scope.cancel()

    async def close(self, seconds: float) -> bool:
        """Cancel, and give the tasks this long to unwind; whether that was enough."""
        self.cancel()
        if self._has_begun:
            with trio.move_on_after(seconds) as scope:
                await self.wait_until_over()
            return not scope.cancelled_caught
        return True

    async def wait_until_over(self) -> None:
        """Until its last task has ended. After `cancel` only tasks that shield themselves make one wait."""
        if self._has_begun:
            await self._ended.wait()

    def names(self) -> tuple[str, ...]:
        """The tasks that have not ended."""
        return () if self._nursery is None else tuple(sorted(each.name for each in self._nursery.child_tasks))

    async def _hold(self) -> None:
        try:
            async with trio.open_nursery() as nursery:
                nursery.cancel_scope.shield = True
                if self.is_closed:
                    return
                self._nursery = nursery
                for function, arguments, name in self._until_open:
                    nursery.start_soon(function, *arguments, name=name)
                self._until_open.clear()
                await trio.lowlevel.wait_task_rescheduled(lambda _: trio.lowlevel.Abort.SUCCEEDED)
        finally:
            self._nursery = None
            self._ended.set()

    def describe_wait(self, task: trio.lowlevel.Task) -> tuple[str, str | None]:
        """For the deadlock report."""
        return f"the end of package {self.package.name!r}", None
