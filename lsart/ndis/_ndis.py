"""NDIS: everything in this floor revolves around this file.

A driver asks NDIS, NDIS asks the provider within the same call, and both answers go back the same way. Functions with
Windows names are Windows functions; the rest is what stands for a driver's start and end.
"""

from __future__ import annotations

from collections.abc import Callable

from lsart.contract import NDIS_STATUS_INVALID_PARAMETER, StatusError
from lsart.events import (
    NdisMemoryAllocated,
    NdisMemoryFreed,
    NdisMemoryLeaked,
    NdisMemoryRevoked,
    NdisMemoryStranded,
    Origin,
)
from lsart.ndis._allocations import Allocation, Allocations
from lsart.ndis._drivers import Adapter, Driver, DriverKind, Drivers, Endpoint, Stage, Version, Virtualization
from lsart.ndis._faults import header_fault, queue_fault, vport_fault, vport_of
from lsart.ndis._handlers import Handlers
from lsart.ndis._kernel import Kernel
from lsart.ndis._providers import Provider, Providers
from lsart.ndis._structures import (
    NDIS_HANDLE,
    NDIS_SHARED_MEMORY_PARAMETERS,
    NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS,
)
from lsart.ndis._vports import VPorts

__all__ = ["Ndis"]

_UNLOAD = "unload"


