"""Functions of Windows itself that packages call: what is not in the table, and every package needs.

They do not wait, so they are plain functions.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from lsart.engine import exploring, touch
from lsart.events import Origin
from lsart.security import EventObject, Security

__all__ = ["Win32"]

_ERROR_INVALID_HANDLE = 6
_ERROR_NO_SYSTEM_RESOURCES = 1450

# Each thread has its own on Windows; tasks are the threads here.
_last_error: ContextVar[int] = ContextVar("lsart_last_error", default=0)


class Win32:
    """What one package reaches as `table.win32`.

    Args:
        origin_of: who calls, given the function's name.
    """

    def __init__(self, security: Security, origin_of: Callable[[str], Origin]) -> None:
        self._security = security
        self._origin_of = origin_of
        self._explores = exploring()

    def AllocateLocallyUniqueId(self) -> int:
        """A LUID that nothing was named by before (sdk-api nf-securitybaseapi-allocatelocallyuniqueid)."""
        if self._explores:
            touch("the LUIDs of the machine", "w", "allocate a LUID", is_told=False)
        return self._security.luids.allocate()

    def CloseHandle(self, handle: int) -> bool:
        """Close a handle of LSASS; False, with ERROR_INVALID_HANDLE (6), when it is none (nf-handleapi-closehandle)."""
        if self._explores:
            touch("the handles of LSA", "w", "close a handle", is_told=False)
            touch("the tokens of LSA", "w", is_told=False)
            touch("the logon sessions of LSA", "w", is_told=False)  # the last token may end its session
        closed = self._security.handles.close(handle, self._origin_of("CloseHandle").time_ns)
        return closed or _failed(_ERROR_INVALID_HANDLE)

    def CreateEvent(self) -> int | None:
        """A handle to a new event that is not set; None when LSASS can have no more (nf-synchapi-createeventw)."""
        if self._explores:
            touch("the handles of LSA", "w", "open a handle", is_told=False)
        handle = self._security.handles.open(EventObject(), self._origin_of("CreateEvent"))
        if handle is None:
            _failed(_ERROR_NO_SYSTEM_RESOURCES)
        return handle

    def SetEvent(self, handle: int) -> bool:
        """Set an event; False, with ERROR_INVALID_HANDLE, when the handle names none (nf-synchapi-setevent)."""
        if self._explores:
            touch("the handles of LSA", "w", "set an event", is_told=False)
        target = self._security.handles.find(handle)
        if not isinstance(target, EventObject):
            return _failed(_ERROR_INVALID_HANDLE)
        target.is_set = True
        return True

    def GetLastError(self) -> int:
        """Why the newest function of this task that failed did so; 0 before any (nf-errhandlingapi-getlasterror)."""
        return _last_error.get()


def _failed(error: int) -> bool:
    _last_error.set(error)
    return False
