"""Why an allocation was refused: the maximum, fragmentation and the machine are told apart, with numbers that agree."""

from __future__ import annotations

from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import World

from lsart.contract import Pointer
from lsart.events import AllocationRefused, ResourceRefused, SectionRefused
from lsart.memory import PAGE_SIZE, section_cost
from lsart.memory._runs import Run


def comb(world: World, section: Pointer, size: int, count: int) -> None:
    """Blocks of `size`, every second one freed, so that all gaps are of that size."""
    blocks = [world.allocate(section, size) for _ in range(count)]
    for block in blocks[::2]:
        world.free(section, block)


def test_the_maximum_is_reached_when_all_free_bytes_together_would_not_do() -> None:
    world = World()
    section = world.create(65536, 0)
    world.allocate(section, 60_000)
    assert world.try_allocate(section, 6000) is None
    refused = world.last(AllocationRefused)
    assert refused.cause == "maximum size reached"
    assert (refused.free_bytes, refused.largest_free) == (65536 - 60_000, 65536 - 60_000)
    assert (refused.max_size, refused.live_blocks, refused.size) == (65536, 1, 6000)
    assert world.told(ResourceRefused) == []


def test_it_is_fragmented_when_they_would_do_but_no_gap_is_large_enough() -> None:
    world = World()
    section = world.create(65536, 0)
    comb(world, section, 4096, 16)
    assert world.try_allocate(section, 4097) is None
    refused = world.last(AllocationRefused)
    assert refused.cause == "fragmented"
    assert (refused.free_bytes, refused.largest_free) == (32768, 4096)
    assert world.try_allocate(section, 4096) is not None


def test_it_is_the_machine_when_the_section_might_grow_and_the_machine_has_no_pages() -> None:
    world = World(commit=3 * PAGE_SIZE)
    section, other = world.create(65536, 0), world.create(65536, 2 * PAGE_SIZE)
    world.allocate(section, PAGE_SIZE)
    assert world.try_allocate(section, 1) is None
    refused = world.last(AllocationRefused)
    assert refused.cause == "machine commit limit"
    assert (refused.committed, refused.max_size) == (PAGE_SIZE, 65536)
    assert refused.largest_free == refused.free_bytes == 65536 - PAGE_SIZE, "the section itself had room"
    machine = world.last(ResourceRefused)
    assert (machine.resource, machine.wanted, machine.in_use, machine.limit) == ("commit limit", 4096, 12288, 12288)
    assert world.delete(other)
    assert world.try_allocate(section, 1) is not None
    assert world.check() == []


def test_a_section_that_may_not_grow_says_so() -> None:
    world = World({"section_growth": "never"})
    section = world.create(65536, PAGE_SIZE)
    assert world.try_allocate(section, PAGE_SIZE + 1) is None
    refused = world.last(AllocationRefused)
    assert refused.cause == "growth switched off"
    assert (refused.free_bytes, refused.largest_free) == (PAGE_SIZE, PAGE_SIZE)


def test_the_largest_gap_counts_the_tail_and_the_growth_behind_it_as_one() -> None:
    world = World()
    section = world.create(8 * PAGE_SIZE, 2 * PAGE_SIZE)
    world.allocate(section, PAGE_SIZE)
    assert world.try_allocate(section, 8 * PAGE_SIZE) is None
    refused = world.last(AllocationRefused)
    assert refused.cause == "maximum size reached"
    assert refused.largest_free == 7 * PAGE_SIZE


def test_a_refusal_changes_nothing() -> None:
    world = World(commit=4 * PAGE_SIZE)
    section = world.create(65536, 0)
    comb(world, section, 1024, 12)
    before = world.section(section).statistics(), world.machine.statistics()
    for size in (65537, 60_000, 0xFFFF_FFFF):
        assert world.try_allocate(section, size) is None
    assert (world.section(section).statistics(), world.machine.statistics()) == before
    assert world.check() == []


class NotToBeWalked(dict[int, Run]):
    """The runs of an allocator, for a caller that must not look at all of them."""

    def walk(self) -> NoReturn:
        raise AssertionError("somebody walks every run")

    __iter__ = keys = values = items = walk


