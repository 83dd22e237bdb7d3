"""Virtual ports come and go; memory is had for those that exist, and outlives them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ndis_worlds import NdisWorld

from lsart.contract import (
    NDIS_STATUS,
    NDIS_STATUS_INVALID_PARAMETER,
    NDIS_STATUS_NOT_SUPPORTED,
    NDIS_STATUS_RESOURCES,
    StatusError,
)
from lsart.events import NdisVPortCreated, NdisVPortDeleted
from lsart.memory import PAGE_SIZE
from lsart.ndis import NDIS_HANDLE


def adapter(world: NdisWorld, vport_count: int = 4, name: str = "pf") -> NDIS_HANDLE:
    return world.ndis.add_adapter(world.miniport, name, virtualization="sr_iov", vport_count=vport_count)


def failure(function: Callable[..., object], *arguments: object) -> NDIS_STATUS:
    with pytest.raises(StatusError) as caught:
        function(*arguments)
    return caught.value.status


@pytest.mark.rule("NSMP-6")
def test_memory_is_had_for_a_virtual_port_while_it_exists() -> None:
    world = NdisWorld()
    pf = adapter(world)
    assert world.refused(handle=pf, vport_id=1).status == NDIS_STATUS_INVALID_PARAMETER
    port = world.ndis.create_vport(pf)
    handle, _ = world.allocate(handle=pf, vport_id=port)
    assert [each.vport_id for each in world.ndis.allocations()] == [port]
    world.ndis.delete_vport(pf, port)
    assert world.refused(handle=pf, vport_id=port).status == NDIS_STATUS_INVALID_PARAMETER
    # What was had for it is still the driver's.
    assert world.charged() == PAGE_SIZE
    assert [(each.adapter, each.vport_id, each.live_allocations) for each in world.told(NdisVPortDeleted)] == [
        ("pf", port, 1)
    ]
    world.ndis.NdisFreeSharedMemory(pf, handle)
    assert world.charged() == 0


def test_numbers_start_at_one_and_the_lowest_free_one_comes_next() -> None:
    world = NdisWorld()
    pf = adapter(world)
    assert world.ndis.vports(pf) == ()
    assert [world.ndis.create_vport(pf) for _ in range(3)] == [1, 2, 3]
    assert failure(world.ndis.create_vport, pf) == NDIS_STATUS_RESOURCES
    world.ndis.delete_vport(pf, 2)
    assert world.ndis.vports(pf) == (1, 3)
    assert world.ndis.create_vport(pf) == 2
    assert [each.vport_id for each in world.told(NdisVPortCreated)] == [1, 2, 3, 2]


def test_each_adapter_numbers_its_own() -> None:
    world = NdisWorld()
    first, second = adapter(world, name="pf0"), adapter(world, name="pf1")
    assert [world.ndis.create_vport(first), world.ndis.create_vport(first)] == [1, 2]
    assert world.ndis.create_vport(second) == 1
    assert world.refused(handle=second, vport_id=2).status == NDIS_STATUS_INVALID_PARAMETER
    world.allocate(handle=first, vport_id=1)
    world.ndis.delete_vport(second, 1)
    assert [each.live_allocations for each in world.told(NdisVPortDeleted)] == [0]


def test_only_its_creator_deletes_a_port_and_nobody_the_default_one() -> None:
    world = NdisWorld()
    pf = adapter(world)
    binding = world.ndis.open_adapter(world.switch, pf)
    port = world.ndis.create_vport(binding)
    for handle, wrong in ((pf, port), (binding, 0), (binding, 2), (binding, -1)):
        assert failure(world.ndis.delete_vport, handle, wrong) == NDIS_STATUS_INVALID_PARAMETER
    world.allocate(handle=pf, vport_id=port)  # yet others may use it
    assert world.ndis.vports(pf) == world.ndis.vports(binding) == (port,)
    world.ndis.delete_vport(binding, port)
    assert failure(world.ndis.delete_vport, binding, port) == NDIS_STATUS_INVALID_PARAMETER


def test_ports_go_with_the_handle_that_created_them() -> None:
    world = NdisWorld()
    pf = adapter(world)
    binding = world.ndis.open_adapter(world.switch, pf)
    ports = [world.ndis.create_vport(each) for each in (binding, pf, binding)]
    assert ports == [1, 2, 3]
    world.allocate(handle=binding, vport_id=1)
    kept, _ = world.allocate(handle=pf, vport_id=3)
    world.ndis.close(binding)
    assert world.ndis.vports(pf) == (2,)
    # The binding's own memory was given back first; what the miniport has for port 3 is still its own.
    assert [(each.vport_id, each.live_allocations) for each in world.told(NdisVPortDeleted)] == [(1, 0), (3, 1)]
    assert [each.handle for each in world.ndis.allocations()] == [kept]
    world.ndis.close(pf)
    assert [each.vport_id for each in world.told(NdisVPortDeleted)] == [1, 3, 2]
    assert world.charged() == 0


def test_where_there_is_no_switch_there_are_no_ports() -> None:
    world = NdisWorld()
    for handle in (world.nic, world.miniport):
        assert failure(world.ndis.create_vport, handle) == NDIS_STATUS_NOT_SUPPORTED
        assert failure(world.ndis.delete_vport, handle, 1) == NDIS_STATUS_NOT_SUPPORTED
        assert world.ndis.vports(handle) == ()
    with pytest.raises(ValueError, match="no open handle"):
        world.ndis.create_vport(0x999)
