"""What went wrong with packages is kept by kind, the first of each in words."""

from __future__ import annotations

from stories import Story, in_call

from lsart.contract import STATUS_INSUFFICIENT_RESOURCES
from lsart.events import (
    AccessViolated,
    AccountNameMissing,
    BlockLeaked,
    DispatchTableExceeded,
    DoubleFree,
    LockOrphaned,
    LogonSessionLeft,
    Origin,
    OutputNotFromHeap,
    PackageDisabled,
    PackageInitialized,
    PackageRefused,
    SectionLeaked,
    SlotMisused,
)
from lsart.watch import LeakSummary, PackageSummary

ALICE = in_call(3, "alice")


def test_packages_are_listed_with_their_last_state_and_why() -> None:
    story = Story()
    status = int(STATUS_INSUFFICIENT_RESOURCES)
    story.tell(
        PackageInitialized(time_ns=0, package="good", package_id=0),
        PackageInitialized(time_ns=0, package="bad", package_id=1),
        PackageRefused(time_ns=1, package="none", stage="SpInitialize", status=status, reason="no memory"),
        PackageDisabled(time_ns=9, package="bad", entry_point="CallPackage", reason="KeyError: 1", call=7),
    )
    assert story.summary.packages == (
        PackageSummary("good", "loaded", ""),
        PackageSummary("bad", "disabled", "CallPackage raised KeyError: 1 (call 7)"),
        PackageSummary("none", "refused", "SpInitialize: STATUS_INSUFFICIENT_RESOURCES: no memory"),
    )
    assert story.summary.duration_ns == 9


def test_leaks_are_summed_by_package_and_place() -> None:
    story = Story()
    for size in (10, 20):
        story.tell(BlockLeaked(time_ns=5, heap="lsa-heap", address=size, size=size, allocated=ALICE))
    story.tell(SectionLeaked(time_ns=5, section="section-1", max_size=65536, committed=4096, created=ALICE))
    assert story.summary.leaks == (
        LeakSummary(package="cache", where="lsa-heap", count=2, bytes=30, example=str(ALICE)),
        LeakSummary(package="cache", where="sections", count=1, bytes=65536, example=str(ALICE)),
    )


def test_misuse_and_notices_are_counted_by_kind_with_the_first_in_words() -> None:
    story = Story()
    double = DoubleFree(time_ns=5, heap="section-1", address=16, freed=ALICE, allocated=ALICE, freed_before=ALICE)
    story.tell(
        double,
        double,
        LockOrphaned(time_ns=6, lock="heap lock of section-1", origin=ALICE),
        OutputNotFromHeap(time_ns=6, package="cache", output="ReturnBuffer", address=1),
        LogonSessionLeft(time_ns=6, logon_id=1000, status=0xC000006D, created=ALICE),
        AccountNameMissing(time_ns=6, package="cache", status=0, origin=ALICE),
        DispatchTableExceeded(time_ns=7, package="cache", slot="CreateSharedMemory"),
        SlotMisused(time_ns=8, slot="AllocateLsaHeap", parameter="length", problem="is -1", origin=ALICE),
    )
    misuse = [(each.kind, each.count) for each in story.summary.misuse]
    assert misuse == [("DoubleFree", 2), ("LockOrphaned", 1), ("LogonSessionLeft", 1), ("OutputNotFromHeap", 1)]
    assert "address=16" in story.summary.misuse[0].example
    assert [(each.kind, each.count) for each in story.summary.notices] == [
        ("AccountNameMissing", 1),
        ("DispatchTableExceeded", 1),
        ("SlotMisused", 1),
    ]


def test_access_violations_of_packages_and_of_clients_are_kept_apart() -> None:
    story = Story()
    for origin in (ALICE, Origin("", None, "mallory", "write", 0), Origin("", None, "mallory", "write", 0)):
        story.tell(
            AccessViolated(time_ns=1, space="x", address=0, length=1, kind="write", reason="no region", origin=origin)
        )
    assert (story.summary.access_violations, story.summary.client_access_violations) == (1, 2)
