"""The rules of the LSA heap and the private heap."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

import pytest
from worlds import World, with_table

import lsart
from lsart.contract import LSA_DISPATCH_SLOTS, LSA_SECPKG_SLOTS, FailureValue, FunctionTable, Pointer, Slot
from lsart.events import (
    AllocationRefused,
    BlockAllocated,
    BlockFreed,
    DispatchTableExceeded,
    DoubleFree,
    Event,
    ForeignFree,
    OutputNotFromHeap,
    SlotMisused,
    SlotUnavailable,
    WrongPair,
)
from lsart.memory import MachineLimits, Resource


def slot(name: str) -> Slot:
    return next(each for each in LSA_SECPKG_SLOTS if each.name == name)


def typedef(name: str, table: str = "lsa_secpkg_function_table") -> str:
    """The C type of a slot or member, from the contract's data."""
    text = resources.files("lsart.contract").joinpath("data", f"{table}.toml").read_text("utf-8")
    records = tomllib.loads(text)["slot"]
    return str(next(each["typedef"] for each in records if each["name"] == name))


# ---------------------------------------------------------------------- AllocateLsaHeap


@pytest.mark.rule("ALH-1", "ALH-4", "ALH-5")
@pytest.mark.parametrize("length", [1, 16, 100, 70_000])
def test_a_block_of_the_lsa_heap_has_as_many_bytes_as_asked(length: int) -> None:
    async def main(table: FunctionTable) -> None:
        first, block, last = [await table.AllocateLsaHeap(each) for each in (16, length, 16)]
        assert isinstance(first, Pointer)
        assert isinstance(block, Pointer)
        assert isinstance(last, Pointer)
        for pointer, content in ((first, b"f" * 16), (last, b"l" * 16), (block, b"b" * length)):
            await table.memory.write(pointer, content)
        assert await table.memory.read(block, length) == b"b" * length
        assert await table.memory.read(first, 16) + await table.memory.read(last, 16) == b"f" * 16 + b"l" * 16
        assert last - block < length + 16, "bytes are the unit: the next block follows at once"
        told = [(each.address, each.size) for each in events if isinstance(each, BlockAllocated)]
        assert told == [(first.address, 16), (block.address, length), (last.address, 16)]

    events: list[Event] = []
    with_table(main, events=events)


class Named:
    """An authentication package that gives LSA its name in a block of whatever heap."""

    def __init__(self, allocate: str) -> None:
        self.allocate = allocate

    async def LsaApInitializePackage(
        self, package_id: int, table: FunctionTable, database: None, confidentiality: None
    ) -> Pointer:
        block = await getattr(table, self.allocate)(16)
        assert isinstance(block, Pointer)
        await table.memory.write(block, b"given by pointer")
        return block

    async def LsaApCallPackageUntrusted(self, *call: object) -> None:
        return None


@pytest.mark.rule("ALH-2")
@pytest.mark.parametrize(
    ("allocate", "names", "refusals"),
    [("AllocateLsaHeap", ["given by pointer"], 0), ("AllocatePrivateHeap", [], 1)],
)
def test_what_lsa_takes_over_must_lie_in_its_heap_and_lsa_frees_it(
    allocate: str, names: list[str], refusals: int
) -> None:
    events: list[Event] = []

    async def main() -> list[str]:
        bus = lsart.Bus()
        bus.subscribe(events.append)
        async with lsart.open_lsa(Named(allocate), bus=bus) as lsa:
            return [each.name for each in lsa.packages]

    assert lsart.run(main, seed=0) == names
    assert len([each for each in events if isinstance(each, OutputNotFromHeap)]) == refusals
    freed_by_lsa = [each for each in events if isinstance(each, BlockFreed) and each.origin.package == "LSA"]
    assert len(freed_by_lsa) == len(names)


