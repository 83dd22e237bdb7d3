"""Virtual ports of an adapter's NIC switch, from OID_NIC_SWITCH_CREATE_VPORT to OID_NIC_SWITCH_DELETE_VPORT.

Port 0 is the default one: it is there as long as the adapter. The others are numbered from 1, come and go at the wish
of drivers above, and each can be deleted by its creator only. What a driver allocated for a port outlives it, since
memory ends with NdisFreeSharedMemory or with its handle and in no other way (NDFS-4).
"""

from __future__ import annotations

from lsart.contract import (
    NDIS_STATUS_INVALID_PARAMETER,
    NDIS_STATUS_NOT_SUPPORTED,
    NDIS_STATUS_RESOURCES,
    StatusError,
)
from lsart.events import NdisVPortCreated, NdisVPortDeleted, Origin
from lsart.ndis._allocations import Allocations
from lsart.ndis._constants import NDIS_DEFAULT_VPORT_ID
from lsart.ndis._drivers import Adapter, Endpoint
from lsart.ndis._kernel import Kernel

__all__ = ["VPorts"]


class VPorts:
    """The nondefault ports of all adapters, each with the handle that created it."""

    def __init__(self, kernel: Kernel, allocations: Allocations) -> None:
        self._bus = kernel.environment.bus
        self._allocations = allocations
        self._creators: dict[tuple[Adapter, int], Endpoint] = {}

    def of(self, adapter: Adapter) -> tuple[int, ...]:
        """The adapter's nondefault ports, lowest first."""
        return tuple(sorted(port for where, port in self._creators if where is adapter))

    def create(self, endpoint: Endpoint, origin: Origin) -> int:
        """The lowest number that is free.

        Raises:
            StatusError: NDIS_STATUS_NOT_SUPPORTED: the adapter has no SR-IOV switch. NDIS_STATUS_RESOURCES: the
                switch has no port left.
        """
        adapter = _switch(endpoint)
        taken = self.of(adapter)
        for port in range(NDIS_DEFAULT_VPORT_ID + 1, adapter.vport_count):
            if port not in taken:
                self._creators[adapter, port] = endpoint
                told = NdisVPortCreated(time_ns=origin.time_ns, adapter=adapter.name, vport_id=port, origin=origin)
                self._bus.emit(told)
                return port
        raise StatusError(
            NDIS_STATUS_RESOURCES, f"the switch of {adapter.name} has {adapter.vport_count} virtual ports, all in use"
        )

    def delete(self, endpoint: Endpoint, port: int, origin: Origin) -> None:
        """The port's number is free again.

        Raises:
            StatusError: NDIS_STATUS_NOT_SUPPORTED: the adapter has no SR-IOV switch. NDIS_STATUS_INVALID_PARAMETER:
                the default port, none that exists, or one that another handle created.
        """
        adapter = _switch(endpoint)
        if port == NDIS_DEFAULT_VPORT_ID:
            raise StatusError(NDIS_STATUS_INVALID_PARAMETER, "the default virtual port cannot be deleted")
        creator = self._creators.get((adapter, port))
        if creator is None:
            raise StatusError(NDIS_STATUS_INVALID_PARAMETER, f"{adapter.name} has no virtual port {port}")
        if creator is not endpoint:
            raise StatusError(NDIS_STATUS_INVALID_PARAMETER, f"virtual port {port} is for {creator.name} to delete")
        self._remove(adapter, port, origin)

    def close(self, endpoint: Endpoint, origin: Origin) -> None:
        """The ports that exist because of this handle go with it, oldest first."""
        for (adapter, port), creator in tuple(self._creators.items()):
            if creator is endpoint:
                self._remove(adapter, port, origin)

    def _remove(self, adapter: Adapter, port: int, origin: Origin) -> None:
        del self._creators[adapter, port]
        self._bus.emit(
            NdisVPortDeleted(
                time_ns=origin.time_ns,
                adapter=adapter.name,
                vport_id=port,
                live_allocations=len(self._allocations.of_vport(adapter, port)),
                origin=origin,
            )
        )


def _switch(endpoint: Endpoint) -> Adapter:
    adapter = endpoint.adapter
    if adapter is None or adapter.virtualization != "sr_iov":
        fault = f"{endpoint.name} leads to no SR-IOV adapter, so there is no switch with virtual ports"
        raise StatusError(NDIS_STATUS_NOT_SUPPORTED, fault)
    return adapter
