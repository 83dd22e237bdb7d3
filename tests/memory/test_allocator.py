"""The allocator by example, and proof that its checker can fail."""

import itertools
from collections.abc import Callable

import pytest

from lsart.memory._allocator import _LAZY_BINS, Allocator
from lsart.memory._runs import Run

GIB = 1 << 30


def make(extent: int = 4096, limit: int = GIB, alignment: int = 16) -> Allocator:
    return Allocator(alignment=alignment, limit=limit, extent=extent)


def place(allocator: Allocator, *sizes: int) -> list[int]:
    offsets = [allocator.allocate(size, f"owner of {size}") for size in sizes]
    assert None not in offsets, f"no room for all of {sizes}"
    return [offset for offset in offsets if offset is not None]


def test_blocks_are_aligned_and_follow_each_other() -> None:
    assert place(make(), 1, 16, 17, 5) == [0, 16, 32, 64]


@pytest.mark.parametrize("alignment", [1, 8, 16, 64, 4096])
def test_every_offset_is_a_multiple_of_the_alignment(alignment: int) -> None:
    offsets = place(make(extent=64 * 1024, alignment=alignment), 1, 3, 100, 8)
    assert [offset % alignment for offset in offsets] == [0, 0, 0, 0]


def test_a_record_says_who_asked_for_how_much() -> None:
    allocator = make()
    owner = object()
    offset = allocator.allocate(20, owner)
    assert offset is not None
    block = allocator.block_at(offset)
    assert block is not None
    assert (block.offset, block.size, block.rounded) == (offset, 20, 32)
    assert block.owner is owner


def test_shrinking_cuts_off_the_tail_and_never_a_block() -> None:
    allocator = make(extent=4096)
    place(allocator, 100, 20)
    for wrong in (143, 4097, -1):
        with pytest.raises(ValueError, match=f"cannot shrink to {wrong} bytes: .*the end of the last block, 144, "):
            allocator.shrink(wrong)
    assert allocator.extent == 4096
    allocator.shrink(144)
    assert allocator.allocate(1, None) is None
    assert allocator.growth_for(1) == 160
    assert allocator.check() == []


def test_freeing_returns_the_record_and_forgets_it() -> None:
    allocator = make()
    (offset,) = place(allocator, 20)
    block = allocator.block_at(offset)
    assert allocator.free(offset) == block
    assert allocator.block_at(offset) is None


def test_a_double_free_changes_nothing() -> None:
    allocator = make()
    first, _ = place(allocator, 32, 32)
    allocator.free(first)
    before = allocator.statistics()
    assert allocator.free(first) is None
    assert allocator.statistics() == before


@pytest.mark.parametrize("offset", [-16, -1, 8, 48, 4096, 1 << 40])
def test_freeing_what_is_no_block_changes_nothing(offset: int) -> None:
    allocator = make()
    place(allocator, 64, 64)
    before = allocator.statistics()
    assert allocator.free(offset) is None
    assert allocator.statistics() == before


def test_the_smallest_sufficient_hole_is_used() -> None:
    allocator = make()
    large, _, small, _ = place(allocator, 256, 16, 64, 16)
    allocator.free(large)
    allocator.free(small)
    assert place(allocator, 50) == [small]


def test_of_equal_holes_the_lowest_is_used() -> None:
    allocator = make()
    offsets = place(allocator, *[64] * 8)
    for offset in (offsets[4], offsets[0], offsets[6], offsets[2]):
        allocator.free(offset)
    assert place(allocator, 64, 64, 64, 64) == [offsets[0], offsets[2], offsets[4], offsets[6]]


def test_of_equal_holes_the_lowest_is_split() -> None:
    allocator = make()
    offsets = place(allocator, *[64] * 6)
    allocator.free(offsets[0])
    allocator.free(offsets[2])
    allocator.free(offsets[4])
    assert place(allocator, 32) == [offsets[0]]


def test_the_tail_is_kept_while_a_hole_is_large_enough() -> None:
    allocator = make(extent=2048)
    first, _ = place(allocator, 1024, 16)
    allocator.free(first)
    assert place(allocator, 1000) == [first]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_three_neighbours_merge_whatever_the_order_of_their_frees(order: tuple[int, int, int]) -> None:
    allocator = make(extent=4096)
    *neighbours, _ = place(allocator, 1024, 1024, 1024, 1024)
    for index in order:
        allocator.free(neighbours[index])
        assert allocator.check() == []
    assert place(allocator, 3072) == [0]


def test_freeing_everything_leaves_one_free_run() -> None:
    allocator = make()
    for offset in place(allocator, *range(1, 60)):
        allocator.free(offset)
    statistics = allocator.statistics()
    assert statistics.largest_free == statistics.free_bytes == statistics.extent == 4096
    assert statistics.fragmentation == 0.0


