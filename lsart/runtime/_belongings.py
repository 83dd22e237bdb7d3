"""What of packages runs in LSA: their tasks and notifications. All of it goes with its package."""

from __future__ import annotations

from typing import Literal

import trio

from lsart.contract import SECPKG_EVENT_PACKAGE_CHANGE, Choices, PackageState, constants
from lsart.engine import now_ns
from lsart.events import Bus, ObjectRefused, Origin, PackageOutlived
from lsart.runtime._faults import Faults
from lsart.runtime._notifications import Notifications
from lsart.runtime._package import Package
from lsart.runtime._package_tasks import PackageTasks
from lsart.security import HandleTable

__all__ = ["Belongings"]


class Belongings:
    """Of every package that came as far as being loaded, by its key. The loader says who comes and who goes.

    Args:
        handles: those of LSASS. faults: answers for functions that raise.
        patience: seconds that the tasks of a package get to unwind when it goes.
    """

    def __init__(
        self,
        nursery: trio.Nursery,
        handles: HandleTable,
        bus: Bus,
        choices: Choices,
        faults: Faults,
        patience: float,
    ) -> None:
        self.handles = handles
        self.notifications = Notifications(handles, bus, choices, faults)
        self.bus = bus
        self.faults = faults
        self._nursery = nursery
        self._patience = patience
        self._tasks: dict[str, PackageTasks] = {}
        self._outliving: list[PackageTasks] = []  # of packages that are gone

    def admit(self, package: Package) -> None:
        """A package is loaded."""
        self._tasks[package.key] = PackageTasks(self._nursery, package)

    def tasks_of(self, package: str) -> PackageTasks | None:
        """None when the package is gone."""
        return self._tasks.get(package)

    def came_up(self, package: Package) -> None:
        """A package is ready, and those who asked for it hear of it."""
        self.faults.came_up(package)
        self.tell_of(package, constants.SECPKG_PACKAGE_CHANGE_LOAD)

    def tell_of(self, package: Package, change: int) -> None:
        """A package came, went, or is preferred now: `change` is a SECPKG_PACKAGE_CHANGE."""
        data = SECPKG_EVENT_PACKAGE_CHANGE(change, package.package_id, package.name)
        self.notifications.tell_event(constants.NOTIFY_CLASS_PACKAGE_CHANGE, data)

    async def leave(self, package: Package) -> None:
        """A package is unloaded: its tasks are cancelled, its notifications dropped. Its handles are LSA's to close."""
        tasks = self._tasks.get(package.key)
        is_over = tasks is None or await tasks.close(self._patience)
        rest = package.inside()
        if tasks is not None and not is_over:
            self._outliving.append(tasks)
            rest = tasks.names() + rest
        if rest:
            self.bus.emit(PackageOutlived(time_ns=now_ns(), package=package.key, tasks=rest))
        self._tasks.pop(package.key, None)
        self.notifications.leave(package.key)
        if package.state is PackageState.SHUT_DOWN:  # it had come up
            self.tell_of(package, constants.SECPKG_PACKAGE_CHANGE_UNLOAD)

    def stop(self) -> None:
        """LSASS goes down: no task goes on."""
        for tasks in self._tasks.values():
            tasks.cancel()

    async def wait_until_over(self) -> None:
        """Until the last task of any package has ended, and be it one that shields itself. After `stop`."""
        for tasks in (*self._outliving, *self._tasks.values()):
            await tasks.wait_until_over()

    def refuse(self, kind: Literal["thread", "notification"], reason: str, origin: Origin) -> None:
        """Tell why a package does not get what it asked for."""
        self.bus.emit(ObjectRefused(time_ns=origin.time_ns, kind=kind, reason=reason, origin=origin))
