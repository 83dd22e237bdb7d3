"""What each alternative of the NDIS choices changes, beside what the default does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ndis_worlds import NdisWorld

from lsart.contract import (
    NDIS_STATUS,
    NDIS_STATUS_FAILURE,
    NDIS_STATUS_INVALID_PARAMETER,
    NDIS_STATUS_RESOURCES,
    Choices,
    Pointer,
    StatusError,
)
from lsart.events import DoubleFree, ForeignFree, NdisMemoryStranded, ProviderFaulted, WrongPair
from lsart.memory import PAGE_SIZE
from lsart.ndis import (
    NDIS_HANDLE,
    NDIS_OBJECT_HEADER,
    NDIS_SHARED_MEMORY_PARAMETERS,
    NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS,
    SCATTER_GATHER_LIST,
    BugCheck,
    SharedMemoryProvider,
)


def under(field: str, value: object, **world: Any) -> NdisWorld:
    """A world with one choice made."""
    chosen: dict[str, Any] = {field: value}
    return NdisWorld(Choices(**chosen), **world)


def status(world: NdisWorld, **members: Any) -> NDIS_STATUS:
    """The status of an allocation that fails."""
    with pytest.raises(StatusError) as caught:
        world.allocate(**members)
    return caught.value.status


def offer(allocate: Any, free: Any, context: object = "context") -> NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS:
    return NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS(
        provider_context=context, allocate_shared_memory_handler=allocate, free_shared_memory_handler=free
    )


def answering(answer: object) -> Callable[[NDIS_HANDLE, NDIS_SHARED_MEMORY_PARAMETERS, NDIS_HANDLE], NDIS_HANDLE]:
    def allocate(context: NDIS_HANDLE, parameters: NDIS_SHARED_MEMORY_PARAMETERS, place: NDIS_HANDLE) -> NDIS_HANDLE:
        if isinstance(answer, Exception):
            raise answer
        parameters.virtual_address = Pointer(0xF000_0000_0000, "system")
        return answer

    return allocate


def ignore(context: NDIS_HANDLE, handle: NDIS_HANDLE) -> None:
    """Frees nothing."""


# ------------------------------------------------------------------ NetAllocateSharedMemory


@pytest.mark.choice("ndis_null_provider_handle", "accept")
def test_null_may_be_a_handle_like_any_other() -> None:
    freed: list[object] = []
    for choice, live in (("fail", 0), ("accept", 1)):
        world = under("ndis_null_provider_handle", choice, registered=False)
        world.register("switch", offer(answering(None), lambda context, handle: freed.append(handle)))
        if not live:
            assert status(world) == NDIS_STATUS_FAILURE
            continue
        handle, parameters = world.allocate()
        assert parameters.shared_memory_handle is None
        world.ndis.NdisFreeSharedMemory(world.nic, handle)
        assert freed == [None]


@pytest.mark.rule("NASM-5")
@pytest.mark.choice("ndis_handle_passed_in", "leftover")
def test_the_place_for_the_handle_may_hold_what_the_stack_left_there() -> None:
    seen: list[object] = []

    def allocate(context: NDIS_HANDLE, parameters: NDIS_SHARED_MEMORY_PARAMETERS, place: NDIS_HANDLE) -> NDIS_HANDLE:
        seen.append(place)
        return answering(1)(context, parameters, place)

    for choice in ("null", "leftover"):
        world = under("ndis_handle_passed_in", choice, registered=False)
        world.register("switch", offer(allocate, ignore))
        world.allocate()
    assert seen == [None, 0xCDCD_CDCD_CDCD_CDCD]


@pytest.mark.choice("ndis_bad_header", "NDIS_STATUS_FAILURE")
def test_a_bad_header_may_give_no_reason() -> None:
    header = NDIS_OBJECT_HEADER(0x80, 9, 68)
    assert status(NdisWorld(), header=header) == NDIS_STATUS_INVALID_PARAMETER
    assert status(under("ndis_bad_header", NDIS_STATUS_FAILURE), header=header) == NDIS_STATUS_FAILURE
    world = under("ndis_bad_header", NDIS_STATUS_FAILURE)
    with pytest.raises(StatusError) as caught:
        world.provider.NetAllocateSharedMemory(world.provider, NDIS_SHARED_MEMORY_PARAMETERS(length=1, header=header))
    assert caught.value.status == NDIS_STATUS_FAILURE


@pytest.mark.choice("ndis_bad_queue", "NDIS_STATUS_FAILURE")
@pytest.mark.choice("ndis_bad_vport", "NDIS_STATUS_FAILURE")
@pytest.mark.parametrize(("field", "member"), [("ndis_bad_queue", "queue_id"), ("ndis_bad_vport", "vport_id")])
def test_a_bad_queue_or_virtual_port_may_give_no_reason(field: str, member: str) -> None:
    assert status(NdisWorld(), **{member: 9}) == NDIS_STATUS_INVALID_PARAMETER
    assert status(under(field, NDIS_STATUS_FAILURE), **{member: 9}) == NDIS_STATUS_FAILURE


@pytest.mark.choice("ndis_bad_node", "any_node")
def test_a_node_that_the_machine_lacks_may_stand_for_any() -> None:
    assert status(NdisWorld(), preferred_node=7) == NDIS_STATUS_INVALID_PARAMETER
    under("ndis_bad_node", "any_node").allocate(preferred_node=7)


@pytest.mark.choice("ndis_miniport_without_dma", "NDIS_STATUS_INVALID_PARAMETER")
def test_a_miniport_without_dma_may_be_an_invalid_parameter() -> None:
    for choice in (NDIS_STATUS_FAILURE, NDIS_STATUS_INVALID_PARAMETER):
        world = under("ndis_miniport_without_dma", choice)
        card = world.ndis.add_adapter(world.ndis.register_driver("bare", "miniport"), "card", has_dma=False)
        assert status(world, handle=card) == choice


# ------------------------------------------------------------------ frees


@pytest.mark.choice("ndis_provider_double_free", "bug_check")
def test_a_second_free_at_the_provider_may_stop_the_machine() -> None:
    for choice in ("ignore", "bug_check"):
        world = under("ndis_provider_double_free", choice)
        _, parameters = world.allocate()
        inner = parameters.shared_memory_handle
        world.provider.NetFreeSharedMemory(world.provider, inner)
        if choice == "ignore":
            world.provider.NetFreeSharedMemory(world.provider, inner)
        else:
            with pytest.raises(BugCheck, match="BUGCODE_NDIS_DRIVER: vmswitch by NetFreeSharedMemory"):
                world.provider.NetFreeSharedMemory(world.provider, inner)
        assert len(world.told(DoubleFree)) == 1
    handle, _ = world.allocate()
    world.provider.NetFreeSharedMemory(world.provider, world.ndis.allocations()[-1].provider_handle)
    with pytest.raises(BugCheck):  # a bug check passes through NDIS, which blames nobody for it
        world.ndis.NdisFreeSharedMemory(world.nic, handle)
    assert world.told(ProviderFaulted) == []


@pytest.mark.choice("ndis_double_free", "bug_check")
def test_a_second_free_by_a_driver_may_stop_the_machine() -> None:
    for choice in ("ignore", "bug_check"):
        world = under("ndis_double_free", choice)
        handle, _ = world.allocate()
        world.ndis.NdisFreeSharedMemory(world.nic, handle)
        if choice == "ignore":
            world.ndis.NdisFreeSharedMemory(world.nic, handle)
        else:
            with pytest.raises(BugCheck, match="e1000 by NdisFreeSharedMemory"):
                world.ndis.NdisFreeSharedMemory(world.nic, handle)
        assert len(world.told(DoubleFree)) == 1


@pytest.mark.choice("ndis_free_unknown", "bug_check")
def test_a_free_of_what_is_no_handle_may_stop_the_machine() -> None:
    NdisWorld().ndis.NdisFreeSharedMemory(12345, 67890)
    world = under("ndis_free_unknown", "bug_check")
    with pytest.raises(BugCheck, match="67890 is no handle that NDIS remembers"):
        world.ndis.NdisFreeSharedMemory(world.nic, 67890)
    assert len(world.told(ForeignFree)) == 1


@pytest.mark.choice("ndis_free_by_other_handle", "free")
@pytest.mark.choice("ndis_free_by_other_handle", "bug_check")
def test_a_free_with_another_handle_may_work_or_stop_the_machine() -> None:
    for choice, left in (("ignore", PAGE_SIZE), ("free", 0), ("bug_check", PAGE_SIZE)):
        world = under("ndis_free_by_other_handle", choice)
        handle, _ = world.allocate()
        if choice == "bug_check":
            with pytest.raises(BugCheck, match="of nic0"):
                world.ndis.NdisFreeSharedMemory(world.switch, handle)
        else:
            world.ndis.NdisFreeSharedMemory(world.switch, handle)
        assert world.charged() == left
        assert len(world.told(WrongPair)) == 1


# ------------------------------------------------------------------ NdisAllocateSharedMemory


@pytest.mark.choice("ndis_provider_asked", "last_registered")
def test_the_newest_of_several_providers_may_be_asked() -> None:
    for choice, asked in (("first_registered", "vmswitch"), ("last_registered", "second")):
        world = under("ndis_provider_asked", choice)
        world.register("second", SharedMemoryProvider(world.kernel, "second").characteristics())
        world.allocate()
        assert [each.provider.name for each in world.ndis.allocations()] == [asked]
        assert world.charged(asked) == PAGE_SIZE


@pytest.mark.choice("ndis_no_provider", "NDIS_STATUS_RESOURCES")
@pytest.mark.choice("ndis_no_provider", "NDIS_STATUS_INVALID_PARAMETER")
@pytest.mark.parametrize("choice", [NDIS_STATUS_FAILURE, NDIS_STATUS_RESOURCES, NDIS_STATUS_INVALID_PARAMETER])
def test_without_a_provider_any_failure_may_come(choice: NDIS_STATUS) -> None:
    assert status(under("ndis_no_provider", choice, registered=False)) == choice


@pytest.mark.choice("ndis_undocumented_status", "pass_on")
def test_a_status_outside_the_four_may_reach_the_driver() -> None:
    for choice, expected in (("failure", NDIS_STATUS_FAILURE), ("pass_on", 0xC000_00BB)):
        world = under("ndis_undocumented_status", choice, registered=False)
        world.register("switch", offer(answering(StatusError(0xC000_00BB)), ignore))
        assert status(world) == expected
        assert len(world.told(ProviderFaulted)) == 1
    world = under("ndis_undocumented_status", "pass_on", registered=False)
    world.register("switch", offer(answering(StatusError(0)), ignore))
    assert status(world) == NDIS_STATUS_FAILURE  # success cannot be a failure


@pytest.mark.choice("ndis_sg_list_room", "elements_only")
@pytest.mark.choice("ndis_sg_list_too_small", "NDIS_STATUS_RESOURCES")
def test_the_list_may_be_counted_without_its_header_and_too_small_a_one_be_a_lack_of_resources() -> None:
    members: dict[str, Any] = {"length": 1, "sg_list_buffer": SCATTER_GATHER_LIST(), "sg_list_buffer_length": 24}
    assert status(NdisWorld(), **members) == NDIS_STATUS_INVALID_PARAMETER
    assert status(under("ndis_sg_list_too_small", NDIS_STATUS_RESOURCES), **members) == NDIS_STATUS_RESOURCES
    under("ndis_sg_list_room", "elements_only").allocate(**members)


@pytest.mark.choice("ndis_filter_allocates", "allow")
def test_a_filter_may_be_served() -> None:
    for choice in ("refuse", "allow"):
        world = under("ndis_filter_allocates", choice)
        module = world.ndis.open_adapter(world.register("filter", kind="filter"), world.nic)
        if choice == "refuse":
            assert status(world, handle=module) == NDIS_STATUS_INVALID_PARAMETER
        else:
            world.allocate(handle=module, queue_id=4)


# ------------------------------------------------------------------ NdisSetOptionalHandlers and the characteristics


@pytest.mark.choice("ndis_unregister", "null_handlers")
def test_two_null_handlers_may_take_a_provider_away() -> None:
    for choice in ("with_driver", "null_handlers"):
        world = under("ndis_unregister", choice)
        world.allocate()
        if choice == "with_driver":
            with pytest.raises(StatusError):
                world.ndis.NdisSetOptionalHandlers(world.switch, offer(None, None))
            assert world.ndis.providers() == ("vmswitch",)
        else:
            world.ndis.NdisSetOptionalHandlers(world.switch, offer(None, None))
            assert world.ndis.providers() == ()
            assert world.charged() == 0
            assert status(world) == NDIS_STATUS_FAILURE


@pytest.mark.choice("ndis_provider_gone", "strand")
def test_a_provider_may_leave_its_blocks_stranded() -> None:
    world = under("ndis_provider_gone", "strand")
    handle, parameters = world.allocate()
    kept, _ = world.allocate()
    world.ndis.close(world.switch)
    assert world.charged() == 2 * PAGE_SIZE
    assert [each.handle for each in world.told(NdisMemoryStranded)] == [handle, kept]
    assert parameters.virtual_address is not None
    world.kernel.space.write(parameters.virtual_address.address, b"still there")
    world.ndis.NdisFreeSharedMemory(world.nic, handle)
    world.ndis.close(world.miniport)
    assert world.ndis.allocations() == ()
    assert world.charged() == 2 * PAGE_SIZE
    assert world.provider.close() == 2


@pytest.mark.choice("ndis_second_provider", "add")
@pytest.mark.choice("ndis_second_provider", "refuse")
def test_a_driver_may_have_two_providers_or_be_refused_the_second() -> None:
    for choice, providers in (("replace", 1), ("add", 2), ("refuse", 1)):
        world = under("ndis_second_provider", choice, registered=False)
        first = world.provider.characteristics()
        second = SharedMemoryProvider(world.kernel, "second").characteristics()
        refusals: list[NDIS_STATUS] = []

        def both(
            handle: NDIS_HANDLE, world: NdisWorld = world, offers: Any = (first, second), refusals: Any = refusals
        ) -> None:
            for each in offers:
                try:
                    world.ndis.NdisSetOptionalHandlers(handle, each)
                except StatusError as error:
                    refusals.append(error.status)

        driver = world.ndis.register_driver("both", "protocol", set_options=both)
        assert world.ndis.providers() == ("both",) * providers
        assert refusals == ([NDIS_STATUS_FAILURE] if choice == "refuse" else [])
        world.allocate()
        assert world.charged("second" if choice == "replace" else "vmswitch") == PAGE_SIZE
        world.ndis.close(driver)
        assert world.ndis.providers() == ()
        assert world.charged("second") + world.charged() == 0


@pytest.mark.choice("ndis_null_handler", "accept")
def test_a_null_handler_may_be_found_out_at_the_first_call() -> None:
    for allocate, free in ((None, ignore), (answering(5), None)):
        world = NdisWorld(registered=False)
        with pytest.raises(StatusError, match="a handler is NULL"):
            world.register("switch", offer(allocate, free))
        world = under("ndis_null_handler", "accept", registered=False)
        world.register("switch", offer(allocate, free))
        if allocate is None:
            assert status(world) == NDIS_STATUS_FAILURE
            assert [each.problem for each in world.told(ProviderFaulted)] == ["its entry point is NULL"]
        else:
            handle, _ = world.allocate()
            world.ndis.NdisFreeSharedMemory(world.nic, handle)
            assert [each.handle for each in world.told(NdisMemoryStranded)] == [handle]
            assert world.ndis.allocations() == ()


@pytest.mark.choice("ndis_null_provider_context", "refuse")
def test_a_null_context_may_be_refused() -> None:
    nameless = offer(answering(5), ignore, context=None)
    NdisWorld(registered=False).register("switch", nameless)
    with pytest.raises(StatusError, match="provider_context is NULL"):
        under("ndis_null_provider_context", "refuse", registered=False).register("switch", nameless)


# ------------------------------------------------------------------ NDIS_SHARED_MEMORY_PARAMETERS


@pytest.mark.choice("ndis_zero_length", "one_page")
def test_a_length_of_zero_may_be_a_page() -> None:
    assert status(NdisWorld(), length=0) == NDIS_STATUS_INVALID_PARAMETER
    world = under("ndis_zero_length", "one_page")
    sg_list = SCATTER_GATHER_LIST()
    _, parameters = world.allocate(0, sg_list_buffer=sg_list, sg_list_buffer_length=40)
    assert world.charged() == PAGE_SIZE
    assert [each.length for each in sg_list.elements] == [PAGE_SIZE]
    assert parameters.length == 0


@pytest.mark.choice("ndis_unknown_usage", "accept")
@pytest.mark.choice("ndis_unknown_flags", "ignore")
@pytest.mark.parametrize(
    ("field", "choice", "members"),
    [("ndis_unknown_usage", "accept", {"usage": 10}), ("ndis_unknown_flags", "ignore", {"flags": 6})],
)
def test_an_unknown_usage_and_unknown_flags_may_be_taken(field: str, choice: str, members: dict[str, int]) -> None:
    assert status(NdisWorld(), **members) == NDIS_STATUS_INVALID_PARAMETER
    under(field, choice).allocate(**members)


@pytest.mark.choice("ndis_sg_list_length_after", "used")
@pytest.mark.choice("ndis_sg_list_elements", "one_per_page")
def test_the_list_may_have_an_element_per_page_and_tell_how_long_it_became() -> None:
    for choices, elements, length in (
        (Choices(), [2 * PAGE_SIZE, 3 * PAGE_SIZE + 1], 1000),
        (Choices(ndis_sg_list_length_after="used"), [2 * PAGE_SIZE, 3 * PAGE_SIZE + 1], 16 + 2 * 24),
        (Choices(ndis_sg_list_elements="one_per_page"), [PAGE_SIZE] * 5 + [1], 1000),
    ):
        world = NdisWorld(choices, run_size=4 * PAGE_SIZE)
        sg_list = SCATTER_GATHER_LIST()
        _, parameters = world.allocate(5 * PAGE_SIZE + 1, sg_list_buffer=sg_list, sg_list_buffer_length=1000)
        assert [each.length for each in sg_list.elements] == elements
        assert parameters.sg_list_buffer_length == length
    world = under("ndis_sg_list_elements", "one_per_page")
    with pytest.raises(StatusError, match="holds 1 elements and the block needs 2"):
        world.allocate(PAGE_SIZE + 1, flags=1, sg_list_buffer=SCATTER_GATHER_LIST(), sg_list_buffer_length=40)


@pytest.mark.choice("ndis_sg_list_absent", "too_small")
def test_a_list_may_be_insisted_upon() -> None:
    NdisWorld().allocate()
    assert status(under("ndis_sg_list_absent", "too_small")) == NDIS_STATUS_INVALID_PARAMETER
