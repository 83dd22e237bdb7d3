"""What this floor is handed from above, so that it can be proved without an event loop.

The caller's identity comes with each call as an `Origin`.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from lsart.contract import Choices, LsassTerminated
from lsart.events import Bus

__all__ = ["Environment"]


def _terminate(reason: str) -> None:
    raise LsassTerminated(reason)


@attrs.define
class Environment:
    """Bus, choices, clock, and what to do when LSASS goes down."""

    bus: Bus = attrs.field(factory=Bus)
    choices: Choices = attrs.field(factory=Choices)
    clock: Callable[[], int] = lambda: 0
    terminate: Callable[[str], None] = _terminate
