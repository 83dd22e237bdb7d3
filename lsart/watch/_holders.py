"""Which package holds how many sections, how big, made for how many clients."""

from __future__ import annotations

import attrs

from lsart.events import SectionCreated, SectionGrew
from lsart.memory import Resource, section_cost
from lsart.watch._units import show_bytes, show_count

__all__ = ["MANY_SECTIONS", "SectionHolders"]

MANY_SECTIONS = 16
"""Sections of one package from which "one for each client" is a habit and not a coincidence."""

_RESOURCES = {resource.value: resource for resource in Resource}


@attrs.define
class _Held:
    package: str
    client: str
    max_size: int
    committed: int


class SectionHolders:
    """Live sections by name. Sums are made when asked for: that is once per warning, sections come by thousands."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}
        self.created = 0
        self.deleted = 0

    def create(self, event: SectionCreated) -> None:
        """A package has one more section."""
        self.created += 1
        origin = event.origin
        self._held[event.section] = _Held(origin.package, origin.client, event.max_size, event.committed)

    def grow(self, event: SectionGrew) -> None:
        """A section committed more; other heaps grow too and are no concern of this file."""
        held = self._held.get(event.heap)
        if held is not None:
            held.committed = event.committed

    def delete(self, section: str) -> None:
        """A section is gone."""
        self.deleted += 1
        self._held.pop(section, None)

    def greatest(self, resource: str) -> str:
        """The package whose sections take most of a resource, empty when there are none."""
        sums: dict[str, int] = {}
        for held in self._held.values():
            cost = section_cost(held.max_size, held.committed)[_RESOURCES[resource]]
            sums[held.package] = sums.get(held.package, 0) + cost
        return min(sums, key=lambda package: (-sums[package], package), default="")

    def describe(self, package: str) -> str:
        """``section_per_client holds 1,024 sections made for 1,024 clients, 64.0 MiB committed of 256 MiB``"""
        mine = self._of(package)
        clients = self._clients(package)
        made_for = f" made for {show_count(clients)} client{'s' if clients != 1 else ''}" if clients else ""
        committed = show_bytes(sum(held.committed for held in mine))
        reserved = show_bytes(sum(held.max_size for held in mine))
        plural = "s" if len(mine) != 1 else ""
        return (
            f"{package} holds {show_count(len(mine))} section{plural}{made_for}, "
            f"{committed} committed, {reserved} reserved"
        )

    def is_section_per_client(self, package: str) -> bool:
        """Whether a package made many sections, about as many as the clients whose calls made them."""
        count = len(self._of(package))
        return count >= MANY_SECTIONS and 2 * self._clients(package) >= count

    def _of(self, package: str) -> list[_Held]:
        return [held for held in self._held.values() if held.package == package]

    def _clients(self, package: str) -> int:
        return len({held.client for held in self._of(package) if held.client})
