"""Selective: decide only where it can matter.

An operation on something that only one task touches, or that all only read, commutes with whatever the others do: to
preempt a task before it shows nothing that preempting it before its next *hot* operation does not show. So two rules:
the running task goes on until it is about to touch something hot, blocks or ends; and whoever is not at such a place is
run up to it first. Only then, among tasks that all stand at something hot, another strategy decides. Fewer decisions
mean that chance hits more often. To look at racing accesses only is the idea of Sen: Race Directed Random Testing of
Concurrent Programs, PLDI 2008.
"""

from __future__ import annotations

from lsart.engine import CLOCK, Ready, Trace
from lsart.exploration._hotspots import HotSpots
from lsart.exploration._protocol import Strategy
from lsart.exploration._steps import StepCounts

__all__ = ["Selective"]


_STRAIGHT = 5  # each fifth schedule goes without gathering, in case that a step does more than is known of it


class Selective:
    """Let another strategy decide, but only among tasks that are at something hot.

    Args:
        chooser: the strategy that decides. hot_spots: what is known to be hot, which this strategy adds to; may be
            shared with others.
    """

    def __init__(self, chooser: Strategy, hot_spots: HotSpots) -> None:
        self.name = f"selective+{chooser.name}"
        self.notes_arrivals = chooser.notes_arrivals
        self._chooser = chooser
        self._hot_spots = hot_spots
        self._counts = StepCounts()
        self._gathers = True

    def begin(self, schedule: int) -> bool:
        """As the chooser."""
        self._counts.clear()
        self._gathers = schedule % _STRAIGHT != _STRAIGHT - 1
        return self._chooser.begin(schedule)

    def choose(self, ready: Ready) -> int:
        """The running task up to something hot, then the others up to something hot, then as the chooser says."""
        current, counts, are_next = ready.current, self._counts.so_far(ready), self._hot_spots.are_next
        if current in ready.places and not are_next(ready, current, counts.get(current, 0)):
            return current
        if self._gathers:
            for task in ready.numbers:
                if task != CLOCK and not are_next(ready, task, counts.get(task, 0)):
                    return task
        return self._chooser.choose(ready)

    def end(self, trace: Trace) -> None:
        """Learn who touched what."""
        self._hot_spots.learn(trace)
        self._chooser.end(trace)
