"""What the user-mode half of a package sees in a client process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from lsart.contract._pointer import Pointer

if TYPE_CHECKING:
    from lsart.contract._ports import SharedBytes

__all__ = ["ClientCallbackFunction", "DllFunctions"]

ClientCallbackFunction = Callable[..., Any | Awaitable[Any]]
"""LSA_CALLBACK_FUNCTION: (argument1, argument2, input) -> output, both SecBuffer; plain or ``async def``.

The two values have 64 bits. It fails by raising a StatusError; the output may be None, which is an empty one.
"""


class DllFunctions(Protocol):
    """SECPKG_DLL_FUNCTIONS, and what lsart adds. SpInstanceInit gets it, once per process and package."""

    @property
    def memory(self) -> SharedBytes:
        """The bytes that this process can reach."""
        ...

    async def AllocateHeap(self, length: int) -> Pointer | None:
        """A block of the process's heap, of `length` bytes; None when the process or the machine can have no more.

        It goes back through FreeHeap, or to the application, which frees it with FreeContextBuffer.
        """
        ...

    async def FreeHeap(self, base: Pointer) -> None:
        """Give a block of AllocateHeap back. What is none changes nothing and is told."""
        ...

    async def RegisterCallback(self, callback_id: int, callback: ClientCallbackFunction) -> None:
        """Let ClientCallback of the LSA-mode table reach a function of this process by a number of 32 bits.

        Raises:
            StatusError: STATUS_INVALID_PARAMETER for a number that is taken, if `Choices.callback_again` says so.
        """
        ...

    async def allocate_client_buffer(self, length: int) -> Pointer | None:
        """A buffer of this process as AllocateClientBuffer of the LSA-mode table makes it, for SpExportSecurityContext,
        whose page wants one; None when the process or the machine can have no more."""
        ...

    async def FreeContextBuffer(self, buffer: Pointer) -> None:
        """A function of Windows itself: give back a buffer of SSPI, as packed contexts are (nf-sspi-freecontextbuffer).

        Raises:
            StatusError: it is none of this process.
        """
        ...

    async def LocatePackageById(self, package_id: int) -> Pointer | None:
        """Declared in a header only, so it answers with None."""
        ...
