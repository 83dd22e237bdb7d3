"""Reply buffers of a client: pages come with the first buffer and go with the last, addresses stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import World

from lsart.contract import AccessViolation
from lsart.events import SectionGrew
from lsart.memory import PAGE_SIZE, Backing, Heap, HeapKind, Resource


def buffers_of(world: World) -> Heap:
    """A heap as a client has it, of ten pages."""
    return Heap(
        "buffers of alice",
        HeapKind(allocates="AllocateClientBuffer", frees="FreeClientBuffer", fresh="pattern"),
        limit=10 * PAGE_SIZE,
        backing=Backing(10 * PAGE_SIZE, shared=False),
        space=world.client().space,
        machine=world.machine,
        environment=world.environment,
        owner="alice",
    )


def test_a_client_without_a_reply_holds_no_page_and_no_address_twice() -> None:
    world = World()
    alice = world.client()
    addresses = set()
    for size in (100, 5000, 1):
        buffer = alice.allocate(size, world.by("AllocateClientBuffer"))
        assert buffer is not None
        addresses.add(buffer)
        alice.space.write(buffer.address, b"x")
        assert alice.committed == world.machine.in_use(Resource.COMMIT) > 0
        assert alice.free(buffer.address, world.by("LsaFreeReturnBuffer"))
        assert alice.committed == world.machine.in_use(Resource.COMMIT) == 0
    assert len(addresses) == 1, "every reply of an idle client lies at the same address"
    assert len(alice.space.regions()) == 1
    assert [each.committed for each in world.told(SectionGrew)] == [4096, 8192, 4096]
    assert world.check() == []


def test_a_freed_reply_can_neither_be_touched_nor_freed_again_nor_read_by_the_next_one() -> None:
    world = World()
    alice = world.client()
    first = alice.allocate(100, world.by())
    assert first is not None
    alice.space.write(first.address, b"secret")
    assert alice.free(first.address, world.by())
    assert not alice.free(first.address, world.by())
    with pytest.raises(AccessViolation, match="buffers of alice is committed only up to 0 bytes"):
        alice.space.read(first.address, 1)
    second = alice.allocate(100, world.by())
    assert second == first
    assert alice.space.read(first.address, 100) == bytes(100), "new pages are zeros"


def test_pages_in_front_of_a_live_block_stay_when_a_heap_is_trimmed() -> None:
    world = World()
    heap = buffers_of(world)
    low, middle, high = (heap.allocate(PAGE_SIZE, world.by()) for _ in range(3))
    assert low is not None
    assert middle is not None
    assert high is not None
    heap.backing.data[PAGE_SIZE] = 7
    assert heap.free(low, world.by())
    heap.trim()
    assert heap.backing.committed == 3 * PAGE_SIZE
    assert heap.free(high, world.by())
    heap.trim()
    assert heap.backing.committed == len(heap.backing.data) == world.machine.in_use(Resource.COMMIT) == 2 * PAGE_SIZE
    assert heap.backing.data[PAGE_SIZE] == 7
    assert heap.check() == []
    assert heap.allocate(2 * PAGE_SIZE, world.by()) == high
    assert heap.backing.data[2 * PAGE_SIZE] == 0xCD, "what was given back is fresh again"


@given(
    limit=st.integers(1, 5 * PAGE_SIZE),
    steps=st.lists(st.one_of(st.integers(1, 2 * PAGE_SIZE), st.integers(-6, -1)), max_size=30),
)
def test_whatever_is_allocated_freed_and_trimmed_the_books_close_and_the_tail_is_given_back(
    limit: int, steps: list[int]
) -> None:
    world = World()
    heap = buffers_of(world)
    heap.limit = heap.allocator.limit = limit
    live: list[tuple[int, int]] = []
    for step in steps:
        if step > 0:
            address = heap.allocate(step, world.by())
            if address is not None:
                live.append((address, step))
        elif live:
            assert heap.free(live.pop(step % len(live))[0], world.by())
            heap.trim()
            end = max((address - heap.base + size for address, size in live), default=0)
            assert heap.backing.committed == -(-end // PAGE_SIZE) * PAGE_SIZE
        assert heap.check() == []
        assert len(heap.backing.data) == heap.backing.committed == world.machine.in_use(Resource.COMMIT)
