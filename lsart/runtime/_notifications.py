"""Notifications: who registered what, and the threads that wait and run it.

The registrations of a package share one waiting thread; one with the new-thread flag has a thread of its own.
"""

from __future__ import annotations

import trio

from lsart.contract import (
    SECPKG_EVENT_NOTIFY,
    SECPKG_EVENT_PACKAGE_CHANGE,
    SECPKG_PARAMETERS,
    Choices,
    PackageState,
    ThreadStart,
    constants,
)
from lsart.engine import exploring, now_ns, sleep_ns, touch
from lsart.events import Bus, NotificationFired, NotificationRegistered, Origin
from lsart.runtime._due import Due, Schedule
from lsart.runtime._enter_task import enter_task, name_of
from lsart.runtime._faults import Faults
from lsart.runtime._handles import touch_handles
from lsart.runtime._package import Package
from lsart.runtime._package_tasks import PackageTasks
from lsart.security import HandleTable, WaitEvent

__all__ = ["NOTIFICATIONS", "Notifications", "Registration"]

NOTIFICATIONS = "the notifications of LSA"

_EVENT_SIZES = {SECPKG_EVENT_PACKAGE_CHANGE: 32, SECPKG_PARAMETERS: 72}  # of the structures on 64-bit Windows
_ENTERED_IN = (PackageState.LOADED, PackageState.READY)


class Registration:
    """One registered function of a package.

    Args:
        kind: the NOTIFIER_TYPE. event_class: the NOTIFY_CLASS of a notify-event.
        is_one_shot: whether it goes after its first run. event: what a handle-wait waits for.
    """

    __slots__ = (
        "argument",
        "ended",
        "event",
        "event_class",
        "function",
        "handle",
        "is_cancelled",
        "is_one_shot",
        "kind",
        "package",
        "runners",
        "was_posted",
        "watcher",
    )

    def __init__(
        self,
        handle: int,
        package: Package,
        function: ThreadStart,
        argument: object,
        *,
        kind: int,
        event_class: int,
        is_one_shot: bool,
        event: WaitEvent | None,
    ) -> None:
        self.handle = handle
        self.package = package
        self.function = function
        self.argument = argument
        self.kind = kind
        self.event_class = event_class
        self.is_one_shot = is_one_shot
        self.event = event
        self.watcher: Watcher
        self.is_cancelled = False
        self.was_posted = False
        self.runners: list[trio.lowlevel.Task] = []  # tasks that run the function now
        self.ended = trio.Event()  # set when the last of them is done

    def signalled(self) -> None:
        """Its event was."""
        self.post(None)

    def post(self, data: object) -> None:
        """It is due now, unless it was and is for once only."""
        if not (self.is_one_shot and self.was_posted):
            self.was_posted = True
            self.watcher.schedule.post(self.handle, now_ns(), data)
            self.watcher.ring()


class Watcher:
    """A thread that waits for what is due, and runs it."""

    def __init__(self, notifications: Notifications, tasks: PackageTasks, *, is_shared: bool) -> None:
        self.schedule = Schedule()
        self._notifications = notifications
        self._tasks = tasks
        self._is_shared = is_shared
        self._sleep: trio.CancelScope | None = None
        self.is_over = False  # has nothing to wait for, now or later

    def ring(self) -> None:
        """Look again at what is due."""
        if self._sleep is not None:
            self._sleep.cancel()

    async def watch(self) -> None:
        """Until there is nothing to wait for; the shared thread, until its package is gone."""
        while not self.is_over:
            if exploring():
                touch(NOTIFICATIONS, "w", "look for notifications", is_told=False)
            due = self.schedule.take(now_ns())
            if due is None:
                await self._wait(self.schedule.next_ns())
            else:
                await self._begin(due)
                following = self.schedule.next_ns()
                if following is not None and following <= now_ns():  # plain functions may be due for ever
                    await trio.lowlevel.checkpoint()

    async def _begin(self, due: Due) -> None:
        registration = self._notifications.find(due.number)
        if registration is None or registration.package.state not in _ENTERED_IN or self._tasks.is_closed:
            return
        if self._is_shared and self._notifications.choices.notification_delivery == "at_once":
            self._wait_again(registration)
            name = f"notification of package {registration.package.name!r}"
            self._tasks.start(self._notifications.run, registration, due, name=name)
        else:
            await self._notifications.run(registration, due)
            self._wait_again(registration)

    def _wait_again(self, registration: Registration) -> None:
        if registration.is_one_shot or registration.is_cancelled:
            return
        if registration.event is not None:
            registration.event.wait(registration.signalled)
        self.schedule.rearm(registration.handle, now_ns())

    async def _wait(self, until_ns: int | None) -> None:
        with trio.CancelScope() as self._sleep:
            if until_ns is None:
                await trio.lowlevel.wait_task_rescheduled(lambda _: trio.lowlevel.Abort.SUCCEEDED)
            else:
                await sleep_ns(max(until_ns - now_ns(), 0))
        self._sleep = None

    def describe_wait(self, task: trio.lowlevel.Task) -> tuple[str, str | None] | None:
        """For the deadlock report."""
        return None if self._sleep is None else ("a notification", None)


