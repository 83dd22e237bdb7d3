"""Sections: real bytes, reserve against commit, the edges of ULONG, and views in client processes."""

from __future__ import annotations

import subprocess
import sys

import pytest
from worlds import World

from lsart.contract import AccessViolation
from lsart.events import (
    AllocationRefused,
    SectionDeleted,
    SectionGrew,
    SectionLeaked,
    SectionMapped,
    SectionReleased,
    SectionUnmapped,
)
from lsart.memory import Resource

ULONG_MAX = 0xFFFF_FFFF


def test_the_commit_grows_page_by_page_as_blocks_need_it() -> None:
    world = World()
    section = world.create(65536, 0)
    committed = []
    for size in (1, 4080, 1, 4096, 16, 30_000):
        world.allocate(section, size)
        committed.append(world.section(section).backing.committed)
    assert committed == [4096, 4096, 8192, 12288, 12288, 40960]
    assert [each.committed for each in world.told(SectionGrew)] == [4096, 8192, 12288, 40960]
    assert world.machine.in_use(Resource.COMMIT) == 40960
    assert world.check() == []


def test_what_is_committed_stays_committed_when_blocks_are_freed() -> None:
    world = World()
    section = world.create(65536, 0)
    world.free(section, world.allocate(section, 40_000))
    assert world.section(section).backing.committed == 40960
    world.allocate(section, 40_000)
    assert len(world.told(SectionGrew)) == 1


@pytest.mark.parametrize(("used", "touchable"), [(4095, 4096), (4096, 4096), (4097, 8192)])
def test_the_committed_pages_can_be_touched_to_their_last_byte(used: int, touchable: int) -> None:
    world = World()
    section = world.create(65536, 0)
    world.allocate(section, used)
    world.memory.space.write(section.address + touchable - 1, b"x")
    with pytest.raises(AccessViolation, match=f"section-1 is committed only up to {touchable} bytes"):
        world.memory.space.write(section.address + touchable, b"x")


def test_growth_shows_in_every_view_at_once() -> None:
    world = World()
    section = world.create(65536, 0)
    alice = world.client()
    view = alice.map_section(world.section(section))
    with pytest.raises(AccessViolation, match="committed only up to 0 bytes"):
        alice.space.read(view.address, 1)
    block = world.allocate(section, 10_000)
    world.memory.space.write(block.address, b"x" * 10_000)
    assert alice.space.read(view.address + (block - section), 10_000) == b"x" * 10_000


def test_the_largest_ulong_can_be_reserved_and_is_not_paid_for() -> None:
    world = World()
    section = world.create(ULONG_MAX, 0)
    assert world.section(section).backing.size == 1 << 32
    assert world.machine.in_use(Resource.COMMIT) == 0
    assert world.machine.in_use(Resource.ADDRESS_SPACE) == 1 << 32
    block = world.allocate(section, 100)
    world.memory.space.write(block.address, b"x" * 100)
    assert world.try_allocate(section, ULONG_MAX) is None
    assert world.last(AllocationRefused).cause == "maximum size reached"
    assert world.check() == []


def test_the_largest_ulong_cannot_be_committed_on_a_machine_that_has_less() -> None:
    world = World(commit=1 << 31)
    section = world.create(ULONG_MAX, 0)
    assert world.try_allocate(section, 3 << 30) is None
    assert world.last(AllocationRefused).cause == "machine commit limit"
    assert world.memory.CreateSharedMemory(ULONG_MAX, ULONG_MAX, world.by("CreateSharedMemory")) is None
    assert world.check() == []


@pytest.mark.parametrize("negative", [(-1, 0), (-1, -1), (0, -1)])
def test_what_no_ulong_can_carry_makes_no_section_even_without_the_host(negative: tuple[int, int]) -> None:
    world = World()
    assert world.memory.CreateSharedMemory(*negative, world.by("CreateSharedMemory")) is None
    assert world.try_allocate(world.create(), -1) is None
    assert world.last(AllocationRefused).cause == "bad size"


# ---------------------------------------------------------------------- views


def test_each_process_has_the_section_at_its_own_address_so_pointers_do_not_travel_and_offsets_do() -> None:
    world = World()
    section = world.create(65536, 65536)
    views = [world.client(name).map_section(world.section(section)) for name in ("alice", "bob", "carol")]
    assert len({section.address, *(each.address for each in views)}) == 4
    block = world.allocate(section, 16)
    world.memory.space.write(block.address, b"sixteen bytes!!!")
    for client, view in zip(world.clients, views, strict=True):
        assert client.space.read(view.address + (block - section), 16) == b"sixteen bytes!!!"
        with pytest.raises(AccessViolation, match="nothing is mapped there"):
            client.space.read(block.address, 16)


