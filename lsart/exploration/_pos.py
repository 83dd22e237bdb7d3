"""POS, partial order sampling: random priorities for operations, drawn anew for those that a step raced with.

Yuan, Yang, Gu: Partial Order Aware Concurrency Sampling, CAV 2018.
"""

from __future__ import annotations

from random import Random

from lsart.engine import CLOCK, EVERYTHING, Label, Ready, Trace

__all__ = ["POS"]


class POS:
    """Run the pending operation of the highest random priority, then redraw those that conflict with it.

    Orders that differ only in the order of independent operations count as one, so each partial order gets a fairer
    share than under a random walk. An unannounced operation conflicts with everything.

    Args:
        stream: where its chance comes from.
    """

    name = "pos"
    notes_arrivals = False

    def __init__(self, stream: Random) -> None:
        self._random = stream.random
        self._priorities: dict[int, float] = {}

    def begin(self, schedule: int) -> bool:
        """Nothing is remembered."""
        self._priorities.clear()
        return True

    def choose(self, ready: Ready) -> int:
        """The highest."""
        priorities, numbers = self._priorities, ready.numbers
        for task in numbers:
            if task not in priorities:
                priorities[task] = self._random()
        best = max(numbers, key=priorities.__getitem__)
        del priorities[best]
        done, owner = self._pending(ready, best), ready.owners.get(best)
        for task in numbers:
            is_racing = done.conflicts_with(self._pending(ready, task))
            if task != best and (is_racing or (owner is not None and owner == ready.owners.get(task))):
                priorities.pop(task, None)
        return best

    def end(self, trace: Trace) -> None:
        """Nothing is learnt."""

    @staticmethod
    def _pending(ready: Ready, task: int) -> Label:
        return EVERYTHING if task == CLOCK else ready.pending.get(task, EVERYTHING)
