"""Physical memory of one node as page frames, and the scatter/gather list that describes a block of them.

The frames are numbers; the bytes lie in the kernel's address space. What the model keeps is what a driver notices:
one long run may be missing where many short ones are left.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from lsart.memory import PAGE_SIZE, Allocator
from lsart.ndis._structures import SCATTER_GATHER_ELEMENT

__all__ = ["PhysicalMemory", "Run", "elements_of", "list_capacity", "list_size"]

_LIST_HEADER = 16  # NumberOfElements, padding, Reserved; derived from the x64 layout
_LIST_ELEMENT = 24  # Address, Length, padding, Reserved; likewise


@attrs.frozen
class Run:
    """Adjacent page frames: bytes from a physical address on."""

    address: int
    length: int


class PhysicalMemory:
    """The frames of one node.

    Args:
        base: first physical address. size: bytes, a multiple of the page size.
        run_size: greatest run of memory that need not be contiguous. A machine that has run for a while has few
            long runs, and drivers must not learn to expect one.
    """

    def __init__(self, base: int, size: int, run_size: int) -> None:
        self._base = base
        self._run_size = run_size
        self._frames = Allocator(alignment=PAGE_SIZE, limit=size, extent=size)

    @property
    def in_use(self) -> int:
        """Bytes taken."""
        return self._frames.statistics().live_rounded

    def take(self, size: int, *, contiguous: bool) -> tuple[Run, ...] | None:
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
                self.give_back(taken)
                return None
            taken.append(Run(self._base + offset, length))
            left -= length
        # Frames come off a free list newest first, so that neighbours in the block are not neighbours in memory.
        return tuple(reversed(taken))

    def give_back(self, runs: Iterable[Run]) -> None:
        """Undo `take`."""
        for run in runs:
            self._frames.free(run.address - self._base)

    def check(self) -> list[str]:
        """One message per broken invariant."""
        return self._frames.check()


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
