"""When registered functions are due: times and order alone, without tasks.

A *registration* is known by its handle. What is due first runs first; of what is due at one time, the registration
that was made first; of one registration, what came first.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

import attrs

__all__ = ["Due", "Schedule"]


@attrs.frozen
class Due:
    """A run that is to come: of which registration, due at which time of the run's clock, and what it is about."""

    number: int
    time_ns: int
    data: object = None


@attrs.define
class _Interval:
    start_ns: int
    period_ns: int
    runs: int = 0  # multiples of the period that are over


class Schedule:
    """What is to come, for one thread that runs it."""

    def __init__(self) -> None:
        self._intervals: dict[int, _Interval] = {}
        self._heap: list[tuple[int, int, int, Due]] = []
        self._posted = 0

    def __len__(self) -> int:
        return len(self._heap)

    def add_interval(self, number: int, start_ns: int, period_ns: int) -> None:
        """Due at `start_ns` + `period_ns`, and with `rearm` at further multiples: times do not drift."""
        if period_ns <= 0:
            raise ValueError(f"a period of {period_ns} ns: it must be positive, else nothing else would ever run")
        self._intervals[number] = _Interval(start_ns, period_ns)
        self.rearm(number, start_ns)

    def rearm(self, number: int, now_ns: int) -> None:
        """The next time of an interval: the first multiple that has not been and is not over. Those that are over
        are skipped. Does nothing for a registration without an interval, or one that was dropped."""
        interval = self._intervals.get(number)
        if interval is None:
            return
        begun = -(-(now_ns - interval.start_ns) // interval.period_ns)
        interval.runs = max(interval.runs + 1, begun)
        self.post(number, interval.start_ns + interval.runs * interval.period_ns)

    def post(self, number: int, time_ns: int, data: object = None) -> None:
        """Due at this time, once."""
        heappush(self._heap, (time_ns, number, self._posted, Due(number, time_ns, data)))
        self._posted += 1

    def drop(self, number: int) -> None:
        """Nothing of this registration is to come any more."""
        self._intervals.pop(number, None)
        self._heap = [each for each in self._heap if each[1] != number]
        heapify(self._heap)

    def take(self, now_ns: int) -> Due | None:
        """The run that is to begin now, if any; it is no longer to come."""
        if self._heap and self._heap[0][0] <= now_ns:
            return heappop(self._heap)[3]
        return None

    def next_ns(self) -> int | None:
        """When the next run is due, None when none is to come."""
        return self._heap[0][0] if self._heap else None
