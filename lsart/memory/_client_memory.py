"""Memory of one client process: its address space, the heap that reply buffers come from, and its own.

Most clients of a large population are idle, so a heap comes with its first block and holds pages only while a block is
outstanding.
"""

from __future__ import annotations

from lsart.contract import Pointer
from lsart.events import Origin
from lsart.memory._backing import Backing
from lsart.memory._environment import Environment
from lsart.memory._heap import Heap, HeapKind
from lsart.memory._machine import PAGE_SIZE, Machine, round_up
from lsart.memory._process_heap import ProcessHeap
from lsart.memory._section import Section
from lsart.memory._space import AddressSpace

__all__ = ["ClientMemory"]

_STRIDE = 0x1_0000_0000  # a client's addresses start at a multiple of this, so that no two processes agree by chance


_OWN_LIMIT = 64 << 20  # bytes that a client may have of its own beside what its quota allows LSA to put there

# A length of zero may be refused, but by the slot, which has a status to say why.
_KIND = HeapKind(allocates="AllocateClientBuffer", frees="FreeClientBuffer or LsaFreeReturnBuffer")
_OWN_KIND = HeapKind(allocates="memory.allocate", frees="memory.free")


class ClientMemory:
    """What a client process has mapped.

    Args:
        name: the process's name, also the name of its address space.
        number: its process number, which decides where its addresses lie.
    """

    __slots__ = ("_dll_heap", "_environment", "_heap", "_is_closed", "_machine", "_own", "_sections", "space")

    def __init__(self, name: str, number: int, machine: Machine, environment: Environment) -> None:
        self.space = AddressSpace(name, start=_STRIDE * (16 + number))
        self._machine = machine
        self._environment = environment
        self._heap: Heap | None = None
        self._own: Heap | None = None
        self._dll_heap: ProcessHeap | None = None
        self._sections: tuple[Section, ...] = ()
        self._is_closed = False

    @property
    def committed(self) -> int:
        """Bytes committed for reply buffers, for what the client allocated itself, and for user-mode packages."""
        heaps = sum(heap.backing.committed for heap in (self._heap, self._own) if heap is not None)
        return heaps + (0 if self._dll_heap is None else self._dll_heap.committed)

    @property
    def dll_heap(self) -> ProcessHeap:
        """The heap of the user-mode halves of packages in this process; it comes with the first use."""
        if self._dll_heap is None:
            self._dll_heap = ProcessHeap(self.space, self._machine, self._environment)
        return self._dll_heap

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
            self._heap = self._make_heap(f"buffers of {self.space.name}", _KIND, quota)
        address = self._heap.allocate(length, origin)
        return None if address is None else Pointer(address, self.space.name)

    def has_buffer(self, address: int) -> bool:
        """Whether a buffer starts there."""
        return self._heap is not None and self._heap.block_at(address) is not None

    def free(self, address: int, origin: Origin) -> bool:
        """Take a buffer back; False when none starts there."""
        return _free(self._heap, address, origin)

    def allocate_own(self, length: int, origin: Origin) -> Pointer | None:
        """Memory that the client allocates itself, or None when there is no more or the process has ended."""
        if self._is_closed:
            return None
        if self._own is None:
            self._own = self._make_heap(f"memory of {self.space.name}", _OWN_KIND, _OWN_LIMIT)
        address = self._own.allocate(length, origin)
        return None if address is None else Pointer(address, self.space.name)

    def free_own(self, address: int, origin: Origin) -> bool:
        """Take back what the client allocated itself; False when no such block starts there."""
        return _free(self._own, address, origin)

    def close(self) -> None:
        """The process ends: its views and its buffers go."""
        self._is_closed = True
        for section in self._sections:
            section.unmap_from(self.space)
        self._sections = ()
        for heap in (self._heap, self._own):
            if heap is not None:
                heap.release()
        self._heap = self._own = None
        if self._dll_heap is not None:
            self._dll_heap.release()
            self._dll_heap = None

    def _make_heap(self, name: str, kind: HeapKind, limit: int) -> Heap:
        return Heap(
            name,
            kind,
            limit=limit,
            backing=Backing(max(round_up(limit, PAGE_SIZE), PAGE_SIZE), shared=False),
            space=self.space,
            machine=self._machine,
            environment=self._environment,
            owner=self.space.name,
        )


def _free(heap: Heap | None, address: int, origin: Origin) -> bool:
    if heap is None or not heap.free(address, origin):
        return False
    if not heap.allocator.top:
        heap.trim()
    return True
