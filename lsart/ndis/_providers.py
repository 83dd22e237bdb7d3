"""Which drivers offer shared memory, and what NdisSetOptionalHandlers takes from whom."""

from __future__ import annotations

import attrs

from lsart.contract import (
    NDIS_STATUS,
    NDIS_STATUS_FAILURE,
    NDIS_STATUS_NOT_SUPPORTED,
)
from lsart.events import ProviderRefused, ProviderRegistered, ProviderUnregistered
from lsart.ndis._constants import NDIS_DEFAULT_VPORT_ID, NDIS_SHARED_MEMORY_PROVIDER_CHAR_SUPPORTS_PF_VPORTS
from lsart.ndis._drivers import Driver, Endpoint, Stage
from lsart.ndis._faults import characteristics_fault
from lsart.ndis._kernel import Kernel
from lsart.ndis._structures import NDIS_HANDLE, NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS

__all__ = ["Provider", "Providers"]

_NDIS_6_0 = (6, 0)


@attrs.frozen(eq=False)
class Provider:
    """One registration: NDIS keeps its own copy of what the driver handed in."""

    driver: Driver
    characteristics: NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS

    @property
    def name(self) -> str:
        """The driver's name, by which events tell of it."""
        return self.driver.name

    @property
    def context(self) -> NDIS_HANDLE:
        """What identifies the provider to itself; NDIS never looks at it."""
        return self.characteristics.provider_context


class Providers:
    """The registered providers, oldest first."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._choices = kernel.environment.choices
        self._providers: list[Provider] = []

    def registered(self, driver: Driver | None = None) -> tuple[Provider, ...]:
        """The providers of one driver, or all."""
        return tuple(each for each in self._providers if driver in (None, each.driver))

    def to_ask(self, vport_id: int) -> tuple[Provider, ...]:
        """Whom NDIS asks for memory of a virtual port, the next one while resources do not suffice; () for nobody."""
        fit = tuple(each for each in self._providers if self._serves(each, vport_id))
        if self._choices.ndis_provider_asked == "each_in_turn":
            return fit
        return fit[:1] if self._choices.ndis_provider_asked == "first_registered" else fit[-1:]

    def _serves(self, provider: Provider, vport_id: int) -> bool:
        if self._choices.ndis_pf_vports == "any_provider" or vport_id == NDIS_DEFAULT_VPORT_ID:
            return True
        return bool(provider.characteristics.flags & NDIS_SHARED_MEMORY_PROVIDER_CHAR_SUPPORTS_PF_VPORTS)

    def refusal(self, endpoint: Endpoint | None, handlers: object) -> tuple[NDIS_STATUS, str] | None:
        """Why NdisSetOptionalHandlers cannot be honoured, or None."""
        if endpoint is None:
            return NDIS_STATUS_FAILURE, "ndis_handle is no handle of a registered driver"
        driver = endpoint.driver
        if driver.kind == "miniport" and driver.version < _NDIS_6_0:
            version = "{}.{}".format(*driver.version)
            return NDIS_STATUS_NOT_SUPPORTED, f"{driver.name} declared NDIS {version}; the function needs 6.0"
        fault = _stage_fault(driver) or characteristics_fault(handlers, driver.version, self._choices)
        if not fault and self._choices.ndis_second_provider == "refuse" and self.registered(driver):
            fault = f"{driver.name} has registered a provider already"
        return (NDIS_STATUS_FAILURE, fault) if fault else None

    def is_withdrawal(self, handlers: object) -> bool:
        """Whether these characteristics ask NDIS to forget the provider."""
        return (
            isinstance(handlers, NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS)
            and handlers.allocate_shared_memory_handler is None
            and handlers.free_shared_memory_handler is None
            and self._choices.ndis_unregister == "null_handlers"
        )

    def add(self, driver: Driver, characteristics: NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS) -> None:
        """Register a provider. What an earlier one of the driver gave out is still freed through that one."""
        provider = Provider(driver, characteristics)
        earlier = self.registered(driver)
        replaces = bool(earlier) and self._choices.ndis_second_provider == "replace"
        if replaces:
            self._providers[self._providers.index(earlier[0])] = provider
        else:
            self._providers.append(provider)
        self._kernel.environment.bus.emit(
            ProviderRegistered(
                time_ns=self._kernel.environment.clock(),
                provider=driver.name,
                flags=characteristics.flags,
                replaces=replaces,
            )
        )

    def remove(self, driver: Driver, live_allocations: int) -> None:
        """Forget the providers of a driver."""
        gone = self.registered(driver)
        self._providers = [each for each in self._providers if each not in gone]
        if gone:
            self._kernel.environment.bus.emit(
                ProviderUnregistered(
                    time_ns=self._kernel.environment.clock(), provider=driver.name, live_allocations=live_allocations
                )
            )

    def tell_refused(self, driver: str, status: NDIS_STATUS, reason: str) -> None:
        """Put a refusal on the bus."""
        self._kernel.environment.bus.emit(
            ProviderRefused(time_ns=self._kernel.environment.clock(), driver=driver, status=int(status), reason=reason)
        )


def _stage_fault(driver: Driver) -> str:
    """NSOH-2 to NSOH-4."""
    if driver.kind == "filter":
        return f"{driver.name} is a filter driver, which may not offer shared memory"
    if driver.kind == "miniport" and driver.stage is not Stage.SET_OPTIONS:
        return f"a miniport calls it from MiniportSetOptions, but {driver.name} is in {driver.stage.value}"
    if driver.kind == "protocol" and driver.stage is Stage.NONE:
        return f"a protocol driver calls it from ProtocolSetOptions or while it binds, but {driver.name} does neither"
    return ""
