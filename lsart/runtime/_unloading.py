"""Packages that had themselves unloaded: away from clients at once, gone when the last call in them has ended."""

from __future__ import annotations

import trio

from lsart.contract import Choices, PackageState, PackageStep
from lsart.engine import EVERYTHING, own
from lsart.runtime._loader import Loader
from lsart.runtime._package import Package

__all__ = ["Unloading"]

_FAILURE = "it had itself unloaded with UnloadPackage"


class Unloading:
    """Unloads packages while the LSA runs, each in a task of LSA.

    Shielded, as packages hear of their end whatever happens around the LSA; `stop` ends it when LSASS goes down.
    """

    def __init__(self, nursery: trio.Nursery, loader: Loader, choices: Choices) -> None:
        self._nursery = nursery
        self._loader = loader
        self._choices = choices
        self._scopes: list[trio.CancelScope] = []
        self._under_way: list[Package] = []
        self._settled = trio.Event()
        self._is_stopped = False

    def begin(self, key: str) -> bool:
        """Unload the package of this key; False if it has not come up, or is going already."""
        package = next((each for each in self._loader.packages if each.key == key), None)
        if package is None or package.state not in (PackageState.READY, PackageState.DISABLED):
            return False
        self.begin_with(package, _FAILURE)
        return True

    def begin_with(self, package: Package, reason: str) -> None:
        """Unload a package that has come up, whether it is in the list or not."""
        package.advance(PackageStep.SHUT_DOWN)
        package.failure = package.failure or reason
        self._under_way.append(package)
        self._nursery.start_soon(self._unload, package, name=f"LSA unloads package {package.name!r}")

    async def settle(self) -> None:
        """Wait until nothing is being unloaded."""
        while self._under_way:
            self._settled = trio.Event()
            await self._settled.wait()

    def hurry(self) -> None:
        """Others have been in these packages for long enough."""
        for package in self._under_way:
            package.send_away()

    def stop(self) -> None:
        """Go no further with any."""
        self._is_stopped = True
        for scope in self._scopes:
            scope.cancel()

    async def _unload(self, package: Package) -> None:
        scope = trio.CancelScope(shield=True)
        self._scopes.append(scope)
        if self._is_stopped:  # before this task began
            scope.cancel()
        try:
            with scope:
                await package.wait_until_idle()
                if self._choices.unload_runs_shutdown == "yes":
                    await self._loader.shut_down(package)
                own(EVERYTHING)  # blocks, sections, handles and tasks of the package go in the next steps
                await self._loader.let_go(package)
        finally:
            own(None)
            self._scopes.remove(scope)
            self._under_way.remove(package)
            self._settled.set()
