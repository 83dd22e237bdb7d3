"""Logs kiosks on: a kiosk sends its name, and LSA keeps the key of its session until the kiosk is switched off.

The defect: when a session ends, LsaApLogonTerminated forgets it and leaves the key stored with LSA. LSA does not delete
what a package has stored; the package has to. In LSASS the secrets of everybody who has logged on since the start are
found in one dump of the process, and its memory grows with each logon.
"""

from __future__ import annotations

from contextlib import suppress
from random import Random

from lsart import (
    LSA_TOKEN_INFORMATION_V1,
    SECPKG_PARAMETERS,
    SID_AND_ATTRIBUTES,
    STATUS_LOGON_FAILURE,
    TOKEN_SOURCE,
    CallPackageReply,
    Client,
    ClientRequest,
    FunctionTable,
    LogonFailure,
    LogonUserResult,
    Pointer,
    SecPkgInfo,
    StatusError,
    constants,
    enumerations,
)

__all__ = ["OPERATIONS", "CredentialLeak"]

_PACKAGE = "credential_leak"
_KEY = "session key"
_USERS = SID_AND_ATTRIBUTES("S-1-5-32-545", 7)
_LARGEST = 64


class CredentialLeak:
    """Logs on whoever sends a name."""

    def __init__(self) -> None:
        self.sessions: dict[int, str] = {}

    def LsaApInitializePackage(
        self, authentication_package_id: int, table: FunctionTable, database: str | None, confidentiality: str | None
    ) -> str:
        return _PACKAGE

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table, self.package_id = table, package_id

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo(
            _PACKAGE, comment="logs kiosks on and keeps their keys with LSA", capabilities=constants.SECPKG_FLAG_LOGON
        )

    async def LsaApLogonUserEx2(
        self,
        client_request: ClientRequest,
        logon_type: int,
        authentication_information: Pointer,
        client_authentication_base: Pointer | None,
        authentication_information_length: int,
    ) -> LogonUserResult:
        table = self.table
        size = min(authentication_information_length, _LARGEST)
        name = (await table.memory.read(authentication_information, size)).decode("ascii", "replace")
        if not name.isalnum():
            raise LogonFailure(STATUS_LOGON_FAILURE, account_name="")
        logon_id = table.win32.AllocateLocallyUniqueId()
        try:
            await self.begin(logon_id)
        except StatusError as error:
            raise LogonFailure(error.status, account_name=name) from None
        self.sessions[logon_id] = name
        return LogonUserResult(
            logon_id=logon_id,
            token_information=LSA_TOKEN_INFORMATION_V1(
                user=SID_AND_ATTRIBUTES("S-1-5-21-7-7-7-1000"), primary_group=_USERS.sid, groups=(_USERS,)
            ),
            account_name=name,
        )

    async def begin(self, logon_id: int) -> None:
        """A session, and its key; neither without the other."""
        key = self.table.win32.BCryptGenRandom(16)
        await self.table.CreateLogonSession(logon_id)
        try:
            await self.table.AddCredential(logon_id, self.package_id, _KEY, key)
        except StatusError:
            await self.table.DeleteLogonSession(logon_id)
            raise

    async def LsaApLogonTerminated(self, logon_id: int) -> None:
        self.sessions.pop(logon_id, None)

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        """How many are logged on."""
        return await self.table.reply(client_request, len(self.sessions).to_bytes(4, "little"))

    def SpShutdown(self) -> None:
        self.sessions.clear()


async def _boot(client: Client, random: Random, size: int) -> None:
    """Switch a kiosk on, and off again."""
    number = await client.LsaLookupAuthenticationPackage(client.handle, _PACKAGE)
    network = enumerations.SECURITY_LOGON_TYPE.Network
    source = TOKEN_SOURCE("kiosk")
    logon = await client.LsaLogonUser(client.handle, "kiosk", network, number, b"kiosk7", None, None, source)
    client.CloseHandle(logon.token)


async def _fail(client: Client, random: Random, size: int) -> None:
    """A name that is none."""
    number = await client.LsaLookupAuthenticationPackage(client.handle, _PACKAGE)
    network = enumerations.SECURITY_LOGON_TYPE.Network
    with suppress(StatusError):
        await client.LsaLogonUser(client.handle, "kiosk", network, number, b"-", None, None, TOKEN_SOURCE("kiosk"))


OPERATIONS = {"boot": _boot, "fail": _fail}
