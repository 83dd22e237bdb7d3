"""What NDIS and a provider refuse before any memory is given out: structures, handles, versions, IRQLs."""

from __future__ import annotations

from typing import Any

import pytest
from ndis_worlds import NdisWorld

from lsart.contract import (
    NDIS_STATUS_FAILURE,
    NDIS_STATUS_INVALID_PARAMETER,
    NDIS_STATUS_RESOURCES,
    StatusError,
)
from lsart.events import IrqlTooHigh, NdisMemoryRefused
from lsart.memory import PAGE_SIZE
from lsart.ndis import (
    MM_ANY_NODE_OK,
    NDIS_OBJECT_HEADER,
    NDIS_SHARED_MEMORY_PARAMETERS,
    NDIS_SHARED_MEMORY_USAGE,
    BugCheck,
    Irql,
)

REVISION_1 = NDIS_OBJECT_HEADER(0x80, 1, 64)


@pytest.mark.rule("NASM-4")
@pytest.mark.parametrize("parameters", [None, object()])
def test_anything_but_the_structure_is_no_valid_parameter(parameters: Any) -> None:
    world = NdisWorld()
    with pytest.raises(StatusError, match="expected NDIS_SHARED_MEMORY_PARAMETERS") as of_ndis:
        world.ndis.NdisAllocateSharedMemory(world.nic, parameters)
    with pytest.raises(StatusError, match="expected NDIS_SHARED_MEMORY_PARAMETERS") as of_provider:
        world.provider.NetAllocateSharedMemory(world.provider, parameters)
    assert {of_ndis.value.status, of_provider.value.status} == {NDIS_STATUS_INVALID_PARAMETER}


INVALID: list[tuple[str, dict[str, Any]]] = [
    ("header.type is 0xb0", {"header": NDIS_OBJECT_HEADER(0xB0, 2, 68)}),
    ("header.revision is 3", {"header": NDIS_OBJECT_HEADER(0x80, 3, 68)}),
    ("header.size is 64, but revision 2 has 68", {"header": NDIS_OBJECT_HEADER(0x80, 2, 64)}),
    ("flags has unknown bits 0x2", {"flags": 3}),
    ("flags has unknown bits 0x100", {"flags": 0x100}),  # a UCHAR could not carry it
    ("flags is 4294967296", {"flags": 1 << 32}),
    ("length is zero", {"length": 0}),
    ("length is -1", {"length": -1}),
    ("length is 4294967296", {"length": 1 << 32}),
    ("usage 10 is unknown", {"usage": NDIS_SHARED_MEMORY_USAGE.NdisSharedMemoryUsageMax}),
    ("usage is -1", {"usage": -1}),
    ("preferred_node is 1", {"preferred_node": 1}),
    ("preferred_node is 2147483649", {"preferred_node": MM_ANY_NODE_OK + 1}),
    ("preferred_node is -1", {"preferred_node": -1}),
    ("sg_list_buffer_length is -1", {"sg_list_buffer_length": -1}),
    ("sg_list_buffer is NULL", {"sg_list_buffer_length": 40}),
]


@pytest.mark.rule("NASM-9", "NSMP-1", "NSMP-4", "NSMP-8")
@pytest.mark.parametrize(("message", "members"), INVALID, ids=[message for message, _ in INVALID])
def test_a_member_that_does_not_hold_is_an_invalid_parameter_to_ndis_and_to_the_provider(
    message: str, members: dict[str, Any]
) -> None:
    world = NdisWorld()
    error = world.refused(**members)
    assert error.status == NDIS_STATUS_INVALID_PARAMETER
    assert message in str(error)
    with pytest.raises(StatusError) as caught:
        world.provider.NetAllocateSharedMemory(
            world.provider, NDIS_SHARED_MEMORY_PARAMETERS(**{"length": PAGE_SIZE, **members})
        )
    assert caught.value.status == NDIS_STATUS_INVALID_PARAMETER
    assert world.charged() == 0
    [told] = world.told(NdisMemoryRefused)
    assert (told.status, told.origin.package) == (NDIS_STATUS_INVALID_PARAMETER, "e1000")


@pytest.mark.rule("NASM-9", "NSMP-3")
@pytest.mark.parametrize("queue", [-1, 5, 1 << 32])
def test_a_queue_beyond_the_adapters_is_an_invalid_parameter(queue: int) -> None:
    world = NdisWorld()
    for valid in (0, 4):
        world.allocate(queue_id=valid)
    error = world.refused(queue_id=queue)
    assert error.status == NDIS_STATUS_INVALID_PARAMETER
    assert "nic0 has queues up to 4" in str(error)


@pytest.mark.rule("NASM-8")
def test_the_ulong_edge_is_a_valid_length_that_this_machine_has_no_room_for() -> None:
    assert NdisWorld().refused(length=0xFFFF_FFFF).status == NDIS_STATUS_RESOURCES


