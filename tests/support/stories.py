"""Events made by hand and told to a monitor: runs that are quicker to tell than to have."""

from __future__ import annotations

from lsart.events import (
    AllocationRefused,
    BlockAllocated,
    BlockFreed,
    Bus,
    CallFinished,
    CallQueued,
    CallStarted,
    Cause,
    Event,
    LockAcquired,
    LockReleased,
    Origin,
    ResourceRefused,
    SectionCreated,
    SectionRefused,
    WarningRaised,
)
from lsart.watch import Monitor, RunSummary, WarningSummary

__all__ = ["Story", "in_call"]

US = 1000


def in_call(call: int, client: str = "", *, package: str = "cache", function: str = "AllocateSharedMemory") -> Origin:
    """A package at work in a client's call."""
    return Origin(package, call, client or f"client-{call}", function, 0)


class Story:
    """A bus with a monitor on it. `now` is nanoseconds and moves when told to."""

    def __init__(self) -> None:
        self.bus = Bus()
        self.raised: list[WarningRaised] = []
        self.bus.subscribe(self.raised.append, WarningRaised)
        self.monitor = Monitor(self.bus)
        self.now = 0

    def tell(self, *events: Event) -> None:
        for event in events:
            self.bus.emit(event)

    @property
    def summary(self) -> RunSummary:
        return self.monitor.summary()

    @property
    def warnings(self) -> dict[tuple[str, str], WarningSummary]:
        """By cause and subject."""
        return {(each.cause, each.subject): each for each in self.summary.warnings}

    # ------------------------------------------------------------------ calls

    def start(self, call: int, *, queued: int = 0, depth: int = 0) -> None:
        """A worker takes up a call, which queued before for so many nanoseconds when a depth is given."""
        client = f"client-{call}"
        if depth:
            arrived = self.now - queued
            self.tell(CallQueued(time_ns=arrived, call=call, client=client, package="cache", depth=depth))
        self.tell(CallStarted(time_ns=self.now, call=call, client=client, package="cache", worker=1, queued_ns=queued))

    def finish(
        self,
        call: int,
        latency: int = 1000,
        *,
        status: int = 0,
        protocol_status: int | None = 0,
        operation: str = "",
        delivered: bool = True,
    ) -> None:
        self.tell(
            CallFinished(
                time_ns=self.now,
                call=call,
                client=f"client-{call}",
                package="cache",
                operation=operation,
                status=status,
                protocol_status=protocol_status,
                latency_ns=latency,
                delivered=delivered,
            )
        )

    # ------------------------------------------------------------------ the heap lock

    def lock(
        self,
        by: Origin,
        *,
        waited: int = 0,
        held_by: Origin | None = None,
        depth: int = 0,
        hold: int = 300,
        name: str = "heap lock of section-1",
    ) -> None:
        """Somebody gets the lock, having waited when there was a holder, and releases it after `hold`."""
        self.tell(
            LockAcquired(time_ns=self.now, lock=name, waited_ns=waited, queue_depth=depth, held_by=held_by, origin=by)
        )
        self.now += hold
        self.tell(LockReleased(time_ns=self.now, lock=name, held_ns=hold, origin=by))

    # ------------------------------------------------------------------ memory

    def section(self, name: str, by: Origin, *, max_size: int = 65536, committed: int = 65536) -> None:
        self.tell(SectionCreated(time_ns=self.now, section=name, max_size=max_size, committed=committed, origin=by))

    def block(self, address: int, size: int, by: Origin, *, heap: str = "section-1") -> None:
        self.tell(BlockAllocated(time_ns=self.now, heap=heap, address=address, size=size, origin=by))

    def free(self, address: int, size: int, by: Origin, *, heap: str = "section-1") -> None:
        self.tell(BlockFreed(time_ns=self.now, heap=heap, address=address, size=size, origin=by))

    def refuse(self, cause: Cause, by: Origin, *, heap: str = "section-1", size: int = 2000) -> None:
        self.tell(
            AllocationRefused(
                time_ns=self.now,
                heap=heap,
                size=size,
                cause=cause,
                largest_free=1024,
                free_bytes=4096,
                committed=65536,
                max_size=65536,
                live_blocks=12,
                origin=by,
            )
        )

    def refuse_resource(self, resource: str, owner: str = "cache", *, in_use: int = 65536, limit: int = 65536) -> None:
        self.tell(
            ResourceRefused(time_ns=self.now, resource=resource, wanted=4096, in_use=in_use, limit=limit, owner=owner)
        )

    def refuse_section(self, resource: str, by: Origin, *, reason: str = "") -> None:
        self.tell(
            SectionRefused(
                time_ns=self.now, max_size=65536, initial_size=4096, resource=resource, reason=reason, origin=by
            )
        )
