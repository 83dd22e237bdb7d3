"""Which packages the negotiating package may choose from."""

from __future__ import annotations

from lsart.contract import SEC_E_SECPKG_NOT_FOUND, StatusError, constants
from lsart.engine import Label, announce, exploring
from lsart.runtime._loader import Loader
from lsart.runtime._package import Package

__all__ = ["Negotiation"]


class Negotiation:
    """The list that AddSecurityPackage and DeleteSecurityPackage change. Whoever carries SECPKG_FLAG_NEGOTIABLE is on
    it until it is deleted."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._explores = exploring()
        # By id, which stays when it is loaded again, what somebody said; the package's own flag otherwise.
        self._chosen: dict[int, bool] = {}

    @property
    def packages(self) -> tuple[Package, ...]:
        """In load order."""
        return tuple(each for each in self._loader.packages if each.state.is_available and self._is_on(each))

    async def add(self, name: str) -> None:
        """Put a loaded package on the list.

        Raises:
            StatusError: SEC_E_SECPKG_NOT_FOUND.
        """
        await self._point(f"add {name!r}")
        self._chosen[self._find(name).package_id] = True

    async def delete(self, name: str) -> None:
        """Take a package off the list. It stays loaded.

        Raises:
            StatusError: SEC_E_SECPKG_NOT_FOUND: it is not on the list.
        """
        await self._point(f"take off {name!r}")
        found = self._find(name)
        if not self._is_on(found):
            raise StatusError(SEC_E_SECPKG_NOT_FOUND, f"{name!r} is no package that can be negotiated")
        self._chosen[found.package_id] = False

    def _is_on(self, package: Package) -> bool:
        by_flag = bool(package.info.capabilities & constants.SECPKG_FLAG_NEGOTIABLE)
        return self._chosen.get(package.package_id, by_flag)

    def _find(self, name: str) -> Package:
        for package in self._loader.packages:
            if package.name == name and package.state.is_available:
                return package
        raise StatusError(SEC_E_SECPKG_NOT_FOUND, f"no package is called {name!r}")

    async def _point(self, what: str) -> None:
        if self._explores:
            await announce(Label("the packages of LSA", "w", what))
