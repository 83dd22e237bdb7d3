"""Exhaustion: what ran out, who used it up, what to do. Told at the first refusal, counted ever after."""

from __future__ import annotations

from collections import Counter

from lsart.events import (
    AllocationRefused,
    BlockAllocated,
    BlockFreed,
    Bus,
    ResourceRefused,
    SectionCreated,
    SectionDeleted,
    SectionGrew,
    SectionRefused,
    Subscription,
)
from lsart.memory import Resource
from lsart.watch._book import WarningBook, WarningRecord
from lsart.watch._holders import SectionHolders
from lsart.watch._locks import who
from lsart.watch._summary import MOST_LISTED, RefusalCount
from lsart.watch._units import show_bytes, show_count, show_share

__all__ = ["MACHINE", "REPLY_BUFFERS", "ExhaustionWatch"]

MACHINE = "machine"
"""Subject of warnings about resources that all sections and heaps share."""

REPLY_BUFFERS = "reply buffers"
"""Subject of the warning that clients reached their quota; a heap per client would be a warning per client."""

_CLIENT_BUFFER = "AllocateClientBuffer"
_OWN_MEMORY = "memory.allocate"  # of a client, which it answers for itself

# What is wrong with these is the request. A refusal says so, but nothing has run out.
_NOT_EXHAUSTION = frozenset({"bad section", "bad size"})

_BUDGETS = {"lsa-heap": "lsa_heap", "private-heap": "private_heap", "return-buffers": "lsa_heap"}


class ExhaustionWatch:
    """Knows who holds what, so that a refusal can name the one who holds most."""

    def __init__(self, bus: Bus, book: WarningBook) -> None:
        self._book = book
        self._holders = SectionHolders()
        # Live blocks per heap of LSASS. The events themselves are kept: nothing is computed until a refusal asks.
        self._blocks: dict[str, dict[int, BlockAllocated]] = {}
        self._refusals: Counter[tuple[str, str]] = Counter()
        self._unexplained: WarningRecord | None = None  # a machine warning whose first victim is not known yet
        self.subscriptions: tuple[Subscription, ...] = (
            bus.subscribe(self._on_allocated, BlockAllocated),
            bus.subscribe(self._on_freed, BlockFreed),
            bus.subscribe(self._on_created, SectionCreated),
            bus.subscribe(self._on_grew, SectionGrew),
            bus.subscribe(self._on_deleted, SectionDeleted),
            bus.subscribe(self._on_resource_refused, ResourceRefused),
            bus.subscribe(self._on_section_refused, SectionRefused),
            bus.subscribe(self._on_allocation_refused, AllocationRefused),
        )

    @property
    def sections_created(self) -> int:
        """Since the start."""
        return self._holders.created

    @property
    def sections_deleted(self) -> int:
        """Since the start."""
        return self._holders.deleted

    @property
    def refusals_total(self) -> int:
        """All refusals of heaps and of CreateSharedMemory."""
        return sum(self._refusals.values())

    def refusals(self) -> tuple[RefusalCount, ...]:
        """The most frequent ones."""
        rows = (RefusalCount(subject, cause, count) for (subject, cause), count in self._refusals.items())
        return tuple(sorted(rows, key=lambda row: (-row.count, row.subject, row.cause))[:MOST_LISTED])

    # ------------------------------------------------------------------ who holds what

    def _on_allocated(self, event: BlockAllocated) -> None:
        blocks = self._blocks.get(event.heap)
        if blocks is None:
            if _is_of_a_client(event) or _is_its_own(event):  # its quota is its own affair
                return
            blocks = self._blocks[event.heap] = {}
        blocks[event.address] = event

    def _on_freed(self, event: BlockFreed) -> None:
        blocks = self._blocks.get(event.heap)
        if blocks is not None:
            blocks.pop(event.address, None)

    def _on_created(self, event: SectionCreated) -> None:
        self._holders.create(event)

    def _on_grew(self, event: SectionGrew) -> None:
        self._holders.grow(event)

    def _on_deleted(self, event: SectionDeleted) -> None:
        self._holders.delete(event.section)
        self._blocks.pop(event.section, None)

    # ------------------------------------------------------------------ refusals

    def _on_resource_refused(self, event: ResourceRefused) -> None:
        cause = _machine_cause(event.resource)
        time_ns = event.time_ns

        def make() -> WarningRecord:
            show = show_count if event.resource == Resource.HANDLES.value else show_bytes
            offender = self._holders.greatest(event.resource)
            self._unexplained = WarningRecord(
                "exhaustion",
                cause,
                MACHINE,
                first_ns=time_ns,
                count=1,
                message=f"{show(event.in_use)} of {show(event.limit)} in use, {show(event.wanted)} more wanted",
                worst_offender=self._holders.describe(offender) if offender else event.owner,
                remedy=self._machine_remedy(event.resource, offender),
            )
            return self._unexplained

        self._book.count_or("exhaustion", cause, MACHINE, make, time_ns)

    def _on_section_refused(self, event: SectionRefused) -> None:
        cause = _machine_cause(event.resource) if event.resource else "bad sizes"
        self._refusals["CreateSharedMemory", cause] += 1
        self._explain(cause, event)
        if event.resource and event.resource not in _RESOURCES:  # no resource of the modelled machine
            self._book.count_or("exhaustion", cause, MACHINE, lambda: self._other_refusal(cause, event), event.time_ns)

    def _on_allocation_refused(self, event: AllocationRefused) -> None:
        cause = event.cause
        if cause in _NOT_EXHAUSTION or (_is_its_own(event) and cause != "machine commit limit"):
            self._refusals["no section" if cause == "bad section" else event.heap, cause] += 1
            return
        is_reply = _is_of_a_client(event)
        subject = REPLY_BUFFERS if is_reply else event.heap
        if cause == "machine commit limit":  # the warning was raised when the machine refused
            self._refusals[subject, cause] += 1
            self._explain(cause, event)
            return
        named = "client quota" if is_reply else cause
        self._refusals[subject, named] += 1
        self._book.count_or(
            "exhaustion", named, subject, lambda: self._heap_refusal(named, subject, event), event.time_ns
        )

    def _explain(self, cause: str, event: SectionRefused | AllocationRefused) -> None:
        """The machine refused a moment ago; now it is known whose call it was."""
        record = self._unexplained
        if record is not None and record.cause == cause and record.first_ns == event.time_ns:
            record.message += f"; first NULL for {who(event.origin)}"
        self._unexplained = None

    # ------------------------------------------------------------------ words

    def _machine_remedy(self, resource: str, offender: str) -> str:
        if offender and self._holders.is_section_per_client(offender):
            return "one section for all clients: one per client is costly and can exhaust the system (CSM-6)"
        return _MACHINE_REMEDIES[resource]

    def _other_refusal(self, cause: str, event: SectionRefused) -> WarningRecord:
        offender = self._holders.greatest(Resource.HANDLES.value)
        return WarningRecord(
            "exhaustion",
            cause,
            MACHINE,
            first_ns=event.time_ns,
            count=1,
            message=f"{event.reason}; first NULL for {who(event.origin)}",
            worst_offender=self._holders.describe(offender) if offender else event.origin.package,
            remedy="a smaller scenario or a larger computer: this limit is not the model's",
        )

    def _heap_refusal(self, cause: str, subject: str, event: AllocationRefused) -> WarningRecord:
        return WarningRecord(
            "exhaustion",
            cause,
            subject,
            first_ns=event.time_ns,
            count=1,
            message=_heap_message(cause, event),
            worst_offender=event.origin.client if cause == "client quota" else self._greatest_user(event),
            remedy=_heap_remedy(cause, event),
        )

    def _greatest_user(self, event: AllocationRefused) -> str:
        """Who holds most of the heap's live bytes: a client by the calls made for it, or a package by itself."""
        held: Counter[tuple[str, str]] = Counter()
        blocks: Counter[tuple[str, str]] = Counter()
        for block in self._blocks.get(event.heap, {}).values():
            key = (block.origin.package, block.origin.client)
            held[key] += block.size
            blocks[key] += 1
        if not held:
            return event.origin.package
        package, client = key = min(held, key=lambda each: (-held[each], each))
        name = f"{client} of {package}" if client else package
        return (
            f"{name}: {show_bytes(held[key])} in {show_count(blocks[key])} of {_blocks(blocks.total())}, "
            f"{show_share(held[key], held.total())}"
        )