@pytest.mark.rule("ALH-3", "FLH-1", "APH-2", "FPH-1")
def test_a_block_goes_back_through_the_function_of_its_own_heap_and_no_other() -> None:
    world = World()
    section = world.create()
    from_lsa = world.memory.AllocateLsaHeap(100, world.by("AllocateLsaHeap"))
    from_private = world.memory.AllocatePrivateHeap(100, world.by("AllocatePrivateHeap"))
    world.free(section, from_lsa)
    world.memory.FreePrivateHeap(from_lsa, world.by("FreePrivateHeap"))
    world.memory.FreeLsaHeap(from_private, world.by("FreeLsaHeap"))
    assert world.told(BlockFreed) == []
    assert [(each.heap, each.belongs_to) for each in world.told(WrongPair)] == [
        ("section-1", "lsa-heap: AllocateLsaHeap pairs with FreeLsaHeap"),
        ("private-heap", "lsa-heap: AllocateLsaHeap pairs with FreeLsaHeap"),
        ("lsa-heap", "private-heap: AllocatePrivateHeap pairs with FreePrivateHeap"),
    ]
    world.memory.FreeLsaHeap(from_lsa, world.by("FreeLsaHeap"))
    world.memory.FreePrivateHeap(from_private, world.by("FreePrivateHeap"))
    assert [each.heap for each in world.told(BlockFreed)] == ["lsa-heap", "private-heap"]
    assert world.memory.AllocateLsaHeap(100, world.by("AllocateLsaHeap")) == from_lsa
    assert world.memory.AllocatePrivateHeap(100, world.by("AllocatePrivateHeap")) == from_private


@pytest.mark.rule("ALH-6")
@pytest.mark.parametrize(
    ("limits", "length", "cause"),
    [
        ({"lsa_heap": 8192}, 8193, "maximum size reached"),
        ({"commit": 4096}, 4097, "machine commit limit"),
    ],
)
def test_null_when_the_lsa_heap_cannot_hold_it(limits: dict[str, int], length: int, cause: str) -> None:
    events: list[Event] = []

    async def main(table: FunctionTable) -> None:
        assert await table.AllocateLsaHeap(length) is None
        assert await table.AllocateLsaHeap(4096) is not None

    with_table(main, settings=lsart.LsaSettings(machine=MachineLimits(**limits)), events=events)
    assert [each.cause for each in events if isinstance(each, AllocationRefused)] == [cause]


@pytest.mark.rule("ALH-6", "APH-3")
def test_null_when_there_are_no_addresses_for_the_heap_itself() -> None:
    world = World(address_space=0)
    assert world.memory.AllocateLsaHeap(1, world.by("AllocateLsaHeap")) is None
    assert world.memory.AllocatePrivateHeap(1, world.by("AllocatePrivateHeap")) is None
    world.memory.FreeLsaHeap(Pointer(16, "lsass"), world.by("FreeLsaHeap"))
    assert world.check() == []


@pytest.mark.rule("ALH-7", "FLH-6")
@pytest.mark.parametrize("name", ["AllocateLsaHeap", "FreeLsaHeap"])
def test_both_tables_have_the_function_at_the_same_slot(name: str) -> None:
    assert slot(name) in LSA_DISPATCH_SLOTS
    assert [each.index for each in LSA_DISPATCH_SLOTS if each.name == name] == [slot(name).index]
    used: list[str] = []

    class Package:
        async def LsaApInitializePackage(
            self, package_id: int, table: FunctionTable, database: None, confidentiality: None
        ) -> str:
            await self.use(table, "LSA_DISPATCH_TABLE")
            return "both"

        async def SpInitialize(self, package_id: int, parameters: object, table: FunctionTable) -> None:
            await self.use(table, "LSA_SECPKG_FUNCTION_TABLE")

        async def use(self, table: FunctionTable, label: str) -> None:
            block = await table.AllocateLsaHeap(100)
            assert block is not None
            if name == "FreeLsaHeap":
                await table.FreeLsaHeap(block)
                assert await table.AllocateLsaHeap(100) == block
            used.append(label)

        async def LsaApCallPackageUntrusted(self, *call: object) -> None:
            return None

    async def main() -> tuple[str, ...]:
        bus = lsart.Bus()
        bus.subscribe(beyond.append, DispatchTableExceeded)
        async with lsart.open_lsa(Package(), bus=bus) as lsa:
            return lsa.refusals

    beyond: list[DispatchTableExceeded] = []
    assert lsart.run(main, seed=0) == ()
    assert beyond == [], "the smaller table has it itself"
    assert used == ["LSA_DISPATCH_TABLE", "LSA_SECPKG_FUNCTION_TABLE"]


# ---------------------------------------------------------------------- FreeLsaHeap


@pytest.mark.rule("FLH-2")
def test_base_must_point_at_the_start_of_the_buffer() -> None:
    world = World()
    block = world.memory.AllocateLsaHeap(100, world.by("AllocateLsaHeap"))
    assert block is not None
    for inside in (block + 1, block + 16, block + 99):
        world.memory.FreeLsaHeap(inside, world.by("FreeLsaHeap"))
    assert world.told(BlockFreed) == []
    assert [each.inside.partition(",")[0] for each in world.told(ForeignFree)] == [
        "1 bytes into a live block of lsa-heap",
        "16 bytes into a live block of lsa-heap",
        "99 bytes into a live block of lsa-heap",
    ]
    world.memory.FreeLsaHeap(block, world.by("FreeLsaHeap"))
    assert [each.address for each in world.told(BlockFreed)] == [block.address]


