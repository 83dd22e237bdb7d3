"""Hot spots: what two tasks touch, at least one of them writing. Learnt from schedules."""

from __future__ import annotations

from lsart.engine import EVERYTHING, Label, Ready, Trace

__all__ = ["HotSpots"]


class _Access:
    """Who touched one part of one resource."""

    __slots__ = ("is_hot", "is_written", "task")

    def __init__(self, task: int) -> None:
        self.task: int | None = task  # None: several
        self.is_written = False
        self.is_hot = False


class HotSpots:
    """What is known so far.

    Args:
        labelled: whether the model promises that tasks share nothing but what labelled operations touch. Without it an
            operation that was not announced is always hot.
    """

    def __init__(self, *, labelled: bool) -> None:
        self._labelled = labelled
        self._accesses: dict[str, dict[tuple[int, int], _Access]] = {}
        self._surprises: set[tuple[int, int]] = set()  # (task, its steps before): steps that touched one unannounced

    def are_next(self, ready: Ready, task: int, steps: int) -> bool:
        """Whether the next step of a task, which has run so many, is on one, as far as that can be told."""
        owner = ready.owners.get(task)
        if owner is not None and self.are_at(owner):
            return True
        return self.are_at(ready.pending.get(task)) or (task, steps) in self._surprises

    def are_at(self, label: Label | None) -> bool:
        """Whether an operation is on one; None is an operation that was not announced."""
        if label is None:
            return not self._labelled
        if label.resource == EVERYTHING.resource:
            return True
        found = self._accesses.get(label.resource, {}).get((label.start, label.stop))
        return found is not None and found.is_hot

    def learn(self, trace: Trace) -> None:
        """Note who touched what in a schedule."""
        numbers = trace.numbers
        for step, label in trace.labels.items():
            self._note(numbers[step], label)
        for step, label in trace.touched:
            if step >= 0:
                self._note(numbers[step], label)
        for _, task, owner in trace.owned:
            if owner is not None:
                self._note(task, owner)
        if trace.touched:
            self._note_surprises(trace)

    def _note_surprises(self, trace: Trace) -> None:
        counts: dict[int, int] = {}
        places: list[tuple[int, int]] = []
        for number in trace.numbers:
            count = counts.get(number, 0)
            places.append((number, count))
            counts[number] = count + 1
        for step, label in trace.touched:
            if step >= 0 and self.are_at(label):
                self._surprises.add(places[step])

    def _note(self, task: int, label: Label) -> None:
        parts = self._accesses.setdefault(label.resource, {})
        place = label.start, label.stop
        own = parts.get(place)
        if own is None:
            own = parts[place] = _Access(task)
        elif own.is_hot and own.task is None and (own.is_written or label.kind == "r"):
            return  # nothing new
        if own.task != task:
            own.task = None
        own.is_written |= label.kind == "w"
        for (start, stop), other in parts.items():
            if start < label.stop and label.start < stop and (own.is_written or other.is_written):
                is_shared = own.task is None or (other is not own and own.task != other.task)
                if is_shared:
                    own.is_hot = other.is_hot = True