_RESOURCES = {resource.value: resource for resource in Resource}

_MACHINE_REMEDIES = {
    Resource.COMMIT.value: "a smaller InitialSize, unused sections deleted, or a higher [machine] commit",
    Resource.PAGED_POOL.value: "fewer sections, a smaller MaxSize (8 bytes a page), or a higher [machine] paged_pool",
    Resource.HANDLES.value: "fewer sections (a handle each), or a higher [machine] handles",
    Resource.ADDRESS_SPACE.value: "a smaller MaxSize (reserved counts as used), or a higher [machine] address_space",
}


def _is_of_a_client(event: BlockAllocated | AllocationRefused) -> bool:
    """Whether a buffer is for a client's memory. Replies to packages come from LSA's own."""
    return event.origin.function == _CLIENT_BUFFER and event.heap not in _BUDGETS


def _is_its_own(event: BlockAllocated | AllocationRefused) -> bool:
    """Whether a client asked for memory itself."""
    return event.origin.function == _OWN_MEMORY and not event.origin.package


def _machine_cause(resource: str) -> str:
    """The cause under which a resource's exhaustion is told: the same words as `AllocationRefused` uses."""
    return "machine commit limit" if resource == Resource.COMMIT.value else resource


def _heap_message(cause: str, event: AllocationRefused) -> str:
    largest, free = show_bytes(event.largest_free), show_bytes(event.free_bytes)
    wanted = f"{show_bytes(event.size)} refused to {who(event.origin)}"
    if cause == "fragmented":
        return f"{wanted}; {free} free, largest {largest}"
    if cause == "growth switched off":
        return f"{wanted}; largest gap {largest}, commit fixed at {show_bytes(event.committed)}"
    return f"{wanted}; {free} of {show_bytes(event.max_size)} free"


def _blocks(count: int) -> str:
    return f"{show_count(count)} live block{'s' if count != 1 else ''}"


def _heap_remedy(cause: str, event: AllocationRefused) -> str:
    if cause == "client quota":
        return "smaller replies, freed sooner (LsaFreeReturnBuffer), or a higher [machine] client_quota"
    if cause == "fragmented":
        return "a few size classes, or long-lived blocks in a section of their own"
    if cause == "growth switched off":
        return 'InitialSize = MaxSize at creation, or the choice section_growth = "on_demand"'
    budget = _BUDGETS.get(event.heap)
    more = f"a higher [machine] {budget}" if budget else f"a MaxSize above {show_bytes(event.max_size)}"
    return f"blocks freed or evicted sooner, or {more}"
