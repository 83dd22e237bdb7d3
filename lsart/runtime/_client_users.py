"""Users as SSPI shows them, credentials that a package keeps for them, and targets that it knows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import trio

from lsart.contract import (
    SEC_E_INTERNAL_ERROR,
    SEC_E_NO_CREDENTIALS,
    SEC_E_NOT_OWNER,
    SECPKG_TARGETINFO,
    ClientRequest,
    Pointer,
    SecBuffer,
    SecHandle,
    SecurityUserData,
    StatusError,
    constants,
)
from lsart.engine import touch
from lsart.runtime._client_legs import bytes_of, check_luid, check_number, check_text
from lsart.runtime._client_metadata import ClientMetaData
from lsart.runtime._enter import entry
from lsart.runtime._package import Package
from lsart.runtime._submitted import capture
from lsart.security import pack_user_data, sid_bytes, user_data_size

if TYPE_CHECKING:
    from lsart.runtime._request import Request

__all__ = ["ClientUsers"]

_USER, _DELETE = entry("GetUserInfo"), entry("DeleteCredentials")
_SAVE, _GET, _VALIDATE = entry("SaveCredentials"), entry("GetCredentials"), entry("ValidateTargetInfo")
_UNICODE_MAX = 0xFFFE
_SHORT_NAME = 15  # characters


class ClientUsers(ClientMetaData):
    """What the package of a session says of its user."""

    __slots__ = ()

    async def GetSecurityUserInfo(
        self, logon_id: int | None = None, flags: int = 0
    ) -> tuple[SecurityUserData, Pointer]:
        """Who the user of a session is, and where that lies in this process until FreeContextBuffer frees it (SGU-2).
        The package that made the session is asked. Page: sdk-api nf-sspi-getsecurityuserinfo.

        Args:
            logon_id: a LUID; None for the session that this task acts in. Another one needs SeTcbPrivilege (assumed).
            flags: UNDERSTANDS_LONG_NAMES, NO_LONG_NAMES.

        Raises:
            StatusError: SEC_E_NOT_OWNER; SEC_E_NO_CREDENTIALS when no package made the session or it is gone;
                SEC_E_INTERNAL_ERROR when the package says what it may not, as a longer name of a domain than asked for
                (SGU-1); SEC_E_INSUFFICIENT_MEMORY; the package's own refusal.
        """
        await trio.lowlevel.checkpoint()
        check_number("flags", flags)
        own = self._session()
        check_luid("logon_id", logon_id)
        if logon_id not in (None, own) and not self.has_tcb_privilege:
            raise StatusError(SEC_E_NOT_OWNER, f"{self.name} may not look at another session")
        number = own if logon_id is None else logon_id
        package = self._maker_of(number)
        data = await self._call(package, _USER.name, partial(self._user, package, number, flags), lambda *_: None)
        buffer = self._allocate(user_data_size(data), "GetSecurityUserInfo")
        self.process.space.write(buffer.address, pack_user_data(data, buffer.address))
        self._mark_buffer(buffer)
        return data, buffer

    async def delete_credentials(self, credential: SecHandle, key: bytes) -> None:
        """Have a package delete what it keeps for a user under a key. No public function does so, but LSA can.

        Args:
            key: in the package's own form, which nobody else reads (SDC-1).

        Raises:
            StatusError: SEC_E_INVALID_HANDLE; the package's own refusal.
        """
        await trio.lowlevel.checkpoint()
        content = bytes_of("key", key)
        record = self._credential_of(credential)
        await self._in_package(record, _DELETE, SecBuffer(constants.SECBUFFER_PKG_PARAMS, content))

    async def save_credentials(self, credential: SecHandle, data: bytes) -> None:
        """Have a package save a supplemental credential with the user object (SSV-1). No public function does so, but
        LSA can.

        Args:
            data: in the package's own form.

        Raises:
            StatusError: as `delete_credentials`.
        """
        await trio.lowlevel.checkpoint()
        content = bytes_of("data", data)
        record = self._credential_of(credential)
        await self._in_package(record, _SAVE, SecBuffer(constants.SECBUFFER_PKG_PARAMS, content))

    async def get_credentials(self, credential: SecHandle) -> bytes:
        """What a package says are the credentials of a user object, primary and supplemental, in its own form (SGC-1).
        No public function asks, but LSA can. No page says of which heap they are, so only bytes at hand are taken.

        Raises:
            StatusError: SEC_E_INVALID_HANDLE (SGC-2); SEC_E_INTERNAL_ERROR when the package gave an address; the
                package's own refusal.
        """
        await trio.lowlevel.checkpoint()
        record = self._credential_of(credential)
        (given,) = await self._in_package(record, _GET, SecBuffer(constants.SECBUFFER_PKG_PARAMS))
        if given is None:
            return b""
        if isinstance(given.buffer, Pointer):
            raise StatusError(SEC_E_INTERNAL_ERROR, f"{record.package.name} gave an address; expected bytes")
        return bytes(given.data)

    async def validate_target_info(
        self,
        package_name: str,
        message: Pointer | bytes | bytearray | memoryview | None,
        target_info: SECPKG_TARGETINFO,
        length: int | None = None,
    ) -> None:
        """Ask a package whether a target that a message is for is one (SVT-1). No public function does so, but LSA can.

        Args:
            message, length: as in LsaCallAuthenticationPackage.

        Raises:
            StatusError: what the package says of a target that is none, or of one that it cannot judge;
                SEC_E_SECPKG_NOT_FOUND, SEC_E_UNSUPPORTED_FUNCTION without the entry point.
        """
        await trio.lowlevel.checkpoint()
        check_text("package_name", package_name)
        if not isinstance(target_info, SECPKG_TARGETINFO):
            raise TypeError(f"target_info is a SECPKG_TARGETINFO, got {type(target_info).__name__}")
        package = self._find(package_name)
        submitted = await capture(self, message, length)

        async def serve(request: Request) -> None:
            given = (submitted.data, submitted.base, len(submitted.data), target_info)
            await self._lsa.entrance.enter(package, _VALIDATE, ClientRequest(request.number), *given)

        await self._call(package, _VALIDATE.name, serve, lambda *_: None)

    # ------------------------------------------------------------------ inside

    def _maker_of(self, logon_id: int) -> Package:
        if self._explores:
            touch("the logon sessions of LSA", "r", "look a session up", is_told=False)
        session = self._lsa.security.sessions.find(logon_id)
        for package in self._lsa.packages:
            if session is not None and package.key == session.created.package:
                return package
        raise StatusError(SEC_E_NO_CREDENTIALS, f"no package knows the user of session {logon_id:#x}")

    async def _user(self, package: Package, logon_id: int, flags: int, request: Request) -> SecurityUserData:
        (data,) = (await self._lsa.entrance.enter(package, _USER, logon_id, flags)).outs
        fault = _fault(data, flags)
        if fault:
            raise StatusError(SEC_E_INTERNAL_ERROR, f"{package.name} said of the user: {fault}")
        assert isinstance(data, SecurityUserData)
        return data


def _fault(data: object, flags: int) -> str:
    """Why this cannot be given to a client."""
    if not isinstance(data, SecurityUserData):
        return f"{data!r}; expected a SecurityUserData"
    for name in ("user_name", "logon_domain_name", "logon_server"):
        text: object = getattr(data, name)
        if not isinstance(text, str) or len(text.encode("utf-16-le", "surrogatepass")) > _UNICODE_MAX:
            return f"its {name} is no text, or has more than {_UNICODE_MAX} bytes"
    if flags & constants.NO_LONG_NAMES and len(data.logon_domain_name) > _SHORT_NAME:
        return f"the domain {data.logon_domain_name!r} is longer than {_SHORT_NAME} characters"
    try:
        sid_bytes(data.sid)
    except (TypeError, ValueError) as error:
        return str(error)
    return ""
