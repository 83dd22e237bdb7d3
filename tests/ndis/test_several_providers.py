"""Several providers on one machine: who is asked, and what one that goes leaves to the others."""

from __future__ import annotations

from typing import Any

import pytest
from ndis_worlds import NdisWorld

from lsart.contract import (
    NDIS_STATUS_FAILURE,
    NDIS_STATUS_INVALID_PARAMETER,
    NDIS_STATUS_RESOURCES,
    Choices,
    StatusError,
)
from lsart.events import NdisMemoryRefused, NdisMemoryRevoked, ProviderUnregistered
from lsart.memory import PAGE_SIZE
from lsart.ndis import NDIS_HANDLE, NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS, SharedMemoryProvider


def two(choices: Choices, **quotas: int) -> NdisWorld:
    """A world with providers vmswitch and second, each with so many pages of the one node."""
    world = NdisWorld(choices, quotas=(quotas["vmswitch"] * PAGE_SIZE,))
    second = SharedMemoryProvider(world.kernel, "second", quotas=(quotas["second"] * PAGE_SIZE,))
    world.register("second", second.characteristics())
    return world


def givers(world: NdisWorld) -> list[str]:
    return [each.provider.name for each in world.ndis.allocations()]


@pytest.mark.choice("ndis_provider_asked", "each_in_turn")
def test_the_next_provider_may_be_asked_when_one_has_nothing_left() -> None:
    world = two(Choices(), vmswitch=1, second=2)
    world.allocate()
    assert world.refused(length=1).status == NDIS_STATUS_RESOURCES

    world = two(Choices(ndis_provider_asked="each_in_turn"), vmswitch=1, second=2)
    handles = [world.allocate()[0] for _ in range(3)]
    assert givers(world) == ["vmswitch", "second", "second"]
    assert world.told(NdisMemoryRefused) == []
    assert world.refused(length=1).status == NDIS_STATUS_RESOURCES
    assert [each.provider for each in world.told(NdisMemoryRefused)] == ["second"]  # the last one that was asked
    for handle in handles:
        world.ndis.NdisFreeSharedMemory(world.nic, handle)
    assert (world.charged("vmswitch"), world.charged("second")) == (0, 0)
    world.allocate()
    assert givers(world) == ["vmswitch"]


@pytest.mark.parametrize("status", [NDIS_STATUS_FAILURE, NDIS_STATUS_INVALID_PARAMETER])
def test_any_other_refusal_ends_the_search(status: Any) -> None:
    world = NdisWorld(Choices(ndis_provider_asked="each_in_turn"), registered=False)

    def refuse(*arguments: Any) -> NDIS_HANDLE:
        raise StatusError(status)

    def ignore(*arguments: Any) -> None: ...

    first = NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS(
        provider_context=1, allocate_shared_memory_handler=refuse, free_shared_memory_handler=ignore
    )
    world.register("first", first)
    world.register("second", world.provider.characteristics())
    assert world.refused(length=1).status == status
    assert [each.provider for each in world.told(NdisMemoryRefused)] == ["first"]
    assert world.charged() == 0


@pytest.mark.choice("ndis_pf_vports", "by_flag")
def test_memory_of_a_virtual_port_may_be_for_those_alone_whose_flag_says_so() -> None:
    for choice, asked in (("any_provider", ["vmswitch", "vmswitch"]), ("by_flag", ["second", "vmswitch"])):
        world = NdisWorld(Choices(ndis_pf_vports=choice))  # type: ignore[arg-type]  # one of the two literals
        second = SharedMemoryProvider(world.kernel, "second", supports_pf_vports=True)
        driver = world.register("second", second.characteristics())
        pf = world.ndis.add_adapter(world.miniport, "pf", virtualization="sr_iov")
        port = world.ndis.create_vport(pf)
        world.allocate(handle=pf, vport_id=port)
        world.allocate()
        assert givers(world) == asked
        world.ndis.close(driver)
        if choice == "by_flag":
            error = world.refused(handle=pf, vport_id=port)
            assert error.status == NDIS_STATUS_FAILURE
            assert "no shared-memory provider that supports virtual ports is registered" in str(error)
        else:
            world.allocate(handle=pf, vport_id=port)


def test_a_provider_that_goes_takes_its_own_blocks_and_leaves_those_of_the_others() -> None:
    world = two(Choices(ndis_provider_asked="each_in_turn"), vmswitch=2, second=2)
    handles = [world.allocate()[0] for _ in range(4)]
    world.ndis.close(world.switch)
    assert [each.handle for each in world.told(NdisMemoryRevoked)] == handles[:2]
    assert [each.live_allocations for each in world.told(ProviderUnregistered)] == [2]
    assert [each.handle for each in world.ndis.allocations()] == handles[2:]
    assert (world.charged("vmswitch"), world.charged("second")) == (0, 2 * PAGE_SIZE)
    assert world.refused(length=1).status == NDIS_STATUS_RESOURCES
    assert world.ndis.providers() == ("second",)
    assert world.provider.check() == []
