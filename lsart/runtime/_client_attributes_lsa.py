"""Attributes of credentials and contexts, and what else SSPI asks of packages in LSA beside legs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Literal

import trio

from lsart.contract import (
    SEC_E_UNSUPPORTED_FUNCTION,
    Pointer,
    SecBuffer,
    SecBufferDesc,
    SecHandle,
    Slot,
    StatusError,
    constants,
    enumerations,
)
from lsart.runtime._client_legs import Asked, bytes_of, check_number, check_text, room_of
from lsart.runtime._client_packages import ClientPackages
from lsart.runtime._contexts import ClientContext, ClientCredential
from lsart.runtime._enter import entry
from lsart.runtime._legs import output_fault

__all__ = ["ClientLsaAttributes"]

_QUERY, _SET = entry("QueryCredentialsAttributes"), entry("SetCredentialsAttributes")
_ADD, _SET_CONTEXT = entry("AddCredentials"), entry("SetContextAttributes")
_PASSWORD, _EXTENDED = entry("ChangeAccountPassword"), entry("SetExtendedInformation")
_READ_ONLY = enumerations.SECPKG_EXTENDED_INFORMATION_CLASS.SecpkgMutualAuthLevel
_CLASSES = frozenset(int(each) for each in enumerations.SECPKG_EXTENDED_INFORMATION_CLASS)
_ANY_ROOM = SecBufferDesc((SecBuffer(constants.SECBUFFER_TOKEN, None, 0xFFFF_FFFF),))
_NO_CLASS = enumerations.SECPKG_EXTENDED_INFORMATION_CLASS.SecpkgMaxInfo


class ClientLsaAttributes(ClientPackages):
    """A structure of the client's is where it is in this process, or a bytearray, which is put there for the length of
    the call and has afterwards what the package wrote."""

    __slots__ = ()

    async def QueryCredentialsAttributes(
        self, credential: SecHandle, attribute: int, buffer: Pointer | bytearray
    ) -> None:
        """Let the package fill a structure with an attribute of a credential. What the structure points to is freed
        with FreeContextBuffer (SQC-1). Page: sdk-api nf-sspi-querycredentialsattributesa.

        Raises:
            StatusError: SEC_E_INVALID_HANDLE (SQC-2); the package's own refusal.
        """
        await trio.lowlevel.checkpoint()
        check_number("attribute", attribute)
        record = self._credential_of(credential)
        async with self._placed(buffer) as (at, _):
            await self._in_package(record, _QUERY, attribute, at)

    async def SetCredentialsAttributes(
        self, credential: SecHandle, attribute: int, buffer: Pointer | bytearray | bytes, length: int | None = None
    ) -> None:
        """Set an attribute of a credential (SCR-1). Page: sdk-api nf-sspi-setcredentialsattributesa.

        Args:
            length: bytes of the structure; needed for one at an address.
        """
        await trio.lowlevel.checkpoint()
        record = self._credential_of(credential)
        await self._set(record, _SET, self._lsa.settings.choices.set_credentials_attributes, attribute, buffer, length)

    async def SetContextAttributes(
        self, context: SecHandle, attribute: int, buffer: Pointer | bytearray | bytes, length: int | None = None
    ) -> None:
        """Set an attribute of a context (SSA-1), as `SetCredentialsAttributes` does of a credential.
        Page: sdk-api nf-sspi-setcontextattributesa."""
        await trio.lowlevel.checkpoint()
        record = self._context_of(context)
        choice = self._lsa.settings.choices.set_context_attributes
        await self._set(record, _SET_CONTEXT, choice, attribute, buffer, length)

    async def AddCredentials(
        self,
        credential: SecHandle,
        principal: str | None,
        package: str,
        credential_use: int,
        auth_data: Pointer | bytes | bytearray | memoryview | None = None,
        get_key_fn: object | None = None,
        get_key_argument: object | None = None,
    ) -> int | None:
        """Add a credential to a handle that there is (SAD-1), with the arguments of `AcquireCredentialsHandle`.
        Returns its expiry. Page: sdk-api nf-sspi-addcredentialsa."""
        await trio.lowlevel.checkpoint()
        check_text("principal", principal, may_be_none=True)
        check_text("package", package)
        check_number("credential_use", credential_use)
        if get_key_fn is not None or get_key_argument is not None:
            raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, "no package takes a function that gives keys")
        record = self._credential_of(credential)
        async with self._placed(auth_data) as (at, _):
            outs = await self._in_package(record, _ADD, principal, package, credential_use, at, None, None)
        return outs[0] or None

    async def ChangeAccountPassword(
        self,
        package_name: str,
        domain_name: str,
        account_name: str,
        old_password: str,
        new_password: str,
        impersonating: bool,
        output: SecBufferDesc | None = None,
    ) -> SecBufferDesc:
        """Have a package change the password of an account (SCP-1). Page: sdk-api nf-sspi-changeaccountpassworda.

        Args:
            impersonating: whether the caller acts for somebody else. output: the client's own buffers to fill, as of
                a leg; without it there is one for a token of any size.

        Returns:
            What it filled.
        """
        await trio.lowlevel.checkpoint()
        texts = (domain_name, account_name, old_password, new_password)
        for name, value in zip(("domain_name", "account_name", "old_password", "new_password"), texts, strict=True):
            if not isinstance(value, str):  # not `check_text`, whose words would show a password
                raise TypeError(f"{name} is text, got {type(value).__name__}")
            check_text(name, value)
        check_text("package_name", package_name)
        if not isinstance(impersonating, bool):
            raise TypeError(f"impersonating is True or False, got {type(impersonating).__name__} {impersonating!r}")
        package = self._find(package_name)
        asked = Asked(True, None, 0, 0, None, output)
        room = room_of(asked, 0)

        async def serve(_: object) -> SecBufferDesc:
            (given,) = (await self._lsa.entrance.enter(package, _PASSWORD, *texts, impersonating, room)).outs
            filled = given if isinstance(given, SecBufferDesc) else SecBufferDesc()
            failure = output_fault(filled, _ANY_ROOM if output is None else room, package.name)
            if failure is not None:
                raise failure
            return filled

        return await self._filled(await self._call(package, _PASSWORD.name, serve, lambda *_: None), asked)

    async def set_extended_information(self, package_name: str, information_class: int, information: object) -> None:
        """Tell a package extended information about itself. No public function does so, but LSA can.

        Args:
            information_class: SECPKG_EXTENDED_INFORMATION_CLASS. information: of that class, passed on as it is.

        Raises:
            StatusError: SEC_E_UNSUPPORTED_FUNCTION for the level of mutual authentication, which can be read only
                (SSX-1), and for no class; SEC_E_SECPKG_NOT_FOUND; the package's own refusal.
        """
        await trio.lowlevel.checkpoint()
        check_number("information_class", information_class)
        if information_class in (_READ_ONLY, _NO_CLASS) or information_class not in _CLASSES:
            raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, f"information of class {information_class} cannot be set")
        package = self._find(package_name)
        serve = partial(self._tell, package, information_class, information)
        await self._call(package, _EXTENDED.name, serve, lambda *_: None)

    # ------------------------------------------------------------------ inside

    async def _tell(self, package: Any, information_class: int, information: object, request: object) -> None:
        await self._lsa.entrance.enter(package, _EXTENDED, information_class, information)

    async def _in_package(
        self, record: ClientCredential | ClientContext, slot: Slot, *arguments: object
    ) -> tuple[Any, ...]:
        contexts = self._lsa.contexts
        returned = await self._call(
            record.package, slot.name, lambda _: contexts.enter(record, slot, *arguments), lambda *_: None
        )
        return returned.outs

    async def _set(
        self,
        record: ClientCredential | ClientContext,
        slot: Slot,
        choice: Literal["dispatch", "unsupported"],
        attribute: int,
        buffer: Pointer | bytearray | bytes,
        length: int | None,
    ) -> None:
        check_number("attribute", attribute)
        if choice == "unsupported":
            raise StatusError(SEC_E_UNSUPPORTED_FUNCTION, f"{slot.name} is for no package")
        if length is not None or isinstance(buffer, Pointer):
            check_number("length", length)
        async with self._placed(buffer) as (at, size):
            await self._in_package(record, slot, attribute, at, size if length is None else length)

    @asynccontextmanager
    async def _placed(self, structure: object) -> AsyncIterator[tuple[Pointer | None, int]]:
        """The client's structure at an address of this process, and its size if that is known."""
        if structure is None or isinstance(structure, Pointer):
            yield structure, 0
            return
        content = bytes_of("a structure", structure)
        at = self._allocate(len(content), "SSPI")
        self.process.space.write(at.address, content)
        try:
            yield at, len(content)
            if isinstance(structure, bytearray):
                structure[:] = self.process.space.read(at.address, len(content))
        finally:
            if self.is_alive:
                self.free_buffer(at, self._origin("SSPI"))
