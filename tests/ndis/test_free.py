"""NdisFreeSharedMemory, drivers that leave memory behind, and providers that leave."""

from __future__ import annotations

from typing import Any

import pytest
from ndis_worlds import NdisWorld

from lsart.contract import StatusError
from lsart.events import (
    DoubleFree,
    ForeignFree,
    NdisMemoryFreed,
    NdisMemoryLeaked,
    NdisMemoryRevoked,
    NdisMemoryStranded,
    ProviderFaulted,
    ProviderUnregistered,
    WrongPair,
)
from lsart.memory import PAGE_SIZE
from lsart.ndis import (
    NDIS_HANDLE,
    NDIS_HEAP,
    NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS,
    SharedMemoryProvider,
)


@pytest.mark.rule("NDFS-1", "NDFS-4", "NFSM-1", "NFSM-2", "NFSM-3", "NFSM-5", "NDAS-3")
def test_a_free_calls_the_providers_entry_point_with_its_own_handle() -> None:
    world = NdisWorld(registered=False)
    freed: list[tuple[object, object]] = []

    def free(context: NDIS_HANDLE, handle: NDIS_HANDLE) -> None:
        freed.append((context, handle))
        world.provider.NetFreeSharedMemory(context, handle)

    offer = NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS(
        provider_context=world.provider,
        allocate_shared_memory_handler=world.provider.NetAllocateSharedMemory,
        free_shared_memory_handler=free,
    )
    world.register("switch", offer)
    handle, parameters = world.allocate(3 * PAGE_SIZE)
    world.ndis.NdisFreeSharedMemory(world.nic, handle)
    assert freed == [(world.provider, parameters.shared_memory_handle)]
    assert world.charged() == 0
    [told] = world.told(NdisMemoryFreed)
    assert (told.handle, told.provider, told.length, told.origin.package) == (handle, "switch", 12288, "e1000")


@pytest.mark.rule("NDFS-5", "NFSM-4")
def test_a_free_returns_nothing_and_raises_nothing_even_if_the_provider_does() -> None:
    world = NdisWorld(registered=False)

    def free(context: NDIS_HANDLE, handle: NDIS_HANDLE) -> None:
        raise KeyError(handle)

    offer = NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS(
        provider_context=world.provider,
        allocate_shared_memory_handler=world.provider.NetAllocateSharedMemory,
        free_shared_memory_handler=free,
    )
    world.register("switch", offer)
    handle, _ = world.allocate()
    returned: Any = world.ndis.NdisFreeSharedMemory  # typed to return None; what does it really return?
    assert returned(world.nic, handle) is None
    [told] = world.told(ProviderFaulted)
    assert told.problem.startswith("it raised KeyError")
    assert world.ndis.allocations() == ()


@pytest.mark.rule("NDFS-4")
def test_memory_that_was_freed_is_no_longer_mapped() -> None:
    world = NdisWorld()
    handle, parameters = world.allocate()
    address = parameters.virtual_address
    assert address is not None
    world.ndis.NdisFreeSharedMemory(world.nic, handle)
    assert world.kernel.space.find(address.address) is None


def test_a_double_free_names_both_ends() -> None:
    world = NdisWorld()
    handle, _ = world.allocate()
    world.now = 5
    world.ndis.NdisFreeSharedMemory(world.nic, handle)
    world.now = 9
    world.ndis.NdisFreeSharedMemory(world.nic, handle)
    [told] = world.told(DoubleFree)
    assert told.heap == NDIS_HEAP
    assert (told.allocated.time_ns, told.freed_before.time_ns, told.freed.time_ns) == (0, 5, 9)
    assert len(world.told(NdisMemoryFreed)) == 1


@pytest.mark.rule("NDFS-3")
@pytest.mark.parametrize("handle", [None, 0, 12345, "handle", ()])
def test_a_handle_that_ndis_never_gave_out_frees_nothing(handle: NDIS_HANDLE) -> None:
    world = NdisWorld()
    world.allocate()
    world.ndis.NdisFreeSharedMemory(world.nic, handle)
    [told] = world.told(ForeignFree)
    assert told.heap == NDIS_HEAP
    assert len(world.ndis.allocations()) == 1


@pytest.mark.rule("NDFS-3", "NDAS-9")
def test_the_providers_handle_is_not_the_allocations_handle() -> None:
    world = NdisWorld()
    _, parameters = world.allocate()
    world.ndis.NdisFreeSharedMemory(world.nic, parameters.shared_memory_handle)
    assert len(world.told(ForeignFree)) == 1
    assert world.charged() == PAGE_SIZE


