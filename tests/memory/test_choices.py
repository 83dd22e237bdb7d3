"""Every alternative that Choices offers for sections and heaps changes what somebody can see."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from scenes import (
    FOREIGN,
    PATTERN,
    TWICE,
    distance,
    double_free,
    foreign_free,
    null_free,
    outcomes,
    shared,
    values_of,
)
from worlds import World, with_table

import lsart
from lsart.contract import (
    AccessViolation,
    Choices,
    FunctionTable,
    LsassTerminated,
)
from lsart.events import (
    Event,
    LockAcquired,
    SectionCreated,
    SectionUnmapped,
)
from lsart.memory import PAGE_SIZE, Resource

# ---------------------------------------------------------------------- CreateSharedMemory


@pytest.mark.choice("initial_size_above_max", "clamp")
def test_an_initial_size_above_the_maximum_fails_or_is_clamped() -> None:
    def committed(world: World) -> int | None:
        pointer = world.memory.CreateSharedMemory(8192, 8193, world.by("CreateSharedMemory"))
        return None if pointer is None else world.section(pointer).backing.committed

    assert outcomes("initial_size_above_max", committed) == {"fail": None, "clamp": 8192}


@pytest.mark.choice("zero_max_size", "one_page")
def test_a_maximum_of_zero_fails_or_is_one_page() -> None:
    def size(world: World) -> int | None:
        pointer = world.memory.CreateSharedMemory(0, 0, world.by("CreateSharedMemory"))
        return None if pointer is None else world.section(pointer).max_size

    assert outcomes("zero_max_size", size) == {"fail": None, "one_page": PAGE_SIZE}


@pytest.mark.choice("zero_initial_size", "one_page")
def test_an_initial_size_of_zero_commits_nothing_or_one_page() -> None:
    def committed(world: World) -> int:
        return world.section(world.create(65536, 0)).backing.committed

    assert outcomes("zero_initial_size", committed) == {"nothing": 0, "one_page": PAGE_SIZE}


@pytest.mark.choice("size_rounding", "allocation_granularity")
def test_a_reservation_is_rounded_to_pages_or_to_the_granularity() -> None:
    def charged(world: World) -> tuple[int, int]:
        pointer = world.create(5000)
        return world.section(pointer).backing.size, world.machine.in_use(Resource.PAGED_POOL)

    assert outcomes("size_rounding", charged) == {
        "page": (8192, 512 + 2 * 8),
        "allocation_granularity": (65536, 512 + 16 * 8),
    }


@pytest.mark.choice("usable_size", "rounded")
@pytest.mark.parametrize(("asked", "unit", "usable"), [(1, "page", 4096), (5000, "allocation_granularity", 65536)])
def test_what_rounding_adds_to_a_section_is_left_unused_or_used(asked: int, unit: str, usable: int) -> None:
    def largest(value: object) -> tuple[int, int]:
        world = World({"usable_size": value, "size_rounding": unit})
        section = world.create(asked)
        sizes = [size for size in (usable + 1, usable, asked - asked % 16, 1) if world.try_allocate(section, size)]
        assert world.check() == []
        return world.last(SectionCreated).max_size, max(sizes, default=0)

    assert {value: largest(value) for value in values_of("usable_size")} == {
        "exact": (asked, asked - asked % 16),  # a block takes whole units of 16 bytes: a section of 1 byte holds none
        "rounded": (usable, usable),
    }


@pytest.mark.choice("section_growth", "never")
def test_a_section_grows_beyond_its_initial_size_or_never() -> None:
    def second_page(world: World) -> bool:
        section = world.create(65536, PAGE_SIZE)
        world.allocate(section, PAGE_SIZE)
        return world.try_allocate(section, 1) is not None

    assert outcomes("section_growth", second_page) == {"on_demand": True, "never": False}


@pytest.mark.choice("client_mapping_address", "same_as_lsa")
def test_clients_map_a_section_elsewhere_or_at_lsas_address() -> None:
    def same_place(world: World) -> tuple[bool, bool]:
        section = world.create()
        alice = world.client("alice").map_section(world.section(section))
        bob = world.client("bob").map_section(world.section(section))
        return alice.address == section.address, alice.address == bob.address

    assert outcomes("client_mapping_address", same_place) == {
        "different": (False, False),
        "same_as_lsa": (True, True),
    }


# ---------------------------------------------------------------------- AllocateSharedMemory


@pytest.mark.choice("shared_zero_size", "null")
def test_a_block_of_no_bytes_is_the_smallest_block_or_null() -> None:
    def got(world: World) -> bool:
        return world.try_allocate(world.create(), 0) is not None

    assert outcomes("shared_zero_size", got) == {"smallest_block": True, "null": False}


@pytest.mark.choice("shared_alignment", "8")
def test_neighbours_in_a_section_are_as_far_apart_as_the_alignment() -> None:
    def apart(world: World) -> int:
        section = world.create()
        return distance(world, lambda world: world.allocate(section, 1))

    assert outcomes("shared_alignment", apart) == {16: 16, 8: 8}


@pytest.mark.choice("shared_fresh_contents", "pattern")
def test_a_block_that_nobody_had_is_zeroed_or_filled() -> None:
    def contents(world: World) -> bytes:
        section = world.create()
        world.allocate(section, 20)  # ends within the alignment, where a fill could stop too early
        return world.memory.space.read(world.allocate(section, 24).address, 32)

    assert outcomes("shared_fresh_contents", contents) == {"zero": bytes(32), "pattern": PATTERN * 32}


@pytest.mark.choice(
    "shared_recycled_contents",
    "zero",
)
@pytest.mark.choice("shared_recycled_contents", "pattern")
def test_a_block_that_somebody_had_shows_what_was_left_or_zeros_or_a_fill() -> None:
    def contents(world: World) -> bytes:
        section = world.create()
        block = world.allocate(section, 20)
        world.memory.space.write(block.address, b"s" * 32)  # beyond its 20 bytes, too: within the alignment
        world.free(section, block)
        assert world.allocate(section, 32) == block
        return world.memory.space.read(block.address, 32)

    assert outcomes("shared_recycled_contents", contents) == {
        "previous": b"s" * 32,
        "zero": bytes(32),
        "pattern": PATTERN * 32,
    }


@pytest.mark.choice("heap_lock_order", "lifo")
def test_the_heap_lock_serves_the_oldest_waiter_first_or_the_newest() -> None:
    # All arrive at once. Each is told how many waited when it came; the order of the grants is what differs.
    def depths(order: Any) -> list[int]:
        events: list[Event] = []

        async def main(table: FunctionTable) -> None:
            section = await table.CreateSharedMemory(65536, 65536)
            assert section is not None
            async with trio.open_nursery() as nursery:
                for size in (100, 200, 300, 400):
                    nursery.start_soon(table.AllocateSharedMemory, section, size)

        with_table(main, settings=lsart.LsaSettings(choices=Choices(heap_lock_order=order)), events=events)
        return [each.queue_depth for each in events if isinstance(each, LockAcquired)]

    assert {order: depths(order) for order in values_of("heap_lock_order")} == {
        "fifo": [0, 0, 1, 2],
        "lifo": [0, 2, 1, 0],
    }


# ---------------------------------------------------------------------- frees that cannot be honoured


@pytest.mark.choice("shared_double_free", "terminate")
def test_a_second_free_of_a_section_block_is_told_or_ends_lsass() -> None:
    assert outcomes("shared_double_free", double_free(shared)) == TWICE


@pytest.mark.choice("shared_foreign_free", "terminate")
def test_a_foreign_pointer_freed_into_a_section_is_told_or_ends_lsass() -> None:
    assert outcomes("shared_foreign_free", foreign_free(shared)) == FOREIGN


def test_a_free_into_what_is_no_section_ends_lsass_where_foreign_frees_do() -> None:
    def scenario(world: World) -> object:
        section = world.create()
        block = world.allocate(section, 100)
        try:
            world.free(section + PAGE_SIZE, block)
        except LsassTerminated:
            return "ended"
        return world.section(section).block_at(block.address) is not None

    assert outcomes("shared_foreign_free", scenario) == {"ignore": True, "terminate": "ended"}


@pytest.mark.choice("shared_free_null", "report")
def test_null_freed_into_a_section_is_nothing_or_told() -> None:
    assert outcomes("shared_free_null", null_free(shared)) == {"ignore": (0, 0), "report": (1, 0)}


# ---------------------------------------------------------------------- DeleteSharedMemory


@pytest.mark.choice("delete_with_live_blocks", "refuse")
def test_a_section_with_live_blocks_is_deleted_or_kept() -> None:
    def scenario(world: World) -> object:
        section = world.create()
        world.allocate(section, 100)
        return world.delete(section), world.memory.section_at(section) is None, world.check()

    assert outcomes("delete_with_live_blocks", scenario) == {
        "release": (True, True, []),
        "refuse": (False, False, []),
    }


@pytest.mark.choice("delete_twice", "terminate")
def test_a_second_delete_fails_or_ends_lsass() -> None:
    def scenario(world: World) -> object:
        section = world.create()
        assert world.delete(section)
        try:
            return world.delete(section)
        except LsassTerminated as end:
            return str(end).rpartition(", ")[2]

    assert outcomes("delete_twice", scenario) == {"fail": False, "terminate": "which is no section"}


@pytest.mark.choice("delete_client_mappings", "unmap")
def test_a_clients_view_of_a_deleted_section_survives_or_goes() -> None:
    def scenario(world: World) -> object:
        section = world.create(65536, PAGE_SIZE)
        alice = world.client()
        view = alice.map_section(world.section(section))
        alice.space.write(view.address, b"still here")
        world.delete(section)
        assert world.check() == []
        charged = world.machine.in_use(Resource.COMMIT)
        try:
            return alice.space.read(view.address, 10), len(world.told(SectionUnmapped)), charged
        except AccessViolation as error:
            return error.reason, len(world.told(SectionUnmapped)), charged

    assert outcomes("delete_client_mappings", scenario) == {
        "survive": (b"still here", 0, PAGE_SIZE),
        "unmap": ("nothing is mapped there", 1, 0),
    }
