"""The drivers that have registered with NDIS, their adapters and bindings, and the handles that stand for them.

*Driver handle*: what registering a driver gives. *Adapter handle*: a miniport's, one per adapter it drives.
*Binding handle*: a protocol driver's or filter's, one per adapter it has opened. Each is an NDIS_HANDLE, and
`Endpoint` is what NDIS knows behind any of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from enum import Enum
from typing import Literal, TypeAlias

import attrs

from lsart.ndis._structures import NDIS_HANDLE

__all__ = ["Adapter", "Driver", "DriverKind", "Drivers", "Endpoint", "Stage", "Version", "Virtualization"]

DriverKind = Literal["miniport", "protocol", "filter"]
Virtualization = Literal["none", "vmq", "sr_iov"]
Version: TypeAlias = tuple[int, int]
"""NDIS version as its pages write it: (6, 20) is NDIS 6.20."""

_FIRST_HANDLE = 0x1000
_STEP = 0x10


class Stage(Enum):
    """Which entry point of a driver is running: some calls are allowed from some of them only."""

    NONE = "no entry point"
    SET_OPTIONS = "its set-options entry point"
    BIND = "its bind entry point"


@attrs.define(eq=False)
class Driver:
    """A registered driver. `name` is unique."""

    name: str
    kind: DriverKind
    version: Version
    stage: Stage = Stage.NONE


@attrs.frozen(eq=False)
class Adapter:
    """A network adapter.

    Args:
        queue_count: receive queues beside the default one.
        virtualization: virtual machine queues, single root I/O virtualization, or neither.
        has_dma: whether its miniport has registered a scatter/gather DMA channel (NDAS-5).
        vport_count: virtual ports that its switch can have, the default one included; SR-IOV adapters only.
    """

    name: str
    queue_count: int
    virtualization: Virtualization
    has_dma: bool
    vport_count: int = 1


@attrs.frozen(eq=False)
class Endpoint:
    """What one NDIS_HANDLE stands for; `adapter` is None for a driver's own handle."""

    handle: int
    name: str
    driver: Driver
    adapter: Adapter | None = None


class Drivers:
    """Hands out handles and finds what they stand for."""

    def __init__(self) -> None:
        self._numbers = itertools.count(_FIRST_HANDLE, _STEP)
        self._endpoints: dict[int, Endpoint] = {}

    def new_handle(self) -> int:
        """A number that was never a handle."""
        return next(self._numbers)

    def find(self, handle: NDIS_HANDLE) -> Endpoint | None:
        """What a handle stands for, None when NDIS gave out none such or it is closed."""
        return self._endpoints.get(handle) if isinstance(handle, int) else None

    def endpoints(self, driver: Driver | None = None) -> tuple[Endpoint, ...]:
        """The open handles, oldest first, of one driver or of all."""
        return tuple(each for each in self._endpoints.values() if driver in (None, each.driver))

    def bindings_to(self, endpoint: Endpoint) -> tuple[Endpoint, ...]:
        """The handles with which other drivers have opened this adapter; none for handles of other kinds."""
        if endpoint.adapter is None or endpoint.driver.kind != "miniport":
            return ()
        return tuple(each for each in self.endpoints() if each.adapter is endpoint.adapter and each is not endpoint)

    def add_driver(self, name: str, kind: DriverKind, version: Version) -> Endpoint:
        """Register a driver.

        Raises:
            ValueError: the name is taken.
        """
        if any(each.driver.name == name for each in self._endpoints.values()):
            raise ValueError(f"a driver named {name!r} is registered already; names of drivers are unique")
        return self._open(name, Driver(name, kind, version))

    def add_adapter(self, driver_handle: NDIS_HANDLE, adapter: Adapter) -> Endpoint:
        """An adapter of a miniport.

        Raises:
            ValueError: the handle is no miniport driver's.
        """
        endpoint = self._driver(driver_handle, "miniport")
        return self._open(adapter.name, endpoint.driver, adapter)

    def bind(self, driver_handle: NDIS_HANDLE, adapter_handle: NDIS_HANDLE) -> Endpoint:
        """A protocol driver or filter attaches to an adapter.

        Raises:
            ValueError: one of the handles is of another kind.
        """
        endpoint = self._driver(driver_handle, "protocol", "filter")
        target = self.find(adapter_handle)
        if target is None or target.adapter is None or target.driver.kind != "miniport":
            raise ValueError(f"{adapter_handle!r} is no adapter handle; add_adapter gives one")
        return self._open(f"{endpoint.driver.name} on {target.name}", endpoint.driver, target.adapter)

    def has_dma(self, endpoint: Endpoint) -> bool:
        """Whether a miniport may allocate with this handle (NDAS-5); others need no channel of their own."""
        if endpoint.driver.kind != "miniport":
            return True
        adapters = [endpoint] if endpoint.adapter is not None else self.endpoints(endpoint.driver)
        return any(each.adapter is not None and each.adapter.has_dma for each in adapters)

    def run(self, endpoint: Endpoint, stage: Stage, entry_point: Callable[[NDIS_HANDLE], object] | None) -> None:
        """Call a driver's entry point with its handle, so that NDIS knows which one is running."""
        if entry_point is None:
            return
        before, endpoint.driver.stage = endpoint.driver.stage, stage
        try:
            entry_point(endpoint.handle)
        finally:
            endpoint.driver.stage = before

    def remove(self, endpoint: Endpoint) -> None:
        """Close a handle."""
        del self._endpoints[endpoint.handle]

    def _driver(self, handle: NDIS_HANDLE, *kinds: DriverKind) -> Endpoint:
        endpoint = self.find(handle)
        if endpoint is None or endpoint.adapter is not None or endpoint.driver.kind not in kinds:
            raise ValueError(f"{handle!r} is no driver handle of a {' or '.join(kinds)}; register_driver gives one")
        return endpoint

    def _open(self, name: str, driver: Driver, adapter: Adapter | None = None) -> Endpoint:
        endpoint = Endpoint(self.new_handle(), name, driver, adapter)
        self._endpoints[endpoint.handle] = endpoint
        return endpoint
