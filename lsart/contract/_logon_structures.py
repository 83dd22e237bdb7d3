"""Structures of logons, as frozen values.

Attributes are the Windows members in snake_case: ``DownlevelName`` is ``downlevel_name``. Reserved ones are left out.
Pages: sdk-api ns-ntsecpkg-secpkg_primary_cred, ns-ntsecpkg-secpkg_supplemental_cred, ns-winnt-quota_limits,
nc-ntsecpkg-lsa_ap_logon_user_ex2, nf-ntsecapi-lsalogonuser.
"""

from __future__ import annotations

import attrs

from lsart.contract._members import member
from lsart.contract._pointer import Pointer
from lsart.contract._security_structures import LSA_STRING, LSA_TOKEN_INFORMATION_NULL, LSA_TOKEN_INFORMATION_V1
from lsart.contract._status import NTSTATUS
from lsart.contract._tables._constants import (
    PRIMARY_CRED_CACHED_LOGON,
    PRIMARY_CRED_LOGON_PACKAGE_SHIFT,
)
from lsart.contract._tables._enumerations import LSA_TOKEN_INFORMATION_TYPE
from lsart.contract._tables._statuses import STATUS_SUCCESS

__all__ = [
    "QUOTA_LIMITS",
    "SECPKG_PRIMARY_CRED",
    "SECPKG_SUPPLEMENTAL_CRED",
    "LogonUserReply",
    "LogonUserResult",
    "UserCredentials",
]


@attrs.frozen(kw_only=True)
class SECPKG_PRIMARY_CRED:
    """What a user logged on with. Every member may be empty. `repr` leaves the passwords out, so no event shows them.

    Args:
        logon_id: LUID of the session. downlevel_name: the account, as its database calls it. domain_name: NetBIOS name.
        password, old_password: text at hand; or, in memory, an LSA_STRING of UTF-16 bytes in the LSA heap. That is how
            LSA gives them to SpAcceptCredentials, so that it can wipe them afterwards (PRC-1).
        user_sid: the user as a SID. flags: PRIMARY_CRED bits, the top byte is a package.
        dns_domain_name, upn, logon_server: as far as they are known.

    Raises:
        TypeError: a member of another type. The message does not show it.
    """

    logon_id: int = attrs.field(default=0, validator=member(int))
    downlevel_name: str = attrs.field(default="", validator=member(str))
    domain_name: str = attrs.field(default="", validator=member(str))
    password: str | LSA_STRING = attrs.field(default="", repr=False, validator=member(str, LSA_STRING))
    old_password: str | LSA_STRING = attrs.field(default="", repr=False, validator=member(str, LSA_STRING))
    user_sid: str | None = attrs.field(default=None, validator=member(str, type(None)))
    flags: int = attrs.field(default=0, validator=member(int))
    dns_domain_name: str = attrs.field(default="", validator=member(str))
    upn: str = attrs.field(default="", validator=member(str))
    logon_server: str = attrs.field(default="", validator=member(str))

    @property
    def logon_package(self) -> int | None:
        """For a cached logon, the RPC id of the package that did it; None for any other (PRC-2)."""
        if not self.flags & PRIMARY_CRED_CACHED_LOGON:
            return None
        return self.flags >> PRIMARY_CRED_LOGON_PACKAGE_SHIFT


@attrs.frozen
class SECPKG_SUPPLEMENTAL_CRED:
    """What one package wants to have of a user, in its own format, which `repr` leaves out.

    Args:
        package_name: whose it is, and who gets it.

    Raises:
        TypeError: the credentials are not bytes. The message does not show them.
    """

    package_name: str = attrs.field(validator=member(str))
    credentials: bytes = attrs.field(default=b"", repr=False, validator=member(bytes))

    @property
    def credential_size(self) -> int:
        """Bytes of the credentials."""
        return len(self.credentials)


@attrs.frozen
class UserCredentials:
    """The credentials of a user object, which `repr` leaves out. The structure is lsart's own.

    Args:
        primary: the hash of the account's password; empty for an account that no password opens.
        supplemental: what packages saved with the account, in the order of their names.
    """

    primary: str = attrs.field(repr=False)
    supplemental: tuple[SECPKG_SUPPLEMENTAL_CRED, ...] = ()


@attrs.frozen(kw_only=True)
class QUOTA_LIMITS:
    """What a process may use, in bytes; zero says nothing. `time_limit` counts 100 ns."""

    paged_pool_limit: int = 0
    non_paged_pool_limit: int = 0
    minimum_working_set_size: int = 0
    maximum_working_set_size: int = 0
    pagefile_limit: int = 0
    time_limit: int = 0


@attrs.frozen(kw_only=True)
class LogonUserResult:
    """What a package returns of a successful LsaApLogonUser, LsaApLogonUserEx or LsaApLogonUserEx2; whoever offers one
    of the first two need not fill what those do not have. For a failure it raises `LogonFailure`.

    Where a Pointer may stand for text, LSA frees what it leads to: a UNICODE_STRING in the LSA heap.

    Args:
        profile_buffer: in the client, from AllocateClientBuffer. profile_buffer_length: its bytes.
        logon_id: the LUID of the session that the package created.
        sub_status: STATUS_SUCCESS, as this is a success.
        token_information: what the token is made of, in the form that `token_information_type` says: a structure, or
            where it lies in the LSA heap, from which LSA frees it.
        account_name: whom it logged on; it must not be missing (LLU-10).
        authenticating_authority: who validated it. machine_name: where the user is.
        primary_credentials, cached_credentials: what LSA gives to the packages (LL2-3).
    """

    logon_id: int
    token_information: LSA_TOKEN_INFORMATION_NULL | LSA_TOKEN_INFORMATION_V1 | Pointer
    account_name: str | Pointer | None
    token_information_type: LSA_TOKEN_INFORMATION_TYPE = LSA_TOKEN_INFORMATION_TYPE.LsaTokenInformationV1
    authenticating_authority: str | Pointer | None = None
    machine_name: str | Pointer | None = None
    profile_buffer: Pointer | None = None
    profile_buffer_length: int = 0
    sub_status: NTSTATUS = STATUS_SUCCESS
    primary_credentials: SECPKG_PRIMARY_CRED | None = None
    cached_credentials: tuple[SECPKG_SUPPLEMENTAL_CRED, ...] | None = None


@attrs.frozen(kw_only=True)
class LogonUserReply:
    """What LsaLogonUser gives to the client that logged somebody on.

    Args:
        profile_buffer: in the client, to be freed with LsaFreeReturnBuffer; None if the package has no profile.
        profile_buffer_length: its bytes. logon_id: LUID of the session.
        token: a handle of the client, to be closed with CloseHandle. quotas: filled for a primary token (LLG-5).
        sub_status: STATUS_SUCCESS, as this is a success.
    """

    profile_buffer: Pointer | None
    profile_buffer_length: int
    logon_id: int
    token: int
    quotas: QUOTA_LIMITS
    sub_status: NTSTATUS = STATUS_SUCCESS
