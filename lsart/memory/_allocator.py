"""The section allocator: which bytes of a section are a block, which are free, and who asked for what.

It deals in offsets only. It knows nothing of bytes, mappings, machines or clocks, and everything it
remembers lies outside the section, so no byte that a client writes can change where the next block goes.

Words used below:

* *block*: bytes handed out and not yet given back. Its size is rounded up to the alignment.
* *hole*: a longest run of free bytes below the top. Two holes never touch, because freeing merges at once.
* *top*: where the last block ends. Everything from here to the extent is the *tail*, free and unfragmented.
* *fresh hole*: the hole that was made or changed last. It is the one most likely to change next, so it stays
  in two numbers and enters the index only when another hole becomes the fresh one. On recorded traces this
  removes more than half of the index's work.
* *bin*: the holes of one exact size.

The policy is address-ordered best fit: the smallest hole that is large enough, of several such the lowest, and
the tail only when there is none. Every block goes exactly where the plainest implementation of that policy
would put it; the fresh hole and the bins only find the place sooner. So its waste is best fit's waste.

The bound: allocating and freeing each touch at most three bins, bisect the list of distinct hole sizes and the
addresses within a bin, and pass over at most `_LAZY_BINS` empty bins (each is paid for once, by the call that
emptied it). Nothing walks the blocks or the holes. n distinct sizes take at least alignment * n**2 / 2 bytes of
holes, so the list of sizes has at most 362 entries in a section of 1 MiB and 23,170 in one of 4 GiB, beside the
empty ones. Inserting into a list moves the entries behind with one memmove, a microsecond for some thousands;
the longest possible list is one bin that holds every second of the smallest blocks of a section.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from operator import neg
from typing import Final

import attrs

_LAZY_BINS: Final = 512
"""While there are no more bins than this, one that becomes empty stays: its size mostly comes back soon."""

_NO_HOLE: Final = -1

_PROBE_BYTES: Final = 4096
"""How far below an offset `block_containing` tries every possible start before it looks at all blocks."""

_ENDLESS: Final = 1 << 64
"""What the smallest sufficient hole counts as when there is none: larger than any."""


@attrs.define(init=False, weakref_slot=False)
class Block:
    """The ledger's record of one live block. Only the allocator makes one and fills it in.

    Without an `__init__` of its own it is made in a third of the time, and one is made for every allocation.
    """

    offset: int  # bytes from the section's start, a multiple of the alignment
    size: int  # bytes asked for
    rounded: int  # bytes taken: size rounded up to the alignment
    owner: object  # whatever the caller of `allocate` passed


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


class Allocator:
    """Places blocks in the range [0, extent).

    `limit` is the greatest extent in bytes, `extent` the bytes usable now. `alignment` is a power of two.
    Raises ValueError if alignment is not a power of two, or not 0 <= extent <= limit.
    """

    __slots__ = (
        "_bins",
        "_clear",
        "_edges",
        "_fresh_end",
        "_fresh_start",
        "_live",
        "_live_bytes",
        "_mask",
        "_peak_live",
        "_peak_top",
        "_sizes",
        "_top",
        "extent",
        "limit",
    )

    def __init__(self, *, alignment: int = 16, limit: int, extent: int = 0) -> None:
        if alignment < 1 or alignment & (alignment - 1):
            raise ValueError(f"alignment is {alignment}; it must be a power of two")
        if not 0 <= extent <= limit:
            raise ValueError(f"extent is {extent}; it must be between 0 and the limit, {limit}")
        self._mask = alignment - 1
        self._clear = -alignment
        self.limit = limit
        self.extent = extent
        self._live: dict[int, Block] = {}  # by offset
        self._top = 0
        # The fresh hole is in none of the three structures below. Both are _NO_HOLE when there is none.
        self._fresh_start = _NO_HOLE
        self._fresh_end = _NO_HOLE
        # Start to end and end to start of every other hole. One dict does for both: as holes never touch, no
        # offset is the start of one and the end of another.
        self._edges: dict[int, int] = {}
        # Size to the starts of its holes, negated and ascending, so that the lowest address is popped at no cost.
        self._bins: dict[int, list[int]] = {}
        self._sizes: list[int] = []  # the keys of _bins, ascending
        self._live_bytes = 0  # as taken, rounding included
        # Peaks are noted when a fall begins, so that allocating need not look: until then the peak is now.
        self._peak_live = 0
        self._peak_top = 0

    def allocate(self, size: int, owner: object) -> int | None:
        """Place a block of `size` bytes (at least 1) and return its offset, a multiple of the alignment.

        Returns None if no free run inside the extent is large enough: ask `growth_for`, `grow`, try again.
        """
        rounded = (size + self._mask) & self._clear
        offset = self._fresh_start
        fresh_size = self._fresh_end - offset
        bins = self._bins
        holes = bins.get(rounded)
        if fresh_size == rounded and not (holes and -holes[-1] < offset):
            self._fresh_start = self._fresh_end = _NO_HOLE
        elif holes:
            offset = -holes.pop()
            edges = self._edges
            del edges[offset], edges[offset + rounded]
            if not holes and len(bins) > _LAZY_BINS:
                self._drop_bin(rounded)
        else:
            sizes = self._sizes
            hole_size = _ENDLESS
            index = bisect_left(sizes, rounded)
            while index < len(sizes):
                if holes := bins[sizes[index]]:
                    hole_size = sizes[index]
                    break
                del bins[sizes[index]], sizes[index]
            if rounded < fresh_size <= hole_size and (fresh_size < hole_size or not holes or offset < -holes[-1]):
                self._fresh_start = offset + rounded
            elif holes:
                if fresh_size:
                    self._index(offset, self._fresh_end)
                offset = -holes.pop()
                if not holes and len(bins) > _LAZY_BINS:
                    self._drop_bin(hole_size)
                end = offset + hole_size
                edges = self._edges
                del edges[offset], edges[end]
                self._fresh_start = offset + rounded
                self._fresh_end = end
            else:
                offset = self._top
                end = offset + rounded
                if end > self.extent:
                    return None
                self._top = end
        self._live_bytes += rounded
        self._live[offset] = block = Block()
        block.offset = offset
        block.size = size
        block.rounded = rounded
        block.owner = owner
        return offset

    def free(self, offset: int) -> Block | None:
        """Take back the block that starts at `offset` and return its record.

        Returns None, and changes nothing, if no live block starts there: freed already, never handed out, or
        the inside of a block.
        """
        block = self._live.pop(offset, None)
        if block is None:
            return None
        live_bytes = self._live_bytes
        if live_bytes > self._peak_live:
            self._peak_live = live_bytes
        rounded = block.rounded
        self._live_bytes = live_bytes - rounded
        edges = self._edges
        fresh_start = self._fresh_start
        fresh_end = self._fresh_end
        start = offset
        end = offset + rounded
        if offset == fresh_end:
            start = fresh_start
            fresh_start = _NO_HOLE
        elif offset in edges:
            start = edges[offset]
            self._unindex(start, offset)
        if end == fresh_start:
            end = fresh_end
            fresh_start = _NO_HOLE
        elif end in edges:
            after = end
            end = edges[after]
            self._unindex(after, end)
        elif end == self._top:
            if end > self._peak_top:
                self._peak_top = end
            self._top = start
            if fresh_start < 0:
                self._fresh_start = self._fresh_end = _NO_HOLE
            return block
        self._fresh_start = start
        self._fresh_end = end
        if fresh_start >= 0:
            # What _index does, here without a call: nearly every free of a scattered block comes this way.
            edges[fresh_start] = fresh_end
            edges[fresh_end] = fresh_start
            size = fresh_end - fresh_start
            holes = self._bins.get(size)
            if holes is None:
                insort(self._sizes, size)
                self._bins[size] = [-fresh_start]
            else:
                insort(holes, -fresh_start)
        return block

    def growth_for(self, size: int) -> int | None:
        """The smallest extent, at least the present one, at which `allocate(size)` works, or None."""
        rounded = (size + self._mask) & self._clear
        if rounded <= self._fresh_end - self._fresh_start or self._best_bin(rounded):
            return self.extent
        end = self._top + rounded
        return max(end, self.extent) if end <= self.limit else None

    def grow(self, extent: int) -> None:
        """Make `extent` bytes usable. Raises ValueError if that is less than now or more than the limit."""
        if not self.extent <= extent <= self.limit:
            raise ValueError(
                f"cannot grow to {extent} bytes: it must be between the extent, {self.extent}, "
                f"and the limit, {self.limit}"
            )
        self.extent = extent

    def block_at(self, offset: int) -> Block | None:
        """The live block that starts at `offset`."""
        return self._live.get(offset)

    def block_containing(self, offset: int) -> Block | None:
        """The live block that covers `offset`.

        Quick when the block starts less than a page below; otherwise one pass over the offsets of the live
        blocks. It serves diagnosis, so it is paid for here and not by every allocation.
        """
        if not 0 <= offset < self._top:
            return None
        live = self._live
        step = self._mask + 1
        nearest = offset & self._clear
        for start in range(nearest, max(nearest - _PROBE_BYTES, -1), -step):
            if start in live:
                break
        else:
            start = max(filter(offset.__ge__, live), default=_NO_HOLE)
        block = live.get(start)
        return block if block is not None and offset < start + block.rounded else None

    def statistics(self) -> AllocatorStatistics:
        """Where things stand. Costs one pass over the live blocks and one over the distinct hole sizes."""
        largest_bin = next((size for size in reversed(self._sizes) if self._bins[size]), 0)
        return AllocatorStatistics(
            live_blocks=len(self._live),
            live_bytes=sum(block.size for block in self._live.values()),
            live_rounded=self._live_bytes,
            peak_live_rounded=max(self._peak_live, self._live_bytes),
            free_bytes=self.extent - self._live_bytes,
            largest_free=max(self.extent - self._top, self._fresh_end - self._fresh_start, largest_bin),
            extent=self.extent,
            peak_extent=max(self._peak_top, self._top),
        )

    def blocks(self) -> Iterator[Block]:
        """The live blocks by address, as they are at the call."""
        return iter(sorted(self._live.values(), key=lambda block: block.offset))

    def check(self) -> list[str]:
        """Walk the whole structure: one message for each broken invariant, an empty list if all is sound."""
        return [*self._check_blocks(), *self._check_layout(), *self._check_index(), *self._check_counts()]

    def _best_bin(self, rounded: int) -> int:
        """The size of the smallest indexed hole of at least `rounded` bytes, or 0. Drops empty bins met."""
        sizes = self._sizes
        bins = self._bins
        index = bisect_left(sizes, rounded)
        while index < len(sizes):
            size = sizes[index]
            if bins[size]:
                return size
            del sizes[index], bins[size]
        return 0

    def _index(self, start: int, end: int) -> None:
        """Enter the hole [start, end), which touches no other."""
        edges = self._edges
        edges[start] = end
        edges[end] = start
        size = end - start
        holes = self._bins.get(size)
        if holes is None:
            insort(self._sizes, size)
            self._bins[size] = [-start]
        else:
            insort(holes, -start)

    def _unindex(self, start: int, end: int) -> None:
        """Take the hole [start, end) out."""
        edges = self._edges
        del edges[start], edges[end]
        size = end - start
        holes = self._bins[size]
        del holes[bisect_left(holes, -start)]
        if not holes and len(self._bins) > _LAZY_BINS:
            self._drop_bin(size)

    def _drop_bin(self, size: int) -> None:
        del self._bins[size]
        sizes = self._sizes
        del sizes[bisect_left(sizes, size)]

    def _holes(self) -> list[tuple[int, int]]:
        """Every hole as (start, end), by address."""
        holes = [(start, end) for start, end in self._edges.items() if start < end]
        if self._fresh_start != _NO_HOLE:
            holes.append((self._fresh_start, self._fresh_end))
        return sorted(holes)

    def _check_blocks(self) -> Iterator[str]:
        for offset, block in self._live.items():
            if block.offset != offset:
                yield f"the block filed under {offset} says that it starts at {block.offset}"
            if offset & self._mask:
                yield f"the block at {offset} is not aligned to {self._mask + 1}"
            if block.size < 1 or block.rounded != (block.size + self._mask) & self._clear:
                yield f"the block at {offset} asked for {block.size} bytes and has {block.rounded}"

    def _check_layout(self) -> Iterator[str]:
        """Blocks and holes tile the range below the top; the top lies inside the extent."""
        runs = sorted(
            [(offset, offset + block.rounded, "block") for offset, block in self._live.items()]
            + [(start, end, "hole") for start, end in self._holes()]
        )
        reached, kind_before = 0, "block"
        for start, end, kind in runs:
            if start < reached:
                yield f"the {kind} at {start} overlaps the {kind_before} that ends at {reached}"
            elif start > reached:
                yield f"the bytes from {reached} to {start} belong to nobody"
            elif kind == kind_before == "hole":
                yield f"two holes touch at {start}; they should be one"
            reached, kind_before = max(reached, end), kind
        if reached != self._top:
            yield f"the top is {self._top}, but the last block or hole ends at {reached}"
        if kind_before == "hole":
            yield f"the last hole touches the top at {self._top}; it should be part of the tail"
        if not self._top <= self.extent <= self.limit:
            yield f"top {self._top}, extent {self.extent} and limit {self.limit} are not in ascending order"

    def _check_index(self) -> Iterator[str]:
        for edge, other in self._edges.items():
            if self._edges.get(other) != edge:
                yield f"the hole edge {edge} points to {other}, which does not point back"
        if (self._fresh_start == _NO_HOLE) != (self._fresh_end == _NO_HOLE):
            yield f"the fresh hole has one edge only: {self._fresh_start}, {self._fresh_end}"
        binned = sorted((start, start + size) for size, holes in self._bins.items() for start in map(neg, holes))
        indexed = sorted((start, end) for start, end in self._edges.items() if start < end)
        if binned != indexed:
            yield f"the bins hold {binned}, the edges {indexed}; they should name the same holes"
        if self._sizes != sorted(self._bins):
            yield f"the list of sizes is {self._sizes}, the bins are {sorted(self._bins)}"
        for size, holes in self._bins.items():
            if holes != sorted(set(holes)):
                yield f"the bin of {size} bytes is out of order: {[-start for start in holes]}"
        if sum(not holes for holes in self._bins.values()) > _LAZY_BINS:
            yield f"more than {_LAZY_BINS} bins are empty"

    def _check_counts(self) -> Iterator[str]:
        live = sum(block.rounded for block in self._live.values())
        if self._live_bytes != live:
            yield f"{live} bytes are live, but the count says {self._live_bytes}"
