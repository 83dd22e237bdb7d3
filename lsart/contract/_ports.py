"""What a package sees of lsart beside the Windows table. Package authors need nothing above this floor."""

from __future__ import annotations

from typing import Protocol

from lsart.contract._pointer import Pointer
from lsart.contract._structures import CallPackageReply, ClientRequest
from lsart.contract._tables import LSA_SECPKG_FUNCTION_TABLE

__all__ = ["FunctionTable", "SharedBytes"]


class SharedBytes(Protocol):
    """Reads and writes of memory as one process sees it.

    Both are awaited because in Windows another thread can run between any two accesses. Normally they do not
    yield; under a hostile client they are where it strikes.
    """

    async def read(self, pointer: Pointer, length: int) -> bytes:
        """`length` bytes at `pointer`.

        Raises:
            AccessViolation: the range is not mapped, not committed, or belongs to another process.
        """
        ...

    async def write(self, pointer: Pointer, data: bytes) -> None:
        """Put `data` at `pointer`.

        Raises:
            AccessViolation: likewise, or the range is read-only.
        """
        ...


class FunctionTable(LSA_SECPKG_FUNCTION_TABLE, Protocol):
    """The table that SpInitialize gets: the Windows slots, and two lower-case conveniences of lsart's own."""

    @property
    def memory(self) -> SharedBytes:
        """The bytes that LSASS can reach."""
        ...

    async def reply(self, client_request: ClientRequest, data: bytes, protocol_status: int = 0) -> CallPackageReply:
        """Put `data` into a client buffer and return what LsaApCallPackage has to return.

        It calls AllocateClientBuffer and CopyToClientBuffer, and FreeClientBuffer if the copy fails.

        Raises:
            StatusError: the client's quota is used up, or the client is gone.
        """
        ...
