"""Random walk: at each decision anyone, with the same chance."""

from __future__ import annotations

from random import Random

from lsart.engine import Ready, Trace

__all__ = ["RandomWalk"]


class RandomWalk:
    """Choose uniformly among those that can run. The baseline; good at bugs that many orders show.

    Args:
        stream: where its chance comes from.
    """

    name = "random"
    notes_arrivals = False

    def __init__(self, stream: Random) -> None:
        self._random = stream.random

    def begin(self, schedule: int) -> bool:
        """Nothing is remembered from one schedule to the next."""
        return True

    def choose(self, ready: Ready) -> int:
        """Anyone."""
        numbers = ready.numbers
        return numbers[int(self._random() * len(numbers))]

    def end(self, trace: Trace) -> None:
        """Nothing is learnt."""