@pytest.mark.parametrize("wanted", [-1, 4097, 60_000, 1 << 20])
def test_a_refusal_walks_no_block_so_that_a_full_section_refuses_quickly(wanted: int) -> None:
    world = World()
    pointer = world.create(65536, 0)
    comb(world, pointer, 4096, 16)
    allocator = world.section(pointer).allocator
    allocator._runs = NotToBeWalked(allocator._runs)
    assert world.try_allocate(pointer, wanted) is None
    refused = world.last(AllocationRefused)
    assert (refused.live_blocks, refused.largest_free, refused.free_bytes) == (8, 4096, 32768)


@given(
    max_size=st.integers(1, 9 * PAGE_SIZE),
    sizes=st.lists(st.integers(1, 2 * PAGE_SIZE), max_size=12),
    freed=st.sets(st.integers(0, 11)),
    wanted=st.integers(1, 10 * PAGE_SIZE),
    commit=st.sampled_from([3 * PAGE_SIZE, 1 << 30]),
)
def test_whatever_happened_before_the_numbers_of_a_refusal_explain_it(
    max_size: int, sizes: list[int], freed: set[int], wanted: int, commit: int
) -> None:
    world = World(commit=commit)
    section = world.create(max_size, 0)
    blocks = [world.try_allocate(section, size) for size in sizes]
    for index in freed:
        if index < len(blocks) and blocks[index] is not None:
            world.free(section, blocks[index])
    before = world.section(section).statistics()
    if world.try_allocate(section, wanted) is not None:
        return
    refused = world.last(AllocationRefused)
    rounded = -(-wanted // 16) * 16
    assert refused.live_blocks == before.live_blocks
    if refused.cause == "machine commit limit":
        assert refused.largest_free >= wanted, "the section had room"
        assert world.last(ResourceRefused).resource == "commit limit"
    else:
        assert refused.largest_free < rounded
        assert (refused.cause == "fragmented") == (refused.free_bytes >= rounded)
    # The largest block that the event names is to be had, and nothing larger, as far as the machine goes.
    if refused.largest_free and commit > max_size + PAGE_SIZE:
        assert world.try_allocate(section, refused.largest_free + 1) is None
        assert world.try_allocate(section, refused.largest_free) is not None
    assert world.check() == []


# ---------------------------------------------------------------------- whole sections


@pytest.mark.parametrize(
    ("limits", "resource"),
    [
        ({"commit": 10 * PAGE_SIZE}, "commit limit"),
        ({"paged_pool": 3000}, "paged pool"),
        ({"handles": 3}, "handles"),
        ({"address_space": 5 * 65536}, "address space"),
    ],
)
def test_a_refused_section_names_the_resource_that_ran_out_and_the_numbers(
    limits: dict[str, int], resource: str
) -> None:
    world = World(None, **limits)
    cost = {each.value: amount for each, amount in section_cost(65536, PAGE_SIZE).items()}[resource]
    count = next(iter(limits.values())) // cost
    for _ in range(count):
        world.create(65536, PAGE_SIZE)
    assert world.memory.CreateSharedMemory(65536, PAGE_SIZE, world.by("CreateSharedMemory")) is None
    refused, machine = world.last(SectionRefused), world.last(ResourceRefused)
    assert refused.resource == machine.resource == resource
    assert (machine.wanted, machine.in_use, machine.owner) == (cost, count * cost, "cache")
    assert refused.reason == f"{resource}: {machine.in_use} of {machine.limit} in use, {cost} more wanted"
    assert world.check() == []


def test_sizes_at_fault_are_no_shortage() -> None:
    world = World()
    assert world.memory.CreateSharedMemory(0, 0, world.by("CreateSharedMemory")) is None
    assert world.memory.CreateSharedMemory(4096, 4097, world.by("CreateSharedMemory")) is None
    assert [(each.resource, each.reason) for each in world.told(SectionRefused)] == [
        ("", "a section of no bytes holds nothing"),
        ("", "the initial size is above the maximum size"),
    ]
    assert world.told(ResourceRefused) == []
