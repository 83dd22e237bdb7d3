"""DPOR: every partial order of a program, without trying orders that differ only in independent steps.

Flanagan, Godefroid: Dynamic Partial-Order Reduction for Model Checking Software, POPL 2005. Where two steps of a run
raced, the order not taken is put on the list of what is still to be tried. There are no sleep sets: they prune more,
but the pruning is sound only for the exact enabledness of each operation, which locks with queues do not show.
"""

from __future__ import annotations

from bisect import bisect_right

import attrs

from lsart.engine import CLOCK, EVERYTHING, Label, Ready, Trace
from lsart.exploration._footprints import Footprint, footprints
from lsart.exploration._protocol import NotRepeatable

__all__ = ["DPOR"]


@attrs.define(eq=False)
class _Decision:
    """A point of the current path at which several could go on."""

    enabled: tuple[int, ...]
    chosen: int
    to_try: set[int]
    tried: set[int] = attrs.field(factory=set)
    step: int = -1


class DPOR:
    """Try an order only if two steps that conflict change places in it.

    Steps whose effects are unknown conflict with all others, so without labels this is DFS. When it has ended, every
    final state, failure and deadlock has been seen; a failing schedule is gone on from like any other.

    Args:
        labelled: whether the model promises that tasks share nothing but what labelled operations touch.
    """

    name = "dpor"
    notes_arrivals = False
    notes_nurseries = True

    def __init__(self, *, labelled: bool = False) -> None:
        self._labelled = labelled
        self._path: list[_Decision] = []
        self._position = 0
        self._is_first = True

    def begin(self, schedule: int) -> bool:
        """The deepest decision at which something is still to be tried."""
        if not self._is_first:
            while self._path:
                last = self._path[-1]
                last.tried.add(last.chosen)
                left = last.to_try - last.tried
                if left:
                    last.chosen = min(left)
                    break
                self._path.pop()
            else:
                return False
        self._is_first = False
        self._position = 0
        return True

    def choose(self, ready: Ready) -> int:
        """As planned, then without preemptions."""
        assert ready.trace is not None
        if self._position == len(self._path):
            chosen = ready.canonical()
            # Time that did not come in a run is no step of it, so no race would ever plan it.
            to_try = {chosen, CLOCK} if CLOCK in ready.places else {chosen}
            self._path.append(_Decision(tuple(ready.numbers), chosen, to_try))
        decision = self._path[self._position]
        if decision.enabled != tuple(ready.numbers):
            raise NotRepeatable
        decision.step = len(ready.trace.numbers)
        self._position += 1
        return decision.chosen

    def end(self, trace: Trace) -> None:
        """Find the races of this run and plan their other orders."""
        if self._position < len(self._path):
            raise NotRepeatable
        decisions = {each.step: each for each in self._path}
        prints = footprints(trace, labelled=self._labelled)
        woken_by: dict[int, list[int]] = {}
        for step, number in trace.woken:
            woken_by.setdefault(number, []).append(step)
        clocks: list[dict[int, int]] = []  # per step: for each task, its last step that happened before or is it
        of_task: dict[int, dict[int, int]] = {}
        earlier = _Earlier()
        # Who could have gone on when the run was ended would have raced too, with a step that is not in it.
        left = [(number, self._left(label)) for number, label in trace.left.items()]
        for step, (number, footprint) in enumerate([*zip(trace.numbers, prints, strict=True), *left]):
            clock = dict(of_task.get(number, ()))
            wakers = woken_by.get(number, ())
            if wakers:
                waker = wakers[bisect_right(wakers, step - 1) - 1]
                if 0 <= waker < min(step, len(clocks)):
                    _merge(clock, clocks[waker])
            for other in earlier.conflicting_with(footprint):
                who = trace.numbers[other]
                if who == number or clock.get(who, -1) >= other:
                    continue
                self._plan(decisions.get(other), number)
                _merge(clock, clocks[other])
            if step >= len(trace.numbers):
                continue
            clock[number] = step
            of_task[number] = clock
            clocks.append(clock)
            earlier.add(step, footprint)

    def _left(self, label: Label | None) -> Footprint:
        """What a step that was not taken would have touched, as far as that is known."""
        if label is None or label.resource == EVERYTHING.resource:
            return () if label is None and self._labelled else None
        return (label,)

    @staticmethod
    def _plan(decision: _Decision | None, task: int) -> None:
        """Let `task` go first where the other step was chosen; whoever might lead to it, if it could not go."""
        if decision is None:
            return
        if task in decision.enabled:
            decision.to_try.add(task)
        else:
            decision.to_try.update(decision.enabled)


class _Earlier:
    """The steps so far by what they touched."""

    def __init__(self) -> None:
        self._of_resource: dict[str, list[tuple[int, Footprint]]] = {}
        self._unknown: list[int] = []
        self._count = 0

    def add(self, step: int, footprint: Footprint) -> None:
        self._count = step + 1
        if footprint is None:
            self._unknown.append(step)
            return
        for resource in {label.resource for label in footprint}:
            self._of_resource.setdefault(resource, []).append((step, footprint))

    def conflicting_with(self, footprint: Footprint) -> list[int]:
        """Latest first."""
        if footprint is None:
            return list(range(self._count - 1, -1, -1))
        found = set(self._unknown)
        for label in footprint:
            for step, other in self._of_resource.get(label.resource, ()):
                assert other is not None
                if any(label.conflicts_with(each) for each in other):
                    found.add(step)
        return sorted(found, reverse=True)


def _merge(clock: dict[int, int], other: dict[int, int]) -> None:
    for task, step in other.items():
        if clock.get(task, -1) < step:
            clock[task] = step
