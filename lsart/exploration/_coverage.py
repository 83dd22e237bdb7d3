"""How much of what there is a campaign has seen, and whether going on is likely to show anything new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import attrs

__all__ = ["Coverage", "CoverageCounter"]

_FLAT = 0.01


@attrs.frozen
class Coverage:
    """Orders seen: runs that differ only in the order of independent steps count as one.

    Args:
        schedules: how many ran. orders: how many different ones. new_lately: those that the last quarter of the
            schedules added. seen_once: those that came up only once.
    """

    schedules: int
    orders: int
    new_lately: int
    seen_once: int

    @property
    def chance_of_a_new_one(self) -> float:
        """That the next schedule shows an order not seen so far, by the estimate of Good and Turing: the share of
        schedules whose order came up once. For strategies that draw each schedule anew."""
        return self.seen_once / self.schedules if self.schedules else 1.0

    @property
    def is_flat(self) -> bool:
        """Whether the last quarter added next to nothing."""
        return self.schedules >= 40 and self.new_lately <= _FLAT * (self.schedules // 4)


class CoverageCounter:
    """Counts orders as schedules run."""

    def __init__(self) -> None:
        self._seen: Counter[int] = Counter()
        self._new_at: list[int] = []  # the schedules that showed a new order
        self.schedules = 0

    def add(self, orders: Iterable[int]) -> None:
        """The orders of the next schedules."""
        for order in orders:
            if order not in self._seen:
                self._new_at.append(self.schedules)
            self._seen[order] += 1
            self.schedules += 1

    @property
    def orders(self) -> int:
        """How many different ones so far."""
        return len(self._seen)

    def result(self) -> Coverage:
        """What was counted so far."""
        since = self.schedules - self.schedules // 4
        return Coverage(
            schedules=self.schedules,
            orders=len(self._seen),
            new_lately=sum(schedule >= since for schedule in self._new_at),
            seen_once=sum(times == 1 for times in self._seen.values()),
        )
