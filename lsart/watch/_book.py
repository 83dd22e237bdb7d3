"""The warnings of a run: each (category, cause, subject) is told on the bus once, counted ever after."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from lsart.events import Bus, WarningRaised
from lsart.watch._summary import MOST_LISTED, WarningSummary

__all__ = ["ContentionWarning", "ExhaustionWarning", "WarningBook", "WarningRecord"]


class ContentionWarning(UserWarning):
    """Calls of clients waited for each other: for a section's heap lock, or for a free worker."""


class ExhaustionWarning(UserWarning):
    """Something ran out: a section, a heap, a client's quota, or a resource of the machine."""


_SAID_BY_CAUSE = ("machine", "worker pool", "reply buffers")  # subjects that the cause names already

_CATEGORIES: dict[str, type[UserWarning]] = {"contention": ContentionWarning, "exhaustion": ExhaustionWarning}


class WarningRecord:
    """A warning in the making. Detectors count in it and may put its words better as they learn more."""

    __slots__ = ("category", "cause", "count", "first_ns", "message", "remedy", "subject", "worst_offender")

    def __init__(
        self,
        category: str,
        cause: str,
        subject: str,
        *,
        first_ns: int,
        count: int,
        message: str,
        worst_offender: str,
        remedy: str,
    ) -> None:
        self.category = category
        self.cause = cause
        self.subject = subject
        self.first_ns = first_ns
        self.count = count
        self.message = message
        self.worst_offender = worst_offender
        self.remedy = remedy

    def text(self) -> str:
        """The warning as one paragraph."""
        about = f"{self.cause}, {self.subject}"
        if self.subject in _SAID_BY_CAUSE:
            about = self.cause
        elif self.subject.startswith(self.cause):
            about = self.subject
        return f"{about}: {self.message}. Worst offender: {self.worst_offender}. Remedy: {self.remedy}."

    def summary(self) -> WarningSummary:
        """As frozen data."""
        return WarningSummary(**{name: getattr(self, name) for name in self.__slots__})


class WarningBook:
    """All warnings of a run, in the order they were raised."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._records: dict[tuple[str, str, str], WarningRecord] = {}

    def find(self, category: str, cause: str, subject: str) -> WarningRecord | None:
        """The warning about this, if it was raised."""
        return self._records.get((category, cause, subject))

    def raise_warning(self, record: WarningRecord, time_ns: int) -> None:
        """Enter a new warning and tell the bus at `time_ns`, which may be later than its first occurrence."""
        self._records[record.category, record.cause, record.subject] = record
        self._bus.emit(
            WarningRaised(
                time_ns=time_ns,
                category=record.category,
                cause=record.cause,
                subject=record.subject,
                message=record.text(),
            )
        )

    def count_or(
        self, category: str, cause: str, subject: str, make: Callable[[], WarningRecord], time_ns: int
    ) -> None:
        """Count one more occurrence, raising the warning at the first; `make` is called only then."""
        record = self._records.get((category, cause, subject))
        if record is None:
            self.raise_warning(make(), time_ns)
        else:
            record.count += 1

    def __len__(self) -> int:
        return len(self._records)

    def occurrences(self, category: str) -> int:
        """All that the warnings of a category have counted."""
        return sum(each.count for each in self._records.values() if each.category == category)

    def summaries(self) -> tuple[WarningSummary, ...]:
        """The first warnings by time, at most `MOST_LISTED`, but of each category and cause at least one."""
        ordered = sorted(self._records.values(), key=lambda each: each.first_ns)
        firsts: dict[tuple[str, str], WarningRecord] = {}
        for record in ordered:
            firsts.setdefault((record.category, record.cause), record)
        kept = {id(record) for record in firsts.values()}
        for record in ordered:
            if len(kept) >= MOST_LISTED:
                break
            kept.add(id(record))
        return tuple(record.summary() for record in ordered if id(record) in kept)

    def warn(self, stacklevel: int) -> None:
        """Issue at most one Python warning per category, about its first occurrence; see `Monitor.warn`."""
        for category, warning in _CATEGORIES.items():
            found = sorted((r for r in self._records.values() if r.category == category), key=lambda r: r.first_ns)
            if found:
                others = f" ({len(found) - 1} more of this category in the summary)" if len(found) > 1 else ""
                warnings.warn(f"{found[0].text()}{others}", warning, stacklevel=stacklevel)
