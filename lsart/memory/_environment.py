"""What this floor is handed from above, so that it can be proved without an event loop.

The caller's identity comes with each call as an `Origin`.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from lsart.contract import Choices, LsassTerminated
from lsart.events import Bus, ResourceRefused
from lsart.memory._machine import Refusal

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

    def tell_refused(self, refusal: Refusal, owner: str, time_ns: int) -> None:
        """The machine has no more of something for `owner`."""
        self.bus.emit(
            ResourceRefused(
                time_ns=time_ns,
                resource=refusal.resource.value,
                wanted=refusal.wanted,
                in_use=refusal.in_use,
                limit=refusal.limit,
                owner=owner,
            )
        )
