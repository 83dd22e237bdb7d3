"""Events about the entry points that packages offer."""

from __future__ import annotations

import attrs

from lsart.events._base import Event

__all__ = ["EntryPointUnused"]


@attrs.frozen(kw_only=True)
class EntryPointUnused(Event):
    """A package offers an entry point that LSA will never enter, and why."""

    package: str
    slot: str
    reason: str
