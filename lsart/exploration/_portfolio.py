"""Portfolio: strategies take turns, as no single one finds every kind of bug."""

from __future__ import annotations

from collections.abc import Sequence

from lsart.engine import Ready, Trace
from lsart.exploration._hotspots import HotSpots
from lsart.exploration._protocol import Strategy

__all__ = ["Portfolio"]


class Portfolio:
    """One schedule each, round after round.

    Args:
        members: in their order; one may have several turns. One that has nothing left to try is passed over.
        hot_spots: shared by those of them that use it; they learn from every schedule.
    """

    def __init__(self, members: Sequence[Strategy], hot_spots: HotSpots) -> None:
        self.name = "portfolio"
        self.notes_arrivals = any(each.notes_arrivals for each in members)
        self._members = members
        self._hot_spots = hot_spots
        self._turn = members[0]
        self._begun: dict[int, int] = {}  # schedules of each member so far, by its first place

    def begin(self, schedule: int) -> bool:
        """The next one's turn."""
        count = len(self._members)
        for offset in range(count):
            self._turn = self._members[(schedule + offset) % count]
            place = self._members.index(self._turn)
            begun = self._begun.get(place, 0)
            self._begun[place] = begun + 1
            if self._turn.begin(begun):
                self.name = f"portfolio, {self._turn.name}"
                return True
        return False

    def choose(self, ready: Ready) -> int:
        """Whoever's turn it is."""
        chosen = self._turn.choose(ready)
        if ready.arrived and not self._turn.notes_arrivals:
            ready.arrived.clear()
        return chosen

    def end(self, trace: Trace) -> None:
        """The one whose turn it was learns, and all that use the hot spots."""
        self._hot_spots.learn(trace)
        self._turn.end(trace)
