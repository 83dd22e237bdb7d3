"""Slots for being notified: RegisterNotification and CancelNotification."""

from __future__ import annotations

import trio

from lsart.contract import (
    STATUS_INVALID_PARAMETER,
    Choices,
    StatusError,
    ThreadStart,
    constants,
)
from lsart.engine import Label, announce, exploring
from lsart.events import NotificationCancelled, Origin
from lsart.runtime._belongings import Belongings
from lsart.runtime._handles import touch_handles
from lsart.runtime._notifications import NOTIFICATIONS, Registration
from lsart.security import WaitEvent

__all__ = ["NotificationServices"]

_SECOND_NS = 1_000_000_000
_TYPES = (
    constants.NOTIFIER_TYPE_INTERVAL,
    constants.NOTIFIER_TYPE_HANDLE_WAIT,
    constants.NOTIFIER_TYPE_STATE_CHANGE,
    constants.NOTIFIER_TYPE_NOTIFY_EVENT,
    constants.NOTIFIER_TYPE_IMMEDIATE,
)
_CLASSES = (
    constants.NOTIFY_CLASS_PACKAGE_CHANGE,
    constants.NOTIFY_CLASS_ROLE_CHANGE,
    constants.NOTIFY_CLASS_DOMAIN_CHANGE,
    constants.NOTIFY_CLASS_REGISTRY_CHANGE,
)
_FLAGS = constants.NOTIFIER_FLAG_NEW_THREAD | constants.NOTIFIER_FLAG_ONE_SHOT | constants.NOTIFIER_FLAG_SECONDS


class NotificationServices:
    """Registering a function that LSA runs later, and taking that back."""

    def __init__(self, belongings: Belongings, choices: Choices) -> None:
        self._belongings = belongings
        self._choices = choices
        self._explores = exploring()

    async def RegisterNotification(
        self,
        origin: Origin,
        start_function: ThreadStart,
        parameter: object,
        notification_type: int,
        notification_class: int,
        notification_flags: int,
        interval_minutes: int,
        wait_event: int | None,
    ) -> int | None:
        await self._announce(f"register a notification of {origin.package}")
        touch_handles("w", "take a handle")
        found = self._belongings.handles.find(wait_event)
        event = found if isinstance(found, WaitEvent) else None
        fault = _fault(notification_type, notification_class, notification_flags, interval_minutes)
        if notification_type == constants.NOTIFIER_TYPE_HANDLE_WAIT and event is None:
            fault = fault or "the wait is for no open event"
        tasks = self._belongings.tasks_of(origin.package)
        if tasks is None or tasks.is_closed:
            fault = fault or "the package is being unloaded"
        handle = None if fault else self._belongings.handles.reserve(origin)
        if handle is None or tasks is None:
            self._belongings.refuse("notification", fault or "no handle is left", origin)
            return None
        is_interval = notification_type == constants.NOTIFIER_TYPE_INTERVAL
        unit_ns = _SECOND_NS if notification_flags & constants.NOTIFIER_FLAG_SECONDS else 60 * _SECOND_NS
        immediate = notification_type == constants.NOTIFIER_TYPE_IMMEDIATE
        registration = Registration(
            handle,
            tasks.package,
            start_function,
            parameter,
            kind=notification_type,
            event_class=notification_class,
            is_one_shot=immediate or bool(notification_flags & constants.NOTIFIER_FLAG_ONE_SHOT),
            event=event if notification_type == constants.NOTIFIER_TYPE_HANDLE_WAIT else None,
        )
        self._belongings.notifications.add(
            registration,
            tasks,
            interval_minutes * unit_ns if is_interval else 0,
            new_thread=bool(notification_flags & constants.NOTIFIER_FLAG_NEW_THREAD),
            origin=origin,
        )
        return handle

    async def CancelNotification(self, origin: Origin, notify_handle: int) -> None:
        await self._announce(f"cancel a notification of {origin.package}")
        notifications = self._belongings.notifications
        registration = notifications.find(notify_handle)
        if registration is None or registration.package.key != origin.package:
            if notifications.has_spent(notify_handle, origin.package):
                status, why = self._choices.cancel_fired_one_shot, "it was for once and has run"
            else:
                status, why = STATUS_INVALID_PARAMETER, f"it names no notification of {origin.package}"
            if not status.is_success:
                raise StatusError(status, f"CancelNotification: handle {notify_handle!r}: {why}")
            return
        notifications.drop(registration)
        self._belongings.bus.emit(
            NotificationCancelled(time_ns=origin.time_ns, handle=registration.handle, origin=origin)
        )
        if self._choices.cancel_waits == "yes" and trio.lowlevel.current_task() not in registration.runners:
            while registration.runners:
                await registration.ended.wait()

    async def _announce(self, what: str) -> None:
        if self._explores:
            await announce(Label(NOTIFICATIONS, "w", what))


def _fault(kind: int, event_class: int, flags: int, interval: int) -> str:
    """What is wrong with what was asked for, or nothing."""
    if kind not in _TYPES:
        return f"nobody knows the notification type {kind}"
    if flags & ~_FLAGS:
        return f"nobody knows the notification flags {flags & ~_FLAGS:#x}"
    if kind == constants.NOTIFIER_TYPE_NOTIFY_EVENT:
        return "" if event_class in _CLASSES else f"nobody knows the notification class {event_class}"
    if event_class:
        return f"the class is {event_class}, which only a notify-event may have"
    if kind == constants.NOTIFIER_TYPE_INTERVAL and not interval:
        return "an interval of 0 would run without end"
    return ""
