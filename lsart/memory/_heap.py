"""One heap: an allocator over real bytes, growing page by page at the machine's expense.

Sections, the LSA heap, the private heap and the reply buffers of a client are all heaps. What differs is a frozen
`HeapKind`, filled from `Choices`: nothing here decides a gap.
"""

from __future__ import annotations

import attrs

from lsart.contract import Contents, Misuse, ZeroSize
from lsart.events import (
    AllocationRefused,
    BlockAllocated,
    BlockFreed,
    Cause,
    Origin,
    SectionGrew,
)
from lsart.memory._allocator import Allocator
from lsart.memory._backing import Backing
from lsart.memory._environment import Environment
from lsart.memory._machine import PAGE_SIZE, Machine, Resource, round_up
from lsart.memory._runs import Block
from lsart.memory._space import AddressSpace

__all__ = ["Heap", "HeapKind", "HeapStatistics"]

_PATTERN = b"\xcd"  # unlike zero and unlike text, as debugging heaps fill
_REMEMBERED_FREES = 4096  # at least this many of the newest freed blocks can still be named by a double free

_Ends = dict[int, tuple[object, Origin, int]]  # offset of a freed block -> who allocated it, who freed it, its size


def _origins(ends: tuple[object, Origin, int]) -> tuple[Origin, Origin]:
    allocated, freed, _ = ends
    assert isinstance(allocated, Origin)  # heaps give their allocator no other owner
    return allocated, freed


@attrs.frozen(kw_only=True)
class HeapKind:
    """What makes one heap behave unlike another.

    Args:
        allocates: function that gives out its blocks. frees: the one that takes them back.
        zero_size, alignment, fresh, recycled, double_free, foreign_free, free_null, grows: see `Choices`.
    """

    allocates: str
    frees: str
    zero_size: ZeroSize = "smallest_block"
    alignment: int = 16
    fresh: Contents = "zero"
    recycled: Contents = "previous"
    double_free: Misuse = "ignore"
    foreign_free: Misuse = "ignore"
    free_null: str = "ignore"
    grows: bool = True


@attrs.frozen
class HeapStatistics:
    """A snapshot of one heap, in bytes.

    Args:
        max_size: reserved. committed: usable now. peak_committed: the most it ever was.
        live_blocks: blocks given out and not back. live_bytes: bytes asked for in them. peak_live: the most, rounded.
        free_bytes: all gaps within the commit. largest_free: the largest of them.
        fragmentation: share of the free bytes that the largest gap does not hold, 0 to 1.
    """

    name: str
    max_size: int
    committed: int
    live_blocks: int
    live_bytes: int
    peak_live: int
    free_bytes: int
    largest_free: int
    fragmentation: float