def test_a_read_only_view_reads_and_refuses_writes() -> None:
    world = World()
    section = world.create(65536, 4096)
    alice = world.client()
    view = alice.map_section(world.section(section), writable=False)
    assert alice.space.read(view.address, 4) == bytes(4)
    with pytest.raises(AccessViolation, match="section-1 is read-only in this process"):
        alice.space.write(view.address, b"x")


def test_a_second_mapping_finds_the_first() -> None:
    world = World()
    section = world.section(world.create())
    alice = world.client()
    assert alice.map_section(section) == alice.map_section(section)
    assert len(world.told(SectionMapped)) == 1


def test_a_second_mapping_makes_a_read_only_view_writable_and_never_the_other_way_round() -> None:
    world = World()
    section = world.section(world.create(65536, 4096))
    alice = world.client()
    view = alice.map_section(section, writable=False)
    assert alice.map_section(section) == view
    alice.space.write(view.address, b"written")
    assert alice.map_section(section, writable=False) == view
    alice.space.write(view.address, b"written again, as the writable mapping is still there")


def test_the_pages_of_a_deleted_section_live_until_the_last_view_goes() -> None:
    world = World()
    section = world.create(65536, 8192)
    alice, bob = world.client("alice"), world.client("bob")
    view = alice.map_section(world.section(section))
    bob.map_section(world.section(section))
    alice.space.write(view.address, b"still here")
    assert world.delete(section)
    assert world.last(SectionDeleted).views == 2
    assert world.machine.in_use(Resource.COMMIT) == 8192
    assert world.machine.in_use(Resource.HANDLES) == world.machine.in_use(Resource.ADDRESS_SPACE) == 0
    assert world.check() == []
    bob.close()
    assert alice.space.read(view.address, 10) == b"still here"
    assert world.told(SectionReleased) == []
    assert world.check() == []
    alice.close()
    assert [each.section for each in world.told(SectionReleased)] == ["section-1"]
    assert len(world.told(SectionUnmapped)) == 2
    assert world.machine.in_use(Resource.COMMIT) == world.machine.in_use(Resource.PAGED_POOL) == 0
    assert world.check() == []


def test_a_deleted_section_cannot_be_mapped_anew() -> None:
    world = World()
    pointer = world.create()
    section = world.section(pointer)
    world.client("alice").map_section(section)
    world.delete(pointer)
    with pytest.raises(LookupError, match="section-1 was deleted; a view of it can be kept, but not made"):
        world.client("bob").map_section(section)
    assert world.check() == []


def test_closing_gives_everything_back_and_leaves_nothing_to_check() -> None:
    world = World()
    section = world.create()
    world.allocate(section, 5000)
    alice = world.client()
    alice.map_section(world.section(section))
    world.memory.AllocateLsaHeap(100, world.by("AllocateLsaHeap"))
    world.memory.AllocatePrivateHeap(100, world.by("AllocatePrivateHeap"))
    assert alice.allocate(100, world.by("AllocateClientBuffer")) is not None
    assert world.check() == []
    alice.close()
    world.memory.close()
    assert {each: world.machine.in_use(each) for each in Resource} == dict.fromkeys(Resource, 0)
    assert world.machine.statistics().by_owner == {}
    assert world.check() == []


def test_what_an_unloaded_package_leaves_is_told_and_given_back_and_the_others_keep_theirs() -> None:
    world = World()
    leaked, kept = world.create(package="leaky"), world.create(package="tidy")
    world.allocate(leaked, 100, package="leaky")
    world.allocate(kept, 300, package="leaky")  # in somebody else's section
    remaining = world.allocate(kept, 400, package="tidy")
    world.memory.release_package("leaky", world.now)
    assert [each.section for each in world.told(SectionLeaked)] == ["section-1"]
    assert world.told(SectionLeaked)[0].created.function == "CreateSharedMemory"
    assert world.memory.section_at(leaked) is None
    assert world.section(kept).block_at(remaining.address) is not None
    assert world.section(kept).statistics().live_blocks == 1
    assert world.check() == []


# ---------------------------------------------------------------------- many

TEN_THOUSAND = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
from lsart.events import Origin
from lsart.memory import Environment, LsaMemory, Machine
memory = LsaMemory(Machine(), Environment())
origin = Origin("cache")
sections = [memory.CreateSharedMemory(65536, 4096, origin) for _ in range(10_000)]
assert None not in sections
blocks = [memory.AllocateSharedMemory(section, 8, origin) for section in sections]
for number, block in enumerate(blocks):
    memory.space.write(block.address, number.to_bytes(8, "little"))
for number, block in enumerate(blocks):
    assert memory.space.read(block.address, 8) == number.to_bytes(8, "little")
assert memory.check() == []
exported = [memory.section_at(section).export() for section in sections[::1000]]
assert len({export.path for export in exported}) == 10
memory.close()
print("ten thousand")
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are not what mappings cost there")
def test_ten_thousand_sections_live_with_a_thousand_descriptors() -> None:
    done = subprocess.run([sys.executable, "-c", TEN_THOUSAND], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("ten thousand\n", "")
