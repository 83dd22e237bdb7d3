"""What every strategy is: an oracle of three methods that says who goes next.

A strategy never sees the model. It is told which schedule of its batch begins, asked at each decision, and shown what
happened when the schedule ended.
"""

from __future__ import annotations

from typing import Protocol

from lsart.engine import Ready, Trace

__all__ = ["Strategy"]


class Strategy(Protocol):
    """One way to choose schedules.

    `name` is how a person writes it. `notes_arrivals`: whether it uses `Ready.arrived`, and so must empty it. One that
    needs `Trace.parents` has an attribute `notes_nurseries` that is true.
    """

    name: str
    notes_arrivals: bool

    def begin(self, schedule: int) -> bool:
        """Schedule number `schedule`, counted from 0, is about to start; False when there is none left to try."""

    def choose(self, ready: Ready) -> int:
        """One of `ready.numbers`, of which there are at least two."""

    def end(self, trace: Trace) -> None:
        """The schedule has ended like this."""
