"""A schedule as a person would tell it: who is stopped where, and who goes on instead.

A run without interference is *canonical*: a task runs until it blocks or ends, then the oldest that can run goes on.
A script lists only where a run left that path. Each entry names a task and how many steps it had run, not a place in
the whole run, so that leaving one entry out does not shift the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lsart.engine import CLOCK, Ready, Trace
from lsart.exploration._steps import StepCounts

__all__ = ["Follow", "Script", "ScriptWriter", "Switch", "schedule_of"]


class Switch(NamedTuple):
    """After `task` had run `steps` steps, `then` went on, not who would have on the canonical path."""

    task: int
    steps: int
    then: int


Script = tuple[Switch, ...]


class _Counting:
    """Counts the steps that each task has run, from the trace, when asked."""

    notes_arrivals = False

    def __init__(self) -> None:
        self._counts = StepCounts()

    def _place(self, ready: Ready) -> tuple[int, int]:
        """The current task and how many steps it has run."""
        return ready.current, self._counts.so_far(ready).get(ready.current, 0)

    def begin(self, schedule: int) -> bool:
        """One schedule."""
        self._counts.clear()
        return True

    def end(self, trace: Trace) -> None:
        """Nothing is learnt."""


class ScriptWriter(_Counting):
    """Follow a run step by step and note where it left the canonical path.

    Args:
        numbers: who ran, for each step, from an earlier trace. Where it cannot be followed, `diverged_at` is the step.
    """

    name = "again"

    def __init__(self, numbers: Sequence[int]) -> None:
        super().__init__()
        self._numbers = numbers
        self.switches: list[Switch] = []
        self.diverged_at: int | None = None

    def choose(self, ready: Ready) -> int:
        """Who ran then."""
        assert ready.trace is not None
        step = len(ready.trace.numbers)
        canonical = ready.canonical()
        wanted = self._numbers[step] if step < len(self._numbers) else canonical
        if wanted not in ready.places:
            if self.diverged_at is None:
                self.diverged_at = step
            return canonical
        if wanted != canonical:
            self.switches.append(Switch(*self._place(ready), wanted))
        return wanted


class Follow(_Counting):
    """Run a script. What cannot be done is left out and counted, unless somebody must know at once.

    Args:
        script: the switches. on_missed: called with the switch whose task cannot go on where it should.
    """

    name = "replay"

    def __init__(self, script: Iterable[Switch]) -> None:
        super().__init__()
        self.script = tuple(script)
        self.done: list[Switch] = []
        self.missed: list[tuple[int, Switch]] = []
        """(step, switch) for those whose task could not go on."""
        self._wanted: dict[tuple[int, int], list[int]] = {}

    def begin(self, schedule: int) -> bool:
        """From the start."""
        super().begin(schedule)
        self.done, self.missed = [], []
        self._wanted = {}
        for task, steps, then in reversed(self.script):
            self._wanted.setdefault((task, steps), []).append(then)
        return True

    def choose(self, ready: Ready) -> int:
        """The switch for this place, if there is one and it can be done; else the canonical path."""
        place = self._place(ready)
        wanted = self._wanted.get(place)
        if wanted:
            then = wanted.pop()
            if then in ready.places:
                self.done.append(Switch(*place, then))
                return then
            assert ready.trace is not None
            self.missed.append((len(ready.trace.numbers), Switch(*place, then)))
        return ready.canonical()

    @property
    def left(self) -> list[Switch]:
        """Switches whose place never came."""
        return [Switch(*place, then) for place, thens in self._wanted.items() for then in reversed(thens)]


def schedule_of(trace: Trace) -> list[tuple[int, int]]:
    """A run as blocks: who ran how many steps in a row. Time that moved is a block of `CLOCK`."""
    blocks: list[tuple[int, int]] = []
    for number in trace.numbers:
        if blocks and blocks[-1][0] == number and number != CLOCK:
            blocks[-1] = (number, blocks[-1][1] + 1)
        else:
            blocks.append((number, 1))
    return blocks
