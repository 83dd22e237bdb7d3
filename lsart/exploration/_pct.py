"""PCT, probabilistic concurrency testing, and its fair variant.

Burckhardt, Kothari, Musuvathi, Nagarakatte: A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs,
ASPLOS 2010. A bug of depth d (one that d ordering constraints suffice to show) in a program of n tasks and k steps is
hit with a chance of at least 1 / (n * k ** (d - 1)) per schedule.
"""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random

from lsart.engine import Ready, Trace

__all__ = ["PCT", "FairPCT"]


class PCT:
    """Give each task a random priority and always run the highest; at d - 1 random decisions, demote who is running.

    Only decisions count as steps: where one task alone can run, to demote it then is as good as to demote it at the
    next decision. How many there are is taken from the schedules so far unless it is given. Among 10,000 tasks a choice
    costs the logarithm of that.

    Args:
        stream: where its chance comes from. depth: d, at least 1. steps: k, or anything above the number of decisions.

    Raises:
        ValueError: a depth below 1.
    """

    notes_arrivals = True

    def __init__(self, stream: Random, depth: int = 3, steps: int | None = None) -> None:
        if depth < 1:
            raise ValueError(f"PCT needs a depth of at least 1, not {depth}")
        self.name = f"pct(depth={depth})"
        self._stream = stream
        self._depth = depth
        self._is_known = steps is not None
        self._steps = steps or 1
        self._priorities: dict[int, float] = {}
        self._waiting: list[tuple[float, int]] = []  # a heap of (minus priority, task); may hold old entries
        # Decisions at which the running task is demoted, and to which priority; the last one first.
        self._changes: list[tuple[int, float]] = []
        self._decided = 0

    def begin(self, schedule: int) -> bool:
        """Draw the steps at which priorities change."""
        self._priorities.clear()
        self._waiting.clear()
        self._decided = 0
        changes = self._depth - 1
        places = self._stream.sample(range(max(self._steps, changes)), changes)  # in random order: so are priorities
        self._changes = sorted(((place, -1.0 - rank) for rank, place in enumerate(places)), reverse=True)
        return True

    def choose(self, ready: Ready) -> int:
        """The highest priority, after a demotion if one is due."""
        self._take_in(ready)
        best = self._highest(ready)
        changes = self._changes
        while changes and changes[-1][0] == self._decided:
            self._set(best, changes.pop()[1])
            best = self._highest(ready)
        self._decided += 1
        return best

    def end(self, trace: Trace) -> None:
        """Learn how long a schedule can be."""
        if not self._is_known:
            self._steps = max(self._steps, self._decided)

    def _take_in(self, ready: Ready) -> None:
        """Note those that have become ready; they keep the priority that they had."""
        arrived = ready.arrived
        if arrived:
            for task in arrived:
                priority = self._priorities.get(task)
                self._set(task, 1.0 + self._stream.random() if priority is None else priority)
            arrived.clear()

    def _set(self, task: int, priority: float) -> None:
        self._priorities[task] = priority
        heappush(self._waiting, (-priority, task))

    def _highest(self, ready: Ready) -> int:
        """The ready task of the highest priority. It stays on the heap, as it may be chosen again."""
        waiting, priorities, places = self._waiting, self._priorities, ready.places
        while True:
            priority, task = waiting[0]
            if task in places and priorities[task] == -priority:
                return task
            heappop(waiting)  # blocked, ended or demoted since; who comes back is noted anew


class FairPCT(PCT):
    """PCT for the first steps, then a random walk, so that a loop that polls does not keep all others out for ever.

    Args:
        stream, depth, steps: as for `PCT`. fair_after: how many steps PCT decides.
    """

    def __init__(self, stream: Random, depth: int = 3, steps: int | None = None, fair_after: int = 2000) -> None:
        super().__init__(stream, depth, steps)
        self.name = f"fair-pct(depth={depth})"
        self._fair_after = fair_after

    def choose(self, ready: Ready) -> int:
        """As PCT, then anyone."""
        if self._decided < self._fair_after:
            return super().choose(ready)
        if ready.arrived:
            ready.arrived.clear()
        return ready.numbers[int(self._stream.random() * len(ready.numbers))]
