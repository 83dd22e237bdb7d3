"""Logs users on who hold their badge to a reader: the reader sends a name and the number of the badge.

The defect: the session is created before the badge is checked, and stays when the badge is wrong. A package has to
delete every session of an attempt that fails. In LSASS each costs kernel memory until the machine restarts, and whoever
can hold a wrong badge to the reader, again and again, uses it up.
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

__all__ = ["OPERATIONS", "SessionLeak"]

_PACKAGE = "session_leak"
_BADGES = {"alice": "1001", "bob": "1002"}
_USERS = SID_AND_ATTRIBUTES("S-1-5-32-545", 7)
_LARGEST = 64


class SessionLeak:
    """Logs on whoever sends name:badge."""

    def __init__(self) -> None:
        self.sessions: dict[int, str] = {}

    def LsaApInitializePackage(
        self, authentication_package_id: int, table: FunctionTable, database: str | None, confidentiality: str | None
    ) -> str:
        return _PACKAGE

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo(_PACKAGE, comment="logs users on by their badges", capabilities=constants.SECPKG_FLAG_LOGON)

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
        data = await table.memory.read(authentication_information, size)
        name, _, badge = data.decode("ascii", "replace").partition(":")
        logon_id = table.win32.AllocateLocallyUniqueId()
        try:
            await table.CreateLogonSession(logon_id)
        except StatusError as error:
            raise LogonFailure(error.status, account_name=name) from None
        if _BADGES.get(name) != badge:
            raise LogonFailure(STATUS_LOGON_FAILURE, account_name=name)
        self.sessions[logon_id] = name
        return LogonUserResult(
            logon_id=logon_id,
            token_information=LSA_TOKEN_INFORMATION_V1(
                user=SID_AND_ATTRIBUTES(f"S-1-5-21-7-7-7-{badge}"), primary_group=_USERS.sid, groups=(_USERS,)
            ),
            account_name=name,
        )

    def LsaApLogonTerminated(self, logon_id: int) -> None:
        self.sessions.pop(logon_id, None)

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        """How many are logged on."""
        return await self.table.reply(client_request, len(self.sessions).to_bytes(4, "little"))

    def SpShutdown(self) -> None:
        self.sessions.clear()


async def _badge(client: Client, random: Random, size: int) -> None:
    """Hold a badge to the reader, and go again."""
    name = random.choice(tuple(_BADGES))
    await _present(client, f"{name}:{_BADGES[name]}")


async def _wrong_badge(client: Client, random: Random, size: int) -> None:
    """Hold a badge to the reader that is of nobody."""
    with suppress(StatusError):
        await _present(client, f"alice:{random.randrange(1000)}")


async def _present(client: Client, text: str) -> None:
    number = await client.LsaLookupAuthenticationPackage(client.handle, _PACKAGE)
    interactive = enumerations.SECURITY_LOGON_TYPE.Interactive
    source = TOKEN_SOURCE("reader")
    logon = await client.LsaLogonUser(client.handle, "reader", interactive, number, text.encode(), None, None, source)
    client.CloseHandle(logon.token)


OPERATIONS = {"badge": _badge, "wrong_badge": _wrong_badge}
