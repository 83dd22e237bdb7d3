"""Functions of Windows itself that packages call: what is not in the table, and every package needs.

They do not wait, so they are plain functions.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from lsart.contract import ERROR_ACCESS_DENIED, ERROR_INVALID_HANDLE, ERROR_NO_SYSTEM_RESOURCES, ERROR_NO_TOKEN
from lsart.engine import current, exploring, touch
from lsart.events import Bus, ObjectRefused, Origin
from lsart.runtime._handles import last_error, touch_handles
from lsart.runtime._identity import Identities
from lsart.runtime._threads import Thread
from lsart.security import Security, WaitEvent

__all__ = ["Win32"]

_NOT_RESUMED = 0xFFFF_FFFF


class Win32:
    """What one package reaches as `table.win32`; see `lsart.contract.Win32`.

    Args:
        package: its key. origin_of: who calls, given the function's name. is_gone: whether the package is unloaded.
    """

    def __init__(
        self,
        security: Security,
        identities: Identities,
        bus: Bus,
        package: str,
        origin_of: Callable[[str], Origin],
        is_gone: Callable[[], bool],
    ) -> None:
        self._identities = identities
        self._handles = security.handles
        self._luids = security.luids
        self._bus = bus
        self._package = package
        self._origin_of = origin_of
        self._is_gone = is_gone
        self._random: Random | None = None  # most packages never ask
        self._explores = exploring()

    def AllocateLocallyUniqueId(self) -> int:
        """A LUID that nothing was named by before (sdk-api nf-securitybaseapi-allocatelocallyuniqueid)."""
        if self._explores:
            touch("the LUIDs of the machine", "w", "allocate a LUID", is_told=False)
        return self._luids.allocate()

    def BCryptGenRandom(self, length: int) -> bytes:
        """Random bytes of a stream of this package's own, as the seed decides them (nf-bcrypt-bcryptgenrandom)."""
        if self._explores:
            touch(f"the random numbers of {self._package}", "w", "draw random numbers", is_told=False)
        if self._random is None:
            self._random = current().random("package", self._package, "BCryptGenRandom")
        return self._random.randbytes(length)

    def CloseHandle(self, handle: int) -> bool:
        """Give a handle back; False, with ERROR_INVALID_HANDLE, when it is none (nf-handleapi-closehandle). A thread
        runs on without its handle."""
        if self._explores:
            touch_handles("w", "close a handle")
            touch("the tokens of LSA", "w", is_told=False)
            touch("the logon sessions of LSA", "w", is_told=False)  # the last token may end its session
        closed = self._handles.close(handle, self._origin_of("CloseHandle").time_ns)
        if not closed:
            last_error.set(ERROR_INVALID_HANDLE)
        return closed

    def CreateEvent(self) -> int | None:
        """A handle to a new auto-reset event, not signalled; None, with ERROR_NO_SYSTEM_RESOURCES, when LSASS can have
        no more (nf-synchapi-createeventw), or ERROR_ACCESS_DENIED when the package is unloaded."""
        origin = self._origin_of("CreateEvent")
        touch_handles("w", "take a handle")
        is_gone = self._is_gone()
        handle = None if is_gone else self._handles.open(WaitEvent(), origin)
        if handle is None:
            last_error.set(ERROR_ACCESS_DENIED if is_gone else ERROR_NO_SYSTEM_RESOURCES)
            reason = "the package is unloaded" if is_gone else "no handle is left"
            self._bus.emit(ObjectRefused(time_ns=origin.time_ns, kind="event", reason=reason, origin=origin))
        return handle

    def SetEvent(self, handle: int) -> bool:
        """Signal an event; False, with ERROR_INVALID_HANDLE, when the handle names none (nf-synchapi-setevent)."""
        touch_handles("r", "look a handle up")
        found = self._handles.find(handle)
        if not isinstance(found, WaitEvent):
            last_error.set(ERROR_INVALID_HANDLE)
            return False
        if self._explores:
            touch(f"event {handle:#x}", "w", f"signal event {handle:#x}")
        found.set()
        return True

    def ResumeThread(self, handle: int) -> int:
        """Let a thread go on; 0xFFFFFFFF, with ERROR_INVALID_HANDLE, when the handle names none
        (nf-processthreadsapi-resumethread)."""
        touch_handles("r", "look a handle up")
        found = self._handles.find(handle)
        if not isinstance(found, Thread):
            last_error.set(ERROR_INVALID_HANDLE)
            return _NOT_RESUMED
        return found.resume()

    def OpenThreadToken(self) -> int | None:
        """A handle to the token by which this task acts; None, with ERROR_NO_TOKEN, when it acts as LSASS or as a
        client of the system's session (nf-processthreadsapi-openthreadtoken)."""
        origin = self._origin_of("OpenThreadToken")
        token = self._identities.token()
        if token is None or self._is_gone():
            last_error.set(ERROR_NO_TOKEN if token is None else ERROR_ACCESS_DENIED)
            return None
        touch_handles("w", "take a handle")
        handle = self._handles.open(token, origin)
        if handle is None:
            last_error.set(ERROR_NO_SYSTEM_RESOURCES)
        return handle

    def RevertToSelf(self) -> bool:
        """Let this task act as LSASS again; True, also when it did (nf-securitybaseapi-reverttoself)."""
        self._identities.revert()
        return True

    def GetLastError(self) -> int:
        """Why the newest function of this task that failed did so; 0 before any (nf-errhandlingapi-getlasterror)."""
        return last_error.get()
