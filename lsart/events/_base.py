"""What every event has, and who is behind it.

*Origin*: who did something to memory, in which call, through which function, when. Findings name two of them:
allocated here, freed there.
"""

from __future__ import annotations

from typing import Any

import attrs

__all__ = ["SYSTEM", "Event", "Origin", "describe", "event_record"]

SYSTEM = "LSA"
"""Name that stands for the LSA itself where a package's name is expected."""


@attrs.frozen
class Origin:
    """Who did it.

    Args:
        package: name of the package, `SYSTEM` for the LSA itself.
        call: number of the client call being served, None outside a call (SpInitialize, SpShutdown).
        client: name of the client whose call it is, empty outside a call.
        function: the table slot that was called, ``"AllocateSharedMemory"``.
        time_ns: when, in nanoseconds of the run's clock.
    """

    package: str
    call: int | None = None
    client: str = ""
    function: str = ""
    time_ns: int = 0

    def __str__(self) -> str:
        during = f" in call {self.call} of {self.client}" if self.call is not None else ""
        return f"{self.package} by {self.function or 'itself'}{during} at {self.time_ns / 1e6:.3f} ms"


@attrs.frozen(kw_only=True)
class Event:
    """Something that happened, at a time, told once.

    Args:
        time_ns: when, in nanoseconds of the run's clock: virtual time counts from 0.
    """

    time_ns: int


def event_record(event: Event) -> dict[str, Any]:
    """The event as plain data, ``event`` being its type: one line of ``--events FILE``."""
    return {"event": type(event).__name__, **attrs.asdict(event)}


def describe(event: Event) -> str:
    """The event in one readable line."""
    fields = ", ".join(
        f"{field.name}={getattr(event, field.name)}"
        for field in attrs.fields(type(event))
        if field.name != "time_ns" and getattr(event, field.name) not in (None, "")
    )
    return f"{event.time_ns / 1e6:12.3f} ms  {type(event).__name__}({fields})"
