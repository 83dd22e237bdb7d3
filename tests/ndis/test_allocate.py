"""NdisAllocateSharedMemory asks NetAllocateSharedMemory, and what comes back reaches the driver."""

from __future__ import annotations

import inspect
from contextvars import ContextVar
from typing import Any

import attrs
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
from lsart.events import NdisMemoryAllocated, NdisMemoryRefused, ProviderFaulted, ResourceRefused
from lsart.memory import PAGE_SIZE
from lsart.ndis import (
    NDIS_HANDLE,
    NDIS_SHARED_MEMORY_PARAMETERS,
    NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS,
    BugCheck,
    Irql,
    Ndis,
    SharedMemoryProvider,
)


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


def row(name: str) -> Slot:
    return next(each for each in NDIS_FUNCTIONS if each.name == name)


# ------------------------------------------------------------------ the way there


@pytest.mark.rule("NASM-1")
def test_a_driver_that_wants_memory_is_served_by_the_provider(recorded: NdisWorld, recorder: Recorder) -> None:
    _, parameters = recorded.allocate()
    assert len(recorder.calls) == 1
    assert (parameters.virtual_address, parameters.shared_memory_handle) == (recorder.address, recorder.answer)


@pytest.mark.rule("NASM-11")
def test_nothing_but_an_allocation_of_a_driver_calls_the_handler(recorded: NdisWorld, recorder: Recorder) -> None:
    binding = recorded.ndis.open_adapter(recorded.register("tcpip"), recorded.nic)
    assert recorder.calls == []
    handles = [(each, recorded.allocate(handle=each)[0]) for each in (recorded.nic, binding, recorded.nic)]
    assert len(recorder.calls) == 3
    for endpoint, handle in handles:
        recorded.ndis.NdisFreeSharedMemory(endpoint, handle)
    recorded.ndis.shutdown()
    assert len(recorder.calls) == 3


@pytest.mark.rule("NASM-12")
def test_the_function_called_is_the_one_that_the_characteristics_name() -> None:
    named, other = Recorder(), Recorder()
    world = NdisWorld(registered=False)
    world.register("named", attrs.evolve(other.characteristics(), allocate_shared_memory_handler=named.allocate))
    world.allocate()
    assert len(named.calls) == 1
    assert other.calls == []


@pytest.mark.rule("NDAS-1")
def test_the_handler_runs_within_the_drivers_call_and_in_its_context(recorder: Recorder) -> None:
    caller: ContextVar[str] = ContextVar("caller", default="nobody")
    seen: list[str] = []

    def allocate(context: NDIS_HANDLE, parameters: NDIS_SHARED_MEMORY_PARAMETERS, place: NDIS_HANDLE) -> NDIS_HANDLE:
        seen.append(caller.get())
        return recorder.allocate(context, parameters, place)

    world = NdisWorld(registered=False)
    world.register("watching", attrs.evolve(recorder.characteristics(), allocate_shared_memory_handler=allocate))
    caller.set("the driver")
    world.allocate()
    assert seen == ["the driver"]


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
    error = world.refused(length=PAGE_SIZE + 1)
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
    assert world.refused(length=2 * PAGE_SIZE).status == NDIS_STATUS_RESOURCES
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
    error = world.refused()
    assert error.status == NDIS_STATUS_RESOURCES
    assert "this computer refused the mapping" in str(error)
    assert world.charged() == 0
    assert world.provider.check() == []


@pytest.mark.rule("NASM-10")
def test_a_halted_provider_fails_without_a_parameter_being_wrong() -> None:
    world = NdisWorld()
    handle, _ = world.allocate()
    world.provider.halt()
    assert world.refused().status == NDIS_STATUS_FAILURE
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
    error = recorded.refused()
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
    assert recorded.refused().status == NDIS_STATUS_FAILURE
    assert recorder.freed == [(recorder.context, 77)]


@pytest.mark.rule("NDAS-8")
@pytest.mark.parametrize("status", [NDIS_STATUS_RESOURCES, NDIS_STATUS_INVALID_PARAMETER, NDIS_STATUS_FAILURE])
def test_the_providers_status_is_the_drivers(recorded: NdisWorld, recorder: Recorder, status: int) -> None:
    recorder.answer = StatusError(status, "because")
    error = recorded.refused()
    assert error.status == status
    assert recorded.told(ProviderFaulted) == []
    [told] = recorded.told(NdisMemoryRefused)
    assert (told.provider, told.status) == ("recorder", status)


def test_our_own_faults_are_not_blamed_on_the_provider(recorded: NdisWorld, recorder: Recorder) -> None:
    recorder.answer = InternalError("lsart is wrong")
    with pytest.raises(InternalError):
        recorded.allocate()


# ------------------------------------------------------------------ who may ask, and when


@pytest.mark.rule("NASM-13")
def test_the_handler_is_never_called_above_passive_level(recorded: NdisWorld, recorder: Recorder) -> None:
    recorded.irql = Irql.DISPATCH_LEVEL
    with pytest.raises(BugCheck):
        recorded.allocate()
    assert recorder.calls == []


@pytest.mark.rule("NUSE-2")
def test_more_memory_may_be_allocated_for_a_queue_at_any_time() -> None:
    world = NdisWorld()
    addresses = {world.allocate(queue_id=2)[1].virtual_address for _ in range(5)}
    assert len(addresses) == 5
    assert world.charged() == 5 * PAGE_SIZE
