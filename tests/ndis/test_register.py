"""NdisSetOptionalHandlers: who may offer shared memory, from where, and with which structure."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from ndis_worlds import NdisWorld

from lsart.contract import NDIS_STATUS_FAILURE, NDIS_STATUS_NOT_SUPPORTED, StatusError
from lsart.events import ProviderRefused, ProviderRegistered
from lsart.memory import PAGE_SIZE
from lsart.ndis import (
    NDIS_HANDLE,
    NDIS_OBJECT_HEADER,
    NDIS_SHARED_MEMORY_PROVIDER_CHAR_SUPPORTS_PF_VPORTS,
    NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS,
    SharedMemoryProvider,
)


def offer(world: NdisWorld, name: str = "second") -> NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS:
    return SharedMemoryProvider(world.kernel, name).characteristics()


def refused(world: NdisWorld, handle: NDIS_HANDLE, handlers: Any) -> StatusError:
    with pytest.raises(StatusError) as caught:
        world.ndis.NdisSetOptionalHandlers(handle, handlers)
    return caught.value


@pytest.mark.rule("NSPC-3", "NASM-12", "NFSM-5")
def test_a_driver_that_hands_in_the_characteristics_offers_memory() -> None:
    world = NdisWorld(registered=False)
    assert world.ndis.providers() == ()
    with pytest.raises(StatusError, match="no shared-memory provider is registered"):
        world.allocate()
    world.register("switch", world.provider.characteristics())
    assert world.ndis.providers() == ("switch",)
    world.allocate()
    [told] = world.told(ProviderRegistered)
    assert (told.provider, told.flags, told.replaces) == ("switch", 0, False)


@pytest.mark.rule("NSOH-1")
def test_a_second_call_of_a_driver_changes_its_entry_points() -> None:
    world = NdisWorld()
    first, _ = world.allocate()
    second = SharedMemoryProvider(world.kernel, "second")
    world.ndis.open_adapter(
        world.switch, world.nic, bind=lambda h: world.ndis.NdisSetOptionalHandlers(h, second.characteristics())
    )
    world.allocate(2 * PAGE_SIZE)
    assert (world.charged("vmswitch"), world.charged("second")) == (PAGE_SIZE, 2 * PAGE_SIZE)
    assert world.ndis.providers() == ("vmswitch",)
    assert world.told(ProviderRegistered)[-1].replaces
    world.ndis.NdisFreeSharedMemory(world.nic, first)
    assert world.charged("vmswitch") == 0


@pytest.mark.rule("NSOH-2")
def test_a_protocol_driver_may_register_from_its_options_and_bind_entry_points_only() -> None:
    world = NdisWorld(registered=False)
    error = refused(world, world.switch, offer(world))
    assert error.status == NDIS_STATUS_FAILURE
    assert "from ProtocolSetOptions or while it binds" in str(error)
    world.ndis.open_adapter(
        world.switch, world.nic, bind=lambda handle: world.ndis.NdisSetOptionalHandlers(handle, offer(world))
    )
    world.register("other", offer(world))
    assert world.ndis.providers() == ("vmswitch", "other")
    [told] = world.told(ProviderRefused)
    assert (told.driver, told.status) == ("vmswitch", NDIS_STATUS_FAILURE)


@pytest.mark.rule("NSOH-3")
def test_a_miniport_may_register_from_its_options_entry_point_only() -> None:
    world = NdisWorld(registered=False)
    world.register("card", offer(world), kind="miniport")
    assert world.ndis.providers() == ("card",)
    for handle in (world.miniport, world.nic):
        assert refused(world, handle, offer(world)).status == NDIS_STATUS_FAILURE
    assert world.ndis.providers() == ("card",)


@pytest.mark.rule("NSOH-4")
def test_filter_drivers_and_filter_modules_may_not_register() -> None:
    world = NdisWorld(registered=False)
    with pytest.raises(StatusError) as caught:
        world.register("filter", offer(world), kind="filter")
    assert caught.value.status == NDIS_STATUS_FAILURE
    driver = world.register("filter", kind="filter")  # the name is free: the first attempt left nothing
    with pytest.raises(StatusError, match="a filter driver, which may not offer shared memory"):
        world.ndis.open_adapter(
            driver, world.nic, bind=lambda handle: world.ndis.NdisSetOptionalHandlers(handle, offer(world))
        )
    assert world.ndis.providers() == ()


@pytest.mark.rule("NSOH-5")
def test_not_supported_is_for_miniports_that_declared_less_than_6_0() -> None:
    world = NdisWorld(registered=False)

    def register(kind: Any, version: tuple[int, int]) -> None:
        world.ndis.register_driver(
            f"{kind} {version}",
            kind,
            version=version,
            set_options=lambda handle: world.ndis.NdisSetOptionalHandlers(handle, offer(world)),
        )

    for kind, version, status in (
        ("miniport", (5, 1), NDIS_STATUS_NOT_SUPPORTED),
        ("miniport", (6, 1), NDIS_STATUS_FAILURE),
        ("protocol", (5, 1), NDIS_STATUS_FAILURE),
    ):
        with pytest.raises(StatusError) as caught:
            register(kind, version)
        assert caught.value.status == status
    register("miniport", (6, 20))


@pytest.mark.rule("NSPC-1")
@pytest.mark.parametrize(
    ("header", "message"),
    [
        (NDIS_OBJECT_HEADER(0x80, 1, 32), "header.type is 0x80, expected 0xb0"),
        (NDIS_OBJECT_HEADER(0xB0, 2, 32), "header.revision is 2, known are 1"),
        (NDIS_OBJECT_HEADER(0xB0, 1, 31), "header.size is 31, but revision 1 has 32 bytes"),
    ],
)
def test_a_header_that_does_not_hold_is_refused_and_nothing_registered(
    header: NDIS_OBJECT_HEADER, message: str
) -> None:
    world = NdisWorld(registered=False)
    wrong = attrs.evolve(world.provider.characteristics(), header=header)
    with pytest.raises(StatusError, match=message) as caught:
        world.register("switch", wrong)
    assert caught.value.status == NDIS_STATUS_FAILURE
    assert world.ndis.providers() == ()


@pytest.mark.rule("NSPC-4")
def test_the_flag_of_the_header_is_kept_and_told() -> None:
    world = NdisWorld(registered=False)
    flags = NDIS_SHARED_MEMORY_PROVIDER_CHAR_SUPPORTS_PF_VPORTS
    world.register("switch", attrs.evolve(world.provider.characteristics(), flags=flags))
    assert [each.flags for each in world.told(ProviderRegistered)] == [1]


def test_an_unknown_handle_and_another_structure_are_refused() -> None:
    world = NdisWorld(registered=False)
    assert refused(world, 12345, offer(world)).status == NDIS_STATUS_FAILURE

    def wrong(handle: NDIS_HANDLE) -> None:
        error = refused(world, handle, object())
        assert error.status == NDIS_STATUS_FAILURE
        assert "got object" in str(error)

    world.ndis.register_driver("other", "protocol", set_options=wrong)


def test_an_entry_point_that_fails_leaves_no_driver_and_no_binding_behind() -> None:
    world = NdisWorld()

    def fails(handle: NDIS_HANDLE) -> None:
        world.allocate(handle=handle)
        raise RuntimeError("by hand")

    with pytest.raises(RuntimeError):
        world.ndis.register_driver("broken", "protocol", set_options=fails)
    driver = world.register("broken")
    with pytest.raises(RuntimeError):
        world.ndis.open_adapter(driver, world.nic, bind=fails)
    assert world.ndis.allocations() == ()
    assert world.charged() == 0


def test_names_and_handles_that_do_not_fit_are_refused_with_what_would() -> None:
    world = NdisWorld()
    with pytest.raises(ValueError, match="'e1000' is registered already"):
        world.register("e1000")
    with pytest.raises(ValueError, match="no driver handle of a miniport; register_driver gives one"):
        world.ndis.add_adapter(world.switch, "nic1")
    with pytest.raises(ValueError, match="no driver handle of a protocol or filter"):
        world.ndis.open_adapter(world.nic, world.nic)
    with pytest.raises(ValueError, match="no adapter handle; add_adapter gives one"):
        world.ndis.open_adapter(world.switch, world.miniport)
