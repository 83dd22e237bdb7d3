"""Handle tables: numbers that name objects in one process and mean nothing in another.

An object lives while a handle of any process names it; with the last one it is closed. Values are multiples of four,
as on Windows, and none is used twice in a run, so that a stale handle never finds somebody else's object.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from lsart.contract import InternalError
from lsart.events import HandleLeaked, Origin
from lsart.memory import Environment, Machine, Resource

__all__ = ["HandleTable", "KernelObject"]

_ONE = {Resource.HANDLES: 1}


class KernelObject:
    """What a handle names. `kind` says what it is; `handles` counts the handles to it, of all processes."""

    kind = "object"

    def __init__(self) -> None:
        self.handles = 0
        self.is_closed = False

    def opened(self) -> None:
        """One more handle names it; only handle tables call this.

        Raises:
            InternalError: the last handle is closed already.
        """
        if self.is_closed:
            raise InternalError(f"a handle to {self.kind} that is closed")
        self.handles += 1

    def closed(self, time_ns: int) -> None:
        """One handle fewer names it; only handle tables call this."""
        if self.handles <= 0:
            raise InternalError(f"{self.kind} has no handle to close")
        self.handles -= 1
        if not self.handles:
            self.is_closed = True
            self.last_handle_closed(time_ns)

    def last_handle_closed(self, time_ns: int) -> None:
        """The object goes; kinds that hold something give it back here."""


@attrs.frozen
class _Entry:
    target: KernelObject
    opened: Origin


class HandleTable:
    """The handles of one process.

    Args:
        machine: charged one handle each, in the name of who opens it; None for a process whose handles are not
            limited, as those of clients.
    """

    def __init__(self, environment: Environment, machine: Machine | None = None) -> None:
        self._environment = environment
        self._machine = machine
        self._entries: dict[int, _Entry] = {}
        self._reserved: dict[int, str] = {}  # numbers that name no object here, and who pays for them
        self._next = 4

    def open(self, target: KernelObject, origin: Origin) -> int | None:
        """A new handle to `target`; None when the machine has no handles left.

        Raises:
            InternalError: the last handle to it is closed already.
        """
        if target.is_closed:  # before anything is charged for it
            raise InternalError(f"a handle to {target.kind} that is closed")
        handle = self._take(origin)
        if handle is not None:
            target.opened()
            self._entries[handle] = _Entry(target, origin)
        return handle

    def reserve(self, origin: Origin) -> int | None:
        """A number that no other handle will have, charged like one, that names no object here: whoever asks keeps
        what it stands for, until `give_back`. None when the machine has no handles left."""
        number = self._take(origin)
        if number is not None:
            self._reserved[number] = origin.package
        return number

    def give_back(self, number: int) -> None:
        """What a number from `reserve` stood for is no longer.

        Raises:
            InternalError: it is not reserved.
        """
        package = self._reserved.pop(number, None)
        if package is None:
            raise InternalError(f"{number:#x} is no number that was reserved")
        self._release(package)

    def find(self, handle: int | None) -> KernelObject | None:
        """What the handle names in this process; NULL names nothing."""
        if handle is None:
            return None
        entry = self._entries.get(handle)
        return None if entry is None else entry.target

    def close(self, handle: int, time_ns: int) -> bool:
        """Close one handle; False when it is none of this process (or no longer)."""
        entry = self._entries.pop(handle, None)
        if entry is None:
            return False
        self._release(entry.opened.package)
        entry.target.closed(time_ns)
        return True

    def duplicate(self, handle: int, into: HandleTable, origin: Origin) -> int | None:
        """A handle of the process `into` to the same object.

        None when `handle` is none of this process, or the machine has no handles left.
        """
        target = self.find(handle)
        return None if target is None else into.open(target, origin)

    def release_package(self, package: str, time_ns: int) -> None:
        """Tell which handles a package leaves open when it is unloaded, and close them."""
        for handle, entry in tuple(self._entries.items()):
            if entry.opened.package == package:
                self._environment.bus.emit(
                    HandleLeaked(time_ns=time_ns, kind=entry.target.kind, handle=handle, opened=entry.opened)
                )
                self.close(handle, time_ns)

    def close_all(self, time_ns: int) -> None:
        """The process ends, and its handles with it."""
        for handle in tuple(self._entries):
            self.close(handle, time_ns)
        for number in tuple(self._reserved):
            self.give_back(number)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[int]:
        return iter(tuple(self._entries))

    def due(self) -> int:
        """Handles that the machine should have charged."""
        return 0 if self._machine is None else len(self._entries) + len(self._reserved)

    def check(self) -> list[str]:
        """Every invariant of this table; [] when sound."""
        return [
            f"handle {handle:#x} names {entry.target.kind} with {entry.target.handles} handles"
            for handle, entry in self._entries.items()
            if entry.target.is_closed or entry.target.handles < 1
        ] + [f"number {each:#x} is reserved and a handle" for each in self._reserved if each in self._entries]

    def _take(self, origin: Origin) -> int | None:
        """The next number, charged to the package."""
        if self._machine is not None:
            refusal = self._machine.charge(origin.package, _ONE)
            if refusal is not None:
                self._environment.tell_refused(refusal, origin.package, origin.time_ns)
                return None
        number = self._next
        self._next += 4
        return number

    def _release(self, package: str) -> None:
        if self._machine is not None:
            self._machine.release(package, _ONE)
