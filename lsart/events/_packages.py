"""Events about packages that call packages, and about what of a package goes on without it."""

from __future__ import annotations

import attrs

from lsart.events._base import Event, Origin

__all__ = ["InnerCallCancelled", "PackageOutlived", "WorkersExhausted"]


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


@attrs.frozen(kw_only=True)
class InnerCallCancelled(Event):
    """A function of a package that another one called was ended midway, and gives nothing back.

    Args:
        package: whose function it is. slot: the entry point. origin: who called it, when.
        reason: the caller was cancelled, with its package or by itself; or `package` is being unloaded, and then the
            caller goes on with STATUS_UNSUCCESSFUL.
    """

    package: str
    slot: str
    reason: str
    origin: Origin


@attrs.frozen(kw_only=True)
class PackageOutlived(Event):
    """A package is unloaded though something of it goes on that shields itself from being cancelled. The function table
    gives it nothing any more.

    Args:
        tasks: what goes on: tasks of the package, functions of it that others called, calls of clients.
    """

    package: str
    tasks: tuple[str, ...]
