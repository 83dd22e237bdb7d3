"""Memory nodes have limits of their own, providers have theirs on each node, and all live within one commit limit."""

from __future__ import annotations

from typing import Any

import pytest
from ndis_worlds import NdisWorld

from lsart.contract import NDIS_STATUS_INVALID_PARAMETER, NDIS_STATUS_RESOURCES
from lsart.events import NdisNodeMissed, ResourceRefused
from lsart.memory import PAGE_SIZE, Machine
from lsart.ndis import (
    NDIS_SHARED_MEM_PARAMETERS_CONTIGOUS,
    SCATTER_GATHER_LIST,
    Kernel,
    MemoryNode,
    SharedMemoryProvider,
)


def taken(world: NdisWorld) -> list[dict[str, int]]:
    """Pages that each owner has of each node."""
    nodes = world.kernel.node_statistics()
    assert [each.in_use for each in nodes] == [sum(each.by_owner.values()) for each in nodes]
    return [{owner: amount // PAGE_SIZE for owner, amount in each.by_owner.items()} for each in nodes]


def test_nodes_may_differ_in_size_and_in_the_length_of_their_runs() -> None:
    nodes = (MemoryNode(2 * PAGE_SIZE, PAGE_SIZE), MemoryNode(8 * PAGE_SIZE, 4 * PAGE_SIZE))
    kernel = Kernel(Machine(), nodes=nodes)
    assert [(each.size, each.in_use, each.largest_run) for each in kernel.node_statistics()] == [
        (2 * PAGE_SIZE, 0, 2 * PAGE_SIZE),
        (8 * PAGE_SIZE, 0, 8 * PAGE_SIZE),
    ]
    small, large = kernel.physical
    assert small.take("a", 3 * PAGE_SIZE, contiguous=False) is None
    assert [each.length for each in large.take("a", 6 * PAGE_SIZE, contiguous=False) or ()] == [
        2 * PAGE_SIZE,
        4 * PAGE_SIZE,
    ]
    assert kernel.node_statistics()[1].largest_run == 2 * PAGE_SIZE
    assert kernel.node_statistics()[1].by_owner == {"a": 6 * PAGE_SIZE}


def test_a_full_node_sends_who_prefers_it_to_another_one_and_that_is_told() -> None:
    world = NdisWorld(nodes=2, node_size=4 * PAGE_SIZE)
    world.allocate(3 * PAGE_SIZE, preferred_node=1)
    assert world.told(NdisNodeMissed) == []
    world.allocate(2 * PAGE_SIZE, preferred_node=1)
    assert taken(world) == [{"vmswitch": 2}, {"vmswitch": 3}]
    [missed] = world.told(NdisNodeMissed)
    assert (missed.preferred_node, missed.node, missed.length, missed.provider) == (1, 0, 2 * PAGE_SIZE, "vmswitch")
    world.allocate(PAGE_SIZE)  # who has no preference misses nothing
    assert len(world.told(NdisNodeMissed)) == 1


def test_a_block_is_never_made_of_two_nodes() -> None:
    world = NdisWorld(nodes=2, node_size=4 * PAGE_SIZE)
    error = world.refused(length=5 * PAGE_SIZE)
    assert error.status == NDIS_STATUS_RESOURCES
    assert taken(world) == [{}, {}]
    assert world.charged() == 0


def test_a_contiguous_block_looks_for_its_run_on_every_node() -> None:
    world = NdisWorld(nodes=2, node_size=4 * PAGE_SIZE)
    holes = [world.allocate(PAGE_SIZE, preferred_node=0)[0] for _ in range(4)]
    for handle in holes[::2]:
        world.ndis.NdisFreeSharedMemory(world.nic, handle)
    sg_list = SCATTER_GATHER_LIST()
    wanted: dict[str, Any] = {"length": 2 * PAGE_SIZE, "sg_list_buffer": sg_list, "sg_list_buffer_length": 64}
    world.allocate(**wanted, preferred_node=0, flags=NDIS_SHARED_MEM_PARAMETERS_CONTIGOUS)
    assert sg_list.number_of_elements == 1
    assert taken(world) == [{"vmswitch": 2}, {"vmswitch": 2}]
    world.allocate(**wanted, preferred_node=0)  # scattered, so the holes will do
    assert sg_list.number_of_elements == 2
    assert taken(world) == [{"vmswitch": 4}, {"vmswitch": 2}]
    assert world.provider.check() == []


def test_providers_take_from_the_same_frames_and_each_keeps_to_its_quota() -> None:
    world = NdisWorld(nodes=2, node_size=4 * PAGE_SIZE, quotas=(PAGE_SIZE, 3 * PAGE_SIZE))
    second = SharedMemoryProvider(world.kernel, "second")
    world.allocate(PAGE_SIZE, preferred_node=0)
    world.allocate(PAGE_SIZE, preferred_node=0)  # its quota there is used up, frames are not
    assert taken(world) == [{"vmswitch": 1}, {"vmswitch": 1}]
    world.ndis.close(world.switch)
    world.register("second", second.characteristics())
    for _ in range(3):
        world.allocate(2 * PAGE_SIZE, preferred_node=0)
    assert taken(world) == [{"second": 4}, {"second": 2}]
    for provider in (world.provider, second):
        assert provider.check() == []


def test_a_quota_holds_across_nodes_and_its_memory_comes_back_with_a_free() -> None:
    world = NdisWorld(nodes=2, node_size=4 * PAGE_SIZE, quotas=(2 * PAGE_SIZE, 0))
    first, _ = world.allocate(PAGE_SIZE)
    world.allocate(PAGE_SIZE)
    assert world.refused(length=PAGE_SIZE).status == NDIS_STATUS_RESOURCES
    world.ndis.NdisFreeSharedMemory(world.nic, first)
    world.allocate(PAGE_SIZE, preferred_node=1)
    assert taken(world) == [{"vmswitch": 2}, {}]


def test_frames_go_back_when_the_commit_limit_refuses_the_block() -> None:
    world = NdisWorld(commit=3 * PAGE_SIZE, nodes=2, node_size=4 * PAGE_SIZE)
    world.allocate(2 * PAGE_SIZE, preferred_node=1)
    assert world.refused(length=2 * PAGE_SIZE, preferred_node=0).status == NDIS_STATUS_RESOURCES
    assert [each.resource for each in world.told(ResourceRefused)] == ["commit limit"]
    assert taken(world) == [{}, {"vmswitch": 2}]
    assert world.told(NdisNodeMissed) == []
    world.ndis.shutdown()
    assert taken(world) == [{}, {}]


def test_nodes_are_counted_from_zero_whatever_a_provider_may_have_there() -> None:
    world = NdisWorld(nodes=2, quotas=(PAGE_SIZE, 0))
    world.allocate(preferred_node=1)
    assert world.refused(length=PAGE_SIZE, preferred_node=2).status == NDIS_STATUS_INVALID_PARAMETER


def test_the_checker_sees_frames_without_an_owner_and_a_quota_that_is_exceeded() -> None:
    world = NdisWorld(nodes=1, node_size=4 * PAGE_SIZE)
    world.allocate(2 * PAGE_SIZE)
    world.provider._quotas = (PAGE_SIZE,)
    world.kernel.physical[0]._by_owner["vmswitch"] -= PAGE_SIZE
    assert world.provider.check() == [
        "8192 bytes of frames are taken, owners have 4096",
        "vmswitch: 4096 bytes of node 0 taken, live blocks hold 8192",
        "vmswitch: 8192 bytes of node 0 held, 4096 allowed",
    ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": 0}, "MemoryNode\\(size=0\\)"),
        ({"size": 5000}, "size=5000"),
        ({"run_size": -4096}, "run_size=-4096"),
    ],
)
def test_a_node_of_an_impossible_size_is_refused(settings: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MemoryNode(**settings)


def test_a_machine_without_nodes_and_quotas_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one memory node"):
        Kernel(Machine(), nodes=())
    kernel = Kernel(Machine())
    for quotas in ((), (1, 2), (-1,)):
        with pytest.raises(ValueError, match="expected a number of bytes for each of 1 nodes"):
            SharedMemoryProvider(kernel, "other", quotas=quotas)
