"""How many steps each task of a run has taken so far."""

from __future__ import annotations

from lsart.engine import Ready

__all__ = ["StepCounts"]


class StepCounts:
    """Counts from the trace what was added since it was last asked, so that a run costs its steps and no more."""

    __slots__ = ("_counts", "_seen")

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._seen = 0

    def clear(self) -> None:
        """A new run."""
        self._counts.clear()
        self._seen = 0

    def so_far(self, ready: Ready) -> dict[int, int]:
        """By task; one that has not run is not in it."""
        assert ready.trace is not None
        numbers, counts = ready.trace.numbers, self._counts
        for number in numbers[self._seen :] if self._seen else numbers:
            counts[number] = counts.get(number, 0) + 1
        self._seen = len(numbers)
        return counts
