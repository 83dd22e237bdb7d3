"""NdisAllocateSharedMemory asks NetAllocateSharedMemory, and what comes back reaches the driver."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from ndis_worlds import NdisWorld

from lsart.contract import (
    NDIS_FUNCTIONS,
    NDIS_STATUS_FAILURE,
    NDIS_STATUS_INVALID_PARAMETER,
    NDIS_STATUS_RESOURCES,
    NDIS_STATUS_SUCCESS,
    InternalError,
    Pointer,
    Slot,
    StatusError,
)
from lsart.events import IrqlTooHigh, NdisMemoryAllocated, NdisMemoryRefused, ProviderFaulted, ResourceRefused
from lsart.memory import PAGE_SIZE
from lsart.ndis import (
    MM_ANY_NODE_OK,
    NDIS_HANDLE,
    NDIS_OBJECT_HEADER,
    NDIS_SHARED_MEMORY_PARAMETERS,
    NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS,
    NDIS_SHARED_MEMORY_USAGE,
    BugCheck,
    Irql,
    Ndis,
    SharedMemoryProvider,
)

REVISION_1 = NDIS_OBJECT_HEADER(0x80, 1, 64)


class Recorder:
    """A provider that writes down how it is called; `answer` is raised or returned."""

    def __init__(self) -> None:
        self.context = object()
        self.calls: list[tuple[object, ...]] = []
        self.freed: list[tuple[object, ...]] = []
        self.answer: Any = 77
        self.address: Pointer | None = Pointer(0xF000_0000_0000, "system")

    def allocate(
        self, context: NDIS_HANDLE, parameters: NDIS_SHARED_MEMORY_PARAMETERS, place: NDIS_HANDLE
    ) -> NDIS_HANDLE:
        self.calls.append((context, parameters, place))
        if isinstance(self.answer, Exception):
            raise self.answer
        parameters.virtual_address = self.address
        return self.answer

    def free(self, context: NDIS_HANDLE, handle: NDIS_HANDLE) -> None:
        self.freed.append((context, handle))

    def characteristics(self) -> NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS:
        return NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS(
            provider_context=self.context,
            allocate_shared_memory_handler=self.allocate,
            free_shared_memory_handler=self.free,
        )


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def recorded(recorder: Recorder) -> NdisWorld:
    """A world whose only provider is the recorder."""
    world = NdisWorld(registered=False)
    world.register("recorder", recorder.characteristics())
    return world


def refused(world: NdisWorld, **members: Any) -> StatusError:
    with pytest.raises(StatusError) as caught:
        world.allocate(**members)
    return caught.value


def row(name: str) -> Slot:
    return next(each for each in NDIS_FUNCTIONS if each.name == name)


# ------------------------------------------------------------------ the way there


@pytest.mark.rule("NASM-1", "NASM-11", "NASM-12", "NDAS-1")
def test_an_allocation_of_a_driver_calls_the_entry_point_of_the_characteristics(
    recorded: NdisWorld, recorder: Recorder
) -> None:
    assert recorder.calls == []
    recorded.allocate()
    assert len(recorder.calls) == 1


@pytest.mark.rule("NASM-2", "NASM-3", "NSPC-2")
def test_both_handlers_get_the_very_context_that_the_provider_registered(
    recorded: NdisWorld, recorder: Recorder
) -> None:
    handle, _ = recorded.allocate()
    recorded.ndis.NdisFreeSharedMemory(recorded.nic, handle)
    assert recorder.calls[0][0] is recorder.context
    assert recorder.freed[0][0] is recorder.context


@pytest.mark.rule("NASM-2", "NASM-3")
def test_a_context_of_another_provider_is_no_valid_parameter() -> None:
    world = NdisWorld()
    other = SharedMemoryProvider(world.kernel, "other")
    with pytest.raises(StatusError, match="provider_context is not the one of vmswitch") as caught:
        world.provider.NetAllocateSharedMemory(other, NDIS_SHARED_MEMORY_PARAMETERS(length=1))
    assert caught.value.status == NDIS_STATUS_INVALID_PARAMETER
    assert world.charged() == 0


@pytest.mark.rule("NASM-4", "NSMP-7")
def test_the_provider_gets_the_structure_that_the_driver_filled_in(recorded: NdisWorld, recorder: Recorder) -> None:
    _, parameters = recorded.allocate(12345, queue_id=3, usage=4)
    assert recorder.calls[0][1] is parameters
    assert (parameters.length, parameters.queue_id, parameters.usage) == (12345, 3, 4)


@pytest.mark.rule("NASM-4")
@pytest.mark.parametrize("parameters", [None, object()])
def test_anything_but_the_structure_is_no_valid_parameter(parameters: Any) -> None:
    world = NdisWorld()
    with pytest.raises(StatusError, match="expected NDIS_SHARED_MEMORY_PARAMETERS") as of_ndis:
        world.ndis.NdisAllocateSharedMemory(world.nic, parameters)
    with pytest.raises(StatusError, match="expected NDIS_SHARED_MEMORY_PARAMETERS") as of_provider:
        world.provider.NetAllocateSharedMemory(world.provider, parameters)
    assert {of_ndis.value.status, of_provider.value.status} == {NDIS_STATUS_INVALID_PARAMETER}


@pytest.mark.rule("NASM-5", "NASM-6", "NDAS-9")
def test_the_provider_gets_a_place_for_its_handle_and_ndis_frees_with_what_it_stored(
    recorded: NdisWorld, recorder: Recorder
) -> None:
    handle, parameters = recorded.allocate()
    assert recorder.calls[0][2] is None
    assert parameters.shared_memory_handle == 77
    assert handle != 77
    recorded.ndis.NdisFreeSharedMemory(recorded.nic, handle)
    assert recorder.freed == [(recorder.context, 77)]


@pytest.mark.rule("NASM-6")
def test_each_block_has_a_handle_of_its_own_that_finds_it_again() -> None:
    world = NdisWorld()
    handles, addresses = [], []
    for _ in range(3):
        parameters = NDIS_SHARED_MEMORY_PARAMETERS(length=PAGE_SIZE)
        handles.append(world.provider.NetAllocateSharedMemory(world.provider, parameters))
        addresses.append(parameters.virtual_address)
    assert len(set(handles)) == 3
    assert None not in handles
    world.provider.NetFreeSharedMemory(world.provider, handles[1])
    mapped = [world.kernel.space.find(each.address) is not None for each in addresses if each is not None]
    assert mapped == [True, False, True]


@pytest.mark.rule("NASM-15", "NASM-5", "NSPC-3")
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (SharedMemoryProvider, "NetAllocateSharedMemory"),
        (SharedMemoryProvider, "NetFreeSharedMemory"),
        (Ndis, "NdisAllocateSharedMemory"),
        (Ndis, "NdisFreeSharedMemory"),
        (Ndis, "NdisSetOptionalHandlers"),
    ],
)
def test_a_function_takes_the_parameters_of_its_declaration_in_that_order(owner: type, name: str) -> None:
    declared = [each.name for each in row(name).in_parameters]
    assert list(inspect.signature(getattr(owner, name)).parameters) == ["self", *declared]


@pytest.mark.rule("NASM-15")
def test_the_handler_is_called_with_three_arguments_by_position(recorded: NdisWorld, recorder: Recorder) -> None:
    recorded.allocate()
    assert [len(call) for call in recorder.calls] == [3]


# ------------------------------------------------------------------ what comes back


@pytest.mark.rule("NASM-7", "NDAS-2", "NDAS-7", "NSMP-5", "NUSE-1")
def test_success_gives_a_handle_and_real_bytes_at_the_address() -> None:
    world = NdisWorld()
    handle, parameters = world.allocate(2 * PAGE_SIZE)
    assert handle is not None
    assert parameters.shared_memory_handle is not None
    address = parameters.virtual_address
    assert address is not None
    assert address.space == world.kernel.space.name
    world.kernel.space.write(address.address + PAGE_SIZE, b"frame")
    assert world.kernel.space.read(address.address + PAGE_SIZE, 5) == b"frame"
    assert world.kernel.space.read(address.address, 4) == bytes(4)
    [told] = world.told(NdisMemoryAllocated)
    assert (told.handle, told.provider, told.origin.package, told.length) == (handle, "vmswitch", "e1000", 8192)


@pytest.mark.rule("NASM-8", "NDAS-8")
def test_a_machine_that_is_out_of_commit_gives_resources_and_says_so() -> None:
    world = NdisWorld(commit=3 * PAGE_SIZE)
    world.allocate(2 * PAGE_SIZE)
    error = refused(world, length=PAGE_SIZE + 1)
    assert error.status == NDIS_STATUS_RESOURCES
    assert "commit limit: 8192 of 12288 in use, 8192 more wanted" in str(error)
    [told] = world.told(ResourceRefused)
    assert (told.owner, told.wanted, told.in_use, told.limit) == ("vmswitch", 8192, 8192, 12288)
    world.allocate(PAGE_SIZE)
    assert world.provider.check() == []


@pytest.mark.rule("NASM-8")
def test_a_provider_that_has_handed_out_its_node_gives_resources() -> None:
    world = NdisWorld(node_size=4 * PAGE_SIZE)
    handle, _ = world.allocate(3 * PAGE_SIZE)
    assert refused(world, length=2 * PAGE_SIZE).status == NDIS_STATUS_RESOURCES
    assert world.charged() == 3 * PAGE_SIZE
    world.ndis.NdisFreeSharedMemory(world.nic, handle)
    world.allocate(4 * PAGE_SIZE)
    assert world.provider.check() == []


@pytest.mark.rule("NASM-8")
def test_a_mapping_that_this_computer_refuses_gives_resources_and_costs_the_machine_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_mapping(size: int, *, shared: bool) -> None:
        raise OSError(12, "Cannot allocate memory")

    world = NdisWorld()
    monkeypatch.setattr("lsart.ndis._provider.Backing", no_mapping)
    error = refused(world)
    assert error.status == NDIS_STATUS_RESOURCES
    assert "this computer refused the mapping" in str(error)
    assert world.charged() == 0
    assert world.provider.check() == []


INVALID: list[tuple[str, dict[str, Any]]] = [
    ("header.type is 0xb0", {"header": NDIS_OBJECT_HEADER(0xB0, 2, 68)}),
    ("header.revision is 3", {"header": NDIS_OBJECT_HEADER(0x80, 3, 68)}),
    ("header.size is 64, but revision 2 has 68", {"header": NDIS_OBJECT_HEADER(0x80, 2, 64)}),
    ("flags has unknown bits 0x2", {"flags": 3}),
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
    error = refused(world, **members)
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
    error = refused(world, queue_id=queue)
    assert error.status == NDIS_STATUS_INVALID_PARAMETER
    assert "nic0 has queues up to 4" in str(error)


@pytest.mark.rule("NASM-9", "NASM-8", "NASM-10")
def test_the_ulong_edge_is_a_valid_length_that_this_machine_has_no_room_for() -> None:
    assert refused(NdisWorld(), length=0xFFFF_FFFF).status == NDIS_STATUS_RESOURCES


@pytest.mark.rule("NASM-10")
def test_a_halted_provider_fails_without_a_parameter_being_wrong() -> None:
    world = NdisWorld()
    handle, _ = world.allocate()
    world.provider.halt()
    assert refused(world).status == NDIS_STATUS_FAILURE
    world.ndis.NdisFreeSharedMemory(world.nic, handle)
    assert world.charged() == 0


@pytest.mark.rule("NASM-10", "NDAS-8")
@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (ZeroDivisionError("by hand"), "it raised ZeroDivisionError: by hand"),
        (StatusError(0xC000_00BB), "it answered STATUS_NOT_SUPPORTED (0xC00000BB)"),
        (StatusError(NDIS_STATUS_SUCCESS), "it answered NDIS_STATUS_SUCCESS (0x00000000)"),
        (None, "it succeeded with a NULL handle"),
    ],
)
def test_a_provider_that_breaks_its_contract_is_reported_and_the_driver_gets_failure(
    recorded: NdisWorld, recorder: Recorder, answer: Any, problem: str
) -> None:
    recorder.answer = answer
    error = refused(recorded)
    assert error.status == NDIS_STATUS_FAILURE
    [told] = recorded.told(ProviderFaulted)
    assert (told.provider, told.handler) == ("recorder", "NetAllocateSharedMemory")
    assert told.problem.startswith(problem)
    assert problem in str(error)
    assert recorded.ndis.allocations() == ()


@pytest.mark.rule("NDAS-7")
def test_a_block_without_an_address_is_given_back_and_the_driver_gets_failure(
    recorded: NdisWorld, recorder: Recorder
) -> None:
    recorder.address = None
    assert refused(recorded).status == NDIS_STATUS_FAILURE
    assert recorder.freed == [(recorder.context, 77)]


@pytest.mark.rule("NDAS-8")
@pytest.mark.parametrize("status", [NDIS_STATUS_RESOURCES, NDIS_STATUS_INVALID_PARAMETER, NDIS_STATUS_FAILURE])
def test_the_providers_status_is_the_drivers(recorded: NdisWorld, recorder: Recorder, status: int) -> None:
    recorder.answer = StatusError(status, "because")
    error = refused(recorded)
    assert error.status == status
    assert recorded.told(ProviderFaulted) == []
    [told] = recorded.told(NdisMemoryRefused)
    assert (told.provider, told.status) == ("recorder", status)


def test_our_own_faults_are_not_blamed_on_the_provider(recorded: NdisWorld, recorder: Recorder) -> None:
    recorder.answer = InternalError("lsart is wrong")
    with pytest.raises(InternalError):
        recorded.allocate()


# ------------------------------------------------------------------ who may ask, and when


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


@pytest.mark.rule("NASM-13")
def test_the_handler_is_never_called_above_passive_level(recorded: NdisWorld, recorder: Recorder) -> None:
    recorded.irql = Irql.DISPATCH_LEVEL
    with pytest.raises(BugCheck):
        recorded.allocate()
    assert recorder.calls == []


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
        assert refused(world, handle=handle).status == NDIS_STATUS_INVALID_PARAMETER
    with pytest.raises(StatusError, match="ndis_handle None is no open handle"):
        world.ndis.NdisAllocateSharedMemory(None, NDIS_SHARED_MEMORY_PARAMETERS(length=1))
    assert world.ndis.allocations() == ()


@pytest.mark.rule("NDAS-5")
def test_a_miniport_needs_a_dma_channel_first() -> None:
    world = NdisWorld()
    bare = world.ndis.register_driver("bare", "miniport")
    card = world.ndis.add_adapter(bare, "card", has_dma=False)
    for handle in (bare, card):
        error = refused(world, handle=handle)
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
                assert refused(world, handle=driver, header=header).status == NDIS_STATUS_INVALID_PARAMETER


@pytest.mark.rule("NSMP-3")
def test_sr_iov_adapters_and_drivers_handles_take_the_default_queue_only() -> None:
    world = NdisWorld()
    vf = world.ndis.add_adapter(world.miniport, "vf", queue_count=8, virtualization="sr_iov")
    world.allocate(handle=vf, vport_id=1)
    for handle, members in ((vf, {"vport_id": 1}), (world.miniport, {})):
        assert refused(world, handle=handle, queue_id=1, **members).status == NDIS_STATUS_INVALID_PARAMETER


@pytest.mark.rule("NSMP-6")
def test_the_virtual_port_is_zero_for_vmq_and_not_zero_for_sr_iov() -> None:
    world = NdisWorld()
    vf = world.ndis.add_adapter(world.miniport, "vf", virtualization="sr_iov")
    world.allocate(vport_id=0)
    world.allocate(handle=vf, vport_id=7)
    for handle, port in ((world.nic, 1), (world.miniport, 1), (vf, 0), (vf, -1), (vf, 1 << 32)):
        assert refused(world, handle=handle, vport_id=port).status == NDIS_STATUS_INVALID_PARAMETER
    assert refused(world, handle=vf, header=REVISION_1, vport_id=7).status == NDIS_STATUS_INVALID_PARAMETER
    world.allocate(header=REVISION_1, vport_id=7)  # revision 1 ends before the member


@pytest.mark.rule("NUSE-2")
def test_more_memory_may_be_allocated_for_a_queue_at_any_time() -> None:
    world = NdisWorld()
    addresses = {world.allocate(queue_id=2)[1].virtual_address for _ in range(5)}
    assert len(addresses) == 5
    assert world.charged() == 5 * PAGE_SIZE


def test_a_member_of_the_wrong_type_is_refused_before_any_call() -> None:
    wrong: Any = "4096"
    with pytest.raises(TypeError):
        NDIS_SHARED_MEMORY_PARAMETERS(length=wrong)
    parameters = NDIS_SHARED_MEMORY_PARAMETERS(length=1)
    with pytest.raises(TypeError):
        parameters.usage = wrong
