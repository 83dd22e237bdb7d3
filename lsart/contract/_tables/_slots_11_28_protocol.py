"""Slots 11 to 28 of LSA_SECPKG_FUNCTION_TABLE.

Written by tools/generate_contract.py from lsart/contract/data/lsa_secpkg_function_table.toml; do not edit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lsart.contract._caller_structures import SECPKG_CLIENT_INFO
    from lsart.contract._pointer import Pointer
    from lsart.contract._security_structures import (
        LSA_TOKEN_INFORMATION_NULL,
        LSA_TOKEN_INFORMATION_V1,
        SID_AND_ATTRIBUTES,
        TOKEN_SOURCE,
    )
    from lsart.contract._sspi_structures import SecBuffer
    from lsart.contract._status import NTSTATUS
    from lsart.contract._tables._enumerations import (
        LSA_TOKEN_INFORMATION_TYPE,
        SECURITY_IMPERSONATION_LEVEL,
        SECURITY_LOGON_TYPE,
    )

__all__ = ["Slots11To28"]


class Slots11To28(Protocol):
    """Slots 11 to 28 of LSA_SECPKG_FUNCTION_TABLE."""

    async def ImpersonateClient(self) -> None:
        """Make the calling thread impersonate the client of the current call.

        Raises StatusError: no page lists which.
        """

    async def UnloadPackage(self) -> None:
        """Let a package in unrecoverable trouble have itself unloaded.

        Raises StatusError: no page lists which.
        """

    async def DuplicateHandle(self, source_handle: int) -> int:
        """Duplicate a handle into the process that is calling the package.

        Raises StatusError: no page lists which.
        """

    async def SaveSupplementalCredentials(
        self, logon_id: int, supplemental_cred_size: int, supplemental_creds: Pointer, synchronous: bool
    ) -> None:
        """Obsolete store for supplemental credentials; not to be used.

        Raises StatusError: no page lists which.
        """

    async def CreateThread(
        self,
        security_attributes: object,
        stack_size: int,
        start_function: object,
        thread_parameter: object,
        creation_flags: int,
    ) -> tuple[int, int] | None:
        """Start a thread under LSA supervision; wrapper of the Win32 call.

        Returns None on failure.
        """

    async def GetClientInfo(self) -> SECPKG_CLIENT_INFO:
        """Describe the process and thread that made the current call.

        Raises StatusError: no page lists which.
        """

    async def RegisterNotification(
        self,
        start_function: object,
        parameter: object,
        notification_type: int,
        notification_class: int,
        notification_flags: int,
        interval_minutes: int,
        wait_event: int | None,
    ) -> int | None:
        """Register a function that LSA runs on a timer, a signal, an event or at once.

        Returns None on failure.
        """

    async def CancelNotification(self, notify_handle: int) -> None:
        """Cancel a registration made with RegisterNotification.

        Raises StatusError: STATUS_INVALID_PARAMETER (the handle is not valid).
        """

    async def MapBuffer(self, input_buffer: SecBuffer) -> SecBuffer:
        """Map a client SecBuffer into the package's address space.

        Raises StatusError: no page lists which.
        """

    async def CreateToken(
        self,
        logon_id: int,
        token_source: TOKEN_SOURCE,
        logon_type: SECURITY_LOGON_TYPE,
        impersonation_level: SECURITY_IMPERSONATION_LEVEL,
        token_information_type: LSA_TOKEN_INFORMATION_TYPE,
        token_information: LSA_TOKEN_INFORMATION_NULL | LSA_TOKEN_INFORMATION_V1 | Pointer,
        token_groups: tuple[SID_AND_ATTRIBUTES, ...] | None,
        account_name: str,
        authority_name: str,
        workstation: str | None,
        profile_path: str | None,
    ) -> tuple[int, NTSTATUS]:
        """Build the token for a session while accepting a client context.

        Raises StatusError: no page lists which.
        """

    async def AuditLogon(
        self,
        status: NTSTATUS,
        sub_status: NTSTATUS,
        account_name: str | None,
        authenticating_authority: str | None,
        workstation_name: str | None,
        user_sid: object,
        logon_type: SECURITY_LOGON_TYPE,
        token_source: TOKEN_SOURCE,
        logon_id: int | None,
    ) -> None:
        """Write an audit record for a logon attempt.

        Returns nothing and never raises.
        """

    async def CallPackage(
        self, authentication_package: str, protocol_submit_buffer: Pointer | bytes, submit_buffer_length: int
    ) -> tuple[Pointer | None, int, NTSTATUS]:
        """Call another security package, by name, to use its services.

        Raises StatusError: STATUS_NO_SUCH_PACKAGE (no package has that name).
        """

    async def FreeReturnBuffer(self, base: Pointer) -> None:
        """Free a buffer that LSA allocated and returned to the package.

        Returns nothing and never raises.
        """

    async def GetCallInfo(self) -> object:
        """Report who made the most recent call and how.

        Returns False on failure.
        """

    async def CallPackageEx(
        self,
        authentication_package: str,
        client_buffer_base: Pointer | None,
        protocol_submit_buffer: Pointer | bytes,
        submit_buffer_length: int,
    ) -> tuple[Pointer | None, int, NTSTATUS]:
        """Like CallPackage, with the client base address needed to fix up pointers.

        Raises StatusError: STATUS_NO_SUCH_PACKAGE (no package has that name).
        """

    async def CreateSharedMemory(self, max_size: int, initial_size: int) -> Pointer | None:
        """Reserve a memory section shared by client processes and the package.

        Returns None on failure.
        """

    async def AllocateSharedMemory(self, shared_mem: Pointer, size: int) -> Pointer | None:
        """Allocate a block inside a section made by CreateSharedMemory.

        Returns None on failure.
        """

    async def FreeSharedMemory(self, shared_mem: Pointer, memory: Pointer | None) -> None:
        """Free a block obtained from AllocateSharedMemory.

        Returns nothing and never raises.
        """
