"""The provider's memory: real bytes, physical runs, nodes, and one machine for all."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ndis_worlds import NdisWorld

from lsart.contract import NDIS_STATUS_INVALID_PARAMETER, NDIS_STATUS_RESOURCES, StatusError
from lsart.events import AllocationRefused, NdisMemoryAllocated, Origin
from lsart.memory import PAGE_SIZE, LsaMemory, Resource
from lsart.ndis import (
    MM_ANY_NODE_OK,
    NDIS_SHARED_MEM_PARAMETERS_CONTIGOUS,
    SCATTER_GATHER_LIST,
)

ROOM = 16 + 24 * 64  # a list of 64 elements


def elements(
    world: NdisWorld, length: int, *, flags: int = 0, node: int = MM_ANY_NODE_OK, room: int = ROOM
) -> list[tuple[int, int]]:
    """Address and length of each element of a new block."""
    sg_list = SCATTER_GATHER_LIST()
    world.allocate(length, flags=flags, preferred_node=node, sg_list_buffer=sg_list, sg_list_buffer_length=room)
    assert sg_list.number_of_elements == len(sg_list.elements)
    return [(each.address, each.length) for each in sg_list.elements]


def node_of(address: int) -> int:
    return (address >> 40) - 1


@pytest.mark.rule("NDAS-6", "NSGL-1", "NUSE-1")
def test_memory_that_need_not_be_contiguous_comes_in_several_elements_that_add_up() -> None:
    world = NdisWorld(run_size=4 * PAGE_SIZE)
    found = elements(world, 10 * PAGE_SIZE + 1)
    assert sum(length for _, length in found) == 10 * PAGE_SIZE + 1
    assert len(found) == 3
    assert all(address + length != after for (address, length), (after, _) in pairwise(found))
    assert [each.elements for each in world.told(NdisMemoryAllocated)] == [3]


@pytest.mark.rule("NDAS-6", "NSGL-1")
def test_contiguous_memory_is_one_element() -> None:
    world = NdisWorld()
    [(_, length)] = elements(world, 100_000, flags=NDIS_SHARED_MEM_PARAMETERS_CONTIGOUS)
    assert length == 100_000


@pytest.mark.rule("NSGL-1")
@given(lengths=st.lists(st.tuples(st.integers(1, 20 * PAGE_SIZE), st.booleans()), min_size=1, max_size=8))
def test_element_lengths_add_up_and_no_byte_belongs_to_two_blocks(lengths: list[tuple[int, bool]]) -> None:
    world = NdisWorld(node_size=256 * PAGE_SIZE)
    taken: list[tuple[int, int]] = []
    for length, contiguous in lengths:
        found = elements(world, length, flags=int(contiguous))
        assert sum(size for _, size in found) == length
        taken += found
    taken.sort()
    assert all(left + size <= right for (left, size), (right, _) in pairwise(taken))
    world.ndis.shutdown()
    assert world.provider.check() == []
    assert world.charged() == 0


def test_scattered_frames_satisfy_who_can_live_with_them_when_no_long_run_is_left() -> None:
    world = NdisWorld(node_size=8 * PAGE_SIZE)
    handles = [world.allocate(PAGE_SIZE)[0] for _ in range(8)]
    for handle in handles[::2]:
        world.ndis.NdisFreeSharedMemory(world.nic, handle)
    with pytest.raises(StatusError, match=r"has one run of 8192 bytes left") as caught:
        world.allocate(2 * PAGE_SIZE, flags=NDIS_SHARED_MEM_PARAMETERS_CONTIGOUS)
    assert caught.value.status == NDIS_STATUS_RESOURCES
    assert [length for _, length in elements(world, 4 * PAGE_SIZE)] == [PAGE_SIZE] * 4
    with pytest.raises(StatusError, match=r"has frames for 4096 bytes left"):
        world.allocate(PAGE_SIZE)
    assert world.provider.check() == []


def test_half_of_what_is_wanted_is_put_back_when_the_rest_is_not_there() -> None:
    world = NdisWorld(node_size=4 * PAGE_SIZE, run_size=PAGE_SIZE)
    with pytest.raises(StatusError):
        world.allocate(5 * PAGE_SIZE)
    world.allocate(4 * PAGE_SIZE)
    assert world.provider.check() == []


@pytest.mark.rule("NSMP-4")
def test_the_preferred_node_is_used_while_it_has_memory_and_another_one_after() -> None:
    world = NdisWorld(nodes=3, node_size=4 * PAGE_SIZE)
    assert node_of(elements(world, 3 * PAGE_SIZE, node=1)[0][0]) == 1
    assert node_of(elements(world, 3 * PAGE_SIZE, node=1)[0][0]) == 0
    assert node_of(elements(world, PAGE_SIZE, node=2)[0][0]) == 2
    assert node_of(elements(world, PAGE_SIZE)[0][0]) == 0
    assert world.provider.check() == []


def test_a_list_that_does_not_hold_the_elements_is_refused_and_costs_nothing() -> None:
    world = NdisWorld(run_size=PAGE_SIZE)
    with pytest.raises(StatusError, match="holds 2 elements and the block needs 3") as caught:
        elements(world, 3 * PAGE_SIZE, room=16 + 3 * 24 - 1)
    assert caught.value.status == NDIS_STATUS_INVALID_PARAMETER
    assert (world.charged(), world.kernel.space.regions()) == (0, ())
    assert world.provider.check() == []
    assert len(elements(world, 3 * PAGE_SIZE, room=16 + 3 * 24)) == 3


def test_blocks_do_not_share_bytes_and_end_where_their_pages_end() -> None:
    world = NdisWorld()
    first = world.allocate(PAGE_SIZE + 1)[1].virtual_address
    second = world.allocate(PAGE_SIZE + 1)[1].virtual_address
    assert first is not None
    assert second is not None
    space = world.kernel.space
    space.write(first.address, b"1" * 2 * PAGE_SIZE)
    assert space.read(second.address, 2 * PAGE_SIZE) == bytes(2 * PAGE_SIZE)
    for address in (first, second):
        region = space.find(address.address)
        assert region is not None
        assert region.backing.size == 2 * PAGE_SIZE


def test_the_checker_sees_a_book_that_does_not_close_and_a_block_that_is_not_mapped() -> None:
    world = NdisWorld()
    _, parameters = world.allocate()
    assert world.provider.check() == []
    [region] = world.kernel.space.regions()
    world.kernel.space.unmap(region)
    world.machine.release("vmswitch", {Resource.COMMIT: PAGE_SIZE})
    world.kernel.physical[0].take("vmswitch", PAGE_SIZE, contiguous=True)
    messages = world.provider.check()
    assert len(messages) == 3
    assert messages[0] == "vmswitch: 0 bytes charged, live blocks account for 4096"
    assert messages[1] == "vmswitch: 8192 bytes of node 0 taken, live blocks hold 4096"
    assert messages[2] == f"vmswitch: block {parameters.shared_memory_handle:#x} is not mapped"


# ------------------------------------------------------------------ one machine


@pytest.mark.rule("NASM-8")
def test_lsa_sections_and_ndis_memory_compete_for_one_commit_limit() -> None:
    world = NdisWorld(commit=16 * PAGE_SIZE)
    lsa = LsaMemory(world.machine, world.kernel.environment)
    origin = Origin("ticketcache", function="test")
    section = lsa.CreateSharedMemory(16 * PAGE_SIZE, 4 * PAGE_SIZE, origin)
    assert section is not None
    handle, _ = world.allocate(10 * PAGE_SIZE)

    block = lsa.AllocateSharedMemory(section, 6 * PAGE_SIZE, origin)
    assert block is not None  # grew by two pages: all sixteen are promised now
    assert lsa.AllocateSharedMemory(section, PAGE_SIZE, origin) is None
    assert [each.cause for each in world.told(AllocationRefused)] == ["machine commit limit"]
    with pytest.raises(StatusError) as caught:
        world.allocate(1)
    assert caught.value.status == NDIS_STATUS_RESOURCES
    assert lsa.CreateSharedMemory(PAGE_SIZE, PAGE_SIZE, origin) is None

    world.ndis.NdisFreeSharedMemory(world.nic, handle)
    assert lsa.AllocateSharedMemory(section, 5 * PAGE_SIZE, origin) is not None
    world.allocate(5 * PAGE_SIZE)
    with pytest.raises(StatusError):
        world.allocate(1)
    assert lsa.check(client_commit=world.provider.committed) == []
    assert world.provider.check() == []

    lsa.DeleteSharedMemory(section, origin)
    world.allocate(11 * PAGE_SIZE)
    world.ndis.shutdown()
    lsa.close()
    assert set(world.machine.statistics().in_use.values()) == {0}


def test_what_the_provider_costs_is_commit_and_nothing_else() -> None:
    world = NdisWorld()
    world.allocate(5 * PAGE_SIZE + 1)
    in_use = {resource.name: amount for resource, amount in world.machine.statistics().in_use.items() if amount}
    assert in_use == {"COMMIT": 6 * PAGE_SIZE}