def test_a_full_extent_refuses_and_growing_helps() -> None:
    allocator = make(extent=4096)
    place(allocator, 4000)
    assert allocator.allocate(200, None) is None
    assert allocator.growth_for(200) == 4000 + 208
    allocator.grow(8192)
    assert place(allocator, 200) == [4000]


def test_growth_counts_the_free_tail_that_is_there() -> None:
    allocator = make(extent=4096)
    place(allocator, 4096 - 512)
    assert allocator.growth_for(1024) == 4096 + 512


def test_no_growth_is_needed_where_a_hole_or_the_tail_fits() -> None:
    allocator = make(extent=4096)
    first, second, _ = place(allocator, 1024, 16, 2048)
    assert allocator.growth_for(900) == 4096
    allocator.free(first)
    assert allocator.growth_for(1024) == 4096
    allocator.free(second)
    assert allocator.growth_for(1040) == 4096


def test_growth_beyond_the_limit_is_refused() -> None:
    allocator = make(extent=4096, limit=8192)
    place(allocator, 16)
    assert allocator.growth_for(8192 - 16) == 8192
    assert allocator.growth_for(8192 - 15) is None


@pytest.mark.parametrize("extent", [0, 4095, 8193])
def test_growing_backwards_or_beyond_the_limit_is_an_error(extent: int) -> None:
    allocator = make(extent=4096, limit=8192)
    with pytest.raises(ValueError, match=f"cannot grow to {extent} bytes"):
        allocator.grow(extent)


@pytest.mark.parametrize("size", [0, -1])
def test_a_size_below_one_is_an_error(size: int) -> None:
    with pytest.raises(ValueError, match=f"a block of {size} bytes"):
        make().allocate(size, None)


