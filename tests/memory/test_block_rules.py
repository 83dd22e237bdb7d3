"""The rules of AllocateSharedMemory, FreeSharedMemory and DeleteSharedMemory, and what all four have in common."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from worlds import World, with_table

import lsart
from lsart.contract import (
    LSA_SECPKG_SLOTS,
    FunctionTable,
    Pointer,
)
from lsart.events import (
    AllocationRefused,
    BlockAllocated,
    BlockFreed,
    Event,
    ForeignFree,
    SectionDeleted,
    SlotMisused,
    WrongPair,
)
from lsart.memory import PAGE_SIZE

FUNCTIONS = ("CreateSharedMemory", "AllocateSharedMemory", "FreeSharedMemory", "DeleteSharedMemory")


def declared(name: str) -> tuple[str, list[tuple[str, str]]]:
    """Result type and parameters as the contract declares them."""
    slot = next(each for each in LSA_SECPKG_SLOTS if each.name == name)
    return slot.returns, [(each.windows_name, each.type) for each in slot.parameters]


# ---------------------------------------------------------------------- all four


@pytest.mark.rule("CSM-11", "ASM-8", "FSM-5", "DSM-7")
def test_the_table_that_sp_initialize_gets_reaches_all_four_functions() -> None:
    seen: list[str] = []

    class Package:
        async def SpInitialize(self, package_id: int, parameters: object, table: FunctionTable) -> None:
            assert [name for name in FUNCTIONS if callable(getattr(table, name))] == list(FUNCTIONS)
            section = await table.CreateSharedMemory(65536, 0)
            assert section is not None
            block = await table.AllocateSharedMemory(section, 100)
            assert block is not None
            await table.FreeSharedMemory(section, block)
            assert await table.AllocateSharedMemory(section, 100) == block
            assert await table.DeleteSharedMemory(section) is True
            seen.append("all four, while SpInitialize ran")

    async def main() -> tuple[str, ...]:
        async with lsart.open_lsa(Package()) as lsa:
            return lsa.refusals

    assert lsart.run(main, seed=0) == ()
    assert seen == ["all four, while SpInitialize ran"]
    assert [slot.index for slot in LSA_SECPKG_SLOTS if slot.name in FUNCTIONS] == [26, 27, 28, 29]


@pytest.mark.rule("CSM-2", "CSM-3", "ASM-2", "ASM-3", "FSM-4", "DSM-3")
def test_the_declarations_are_those_of_the_pages_and_the_table_keeps_to_them() -> None:
    assert {name: declared(name) for name in FUNCTIONS} == {
        "CreateSharedMemory": ("PVOID", [("MaxSize", "ULONG"), ("InitialSize", "ULONG")]),
        "AllocateSharedMemory": ("PVOID", [("SharedMem", "PVOID"), ("Size", "ULONG")]),
        "FreeSharedMemory": ("VOID", [("SharedMem", "PVOID"), ("Memory", "PVOID")]),
        "DeleteSharedMemory": ("BOOLEAN", [("SharedMem", "PVOID")]),
    }

    async def main(table: FunctionTable) -> None:
        assert await table.CreateSharedMemory(2**32, 0) is None
        assert await table.CreateSharedMemory(65536, -1) is None
        section = await table.CreateSharedMemory(max_size=65536, initial_size=0)
        assert section is not None
        assert await table.AllocateSharedMemory(section, 5 << 30) is None

    events: list[Event] = []
    with_table(main, events=events)
    misused = [(each.slot, each.parameter) for each in events if isinstance(each, SlotMisused)]
    assert misused == [
        ("CreateSharedMemory", "max_size"),
        ("CreateSharedMemory", "initial_size"),
        ("AllocateSharedMemory", "size"),
    ]


# ---------------------------------------------------------------------- AllocateSharedMemory


@pytest.mark.rule("ASM-1", "ASM-2")
def test_blocks_come_out_of_the_section_that_was_named() -> None:
    world = World()
    sections = [world.create(65536, package=name) for name in ("one", "two", "three")]
    for section in sections * 3:
        block = world.allocate(section, 1000)
        assert section.address <= block.address <= block.address + 1000 <= section.address + 65536
    assert [world.section(each).statistics().live_blocks for each in sections] == [3, 3, 3]


@pytest.mark.rule("ASM-3")
@pytest.mark.parametrize("size", [1, 15, 16, 17, 4096, 65536])
def test_size_counts_bytes_and_all_of_them_can_be_used(size: int) -> None:
    world = World()
    section = world.create(1 << 17)
    first, block, last = (world.allocate(section, each) for each in (16, size, 16))
    world.memory.space.write(first.address, b"f" * 16)
    world.memory.space.write(last.address, b"l" * 16)
    world.memory.space.write(block.address, b"b" * size)
    assert world.memory.space.read(block.address, size) == b"b" * size
    assert world.memory.space.read(first.address, 16) == b"f" * 16
    assert world.memory.space.read(last.address, 16) == b"l" * 16
    assert world.told(BlockAllocated)[1].size == size
    assert last - block < size + 16, "no other unit: the next block follows at once"


@pytest.mark.rule("ASM-4", "ASM-5")
def test_success_is_a_pointer_to_the_block_and_failure_is_null() -> None:
    async def main(table: FunctionTable) -> None:
        section = await table.CreateSharedMemory(PAGE_SIZE, 0)
        assert section is not None
        block = await table.AllocateSharedMemory(section, 100)
        assert isinstance(block, Pointer)
        await table.memory.write(block, b"x" * 100)
        assert await table.AllocateSharedMemory(section, PAGE_SIZE) is None
        assert await table.AllocateSharedMemory(section, 0xFFFF_FFFF) is None

    with_table(main)


@pytest.mark.rule("ASM-6", "FSM-2")
def test_without_a_section_there_are_no_blocks_to_allocate_or_to_free() -> None:
    world = World()
    nowhere = Pointer(0x1_0000_0000, "lsass")
    assert world.try_allocate(nowhere, 100) is None
    assert world.last(AllocationRefused).cause == "bad section"
    section = world.create()
    block = world.allocate(section, 100)
    world.free(nowhere + (1 << 30), block)
    assert world.last(WrongPair).heap == "no section"
    assert world.section(section).block_at(block.address) is not None
    assert world.delete(section)
    assert world.try_allocate(section, 100) is None, "a deleted section is reserved no more"
    world.free(section, block)
    assert world.last(ForeignFree).inside == "nothing that LSA gave out"
    assert world.check() == []


@pytest.mark.rule("ASM-7", "FSM-1", "FSM-4")
def test_a_freed_block_can_be_had_again_and_free_returns_nothing() -> None:
    async def main(table: FunctionTable) -> None:
        section = await table.CreateSharedMemory(PAGE_SIZE, 0)
        assert section is not None
        block = await table.AllocateSharedMemory(section, PAGE_SIZE)
        assert block is not None
        assert await table.AllocateSharedMemory(section, 1) is None
        result: object = await table.FreeSharedMemory(section, block)  # type: ignore[func-returns-value]  # the point
        assert result is None
        assert await table.AllocateSharedMemory(section, PAGE_SIZE) == block

    with_table(main)


# ---------------------------------------------------------------------- FreeSharedMemory


@pytest.mark.rule("FSM-3")
def test_only_a_block_of_that_very_section_goes_back_into_it() -> None:
    world = World()
    mine, other = world.create(), world.create()
    block, foreign = world.allocate(mine, 100), world.allocate(other, 100)
    heap_block = world.memory.AllocateLsaHeap(100, world.by("AllocateLsaHeap"))
    wrong: Sequence[Pointer | None] = (
        foreign,
        heap_block,
        block + 16,
        block + 1,
        mine + 8192,
        Pointer(block.address, "alice"),
        Pointer(0x10, "lsass"),
    )
    before = [world.section(each).statistics() for each in (mine, other)]
    for pointer in wrong:
        world.free(mine, pointer)
    assert [world.section(each).statistics() for each in (mine, other)] == before
    assert len(world.told(WrongPair)) == 2
    assert len(world.told(ForeignFree)) == 5
    assert world.told(BlockFreed) == []
    assert world.check() == []


@pytest.mark.rule("FSM-4")
def test_no_misuse_of_free_raises_into_the_package() -> None:
    async def main(table: FunctionTable) -> None:
        section = await table.CreateSharedMemory(PAGE_SIZE, 0)
        assert section is not None
        for pointer in (None, section + 8, Pointer(1, "lsass"), Pointer(2**64 - 1, "alice")):
            await table.FreeSharedMemory(section, pointer)

    with_table(main)


# ---------------------------------------------------------------------- DeleteSharedMemory


@pytest.mark.rule("DSM-2", "DSM-3", "DSM-4")
def test_delete_is_true_for_a_section_once_and_false_for_all_else() -> None:
    events: list[Event] = []

    async def main(table: FunctionTable) -> None:
        section = await table.CreateSharedMemory(65536, 0)
        heap_block = await table.AllocateLsaHeap(100)
        assert section is not None
        assert heap_block is not None
        for wrong in (heap_block, section + 4096, Pointer(1, "lsass"), Pointer(section.address, "alice")):
            assert await table.DeleteSharedMemory(wrong) is False
        assert await table.DeleteSharedMemory(section) is True
        assert await table.DeleteSharedMemory(section) is False
        null: Pointer = None  # type: ignore[assignment]  # what C would let a package pass
        assert await table.DeleteSharedMemory(null) is False

    with_table(main, events=events)
    assert len([each for each in events if isinstance(each, SectionDeleted)]) == 1
    assert [each.problem for each in events if isinstance(each, SlotMisused)] == ["is NULL"]


@pytest.mark.rule("DSM-6")
def test_delete_takes_no_single_block_and_free_takes_no_section() -> None:
    world = World()
    section = world.create()
    blocks = [world.allocate(section, 100) for _ in range(3)]
    for block in blocks[1:]:  # the first one lies at the section's own address
        assert world.delete(block) is False
    assert world.section(section).statistics().live_blocks == 3
    world.free(section, blocks[0])
    world.free(section, section)
    assert world.memory.section_at(section) is not None
    assert world.section(section).statistics().live_blocks == 2
