"""What else user-mode halves do: tokens of contexts and for them, and credentials as a package keeps them."""

from __future__ import annotations

import trio

from lsart.contract import (
    SEC_E_INTERNAL_ERROR,
    SEC_E_INVALID_HANDLE,
    Pointer,
    SecBuffer,
    SecBufferDesc,
    SecHandle,
    StatusError,
)
from lsart.runtime._client_export import ClientExport
from lsart.runtime._package import Package
from lsart.runtime._user_entrance import enter_user, user_entry

__all__ = ["ClientUserFunctions"]

_GET_TOKEN, _COMPLETE = user_entry("GetContextToken"), user_entry("CompleteAuthToken")
_FORMAT, _MARSHAL = user_entry("FormatCredentials"), user_entry("MarshallSupplementalCreds")


class ClientUserFunctions(ClientExport):
    """The functions of a process that reach the rest of the user-mode table. All raise ProcessTerminated when the
    process ends meanwhile, as it does when the package faults."""

    __slots__ = ()

    async def CompleteAuthToken(self, context: SecHandle, token: SecBufferDesc) -> None:
        """Complete a token of a context, after a leg that said SEC_I_COMPLETE_NEEDED or SEC_I_COMPLETE_AND_CONTINUE
        (nf-sspi-completeauthtoken).

        Raises:
            StatusError: SEC_E_INVALID_HANDLE, SEC_E_UNSUPPORTED_FUNCTION without a half here that can, whatever the
                package says.
            TypeError: the token is no SecBufferDesc.
        """
        await trio.lowlevel.checkpoint()
        if not isinstance(token, SecBufferDesc):
            raise TypeError(f"a token is a SecBufferDesc, got {type(token).__name__} {token!r}")
        found, mapped = self._mapped_of(context)
        await self._enter_half(found, mapped, _COMPLETE, token)

    async def ImpersonateSecurityContext(self, context: SecHandle) -> None:
        """Let this task act for the other side of a context, until RevertSecurityContext
        (nf-sspi-impersonatesecuritycontext).

        Raises:
            StatusError: SEC_E_INVALID_HANDLE for what is no complete context of this process, and when the package gave
                no handle of it to a token; SEC_E_UNSUPPORTED_FUNCTION without a half here that has tokens; whatever the
                package says.
        """
        await trio.lowlevel.checkpoint()
        found, mapped = self._mapped_of(context)
        if not found.is_complete:
            raise self._not_a_handle(context)
        (token,) = await self._enter_half(found, mapped, _GET_TOKEN)
        if not self.ImpersonateLoggedOnUser(token):  # which has a handle of its own, so that the package keeps this one
            raise StatusError(SEC_E_INVALID_HANDLE, f"{token:#x}, of {found.package.name}, names no token here")

    async def RevertSecurityContext(self, context: SecHandle) -> None:
        """Let this task act as its process again (nf-sspi-revertsecuritycontext).

        Raises:
            StatusError: SEC_E_INVALID_HANDLE for what is no context of this process.
        """
        await trio.lowlevel.checkpoint()
        self._context_of(context)
        self.RevertToSelf()

    async def format_credentials(self, package: str, credentials: SecBuffer) -> SecBuffer:
        """Credentials in the package's own form, from SpFormatCredentials; no page says which function of Windows
        reaches it. The result is at an address of this process, to be freed with FreeContextBuffer.

        Raises:
            StatusError: SEC_E_SECPKG_NOT_FOUND, SEC_E_UNSUPPORTED_FUNCTION, SEC_E_INTERNAL_ERROR when the result is not
                memory of AllocateHeap; whatever the package says. TypeError: no SecBuffer.
        """
        if not isinstance(credentials, SecBuffer):
            raise TypeError(f"credentials are a SecBuffer, got {type(credentials).__name__}")
        await trio.lowlevel.checkpoint()
        table = await self._table_of(package)
        (formatted,) = (await enter_user(table, _FORMAT, credentials)).outs
        if not isinstance(formatted, SecBuffer) or not isinstance(formatted.buffer, Pointer):
            raise StatusError(SEC_E_INTERNAL_ERROR, f"{package} formatted credentials to no address")
        self._must_be_own(table.package, "FormattedCredentials", formatted.buffer)
        return formatted

    async def marshal_supplemental_credentials(self, package: str, credentials: bytes) -> tuple[int, Pointer | None]:
        """Supplemental credentials in one block, and its size, from SpMarshallSupplementalCreds; otherwise as
        `format_credentials`."""
        if not isinstance(credentials, bytes | bytearray):
            raise TypeError(f"credentials are bytes, got {type(credentials).__name__}")
        await trio.lowlevel.checkpoint()
        table = await self._table_of(package)
        size, block = (await enter_user(table, _MARSHAL, len(credentials), bytes(credentials))).outs
        if block is not None:
            self._must_be_own(table.package, "MarshalledCreds", block)
        return size, block

    def _must_be_own(self, package: Package, output: str, block: Pointer) -> None:
        if not self._take_own(package, output, block):
            raise StatusError(SEC_E_INTERNAL_ERROR, f"{output} of {package.name} is no block of AllocateHeap")
