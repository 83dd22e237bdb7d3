"""Address spaces: page edges, protection, and reasons that say what was wrong."""

from __future__ import annotations

from itertools import pairwise

import pytest

from lsart.contract import AccessViolation
from lsart.memory import ALLOCATION_GRANULARITY, PAGE_SIZE, Access, AddressSpace, Backing, Protection


def backing(size: int, committed: int) -> Backing:
    made = Backing(size, shared=False)
    made.commit(committed)
    return made


def space_with(size: int = 4 * PAGE_SIZE, committed: int = PAGE_SIZE) -> tuple[AddressSpace, int]:
    space = AddressSpace("alice")
    return space, space.map(backing(size, committed), "section-1").base


@pytest.mark.parametrize(
    ("offset", "length"), [(0, 4095), (0, 4096), (4095, 1), (4096, 0), (1, 4095)], ids=lambda each: str(each)
)
def test_everything_up_to_the_last_committed_byte_can_be_touched(offset: int, length: int) -> None:
    space, base = space_with()
    space.write(base + offset, b"x" * length)
    assert space.read(base + offset, length) == b"x" * length


@pytest.mark.parametrize(("offset", "fits"), [(-1, 0), (0, 4096), (4095, 1), (4096, 0), (4097, 0), (4 * PAGE_SIZE, 0)])
def test_what_can_be_written_from_an_address_on_ends_with_the_commit(offset: int, fits: int) -> None:
    space, base = space_with()
    assert space.writable_from(base + offset) == fits
    space.regions()[0].protection = Protection.READ_ONLY
    assert space.writable_from(base + offset) == 0


@pytest.mark.parametrize(("offset", "length"), [(0, 4097), (4095, 2), (4096, 1), (1, 4096), (4097, 0)])
def test_one_byte_beyond_the_commit_is_refused_and_the_reason_names_both(offset: int, length: int) -> None:
    space, base = space_with()
    expected = f"section-1 is committed only up to 4096 bytes, and this ends at offset {offset + length}"
    for touch in (lambda: space.read(base + offset, length), lambda: space.write(base + offset, b"x" * length)):
        with pytest.raises(AccessViolation) as caught:
            touch()
        assert caught.value.reason == expected
    assert space.read(base, 4096) == bytes(4096), "nothing was written, not even the part that would fit"


def test_the_violation_says_who_where_how_much_and_what_for() -> None:
    space, base = space_with()
    with pytest.raises(AccessViolation) as caught:
        space.write(base + 4096, b"abc")
    error = caught.value
    assert (error.space, error.address, error.length, error.kind) == ("alice", base + 4096, 3, "write")
    assert str(error).startswith(f"access violation: write of 3 bytes at {base + 4096:#x} in alice: section-1 is")


@pytest.mark.parametrize(
    ("offset", "length", "reason"),
    [
        (-1, 1, "nothing is mapped there"),
        (4 * PAGE_SIZE, 1, "nothing is mapped there"),
        (4 * PAGE_SIZE - 1, 2, "it runs 1 bytes past the end of section-1"),
        (0, 5 * PAGE_SIZE, "it runs 4096 bytes past the end of section-1"),
        (0, 5 << 30, "it runs 5368692736 bytes past the end of section-1"),
        (0, -1, "a length cannot be negative"),
        (1 << 62, 1, "nothing is mapped there"),
    ],
)
def test_the_reason_says_what_was_wrong(offset: int, length: int, reason: str) -> None:
    space, base = space_with(committed=4 * PAGE_SIZE)
    with pytest.raises(AccessViolation) as caught:
        space.read(base + offset, length)
    assert caught.value.reason == reason


def test_nothing_is_ever_mapped_at_null() -> None:
    space, _ = space_with()
    with pytest.raises(AccessViolation, match="nothing is mapped there"):
        space.read(0, 1)
    assert space.find(0) is None


