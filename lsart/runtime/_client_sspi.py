"""SSPI in a client process: credentials, and the legs of contexts, which packages serve in LSA.

Code of packages that runs in the client's process hooks in as `_client_contexts` says.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import trio

from lsart.contract import (
    SEC_E_INTERNAL_ERROR,
    SEC_E_INVALID_HANDLE,
    SEC_E_NOT_OWNER,
    SEC_E_UNSUPPORTED_FUNCTION,
    ContextLeg,
    Pointer,
    SecBufferDesc,
    SecHandle,
    StatusError,
)
from lsart.engine import now_ns
from lsart.events import CredentialInUse, ExpiryMissing
from lsart.runtime._client_legs import Asked, ClientLegs, bytes_of, check_luid, check_number, check_text
from lsart.runtime._contexts import ClientContext, ClientCredential
from lsart.runtime._enter import entry
from lsart.runtime._package import Package
from lsart.runtime._registry import DEFAULT_TLS
from lsart.runtime._sspi_status import sspi_error
from lsart.security import SYSTEM_LUID

if TYPE_CHECKING:
    from lsart.runtime._request import Request

__all__ = ["ClientSspi"]

_Acquired = tuple[ClientCredential, int | None]

_ACQUIRE = entry("AcquireCredentialsHandle")


class ClientSspi(ClientLegs):
    """The functions of SSPI that reach packages in LSA. Every one raises ProcessTerminated if its process ends."""

    __slots__ = ()

    # ------------------------------------------------------------------ credentials

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
        """A handle to credentials of one package, and when they expire (FILETIME), if the package says so (CAH-1).

        Args:
            principal: whose; None for whom the caller runs as. package: its name.
            credential_use: SECPKG_CRED bits. logon_id: LUID of another session, for callers with SeTcbPrivilege.
            auth_data: in the package's own form: where it is in this process, or bytes, which are put there for the
                length of the call. get_key_fn, get_key_argument: not used by any package.

        Raises:
            StatusError: SEC_E_SECPKG_NOT_FOUND, SEC_E_NOT_OWNER for another session without the privilege, the
                package's own refusal.
            TypeError: an argument that its C type cannot carry.
        """
        await trio.lowlevel.checkpoint()
        check_text("principal", principal, may_be_none=True)
        check_text("package", package)
        check_number("credential_use", credential_use)
        if get_key_fn is not None or get_key_argument is not None:
            raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, "no package takes a function that gives keys")
        own = self._session()
        check_luid("logon_id", logon_id)
        if logon_id not in (None, own) and not self.has_tcb_privilege:
            raise StatusError(SEC_E_NOT_OWNER, f"{self.name} may not use credentials of another session")
        found = self._find(package)
        data = auth_data if isinstance(auth_data, Pointer) else self._put(auth_data)
        session = own if logon_id is None else logon_id
        arguments = (principal, credential_use, session, data, None, None)
        serve = partial(self._acquire, found, arguments)
        try:
            credential, expiry = await self._call(found, _ACQUIRE.name, serve, self._undo_acquire)
        finally:
            if data is not None and data is not auth_data and self.is_alive:
                self.free_buffer(data, self._origin("AcquireCredentialsHandle"))
        return self._open_credential(credential), expiry

    async def FreeCredentialsHandle(self, credential: SecHandle) -> None:
        """Give a credential back. The package hears of it once, after the last context made with it (CFH-1).

        Raises:
            StatusError: SEC_E_INVALID_HANDLE (CFH-2); how the package failed.
        """
        await trio.lowlevel.checkpoint()
        record = self._close_credential(credential)
        if record is None:
            raise self._not_a_handle(credential)
        if record.uses > 1:
            package, number = record.package.key, record.handle
            self._lsa.bus.emit(CredentialInUse(time_ns=now_ns(), client=self.name, package=package, handle=number))
            self._lsa.contexts.drop(record)
        else:
            await self._end(record)

    # ------------------------------------------------------------------ contexts

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
        """The client's side of a context, one leg per call (CIC-1).

        Args:
            credential: may be None when there is a context. context: None on the first leg.
            context_req: ISC_REQ flags. target_data_rep: SECURITY_DREP. reserved1, reserved2: zero.
            input: from the server, None on the first leg. Its bytes are copied as the call is made.
            output: the client's own buffers to fill; a bytearray, or an address in this process. Without it there is
                one for a token of the size that the package allows, or, with ISC_REQ_ALLOCATE_MEMORY, one that LSA
                or the package allocates, which FreeContextBuffer frees (CIC-4).

        Raises:
            StatusError: SEC_E_INVALID_HANDLE, SEC_E_BUFFER_TOO_SMALL, SEC_E_INTERNAL_ERROR for a failure without a
                code of SSPI, the package's own refusal.
            AccessViolation: a buffer at an address that this process does not have.
            TypeError: an argument that its C type cannot carry.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        if reserved1 or reserved2:
            await trio.lowlevel.checkpoint()  # a client that tries for ever must let others run
            raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, "the reserved arguments must be zero")
        asked = Asked(True, target_name, context_req, target_data_rep, input, output)
        return await self._leg(credential, context, asked)

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
        """The server's side of a context, as `InitializeSecurityContext` is the client's (CAC-1).

        Args:
            input: from the client. context_req: ASC_REQ flags.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        return await self._leg(credential, context, Asked(False, None, context_req, target_data_rep, input, output))

    async def DeleteSecurityContext(self, context: SecHandle) -> None:
        """Delete a context on this side, however far it came (CDC-2).

        Raises:
            StatusError: SEC_E_INVALID_HANDLE for what never was a context of this process; one that is deleted
                already is fine (CDC-1). How the package failed.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        record = self._close_context(context)
        if record is None:
            await trio.lowlevel.checkpoint()  # a client that tries for ever must let others run
            if self._contexts is not None and self._contexts.was_given(context):
                return
            raise self._not_a_handle(context)
        try:
            if record.mapped is not None:
                await self._unmap_context(record)
        except BaseException:
            self._lsa.contexts.drop(record)
            raise
        if record.uses > 1:
            self._lsa.contexts.drop(record)  # a call that is under way with it will be the last
        else:
            await self._end(record)

    async def FreeContextBuffer(self, context_buffer: Pointer) -> None:
        """Free a buffer that an SSPI function gave (CLA-3). Page: sdk-api nf-sspi-freecontextbuffer.

        Raises:
            StatusError: SEC_E_INVALID_HANDLE, as the page names no code, for what is no such buffer.
            TypeError: it is not a pointer.
        """
        await trio.lowlevel.checkpoint()
        self.free_sspi_buffer(context_buffer)

    def free_sspi_buffer(self, context_buffer: Pointer) -> None:
        """As `FreeContextBuffer`, for code of packages in this process."""
        if not isinstance(context_buffer, Pointer):
            raise TypeError(f"expected a Pointer, got {type(context_buffer).__name__} {context_buffer!r}")
        is_ours = context_buffer.space == self.process.space.name and context_buffer.address in self._context_buffers
        if not is_ours or not self._free_context_buffer(context_buffer, self._origin("FreeContextBuffer")):
            raise StatusError(SEC_E_INVALID_HANDLE, f"{context_buffer!r} is no buffer of SSPI in {self.name}")

    # ------------------------------------------------------------------ inside

    def _meant(self, package: str) -> str:
        """The name that a caller means: the default TLS provider is whichever the registry says (REG-7)."""
        return self._lsa.default_tls or package if package == DEFAULT_TLS else package

    def _find(self, package: str) -> Package:
        try:
            return self._lsa.find_package(self._meant(package))
        except StatusError as error:
            raise sspi_error(error) from None

    def _session(self) -> int:
        """The LUID of whom this task acts for."""
        token = self.impersonated_by(trio.lowlevel.current_task()) or self.token
        return SYSTEM_LUID if token is None else token.content.logon_id

    def _put(self, data: bytes | bytearray | memoryview | None) -> Pointer | None:
        """Bytes at an address of this process."""
        if data is None:
            return None
        content = bytes_of("auth_data", data)
        pointer = self._allocate(len(content), "AcquireCredentialsHandle")
        self.process.space.write(pointer.address, content)
        return pointer

    async def _end(self, record: ClientCredential | ClientContext) -> None:
        """Let go of what the client has no handle of any more, and wait until the package has heard of it."""
        contexts = self._lsa.contexts
        if not record.package.state.is_available:  # nobody is there to be told
            contexts.drop(record)
            return
        is_taken = True

        def unserved() -> None:
            nonlocal is_taken
            is_taken = False
            contexts.drop(record)

        try:
            failure = await self._call(
                record.package,
                record.ends_with.name,
                lambda _: contexts.let_go(record),
                lambda *_: None,
                unserved=unserved,
            )
        except StatusError:  # the package is gone, and what it had with it
            if is_taken and not record.is_gone:
                contexts.drop(record)
            return
        if failure is not None:
            raise sspi_error(failure)

    async def _acquire(self, package: Package, arguments: tuple[Any, ...], request: Request) -> _Acquired:
        number, expiry = (await self._lsa.entrance.enter(package, _ACQUIRE, *arguments)).outs
        if not number:
            raise StatusError(SEC_E_INTERNAL_ERROR, f"{package.name} gave no handle of the credential")
        if not expiry:
            self._lsa.bus.emit(ExpiryMissing(time_ns=now_ns(), package=package.key, handle=number))
        credential = ClientCredential(package, number, self._client)
        self._lsa.contexts.add(credential)
        return credential, expiry or None

    def _undo_acquire(self, request: Request, result: _Acquired) -> None:
        self._lsa.contexts.drop(result[0])
