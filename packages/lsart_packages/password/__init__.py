"""Names and passwords: an authentication package over the accounts of the machine, as MSV1_0 is one.

It is what a careful author would write. It believes nothing that a client sends, says no more than SAM does, creates
the session last, gives back what it took whatever fails, and forgets a session when LSA says that it ended.
"""

from __future__ import annotations

from collections import Counter

from lsart import (
    LSA_TOKEN_INFORMATION_V1,
    SECPKG_PARAMETERS,
    SECPKG_PRIMARY_CRED,
    SECPKG_SUPPLEMENTAL_CRED,
    SID_AND_ATTRIBUTES,
    STATUS_ACCOUNT_RESTRICTION,
    STATUS_BAD_VALIDATION_CLASS,
    STATUS_INVALID_LOGON_TYPE,
    STATUS_INVALID_PARAMETER,
    STATUS_LOGON_FAILURE,
    STATUS_NO_MEMORY,
    STATUS_NO_SUCH_LOGON_SESSION,
    STATUS_NO_SUCH_USER,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    LogonFailure,
    LogonUserResult,
    Pointer,
    SecPkgInfo,
    StatusError,
    constants,
    enumerations,
    now_ns,
)
from lsart.security import AuthData, unpack_auth_data
from lsart_packages.password._messages import OPERATIONS, PACKAGE, WHOAMI, Logon, decode_logon, encode_logon
from lsart_packages.password._profile import Profile, pack_profile, unpack_profile

__all__ = ["OPERATIONS", "WHOAMI", "Password", "Profile", "encode_logon", "unpack_profile"]

_TYPES = enumerations.SECURITY_LOGON_TYPE
_SERVED = (_TYPES.Interactive, _TYPES.Network, _TYPES.Batch, _TYPES.Service, _TYPES.NetworkCleartext, _TYPES.Unlock)
_ENABLED = 0x7  # SE_GROUP_MANDATORY | SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_ENABLED
_DOMAIN_USERS = 513  # the group of a domain that each of its users is in


