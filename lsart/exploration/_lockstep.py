"""Lockstep: everybody takes one step, in a random order, then everybody the next one.

About what trio's own loop does. It finds what needs tasks to advance together, such as four that all hold one lock and
want the next, which a scheduler that lets one task run far ahead hardly ever meets.
"""

from __future__ import annotations

from random import Random

from lsart.engine import Ready, Trace

__all__ = ["Lockstep"]


class Lockstep:
    """Rounds in random order.

    Args:
        stream: where its chance comes from.
    """

    name = "lockstep"
    notes_arrivals = False

    def __init__(self, stream: Random) -> None:
        self._stream = stream
        self._round: list[int] = []

    def begin(self, schedule: int) -> bool:
        """A new round."""
        self._round.clear()
        return True

    def choose(self, ready: Ready) -> int:
        """The next of the round that can run."""
        while True:
            while self._round:
                task = self._round.pop()
                if task in ready.places:
                    return task
            self._round = list(ready.numbers)
            self._stream.shuffle(self._round)

    def end(self, trace: Trace) -> None:
        """Nothing is learnt."""
