"""Wrong frees: each is one event that names both ends, and none changes anything."""

from __future__ import annotations

from typing import Any

import pytest
from worlds import World, with_probe, with_table

import lsart
from lsart.contract import Choices, FunctionTable, LsassTerminated, Pointer
from lsart.events import DoubleFree, Event, ForeignFree, MisuseEvent, NullFree, WrongPair
from lsart.memory import LsaMemory

# ---------------------------------------------------------------------- both ends


def test_a_double_free_names_who_allocated_who_freed_and_who_freed_again() -> None:
    world = World()
    section = world.create()
    block = world.allocate(section, 100)
    world.memory.FreeSharedMemory(section, block, first := world.by("FreeSharedMemory", call=7))
    world.memory.FreeSharedMemory(section, block, second := world.by("FreeSharedMemory", call=8))
    event = world.last(DoubleFree)
    assert event.allocated.function == "AllocateSharedMemory"
    assert (event.freed_before, event.freed) == (first, second)
    assert (event.heap, event.address, event.time_ns) == ("section-1", block.address, second.time_ns)
    assert str(event.freed_before) == "cache by FreeSharedMemory in call 7 of alice at 0.003 ms"


def test_after_a_block_was_given_out_anew_a_second_free_takes_it_as_in_any_heap() -> None:
    world = World()
    section = world.create()
    block = world.allocate(section, 100)
    world.free(section, block)
    assert world.allocate(section, 100, package="somebody else") == block
    world.free(section, block)
    assert world.told(MisuseEvent) == []
    world.free(section, block)
    assert world.last(DoubleFree).allocated.package == "somebody else", "the ends are those of the last life"


@pytest.mark.parametrize("inside", [1, 16, 99, 111])
def test_a_pointer_into_a_block_is_told_with_the_distance_and_the_owner(inside: int) -> None:
    world = World()
    section = world.create()
    world.allocate(section, 32)
    block = world.allocate(section, 100)
    world.free(section, block + inside)
    event = world.last(ForeignFree)
    assert event.inside.startswith(f"{inside} bytes into a live block of section-1, allocated by cache by Allocate")
    assert world.section(section).block_at(block.address) is not None


def test_a_pointer_into_a_heap_where_no_block_is_is_told_as_that() -> None:
    world = World()
    section = world.create()
    world.allocate(section, 100)
    world.free(section, section + 5000)
    assert world.last(ForeignFree).inside == "section-1, where no block starts"


@pytest.mark.parametrize(
    ("pointer", "inside"),
    [
        (Pointer(16, "lsass"), "nothing that LSA gave out"),
        (Pointer(2**64 - 1, "lsass"), "nothing that LSA gave out"),
        (Pointer(0x1_0000_0000, "alice"), "the address space of alice"),
    ],
)
def test_a_pointer_to_nowhere_or_to_another_process_is_told_as_that(pointer: Pointer, inside: str) -> None:
    world = World()
    section = world.create()
    world.allocate(section, 100)
    world.free(section, pointer)
    assert world.last(ForeignFree).inside == inside
    assert world.section(section).statistics().live_blocks == 1


def test_a_block_of_another_section_is_told_with_its_section_and_its_owner() -> None:
    world = World()
    mine, other = world.create(), world.create()
    block = world.allocate(other, 100, package="somebody else")
    world.free(mine, block)
    event = world.last(WrongPair)
    assert (event.heap, event.allocated.package) == ("section-1", "somebody else")
    assert event.belongs_to == "section-2: AllocateSharedMemory pairs with FreeSharedMemory"


def test_a_second_free_through_another_function_is_still_a_double_free() -> None:
    world = World()
    section = world.create()
    block = world.allocate(section, 100)
    world.free(section, block)
    world.memory.FreeLsaHeap(block, world.by("FreeLsaHeap"))
    event = world.last(DoubleFree)
    assert (event.heap, event.freed.function, event.freed_before.function) == (
        "lsa-heap",
        "FreeLsaHeap",
        "FreeSharedMemory",
    )


def test_a_block_of_a_deleted_section_belongs_to_nobody() -> None:
    world = World()
    section, other = world.create(), world.create()
    block = world.allocate(section, 100)
    world.delete(section)
    world.free(other, block)
    assert world.last(ForeignFree).inside == "nothing that LSA gave out"


