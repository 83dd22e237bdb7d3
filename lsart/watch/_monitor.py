"""The monitor: everything that this floor counts and warns of revolves around this file.

It learns from events alone, so what it says of a run can be said again from the run's event log; only the final
state of the sections and of the machine is handed in, as it was before the LSA closed.
"""

from __future__ import annotations

from collections.abc import Iterable

from lsart.events import Bus
from lsart.memory import MachineStatistics, Resource, Section
from lsart.watch._book import WarningBook
from lsart.watch._calls import CallWatch
from lsart.watch._exhaustion import ExhaustionWatch
from lsart.watch._locks import LockWatch
from lsart.watch._summary import (
    MOST_LISTED,
    OwnerShare,
    ResourceSummary,
    RunSummary,
    SectionSummary,
    SectionTotals,
)
from lsart.watch._troubles import TroubleWatch

__all__ = ["Monitor"]

_OWNERS = 3  # who holds most of a resource: beyond a few names a list explains nothing


class Monitor:
    """Watches one run. Make it before the LSA opens, so that it hears the packages load.

    What it subscribes to decides which events of the hot paths are made at all: calls, heap locks and blocks.
    """

    def __init__(self, bus: Bus) -> None:
        self._book = WarningBook(bus)
        self._calls = CallWatch(bus, self._book)
        self._locks = LockWatch(bus, self._book)
        self._exhaustion = ExhaustionWatch(bus, self._book)
        self._troubles = TroubleWatch(bus)
        self._sections: tuple[SectionSummary, ...] = ()
        self._live: tuple[int, ...] = (0, 0, 0, 0, 0)
        self._machine: tuple[ResourceSummary, ...] = ()

    def close(self) -> None:
        """Stop listening; the summary stays."""
        for watch in (self._calls, self._locks, self._exhaustion, self._troubles):
            for subscription in watch.subscriptions:
                subscription.cancel()

    def snapshot(self, sections: Iterable[Section], machine: MachineStatistics) -> None:
        """Note the state of the sections and of the machine, shortly before the LSA closes. The last one counts."""
        found = [_section(each) for each in sections]
        self._live = (
            len(found),
            sum(each.max_size for each in found),
            sum(each.committed for each in found),
            sum(each.live_blocks for each in found),
            sum(each.live_bytes for each in found),
        )
        # sort() is stable: of equal sections the oldest come first.
        found.sort(key=lambda each: -each.committed)
        self._sections = tuple(found[:MOST_LISTED])
        self._machine = tuple(_resource(resource, machine) for resource in Resource)

    def summary(self) -> RunSummary:
        """All of it, as frozen data. May be asked for at any time, and again."""
        calls, troubles = self._calls, self._troubles
        self._refresh()
        live, max_size, committed, live_blocks, live_bytes = self._live
        return RunSummary(
            duration_ns=max(calls.last_ns, troubles.last_ns),
            calls_started=calls.started,
            calls_finished=calls.finished,
            calls_delivered=calls.delivered,
            calls_lost=calls.lost,
            rate=calls.rate,
            by_status=calls.by_status(),
            latency=calls.latency(),
            workers=calls.workers(),
            locks=self._locks.summaries(),
            lock_totals=self._locks.totals(),
            sections=self._sections,
            section_totals=SectionTotals(
                created=self._exhaustion.sections_created,
                deleted=self._exhaustion.sections_deleted,
                live=live,
                max_size=max_size,
                committed=committed,
                live_blocks=live_blocks,
                live_bytes=live_bytes,
            ),
            machine=self._machine,
            refusals=self._exhaustion.refusals(),
            refusals_total=self._exhaustion.refusals_total,
            packages=troubles.packages(),
            leaks=troubles.leaks(),
            misuse=troubles.misuse(),
            notices=troubles.notices(),
            access_violations=troubles.access_violations,
            client_access_violations=troubles.client_access_violations,
            warnings=self._book.summaries(),
            warnings_total=len(self._book),
            contentions=self._book.occurrences("contention"),
            exhaustions=self._book.occurrences("exhaustion"),
        )

    def warn(self, stacklevel: int = 2) -> None:
        """Issue what was found as Python warnings: at most one `ContentionWarning`, one `ExhaustionWarning`.

        Under ``-W error`` the first of them is raised as an exception.

        Args:
            stacklevel: whose line the warning names, as `warnings.warn` counts: 2 is the caller of this method.
        """
        self._refresh()
        self._book.warn(stacklevel + 1)

    def _refresh(self) -> None:
        self._calls.refresh()
        self._locks.refresh()


def _section(section: Section) -> SectionSummary:
    statistics = section.statistics()
    return SectionSummary(
        name=statistics.name,
        package=section.package,
        max_size=statistics.max_size,
        committed=statistics.committed,
        peak_live=statistics.peak_live,
        live_blocks=statistics.live_blocks,
        live_bytes=statistics.live_bytes,
        largest_free=statistics.largest_free,
        free_bytes=statistics.free_bytes,
        fragmentation=round(statistics.fragmentation, 6),
    )


def _resource(resource: Resource, machine: MachineStatistics) -> ResourceSummary:
    held = [OwnerShare(owner, amount) for (owner, what), amount in machine.by_owner.items() if what is resource]
    held.sort(key=lambda each: (-each.amount, each.owner))
    return ResourceSummary(
        resource=resource.value,
        in_use=machine.in_use[resource],
        peak=machine.peak[resource],
        limit=machine.limit[resource],
        owners=tuple(held[:_OWNERS]),
    )
