"""What the allocator keeps of each run of bytes, and what it tells of itself, in the words of `_allocator.py`."""

from __future__ import annotations

import attrs

__all__ = ["AllocatorStatistics", "Block", "Run", "record_of"]


@attrs.define(init=False, weakref_slot=False)
class Block:
    """The ledger's record of one live block. Only the allocator makes one and fills it in.

    Without an `__init__` it is made in half the time, and freeing makes one every time.
    """

    offset: int  # bytes from the section's start, a multiple of the alignment
    size: int  # bytes asked for
    rounded: int  # bytes taken: size rounded up to the alignment
    owner: object  # whatever the caller of `allocate` passed


@attrs.define(init=False, weakref_slot=False, eq=False, repr=False)
class Run:
    """A block or a hole, or one of the two marks that no offset leads to. Private to the allocator and its checker."""

    start: int
    end: int
    size: int  # bytes asked for; 0 makes it a hole
    owner: object  # None in a hole
    before: Run  # its neighbours by address; the last and the first are neighbours of the allocator's edge
    after: Run


@attrs.frozen
class AllocatorStatistics:
    """One moment of an allocator. All sizes are bytes."""

    live_blocks: int
    live_bytes: int  # as asked for
    live_rounded: int  # as taken
    peak_live_rounded: int
    free_bytes: int  # inside the extent, the tail included
    largest_free: int  # the largest block that fits without growing
    extent: int
    peak_extent: int  # the highest end that any block ever had

    @property
    def fragmentation(self) -> float:
        """The share of the free bytes outside the largest free run: 0.0 (none) to just under 1.0."""
        return 1 - self.largest_free / self.free_bytes if self.free_bytes else 0.0


def record_of(run: Run) -> Block:
    """The ledger's record of a run that is a block."""
    block = Block()
    block.offset = run.start
    block.size = run.size
    block.rounded = run.end - run.start
    block.owner = run.owner
    return block
