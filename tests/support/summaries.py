"""A summary made by hand, with something in every field."""

from __future__ import annotations

import attrs

from lsart.watch import (
    KindCount,
    LeakSummary,
    LockSummary,
    LockTotals,
    OwnerShare,
    PackageSummary,
    Percentiles,
    RefusalCount,
    ResourceSummary,
    RunSummary,
    SectionSummary,
    SectionTotals,
    StatusCount,
    WarningSummary,
    WorkerSummary,
)

__all__ = ["Outcome", "Result", "full_summary"]


@attrs.frozen
class Outcome:
    """What became of a threshold."""

    text: str
    measured: str
    passed: bool


@attrs.frozen(kw_only=True)
class Result:
    """As much of a stress result as a report looks at."""

    summary: RunSummary
    scenario_name: str = "ticketcache"
    seed: int = 0
    clock: str = "virtual"
    thresholds: tuple[Outcome, ...] = ()
    exit_code: int = 0
    replay_line: str = "lsart stress ticketcache --seed 0"
    refusals: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    interrupted: bool = False


def full_summary() -> RunSummary:
    """Contended, exhausted, and full of faults."""
    lock = LockSummary(
        name="heap lock of section-1",
        acquisitions=17_110,
        waited=13_288,
        calls=6217,
        calls_that_waited=5151,
        wait=Percentiles(17_110, 600, 3616, 4500, 7000),
        deepest_queue=15,
        longest_hold_ns=800,
        longest_holder="AllocateSharedMemory of ticketcache for client-108 (call 38)",
    )
    section = SectionSummary(
        name="section-1",
        package="ticketcache",
        max_size=65_536,
        committed=65_536,
        peak_live=64_432,
        live_blocks=53,
        live_bytes=53_954,
        largest_free=1392,
        free_bytes=11_216,
        fragmentation=0.875892,
    )
    mib = 1 << 20
    return RunSummary(
        duration_ns=8_275_912,
        calls_started=12_000,
        calls_finished=12_000,
        calls_delivered=11_990,
        calls_lost=0,
        rate=1_449_991.252,
        by_status=(
            StatusCount("STATUS_SUCCESS", "STATUS_SUCCESS", "put", 6046, True),
            StatusCount("STATUS_SUCCESS", "STATUS_OBJECT_NAME_NOT_FOUND", "get", 4104, False),
            StatusCount("STATUS_SUCCESS", "STATUS_OBJECT_NAME_NOT_FOUND", "drop", 1027, False),
            StatusCount("STATUS_SUCCESS", "STATUS_SUCCESS", "get", 652, True),
            StatusCount("STATUS_NO_SUCH_PACKAGE", "", "put", 171, False),
        ),
        latency=Percentiles(12_000, 300, 11_820, 31_198, 111_322),
        workers=WorkerSummary(
            calls_queued=465,
            deepest_queue=184,
            wait=Percentiles(12_000, 0, 0, 20_930, 39_900),
            busiest="ticketcache put, 98.9 % of the workers' busy time",
        ),
        locks=(lock,),
        lock_totals=LockTotals(count=1, acquisitions=17_110, waited=13_288, calls=6217, calls_that_waited=5151),
        sections=(section,),
        section_totals=SectionTotals(
            created=2, deleted=1, live=1, max_size=65_536, committed=65_536, live_blocks=53, live_bytes=53_954
        ),
        machine=(
            ResourceSummary(
                resource="commit limit",
                in_use=65_536,
                peak=73_728,
                limit=64 * mib,
                owners=(OwnerShare("ticketcache", 65_536),),
            ),
            ResourceSummary(resource="paged pool", in_use=640, peak=640, limit=512 * mib, owners=()),
            ResourceSummary(
                resource="handles", in_use=30, peak=90, limit=1024, owners=(OwnerShare("ticketcache", 29),)
            ),
            ResourceSummary(resource="address space", in_use=0, peak=0, limit=128 << 40, owners=()),
        ),
        refusals=(RefusalCount("section-1", "fragmented", 5015), RefusalCount("section-1", "bad size", 3)),
        refusals_total=5018,
        packages=(
            PackageSummary("ticketcache", "disabled", "CallPackageUntrusted raised KeyError: 7 (call 11000)"),
            PackageSummary("echo", "refused", "SpInitialize: STATUS_NO_MEMORY: no section"),
        ),
        leaks=(
            LeakSummary(
                package="ticketcache",
                where="section-1",
                count=53,
                bytes=53_954,
                example="ticketcache by AllocateSharedMemory in call 38 of client-108 at 0.061 ms",
            ),
        ),
        misuse=(KindCount("DoubleFree", 2, "1.000 ms  DoubleFree(heap=section-1)"),),
        notices=(KindCount("SlotMisused", 1, "2.000 ms  SlotMisused(slot=AllocateLsaHeap)"),),
        access_violations=0,
        client_access_violations=4,
        warnings=(
            WarningSummary(
                category="contention",
                cause="heap lock",
                subject="heap lock of section-1",
                first_ns=32_000,
                count=13_288,
                message="82.9 % of 6,217 calls waited, longest 7.00 \u00b5s, deepest queue 15",
                worst_offender=(
                    "AllocateSharedMemory of ticketcache, holder when 65.0 % of the waiting began; "
                    "longest hold 800 ns, client-108 (call 38)"
                ),
                remedy="4 sections, split by client or key, so that a queue of 15 becomes about 4",
            ),
            WarningSummary(
                category="exhaustion",
                cause="fragmented",
                subject="section-1",
                first_ns=61_700,
                count=5015,
                message="906 B refused to client-97 (call 139); 2.47 KiB free, largest 768 B",
                worst_offender="client-139 of ticketcache: 1.95 KiB in 1 of 64 live blocks, 3.2 %",
                remedy="a few size classes, or long-lived blocks in a section of their own",
            ),
        ),
        warnings_total=2,
        contentions=13_288,
        exhaustions=5015,
    )