@pytest.mark.rule("FLH-3", "FPH-2")
@pytest.mark.parametrize("heap", ["LsaHeap", "PrivateHeap"])
def test_freeing_returns_nothing_and_raises_nothing_whatever_is_freed(heap: str) -> None:
    assert slot(f"Free{heap}").failure_value is FailureValue.NOTHING
    events: list[Event] = []

    async def main(table: FunctionTable) -> list[Any]:
        block = await getattr(table, f"Allocate{heap}")(100)
        free = getattr(table, f"Free{heap}")
        return [await free(each) for each in (block, block, None, block + 16, Pointer(5, "alice"))]

    assert with_table(main, events=events) == [None] * 5
    misused = [type(each) for each in events if isinstance(each, DoubleFree | ForeignFree)]
    assert misused == [DoubleFree, ForeignFree, ForeignFree]


@pytest.mark.rule("FLH-5")
def test_the_callers_pointer_stays_as_it_was_and_an_event_is_the_sign_of_success() -> None:
    (base,) = slot("FreeLsaHeap").parameters
    assert (base.type, base.direction) == ("PVOID", "in")
    events: list[Event] = []

    async def main(table: FunctionTable) -> None:
        block = await table.AllocateLsaHeap(100)
        assert block is not None
        copy = Pointer(block.address, block.space)
        await table.FreeLsaHeap(block)
        assert block == copy
        (told,) = [each for each in events if isinstance(each, BlockFreed)]
        assert (told.heap, told.address, told.size) == ("lsa-heap", block.address, 100)
        await table.FreeLsaHeap(block)
        assert len([each for each in events if isinstance(each, BlockFreed)]) == 1, "no success, so no sign of it"

    with_table(main, events=events)


@pytest.mark.rule("FLH-7")
def test_the_functions_of_one_c_type_are_called_alike() -> None:
    assert typedef("FreeReturnBuffer") == typedef("FreeLsaHeap") == typedef("FreeHeap", "secpkg_dll_functions")
    events: list[Event] = []

    async def main(table: FunctionTable) -> None:
        for free in (table.FreeLsaHeap, table.FreeReturnBuffer):
            block = await table.AllocateLsaHeap(100)
            assert block is not None
            await free(block)

    with_table(main, events=events)
    assert [each.slot for each in events if isinstance(each, SlotUnavailable)] in ([], ["FreeReturnBuffer"])
    shapes = [[(p.type, p.direction) for p in slot(name).parameters] for name in ("FreeLsaHeap", "FreeReturnBuffer")]
    assert shapes[0] == shapes[1] == [("PVOID", "in")]


# ---------------------------------------------------------------------- private heap


@pytest.mark.rule("APH-1", "APH-3", "FPH-1")
def test_a_block_of_the_private_heap_is_memory_that_can_be_freed_and_had_again() -> None:
    async def main(table: FunctionTable) -> None:
        block = await table.AllocatePrivateHeap(100)
        assert isinstance(block, Pointer)
        await table.memory.write(block, b"p" * 100)
        assert await table.memory.read(block, 100) == b"p" * 100
        await table.FreePrivateHeap(block)
        assert await table.AllocatePrivateHeap(100) == block
        assert await table.AllocatePrivateHeap(1 << 40) is None

    with_table(main, settings=lsart.LsaSettings(machine=MachineLimits(private_heap=65536)))


@pytest.mark.rule("APH-4")
def test_a_private_block_may_exceed_a_ulong_and_an_lsa_heap_block_may_not() -> None:
    world = World(private_heap=6 << 30, commit=6 << 30)
    assert world.memory.AllocatePrivateHeap(5 << 30, world.by("AllocatePrivateHeap")) is not None
    assert world.machine.in_use(Resource.COMMIT) == 5 << 30
    world.memory.close()
    events: list[Event] = []

    async def main(table: FunctionTable) -> None:
        assert await table.AllocatePrivateHeap(1 << 32) is None  # its budget is smaller, its parameter is not
        assert await table.AllocateLsaHeap(1 << 32) is None

    with_table(main, events=events)
    assert [each.size for each in events if isinstance(each, AllocationRefused)] == [1 << 32]
    assert [each.slot for each in events if isinstance(each, SlotMisused)] == ["AllocateLsaHeap"]
    assert [each for each in events if isinstance(each, BlockAllocated)] == []