@pytest.mark.rule("NDFS-2")
def test_a_free_with_another_handle_than_it_was_allocated_with_is_reported_and_frees_nothing() -> None:
    world = NdisWorld()
    other = world.register("other")
    handle, _ = world.allocate()
    for wrong in (other, world.miniport, 12345, None):
        world.ndis.NdisFreeSharedMemory(wrong, handle)
    told = world.told(WrongPair)
    assert [each.belongs_to for each in told] == ["nic0"] * 4
    assert [each.freed.package for each in told] == ["other", "e1000", "an unknown driver", "an unknown driver"]
    assert world.charged() == PAGE_SIZE
    world.ndis.NdisFreeSharedMemory(world.nic, handle)
    assert world.charged() == 0


@pytest.mark.rule("NFSM-3")
def test_the_provider_reports_a_second_free_and_a_handle_it_never_gave() -> None:
    world = NdisWorld()
    handle, _ = world.allocate()
    inner = world.ndis.allocations()[0].provider_handle
    world.ndis.NdisFreeSharedMemory(world.nic, handle)
    world.provider.NetFreeSharedMemory(world.provider, inner)
    world.provider.NetFreeSharedMemory(world.provider, 12345)
    world.provider.NetFreeSharedMemory(None, inner)
    assert [each.heap for each in world.told(DoubleFree)] == ["ndis provider vmswitch"]
    assert [each.inside for each in world.told(ForeignFree)] == [
        "12345 is no handle it remembers",
        "another provider's context",
    ]


def test_the_ends_of_old_allocations_are_forgotten_at_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lsart.ndis._allocations._REMEMBERED", 2)
    monkeypatch.setattr("lsart.ndis._provider._REMEMBERED", 2)
    world = NdisWorld()
    handles = []
    for _ in range(3):
        handle, parameters = world.allocate()
        handles.append((handle, parameters.shared_memory_handle))
        world.ndis.NdisFreeSharedMemory(world.nic, handle)
    for handle, inner in handles:
        world.ndis.NdisFreeSharedMemory(world.nic, handle)
        world.provider.NetFreeSharedMemory(world.provider, inner)
    assert len(world.told(ForeignFree)) == 2
    assert len(world.told(DoubleFree)) == 4


# ------------------------------------------------------------------ drivers go


@pytest.mark.rule("NDFS-4")
@pytest.mark.parametrize("closed", ["nic", "miniport"])
def test_what_a_driver_leaves_behind_is_reported_and_given_back(closed: str) -> None:
    world = NdisWorld()
    kept, _ = world.allocate(handle=world.register("other"))
    handle, _ = world.allocate(2 * PAGE_SIZE)
    world.ndis.close(getattr(world, closed))
    [told] = world.told(NdisMemoryLeaked)
    assert (told.handle, told.length, told.allocated.package) == (handle, 8192, "e1000")
    assert [each.handle for each in world.ndis.allocations()] == [kept]
    assert world.charged() == PAGE_SIZE
    with pytest.raises(ValueError, match="no open handle"):
        world.ndis.close(getattr(world, closed))


def test_a_binding_goes_with_the_adapter_it_opened() -> None:
    world = NdisWorld()
    binding = world.ndis.open_adapter(world.register("tcpip"), world.nic)
    world.allocate(handle=binding)
    world.ndis.close(world.nic)
    [told] = world.told(NdisMemoryLeaked)
    assert told.allocated.package == "tcpip"
    with pytest.raises(StatusError):
        world.allocate(handle=binding)


@pytest.mark.rule("NFSM-1")
def test_a_provider_that_leaves_gets_its_blocks_back_first_and_the_driver_is_told_at_its_own_free() -> None:
    world = NdisWorld()
    handle, _ = world.allocate()
    world.now = 7
    world.ndis.close(world.switch)
    assert world.charged() == 0
    assert [each.allocated.package for each in world.told(NdisMemoryRevoked)] == ["e1000"]
    [gone] = world.told(ProviderUnregistered)
    assert (gone.provider, gone.live_allocations) == ("vmswitch", 1)
    world.ndis.NdisFreeSharedMemory(world.nic, handle)
    [told] = world.told(DoubleFree)
    assert (told.freed_before.package, told.freed_before.function, told.freed_before.time_ns) == (
        "vmswitch",
        "unload",
        7,
    )


def test_after_a_shutdown_nothing_is_charged_and_nothing_mapped() -> None:
    world = NdisWorld()
    for length in (1, PAGE_SIZE, 100_000):
        world.allocate(length)
    world.ndis.shutdown()
    assert world.charged() == 0
    assert world.kernel.space.regions() == ()
    assert len(world.told(NdisMemoryLeaked)) == 3
    assert world.ndis.providers() == ()
    assert world.told(NdisMemoryStranded) == []
    assert world.provider.close() == 0


def test_a_provider_that_closes_gives_back_what_nobody_freed() -> None:
    world = NdisWorld()
    provider = SharedMemoryProvider(world.kernel, "direct")
    for _ in range(3):
        world.allocate()
    assert world.provider.close() == 3
    assert world.charged() == 0
    assert world.provider.is_halted
    assert provider.close() == 0
