"""URW, uniform random walk: every interleaving about as likely as any other.

A plain random walk favours schedules in which short tasks end early. Weighting each task by the steps it still has to
run evens that out; see Zhao, Wolff, Mathur, Roychoudhury: Selectively Uniform Concurrency Testing, ASPLOS 2025.
"""

from __future__ import annotations

from random import Random

from lsart.engine import Ready, Trace
from lsart.exploration._steps import StepCounts

__all__ = ["UniformRandomWalk"]


class UniformRandomWalk:
    """Choose each task with a chance in proportion to the steps that it has left.

    How many that are is taken from the longest life that a task of its number has had so far.

    Args:
        stream: where its chance comes from.
    """

    name = "urw"
    notes_arrivals = False

    def __init__(self, stream: Random) -> None:
        self._random = stream.random
        self._lengths: dict[int, int] = {}
        self._counts = StepCounts()

    def begin(self, schedule: int) -> bool:
        """Count anew."""
        self._counts.clear()
        return True

    def choose(self, ready: Ready) -> int:
        """In proportion to what is left."""
        run = self._counts.so_far(ready)
        left = [max(1, self._lengths.get(task, 1) - run.get(task, 0)) for task in ready.numbers]
        mark = self._random() * sum(left)
        for task, weight in zip(ready.numbers, left, strict=True):
            mark -= weight
            if mark < 0:
                return task
        return ready.numbers[-1]

    def end(self, trace: Trace) -> None:
        """Learn how long tasks live."""
        run: dict[int, int] = {}
        for task in trace.numbers:
            run[task] = run.get(task, 0) + 1
        for task, steps in run.items():
            self._lengths[task] = max(self._lengths.get(task, 0), steps)