@pytest.mark.parametrize(
    ("protection", "reads", "writes"),
    [(Protection.READ_WRITE, True, True), (Protection.READ_ONLY, True, False), (Protection.NO_ACCESS, False, False)],
)
def test_protection_decides_what_may_be_done(protection: Protection, reads: bool, writes: bool) -> None:
    space = AddressSpace("alice")
    base = space.map(backing(PAGE_SIZE, PAGE_SIZE), "section-1", protection=protection).base

    def reason(kind: str) -> str:
        try:
            space.read(base, 1) if kind == "read" else space.write(base, b"x")
        except AccessViolation as error:
            return error.reason
        return ""

    refused = f"section-1 is {protection.value} in this process"
    assert reason("read") == ("" if reads else refused)
    assert reason("write") == ("" if writes else refused)


def test_a_gap_lies_behind_every_region_so_that_running_off_its_end_is_caught() -> None:
    space = AddressSpace("alice")
    regions = [space.map(backing(size, size), f"section-{size}") for size in (4096, 65536, 65537, 4096)]
    assert [each.base % ALLOCATION_GRANULARITY for each in regions] == [0, 0, 0, 0]
    for each in regions:
        with pytest.raises(AccessViolation, match="nothing is mapped there"):
            space.read(each.base + each.backing.size + 1, 1)
    for region, after in pairwise(regions):
        assert after.base - (region.base + region.backing.size) >= ALLOCATION_GRANULARITY


@pytest.mark.parametrize("shift", [-8191, -4096, 0, 4096, 8191])
def test_regions_never_overlap(shift: int) -> None:
    space = AddressSpace("alice")
    base = space.map(backing(8192, 0), "first").base
    with pytest.raises(ValueError, match=r"alice: cannot map second at 0x\w+: addresses are taken"):
        space.map(backing(8192, 0), "second", base=base + shift)
    assert [each.name for each in space.regions()] == ["first"]


@pytest.mark.parametrize("shift", [-8192, 8192])
def test_regions_may_touch(shift: int) -> None:
    space = AddressSpace("alice")
    base = space.map(backing(8192, 8192), "first").base
    space.map(backing(8192, 8192), "second", base=base + shift)
    with pytest.raises(AccessViolation, match="past the end of"):
        space.read(base - 1 if shift < 0 else base + 8191, 2)


def test_what_is_unmapped_is_gone_and_its_addresses_are_not_used_again() -> None:
    space = AddressSpace("alice")
    regions = [space.map(backing(4096, 4096), f"section-{number}") for number in range(4)]
    space.unmap(regions[2])
    with pytest.raises(AccessViolation, match="nothing is mapped there"):
        space.read(regions[2].base, 1)
    assert space.map(backing(4096, 4096), "later").base > regions[3].base
    assert [each.name for each in space.regions()] == ["section-0", "section-1", "section-3", "later"]
    with pytest.raises(ValueError, match="section-2 is not mapped at"):
        space.unmap(regions[2])


def test_the_tap_sees_a_write_before_it_is_done_and_a_read_after() -> None:
    space, base = space_with()
    seen: list[tuple[Access, bytes]] = []

    def tap(access: Access) -> None:
        space.tap = None  # so that looking is not seen itself
        seen.append((access, space.read(base, 4)))
        space.tap = tap

    space.tap = tap
    space.write(base, b"next")
    space.read(base + 1, 2)
    with pytest.raises(AccessViolation):
        space.read(base, 4097)
    assert seen == [
        (Access("alice", base, 4, "write", "section-1"), bytes(4)),
        (Access("alice", base + 1, 2, "read", "section-1"), b"next"),
    ]


def test_what_was_read_does_not_change_when_the_memory_does() -> None:
    space, base = space_with()
    space.write(base, b"before")
    copy = space.read(base, 6)
    space.write(base, b"after!")
    assert copy == b"before"
    assert type(copy) is bytes
