"""Slots 29 to 45 of LSA_SECPKG_FUNCTION_TABLE.

Written by tools/generate_contract.py from lsart/contract/data/lsa_secpkg_function_table.toml; do not edit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lsart.contract._logon_structures import SECPKG_PRIMARY_CRED, SECPKG_SUPPLEMENTAL_CRED
    from lsart.contract._pointer import Pointer
    from lsart.contract._security_structures import CREDENTIAL_TARGET_INFORMATIONW, ENCRYPTED_CREDENTIALW, TOKEN_SOURCE
    from lsart.contract._sspi_structures import SecBuffer
    from lsart.contract._status import NTSTATUS
    from lsart.contract._tables._enumerations import (
        SECPKG_NAME_TYPE,
        SECURITY_IMPERSONATION_LEVEL,
        SECURITY_LOGON_TYPE,
    )

__all__ = ["Slots29To45"]


class Slots29To45(Protocol):
    """Slots 29 to 45 of LSA_SECPKG_FUNCTION_TABLE."""

    async def DeleteSharedMemory(self, shared_mem: Pointer) -> bool:
        """Release a shared section made by CreateSharedMemory.

        Returns False on failure.
        """

    async def OpenSamUser(
        self, name: str, name_type: SECPKG_NAME_TYPE, prefix: str | None, allow_guest: bool, reserved: int
    ) -> Pointer | None:
        """Open a user account record in the account database by name.

        Raises StatusError: STATUS_INVALID_PARAMETER (alternate-id form without a prefix); STATUS_NO_SUCH_USER (account
        not found).
        """

    async def GetUserCredentials(self, user_handle: Pointer) -> tuple[Pointer | None, int, Pointer | None, int]:
        """Reserved; documented as not yet implemented.

        Raises StatusError: no page lists which.
        """

    async def GetUserAuthData(self, user_handle: Pointer) -> tuple[Pointer | None, int]:
        """Fetch authorization data for an opened account.

        Raises StatusError: no page lists which.
        """

    async def CloseSamUser(self, user_handle: Pointer | None) -> None:
        """Close an account handle from OpenSamUser.

        Raises StatusError: STATUS_INVALID_HANDLE (the handle is NULL or not valid).
        """

    async def ConvertAuthDataToToken(
        self,
        user_auth_data: Pointer | bytes,
        user_auth_data_size: int,
        impersonation_level: SECURITY_IMPERSONATION_LEVEL,
        token_source: TOKEN_SOURCE,
        logon_type: SECURITY_LOGON_TYPE,
        authority_name: str,
    ) -> tuple[int, int, str, NTSTATUS]:
        """Turn account authorization data into a token and a logon session.

        Raises StatusError: no page lists which.
        """

    async def ClientCallback(self, callback: int | str, argument1: int, argument2: int, input: SecBuffer) -> SecBuffer:
        """Call back into the package's user-mode half in the client process.

        Raises StatusError: no page lists which.
        """

    async def UpdateCredentials(
        self, primary_credentials: SECPKG_PRIMARY_CRED, credentials: tuple[SECPKG_SUPPLEMENTAL_CRED, ...] | None
    ) -> None:
        """Hand new credentials for a session to every package.

        Raises StatusError: no page lists which.
        """

    async def GetAuthDataForUser(
        self, name: str, name_type: SECPKG_NAME_TYPE, prefix: str | None
    ) -> tuple[Pointer | None, int, str | None]:
        """Open an account, read its authorization data and close it, in one call.

        Raises StatusError: no page lists which.
        """

    async def CrackSingleName(
        self, format_offered: int, perform_at_gc: bool, name_input: str, prefix: str | None, requested_format: int
    ) -> tuple[str, str, int]:
        """Translate one directory name into another name format.

        Raises StatusError: STATUS_UNSUCCESSFUL (not translated; SubStatus says why).
        """

    async def AuditAccountLogon(
        self,
        audit_id: int,
        success: bool,
        source: str | None,
        client_name: str | None,
        mapped_name: str | None,
        status: NTSTATUS,
    ) -> None:
        """Audit the mapping of a foreign principal to a Windows account.

        Raises StatusError: no page lists which.
        """

    async def CallPackagePassthrough(
        self,
        authentication_package: str,
        client_buffer_base: Pointer | None,
        protocol_submit_buffer: Pointer | bytes | None,
        submit_buffer_length: int,
    ) -> tuple[Pointer | None, int, NTSTATUS]:
        """Forward a pass-through message to a package without LSA touching it.

        Raises StatusError: STATUS_NO_SUCH_PACKAGE (no package has that name).
        """

    async def CrediRead(
        self, logon_id: int, cred_flags: int, target_name: str, type: int, flags: int
    ) -> ENCRYPTED_CREDENTIALW:
        """Read one stored credential of a session's user.

        Raises StatusError: no page lists which.
        """

    async def CrediReadDomainCredentials(
        self, logon_id: int, cred_flags: int, target_info: CREDENTIAL_TARGET_INFORMATIONW, flags: int
    ) -> tuple[int, tuple[ENCRYPTED_CREDENTIALW, ...]]:
        """Read every stored domain credential that fits a target.

        Raises StatusError: no page lists which.
        """

    async def CrediFreeCredentials(self, count: int, credentials: tuple[ENCRYPTED_CREDENTIALW, ...] | None) -> None:
        """Free credentials returned by the credential read slots.

        Returns nothing and never raises.
        """

    async def LsaProtectMemory(self, buffer: Pointer, buffer_size: int) -> None:
        """Encrypt a buffer in place.

        Returns nothing and never raises.
        """

    async def LsaUnprotectMemory(self, buffer: Pointer, buffer_size: int) -> None:
        """Decrypt in place a buffer that LsaProtectMemory encrypted.

        Returns nothing and never raises.
        """
