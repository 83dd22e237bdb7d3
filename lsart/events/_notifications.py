"""Events of what packages keep in LSA beside memory: threads, handles, notifications; and of the machine."""

from __future__ import annotations

from typing import Literal

import attrs

from lsart.events._base import Event, Origin

__all__ = [
    "MachineStateChanged",
    "NotificationCancelled",
    "NotificationFired",
    "NotificationRegistered",
    "ObjectRefused",
    "PackagePreferred",
    "ThreadEnded",
    "ThreadStarted",
    "UnloadRequested",
]


@attrs.frozen(kw_only=True)
class ObjectRefused(Event):
    """A thread, an event or a notification was not made; the documented failure was returned. Why is `reason`."""

    kind: Literal["thread", "event", "notification"]
    reason: str
    origin: Origin


@attrs.frozen(kw_only=True)
class ThreadStarted(Event):
    """A package started a thread that runs `function`; or made it, to be resumed later."""

    package: str
    thread_id: int
    function: str
    suspended: bool
    origin: Origin


@attrs.frozen(kw_only=True)
class ThreadEnded(Event):
    """A thread of a package is gone.

    Args:
        exit_code: what its function returned, None if it returned no number. reason: why it ended before its function
            did, empty if it did not.
    """

    package: str
    thread_id: int
    exit_code: int | None
    reason: str


@attrs.frozen(kw_only=True)
class NotificationRegistered(Event):
    """A package registered `function`. `kind` is the NOTIFIER_TYPE in words."""

    handle: int
    kind: str
    function: str
    origin: Origin


@attrs.frozen(kw_only=True)
class NotificationFired(Event):
    """LSA runs a registered function: due at `due_ns`, run at `time_ns`."""

    package: str
    handle: int
    function: str
    due_ns: int


@attrs.frozen(kw_only=True)
class NotificationCancelled(Event):
    """A package gave a notification handle back."""

    handle: int
    origin: Origin


@attrs.frozen(kw_only=True)
class UnloadRequested(Event):
    """A package asked to be unloaded. `is_honoured` is False before it is loaded, and when it is being unloaded."""

    is_honoured: bool
    origin: Origin


@attrs.frozen(kw_only=True)
class PackagePreferred(Event):
    """This package is the preferred one from now on."""

    package: str


@attrs.frozen(kw_only=True)
class MachineStateChanged(Event):
    """The machine's domain or installation state is another one now, and so is what SpInitialize is told."""

    machine_state: int
    domain_name: str
