"""Floor 5: detectors over events. Counters, findings and warnings come out; nothing that runs is touched."""

from lsart.watch._book import ContentionWarning, ExhaustionWarning
from lsart.watch._monitor import Monitor
from lsart.watch._summary import (
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
from lsart.watch._units import show_bytes, show_count, show_share, show_time

__all__ = [
    "ContentionWarning",
    "ExhaustionWarning",
    "KindCount",
    "LeakSummary",
    "LockSummary",
    "LockTotals",
    "Monitor",
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
    "show_bytes",
    "show_count",
    "show_share",
    "show_time",
]