class Ndis:
    """One machine's NDIS.

    Functions that return NDIS_STATUS raise `StatusError` with it; VOID functions never raise, except `BugCheck`
    where Choices ask for one. All run at PASSIVE_LEVEL.
    """

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self._choices = kernel.environment.choices
        self._bus = kernel.environment.bus
        self._drivers = Drivers()
        self._providers = Providers(kernel)
        self._allocations = Allocations(kernel)
        self._handlers = Handlers(kernel)
        self._vports = VPorts(kernel, self._allocations)

    # ------------------------------------------------------------------ drivers come and go

    def register_driver(
        self,
        name: str,
        kind: DriverKind,
        *,
        version: Version = (6, 30),
        set_options: Callable[[NDIS_HANDLE], object] | None = None,
    ) -> NDIS_HANDLE:
        """Register a driver, as NdisMRegisterMiniportDriver and its like do; the driver handle.

        Args:
            version: the NDIS version that the driver declares; (6, 20) is NDIS 6.20.
            set_options: MiniportSetOptions or ProtocolSetOptions, called with the handle before this returns. What it
                raises is raised here, and the driver is then not registered.

        Raises:
            ValueError: the name is taken.
        """
        endpoint = self._drivers.add_driver(name, kind, version)
        try:
            self._drivers.run(endpoint, Stage.SET_OPTIONS, set_options)
        except BaseException:
            self.close(endpoint.handle)
            raise
        return endpoint.handle

    def add_adapter(
        self,
        driver_handle: NDIS_HANDLE,
        name: str,
        *,
        queue_count: int = 0,
        virtualization: Virtualization = "none",
        has_dma: bool = True,
        vport_count: int = 64,
    ) -> NDIS_HANDLE:
        """A miniport starts an adapter, as in MiniportInitializeEx; the adapter handle. See `Adapter`.

        Raises:
            ValueError: the handle is no miniport driver's.
        """
        adapter = Adapter(name, queue_count, virtualization, has_dma, vport_count)
        return self._drivers.add_adapter(driver_handle, adapter).handle

    def open_adapter(
        self,
        driver_handle: NDIS_HANDLE,
        adapter_handle: NDIS_HANDLE,
        *,
        bind: Callable[[NDIS_HANDLE], object] | None = None,
    ) -> NDIS_HANDLE:
        """A protocol driver opens an adapter, as NdisOpenAdapterEx does, or a filter attaches; the binding handle.

        Args:
            bind: the driver's bind entry point, called with the handle before this returns. What it raises is raised
                here, and the binding is then closed.

        Raises:
            ValueError: one of the handles is of another kind.
        """
        endpoint = self._drivers.bind(driver_handle, adapter_handle)
        try:
            self._drivers.run(endpoint, Stage.BIND, bind)
        except BaseException:
            self.close(endpoint.handle)
            raise
        return endpoint.handle

    def create_vport(self, handle: NDIS_HANDLE) -> int:
        """A driver asks for a virtual port (OID_NIC_SWITCH_CREATE_VPORT) of the adapter that the handle leads to.

        The port is the handle's: it goes with `delete_vport` or when the handle is closed.

        Raises:
            ValueError: the handle is not open.
            StatusError: NDIS_STATUS_NOT_SUPPORTED: the adapter has no SR-IOV switch. NDIS_STATUS_RESOURCES: its
                switch has no port left.
        """
        endpoint = self._open_endpoint(handle)
        return self._vports.create(endpoint, self._origin(endpoint, "OID_NIC_SWITCH_CREATE_VPORT"))

    def delete_vport(self, handle: NDIS_HANDLE, vport_id: int) -> None:
        """A driver deletes a virtual port that it created with this handle (OID_NIC_SWITCH_DELETE_VPORT).

        Memory that was allocated for the port stays allocated: its drivers must free it.

        Raises:
            ValueError: the handle is not open.
            StatusError: NDIS_STATUS_NOT_SUPPORTED, or NDIS_STATUS_INVALID_PARAMETER: the default port, none that
                exists, or one that another handle created.
        """
        endpoint = self._open_endpoint(handle)
        self._vports.delete(endpoint, vport_id, self._origin(endpoint, "OID_NIC_SWITCH_DELETE_VPORT"))

    def vports(self, handle: NDIS_HANDLE) -> tuple[int, ...]:
        """The nondefault virtual ports of the adapter that the handle leads to, lowest first.

        Raises:
            ValueError: the handle is not open.
        """
        adapter = self._open_endpoint(handle).adapter
        return self._vports.of(adapter) if adapter is not None else ()

    def close(self, handle: NDIS_HANDLE) -> None:
        """Close a handle. A driver's own is closed by unloading the driver: its other handles and its provider go too.

        Memory allocated with the handle and not freed is reported and given back. So are a provider's blocks that
        others still use, unless Choices say otherwise.

        Raises:
            ValueError: the handle is not open.
            BugCheck: called above PASSIVE_LEVEL.
        """
        endpoint = self._open_endpoint(handle)
        self.kernel.require_passive(self._origin(endpoint, _UNLOAD))
        if endpoint.adapter is not None:
            self._close(endpoint)
            return
        for each in reversed(self._drivers.endpoints(endpoint.driver)):
            self._close(each)
        self._withdraw(endpoint.driver)

    def shutdown(self) -> None:
        """Unload every driver, newest first."""
        for endpoint in reversed(self._drivers.endpoints()):
            if endpoint.adapter is None:
                self.close(endpoint.handle)

    # ------------------------------------------------------------------ the Windows functions

    def NdisSetOptionalHandlers(
        self, ndis_handle: NDIS_HANDLE, optional_handlers: NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS
    ) -> None:
        """Register a shared-memory provider (NSOH-1 to NSOH-5).

        NDIS_STATUS_RESOURCES is never returned: the registration itself costs this machine nothing.

        Raises:
            StatusError: NDIS_STATUS_NOT_SUPPORTED for a miniport that declared less than NDIS 6.0, else
                NDIS_STATUS_FAILURE with the reason.
            BugCheck: called above PASSIVE_LEVEL.
        """
        endpoint = self._drivers.find(ndis_handle)
        origin = self._origin(endpoint, "NdisSetOptionalHandlers")
        self.kernel.require_passive(origin)
        if endpoint is not None and self._providers.is_withdrawal(optional_handlers):
            self._withdraw(endpoint.driver)
            return
        refusal = self._providers.refusal(endpoint, optional_handlers)
        if refusal is not None:
            self._providers.tell_refused(origin.package, *refusal)
            raise StatusError(*refusal)
        if endpoint is not None:
            self._providers.add(endpoint.driver, optional_handlers)

    def NdisAllocateSharedMemory(
        self,
        ndis_handle: NDIS_HANDLE,
        shared_memory_parameters: NDIS_SHARED_MEMORY_PARAMETERS,
        allocation_handle: NDIS_HANDLE = None,
    ) -> NDIS_HANDLE:
        """Get shared memory from a provider; the allocation handle, with which the caller must free it.

        Args:
            shared_memory_parameters: what is wanted; on success its outputs are filled in.
            allocation_handle: what the place for the handle holds before the call. It is not read.

        Raises:
            StatusError: NDIS_STATUS_RESOURCES, NDIS_STATUS_INVALID_PARAMETER or NDIS_STATUS_FAILURE.
            BugCheck: called above PASSIVE_LEVEL.
        """
        origin = self._origin(self._drivers.find(ndis_handle), "NdisAllocateSharedMemory")
        self.kernel.require_passive(origin)
        try:
            endpoint = self._check_caller(ndis_handle, shared_memory_parameters)
            providers = self._providers_to_ask(shared_memory_parameters)
        except StatusError as error:
            self._handlers.tell_refused("", shared_memory_parameters, error, origin)
            raise
        provider, handle, address = self._handlers.ask(providers, shared_memory_parameters, origin)
        allocation = Allocation(
            handle=self._drivers.new_handle(),
            endpoint=endpoint,
            provider=provider,
            provider_handle=handle,
            address=address,
            length=shared_memory_parameters.length,
            allocated=origin,
            vport_id=vport_of(shared_memory_parameters),
        )
        self._allocations.add(allocation)
        shared_memory_parameters.shared_memory_handle = handle
        sg_list = shared_memory_parameters.sg_list_buffer
        self._bus.emit(
            NdisMemoryAllocated(
                time_ns=origin.time_ns,
                handle=allocation.handle,
                provider=provider.name,
                address=address.address,
                length=allocation.length,
                queue_id=shared_memory_parameters.queue_id,
                usage=int(shared_memory_parameters.usage),
                elements=sg_list.number_of_elements if sg_list is not None else 0,
                origin=origin,
            )
        )
        return allocation.handle

    def NdisFreeSharedMemory(self, ndis_handle: NDIS_HANDLE, allocation_handle: NDIS_HANDLE) -> None:
        """Give memory back through the handle it was allocated with (NDFS-1 to NDFS-5).

        A wrong free, or a call above PASSIVE_LEVEL, does nothing and becomes an event.

        Raises:
            BugCheck: only if Choices ask for it.
        """
        endpoint = self._drivers.find(ndis_handle)
        origin = self._origin(endpoint, "NdisFreeSharedMemory")
        if not self.kernel.is_passive(origin):
            return
        allocation = self._allocations.to_free(endpoint, allocation_handle, origin)
        if allocation is None:
            return
        if self._give_back(allocation, origin):
            self._bus.emit(
                NdisMemoryFreed(
                    time_ns=origin.time_ns,
                    handle=allocation.handle,
                    provider=allocation.provider.name,
                    address=allocation.address.address,
                    length=allocation.length,
                    origin=origin,
                )
            )

    # ------------------------------------------------------------------ what the floors above ask

    def allocations(self) -> tuple[Allocation, ...]:
        """What drivers hold, oldest first."""
        return self._allocations.live()

    def providers(self) -> tuple[str, ...]:
        """Names of the drivers that offer shared memory, in the order of registration."""
        return tuple(each.name for each in self._providers.registered())

    # ------------------------------------------------------------------ the way to the provider

    def _check_caller(self, handle: NDIS_HANDLE, parameters: object) -> Endpoint:
        """Refuse what NDIS can tell is wrong before it asks a provider."""
        choices = self._choices
        endpoint = self._drivers.find(handle)
        if endpoint is None:
            fault = f"ndis_handle {handle!r} is no open handle of a driver, adapter or binding"
            raise StatusError(NDIS_STATUS_INVALID_PARAMETER, fault)
        if endpoint.driver.kind == "filter" and choices.ndis_filter_allocates == "refuse":
            fault = f"{endpoint.name} is a filter's handle, which no page lists as usable"
            raise StatusError(NDIS_STATUS_INVALID_PARAMETER, fault)
        if not self._drivers.has_dma(endpoint):
            fault = f"{endpoint.name} has not registered a scatter/gather DMA channel (NDAS-5)"
            raise StatusError(choices.ndis_miniport_without_dma, fault)
        if fault := header_fault(parameters, endpoint.driver.version):
            raise StatusError(choices.ndis_bad_header, fault)
        assert isinstance(parameters, NDIS_SHARED_MEMORY_PARAMETERS)  # header_fault has seen to it
        if fault := queue_fault(parameters, endpoint):
            raise StatusError(choices.ndis_bad_queue, fault)
        ports = self._vports.of(endpoint.adapter) if endpoint.adapter is not None else ()
        if fault := vport_fault(parameters, endpoint, ports):
            raise StatusError(choices.ndis_bad_vport, fault)
        return endpoint

    def _providers_to_ask(self, parameters: NDIS_SHARED_MEMORY_PARAMETERS) -> tuple[Provider, ...]:
        providers = self._providers.to_ask(vport_of(parameters))
        if not providers:
            which = " that supports virtual ports" if self._providers.registered() else ""
            raise StatusError(self._choices.ndis_no_provider, f"no shared-memory provider{which} is registered")
        return providers

    def _give_back(self, allocation: Allocation, origin: Origin) -> bool:
        """End an allocation; False when the provider does not take it back."""
        stranded = self._allocations.is_stranded(allocation)
        self._allocations.end(allocation, origin)
        if stranded:  # told when it happened
            return False
        if self._handlers.free(allocation.provider, allocation.provider_handle, origin):
            return True
        self._allocations.tell(NdisMemoryStranded, allocation, origin.time_ns)
        return False

    # ------------------------------------------------------------------ ends

    def _close(self, endpoint: Endpoint) -> None:
        for binding in reversed(self._drivers.bindings_to(endpoint)):
            self._close(binding)
        origin = self._origin(endpoint, _UNLOAD)
        for allocation in self._allocations.of_endpoint(endpoint):
            self._allocations.tell(NdisMemoryLeaked, allocation, origin.time_ns)
            self._give_back(allocation, origin)
        self._vports.close(endpoint, origin)
        self._drivers.remove(endpoint)

    def _withdraw(self, driver: Driver) -> None:
        """Forget the providers of a driver, and see to what they gave out."""
        origin = self.kernel.origin(driver.name, _UNLOAD)
        live = self._allocations.of_provider(driver)
        for allocation in live:
            if self._choices.ndis_provider_gone == "strand":
                self._allocations.tell(NdisMemoryStranded, allocation, origin.time_ns)
                self._allocations.strand(allocation)
            else:
                self._allocations.tell(NdisMemoryRevoked, allocation, origin.time_ns)
                self._give_back(allocation, origin)
        self._providers.remove(driver, len(live))

    def _open_endpoint(self, handle: NDIS_HANDLE) -> Endpoint:
        endpoint = self._drivers.find(handle)
        if endpoint is None:
            raise ValueError(f"{handle!r} is no open handle of a driver, an adapter or a binding")
        return endpoint

    def _origin(self, endpoint: Endpoint | None, function: str) -> Origin:
        return self.kernel.origin("an unknown driver" if endpoint is None else endpoint.driver.name, function)
