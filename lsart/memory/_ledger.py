"""The ledger: for any address, which heap it lies in, whose block it is, and what a wrong free really was.

It keeps no copy: the live blocks with their owners are the allocators' own records, and each heap remembers its
newest frees. The ledger is the one place that looks across all of them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator

from lsart.events import DoubleFree, ForeignFree, Origin, WrongPair
from lsart.memory._environment import Environment
from lsart.memory._heap import Heap
from lsart.memory._runs import Block

__all__ = ["Ledger", "origin_of"]


def origin_of(block: Block) -> Origin:
    """Who allocated a block of a heap; heaps record nothing else as owner."""
    owner = block.owner
    assert isinstance(owner, Origin)
    return owner


class Ledger:
    """Knows every live heap of one process by address.

    Args:
        space: its address space.
    """

    def __init__(self, environment: Environment, space: str = "lsass") -> None:
        self._environment = environment
        self._space = space
        self._bases: list[int] = []
        self._heaps: dict[int, Heap] = {}

    def add(self, heap: Heap) -> None:
        """A heap came into being."""
        insort(self._bases, heap.base)
        self._heaps[heap.base] = heap

    def remove(self, heap: Heap) -> None:
        """A heap is gone, its blocks with it."""
        del self._bases[bisect_left(self._bases, heap.base)]
        del self._heaps[heap.base]

    def heaps(self) -> Iterator[Heap]:
        """Every live heap by address."""
        return (self._heaps[base] for base in tuple(self._bases))

    def heap_containing(self, address: int) -> Heap | None:
        """The heap whose reservation covers `address`."""
        index = bisect_right(self._bases, address) - 1
        if index < 0:
            return None
        heap = self._heaps[self._bases[index]]
        return heap if address - heap.base < heap.backing.size else None

    def live_blocks(self, package: str) -> Iterator[tuple[Heap, Block]]:
        """Every block that `package` allocated and nobody freed, by address."""
        for heap in self.heaps():
            for block in tuple(heap.allocator.blocks()):
                if origin_of(block).package == package:
                    yield heap, block

    def report_wrong_free(self, heap: Heap | None, address: int, space: str, freed: Origin) -> None:
        """Say what it was that could not be freed from `heap`, with both ends, and end LSASS if Choices ask for it."""
        name = heap.name if heap is not None else "no section"
        event: DoubleFree | ForeignFree | WrongPair
        holder = self.heap_containing(address) if space == self._space else None
        time_ns = freed.time_ns
        if holder is None:
            ours = "nothing that LSA gave out" if space == "lsass" else "no block of this process"
            inside = ours if space == self._space else f"the address space of {space}"
            event = ForeignFree(time_ns=time_ns, heap=name, address=address, freed=freed, inside=inside)
        elif (block := holder.block_at(address)) is not None:
            event = WrongPair(
                time_ns=time_ns,
                heap=name,
                address=address,
                freed=freed,
                allocated=origin_of(block),
                belongs_to=f"{holder.name}: {holder.kind.allocates} pairs with {holder.kind.frees}",
            )
        elif (block := holder.block_containing(address)) is not None:
            distance = address - holder.base - block.offset
            inside = f"{distance} bytes into a live block of {holder.name}, allocated by {origin_of(block)}"
            event = ForeignFree(time_ns=time_ns, heap=name, address=address, freed=freed, inside=inside)
        elif (ends := holder.ends_of_freed(address)) is not None:
            event = DoubleFree(
                time_ns=time_ns,
                heap=name,
                address=address,
                freed=freed,
                allocated=ends[0],
                freed_before=ends[1],
            )
        else:
            inside = f"{holder.name}, where no block starts"
            event = ForeignFree(time_ns=time_ns, heap=name, address=address, freed=freed, inside=inside)
        self._environment.bus.emit(event)
        if heap is None:  # what was said to be a section is none, so the pair is foreign whatever the block was
            policy = self._environment.choices.shared_foreign_free
        else:
            policy = heap.kind.double_free if isinstance(event, DoubleFree) else heap.kind.foreign_free
        if policy == "terminate":
            what = "double free" if isinstance(event, DoubleFree) else "free of a foreign pointer"
            self._environment.terminate(f"heap corruption: {what} at {address:#x} in {name} by {freed}")
