"""Heap locks: who waited, for how long, and who let them wait. This runs at every acquisition, so it is lean."""

from __future__ import annotations

from collections import Counter

from lsart.events import Bus, CallFinished, LockAcquired, LockReleased, Origin, SectionGrew, Subscription
from lsart.watch._book import WarningBook, WarningRecord
from lsart.watch._summary import MOST_LISTED, LockSummary, LockTotals, Percentiles, nanoseconds
from lsart.watch._units import show_count, show_share, show_time

__all__ = [
    "ENOUGH_ACQUISITIONS",
    "LONG_GROWTH_IN_HOLDS",
    "LONG_WAIT_IN_HOLDS",
    "SHARE_OF_LONG_WAITS",
    "SHARE_THAT_WAITED",
    "LockWatch",
    "who",
]

ENOUGH_ACQUISITIONS = 100
"""Acquisitions of one lock that must have been seen before a share of them means anything."""

SHARE_THAT_WAITED = 0.05
"""Share of the calls that used the lock and waited, from which it is a condition: it shows at p95."""

LONG_WAIT_IN_HOLDS = 10
"""A wait longer than this many mean holds of the lock is long: the caller met a convoy, not a neighbour."""

LONG_GROWTH_IN_HOLDS = 4
"""A hold in which the section grew is worth advice when it is this many mean holds long."""

SHARE_OF_LONG_WAITS = 0.01
"""Share of acquisitions with a long wait from which rare but deep convoys are a condition: it shows at p99."""

_CONVOY = 8  # waiters met by one arrival, from which splitting in four is better advice than splitting in two


def who(origin: Origin) -> str:
    """Somebody in words: ``client-4 (call 17)``, or outside a call ``SpInitialize of ticketcache``."""
    if origin.call is not None:
        return f"{origin.client} (call {origin.call})"
    return f"{origin.function or 'code'} of {origin.package}"


