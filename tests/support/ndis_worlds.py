"""A machine with a provider, a miniport and its adapter, and everything that was told."""

from __future__ import annotations

from typing import Any, TypeVar

from lsart.contract import Choices, StatusError
from lsart.events import Bus, Event
from lsart.memory import PAGE_SIZE, Environment, Machine, MachineLimits, Resource
from lsart.ndis import (
    NDIS_HANDLE,
    NDIS_SHARED_MEMORY_PARAMETERS,
    NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS,
    Irql,
    Kernel,
    MemoryNode,
    Ndis,
    SharedMemoryProvider,
)

__all__ = ["NdisWorld"]

_E = TypeVar("_E", bound=Event)


class NdisWorld:
    """Attributes: `switch` is the provider's driver handle, `miniport` another driver's, `nic` its adapter's."""

    def __init__(
        self,
        choices: Choices | None = None,
        *,
        commit: int = 64 << 20,
        registered: bool = True,
        nodes: int = 1,
        node_size: int = 256 << 20,
        run_size: int = 16 << 10,
        **provider: Any,
    ) -> None:
        self.bus = Bus()
        self.events: list[Event] = []
        self.bus.subscribe(self.events.append)
        self.now = 0
        self.irql: int = Irql.PASSIVE_LEVEL
        self.machine = Machine(MachineLimits(commit=commit))
        environment = Environment(bus=self.bus, choices=choices or Choices(), clock=lambda: self.now)
        memory = (MemoryNode(node_size, run_size),) * nodes
        self.kernel = Kernel(self.machine, environment, irql=lambda: self.irql, nodes=memory)
        self.ndis = Ndis(self.kernel)
        self.provider = SharedMemoryProvider(self.kernel, "vmswitch", **provider)
        offer = self.provider.characteristics() if registered else None
        self.switch = self.register("vmswitch", offer)
        self.miniport = self.ndis.register_driver("e1000", "miniport")
        self.nic = self.ndis.add_adapter(self.miniport, "nic0", queue_count=4, virtualization="vmq")

    def register(
        self, name: str, offer: NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS | None = None, kind: Any = "protocol"
    ) -> NDIS_HANDLE:
        """A driver that offers this from its set-options entry point."""

        def set_options(handle: NDIS_HANDLE) -> None:
            if offer is not None:
                self.ndis.NdisSetOptionalHandlers(handle, offer)

        return self.ndis.register_driver(name, kind, set_options=set_options)

    def allocate(
        self, length: int = PAGE_SIZE, handle: NDIS_HANDLE = None, **members: Any
    ) -> tuple[NDIS_HANDLE, NDIS_SHARED_MEMORY_PARAMETERS]:
        """Allocate with the adapter's handle, or another one; the allocation handle and the structure as it is then."""
        parameters = NDIS_SHARED_MEMORY_PARAMETERS(length=length, **members)
        return self.ndis.NdisAllocateSharedMemory(handle or self.nic, parameters), parameters

    def refused(self, **arguments: Any) -> StatusError:
        """What an allocation fails with; the arguments are those of `allocate`."""
        try:
            handle, _ = self.allocate(**arguments)
        except StatusError as error:
            return error
        raise AssertionError(f"it succeeded with {handle!r}")

    def told(self, event_type: type[_E]) -> list[_E]:
        """Events of this type, oldest first."""
        return [each for each in self.events if isinstance(each, event_type)]

    def charged(self, owner: str = "vmswitch") -> int:
        """Commit charge of a driver in bytes."""
        return self.machine.statistics().by_owner.get((owner, Resource.COMMIT), 0)
