"""Client calls: how many, how they ended, how long they took, and whether they queued for a worker."""

from __future__ import annotations

from collections import Counter

from lsart.contract import NTSTATUS
from lsart.events import Bus, CallFinished, CallQueued, CallStarted, Subscription, WorkersExhausted
from lsart.watch._book import WarningBook, WarningRecord
from lsart.watch._summary import Percentiles, StatusCount, WorkerSummary, nanoseconds
from lsart.watch._units import show_count, show_share, show_time

__all__ = ["ENOUGH_CALLS", "SHARE_THAT_QUEUED", "CallWatch"]

ENOUGH_CALLS = 100
"""Calls that must have started before a share of them means anything: with fewer, 5 % is a handful."""

SHARE_THAT_QUEUED = 0.05
"""Share of calls that queued for a worker from which it is a condition and not an incident: it shows at p95."""


class CallWatch:
    """Counts calls and warns when the worker pool is too small for them."""

    def __init__(self, bus: Bus, book: WarningBook) -> None:
        self._book = book
        self._queued: dict[int, CallQueued] = {}  # calls that wait for a worker now
        self._started: dict[int, CallStarted] = {}  # calls that a worker serves now
        self._starts = 0
        self._delivered = 0
        self._results: Counter[tuple[int, int | None, str]] = Counter()
        self._latencies = nanoseconds()
        self._waits = nanoseconds()
        self._queuings = 0
        self._deepest = 0
        self._first_queued_ns = 0
        self._busy: Counter[tuple[str, str]] = Counter()  # (package, operation) -> ns in workers
        self._served: Counter[tuple[str, str]] = Counter()  # likewise, calls
        self._pool_warning: WarningRecord | None = None
        self.last_ns = 0  # when the last call ended
        self.subscriptions: tuple[Subscription, ...] = (
            bus.subscribe(self._on_queued, CallQueued),
            bus.subscribe(self._on_started, CallStarted),
            bus.subscribe(self._on_finished, CallFinished),
            bus.subscribe(self._on_exhausted, WorkersExhausted),
        )

    # ------------------------------------------------------------------ what was counted

    @property
    def started(self) -> int:
        """Calls that a worker took up."""
        return self._starts

    @property
    def finished(self) -> int:
        """Calls that ended."""
        return len(self._latencies)

    @property
    def delivered(self) -> int:
        """Calls that ended while their client was there."""
        return self._delivered

    @property
    def lost(self) -> int:
        """Calls that began, or queued, and never ended."""
        return len(self._started) + len(self._queued)

    @property
    def rate(self) -> float:
        """Calls per second up to the end of the last one."""
        return round(self.finished * 1e9 / self.last_ns, 3) if self.last_ns else 0.0

    def latency(self) -> Percentiles:
        """Of finished calls."""
        return Percentiles.of(self._latencies)

    def by_status(self) -> tuple[StatusCount, ...]:
        """Most frequent first."""
        rows = []
        for (status, protocol_status, operation), count in self._results.items():
            good = NTSTATUS(status).is_success and NTSTATUS(protocol_status or 0).is_success
            protocol = "" if protocol_status is None else NTSTATUS(protocol_status).name
            rows.append(StatusCount(NTSTATUS(status).name, protocol, operation, count, good))
        return tuple(sorted(rows, key=lambda r: (-r.count, r.status, r.protocol_status, r.operation)))

    def workers(self) -> WorkerSummary:
        """How the pool did."""
        wait = Percentiles.of(self._waits, zeros=self._starts - len(self._waits))
        return WorkerSummary(
            calls_queued=self._queuings, deepest_queue=self._deepest, wait=wait, busiest=self._busiest()
        )

    def refresh(self) -> None:
        """Put the warning in the words of what is known now."""
        record = self._pool_warning
        if record is not None:
            record.count = self._queuings
            record.message, record.worst_offender, record.remedy = self._words()

    # ------------------------------------------------------------------ handlers

    def _on_queued(self, event: CallQueued) -> None:
        if not self._queuings:
            self._first_queued_ns = event.time_ns
        self._queuings += 1
        self._queued[event.call] = event
        if event.depth > self._deepest:
            self._deepest = event.depth

    def _on_started(self, event: CallStarted) -> None:
        self._starts += 1
        self._started[event.call] = event
        if event.call in self._queued:
            del self._queued[event.call]
            self._waits.append(event.queued_ns)
            if self._pool_warning is None:
                self._judge(event.time_ns)

    def _on_finished(self, event: CallFinished) -> None:
        self._latencies.append(event.latency_ns)
        self._results[event.status, event.protocol_status, event.operation] += 1
        self._delivered += event.delivered
        self.last_ns = event.time_ns
        self._queued.pop(event.call, None)  # there still, if LSA shut down before a worker came
        started = self._started.pop(event.call, None)
        if started is not None:
            key = (event.package, event.operation)
            self._busy[key] += event.time_ns - started.time_ns
            self._served[key] += 1

    def _on_exhausted(self, event: WorkersExhausted) -> None:
        def make() -> WarningRecord:
            return WarningRecord(
                "exhaustion",
                "every worker waits for a worker",
                "worker pool",
                first_ns=event.time_ns,
                count=1,
                message=f"all {show_count(event.workers)} serve calls that call a package and wait for a worker for it",
                worst_offender=f"the calls of {', '.join(event.clients)}, the last of them into {event.package}",
                remedy="more workers than calls at once, or no CallPackage into a package that needs a worker",
            )

        self._book.count_or("exhaustion", "every worker waits for a worker", "worker pool", make, event.time_ns)

    # ------------------------------------------------------------------ the warning

    def _judge(self, time_ns: int) -> None:
        if self._starts < ENOUGH_CALLS or len(self._waits) < SHARE_THAT_QUEUED * self._starts:
            return
        message, worst, remedy = self._words()
        self._pool_warning = WarningRecord(
            "contention",
            "worker pool",
            "worker pool",
            first_ns=self._first_queued_ns,
            count=self._queuings,
            message=message,
            worst_offender=worst,
            remedy=remedy,
        )
        self._book.raise_warning(self._pool_warning, time_ns)

    def _words(self) -> tuple[str, str, str]:
        longest = max(self._waits, default=0)
        message = (
            f"{show_share(self._queuings, self._starts)} of {show_count(self._starts)} calls queued, "
            f"longest {show_time(longest)}, deepest queue {show_count(self._deepest)}"
        )
        busiest = self._busiest()
        remedy = "more workers, or shorter calls"
        if busiest:
            key = self._busiest_key()
            remedy += f" ({' '.join(filter(None, key))} takes {show_time(self._busy[key] // self._served[key])})"
        return message, busiest or "no call has ended yet", remedy

    def _busiest_key(self) -> tuple[str, str]:
        return min(self._busy, key=lambda key: (-self._busy[key], key))

    def _busiest(self) -> str:
        if not self._busy:
            return ""
        key = self._busiest_key()
        share = show_share(self._busy[key], sum(self._busy.values()))
        return f"{' '.join(filter(None, key))}, {share} of the workers' busy time"
