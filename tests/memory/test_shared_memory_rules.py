"""The rules of the four shared-memory functions, each shown in a small world or through a running LSA's table."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest
from worlds import Probe, World, with_probe, with_table

import lsart
from lsart.contract import (
    LSA_SECPKG_SLOTS,
    NTSTATUS,
    SEC_E_MESSAGE_ALTERED,
    STATUS_ACCESS_VIOLATION,
    AccessViolation,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    StatusError,
)
from lsart.events import (
    AllocationRefused,
    BlockAllocated,
    BlockFreed,
    Event,
    ForeignFree,
    PackageDisabled,
    SectionDeleted,
    SectionRefused,
    SlotMisused,
    WrongPair,
)
from lsart.memory import PAGE_SIZE, HeapStatistics, MachineLimits, Resource, section_cost

FUNCTIONS = ("CreateSharedMemory", "AllocateSharedMemory", "FreeSharedMemory", "DeleteSharedMemory")


def declared(name: str) -> tuple[str, list[tuple[str, str]]]:
    """Result type and parameters as the contract declares them."""
    slot = next(each for each in LSA_SECPKG_SLOTS if each.name == name)
    return slot.returns, [(each.windows_name, each.type) for each in slot.parameters]


# ---------------------------------------------------------------------- CreateSharedMemory


@pytest.mark.rule("CSM-1")
def test_package_and_clients_see_each_others_bytes_in_one_section() -> None:
    async def main(lsa: lsart.Lsa, probe: Probe) -> None:
        section = await probe.table.CreateSharedMemory(65536, PAGE_SIZE)
        assert section is not None
        async with lsa.connect("alice") as alice, lsa.connect("bob") as bob:
            at_alice, at_bob = alice.map_section("probe"), bob.map_section("probe")
            await probe.table.memory.write(section + 100, b"from the package")
            assert await at_alice.read(100, 16) == await at_bob.read(100, 16) == b"from the package"
            await at_alice.write(100, b"from one client!")
            assert await at_bob.read(100, 16) == b"from one client!"
            assert await probe.table.memory.read(section + 100, 16) == b"from one client!"

    with_probe(main)


@pytest.mark.rule("CSM-2")
@pytest.mark.parametrize("max_size", [4096, 5000, 65536])
def test_a_section_never_gives_out_more_than_its_maximum(max_size: int) -> None:
    world = World()
    section = world.create(max_size, 0)
    taken = 0
    while world.try_allocate(section, 16) is not None:
        taken += 16
    assert max_size - 16 < taken <= max_size
    assert world.last(AllocationRefused).cause == "maximum size reached"
    assert world.section(section).backing.committed <= -(-max_size // PAGE_SIZE) * PAGE_SIZE
    largest = max_size - max_size % 16
    assert world.last(AllocationRefused).largest_free == 0
    assert world.try_allocate(world.create(max_size), largest) is not None, "the maximum itself is to be had"
    assert world.try_allocate(world.create(max_size), largest + 1) is None
    assert world.last(AllocationRefused).largest_free == largest


@pytest.mark.rule("CSM-3")
@pytest.mark.parametrize("initial_size", [0, 1, 4096, 4097, 65536])
def test_a_section_starts_with_its_initial_size_and_can_use_that_at_once(initial_size: int) -> None:
    pages = -(-initial_size // PAGE_SIZE) * PAGE_SIZE
    world = World(commit=pages)  # a machine with nothing to spare beyond the initial size
    section = world.create(65536, initial_size)
    assert world.section(section).backing.committed == pages == world.machine.in_use(Resource.COMMIT)
    if initial_size:
        world.memory.space.write(section.address + initial_size - 1, b"x")
        assert world.try_allocate(section, initial_size) is not None
    with pytest.raises(AccessViolation):
        world.memory.space.read(section.address + pages, 1)
    assert world.try_allocate(section, 65536) is None


@pytest.mark.rule("CSM-4")
def test_success_is_a_pointer_to_the_section_in_lsass() -> None:
    async def main(table: FunctionTable) -> None:
        section = await table.CreateSharedMemory(65536, PAGE_SIZE)
        assert isinstance(section, Pointer)
        assert section.space == "lsass"
        assert await table.memory.read(section, PAGE_SIZE) == bytes(PAGE_SIZE)

    with_table(main)


@pytest.mark.rule("CSM-5")
@pytest.mark.parametrize(
    ("limits", "resource"),
    [
        ({"commit": PAGE_SIZE - 1}, "commit limit"),
        ({"paged_pool": 512}, "paged pool"),
        ({"handles": 0}, "handles"),
        ({"address_space": 65535}, "address space"),
    ],
)
def test_null_when_the_section_cannot_be_reserved_and_nothing_stays_charged(
    limits: dict[str, int], resource: str
) -> None:
    events: list[Event] = []

    async def main(lsa: lsart.Lsa, probe: Probe) -> None:
        assert await probe.table.CreateSharedMemory(65536, PAGE_SIZE) is None
        assert {lsa.machine.in_use(each) for each in Resource} == {0}
        assert lsa.memory.sections() == ()

    with_probe(main, settings=lsart.LsaSettings(machine=MachineLimits(**limits)), events=events)
    assert [each.resource for each in events if isinstance(each, SectionRefused)] == [resource]


LIMITS: dict[Resource, dict[str, int]] = {
    Resource.COMMIT: {"commit": 1 << 20},
    Resource.PAGED_POOL: {"paged_pool": 1 << 14},
    Resource.HANDLES: {"handles": 40},
    Resource.ADDRESS_SPACE: {"address_space": 5 << 20},
}


@pytest.mark.rule("CSM-6")
@pytest.mark.parametrize("resource", list(Resource), ids=lambda each: each.name)
def test_a_section_per_client_exhausts_the_machine_at_the_predicted_client_where_one_section_serves_all(
    resource: Resource,
) -> None:
    max_size, initial_size, clients = 80_000, 10_000, 200
    cost = section_cost(max_size, 12288)  # 10,000 bytes are three pages
    predicted = MachineLimits(**LIMITS[resource]).of(resource) // cost[resource]
    assert 0 < predicted < clients

    world = World(None, **LIMITS[resource])
    created = [
        world.memory.CreateSharedMemory(max_size, initial_size, world.by("CreateSharedMemory")) for _ in range(clients)
    ]
    assert created.index(None) == predicted
    assert world.last(SectionRefused).resource == resource.value
    assert world.check() == []

    shared = World(None, **LIMITS[resource])
    section = shared.create(max_size, initial_size)
    for number in range(clients):
        shared.client(f"client-{number}").map_section(shared.section(section))
        assert shared.try_allocate(section, 100) is not None
    assert shared.check() == []


@pytest.mark.rule("CSM-7")
def test_a_client_can_write_every_byte_and_no_byte_changes_where_the_next_block_goes() -> None:
    def life(*, attacked: bool) -> tuple[list[Pointer | None], HeapStatistics]:
        world = World()
        section = world.create(65536, 16384)
        blocks = [world.allocate(section, 100 + 40 * number) for number in range(20)]
        for block in blocks[::3]:
            world.free(section, block)
        if attacked:
            alice = world.client()
            view = alice.map_section(world.section(section))
            alice.space.write(view.address, b"\xff" * 16384)
            assert world.memory.space.read(section.address, 16384) == b"\xff" * 16384
        assert world.check() == []
        after = [world.try_allocate(section, size) for size in (64, 200, 96, 1000, 16384, 300, 70_000)]
        world.free(section, blocks[1])
        after.append(world.try_allocate(section, 140))
        assert world.check() == []
        return after, world.section(section).statistics()

    assert life(attacked=True) == life(attacked=False)


async def hostile_run(length_from: str) -> tuple[list[Event], lsart.NTSTATUS | None]:
    """A package that stores one record, a client that writes 0xFFFFFFFF over its length, then a read of it."""
    events: list[Event] = []
    blocks: list[Pointer] = []
    bus = lsart.Bus()
    bus.subscribe(events.append)

    async def serve(table: FunctionTable, request: ClientRequest, submit: bytes) -> CallPackageReply:
        block = blocks[0]
        length = int.from_bytes(await table.memory.read(block, 4), "little") if length_from == "section" else 12
        return await table.reply(request, await table.memory.read(block + 4, length))

    probe = Probe(serve)
    async with lsart.open_lsa(probe, bus=bus) as lsa:
        section = await probe.table.CreateSharedMemory(65536, PAGE_SIZE)
        assert section is not None
        block = await probe.table.AllocateSharedMemory(section, 16)
        assert block is not None
        blocks.append(block)
        await probe.table.memory.write(block, (12).to_bytes(4, "little") + b"twelve bytes")
        async with lsa.connect("mallory") as mallory, lsa.connect("alice") as alice:
            await mallory.map_section("probe").write(block - section, b"\xff\xff\xff\xff")
            try:
                reply = await alice.call("probe", b"")
            except StatusError as error:
                return events, error.status
            assert reply.data == b"twelve bytes"
            return events, None


@pytest.mark.rule("CSM-8")
def test_a_package_that_trusts_a_length_in_the_section_goes_down_and_one_that_does_not_serves_on() -> None:
    events, status = lsart.run(hostile_run, "section", seed=0)
    assert status == STATUS_ACCESS_VIOLATION
    assert [type(each) for each in events if isinstance(each, PackageDisabled)] == [PackageDisabled]
    events, status = lsart.run(hostile_run, "own memory", seed=0)
    assert status is None
    assert [each for each in events if isinstance(each, PackageDisabled)] == []


@pytest.mark.rule("CSM-8")
def test_the_ticket_cache_hands_out_no_ticket_that_a_client_has_changed() -> None:
    async def main() -> list[NTSTATUS]:
        async with lsart.open_lsa("ticketcache") as lsa, lsa.connect("mallory") as mallory:
            put, get, drop = (struct.pack("<BI", operation, 7) for operation in (1, 2, 3))
            put += b"a ticket of the king"
            await mallory.call("ticketcache", put)
            assert (await mallory.call("ticketcache", get)).data == b"a ticket of the king"
            await mallory.call("ticketcache", drop)  # so that from now on the ticket lies at the start
            view = mallory.map_section("ticketcache")
            statuses = []
            for offset in range(32):  # header and ticket, byte by byte
                await mallory.call("ticketcache", put)
                original = await view.read(offset, 1)
                await view.write(offset, bytes([original[0] ^ 1]))
                reply = await mallory.call("ticketcache", get)
                assert reply.data == b""
                statuses.append(reply.protocol_status)
            return statuses

    assert lsart.run(main, seed=0) == [SEC_E_MESSAGE_ALTERED] * 32


@pytest.mark.rule("CSM-9")
def test_only_the_returned_pointer_is_the_handle_of_a_section() -> None:
    events: list[Event] = []

    async def main(table: FunctionTable) -> None:
        section = await table.CreateSharedMemory(65536, PAGE_SIZE)
        assert section is not None
        block = await table.AllocateSharedMemory(section, 100)
        assert block is not None
        for wrong in (section + 16, section + PAGE_SIZE, section - 65536, Pointer(section.address, "alice")):
            assert await table.AllocateSharedMemory(wrong, 100) is None
            await table.FreeSharedMemory(wrong, block)
            assert await table.DeleteSharedMemory(wrong) is False
        same_value = Pointer(section.address, section.space)
        await table.FreeSharedMemory(same_value, block)
        assert await table.AllocateSharedMemory(same_value, 100) == block
        assert await table.DeleteSharedMemory(same_value) is True

    with_table(main, events=events)
    assert [each.cause for each in events if isinstance(each, AllocationRefused)] == ["bad section"] * 4
    assert len([each for each in events if isinstance(each, BlockFreed)]) == 1


@pytest.mark.rule("CSM-10", "DSM-1", "DSM-5")
def test_delete_gives_back_all_that_create_took() -> None:
    world = World()
    before = {each: world.machine.in_use(each) for each in Resource}
    section = world.create(1 << 20, 1 << 16)
    world.allocate(section, 200_000)  # and what growth took since
    assert all(world.machine.in_use(each) > before[each] for each in Resource)
    assert world.delete(section) is True
    assert {each: world.machine.in_use(each) for each in Resource} == before
    assert world.memory.space.find(section.address) is None, "its addresses are reserved no more"
    assert world.check() == []


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


# ---------------------------------------------------------------------- declarations


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
