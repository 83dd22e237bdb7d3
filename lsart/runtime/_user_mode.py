"""The security provider DLL in one client process: which modules of packages it has loaded there, and their tables.

A module comes with the first context that must be set up in the process (USQ-1): SpUserModeInitialize once, then
SpInstanceInit of each of its tables, then everything else (UFT-3). All of it runs in the client's task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import trio

from lsart.contract import (
    SEC_E_UNSUPPORTED_FUNCTION,
    SECPKG_USER_SLOTS,
    EntryPoint,
    PackageLoadError,
    StatusError,
    constants,
)
from lsart.engine import now_ns
from lsart.events import UserModeLoaded
from lsart.runtime._dll_services import DllHost, DllServices
from lsart.runtime._modules import last_slot_of
from lsart.runtime._package import Package, entry_points
from lsart.runtime._user_entrance import enter_user, run_in_client, user_entry
from lsart.runtime._user_modules import UserModule

if TYPE_CHECKING:
    from lsart.runtime._client import Client
    from lsart.runtime._lsa import Lsa

__all__ = ["UserMode", "UserTable"]

_INSTANCE_INIT = user_entry("InstanceInit")
_VERSION = constants.SECPKG_INTERFACE_VERSION


class UserTable:
    """SECPKG_USER_FUNCTION_TABLE of one package in one client process.

    Attributes:
        entries: slot name to function. failure: the status that its SpInstanceInit failed with, if it did.
    """

    __slots__ = ("client", "entries", "failure", "package")

    def __init__(self, client: Client, package: Package, entries: Mapping[str, EntryPoint]) -> None:
        self.client = client
        self.package = package
        self.entries = entries
        self.failure: StatusError | None = None


class UserMode:
    """One per client process that needs it."""

    def __init__(self, lsa: Lsa, client: Client) -> None:
        self.services = DllServices(lsa, client)
        self._lsa = lsa
        self._client = client
        self._host = DllHost(lsa, client, self.services)
        self._tables: dict[UserModule, list[UserTable]] = {}
        self._loading = trio.Lock()

    @property
    def packages(self) -> tuple[str, ...]:
        """Keys of the packages that have code in this process."""
        return tuple(table.package.key for tables in self._tables.values() for table in tables)

    async def table_of(self, package: Package) -> UserTable:
        """The user-mode table of a package in this process; its module is loaded if it is not yet.

        Raises:
            StatusError: SEC_E_UNSUPPORTED_FUNCTION when it has none; whatever its SpUserModeInitialize or its
                SpInstanceInit failed with.
            ProcessTerminated: code of the module faulted here, which ended the process.
        """
        half = package.user_half
        if half is None:
            raise StatusError(
                SEC_E_UNSUPPORTED_FUNCTION,
                f"{package.name} has no user-mode half: neither SpUserModeInitialize nor a class attribute user_mode",
            )
        if half.module not in self._tables:
            async with self._loading:
                if half.module not in self._tables:
                    self._tables[half.module] = await self._load(half.module, package)
        table = next((each for each in self._tables[half.module] if each.package is package), None)
        if table is None:
            raise StatusError(
                SEC_E_UNSUPPORTED_FUNCTION, f"{half.module.label} has no user-mode table for {package.name}"
            )
        if table.failure is not None:
            raise table.failure.with_traceback(None)  # not with those of all who asked before
        return table

    async def _load(self, module: UserModule, package: Package) -> list[UserTable]:
        client = self._client
        version, implementations = await self._make(module, package)
        try:
            last_slot = last_slot_of(version, module.label, self._lsa.settings.choices, SECPKG_USER_SLOTS)
        except PackageLoadError as error:
            raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, str(error)) from None
        packages = sorted(self._packages_of(module), key=lambda each: each[0])
        tables = []
        for index, owner in packages:
            implementation = implementations[index] if index < len(implementations) else None
            if implementation is not None:
                entries = await run_in_client(
                    client,
                    owner.key,
                    "SpUserModeInitialize",
                    lambda found=implementation: entry_points(
                        found, label=module.label, last_slot=last_slot, slots=SECPKG_USER_SLOTS
                    ),
                )
                tables.append(UserTable(client, owner, entries))
        keys = tuple(each.package.key for each in tables)
        self._lsa.bus.emit(UserModeLoaded(time_ns=now_ns(), client=client.name, module=module.label, packages=keys))
        for table in tables:
            if _INSTANCE_INIT.name in table.entries:
                try:
                    await enter_user(table, _INSTANCE_INIT, _VERSION, self._host.dll_functions(table.package.key))
                except StatusError as error:
                    table.failure = error
        return tables

    async def _make(self, module: UserModule, package: Package) -> tuple[int, Sequence[Any]]:
        """The version of a module's tables, and the object behind each."""
        client, initialize = self._client, module.initialize
        if initialize is None:
            made = []
            for factory in module.factories:
                name = "user_mode"
                made.append(None if factory is None else await run_in_client(client, package.key, name, factory))
            return constants.SECPKG_INTERFACE_VERSION_2, made

        async def ask() -> tuple[int, list[Any]]:
            result = initialize(_VERSION)
            if hasattr(result, "__await__"):
                result = await result
            try:
                version, tables = result
                return int(version), list(tables)
            except (TypeError, ValueError):
                expected = "(package_version, [user-mode tables])"
                raise TypeError(f"it returned {type(result).__name__}; expected {expected}") from None

        answer: tuple[int, list[Any]] = await run_in_client(client, package.key, "SpUserModeInitialize", ask)
        return answer

    def _packages_of(self, module: UserModule) -> list[tuple[int, Package]]:
        """The packages of a module that are in use, with the places of their tables."""
        found = []
        for each in self._lsa.packages:
            half = each.user_half
            if half is not None and half.module is module:
                found.append((half.index, each))
        return found
