"""SSPI of security support providers that LSA does not know: everything they do, they do in the client's process.

A name that a package of LSA has is that package's; only other names are looked for among the providers. A handle that a
provider made is known by its own tables, so the provider gets what concerns it and LSA all the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import trio

from lsart.contract import (
    SEC_E_SECPKG_NOT_FOUND,
    ContextLeg,
    Pointer,
    SecBufferDesc,
    SecHandle,
    SecPkgInfo,
    SecPkgInfoArray,
    StatusError,
)
from lsart.runtime._client_legs import check_text
from lsart.runtime._client_user_functions import ClientUserFunctions
from lsart.runtime._providers import Provided, Providers, ProviderTable
from lsart.security import SecureHandles

if TYPE_CHECKING:
    from lsart.runtime._lsa import Lsa

__all__ = ["ClientProviders"]


class ClientProviders(ClientUserFunctions):
    """What a process has of the DLLs that the registry value SecurityProviders names (REG-6)."""

    __slots__ = ("_provided_contexts", "_provided_credentials", "_providers")

    def __init__(self, lsa: Lsa, name: str, process_id: int, *, has_tcb_privilege: bool) -> None:
        super().__init__(lsa, name, process_id, has_tcb_privilege=has_tcb_privilege)
        self._providers: Providers | None = None
        self._provided_credentials: SecureHandles[Provided] | None = None
        self._provided_contexts: SecureHandles[Provided] | None = None

    async def EnumerateSecurityPackages(self) -> tuple[int, SecPkgInfoArray]:
        """As `ClientPackages` says, and then the providers of this process."""
        count, infos = await super().EnumerateSecurityPackages()
        if not self._lsa.provider_modules:
            return count, infos
        if infos.buffer is not None:
            await self.FreeContextBuffer(infos.buffer)
        found: list[SecPkgInfo] = list(infos)
        for each in await self._dlls.tables():
            found += each.infos
        return len(found), self._array(found, "EnumerateSecurityPackages")

    async def QuerySecurityPackageInfo(self, package_name: str) -> SecPkgInfoArray:
        """As `ClientPackages` says; a provider of this process has said it already."""
        provider = await self._provider_of(package_name)
        if provider is None:
            return await super().QuerySecurityPackageInfo(package_name)
        infos = [each for each in provider.infos if each.name == self._meant(package_name)]
        return self._array(infos[:1], "QuerySecurityPackageInfo")

    async def AcquireCredentialsHandle(
        self,
        principal: str | None,
        package: str,
        credential_use: int,
        logon_id: int | None = None,
        auth_data: Pointer | bytes | bytearray | memoryview | None = None,
        get_key_fn: object | None = None,
        get_key_argument: object | None = None,
    ) -> tuple[SecHandle, int | None]:
        """As `ClientSspi` says."""
        provider = await self._provider_of(package)
        rest = (credential_use, logon_id, auth_data, get_key_fn, get_key_argument)
        if provider is None:
            return await super().AcquireCredentialsHandle(principal, package, *rest)
        handle, expiry = await provider.call("AcquireCredentialsHandle", principal, self._meant(package), *rest)
        if self._provided_credentials is None:
            self._provided_credentials = self._new_table("provider's credential")
        return self._open(self._provided_credentials, provider, handle), expiry

    async def FreeCredentialsHandle(self, credential: SecHandle) -> None:
        """As `ClientSspi` says."""
        table = self._provided_credentials
        found = self._close(table, credential)
        if found is None:
            await super().FreeCredentialsHandle(credential)
        else:
            await found.provider.call("FreeCredentialsHandle", found.handle)

    async def InitializeSecurityContext(
        self,
        credential: SecHandle | None,
        context: SecHandle | None,
        target_name: str | None,
        context_req: int,
        reserved1: int,
        target_data_rep: int,
        input: SecBufferDesc | None,
        reserved2: int,
        *,
        output: SecBufferDesc | None = None,
    ) -> ContextLeg:
        """As `ClientSspi` says."""
        rest = (target_name, context_req, reserved1, target_data_rep, input, reserved2)
        if not self._is_provided(credential, context):
            return await super().InitializeSecurityContext(credential, context, *rest, output=output)
        return await self._provided_leg("InitializeSecurityContext", credential, context, rest, output)

    async def AcceptSecurityContext(
        self,
        credential: SecHandle | None,
        context: SecHandle | None,
        input: SecBufferDesc | None,
        context_req: int,
        target_data_rep: int,
        *,
        output: SecBufferDesc | None = None,
    ) -> ContextLeg:
        """As `ClientSspi` says."""
        rest = (input, context_req, target_data_rep)
        if not self._is_provided(credential, context):
            return await super().AcceptSecurityContext(credential, context, *rest, output=output)
        return await self._provided_leg("AcceptSecurityContext", credential, context, rest, output)

    async def DeleteSecurityContext(self, context: SecHandle) -> None:
        """As `ClientSspi` says."""
        table = self._provided_contexts
        found = self._close(table, context)
        if found is not None:
            await found.provider.call("DeleteSecurityContext", found.handle)
        elif table is None or not table.was_given(context):
            await super().DeleteSecurityContext(context)
        else:
            await trio.lowlevel.checkpoint()  # deleted already

    async def QueryContextAttributes(self, context: SecHandle, attribute: int) -> Any:
        """As `ClientAttributes` says."""
        found = self._provided(self._provided_contexts, context)
        if found is None:
            return await super().QueryContextAttributes(context, attribute)
        return await found.provider.call("QueryContextAttributes", found.handle, attribute)

    # ------------------------------------------------------------------ inside

    async def _enter_provided(self, name: str, handle: object, arguments: tuple[Any, ...]) -> Any:
        found = self._provided(self._provided_contexts, handle)
        if found is None:
            return await super()._enter_provided(name, handle, arguments)
        result = await found.provider.call(name, found.handle, *arguments)
        return result[1] if isinstance(result, tuple) else result  # DecryptMessage gives the message as well

    @property
    def _dlls(self) -> Providers:
        if self._providers is None:
            self._providers = Providers(self._client, self._lsa.provider_modules, self._lsa.bus)
        return self._providers

    async def _provider_of(self, name: object) -> ProviderTable | None:
        """The DLL that has this provider; None for a package of LSA, and for what nobody has."""
        if not self._lsa.provider_modules:
            return None
        check_text("a package's name", name)
        try:
            self._find(str(name))
        except StatusError as error:
            if error.status == SEC_E_SECPKG_NOT_FOUND:
                return await self._dlls.find(self._meant(str(name)))
        return None

    def _is_provided(self, credential: object, context: object) -> bool:
        return self._provided(self._provided_contexts, context) is not None or (
            self._provided(self._provided_credentials, credential) is not None
        )

    def _provided(self, table: SecureHandles[Provided] | None, handle: object) -> Provided | None:
        if table is None:
            return None
        self._touch_contexts("r", "look a handle up")
        return table.find(handle)

    def _close(self, table: SecureHandles[Provided] | None, handle: object) -> Provided | None:
        if table is None:
            return None
        self._touch_contexts("w", "close a handle")
        return table.close(handle)

    def _open(self, table: SecureHandles[Provided], provider: ProviderTable, handle: SecHandle) -> SecHandle:
        self._touch_contexts("w", "open a handle")
        return table.open(Provided(provider, handle))

    async def _provided_leg(
        self,
        name: str,
        credential: SecHandle | None,
        context: SecHandle | None,
        rest: tuple[Any, ...],
        output: SecBufferDesc | None,
    ) -> ContextLeg:
        used = self._provided(self._provided_credentials, credential)
        held = self._provided(self._provided_contexts, context)
        if (used is None) != (credential is None) or (held is None) != (context is None):
            raise self._not_a_handle(credential if used is None and credential is not None else context)
        record = held or used
        assert record is not None
        if used is not None and used.provider is not record.provider:  # of two DLLs
            raise self._not_a_handle(credential)
        own = [None if each is None else each.handle for each in (used, held)]
        leg: ContextLeg = await record.provider.call(name, *own, *rest, output=output)
        if context is not None and held is not None and leg.new_context == held.handle:
            return attrs.evolve(leg, new_context=context)
        if self._provided_contexts is None:
            self._provided_contexts = self._new_table("provider's context")
        made = self._open(self._provided_contexts, record.provider, leg.new_context)
        return attrs.evolve(leg, new_context=made)
