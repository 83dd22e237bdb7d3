"""Slots for a package's threads, and for having itself unloaded: CreateThread and UnloadPackage."""

from __future__ import annotations

from collections.abc import Callable

from lsart.contract import (
    CREATE_SUSPENDED,
    ERROR_ACCESS_DENIED,
    ERROR_INVALID_PARAMETER,
    ERROR_NO_SYSTEM_RESOURCES,
    STACK_SIZE_PARAM_IS_A_RESERVATION,
    AccessViolation,
    Choices,
    ThreadStart,
)
from lsart.engine import Label, announce, exploring
from lsart.events import Origin, UnloadRequested
from lsart.memory import LSASS
from lsart.runtime._belongings import Belongings
from lsart.runtime._handles import last_error, touch_handles
from lsart.runtime._threads import Thread

__all__ = ["TaskServices"]

_KNOWN_FLAGS = CREATE_SUSPENDED | STACK_SIZE_PARAM_IS_A_RESERVATION
_FIRST_THREAD_ID = 8  # thread ids are multiples of four, as process ids are


class TaskServices:
    """CreateThread and UnloadPackage.

    Args:
        unload: begins to unload the package with this key; False if that cannot be.
    """

    def __init__(self, belongings: Belongings, choices: Choices, unload: Callable[[str], bool]) -> None:
        self._belongings = belongings
        self._choices = choices
        self._unload = unload
        self._explores = exploring()
        self._next_thread = _FIRST_THREAD_ID

    async def CreateThread(
        self,
        origin: Origin,
        security_attributes: object,
        stack_size: int,
        start_function: ThreadStart,
        thread_parameter: object,
        creation_flags: int,
    ) -> tuple[int, int] | None:
        if self._explores:
            await announce(Label("the threads of LSA", "w", f"start a thread of {origin.package}"))
        tasks = self._belongings.tasks_of(origin.package)
        unknown = creation_flags & ~_KNOWN_FLAGS
        if unknown:
            self._refuse(ERROR_INVALID_PARAMETER, f"nobody knows the creation flags {unknown:#x}", origin)
        elif tasks is None or tasks.is_closed:
            self._refuse(ERROR_ACCESS_DENIED, "the package is being unloaded", origin)
        else:
            suspended = bool(creation_flags & CREATE_SUSPENDED)
            thread = Thread(self._next_thread, start_function, thread_parameter, suspended=suspended)
            touch_handles("w", "take a handle")
            handle = self._belongings.handles.open(thread, origin)
            if handle is not None:
                self._next_thread += 4
                thread.start(tasks, self._belongings.bus, self._belongings.faults, origin)
                return handle, thread.number
            self._refuse(ERROR_NO_SYSTEM_RESOURCES, "no handle is left", origin)
        return None

    async def UnloadPackage(self, origin: Origin) -> None:
        if self._explores:
            await announce(Label("the calls of LSA", "w", f"unload {origin.package}"))
        honoured = self._unload(origin.package)
        self._belongings.bus.emit(UnloadRequested(time_ns=origin.time_ns, is_honoured=honoured, origin=origin))
        if honoured and self._choices.unload_unmaps == "under_caller":
            reason = f"the code of {origin.package} was there, which had itself unloaded"
            raise AccessViolation(space=LSASS, address=0, length=1, kind="execute", reason=reason)

    def _refuse(self, error: int, reason: str, origin: Origin) -> None:
        last_error.set(error)
        self._belongings.refuse("thread", reason, origin)
