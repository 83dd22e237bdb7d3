"""DFS: every schedule there is, or every one with few preemptions, one after the other.

Godefroid: Model Checking for Programming Languages using VeriSoft, POPL 1997, for the search without stored states;
Musuvathi, Qadeer: Iterative Context Bounding for Systematic Testing, PLDI 2007, for the bound.
"""

from __future__ import annotations

from lsart.engine import CLOCK, Ready, Trace
from lsart.exploration._protocol import NotRepeatable

__all__ = ["DFS"]


class DFS:
    """Try every choice at every decision, those without a preemption first.

    When it has ended, no schedule within the bound is untried: between two checkpoints code cannot be interrupted, so
    that is all there is. It needs no labels.

    Args:
        preemptions: how many at most, None for any number.

    Raises:
        ValueError: a negative bound.
    """

    notes_arrivals = False

    def __init__(self, preemptions: int | None = None) -> None:
        if preemptions is not None and preemptions < 0:
            raise ValueError(f"DFS needs a bound of 0 preemptions or more, not {preemptions}")
        self.name = "dfs" if preemptions is None else f"dfs(preemptions={preemptions})"
        self._bound = preemptions
        self._path: list[tuple[list[int], int]] = []  # at each decision: what there was to choose, which one is tried
        self._position = 0
        self._spent = 0
        self._is_first = True

    def begin(self, schedule: int) -> bool:
        """The next untried branch, deepest first."""
        if not self._is_first:
            while self._path and self._path[-1][1] + 1 == len(self._path[-1][0]):
                self._path.pop()
            if not self._path:
                return False
            choices, tried = self._path[-1]
            self._path[-1] = (choices, tried + 1)
        self._is_first = False
        self._position = self._spent = 0
        return True

    def choose(self, ready: Ready) -> int:
        """As before up to the branch, then without preemptions."""
        stays = ready.stays()
        found = self._choices(ready, stays)
        if self._position == len(self._path):
            self._path.append((found, 0))
        choices, tried = self._path[self._position]
        if found != choices:
            raise NotRepeatable
        self._position += 1
        task = choices[tried]
        if stays is not None and task != stays:
            self._spent += 1
        return task

    def end(self, trace: Trace) -> None:
        """The run has gone through all of the path, unless the model has changed."""
        if self._position < len(self._path):
            raise NotRepeatable

    def _choices(self, ready: Ready, stays: int | None) -> list[int]:
        others = sorted((task for task in ready.numbers if task != stays), key=_time_last)
        if stays is None:
            return others
        if self._bound is not None and self._spent >= self._bound:
            return [stays]
        return [stays, *others]


def _time_last(task: int) -> tuple[bool, int]:
    return task == CLOCK, task
