"""What every strategy is: an oracle of three methods that says who goes next.

A strategy never sees the model. It is told which schedule of its batch begins, asked at each decision, and shown what
happened when the schedule ended.
"""

from __future__ import annotations

from typing import Protocol

from lsart.contract import ConfigurationError
from lsart.engine import Ready, Trace

__all__ = ["NotRepeatable", "Strategy"]


class NotRepeatable(ConfigurationError):  # noqa: N818  (what the model is)
    """A search that goes through all schedules met another run where it expected one that it knows.

    Likely causes: the model keeps state from one run to the next, or draws chance or time from outside.
    """

    def __init__(self) -> None:
        super().__init__(
            "the model does not repeat: under choices that were made before, other tasks could run than then. Nothing "
            "that a search through all schedules says of it would hold. Does it keep state from one run to the next?"
        )


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