@pytest.mark.rule("NASM-13", "NFSM-6")
@pytest.mark.parametrize("irql", [Irql.APC_LEVEL, Irql.DISPATCH_LEVEL])
def test_above_passive_level_nothing_is_allocated_and_nothing_freed(irql: Irql) -> None:
    world = NdisWorld()
    handle, _ = world.allocate()
    before = world.charged()
    world.irql = irql
    parameters = NDIS_SHARED_MEMORY_PARAMETERS(length=PAGE_SIZE)
    with pytest.raises(BugCheck, match=f"e1000 called NdisAllocateSharedMemory at IRQL {int(irql)}"):
        world.allocate()
    with pytest.raises(BugCheck, match="vmswitch called NetAllocateSharedMemory"):
        world.provider.NetAllocateSharedMemory(world.provider, parameters)
    with pytest.raises(BugCheck, match="NdisSetOptionalHandlers"):
        world.ndis.NdisSetOptionalHandlers(world.switch, world.provider.characteristics())
    with pytest.raises(BugCheck, match="unload"):
        world.ndis.close(world.miniport)
    world.ndis.NdisFreeSharedMemory(world.nic, handle)
    world.provider.NetFreeSharedMemory(world.provider, world.ndis.allocations()[0].provider_handle)
    assert world.charged() == before
    assert len(world.ndis.allocations()) == 1
    assert [(each.function, each.irql) for each in world.told(IrqlTooHigh)] == [
        ("NdisAllocateSharedMemory", irql),
        ("NetAllocateSharedMemory", irql),
        ("NdisSetOptionalHandlers", irql),
        ("unload", irql),
        ("NdisFreeSharedMemory", irql),
        ("NetFreeSharedMemory", irql),
    ]


@pytest.mark.rule("NDAS-4")
def test_handles_of_miniports_and_protocols_and_their_adapters_and_bindings_may_be_used() -> None:
    world = NdisWorld()
    protocol = world.register("tcpip")
    binding = world.ndis.open_adapter(protocol, world.nic)
    for handle in (world.miniport, world.nic, protocol, binding):
        world.allocate(handle=handle)
    assert [each.endpoint.name for each in world.ndis.allocations()] == ["e1000", "nic0", "tcpip", "tcpip on nic0"]


@pytest.mark.rule("NDAS-4")
def test_no_handle_and_a_closed_handle_and_a_filters_handle_are_invalid_parameters() -> None:
    world = NdisWorld()
    module = world.ndis.open_adapter(world.register("filter", kind="filter"), world.nic)
    gone = world.register("gone")
    world.ndis.close(gone)
    for handle in (12345, "nic0", gone, module):
        assert world.refused(handle=handle).status == NDIS_STATUS_INVALID_PARAMETER
    with pytest.raises(StatusError, match="ndis_handle None is no open handle"):
        world.ndis.NdisAllocateSharedMemory(None, NDIS_SHARED_MEMORY_PARAMETERS(length=1))
    assert world.ndis.allocations() == ()


@pytest.mark.rule("NDAS-5")
def test_a_miniport_needs_a_dma_channel_first() -> None:
    world = NdisWorld()
    bare = world.ndis.register_driver("bare", "miniport")
    card = world.ndis.add_adapter(bare, "card", has_dma=False)
    for handle in (bare, card):
        error = world.refused(handle=handle)
        assert error.status == NDIS_STATUS_FAILURE
        assert "scatter/gather DMA" in str(error)
    world.ndis.add_adapter(bare, "second card")
    world.allocate(handle=bare)
    protocol = world.ndis.open_adapter(world.register("tcpip"), card)
    world.allocate(handle=protocol)


@pytest.mark.rule("NSMP-2", "NASM-14")
def test_revision_2_needs_a_driver_of_6_30_and_revision_1_one_of_6_20() -> None:
    world = NdisWorld()
    versions = {(6, 30): 2, (6, 20): 1, (6, 1): 0}
    for version, newest in versions.items():
        driver = world.ndis.register_driver(f"driver {version}", "protocol", version=version)
        for revision, size in ((1, 64), (2, 68)):
            header = NDIS_OBJECT_HEADER(0x80, revision, size)
            if revision <= newest:
                world.allocate(handle=driver, header=header)
            else:
                assert world.refused(handle=driver, header=header).status == NDIS_STATUS_INVALID_PARAMETER


@pytest.mark.rule("NSMP-3")
def test_sr_iov_adapters_and_drivers_handles_take_the_default_queue_only() -> None:
    world = NdisWorld()
    vf = world.ndis.add_adapter(world.miniport, "vf", queue_count=8, virtualization="sr_iov")
    port = world.ndis.create_vport(vf)
    world.allocate(handle=vf, vport_id=port)
    for handle, members in ((vf, {"vport_id": port}), (world.miniport, {})):
        assert world.refused(handle=handle, queue_id=1, **members).status == NDIS_STATUS_INVALID_PARAMETER


@pytest.mark.rule("NSMP-6")
def test_the_virtual_port_is_zero_for_vmq_and_not_zero_for_sr_iov() -> None:
    world = NdisWorld()
    vf = world.ndis.add_adapter(world.miniport, "vf", virtualization="sr_iov")
    assert [world.ndis.create_vport(vf) for _ in range(7)] == [1, 2, 3, 4, 5, 6, 7]
    world.allocate(vport_id=0)
    world.allocate(handle=vf, vport_id=7)
    for handle, port in ((world.nic, 1), (world.miniport, 1), (vf, 0), (vf, 8), (vf, -1), (vf, 1 << 32)):
        assert world.refused(handle=handle, vport_id=port).status == NDIS_STATUS_INVALID_PARAMETER
    assert world.refused(handle=vf, header=REVISION_1, vport_id=7).status == NDIS_STATUS_INVALID_PARAMETER
    world.allocate(header=REVISION_1, vport_id=7)  # revision 1 ends before the member


def test_a_member_of_the_wrong_type_is_refused_before_any_call() -> None:
    wrong: Any = "4096"
    with pytest.raises(TypeError):
        NDIS_SHARED_MEMORY_PARAMETERS(length=wrong)
    parameters = NDIS_SHARED_MEMORY_PARAMETERS(length=1)
    with pytest.raises(TypeError):
        parameters.usage = wrong
