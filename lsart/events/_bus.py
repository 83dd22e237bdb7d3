"""The bus: who emits an event does not know who listens, and a broken listener never stops a run.

Prior art: trio's instruments, which are dropped with a log entry when they raise. Making an event costs more than
asking whether anybody wants it, so hot paths ask first: ``if bus.wants(BlockAllocated): bus.emit(...)``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from lsart.events._base import Event

__all__ = ["Bus", "Subscription"]

_E = TypeVar("_E", bound=Event)
_Handler = Callable[[Any], None]
_log = logging.getLogger("lsart.events")


class Subscription:
    """A subscriber on a bus; `cancel` takes it off, once or more often."""

    __slots__ = ("_bus", "_types", "handler")

    def __init__(self, bus: Bus, handler: _Handler, types: tuple[type[Event], ...]) -> None:
        self._bus = bus
        self._types = types
        self.handler = handler

    def cancel(self) -> None:
        """Stop receiving events."""
        self._bus._remove(self, self._types)


class Bus:
    """Delivers each event at once, in the emitter's task, to its subscribers in the order they subscribed."""

    __slots__ = ("_by_type", "_known", "_order")

    def __init__(self) -> None:
        # Subscriptions per event type asked for; `Event` stands for all. `_known` caches, per concrete type, the
        # merged list, so that an emit is one dictionary look-up.
        self._by_type: dict[type[Event], list[tuple[int, Subscription]]] = {}
        self._known: dict[type[Event], tuple[Subscription, ...]] = {}
        self._order = 0

    def subscribe(self, handler: Callable[[_E], None], *types: type[_E]) -> Subscription:
        """Call `handler` with every event of these types, or with every event when none is named."""
        wanted: tuple[type[Event], ...] = types or (Event,)
        subscription = Subscription(self, handler, wanted)
        self._order += 1
        for event_type in wanted:
            self._by_type.setdefault(event_type, []).append((self._order, subscription))
        self._known.clear()
        return subscription

    def wants(self, event_type: type[Event]) -> bool:
        """Whether anyone would receive an event of this type."""
        handlers = self._known.get(event_type)
        return bool(self._resolve(event_type) if handlers is None else handlers)

    def emit(self, event: Event) -> None:
        """Tell the subscribers. One that raises is logged and dropped; the others are told all the same."""
        event_type = type(event)
        handlers = self._known.get(event_type)
        if handlers is None:
            handlers = self._resolve(event_type)
        for subscription in handlers:
            try:
                subscription.handler(event)
            except Exception:
                _log.exception("subscriber %r failed on %s and is dropped", subscription.handler, event_type.__name__)
                subscription.cancel()

    def _resolve(self, event_type: type[Event]) -> tuple[Subscription, ...]:
        found: dict[int, Subscription] = {}
        for base in event_type.__mro__:
            for order, subscription in self._by_type.get(base, ()):
                found[order] = subscription
        merged = tuple(found[order] for order in sorted(found))
        self._known[event_type] = merged
        return merged

    def _remove(self, subscription: Subscription, types: tuple[type[Event], ...]) -> None:
        for event_type in types:
            entries = self._by_type.get(event_type, [])
            entries[:] = [entry for entry in entries if entry[1] is not subscription]
        self._known.clear()
