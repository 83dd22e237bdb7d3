"""Memory of one client process: its address space and the heap that reply buffers come from.

Most clients of a large population are idle, so the heap comes with the first reply and holds pages only while a reply
is outstanding.
"""

from __future__ import annotations

from lsart.contract import Pointer
from lsart.events import Origin
from lsart.memory._backing import Backing
from lsart.memory._environment import Environment
from lsart.memory._heap import Heap, HeapKind
from lsart.memory._machine import PAGE_SIZE, Machine, round_up
from lsart.memory._section import Section
from lsart.memory._space import AddressSpace

__all__ = ["ClientMemory"]

_STRIDE = 0x1_0000_0000  # a client's addresses start at a multiple of this, so that no two processes agree by chance


# A length of zero may be refused, but by the slot, which has a status to say why.
_KIND = HeapKind(allocates="AllocateClientBuffer", frees="FreeClientBuffer or LsaFreeReturnBuffer")


class ClientMemory:
    """What a client process has mapped.

    Args:
        name: the process's name, also the name of its address space.
        number: its process number, which decides where its addresses lie.
    """

    __slots__ = ("_environment", "_heap", "_machine", "_sections", "space")

    def __init__(self, name: str, number: int, machine: Machine, environment: Environment) -> None:
        self.space = AddressSpace(name, start=_STRIDE * (16 + number))
        self._machine = machine
        self._environment = environment
        self._heap: Heap | None = None
        self._sections: tuple[Section, ...] = ()

    @property
    def committed(self) -> int:
        """Bytes committed for reply buffers."""
        return 0 if self._heap is None else self._heap.backing.committed

    def map_section(self, section: Section, *, writable: bool = True) -> Pointer:
        """Map a section here; the base differs from the LSA's and from other clients'."""
        region = section.map_into(self.space, writable=writable)
        if section not in self._sections:
            self._sections = (*self._sections, section)
        return Pointer(region.base, self.space.name)

    def allocate(self, length: int, origin: Origin) -> Pointer | None:
        """A buffer in the client's space, or None when its quota or the machine does not allow it."""
        if self._heap is None:
            quota = self._machine.limits.client_quota
            self._heap = Heap(
                f"buffers of {self.space.name}",
                _KIND,
                limit=quota,
                backing=Backing(max(round_up(quota, PAGE_SIZE), PAGE_SIZE), shared=False),
                space=self.space,
                machine=self._machine,
                environment=self._environment,
                owner=self.space.name,
            )
        address = self._heap.allocate(length, origin)
        return None if address is None else Pointer(address, self.space.name)

    def free(self, address: int, origin: Origin) -> bool:
        """Take a buffer back; False when none starts there."""
        heap = self._heap
        if heap is None or not heap.free(address, origin):
            return False
        if not heap.allocator.top:
            heap.trim()
        return True

    def close(self) -> None:
        """The process ends: its views and its buffers go."""
        for section in self._sections:
            section.unmap_from(self.space)
        self._sections = ()
        if self._heap is not None:
            self._heap.release()
            self._heap = None
