"""A section: one heap that several processes have mapped.

*View*: the section as mapped in one client process. The kernel keeps a section's pages while a view exists, so a
deleted section with views lives on, charged, until the last client lets go (unless Choices say otherwise).
"""

from __future__ import annotations

from lsart.contract import Choices
from lsart.events import SYSTEM, SectionMapped, SectionReleased, SectionUnmapped
from lsart.memory._backing import Backing, Export
from lsart.memory._environment import Environment
from lsart.memory._heap import Heap
from lsart.memory._kinds import section_kind
from lsart.memory._machine import Machine, Resource, round_up, section_cost
from lsart.memory._space import AddressSpace, Protection, Region

__all__ = ["Section", "reservation"]

_ADDRESS_SPACE = (Resource.ADDRESS_SPACE, Resource.HANDLES)


class Section(Heap):
    """A memory section shared by a package and its clients, as CreateSharedMemory makes it.

    The machine has been charged `section_cost(max_size, committed)` by whoever constructs it.
    """

    def __init__(
        self,
        name: str,
        *,
        max_size: int,
        reserved: int,
        committed: int,
        space: AddressSpace,
        machine: Machine,
        environment: Environment,
        package: str,
    ) -> None:
        backing = Backing(reserved, shared=True)
        backing.commit(committed)
        super().__init__(
            name,
            section_kind(environment.choices),
            limit=max_size,
            backing=backing,
            space=space,
            machine=machine,
            environment=environment,
            owner=package,
        )
        self.package = package
        self.views: dict[str, tuple[AddressSpace, Region]] = {}
        self.is_deleted = False

    @property
    def max_size(self) -> int:
        """The cap of CSM-2, in bytes."""
        return self.limit

    def map_into(self, space: AddressSpace, *, writable: bool = True) -> Region:
        """Give a client process a view; a second request finds the first, and may make it writable but not less so.

        Raises:
            LookupError: the section was deleted, so that nobody has a handle to map it with.
        """
        if self.is_deleted:
            raise LookupError(f"{self.name} was deleted; a view of it can be kept, but not made")
        existing = self.views.get(space.name)
        if existing is not None:
            if writable:
                existing[1].protection = Protection.READ_WRITE
            return existing[1]
        same = self.environment.choices.client_mapping_address == "same_as_lsa"
        region = space.map(
            self.backing,
            self.name,
            base=self.base if same else None,
            protection=Protection.READ_WRITE if writable else Protection.READ_ONLY,
        )
        self.views[space.name] = (space, region)
        bus = self.environment.bus
        if bus.wants(SectionMapped):
            bus.emit(
                SectionMapped(
                    time_ns=self.environment.clock(), section=self.name, space=space.name, address=region.base
                )
            )
        return region

    def unmap_from(self, space: AddressSpace) -> None:
        """Take a process's view away, and the pages too if the section was deleted and this was the last view."""
        if space.name not in self.views:
            return
        self._take_view(space)
        if self.is_deleted and not self.views:
            self._give_back_pages()

    def export(self) -> Export:
        """Make the section reachable from another operating-system process; see `Export`."""
        return self.backing.export()

    def delete(self) -> None:
        """End the package's ownership: its view and handle go now, the pages with the last client's view."""
        cost = section_cost(self.backing.size, 0)
        self.machine.release(self.owner, {key: cost[key] for key in _ADDRESS_SPACE})
        self.space.unmap(self.region)
        self.is_deleted = True
        if self.environment.choices.delete_client_mappings == "unmap":
            for space, _ in tuple(self.views.values()):
                self._take_view(space)
        # Whatever pages outlive the package are the system's: nobody else could give them back.
        held = {Resource.COMMIT: self.backing.committed, Resource.PAGED_POOL: cost[Resource.PAGED_POOL]}
        self.machine.release(self.owner, held)
        if self.views:
            self.machine.charge(SYSTEM, held)
            self.owner = SYSTEM
        else:
            self._close()

    def _take_view(self, space: AddressSpace) -> None:
        space.unmap(self.views.pop(space.name)[1])
        bus = self.environment.bus
        if bus.wants(SectionUnmapped):
            bus.emit(SectionUnmapped(time_ns=self.environment.clock(), section=self.name, space=space.name))

    def _give_back_pages(self) -> None:
        cost = section_cost(self.backing.size, self.backing.committed)
        self.machine.release(self.owner, {key: cost[key] for key in (Resource.COMMIT, Resource.PAGED_POOL)})
        self._close()

    def _close(self) -> None:
        self.backing.close()
        bus = self.environment.bus
        if bus.wants(SectionReleased):
            bus.emit(SectionReleased(time_ns=self.environment.clock(), section=self.name))


def reservation(max_size: int, choices: Choices) -> int:
    """Bytes reserved for a section of `max_size`."""
    unit = 4096 if choices.size_rounding == "page" else 65536
    return round_up(max_size, unit)
