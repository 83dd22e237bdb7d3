"""Security support providers that are no packages of LSA: DLLs of which only client processes know.

Such a DLL has one function that everybody finds, InitSecurityInterface, whose result is a table of SSPI functions: an
object with methods of their Windows names, which take and give what those of `lsart.Client` do. Its handles are any
SecHandle; applications never see them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import trio

from lsart.contract import SEC_E_UNSUPPORTED_FUNCTION, SecHandle, SecPkgInfo, StatusError
from lsart.engine import now_ns
from lsart.events import UserModeLoaded
from lsart.runtime._duties import information_fault
from lsart.runtime._user_entrance import run_in_client

if TYPE_CHECKING:
    from lsart.events import Bus
    from lsart.runtime._client import Client

__all__ = ["Provided", "ProviderModule", "ProviderTable", "Providers"]


@attrs.frozen(eq=False)
class ProviderModule:
    """A DLL of the value SecurityProviders.

    Args:
        label: its name there. initialize: its InitSecurityInterface.
    """

    label: str
    initialize: Callable[[], Any]


@attrs.frozen(eq=False)
class ProviderTable:
    """What InitSecurityInterface of one DLL gave in one process.

    Args:
        table: the object whose methods are the functions. infos: the providers in it, as they say themselves.
    """

    client: Client
    label: str
    table: Any
    infos: tuple[SecPkgInfo, ...]

    async def call(self, name: str, *arguments: Any, **keywords: Any) -> Any:
        """Run a function of the table in its process.

        Raises:
            StatusError: what it said; SEC_E_UNSUPPORTED_FUNCTION when the table has none.
            ProcessTerminated: it faulted, which ended the process, or the process ended meanwhile.
        """
        function = getattr(self.table, name, None)
        if function is None:
            raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, f"{self.label} has no {name}")
        return await run_in_client(self.client, self.label, name, partial(function, *arguments, **keywords))


@attrs.frozen(eq=False)
class Provided:
    """What a handle of an application stands for: whose it is, and what its DLL calls it."""

    provider: ProviderTable
    handle: SecHandle


class Providers:
    """The DLLs in one process, which loads all of them when it first asks for a provider that LSA does not have."""

    def __init__(self, client: Client, modules: tuple[ProviderModule, ...], bus: Bus) -> None:
        self._client = client
        self._modules = modules
        self._bus = bus
        self._tables: tuple[ProviderTable, ...] | None = None
        self._loading = trio.Lock()

    async def tables(self) -> tuple[ProviderTable, ...]:
        """The tables of this process, in the order of the registry."""
        if self._tables is None:
            async with self._loading:
                if self._tables is None:
                    self._tables = tuple([await self._load(each) for each in self._modules])
        return self._tables

    async def find(self, name: str) -> ProviderTable | None:
        """The first DLL that has a provider of this name."""
        for each in await self.tables():
            if any(info.name == name for info in each.infos):
                return each
        return None

    async def _load(self, module: ProviderModule) -> ProviderTable:
        table = await run_in_client(self._client, module.label, "InitSecurityInterface", module.initialize)

        async def enumerate_providers() -> tuple[SecPkgInfo, ...]:
            found = table.EnumerateSecurityPackages()
            infos = tuple(await found if hasattr(found, "__await__") else found)
            for each in infos:
                if not isinstance(each, SecPkgInfo) or information_fault(each, ()):
                    raise TypeError("EnumerateSecurityPackages gives SecPkgInfo values with names and version 1")
            return infos

        infos = await run_in_client(self._client, module.label, "EnumerateSecurityPackages", enumerate_providers)
        names = tuple(each.name for each in infos)
        self._bus.emit(UserModeLoaded(time_ns=now_ns(), client=self._client.name, module=module.label, packages=names))
        return ProviderTable(self._client, module.label, table, infos)
