"""Slots 46 to 63 of LSA_SECPKG_FUNCTION_TABLE.

Written by tools/generate_contract.py from lsart/contract/data/lsa_secpkg_function_table.toml; do not edit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lsart.contract._pointer import Pointer
    from lsart.contract._security_structures import (
        ENCRYPTED_CREDENTIALW,
        LSA_TOKEN_INFORMATION_NULL,
        LSA_TOKEN_INFORMATION_V1,
        SID_AND_ATTRIBUTES,
        TOKEN_SOURCE,
    )
    from lsart.contract._sspi_structures import SecBuffer
    from lsart.contract._status import NTSTATUS
    from lsart.contract._structures import ClientRequest
    from lsart.contract._tables._enumerations import (
        CRED_FETCH,
        LSA_TOKEN_INFORMATION_TYPE,
        SECPKG_SESSIONINFO_TYPE,
        SECURITY_IMPERSONATION_LEVEL,
        SECURITY_LOGON_TYPE,
    )

__all__ = ["Slots46To63"]


class Slots46To63(Protocol):
    """Slots 46 to 63 of LSA_SECPKG_FUNCTION_TABLE."""

    async def OpenTokenByLogonId(self, logon_id: int) -> int:
        """Open the token that belongs to a logon session.

        Raises StatusError: no page lists which.
        """

    async def ExpandAuthDataForDomain(
        self, user_auth_data: Pointer, user_auth_data_size: int, reserved: None
    ) -> tuple[Pointer | None, int]:
        """Expand the domain groups held in user authorization data.

        Raises StatusError: no page lists which.
        """

    async def AllocatePrivateHeap(self, length: int) -> Pointer | None:
        """Allocate a block on the package-private heap.

        Returns None on failure.
        """

    async def FreePrivateHeap(self, base: Pointer) -> None:
        """Return a block obtained from AllocatePrivateHeap.

        Returns nothing and never raises.
        """

    async def CreateTokenEx(
        self,
        logon_id: int,
        token_source: TOKEN_SOURCE,
        logon_type: SECURITY_LOGON_TYPE,
        impersonation_level: SECURITY_IMPERSONATION_LEVEL,
        token_information_type: LSA_TOKEN_INFORMATION_TYPE,
        token_information: LSA_TOKEN_INFORMATION_NULL | LSA_TOKEN_INFORMATION_V1 | Pointer,
        token_groups: tuple[SID_AND_ATTRIBUTES, ...] | None,
        workstation: str | None,
        profile_path: str | None,
        session_information: object,
        session_information_type: SECPKG_SESSIONINFO_TYPE,
    ) -> tuple[int, NTSTATUS]:
        """Build a token from session information instead of account strings.

        Raises StatusError: no page lists which.
        """

    async def CrediWrite(self, logon_id: int, cred_flags: int, credential: ENCRYPTED_CREDENTIALW, flags: int) -> None:
        """Write one stored credential for a session's user.

        Raises StatusError: no page lists which.
        """

    async def CrediUnmarshalandDecodeString(self, marshaled_string: str) -> tuple[Pointer, int, bool]:
        """Unmarshal and decode a packed credential string into a blob.

        Raises StatusError: no page lists which.
        """

    async def DummyFunction6(self, buffer: Pointer, buffer_size: int) -> None:
        """Internal placeholder slot; keeps later slots at their index.

        Returns nothing and never raises.
        """

    async def GetExtendedCallFlags(self) -> int:
        """Return extra flag bits of the current call.

        Raises StatusError: no page lists which.
        """

    async def DuplicateTokenHandle(self, source_handle: int) -> int:
        """Duplicate a token handle into the caller's process.

        Raises StatusError: no page lists which.
        """

    async def GetServiceAccountPassword(
        self, account_name: str, domain_name: str | None, cred_fetch: CRED_FETCH, file_time_expiry: object
    ) -> tuple[object, str, str, object]:
        """Return current and previous passwords of a managed service account.

        Raises StatusError: no page lists which.
        """

    async def DummyFunction7(self, buffer: Pointer, buffer_size: int) -> None:
        """Internal placeholder slot; keeps later slots at their index.

        Returns nothing and never raises.
        """

    async def AuditLogonEx(
        self,
        status: NTSTATUS,
        sub_status: NTSTATUS,
        account_name: str | None,
        authenticating_authority: str | None,
        workstation_name: str | None,
        user_sid: object,
        logon_type: SECURITY_LOGON_TYPE,
        impersonation_level: SECURITY_IMPERSONATION_LEVEL,
        token_source: TOKEN_SOURCE,
        logon_id: int,
    ) -> None:
        """AuditLogon with the impersonation level added.

        Returns nothing and never raises.
        """

    async def CheckProtectedUserByToken(self, user_token: int) -> bool:
        """Tell whether a token's user is a protected user.

        Raises StatusError: no page lists which.
        """

    async def QueryClientRequest(self, client_request: ClientRequest, query_type: int) -> Pointer | None:
        """Query a property of a client request.

        Raises StatusError: no page lists which.
        """

    async def GetAppModeInfo(self) -> tuple[int | None, int | None, int | None, SecBuffer | None, bool | None]:
        """Read the application-mode call data of the current thread.

        Raises StatusError: no page lists which.
        """

    async def SetAppModeInfo(
        self,
        user_function: int,
        argument1: int | None,
        argument2: int | None,
        user_data: SecBuffer | None,
        return_to_lsa: bool,
    ) -> None:
        """Set the application-mode call data of the current thread.

        Raises StatusError: no page lists which.
        """

    async def GetClientInfoEx(self, struct_size: int) -> object:
        """GetClientInfo with a longer structure and its size.

        Raises StatusError: no page lists which.
        """
