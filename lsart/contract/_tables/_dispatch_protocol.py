"""Functions LSA offers to an authentication package (slots 0 to 10).

Written by tools/generate_contract.py from lsart/contract/data/lsa_secpkg_function_table.toml; do not edit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lsart.contract._pointer import Pointer
    from lsart.contract._security_structures import LSA_STRING
    from lsart.contract._structures import ClientRequest

__all__ = ["LSA_DISPATCH_TABLE"]


class LSA_DISPATCH_TABLE(Protocol):
    """Functions LSA offers to an authentication package (slots 0 to 10)."""

    async def CreateLogonSession(self, logon_id: int) -> None:
        """Create a logon session object for a LUID the package generated.

        Raises StatusError: STATUS_LOGON_SESSION_COLLISION (the LUID already names a session); any status of the set
        lsa-policy-returns.
        """

    async def DeleteLogonSession(self, logon_id: int) -> None:
        """Remove a logon session and everything stored under it.

        Raises StatusError: STATUS_BAD_LOGON_SESSION_STATE (the session is in use or its state forbids deletion);
        STATUS_NO_SUCH_LOGON_SESSION (no session has that LUID); any status of the set lsa-policy-returns.
        """

    async def AddCredential(
        self, logon_id: int, authentication_package: int, primary_key_value: str | LSA_STRING, credentials: bytes
    ) -> None:
        """Store one package-formatted credential under a logon session.

        Raises StatusError: STATUS_NO_SUCH_LOGON_SESSION (no session has that LUID); any status of the set lsa-policy-
        returns.
        """

    async def GetCredentials(
        self,
        logon_id: int,
        authentication_package: int,
        query_context: int,
        retrieve_all_credentials: bool,
        primary_key_value: str | LSA_STRING,
    ) -> tuple[int, str, int, LSA_STRING]:
        """Fetch stored credentials of the calling package, one per call, by key or all in sequence.

        Raises StatusError: ERROR_GEN_FAILURE (nothing (or nothing more) to return; a Win32 code, NTSTATUS counterpart
        STATUS_UNSUCCESSFUL); STATUS_MORE_ENTRIES (key buffer too small; no data returned); STATUS_NO_SUCH_LOGON_SESSION
        (no session has that LUID); any status of the set lsa-policy-returns.
        """

    async def DeleteCredential(
        self, logon_id: int, authentication_package: int, primary_key_value: str | LSA_STRING
    ) -> None:
        """Delete the first stored credential that matches session, package and key.

        Raises StatusError: ERROR_GEN_FAILURE (no credential matches; a Win32 code, NTSTATUS counterpart
        STATUS_UNSUCCESSFUL); STATUS_NO_SUCH_LOGON_SESSION (no session has that LUID); any status of the set lsa-policy-
        returns.
        """

    async def AllocateLsaHeap(self, length: int) -> Pointer | None:
        """Allocate a block on the LSA heap, usually for data handed back to LSA.

        Returns None on failure.
        """

    async def FreeLsaHeap(self, base: Pointer) -> None:
        """Return a block obtained from AllocateLsaHeap.

        Returns nothing and never raises.
        """

    async def AllocateClientBuffer(self, client_request: ClientRequest | None, length_required: int) -> Pointer:
        """Allocate a buffer inside the address space of the client process.

        Raises StatusError: STATUS_NO_MEMORY (the client's quota does not allow it); any status of the set lsa-policy-
        returns.
        """

    async def FreeClientBuffer(self, client_request: ClientRequest | None, client_base_address: Pointer | None) -> None:
        """Free a buffer that AllocateClientBuffer placed in the client.

        Raises StatusError: any status of the set lsa-policy-returns.
        """

    async def CopyToClientBuffer(
        self,
        client_request: ClientRequest | None,
        length: int,
        client_base_address: Pointer,
        buffer_to_copy: Pointer | bytes,
    ) -> None:
        """Copy bytes from the package to a buffer in the client.

        Raises StatusError: any status of the set lsa-policy-returns.
        """

    async def CopyFromClientBuffer(
        self, client_request: ClientRequest | None, length: int, client_base_address: Pointer
    ) -> bytes:
        """Copy bytes from a buffer in the client to the package.

        Raises StatusError: any status of the set lsa-policy-returns.
        """