@pytest.mark.parametrize("alignment", [0, -16, 24])
def test_an_alignment_that_is_no_power_of_two_is_an_error(alignment: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        make(alignment=alignment)


@pytest.mark.parametrize("extent", [-1, 4097])
def test_an_extent_outside_the_limit_is_an_error(extent: int) -> None:
    with pytest.raises(ValueError, match=f"extent is {extent}"):
        make(extent=extent, limit=4096)


def test_sizes_near_four_gibibytes_are_exact() -> None:
    allocator = make(extent=4 * GIB, limit=4 * GIB)
    assert allocator.allocate(4 * GIB + 1, None) is None
    assert allocator.growth_for(4 * GIB + 1) is None
    assert place(allocator, 4 * GIB - 15) == [0]
    assert allocator.allocate(1, None) is None
    allocator.free(0)
    assert place(allocator, 2 * GIB + 1, 2 * GIB - 16) == [0, 2 * GIB + 16]
    assert allocator.statistics().free_bytes == 0
    assert allocator.check() == []


def test_an_inner_offset_finds_its_block() -> None:
    allocator = make(extent=1 << 20)
    small, large, _ = place(allocator, 100, 100_000, 16)
    for offset, owner in ((small + 99, small), (small + 111, small), (large, large), (large + 99_999, large)):
        block = allocator.block_containing(offset)
        assert block is not None
        assert block.offset == owner
    allocator.free(large)
    assert allocator.block_containing(large + 50_000) is None
    assert allocator.block_containing(-1) is None
    assert allocator.block_containing(1 << 19) is None


def test_statistics_tell_requested_from_taken_and_remember_the_peaks() -> None:
    allocator = make(extent=4096)
    first, second, _ = place(allocator, 100, 20, 1)
    allocator.free(first)
    allocator.free(second)
    place(allocator, 1)
    statistics = allocator.statistics()
    assert (statistics.live_blocks, statistics.live_bytes, statistics.live_rounded) == (2, 2, 32)
    assert (statistics.peak_live_rounded, statistics.peak_extent) == (160, 160)
    assert statistics.free_bytes == 4096 - 32
    assert statistics.largest_free == 4096 - 160
    assert statistics.fragmentation == pytest.approx(128 / 4064)


def test_peaks_are_right_before_the_first_free() -> None:
    allocator = make()
    place(allocator, 100, 100)
    assert allocator.statistics().peak_live_rounded == allocator.statistics().peak_extent == 224


def test_the_same_calls_give_the_same_offsets() -> None:
    def run() -> list[int | None]:
        allocator = make(extent=1 << 16)
        offsets: list[int | None] = []
        for number in range(400):
            offsets.append(allocator.allocate(1 + number * 37 % 300, object()))
            if number % 3 == 2 and (victim := offsets[number * 7 % len(offsets)]) is not None:
                allocator.free(victim)
        return offsets

    assert run() == run()


def test_empty_bins_do_not_pile_up() -> None:
    allocator = make(extent=1 << 26)
    sizes = range(16, 32 * _LAZY_BINS, 16)
    holes = [place(allocator, size, 16)[0] for size in sizes]
    for offset in holes:
        allocator.free(offset)
    assert place(allocator, *sizes) == holes
    assert len(allocator._bins) <= _LAZY_BINS
    assert allocator.check() == []


def scattered() -> Allocator:
    """Blocks at 32, 128, 224 and 288; holes of 32 bytes at 0 and 96 in a bin, and the fresh one at 192."""
    allocator = make(extent=4096)
    offsets = place(allocator, 32, 64, 32, 64, 32, 64, 16)
    for offset in offsets[0:5:2]:
        allocator.free(offset)
    assert allocator.check() == []
    return allocator


def move_a_run(allocator: Allocator) -> None:
    allocator._runs[32].start = 48


def misalign_a_run(allocator: Allocator) -> None:
    run = allocator._runs.pop(32)
    run.start = 40
    allocator._runs[40] = run


def misround_a_block(allocator: Allocator) -> None:
    allocator._runs[32].size = 65


def own_a_hole(allocator: Allocator) -> None:
    allocator._runs[0].owner = "somebody"


def overlap_runs(allocator: Allocator) -> None:
    allocator._runs[32].end = 112


def lose_bytes(allocator: Allocator) -> None:
    del allocator._runs[96]


def leave_holes_apart(allocator: Allocator) -> None:
    allocator._runs[32].size = 0


def leave_a_hole_at_the_top(allocator: Allocator) -> None:
    allocator._runs[288].size = 0


def shrink_the_extent(allocator: Allocator) -> None:
    allocator.extent = 16


def break_the_ring_forwards(allocator: Allocator) -> None:
    allocator._runs[32].after = allocator._runs[128]


def break_the_ring_backwards(allocator: Allocator) -> None:
    allocator._edge.before = allocator._runs[32]


def orphan_the_fresh_hole(allocator: Allocator) -> None:
    fresh = Run()
    fresh.start, fresh.end, fresh.size = 192, 224, 0
    allocator._fresh = fresh


def refresh_a_block(allocator: Allocator) -> None:
    allocator._fresh = allocator._runs[32]


def misfile_a_hole(allocator: Allocator) -> None:
    allocator._bins[48] = [allocator._bins[32].pop()]
    allocator._sizes.append(48)


def disorder_a_bin(allocator: Allocator) -> None:
    allocator._bins[32].reverse()


def forget_a_size(allocator: Allocator) -> None:
    allocator._sizes.clear()


def hoard_empty_bins(allocator: Allocator) -> None:
    for size in range(1 << 20, (1 << 20) + 16 * (_LAZY_BINS + 1), 16):
        allocator._bins[size] = []
        allocator._sizes.append(size)


def miscount(allocator: Allocator) -> None:
    allocator._live_bytes += 16


@pytest.mark.parametrize(
    ("corrupt", "message"),
    [
        (move_a_run, "the run filed under 32 says that it starts at 48"),
        (misalign_a_run, "the run at 40 is not aligned to 16"),
        (misround_a_block, "the block at 32 asked for 65 bytes and has 64"),
        (own_a_hole, "the hole at 0 still has an owner"),
        (overlap_runs, "the run at 96 overlaps the one that ends at 112"),
        (lose_bytes, "the bytes from 96 to 128 belong to nobody"),
        (leave_holes_apart, "two holes touch at 32"),
        (leave_a_hole_at_the_top, "the last hole touches the top at 304"),
        (shrink_the_extent, "top 304, extent 16 and limit"),
        (break_the_ring_forwards, "the run that ends at 96 is not followed by the one at 96"),
        (break_the_ring_backwards, "the run at 0 does not follow the one that ends at 304"),
        (orphan_the_fresh_hole, "the fresh hole at 192 is none of the runs"),
        (refresh_a_block, "the fresh hole at 32 is a block"),
        (misfile_a_hole, "they should name the same holes"),
        (disorder_a_bin, "the bin of 32 bytes is out of order"),
        (forget_a_size, "the list of sizes is []"),
        (hoard_empty_bins, f"more than {_LAZY_BINS} bins are empty"),
        (miscount, "208 bytes are live, but the count says 224"),
    ],
)
def test_the_checker_names_what_is_broken(corrupt: Callable[[Allocator], None], message: str) -> None:
    allocator = scattered()
    corrupt(allocator)
    assert any(message in line for line in allocator.check()), allocator.check()
