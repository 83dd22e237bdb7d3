"""What a run amounted to: frozen data, the same for the same run.

Times are nanoseconds of the run's clock, sizes bytes. Lists that could grow with the run (one entry per section, per
lock) hold the `MOST_LISTED` that matter most; a total beside each says how many there were.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import attrs

__all__ = [
    "MOST_LISTED",
    "KindCount",
    "LeakSummary",
    "LockSummary",
    "LockTotals",
    "OwnerShare",
    "PackageSummary",
    "Percentiles",
    "RefusalCount",
    "ResourceSummary",
    "RunSummary",
    "SectionSummary",
    "SectionTotals",
    "StatusCount",
    "WarningSummary",
    "WorkerSummary",
]

MOST_LISTED = 16


@attrs.frozen
class Percentiles:
    """Exact percentiles of times in nanoseconds: pNN is the smallest value that NN % of all do not exceed.

    Every value is kept until the end, 8 bytes each, and sorted once. A histogram would save memory and cost its
    digits; at the number of calls where that matters, a simulation in Python is a matter of hours.
    """

    count: int = 0
    p50: int = 0
    p95: int = 0
    p99: int = 0
    max: int = 0

    @classmethod
    def of(cls, values: Iterable[int], *, zeros: int = 0) -> Percentiles:
        """Percentiles of these values and `zeros` more that are 0."""
        ordered = sorted(values)
        count = len(ordered) + zeros
        if not count:
            return cls()

        def at(percent: int) -> int:
            index = -(-count * percent // 100) - 1 - zeros
            return ordered[index] if index >= 0 else 0

        return cls(count, at(50), at(95), at(99), at(100))


@attrs.frozen
class StatusCount:
    """How often a call ended like this.

    Args:
        status: name of the call's NTSTATUS. protocol_status: name of the package's own result, empty when `status`
            is an error. operation: the client's label for the call. is_success: both are success.
    """

    status: str
    protocol_status: str
    operation: str
    count: int
    is_success: bool


@attrs.frozen(kw_only=True)
class WorkerSummary:
    """The worker pool: how many calls had to wait for a worker, and for how long.

    Args:
        wait: over all calls that a worker took up, 0 for those that did not wait.
        busiest: the package and operation that kept workers busy longest; empty when no call ended.
    """

    calls_queued: int
    deepest_queue: int
    wait: Percentiles
    busiest: str


@attrs.frozen(kw_only=True)
class LockSummary:
    """One heap lock.

    Args:
        acquisitions: how often it was granted. waited: how many of these found it held.
        calls: client calls that used it. calls_that_waited: those of them that waited at least once.
        wait: over all acquisitions, 0 for those that found it free.
        deepest_queue: most that waited at one time, the holder not counted.
        longest_hold_ns, longest_holder: the longest hold, and who that was.
    """

    name: str
    acquisitions: int
    waited: int
    calls: int
    calls_that_waited: int
    wait: Percentiles
    deepest_queue: int
    longest_hold_ns: int
    longest_holder: str


@attrs.frozen(kw_only=True)
class LockTotals:
    """All heap locks together. A call that used two locks counts twice."""

    count: int
    acquisitions: int
    waited: int
    calls: int
    calls_that_waited: int


@attrs.frozen(kw_only=True)
class SectionSummary:
    """One section as it was before the LSA closed, in bytes; fragmentation is 0 to 1. See `HeapStatistics`."""

    name: str
    package: str
    max_size: int
    committed: int
    peak_live: int
    live_blocks: int
    live_bytes: int
    largest_free: int
    free_bytes: int
    fragmentation: float


@attrs.frozen(kw_only=True)
class SectionTotals:
    """All sections: those created and deleted during the run, and those (`live`) that were there before it closed."""

    created: int
    deleted: int
    live: int
    max_size: int
    committed: int
    live_blocks: int
    live_bytes: int


@attrs.frozen
class OwnerShare:
    """What one owner holds of a resource."""

    owner: str
    amount: int


@attrs.frozen(kw_only=True)
class ResourceSummary:
    """One resource of the machine, in bytes (handles: a count), before the LSA closed; who holds most, first."""

    resource: str
    in_use: int
    peak: int
    limit: int
    owners: tuple[OwnerShare, ...]


@attrs.frozen
class RefusalCount:
    """How often a heap, or CreateSharedMemory, refused for this cause."""

    subject: str
    cause: str
    count: int


@attrs.frozen
class PackageSummary:
    """A package's last state: ``"loaded"``, ``"disabled"`` or ``"refused"``, and the reason unless loaded."""

    name: str
    state: str
    reason: str


@attrs.frozen(kw_only=True)
class LeakSummary:
    """What a package left behind when it was unloaded: blocks in a heap, or sections.

    Args:
        where: the heap's name, or ``"sections"``. example: who made the first of them.
    """

    package: str
    where: str
    count: int
    bytes: int
    example: str


@attrs.frozen
class KindCount:
    """How often an event of this kind was seen, and the first one in words."""

    kind: str
    count: int
    example: str


@attrs.frozen(kw_only=True)
class WarningSummary:
    """A condition worth a person's attention.

    Args:
        category: ``"contention"`` or ``"exhaustion"``. cause: which kind of it. subject: what it is about.
        first_ns: when it first occurred. count: how often it occurred.
        message: what happened. worst_offender: who had most to do with it. remedy: what to do.
    """

    category: str
    cause: str
    subject: str
    first_ns: int
    count: int
    message: str
    worst_offender: str
    remedy: str


@attrs.frozen(kw_only=True)
class RunSummary:
    """Everything counted in a run.

    Args:
        duration_ns: when the last call ended or, if later, a package came up or failed. Think time and the
            drain at the end are not in it.
        calls_started: calls that a worker took up. calls_finished: those that ended, whatever their status.
        calls_delivered: finished calls whose client was still there. calls_lost: calls that started or waited for a
            worker and never ended.
        rate: finished calls per second of the run's clock, up to the end of the last one.
        latency: of finished calls, from the client's call to the reply.
        misuse: faults of packages that lsart can prove, by kind (``"DoubleFree"``, ``"LockOrphaned"``, ...).
        notices: things that work or fail as documented and still deserve a look (``"SlotMisused"``, ...).
        contentions, exhaustions: occurrences counted by all warnings of the category, listed or not.
        access_violations: by packages. client_access_violations: by clients.
    """

    duration_ns: int
    calls_started: int
    calls_finished: int
    calls_delivered: int
    calls_lost: int
    rate: float
    by_status: tuple[StatusCount, ...]
    latency: Percentiles
    workers: WorkerSummary
    locks: tuple[LockSummary, ...]
    lock_totals: LockTotals
    sections: tuple[SectionSummary, ...]
    section_totals: SectionTotals
    machine: tuple[ResourceSummary, ...]
    refusals: tuple[RefusalCount, ...]
    refusals_total: int
    packages: tuple[PackageSummary, ...]
    leaks: tuple[LeakSummary, ...]
    misuse: tuple[KindCount, ...]
    notices: tuple[KindCount, ...]
    access_violations: int
    client_access_violations: int
    warnings: tuple[WarningSummary, ...]
    warnings_total: int
    contentions: int
    exhaustions: int


def nanoseconds() -> array[int]:
    """A growing list of times that takes 8 bytes for each."""
    return array("q")
