"""What a package sees of lsart beside the Windows table. Package authors need nothing above this floor."""

from __future__ import annotations

from typing import Protocol

from lsart.contract._logon_structures import UserCredentials
from lsart.contract._pointer import Pointer
from lsart.contract._structures import CallPackageReply, ClientRequest
from lsart.contract._tables import LSA_SECPKG_FUNCTION_TABLE

__all__ = ["FunctionTable", "SharedBytes", "Win32"]


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


class Win32(Protocol):
    """Functions of Windows itself, of which no table has slots. They do not wait."""

    def AllocateLocallyUniqueId(self) -> int:
        """A LUID, 64 bits, that nothing was named by before (nf-securitybaseapi-allocatelocallyuniqueid)."""
        ...

    def BCryptGenRandom(self, length: int) -> bytes:
        """Random bytes, for keys and nonces; the same in each run of one seed (nf-bcrypt-bcryptgenrandom)."""
        ...

    def CloseHandle(self, handle: int) -> bool:
        """Give a handle of LSASS back; False when it is none: GetLastError is 6 (nf-handleapi-closehandle)."""
        ...

    def CreateEvent(self) -> int | None:
        """A handle to a new auto-reset event, not signalled; None when LSASS can have no more
        (nf-synchapi-createeventw)."""
        ...

    def SetEvent(self, handle: int) -> bool:
        """Signal an event: one wait for it is over, the next one if nobody waits; False when the handle names none:
        GetLastError is 6 (nf-synchapi-setevent)."""
        ...

    def ResumeThread(self, handle: int) -> int:
        """Let a suspended thread go on; 1 if it was suspended, 0 if not, 0xFFFFFFFF when the handle names none:
        GetLastError is 6 (nf-processthreadsapi-resumethread)."""
        ...

    def OpenThreadToken(self) -> int | None:
        """A handle to the token by which this task acts since ImpersonateClient; None when it acts as LSASS, or as a
        client of the system's session: GetLastError is 1008 (nf-processthreadsapi-openthreadtoken)."""
        ...

    def RevertToSelf(self) -> bool:
        """Let this task act as LSASS again, after ImpersonateClient; True (nf-securitybaseapi-reverttoself)."""
        ...

    def GetLastError(self) -> int:
        """Why the newest function of this task that failed did so; 0 before any (nf-errhandlingapi-getlasterror)."""
        ...


class FunctionTable(LSA_SECPKG_FUNCTION_TABLE, Protocol):
    """The table that SpInitialize gets: the Windows slots, and what lsart adds in lower case."""

    @property
    def memory(self) -> SharedBytes:
        """The bytes that LSASS can reach."""
        ...

    @property
    def win32(self) -> Win32:
        """Functions of Windows itself, called as this package."""
        ...

    async def reply(self, client_request: ClientRequest, data: bytes, protocol_status: int = 0) -> CallPackageReply:
        """Put `data` into a client buffer and return what LsaApCallPackage has to return.

        It calls AllocateClientBuffer and CopyToClientBuffer, and FreeClientBuffer if the copy fails.

        Raises:
            StatusError: the client's quota is used up, or the client is gone.
        """
        ...

    async def verify_password(self, user_handle: Pointer | None, password: str) -> None:
        """Check a password against the account that a handle of OpenSamUser stands for.

        No slot of the table reads a hash: packages of Windows ask SAM through an interface of its own, and this stands
        for it. Call it with None for a name that OpenSamUser does not know: it then costs and fails as a wrong
        password does, so that nobody learns which names exist.

        Raises:
            StatusError: STATUS_LOGON_FAILURE for a wrong password; STATUS_ACCOUNT_RESTRICTION for an account that is
                disabled, expired or locked, or a password that has expired: `sub_status` says which;
                STATUS_INVALID_HANDLE.
        """
        ...

    async def user_credentials(self, user_handle: Pointer | None) -> UserCredentials:
        """The credentials of the user object that a handle of OpenSamUser stands for, for a package's SpGetCredentials.

        As with `verify_password`, packages of Windows ask SAM through an interface of its own. What comes back shows
        nothing of itself in any text.

        Raises:
            StatusError: STATUS_INVALID_HANDLE.
        """
        ...

    async def save_supplemental_credential(self, user_handle: Pointer | None, package: str, data: bytes | None) -> None:
        """Save a credential with the user object, for a package's SpSaveCredentials.

        `Lsa.current_accounts` has it then.

        Args:
            package: under whose name, usually the caller's; what is there under that name goes.
            data: in the package's own form; None to have nothing there.

        Raises:
            StatusError: STATUS_INVALID_HANDLE.
        """
        ...
