"""Events about packages that call packages."""

from __future__ import annotations

import attrs

from lsart.events._base import Event

__all__ = ["WorkersExhausted"]


@attrs.frozen(kw_only=True)
class WorkersExhausted(Event):
    """Every worker serves a call that waits for a worker, so none is ever free again unless one of them gives up.

    Args:
        workers: how many there are. package: whom the last of those calls is for, which queues now.
        clients: whose calls the workers serve.
    """

    workers: int
    package: str
    clients: tuple[str, ...]
