"""Who holds which memory, and what a wrong free was: the ledger of this floor."""

from __future__ import annotations

from typing import Literal

import attrs

from lsart.contract import Pointer
from lsart.events import (
    DoubleFree,
    ForeignFree,
    NdisMemoryLeaked,
    NdisMemoryRevoked,
    NdisMemoryStranded,
    Origin,
    WrongPair,
)
from lsart.ndis._drivers import Adapter, Driver, Endpoint
from lsart.ndis._kernel import BugCheck, Kernel
from lsart.ndis._providers import Provider
from lsart.ndis._structures import NDIS_HANDLE

__all__ = ["NDIS_HEAP", "Allocation", "Allocations", "stop_if"]

NDIS_HEAP = "ndis"
"""What events of wrong frees call the heap of all NDIS shared memory."""

_REMEMBERED = 4096  # newest ended allocations whose ends a second free can still name

_Ending = type[NdisMemoryLeaked] | type[NdisMemoryRevoked] | type[NdisMemoryStranded]


@attrs.frozen(eq=False)
class Allocation:
    """Memory that a driver holds.

    Args:
        handle: what NDIS gave the driver. endpoint: the handle the driver allocated with.
        provider: whose memory it is. provider_handle: the provider's name for it.
        address: first byte in the kernel's space. length: bytes asked for.
        allocated: by whom and when. vport_id: for which virtual port, 0 for none in particular.
    """

    handle: int
    endpoint: Endpoint
    provider: Provider
    provider_handle: NDIS_HANDLE
    address: Pointer
    length: int
    allocated: Origin
    vport_id: int = 0


class Allocations:
    """The live allocations, oldest first, and the newest that ended."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._live: dict[int, Allocation] = {}
        self._stranded: set[int] = set()
        self._ended: dict[int, tuple[Allocation, Origin]] = {}

    def add(self, allocation: Allocation) -> None:
        """A driver got memory."""
        self._live[allocation.handle] = allocation

    def live(self) -> tuple[Allocation, ...]:
        """What drivers hold."""
        return tuple(self._live.values())

    def of_endpoint(self, endpoint: Endpoint) -> tuple[Allocation, ...]:
        """What was allocated with this handle."""
        return tuple(each for each in self._live.values() if each.endpoint is endpoint)

    def of_provider(self, driver: Driver) -> tuple[Allocation, ...]:
        """What this driver provides, except what is stranded already."""
        return tuple(
            each for each in self._live.values() if each.provider.driver is driver and not self.is_stranded(each)
        )

    def of_vport(self, adapter: Adapter, vport_id: int) -> tuple[Allocation, ...]:
        """What was allocated for this virtual port, with whatever handle leads to the adapter."""
        return tuple(
            each for each in self._live.values() if each.vport_id == vport_id and each.endpoint.adapter is adapter
        )

    def is_stranded(self, allocation: Allocation) -> bool:
        """Whether its provider left it behind."""
        return allocation.handle in self._stranded

    def end(self, allocation: Allocation, freed: Origin) -> None:
        """It is over, by whom and when."""
        del self._live[allocation.handle]
        self._stranded.discard(allocation.handle)
        self._ended[allocation.handle] = (allocation, freed)
        if len(self._ended) > _REMEMBERED:
            del self._ended[next(iter(self._ended))]

    def strand(self, allocation: Allocation) -> None:
        """Its provider leaves it behind; the driver may go on using it."""
        self._stranded.add(allocation.handle)

    def tell(self, event: _Ending, allocation: Allocation, time_ns: int) -> None:
        """Put it on the bus that an allocation did not end with its driver's NdisFreeSharedMemory."""
        self._kernel.environment.bus.emit(
            event(
                time_ns=time_ns,
                handle=allocation.handle,
                provider=allocation.provider.name,
                address=allocation.address.address,
                length=allocation.length,
                allocated=allocation.allocated,
            )
        )

    def to_free(self, endpoint: Endpoint | None, handle: NDIS_HANDLE, freed: Origin) -> Allocation | None:
        """The allocation that this free ends; None when it is a wrong one, which the event tells.

        Raises:
            BugCheck: it is a wrong one and Choices ask for it.
        """
        number = handle if isinstance(handle, int) else 0
        allocation = self._live.get(number)
        choices = self._kernel.environment.choices
        bus = self._kernel.environment.bus
        if allocation is None and number in self._ended:
            allocation, before = self._ended[number]
            bus.emit(
                DoubleFree(
                    time_ns=freed.time_ns,
                    heap=NDIS_HEAP,
                    address=allocation.address.address,
                    freed=freed,
                    allocated=allocation.allocated,
                    freed_before=before,
                )
            )
            stop_if(choices.ndis_double_free, f"{freed} freed handle {number:#x}, as {before} had before")
            return None
        if allocation is None:
            inside = f"{handle!r} is no handle that NDIS remembers"
            bus.emit(ForeignFree(time_ns=freed.time_ns, heap=NDIS_HEAP, address=number, freed=freed, inside=inside))
            stop_if(choices.ndis_free_unknown, f"{freed}: {inside}")
            return None
        if allocation.endpoint is not endpoint:
            bus.emit(
                WrongPair(
                    time_ns=freed.time_ns,
                    heap=NDIS_HEAP,
                    address=allocation.address.address,
                    freed=freed,
                    allocated=allocation.allocated,
                    belongs_to=allocation.endpoint.name,
                )
            )
            stop_if(
                choices.ndis_free_by_other_handle, f"{freed} freed handle {number:#x} of {allocation.endpoint.name}"
            )
            return allocation if choices.ndis_free_by_other_handle == "free" else None
        return allocation


def stop_if(choice: Literal["ignore", "free", "bug_check"], what: str) -> None:
    """Stop the machine when Choices ask for it.

    Raises:
        BugCheck: they do.
    """
    if choice == "bug_check":
        raise BugCheck(f"BUGCODE_NDIS_DRIVER: {what}")