class Heap:
    """Blocks inside one reservation.

    Args:
        name: ``"section-1"``, ``"lsa-heap"``. limit: greatest size in bytes; `backing` reserves at least that much.
        owner: whom the machine charges for its pages.
    """

    def __init__(
        self,
        name: str,
        kind: HeapKind,
        *,
        limit: int,
        backing: Backing,
        space: AddressSpace,
        machine: Machine,
        environment: Environment,
        owner: str,
        base: int | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self.limit = limit
        self.backing = backing
        self.space = space
        self.machine = machine
        self.environment = environment
        self.owner = owner
        self.region = space.map(backing, name, base=base)
        self.base = self.region.base
        self.allocator = Allocator(alignment=kind.alignment, limit=limit, extent=min(backing.committed, limit))
        # Two generations instead of one dict in order of age: dropping a dict's oldest entry walks over the places
        # of all that were dropped before it.
        self._freed: _Ends = {}
        self._freed_earlier: _Ends = {}
        self._fills = kind.fresh != "zero" or kind.recycled != "previous"
        self._used_up_to = 0  # bytes beyond have never been in a block

    def allocate(self, size: int, origin: Origin) -> int | None:
        """Address of a new block of `size` bytes, or None; the event says why not."""
        if size <= 0:
            if size < 0 or self.kind.zero_size == "null":
                self._refuse(size, "bad size", origin)
                return None
            size = 1
        offset = self.allocator.allocate(size, origin)
        if offset is None:
            offset = self._grow_and_allocate(size, origin)
            if offset is None:
                return None
        if self._fills:
            self._fill(offset, round_up(size, self.kind.alignment))
        address = self.base + offset
        bus = self.environment.bus
        if bus.wants(BlockAllocated):
            bus.emit(BlockAllocated(time_ns=origin.time_ns, heap=self.name, address=address, size=size, origin=origin))
        return address

    def free(self, address: int, origin: Origin) -> bool:
        """Take a block back; False when no live block starts there. The caller then says what it was."""
        offset = address - self.base
        block = self.allocator.free(offset)
        if block is None:
            return False
        freed = self._freed
        freed[offset] = (block.owner, origin, block.rounded)
        if len(freed) >= _REMEMBERED_FREES:
            self._freed, self._freed_earlier = {}, freed
        bus = self.environment.bus
        if bus.wants(BlockFreed):
            bus.emit(
                BlockFreed(time_ns=origin.time_ns, heap=self.name, address=address, size=block.size, origin=origin)
            )
        return True

    def hand_over(self, address: int, origin: Origin) -> None:
        """From now on the live block at `address` is the caller's of `origin`, who answers for it."""
        self.allocator.hand_over(address - self.base, origin)

    def block_at(self, address: int) -> Block | None:
        """The live block that starts at `address`."""
        return self.allocator.block_at(address - self.base)

    def block_containing(self, address: int) -> Block | None:
        """The live block that covers `address`."""
        return self.allocator.block_containing(address - self.base)

    def ends_of_freed(self, address: int) -> tuple[Origin, Origin] | None:
        """Who allocated and who freed the block that started at `address`, if that was not too long ago."""
        offset = address - self.base
        ends = self._freed.get(offset) or self._freed_earlier.get(offset)
        if ends is None:
            return None
        return _origins(ends)

    def ends_of_freed_over(self, address: int) -> tuple[Origin, Origin] | None:
        """The same for a block that covered `address`. Looks at all that are remembered: for diagnosis."""
        offset = address - self.base
        for generation in (self._freed, self._freed_earlier):
            for start in reversed(generation):
                if start <= offset < start + generation[start][2]:
                    return _origins(generation[start])
        return None

    def statistics(self) -> HeapStatistics:
        """A frozen snapshot."""
        inner = self.allocator.statistics()
        return HeapStatistics(
            name=self.name,
            max_size=self.limit,
            committed=self.backing.committed,
            live_blocks=inner.live_blocks,
            live_bytes=inner.live_bytes,
            peak_live=inner.peak_live_rounded,
            free_bytes=inner.free_bytes,
            largest_free=inner.largest_free,
            fragmentation=inner.fragmentation,
        )

    def check(self) -> list[str]:
        """Every invariant of the heap and its allocator, one message each; [] when sound."""
        messages = self.allocator.check()
        if self.allocator.extent > self.backing.committed:
            messages.append(f"{self.name}: blocks may lie beyond the {self.backing.committed} committed bytes")
        if self.backing.committed > self.backing.size:
            messages.append(f"{self.name}: committed {self.backing.committed} of only {self.backing.size} bytes")
        return messages

    def commit(self, committed: int, origin: Origin) -> bool:
        """Commit up to `committed` bytes (whole pages), at the machine's expense; False when it refuses."""
        more = committed - self.backing.committed
        refusal = self.machine.charge(self.owner, {Resource.COMMIT: more})
        bus = self.environment.bus
        if refusal is not None:
            self.environment.tell_refused(refusal, self.owner, origin.time_ns)
            return False
        self.backing.commit(committed)
        self.allocator.grow(min(committed, self.limit))
        if bus.wants(SectionGrew):
            bus.emit(
                SectionGrew(
                    time_ns=origin.time_ns,
                    heap=self.name,
                    committed=committed,
                    max_size=self.limit,
                    origin=origin,
                )
            )
        return True

    def trim(self) -> None:
        """Give back the pages behind the last block, and what is remembered of freed blocks.

        Only for a heap whose backing is not shared. The addresses stay reserved, so the next block lies where it
        would have without this.
        """
        committed = round_up(self.allocator.top, PAGE_SIZE)
        surplus = self.backing.committed - committed
        if surplus:
            self.allocator.shrink(min(committed, self.allocator.extent))
            self.machine.release(self.owner, {Resource.COMMIT: surplus})
            self.backing.decommit(committed)
            self._used_up_to = min(self._used_up_to, committed)
        self._freed.clear()
        self._freed_earlier.clear()

    def release(self) -> None:
        """Give bytes, pages and addresses back; every block is gone."""
        self.machine.release(self.owner, {Resource.COMMIT: self.backing.committed})
        self.space.unmap(self.region)
        self.backing.close()

    def _grow_and_allocate(self, size: int, origin: Origin) -> int | None:
        extent = self.allocator.growth_for(size)
        if extent is None:
            self._refuse(size, None, origin)
            return None
        if not self.kind.grows:
            self._refuse(size, "growth switched off", origin)
            return None
        if not self.commit(round_up(extent, PAGE_SIZE), origin):
            self._refuse(size, "machine commit limit", origin)
            return None
        return self.allocator.allocate(size, origin)

    def _refuse(self, size: int, cause: Cause | None, origin: Origin) -> None:
        """Tell of a refusal; without a cause, no gap was large enough, and the free bytes decide which it is."""
        bus = self.environment.bus
        if not bus.wants(AllocationRefused):
            return
        # Not the statistics: they walk every block, and a full heap refuses often.
        allocator = self.allocator
        room = self.limit - allocator.extent if self.kind.grows else 0
        free_bytes = allocator.free_bytes + room
        if cause is None:
            sufficient = round_up(size, self.kind.alignment) <= free_bytes
            cause = "fragmented" if sufficient else "maximum size reached"
        bus.emit(
            AllocationRefused(
                time_ns=origin.time_ns,
                heap=self.name,
                size=size,
                cause=cause,
                largest_free=self._largest_gap(room),
                free_bytes=free_bytes,
                committed=self.backing.committed,
                max_size=self.limit,
                live_blocks=allocator.live_blocks,
                origin=origin,
            )
        )

    def _largest_gap(self, room: int) -> int:
        """The largest block that would fit if the tail had grown by `room` bytes."""
        alignment = self.kind.alignment
        largest = self.allocator.largest_free
        if room:
            # This fits in no gap as it is, so the allocator would put it at the end: that tells where the tail starts.
            beyond = round_up(largest + 1, alignment)
            extent = self.allocator.growth_for(beyond)
            largest = largest if extent is None else self.limit - (extent - beyond)
        return largest - largest % alignment  # a block takes whole units: of 4 bytes at the very end, nothing

    def _fill(self, offset: int, size: int) -> None:
        end = offset + size
        used = min(end, self._used_up_to)
        data = self.backing.data
        if self.kind.recycled != "previous" and offset < used:
            data[offset:used] = (b"\0" if self.kind.recycled == "zero" else _PATTERN) * (used - offset)
        if self.kind.fresh == "pattern" and end > used:
            start = max(offset, used)
            data[start:end] = _PATTERN * (end - start)
        self._used_up_to = max(self._used_up_to, end)
