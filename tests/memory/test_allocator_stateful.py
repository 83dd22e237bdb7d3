"""The allocator against a list of intervals, `check()` after every step."""

from itertools import pairwise

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lsart.memory._allocator import Allocator
from lsart.memory._runs import Block

LIMIT = 64 * 1024


@attrs.frozen
class Owner:
    number: int


def round_up(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment


@attrs.frozen
class Modelled:
    """What a record must say. The model does not borrow the allocator's own record."""

    offset: int
    size: int
    rounded: int
    owner: Owner


def fields(block: Block | Modelled | None) -> tuple[int, int, int, object] | None:
    return None if block is None else (block.offset, block.size, block.rounded, block.owner)


class AllocatorMachine(RuleBasedStateMachine):
    """The model is the list of live blocks; every question about free space is answered by walking it."""

    def __init__(self) -> None:
        super().__init__()
        self.live: dict[int, Modelled] = {}
        self.freed: set[int] = set()
        self.owners = 0
        self.peak_live = 0
        self.peak_extent = 0

    @initialize(
        alignment=st.sampled_from([1, 16, 64]),
        extent=st.sampled_from([0, 1000, 4096, 16384]),
    )
    def create(self, alignment: int, extent: int) -> None:
        self.alignment = alignment
        self.allocator = Allocator(alignment=alignment, limit=LIMIT, extent=extent)
        self.extent = extent

    def gaps(self, extent: int) -> list[int]:
        """The sizes of the free runs inside the extent, by address."""
        return [size for size, _ in self.free_runs(extent)]

    def free_runs(self, extent: int) -> list[tuple[int, int]]:
        """The free runs as (size, offset), by address; the last is the tail."""
        taken = sorted((block.offset, block.offset + block.rounded) for block in self.live.values())
        return [(right[0] - left[1], left[1]) for left, right in pairwise([(0, 0), *taken, (extent, extent)])]

    def best_fit(self, rounded: int) -> int | None:
        """Where address-ordered best fit places a block: the tail only if no hole will do."""
        *holes, (tail, top) = self.free_runs(self.extent)
        fitting = [(size, offset) for size, offset in holes if size >= rounded]
        if fitting:
            return min(fitting)[1]
        return top if tail >= rounded else None

    def allocate_one(self, size: int) -> None:
        owner = Owner(self.owners)
        self.owners += 1
        rounded = round_up(size, self.alignment)
        fits = max(self.gaps(self.extent)) >= rounded
        expected = self.best_fit(rounded)
        offset = self.allocator.allocate(size, owner)
        assert (offset is not None) == fits
        assert offset == expected
        if offset is None:
            return
        assert offset % self.alignment == 0
        assert 0 <= offset <= offset + rounded <= self.extent
        for other in self.live.values():
            assert offset + rounded <= other.offset or other.offset + other.rounded <= offset
        self.live[offset] = Modelled(offset, size, rounded, owner)
        self.freed.discard(offset)
        self.peak_live = max(self.peak_live, sum(block.rounded for block in self.live.values()))
        self.peak_extent = max(self.peak_extent, offset + rounded)

    @rule(size=st.one_of(st.integers(1, 100), st.sampled_from([16, 32, 48]), st.integers(1, LIMIT + 1)))
    def allocate(self, size: int) -> None:
        self.allocate_one(size)

    @rule(sizes=st.lists(st.sampled_from([8, 16, 24, 40, 100, 700, 5000]), max_size=12))
    def allocate_several(self, sizes: list[int]) -> None:
        for size in sizes:
            self.allocate_one(size)

    @rule(size=st.integers(1, LIMIT + 1))
    def grow_as_a_section_does(self, size: int) -> None:
        wanted = self.allocator.growth_for(size)
        rounded = round_up(size, self.alignment)
        if wanted is None:
            assert max(self.gaps(LIMIT)) < rounded
            return
        assert self.extent <= wanted <= LIMIT
        assert max(self.gaps(wanted)) >= rounded
        assert wanted == self.extent or max(self.gaps(wanted - 1)) < rounded, "a smaller extent would do"
        self.allocator.grow(wanted)
        self.extent = wanted
        self.allocate_one(size)

    @rule(extra=st.integers(0, 5000))
    def grow(self, extra: int) -> None:
        self.extent = min(self.extent + extra, LIMIT)
        self.allocator.grow(self.extent)

    @rule(data=st.data())
    def shrink(self, data: st.DataObject) -> None:
        top = max((block.offset + block.rounded for block in self.live.values()), default=0)
        assert self.allocator.top == top
        self.extent = data.draw(st.integers(top, self.extent))
        self.allocator.shrink(self.extent)

    def free_one(self, offset: int) -> None:
        assert fields(self.allocator.free(offset)) == fields(self.live.pop(offset))
        self.freed.add(offset)

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def free(self, data: st.DataObject) -> None:
        self.free_one(data.draw(st.sampled_from(sorted(self.live))))

    @precondition(lambda self: self.live)
    @rule(step=st.integers(1, 3), start=st.integers(0, 2), downwards=st.booleans())
    def free_a_comb(self, step: int, start: int, downwards: bool) -> None:
        for offset in sorted(self.live, reverse=downwards)[start::step]:
            self.free_one(offset)

    @precondition(lambda self: self.freed)
    @rule(data=st.data())
    def free_twice(self, data: st.DataObject) -> None:
        offset = data.draw(st.sampled_from(sorted(self.freed)))
        assert self.allocator.free(offset) is None

    @rule(offset=st.integers(-LIMIT, 2 * LIMIT))
    def free_something_foreign(self, offset: int) -> None:
        if offset not in self.live:
            assert self.allocator.free(offset) is None

    @rule(offset=st.integers(-1, LIMIT + 1))
    def look_up(self, offset: int) -> None:
        assert fields(self.allocator.block_at(offset)) == fields(self.live.get(offset))
        covering = [b for b in self.live.values() if b.offset <= offset < b.offset + b.rounded]
        found = self.allocator.block_containing(offset)
        assert fields(found) == fields(covering[0] if covering else None)

    @invariant()
    def sound(self) -> None:
        if not hasattr(self, "allocator"):
            return
        assert self.allocator.check() == []
        expected = [fields(self.live[offset]) for offset in sorted(self.live)]
        assert [fields(block) for block in self.allocator.blocks()] == expected
        statistics = self.allocator.statistics()
        rounded = sum(block.rounded for block in self.live.values())
        assert statistics.live_blocks == len(self.live)
        assert statistics.live_bytes == sum(block.size for block in self.live.values())
        assert statistics.live_rounded == rounded
        assert statistics.peak_live_rounded == self.peak_live
        assert statistics.free_bytes == self.extent - rounded
        assert statistics.largest_free == max(self.gaps(self.extent))
        assert statistics.extent == self.extent
        assert statistics.peak_extent == self.peak_extent
        assert 0.0 <= statistics.fragmentation < 1.0


TestAllocator = AllocatorMachine.TestCase
TestAllocator.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