class _Lock:
    """Counters of one lock."""

    __slots__ = (
        "acquisitions",
        "blamed",
        "calls",
        "calls_that_waited",
        "deepest",
        "first_wait_ns",
        "held_ns",
        "long_waits",
        "longest_grew",
        "longest_hold_ns",
        "longest_holder",
        "name",
        "releases",
        "waits",
        "warning",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.acquisitions = 0
        self.calls = 0
        self.calls_that_waited = 0
        self.waits = nanoseconds()
        self.first_wait_ns = 0
        self.deepest = 0
        self.long_waits = 0
        self.releases = 0
        self.held_ns = 0  # all holds together
        self.longest_hold_ns = -1
        self.longest_holder: Origin | None = None
        self.longest_grew = False  # the section grew during the longest hold
        self.blamed: Counter[tuple[str, str]] = Counter()  # (package, function) met on arrival -> ns waited
        self.warning: WarningRecord | None = None

    @property
    def is_contended(self) -> bool:
        """Whether the thresholds above are passed."""
        if self.acquisitions < ENOUGH_ACQUISITIONS:
            return False
        # A package's own tasks use the lock outside calls; where only they do, acquisitions stand for calls.
        waited, of = (self.calls_that_waited, self.calls) if self.calls else (len(self.waits), self.acquisitions)
        return waited >= SHARE_THAT_WAITED * of or self.long_waits >= SHARE_OF_LONG_WAITS * self.acquisitions


class LockWatch:
    """Counts acquisitions and warns when a lock's calls wait for each other."""

    def __init__(self, bus: Bus, book: WarningBook) -> None:
        self._book = book
        self._locks: dict[str, _Lock] = {}
        # Per open call: the locks it has used, and whether it waited for them. Dropped when the call ends.
        self._calls: dict[int, dict[_Lock, bool]] = {}
        self._growth: SectionGrew | None = None
        self.subscriptions: tuple[Subscription, ...] = (
            bus.subscribe(self._on_acquired, LockAcquired),
            bus.subscribe(self._on_released, LockReleased),
            bus.subscribe(self._on_grew, SectionGrew),
            bus.subscribe(self._on_finished, CallFinished),
        )

    def totals(self) -> LockTotals:
        """Of all locks."""
        locks = self._locks.values()
        return LockTotals(
            count=len(locks),
            acquisitions=sum(each.acquisitions for each in locks),
            waited=sum(len(each.waits) for each in locks),
            calls=sum(each.calls for each in locks),
            calls_that_waited=sum(each.calls_that_waited for each in locks),
        )

    def summaries(self) -> tuple[LockSummary, ...]:
        """The locks that were waited for longest in total, and of those that were not, the most used."""
        ordered = sorted(self._locks.values(), key=lambda each: (-sum(each.waits), -each.acquisitions))
        return tuple(_summary(lock) for lock in ordered[:MOST_LISTED])

    def refresh(self) -> None:
        """Put the warnings in the words of what is known now."""
        for lock in self._locks.values():
            if lock.warning is not None:
                lock.warning.count = len(lock.waits)
                lock.warning.message, lock.warning.worst_offender, lock.warning.remedy = _words(lock)

    # ------------------------------------------------------------------ handlers

    def _on_acquired(self, event: LockAcquired) -> None:
        lock = self._locks.get(event.lock)
        if lock is None:
            lock = self._locks[event.lock] = _Lock(event.lock)
        lock.acquisitions += 1
        # Not `waited_ns > 0`: on the real clock's grid, or with costs of 0, a wait can take no time at all.
        waited = event.held_by is not None
        call = event.origin.call
        if call is not None:
            used = self._calls.get(call)
            if used is None:
                used = self._calls[call] = {}
            before = used.get(lock)
            if before is None:
                lock.calls += 1
                lock.calls_that_waited += waited
                used[lock] = waited
            elif waited and not before:
                lock.calls_that_waited += 1
                used[lock] = True
        if waited:
            self._count_wait(lock, event)

    def _count_wait(self, lock: _Lock, event: LockAcquired) -> None:
        waited_ns = event.waited_ns
        began = event.time_ns - waited_ns
        if not lock.waits or began < lock.first_wait_ns:
            lock.first_wait_ns = began
        lock.waits.append(waited_ns)
        if event.queue_depth >= lock.deepest:
            lock.deepest = event.queue_depth + 1  # those met, and this one
        if waited_ns * lock.releases > LONG_WAIT_IN_HOLDS * lock.held_ns:
            lock.long_waits += 1
        if event.held_by is not None:
            lock.blamed[event.held_by.package, event.held_by.function] += waited_ns
        if lock.warning is None and lock.is_contended:
            message, worst, remedy = _words(lock)
            lock.warning = WarningRecord(
                "contention",
                "heap lock",
                lock.name,
                first_ns=lock.first_wait_ns,
                count=len(lock.waits),
                message=message,
                worst_offender=worst,
                remedy=remedy,
            )
            self._book.raise_warning(lock.warning, event.time_ns)

    def _on_released(self, event: LockReleased) -> None:
        lock = self._locks.get(event.lock)
        if lock is None:
            return
        held = event.held_ns
        lock.releases += 1
        lock.held_ns += held
        if held > lock.longest_hold_ns:
            lock.longest_hold_ns = held
            lock.longest_holder = event.origin
            growth = self._growth
            lock.longest_grew = (
                growth is not None
                and growth.time_ns == event.time_ns - held
                and growth.origin.call == event.origin.call
                and growth.origin.package == event.origin.package
            )

    def _on_grew(self, event: SectionGrew) -> None:
        self._growth = event

    def _on_finished(self, event: CallFinished) -> None:
        self._calls.pop(event.call, None)


def _summary(lock: _Lock) -> LockSummary:
    return LockSummary(
        name=lock.name,
        acquisitions=lock.acquisitions,
        waited=len(lock.waits),
        calls=lock.calls,
        calls_that_waited=lock.calls_that_waited,
        wait=Percentiles.of(lock.waits, zeros=lock.acquisitions - len(lock.waits)),
        deepest_queue=lock.deepest,
        longest_hold_ns=max(lock.longest_hold_ns, 0),
        longest_holder="" if lock.longest_holder is None else _holder(lock.longest_holder),
    )


def _holder(origin: Origin) -> str:
    function = f"{origin.function or 'code'} of {origin.package}"
    return function if origin.call is None else f"{function} for {who(origin)}"


def _words(lock: _Lock) -> tuple[str, str, str]:
    """Message, worst offender and remedy of a contended lock."""
    if lock.calls:
        share = f"{show_share(lock.calls_that_waited, lock.calls)} of {show_count(lock.calls)} calls waited"
    else:
        share = f"{show_share(len(lock.waits), lock.acquisitions)} of its acquisitions waited"
    message = f"{share}, longest {show_time(max(lock.waits))}, deepest queue {show_count(lock.deepest)}"
    worst = "nobody known"
    if lock.blamed:
        (package, function), blamed = min(lock.blamed.items(), key=lambda item: (-item[1], item[0]))
        waiting = show_share(blamed, sum(lock.blamed.values()))
        worst = f"{function or 'code'} of {package}, holder when {waiting} of the waiting began"
    if lock.longest_holder is not None:
        worst += f"; longest hold {show_time(lock.longest_hold_ns)}, {who(lock.longest_holder)}"
    return message, worst, "; ".join(_remedies(lock))


def _remedies(lock: _Lock) -> list[str]:
    found = []
    if lock.longest_grew and lock.longest_hold_ns * lock.releases > LONG_GROWTH_IN_HOLDS * lock.held_ns:
        found.append("a larger InitialSize: in the longest hold the section grew")
    if lock.calls and lock.acquisitions >= 1.5 * lock.calls:
        found.append(f"fewer, larger blocks: a call takes the lock {lock.acquisitions / lock.calls:.1f} times")
    ways = 4 if lock.deepest >= _CONVOY else 2
    shorter = ""
    if lock.deepest >= ways:
        shorter = f", so that a queue of {show_count(lock.deepest)} becomes about {-(-lock.deepest // ways)}"
    found.append(f"{ways} sections, split by client or key{shorter}")
    return found
