"""Events of the LSA itself: packages, clients, calls, table slots, locks."""

from __future__ import annotations

import attrs

from lsart.events._base import Event, Origin

__all__ = [
    "CallFinished",
    "CallQueued",
    "CallStarted",
    "ClientConnected",
    "ClientDisconnected",
    "DispatchTableExceeded",
    "EntryPointMissing",
    "FaultContained",
    "HostileWrite",
    "LockAcquired",
    "LockOrphaned",
    "LockReleased",
    "OutputNotFromHeap",
    "PackageDisabled",
    "PackageInitialized",
    "PackageLoaded",
    "PackageRefused",
    "PackageReloaded",
    "PackageShutDown",
    "PackageUnloaded",
    "SlotCalled",
    "SlotMisused",
    "SlotReturned",
    "SlotUnavailable",
    "WarningRaised",
]


@attrs.frozen(kw_only=True)
class PackageLoaded(Event):
    """A package's table was received from its module."""

    package: str
    package_id: int
    module: str


@attrs.frozen(kw_only=True)
class PackageInitialized(Event):
    """SpInitialize succeeded; the package is in the list of available packages."""

    package: str
    package_id: int


@attrs.frozen(kw_only=True)
class PackageRefused(Event):
    """A package did not come up: at which stage, with which status, and why."""

    package: str
    stage: str
    status: int
    reason: str


@attrs.frozen(kw_only=True)
class PackageDisabled(Event):
    """An exception left an entry point; later callers do not find the package. What it holds stays held."""

    package: str
    entry_point: str
    reason: str
    call: int | None


@attrs.frozen(kw_only=True)
class FaultContained(Event):
    """An exception left an entry point, and the settings keep such a package in use, which LSASS would not."""

    package: str
    entry_point: str
    reason: str
    call: int | None


@attrs.frozen(kw_only=True)
class PackageShutDown(Event):
    """SpShutdown ran and gave this status."""

    package: str
    status: int
    reason: str


@attrs.frozen(kw_only=True)
class PackageUnloaded(Event):
    """The package is gone."""

    package: str


@attrs.frozen(kw_only=True)
class PackageReloaded(Event):
    """A package was loaded again: calls go to it from now on, and what it replaces is unloaded when it is idle."""

    package: str
    replaces: str


@attrs.frozen(kw_only=True)
class ClientConnected(Event):
    """A client process opened a connection; `logon_process` is the name it registered under, empty if it did not."""

    client: str
    process_id: int
    handle: int
    trusted: bool
    logon_process: str = ""


@attrs.frozen(kw_only=True)
class ClientDisconnected(Event):
    """A connection ended: ``"deregistered"`` by the client, or ``"terminated"`` with its process."""

    client: str
    handle: int
    reason: str


@attrs.frozen(kw_only=True)
class CallQueued(Event):
    """No worker was free: the call waits, `depth` calls waiting with it included."""

    call: int
    client: str
    package: str
    depth: int


@attrs.frozen(kw_only=True)
class CallStarted(Event):
    """A worker began to serve the call, `queued_ns` after it arrived."""

    call: int
    client: str
    package: str
    worker: int
    queued_ns: int


@attrs.frozen(kw_only=True)
class CallFinished(Event):
    """A call ended.

    Args:
        operation: the client's own label for the call, from the scenario; may be empty.
        status: NTSTATUS of the call. protocol_status: the package's own result, None when status is an error.
        latency_ns: from the client's call to the reply. delivered: False when the client was gone by then.
    """

    call: int
    client: str
    package: str
    operation: str
    status: int
    protocol_status: int | None
    latency_ns: int
    delivered: bool


@attrs.frozen(kw_only=True)
class SlotCalled(Event):
    """A package called a table slot. Arguments are shown as text."""

    slot: str
    arguments: tuple[str, ...]
    origin: Origin


@attrs.frozen(kw_only=True)
class SlotReturned(Event):
    """The slot gave this result, shown as text; a raised status counts as a result."""

    slot: str
    result: str
    origin: Origin


@attrs.frozen(kw_only=True)
class SlotMisused(Event):
    """A slot got an argument that its signature cannot carry; the documented failure was returned."""

    slot: str
    parameter: str
    problem: str
    origin: Origin


@attrs.frozen(kw_only=True)
class SlotUnavailable(Event):
    """A slot was called that does nothing, and why: it is known from its declaration only, or this version of lsart
    does not serve it. The documented failure was returned."""

    slot: str
    reason: str
    origin: Origin


@attrs.frozen(kw_only=True)
class DispatchTableExceeded(Event):
    """A package reached beyond slot 10 of the table that LsaApInitializePackage gave it. It works, undocumented."""

    package: str
    slot: str


@attrs.frozen(kw_only=True)
class EntryPointMissing(Event):
    """A package came up without an entry point that its kind must have. NULL slots are allowed, so it stays.

    Args:
        slot: the slot that is NULL; of several that would do, all. rule: the rule that demands it.
    """

    package: str
    slot: str
    rule: str


@attrs.frozen(kw_only=True)
class OutputNotFromHeap(Event):
    """An output is no live block of the heap it must come from, or not one of the call; LSA left it alone."""

    package: str
    output: str
    address: int


@attrs.frozen(kw_only=True)
class LockAcquired(Event):
    """A heap lock was granted.

    Args:
        waited_ns: how long it was waited for, 0 when it was free. queue_depth: waiters met on arrival, holder excluded.
        held_by: who held it on arrival, None when it was free.
    """

    lock: str
    waited_ns: int
    queue_depth: int
    held_by: Origin | None
    origin: Origin


@attrs.frozen(kw_only=True)
class LockReleased(Event):
    """A heap lock was released after `held_ns`."""

    lock: str
    held_ns: int
    origin: Origin


@attrs.frozen(kw_only=True)
class LockOrphaned(Event):
    """A package was disabled while it held a lock: nobody will release it."""

    lock: str
    origin: Origin


@attrs.frozen(kw_only=True)
class HostileWrite(Event):
    """A hostile client wrote these bytes (hexadecimal) into a section it has mapped."""

    client: str
    section: str
    offset: int
    data: str


@attrs.frozen(kw_only=True)
class WarningRaised(Event):
    """A detector saw a condition worth a person's attention, for the first time.

    Args:
        category: ``"contention"`` or ``"exhaustion"``. cause: which kind of it. subject: what it is about.
        message: what, who, and the remedy, as the warning will say it.
    """

    category: str
    cause: str
    subject: str
    message: str
