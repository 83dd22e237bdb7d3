"""What a client process learns of packages, and which of them may be negotiated."""

from __future__ import annotations

import trio

from lsart.contract import SEC_E_NOT_OWNER, SEC_E_UNSUPPORTED_FUNCTION, SecPkgInfo, SecPkgInfoArray, StatusError
from lsart.runtime._client_legs import check_text
from lsart.runtime._client_sspi import ClientSspi
from lsart.security import pack_package_infos, package_infos_size

__all__ = ["ClientPackages"]


class ClientPackages(ClientSspi):
    """Packages as SSPI shows them."""

    __slots__ = ()

    async def EnumerateSecurityPackages(self) -> tuple[int, SecPkgInfoArray]:
        """How many packages there are, and what they say of themselves: those that were loaded as LSA came up, and
        those that were loaded on demand (CEP-1). FreeContextBuffer frees the array's `buffer` (CEP-2).

        Raises:
            StatusError: SEC_E_INSUFFICIENT_MEMORY.
        """
        await trio.lowlevel.checkpoint()
        infos = []
        for package in self._lsa.packages:
            try:
                infos.append(await self._info_of(package))
            except StatusError:
                if package.state.is_available:
                    raise
        return len(infos), self._array(infos, "EnumerateSecurityPackages")

    async def QuerySecurityPackageInfo(self, package_name: str) -> SecPkgInfoArray:
        """What one package says of itself, as an array of one (SPG-1). FreeContextBuffer frees its `buffer`.
        Page: sdk-api nf-sspi-querysecuritypackageinfoa.

        Raises:
            StatusError: SEC_E_SECPKG_NOT_FOUND, SEC_E_INSUFFICIENT_MEMORY; how the package failed, if it was asked.
        """
        await trio.lowlevel.checkpoint()
        check_text("package_name", package_name)
        info = await self._info_of(self._find(package_name))
        return self._array([info], "QuerySecurityPackageInfo")

    async def AddSecurityPackage(self, package_name: str, options: None = None) -> None:
        """Let the negotiating package choose a package (LCH-1). Page: sdk-api nf-sspi-addsecuritypackagea.

        Args:
            package_name: a package that is loaded. options: none are modelled.

        Raises:
            StatusError: SEC_E_SECPKG_NOT_FOUND; SEC_E_NOT_OWNER without SeTcbPrivilege, which is assumed.
        """
        await self._change(package_name, options)
        await self._lsa.negotiation.add(package_name)

    async def DeleteSecurityPackage(self, package_name: str) -> None:
        """Let it choose a package no longer, as `AddSecurityPackage`. Page: sdk-api nf-sspi-deletesecuritypackagea."""
        await self._change(package_name, None)
        await self._lsa.negotiation.delete(package_name)

    async def _change(self, package_name: str, options: object) -> None:
        await trio.lowlevel.checkpoint()
        check_text("package_name", package_name)
        self._must_live()
        if options is not None:
            raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, "no options are modelled")
        if not self.has_tcb_privilege:
            raise StatusError(SEC_E_NOT_OWNER, f"{self.name} does not hold SeTcbPrivilege")

    def _array(self, infos: list[SecPkgInfo], function: str) -> SecPkgInfoArray:
        if not infos:
            return SecPkgInfoArray((), None)
        buffer = self._allocate(package_infos_size(infos), function)
        self.process.space.write(buffer.address, pack_package_infos(infos, buffer.address))
        self._mark_buffer(buffer)
        return SecPkgInfoArray(infos, buffer)
