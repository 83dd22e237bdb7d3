"""Selective: decide only where it can matter.

An operation on something that only one task touches, or that all only read, commutes with whatever the others do. To
preempt a task before it shows nothing that preempting the same task before its next *hot* operation does not show. So
the running task goes on until it is about to touch something hot, blocks or ends; only there another strategy decides.
Fewer decisions mean that random ones hit more often. The idea of looking at racing accesses only is that of Sen: Race
Directed Random Testing of Concurrent Programs, PLDI 2008.
"""

from __future__ import annotations

from lsart.engine import Ready, Trace
from lsart.exploration._hotspots import HotSpots
from lsart.exploration._protocol import Strategy

__all__ = ["Selective"]


class Selective:
    """Let another strategy decide, but only before operations that are hot and where the task cannot go on.

    Args:
        chooser: the strategy that decides. hot_spots: what is known to be hot, which this strategy adds to; may be
            shared with others.
    """

    def __init__(self, chooser: Strategy, hot_spots: HotSpots) -> None:
        self.name = f"selective+{chooser.name}"
        self.notes_arrivals = chooser.notes_arrivals
        self._chooser = chooser
        self._hot_spots = hot_spots

    def begin(self, schedule: int) -> bool:
        """As the chooser."""
        return self._chooser.begin(schedule)

    def choose(self, ready: Ready) -> int:
        """The running task, unless what it is about to do is hot."""
        current = ready.current
        if current in ready.places and not self._hot_spots.are_next(ready, current):
            return current
        return self._chooser.choose(ready)

    def end(self, trace: Trace) -> None:
        """Learn who touched what."""
        self._hot_spots.learn(trace)
        self._chooser.end(trace)
