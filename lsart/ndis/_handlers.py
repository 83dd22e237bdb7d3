"""How NDIS calls a provider's two entry points, and judges what comes back.

A provider is somebody else's code. Whatever it does, the driver that asked gets one of the documented statuses.
"""

from __future__ import annotations

from lsart.contract import (
    NDIS_STATUS_FAILURE,
    NDIS_STATUS_INVALID_PARAMETER,
    NDIS_STATUS_RESOURCES,
    NDIS_STATUS_SUCCESS,
    InternalError,
    Pointer,
    StatusError,
)
from lsart.events import NdisMemoryRefused, Origin, ProviderFaulted
from lsart.ndis._kernel import BugCheck, Kernel
from lsart.ndis._providers import Provider
from lsart.ndis._structures import NDIS_HANDLE, NDIS_SHARED_MEMORY_PARAMETERS

__all__ = ["Handlers"]

_FAILURES = (NDIS_STATUS_RESOURCES, NDIS_STATUS_INVALID_PARAMETER, NDIS_STATUS_FAILURE)
_LEFTOVER = 0xCDCD_CDCD_CDCD_CDCD  # a handle's place on a stack that nobody cleared


class Handlers:
    """Calls providers; each call runs within the driver's own (NDAS-1, NDFS-1)."""

    def __init__(self, kernel: Kernel) -> None:
        self._choices = kernel.environment.choices
        self._bus = kernel.environment.bus

    def allocate(
        self, provider: Provider, parameters: NDIS_SHARED_MEMORY_PARAMETERS, origin: Origin
    ) -> tuple[NDIS_HANDLE, Pointer]:
        """Call NetAllocateSharedMemory: the provider's handle of the memory, and the memory's address.

        Raises:
            StatusError: what the provider answered, NDIS_STATUS_FAILURE if it did not keep to its contract.
        """
        handler = provider.characteristics.allocate_shared_memory_handler
        if handler is None:
            raise self._faulted(provider, "its entry point is NULL", origin)
        place = None if self._choices.ndis_handle_passed_in == "null" else _LEFTOVER
        parameters.virtual_address = None
        try:
            handle = handler(provider.context, parameters, place)
        except StatusError as error:
            if error.status in _FAILURES:
                raise
            problem = f"it answered {error.status!r}, which is no failure that it may return"
            faulted = self._faulted(provider, problem, origin)
            if self._choices.ndis_undocumented_status == "pass_on" and error.status != NDIS_STATUS_SUCCESS:
                raise
            raise faulted from error
        except (BugCheck, InternalError):
            raise
        except Exception as error:
            raise self._faulted(provider, f"it raised {type(error).__name__}: {error}", origin) from error
        address: Pointer | None = parameters.virtual_address
        if handle is None and self._choices.ndis_null_provider_handle == "fail":
            parameters.virtual_address = None
            raise self._faulted(provider, "it succeeded with a NULL handle", origin)
        if address is None:
            self.free(provider, handle, origin)
            raise self._faulted(provider, "it succeeded but gave no address of the memory", origin)
        return handle, address

    def ask(
        self, providers: tuple[Provider, ...], parameters: NDIS_SHARED_MEMORY_PARAMETERS, origin: Origin
    ) -> tuple[Provider, NDIS_HANDLE, Pointer]:
        """Ask one provider after the other while resources do not suffice: who had them, its handle, and the address.

        Raises:
            StatusError: the answer of the last one that was asked. It has been told.
        """
        for provider in providers:
            try:
                handle, address = self.allocate(provider, parameters, origin)
            except StatusError as error:
                if error.status != NDIS_STATUS_RESOURCES or provider is providers[-1]:
                    self.tell_refused(provider.name, parameters, error, origin)
                    raise
            else:
                return provider, handle, address
        raise InternalError("NDIS asked no provider")

    def free(self, provider: Provider, handle: NDIS_HANDLE, origin: Origin) -> bool:
        """Call NetFreeSharedMemory; False when the entry point is NULL.

        It cannot fail visibly (NFSM-4), so what it raises becomes an event.
        """
        handler = provider.characteristics.free_shared_memory_handler
        if handler is None:
            return False
        try:
            handler(provider.context, handle)
        except (BugCheck, InternalError):
            raise
        except Exception as error:
            self.tell_faulted(provider, "NetFreeSharedMemory", f"it raised {type(error).__name__}: {error}", origin)
        return True

    def tell_refused(self, provider: str, parameters: object, error: StatusError, origin: Origin) -> None:
        """Put on the bus that a driver gets no memory; `provider` is empty when none was asked."""
        length = parameters.length if isinstance(parameters, NDIS_SHARED_MEMORY_PARAMETERS) else 0
        self._bus.emit(
            NdisMemoryRefused(
                time_ns=origin.time_ns,
                provider=provider,
                length=length,
                status=int(error.status),
                reason=str(error),
                origin=origin,
            )
        )

    def tell_faulted(self, provider: Provider, handler: str, problem: str, origin: Origin) -> None:
        """Put on the bus what a provider did wrong."""
        self._bus.emit(
            ProviderFaulted(
                time_ns=origin.time_ns, provider=provider.name, handler=handler, problem=problem, origin=origin
            )
        )

    def _faulted(self, provider: Provider, problem: str, origin: Origin) -> StatusError:
        self.tell_faulted(provider, "NetAllocateSharedMemory", problem, origin)
        return StatusError(NDIS_STATUS_FAILURE, f"NetAllocateSharedMemory of {provider.name}: {problem}")