class Password:
    """Logs users on, and answers those who are: who am I?"""

    def __init__(self) -> None:
        self.sessions: dict[int, str] = {}  # LUID to the name of the user
        self.logons: Counter[str] = Counter()

    # ------------------------------------------------------------------ coming up and going

    def LsaApInitializePackage(
        self, authentication_package_id: int, table: FunctionTable, database: str | None, confidentiality: str | None
    ) -> str:
        return PACKAGE

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo(
            PACKAGE, comment="logs users on by name and password", capabilities=constants.SECPKG_FLAG_LOGON
        )

    def SpShutdown(self) -> None:
        self.sessions.clear()

    # ------------------------------------------------------------------ logging on and off

    async def LsaApLogonUserEx2(
        self,
        client_request: ClientRequest,
        logon_type: int,
        authentication_information: Pointer,
        client_authentication_base: Pointer | None,
        authentication_information_length: int,
    ) -> LogonUserResult:
        data = await self.table.memory.read(authentication_information, authentication_information_length)
        logon = decode_logon(data, client_authentication_base)
        if logon is None:
            raise LogonFailure(STATUS_BAD_VALIDATION_CLASS, "no logon message", account_name="")
        if logon_type not in _SERVED:
            raise LogonFailure(STATUS_INVALID_LOGON_TYPE, account_name=logon.user)
        try:
            user = await self._authenticate(logon)
            return await self._admit(client_request, logon, user)
        except StatusError as error:
            # SubStatus has a meaning beside this status alone.
            detail = error.sub_status if error.status == STATUS_ACCOUNT_RESTRICTION else 0
            raise LogonFailure(
                error.status, account_name=logon.user, authenticating_authority=logon.domain, sub_status=detail
            ) from None

    def LsaApLogonTerminated(self, logon_id: int) -> None:
        self.sessions.pop(logon_id, None)

    def SpAcceptCredentials(
        self,
        logon_type: int,
        account_name: str,
        primary_credentials: SECPKG_PRIMARY_CRED | None,
        supplemental_credentials: SECPKG_SUPPLEMENTAL_CRED | None,
    ) -> None:
        """It asks SAM each time, so it needs nobody's password, and keeps none."""

    async def _authenticate(self, logon: Logon) -> AuthData:
        """Who that is, if the password is right; a name that does not exist fails as a wrong password does."""
        table = self.table
        handle: Pointer | None = None
        try:
            try:
                handle = await table.OpenSamUser(
                    f"{logon.domain}\\{logon.user}", enumerations.SECPKG_NAME_TYPE.SecNameSamCompatible, None, False, 0
                )
            except StatusError as error:
                if error.status != STATUS_NO_SUCH_USER:
                    raise
            await table.verify_password(handle, logon.password)
            return await self._groups_of(handle)
        finally:
            if handle is not None:
                await table.CloseSamUser(handle)

    async def _groups_of(self, handle: Pointer | None) -> AuthData:
        """What SAM says of the account, with the groups that its groups are in."""
        table = self.table
        if handle is None:  # no password is right for it, so nobody comes here
            raise StatusError(STATUS_LOGON_FAILURE)
        data, size = await table.GetUserAuthData(handle)
        if data is None:
            raise StatusError(STATUS_NO_MEMORY)
        try:
            expanded, expanded_size = await table.ExpandAuthDataForDomain(data, size, None)
        finally:
            await table.FreeLsaHeap(data)
        if expanded is None:
            raise StatusError(STATUS_NO_MEMORY)
        try:
            return unpack_auth_data(await table.memory.read(expanded, expanded_size), None)
        finally:
            await table.FreeLsaHeap(expanded)

    async def _admit(self, client_request: ClientRequest, logon: Logon, user: AuthData) -> LogonUserResult:
        """A profile, then the session: nothing comes after it that could fail."""
        table = self.table
        name = f"{user.domain}\\{user.account_name}"
        data = pack_profile(Profile(self.logons[name] + 1, now_ns(), name))
        profile = await table.AllocateClientBuffer(client_request, len(data))
        try:
            await table.CopyToClientBuffer(client_request, len(data), profile, data)
            luid = table.win32.AllocateLocallyUniqueId()
            await table.CreateLogonSession(luid)
        except BaseException:  # a cancellation too
            await table.FreeClientBuffer(client_request, profile)
            raise
        self.sessions[luid] = name
        self.logons[name] += 1
        everybody = f"{user.sid.rpartition('-')[0]}-{_DOMAIN_USERS}"
        return LogonUserResult(
            logon_id=luid,
            token_information=LSA_TOKEN_INFORMATION_V1(
                user=SID_AND_ATTRIBUTES(user.sid),
                primary_group=everybody,
                groups=tuple(SID_AND_ATTRIBUTES(each, _ENABLED) for each in (everybody, *user.groups)),
            ),
            account_name=user.account_name,
            authenticating_authority=user.domain,
            profile_buffer=profile,
            profile_buffer_length=len(data),
            primary_credentials=SECPKG_PRIMARY_CRED(
                downlevel_name=user.account_name,
                domain_name=user.domain,
                password=logon.password,
                user_sid=user.sid,
                flags=constants.PRIMARY_CRED_CLEAR_PASSWORD,
                upn=user.user_principal_name or "",
            ),
        )

    # ------------------------------------------------------------------ those who are logged on

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        if submit_buffer != WHOAMI:
            return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
        client = await self.table.GetClientInfo()
        name = self.sessions.get(client.logon_id)
        if name is None:
            return CallPackageReply(protocol_status=STATUS_NO_SUCH_LOGON_SESSION)
        return await self.table.reply(client_request, name.encode())

    LsaApCallPackage = LsaApCallPackageUntrusted  # whoever is trusted may ask no more

    async def LsaApCallPackagePassthrough(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        """It passes nothing through: the accounts are those of this machine."""
        return CallPackageReply(protocol_status=STATUS_INVALID_PARAMETER)