def test_at_least_the_4096_newest_frees_are_remembered_and_never_more_than_twice_as_many() -> None:
    world = World()
    section = world.create(1 << 20, 1 << 20)
    blocks = [world.allocate(section, 16) for _ in range(20_000)]
    for block in blocks:
        world.free(section, block)
    heap = world.section(section)
    remembered = [heap.ends_of_freed(each.address) is not None for each in blocks]
    assert all(remembered[-4096:])
    assert 4096 <= sum(remembered) <= 8192
    world.free(section, blocks[0])
    assert world.last(ForeignFree).inside == "section-1, where no block starts", "too long ago to say more"
    world.free(section, blocks[-1])
    assert world.last(DoubleFree).address == blocks[-1].address


# ---------------------------------------------------------------------- what it may end in

ENDINGS = {
    "shared_double_free": "double free",
    "shared_foreign_free": "free of a foreign pointer",
    "lsa_heap_double_free": "double free",
    "lsa_heap_foreign_free": "free of a foreign pointer",
    "private_heap_double_free": "double free",
    "private_heap_foreign_free": "free of a foreign pointer",
}


async def misuse(table: FunctionTable, field: str) -> str:
    """Free wrongly what the field is about, then say that we are still here."""
    section = await table.CreateSharedMemory(65536, 0)
    assert section is not None
    kind: Any = {
        "shared": (lambda: table.AllocateSharedMemory(section, 64), lambda p: table.FreeSharedMemory(section, p)),
        "lsa": (lambda: table.AllocateLsaHeap(64), table.FreeLsaHeap),
        "private": (lambda: table.AllocatePrivateHeap(64), table.FreePrivateHeap),
    }[field.split("_")[0]]
    allocate, free = kind
    block = await allocate()
    if "double" in field:
        await free(block)
        await free(block)
    else:
        await free(block + 16)
    assert await allocate() is not None
    return "still here"


@pytest.mark.parametrize("field", ENDINGS)
def test_corruption_ends_lsass_where_choices_say_so_and_nowhere_else(field: str) -> None:
    async def main(table: FunctionTable) -> str:
        return await misuse(table, field)

    events: list[Event] = []
    assert with_table(main, events=events) == "still here"
    assert len([each for each in events if isinstance(each, MisuseEvent)]) == 1

    chosen: dict[str, Any] = {field: "terminate"}
    events.clear()
    with pytest.raises(LsassTerminated, match=f"heap corruption: {ENDINGS[field]} at 0x") as caught:
        with_table(main, settings=lsart.LsaSettings(choices=Choices(**chosen)), events=events)
    assert "by probe by Free" in str(caught.value), "who did it"
    assert len([each for each in events if isinstance(each, MisuseEvent)]) == 1, "told before the end"


def test_a_section_deleted_twice_ends_lsass_where_choices_say_so() -> None:
    async def main(table: FunctionTable) -> tuple[bool, bool]:
        section = await table.CreateSharedMemory(65536, 0)
        assert section is not None
        return await table.DeleteSharedMemory(section), await table.DeleteSharedMemory(section)

    assert with_table(main) == (True, False)
    with pytest.raises(LsassTerminated, match="which is no section"):
        with_table(main, settings=lsart.LsaSettings(choices=Choices(delete_twice="terminate")))


def test_when_lsass_goes_down_the_machine_gets_everything_back() -> None:
    kept: list[LsaMemory] = []

    async def main(lsa: lsart.Lsa, probe: Any) -> None:
        kept.append(lsa.memory)
        async with lsa.connect("alice") as alice:
            await probe.table.CreateSharedMemory(65536, 65536)
            alice.map_section("probe")
            await misuse(probe.table, "shared_double_free")

    settings = lsart.LsaSettings(choices=Choices(shared_double_free="terminate"))
    with pytest.raises(LsassTerminated):
        with_probe(main, settings=settings)
    (memory,) = kept
    assert set(memory.machine.statistics().in_use.values()) == {0}
    assert memory.check() == []


def test_null_is_told_only_where_choices_ask_for_it() -> None:
    world = World({"shared_free_null": "report"})
    section = world.create()
    world.free(section, None)
    assert (world.last(NullFree).heap, world.last(NullFree).freed.function) == ("section-1", "FreeSharedMemory")
    world.free(section + 16, None)
    assert len(world.told(NullFree)) == 1
