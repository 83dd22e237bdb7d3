"""Physical memory of a machine's nodes as page frames, and the scatter/gather list that describes a block of them.

The frames are numbers; the bytes lie in the kernel's address space. What the model keeps is what a driver notices:
one long run may be missing where many short ones are left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import attrs

from lsart.memory import PAGE_SIZE, Allocator
from lsart.ndis._structures import SCATTER_GATHER_ELEMENT

__all__ = ["MemoryNode", "NodeStatistics", "PhysicalMemory", "Run", "elements_of", "list_capacity", "list_size"]

_NODE_STRIDE = 1 << 40  # between the first addresses of two nodes
_LIST_HEADER = 16  # NumberOfElements, padding, Reserved; derived from the x64 layout
_LIST_ELEMENT = 24  # Address, Length, padding, Reserved; likewise


@attrs.frozen
class Run:
    """Adjacent page frames: bytes from a physical address on."""

    address: int
    length: int


@attrs.frozen
class MemoryNode:
    """One memory node of the machine: the memory near some of its processors.

    Args:
        size: bytes of it that drivers may have, a multiple of the page size. Beside it stands the commit limit, which
            all nodes and the LSA share.
        run_size: greatest run of physical memory, in bytes, of a block that need not be contiguous. That memory comes
            in runs of 16 KiB is our assumption; drivers must cope with any, since a machine that has run for a while
            has few long runs.

    Raises:
        ValueError: one of them is no positive multiple of the page size.
    """

    size: int = 256 << 20
    run_size: int = 16 << 10

    def __attrs_post_init__(self) -> None:
        for name, value in (("size", self.size), ("run_size", self.run_size)):
            if value <= 0 or value % PAGE_SIZE:
                raise ValueError(f"MemoryNode({name}={value}): expected a positive multiple of {PAGE_SIZE}")


@attrs.frozen
class NodeStatistics:
    """A snapshot of one node, in bytes: its size, what is taken, the longest free run, and who has how much."""

    size: int
    in_use: int
    largest_run: int
    by_owner: Mapping[str, int]


class PhysicalMemory:
    """The frames of one node, whoever takes them: `number` counts the machine's nodes from 0."""

    def __init__(self, number: int, node: MemoryNode) -> None:
        self._base = (number + 1) * _NODE_STRIDE
        self._run_size = node.run_size
        self._size = node.size
        self._frames = Allocator(alignment=PAGE_SIZE, limit=node.size, extent=node.size)
        self._by_owner: dict[str, int] = {}

    def held_by(self, owner: str) -> int:
        """Bytes that one owner has taken."""
        return self._by_owner.get(owner, 0)

    def statistics(self) -> NodeStatistics:
        """Where things stand."""
        frames = self._frames.statistics()
        by_owner = MappingProxyType(dict(self._by_owner))
        return NodeStatistics(self._size, frames.live_rounded, frames.largest_free, by_owner)

    def take(self, owner: str, size: int, *, contiguous: bool) -> tuple[Run, ...] | None:
        """Frames for `size` bytes (whole pages), in one run if `contiguous`; None when there are not enough."""
        taken: list[Run] = []
        left = size
        while left:
            length = left if contiguous else min(left, self._run_size)
            offset = self._frames.allocate(length, None)
            if offset is None and not contiguous:
                length = min(length, self._frames.largest_free)
                offset = self._frames.allocate(length, None) if length else None
            if offset is None:
                for run in taken:
                    self._frames.free(run.address - self._base)
                return None
            taken.append(Run(self._base + offset, length))
            left -= length
        self._by_owner[owner] = self.held_by(owner) + size
        # Frames come off a free list newest first, so that neighbours in the block are not neighbours in memory.
        return tuple(reversed(taken))

    def give_back(self, owner: str, runs: Iterable[Run]) -> None:
        """Undo `take`."""
        left = self.held_by(owner)
        for run in runs:
            self._frames.free(run.address - self._base)
            left -= run.length
        self._by_owner[owner] = left
        if not left:
            del self._by_owner[owner]

    def check(self) -> list[str]:
        """One message per broken invariant."""
        messages = self._frames.check()
        taken, owned = self._frames.statistics().live_rounded, sum(self._by_owner.values())
        if taken != owned:
            messages.append(f"{taken} bytes of frames are taken, owners have {owned}")
        return messages


def elements_of(runs: Iterable[Run], length: int, *, per_page: bool) -> tuple[SCATTER_GATHER_ELEMENT, ...]:
    """The list of a block of `length` bytes; the lengths add up to it (NSGL-1)."""
    elements: list[SCATTER_GATHER_ELEMENT] = []
    left = length
    for run in runs:
        for start in range(0, run.length, PAGE_SIZE if per_page else run.length):
            size = min(left, PAGE_SIZE if per_page else run.length)
            if size:
                elements.append(SCATTER_GATHER_ELEMENT(run.address + start, size))
            left -= size
    return tuple(elements)


def list_capacity(buffer_length: int, *, with_header: bool) -> int:
    """How many elements a scatter/gather list buffer of so many bytes holds."""
    return max(0, buffer_length - (_LIST_HEADER if with_header else 0)) // _LIST_ELEMENT


def list_size(elements: int, *, with_header: bool) -> int:
    """Bytes that a scatter/gather list of so many elements takes."""
    return (_LIST_HEADER if with_header else 0) + _LIST_ELEMENT * elements