class Notifications:
    """All registrations of an LSA, by handle, in the order in which they were made."""

    def __init__(self, handles: HandleTable, bus: Bus, choices: Choices, faults: Faults) -> None:
        self.choices = choices
        self._handles = handles
        self._faults = faults
        self._bus = bus
        self._explores = exploring()
        self._found: dict[int, Registration] = {}
        self._shared: dict[str, Watcher] = {}
        self._spent: dict[int, str] = {}  # handles of one-shots that ran, by package

    def __len__(self) -> int:
        return len(self._found)

    def find(self, handle: int) -> Registration | None:
        """The live registration of a handle."""
        return self._found.get(handle)

    def has_spent(self, handle: int, package: str) -> bool:
        """Whether that package's handle named a one-shot that ran."""
        return self._spent.get(handle) == package

    def add(
        self, registration: Registration, tasks: PackageTasks, period_ns: int, *, new_thread: bool, origin: Origin
    ) -> None:
        """From now on it is waited for. `period_ns` is that of the interval type, 0 for the others."""
        self._found[registration.handle] = registration
        watcher = None if new_thread else self._shared.get(registration.package.key)
        if watcher is None:
            watcher = Watcher(self, tasks, is_shared=not new_thread)
            whose = f"package {registration.package.name!r}"
            name = f"{name_of(registration.function)}, notification {registration.handle} of {whose}"
            tasks.start(watcher.watch, name=name if new_thread else f"notifications of {whose}")
            if not new_thread:
                self._shared[registration.package.key] = watcher
        registration.watcher = watcher
        if period_ns:
            watcher.schedule.add_interval(registration.handle, now_ns(), period_ns)
            watcher.ring()
        elif registration.event is not None:
            registration.event.wait(registration.signalled)
        elif registration.kind == constants.NOTIFIER_TYPE_IMMEDIATE:
            registration.post(None)
        self._bus.emit(
            NotificationRegistered(
                time_ns=origin.time_ns,
                handle=registration.handle,
                kind=_KINDS[registration.kind],
                function=name_of(registration.function),
                origin=origin,
            )
        )

    def drop(self, registration: Registration) -> None:
        """No run begins from here on."""
        if self._found.pop(registration.handle, None) is None:
            return
        registration.is_cancelled = True
        if registration.event is not None:
            registration.event.forget(registration.signalled)
        watcher = registration.watcher
        watcher.schedule.drop(registration.handle)
        if watcher is not self._shared.get(registration.package.key):
            watcher.is_over = True
            watcher.ring()
        touch_handles("w", "give a handle back")
        self._handles.give_back(registration.handle)

    def leave(self, package: str) -> None:
        """A package is gone, and its tasks with it."""
        for registration in tuple(self._found.values()):
            if registration.package.key == package:
                self.drop(registration)
        self._shared.pop(package, None)
        self._spent = {handle: owner for handle, owner in self._spent.items() if owner != package}

    def tell_event(self, event_class: int, data: SECPKG_EVENT_PACKAGE_CHANGE | SECPKG_PARAMETERS) -> None:
        """An event of a class happened."""
        self._touch(f"tell of event class {event_class}")
        for each in tuple(self._found.values()):
            if each.kind == constants.NOTIFIER_TYPE_NOTIFY_EVENT and each.event_class == event_class:
                each.post(data)

    def tell_state_change(self) -> None:
        """The machine is in another state."""
        self._touch("tell of a state change")
        for each in tuple(self._found.values()):
            if each.kind == constants.NOTIFIER_TYPE_STATE_CHANGE:
                each.post(None)

    async def run(self, registration: Registration, due: Due) -> None:
        """One run of a registered function, in the current task."""
        task = trio.lowlevel.current_task()
        name = name_of(registration.function)
        self._bus.emit(
            NotificationFired(
                time_ns=now_ns(),
                package=registration.package.key,
                handle=registration.handle,
                function=name,
                due_ns=due.time_ns,
            )
        )
        if not registration.runners:
            registration.ended = trio.Event()
        registration.runners.append(task)
        try:
            argument = self._argument(registration, due.data)
            await enter_task(registration.package, name, registration.function, argument, self._faults)
        finally:
            registration.runners.remove(task)
            if not registration.runners:
                registration.ended.set()
        self._touch("end a notification")
        if registration.is_one_shot:
            if not registration.is_cancelled:
                self._spent[registration.handle] = registration.package.key
            self.drop(registration)

    def _argument(self, registration: Registration, data: object) -> object:
        if isinstance(data, SECPKG_EVENT_PACKAGE_CHANGE | SECPKG_PARAMETERS):
            size = _EVENT_SIZES[type(data)]
            return SECPKG_EVENT_NOTIFY(registration.event_class, size, data, registration.argument)
        if self.choices.notification_argument == "event_notify":
            return SECPKG_EVENT_NOTIFY(0, 0, None, registration.argument)
        return registration.argument

    def _touch(self, what: str) -> None:
        if self._explores:
            touch(NOTIFICATIONS, "w", what, is_told=False)


_KINDS = {
    constants.NOTIFIER_TYPE_INTERVAL: "interval",
    constants.NOTIFIER_TYPE_HANDLE_WAIT: "handle wait",
    constants.NOTIFIER_TYPE_STATE_CHANGE: "state change",
    constants.NOTIFIER_TYPE_NOTIFY_EVENT: "notify event",
    constants.NOTIFIER_TYPE_IMMEDIATE: "immediate",
}
