"""The rules of CreateSharedMemory: what a section is, who reaches it, and what it costs to have many."""

from __future__ import annotations

import struct

import pytest
from worlds import Probe, World, with_probe, with_table

import lsart
from lsart.contract import (
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
    BlockFreed,
    Event,
    PackageDisabled,
    SectionRefused,
)
from lsart.memory import PAGE_SIZE, HeapStatistics, MachineLimits, Resource, section_cost


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
