"""The section allocator: which bytes of a section are a block, which are free, and who asked for what.

It deals in offsets only. It knows nothing of bytes, mappings, machines or clocks, and everything it remembers
lies outside the section, so no byte that a client writes can change where the next block goes.

Words used below:

* *block*: bytes handed out and not yet given back. Its size is rounded up to the alignment.
* *hole*: a longest run of free bytes below the top. Two holes never touch, because freeing merges at once.
* *run*: a block or a hole. The runs tile the bytes below the top and form a ring by address.
* *top*: where the last block ends. Everything from here to the extent is the *tail*, free and unfragmented.
* *bin*: the holes of one exact size.
* *fresh hole*: the hole that was made or changed last. It is the one most likely to change next, so it enters
  its bin only when another becomes the fresh one. On recorded traces that halves the work on bins.

The policy is address-ordered best fit: the smallest hole that is large enough, of several such the lowest, and
the tail only when there is none. Every block goes exactly where the plainest implementation of that policy
would put it; ring, bins and fresh hole only find the place sooner. So its waste is best fit's waste.

The bound: allocating and freeing each touch at most three bins, bisect the list of distinct hole sizes and the
offsets within a bin, and pass over at most `_LAZY_BINS` empty bins (each is paid for once, by the call that
emptied it). Nothing walks the blocks or the holes. n distinct sizes take at least alignment * n**2 / 2 bytes of
holes, so the list of sizes has at most 362 entries in a section of 1 MiB and 23,170 in one of 4 GiB, beside the
empty ones. Inserting into a list moves the entries behind with one memmove, a microsecond for some thousands;
the longest possible list is one bin that holds every second of the smallest blocks of a section. Of a million
blocks of 16 bytes, with half of them freed, taking the lowest hole costs 50 microseconds and putting it back 90.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Final

from lsart.memory._allocator_check import broken_invariants
from lsart.memory._runs import AllocatorStatistics, Block, Run, record_of

_LAZY_BINS: Final = 64
"""While there are no more bins than this, one that becomes empty stays: its size mostly comes back soon."""

_NO_HOLE_FITS: Final = 1 << 64
"""Stands for the size of the best hole in the bins when there is none: more than any real one."""

_PROBE_BYTES: Final = 4096
"""How far below an offset `block_containing` tries every possible start before it looks at all runs."""


class Allocator:
    """Places blocks in the range [0, extent).

    `limit` is the greatest extent in bytes, `extent` the bytes usable now. `alignment` is a power of two.
    Raises ValueError if alignment is not a power of two, or not 0 <= extent <= limit.
    """

    __slots__ = (
        "_bins",
        "_clear",
        "_edge",
        "_fresh",
        "_live_bytes",
        "_mask",
        "_no_hole",
        "_peak_live",
        "_peak_top",
        "_runs",
        "_sizes",
        "extent",
        "limit",
    )

    def __init__(self, *, alignment: int = 16, limit: int, extent: int = 0) -> None:
        if alignment < 1 or alignment & (alignment - 1):
            raise ValueError(f"alignment is {alignment}; it must be a power of two")
        if not 0 <= extent <= limit:
            raise ValueError(f"extent is {extent}; it must be between 0 and the limit, {limit}")
        self.limit = limit
        self.extent = extent
        self._mask = alignment - 1
        self._clear = -alignment
        self._runs: dict[int, Run] = {}  # by start
        # The edge closes the ring: after the last run, before the first. It ends where the first begins, and
        # counts as a block, so that nothing merges with it. The top is where the run before it ends.
        self._edge = edge = Run()
        edge.start = edge.end = 0
        edge.size = 1
        edge.owner = None
        edge.before = edge.after = edge
        # What the fresh hole is while there is none: a hole of no bytes, in no ring, touching nothing.
        self._no_hole = no_hole = Run()
        no_hole.start = no_hole.end = -1
        no_hole.size = 0
        no_hole.owner = None
        no_hole.before = no_hole.after = no_hole
        self._fresh = no_hole
        self._bins: dict[int, list[int]] = {}  # size to the starts of its holes, ascending; the fresh one in none
        self._sizes: list[int] = []  # the keys of _bins, ascending
        self._live_bytes = 0  # as taken, rounding included
        # Peaks are noted when a fall begins, so that allocating need not look: until then the peak is now.
        self._peak_live = 0
        self._peak_top = 0

    def allocate(self, size: int, owner: object) -> int | None:
        """Place a block of `size` bytes (at least 1) and return its offset, a multiple of the alignment.

        Returns None if no free run inside the extent is large enough: ask `growth_for`, `grow`, try again.
        Raises ValueError for a size below 1: what a size of zero means is the caller's choice.
        """
        if size < 1:
            raise ValueError(f"a block of {size} bytes was asked for; the least is 1")
        rounded = (size + self._mask) & self._clear
        fresh = self._fresh
        offset = fresh.start
        fresh_size = fresh.end - offset
        bins = self._bins
        holes = bins.get(rounded)
        if fresh_size == rounded and not (holes and holes[0] < offset):
            run = fresh
            self._fresh = self._no_hole
        elif holes:
            offset = holes.pop(0)
            run = self._runs[offset]
            if not holes and len(bins) > _LAZY_BINS:
                self._drop_bin(rounded)
        else:
            sizes = self._sizes
            hole_size = _NO_HOLE_FITS
            index = bisect_left(sizes, rounded)
            while index < len(sizes):
                if holes := bins[sizes[index]]:
                    hole_size = sizes[index]
                    break
                del bins[sizes[index]], sizes[index]
            fresh_is_best = rounded < fresh_size <= hole_size and (
                fresh_size < hole_size or not holes or offset < holes[0]
            )
            if not fresh_is_best:
                if not holes:
                    return self._allocate_from_tail(size, rounded, owner)
                if fresh_size:
                    self._enter_bin(fresh)
                offset = holes.pop(0)
                fresh = self._fresh = self._runs[offset]
                if not holes and len(bins) > _LAZY_BINS:
                    self._drop_bin(hole_size)
            # The block takes the fresh hole's low end and becomes a run of its own.
            runs = self._runs
            before = fresh.before
            runs[offset] = before.after = fresh.before = run = Run()
            run.start = offset
            run.end = fresh.start = end = offset + rounded
            runs[end] = fresh
            run.before = before
            run.after = fresh
        run.size = size
        run.owner = owner
        self._live_bytes += rounded
        return offset

    def free(self, offset: int) -> Block | None:
        """Take back the block that starts at `offset` and return its record.

        Returns None, and changes nothing, if no live block starts there: freed already, never handed out, or
        the inside of a block.
        """
        runs = self._runs
        run = runs.get(offset)
        if run is None or not run.size:
            return None
        end = run.end
        # What record_of does, here without a call.
        block = Block()
        block.offset = offset
        block.size = run.size
        block.rounded = rounded = end - offset
        block.owner = run.owner
        live_bytes = self._live_bytes
        if live_bytes > self._peak_live:
            self._peak_live = live_bytes
        self._live_bytes = live_bytes - rounded
        fresh = self._fresh
        before = run.before
        after = run.after
        if before.size:
            run.size = 0
            run.owner = None
        else:  # a hole: it swallows the run
            if before is not fresh:
                self._leave_bin(before)
            del runs[offset]
            before.end = end
            before.after = after
            after.before = before
            run = before
        if not after.size:  # a hole: the run swallows it
            if after is not fresh:
                self._leave_bin(after)
            del runs[end]
            run.end = after.end
            run.after = beyond = after.after
            beyond.before = run
            if after is fresh:
                fresh = self._fresh = run
        elif after is self._edge:
            if end > self._peak_top:
                self._peak_top = end
            after.before = before = run.before
            before.after = after
            del runs[run.start]
            if run is fresh:
                self._fresh = self._no_hole
            return block
        if run is not fresh:
            if fresh.end > 0:
                # What _enter_bin does, here without a call: most frees come this way.
                start = fresh.start
                hole_size = fresh.end - start
                holes = self._bins.get(hole_size)
                if holes is None:
                    insort(self._sizes, hole_size)
                    self._bins[hole_size] = [start]
                else:
                    insort(holes, start)
            self._fresh = run
        return block

    def growth_for(self, size: int) -> int | None:
        """The smallest extent, at least the present one, at which `allocate(size)` works, or None."""
        rounded = (size + self._mask) & self._clear
        if rounded <= self._largest_hole():
            return self.extent
        end = self._edge.before.end + rounded
        return max(end, self.extent) if end <= self.limit else None

    def grow(self, extent: int) -> None:
        """Make `extent` bytes usable. Raises ValueError if that is less than now or more than the limit."""
        if not self.extent <= extent <= self.limit:
            raise ValueError(
                f"cannot grow to {extent} bytes: it must be between the extent, {self.extent}, "
                f"and the limit, {self.limit}"
            )
        self.extent = extent

    def shrink(self, extent: int) -> None:
        """Leave `extent` bytes usable. Raises ValueError if that is more than now, or cuts into a block."""
        top = self._edge.before.end
        if not top <= extent <= self.extent:
            raise ValueError(
                f"cannot shrink to {extent} bytes: it must be between the end of the last block, {top}, "
                f"and the extent, {self.extent}"
            )
        self.extent = extent

    @property
    def top(self) -> int:
        """Where the last block ends, 0 if there is none."""
        return self._edge.before.end

    def hand_over(self, offset: int, owner: object) -> None:
        """Give the live block that starts at `offset` another owner."""
        self._runs[offset].owner = owner

    def block_at(self, offset: int) -> Block | None:
        """The live block that starts at `offset`."""
        run = self._runs.get(offset)
        return record_of(run) if run is not None and run.size else None

    def block_containing(self, offset: int) -> Block | None:
        """The live block that covers `offset`.

        Quick when its run starts less than a page below; otherwise one pass over the starts of all runs. It
        serves diagnosis, so it is paid for here and not by every allocation.
        """
        runs = self._runs
        if not 0 <= offset < self._edge.before.end:
            return None
        nearest = offset & self._clear
        probes = range(nearest, max(nearest - _PROBE_BYTES, -1), self._clear)
        start = next(filter(runs.__contains__, probes), None)
        if start is None:
            start = max(filter(offset.__ge__, runs))
        return self.block_at(start)

    @property
    def live_blocks(self) -> int:
        """Blocks given out and not back. Counts the bins' holes, so that `allocate` and `free` count nothing."""
        return len(self._runs) - sum(map(len, self._bins.values())) - (self._fresh is not self._no_hole)

    @property
    def free_bytes(self) -> int:
        """Free bytes inside the extent, the tail included."""
        return self.extent - self._live_bytes

    @property
    def largest_free(self) -> int:
        """Bytes of the largest block that fits without growing, before the size is rounded."""
        return max(self.extent - self._edge.before.end, self._largest_hole())

    def statistics(self) -> AllocatorStatistics:
        """Where things stand. Costs one pass over the runs, which each of the properties above does without."""
        top = self._edge.before.end
        return AllocatorStatistics(
            live_blocks=self.live_blocks,
            live_bytes=sum([run.size for run in self._runs.values()]),
            live_rounded=self._live_bytes,
            peak_live_rounded=max(self._peak_live, self._live_bytes),
            free_bytes=self.free_bytes,
            largest_free=self.largest_free,
            extent=self.extent,
            peak_extent=max(self._peak_top, top),
        )

    def blocks(self) -> Iterator[Block]:
        """The live blocks by address, as they are at the call."""
        return iter([record_of(run) for _, run in sorted(self._runs.items()) if run.size])

    def check(self) -> list[str]:
        """Walk the whole structure: one message for each broken invariant, an empty list if all is sound."""
        return list(broken_invariants(self, lazy_bins=_LAZY_BINS))

    def _largest_hole(self) -> int:
        """Its size, 0 if there is no hole. Drops the empty bins above it, so that asking again is quick."""
        sizes = self._sizes
        while sizes and not self._bins[sizes[-1]]:
            del self._bins[sizes.pop()]
        return max(self._fresh.end - self._fresh.start, sizes[-1] if sizes else 0)

    def _allocate_from_tail(self, size: int, rounded: int, owner: object) -> int | None:
        edge = self._edge
        last = edge.before
        offset = last.end
        end = offset + rounded
        if end > self.extent:
            return None
        self._runs[offset] = last.after = edge.before = run = Run()
        run.start = offset
        run.end = end
        run.size = size
        run.owner = owner
        run.before = last
        run.after = edge
        self._live_bytes += rounded
        return offset

    def _enter_bin(self, hole: Run) -> None:
        start = hole.start
        size = hole.end - start
        holes = self._bins.get(size)
        if holes is None:
            insort(self._sizes, size)
            self._bins[size] = [start]
        else:
            insort(holes, start)

    def _leave_bin(self, hole: Run) -> None:
        start = hole.start
        size = hole.end - start
        holes = self._bins[size]
        del holes[bisect_left(holes, start)]
        if not holes and len(self._bins) > _LAZY_BINS:
            self._drop_bin(size)

    def _drop_bin(self, size: int) -> None:
        del self._bins[size]
        sizes = self._sizes
        del sizes[bisect_left(sizes, size)]
