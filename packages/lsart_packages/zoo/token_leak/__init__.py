"""Rehearses jobs: it makes the token by which a job of an account would run, to see whether that works, and says so.

The defect: the handle of the token is closed at the end, and an account that is barred does not get there. The caller
of CreateTokenEx has to close what it got. In LSASS the handles grow with each question about a barred account, and a
token that is still open keeps its logon session from ending: the user cannot really be logged off any more.
"""

from __future__ import annotations

from random import Random

from lsart import (
    LSA_TOKEN_INFORMATION_V1,
    SECPKG_PARAMETERS,
    SECPKG_PRIMARY_CRED,
    SID_AND_ATTRIBUTES,
    STATUS_ACCOUNT_RESTRICTION,
    STATUS_INVALID_PARAMETER,
    TOKEN_SOURCE,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecPkgInfo,
    enumerations,
)

__all__ = ["OPERATIONS", "TokenLeak"]

_BARRED = range(500, 600)
_USERS = SID_AND_ATTRIBUTES("S-1-5-32-545", 7)


class TokenLeak:
    """Answers the number of an account, 16 bits, with b"yes" or a refusal."""

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table
        self.session = table.win32.AllocateLocallyUniqueId()
        await table.CreateLogonSession(self.session)

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("token_leak", comment="says whether an account could run a job")

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        if length != 2:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        account = int.from_bytes(submit_buffer, "little")
        handle = await self.rehearse(account)
        if account in _BARRED:
            return CallPackageReply(protocol_status=STATUS_ACCOUNT_RESTRICTION)
        self.table.win32.CloseHandle(handle)
        return await self.table.reply(client_request, b"yes")

    async def rehearse(self, account: int) -> int:
        """The token of a job of an account.

        Raises:
            StatusError: what CreateTokenEx fails with.
        """
        sid = f"S-1-5-21-7-7-7-{account}"
        handle, _ = await self.table.CreateTokenEx(
            logon_id=self.session,
            token_source=TOKEN_SOURCE("token_le"),
            logon_type=enumerations.SECURITY_LOGON_TYPE.Batch,
            impersonation_level=enumerations.SECURITY_IMPERSONATION_LEVEL.SecurityIdentification,
            token_information_type=enumerations.LSA_TOKEN_INFORMATION_TYPE.LsaTokenInformationV1,
            token_information=LSA_TOKEN_INFORMATION_V1(
                user=SID_AND_ATTRIBUTES(sid), primary_group=_USERS.sid, groups=(_USERS,)
            ),
            token_groups=None,
            workstation=None,
            profile_path=None,
            session_information=SECPKG_PRIMARY_CRED(
                downlevel_name=f"job{account}", domain_name="JOBS", password="", user_sid=sid
            ),
            session_information_type=enumerations.SECPKG_SESSIONINFO_TYPE.SecSessionPrimaryCred,
        )
        return handle

    async def SpShutdown(self) -> None:
        await self.table.DeleteLogonSession(self.session)


def _ask(random: Random, size: int) -> bytes:
    return random.randrange(1000, 2000).to_bytes(2, "little")


def _ask_barred(random: Random, size: int) -> bytes:
    return random.choice(_BARRED).to_bytes(2, "little")


OPERATIONS = {"ask": _ask, "ask_barred": _ask_barred}
