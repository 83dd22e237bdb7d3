"""What trio's primitives are called in a run, and the state that they are in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import trio

from lsart.engine import _trio
from lsart.engine._schedule import Ready
from lsart.engine._waits import bound_name

__all__ = ["PrimitiveNames", "names_of", "state_of_primitives"]


class PrimitiveNames:
    """Names of primitives in one run: their kind, the task that made them and how many of it that had made before.

    Not by address, which differs from run to run, and not by a count over all tasks, which differs from schedule to
    schedule. One that was made before the run is known by the task that first touches it. What is named is kept alive,
    so that no address is used twice in a run.
    """

    def __init__(self) -> None:
        self._found: dict[int, tuple[str, object]] = {}
        self._shown: dict[str, str] = {}
        self._used: set[str] = set()
        self._counts: dict[tuple[str, str], int] = {}

    def made(self, thing: object, kind: str, task: int) -> None:
        if id(thing) not in self._found:
            self._add(thing, kind, f"{task}")

    def name(self, thing: object, kind: str, task: int) -> str:
        found = self._found.get(id(thing))
        name = self._add(thing, kind, f"of old {task}") if found is None else found[0]
        self._used.add(name)
        return name

    def _add(self, thing: object, kind: str, whose: str) -> str:
        count = self._counts[kind, whose] = self._counts.get((kind, whose), 0) + 1
        name = f"{kind} {whose}.{count}"
        self._found[id(thing)] = name, thing
        return name

    def shown(self, name: str, kind: str, thing: object) -> str:
        """What the code calls it, by the first variable that it was met under; never one text for two things."""
        found = self._shown.get(name)
        if found is None:
            variable = bound_name(thing, _callers())
            if not variable:
                return name  # it may still get a variable
            found = kind + variable
            alike = sum(each == found or each.startswith(f"{found} (") for each in self._shown.values())
            if alike:
                found = f"{found} ({alike + 1})"
            self._shown[name] = found
        return found

    def told(self, thing: object) -> str | None:
        """What it was shown as, if it was."""
        found = self._found.get(id(thing))
        return None if found is None else self._shown.get(found[0])

    def all(self) -> list[tuple[str, object]]:
        """Every name with what it names, of those that were used since they were made, oldest first."""
        return [(name, thing) for name, thing in self._found.values() if name in self._used]


def names_of(ready: Ready) -> PrimitiveNames:
    if ready.names is None:
        ready.names = PrimitiveNames()
    names: PrimitiveNames = ready.names
    return names


def _callers() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def state_of_primitives() -> list[tuple[str, str]]:
    """Each primitive that the run has touched so far, by name, and the state it is in: who holds it, what is in it."""
    ready = _trio.ready()
    if ready is None or ready.names is None:
        return []
    names: PrimitiveNames = ready.names
    return [(names.told(thing) or name, state) for name, thing in names.all() if (state := _state(thing))]


def _state(thing: Any) -> str:
    match thing:
        case trio.Lock() | trio.StrictFIFOLock():
            found = thing.statistics()
            holder = "free" if found.owner is None else f"held by {found.owner.name}"
            return holder + _waiting(found.tasks_waiting)
        case trio.CapacityLimiter():
            limiter = thing.statistics()
            holders = sorted(getattr(each, "name", type(each).__name__) for each in limiter.borrowers)
            held = f", held by {', '.join(holders)}" if holders else ""
            return f"{limiter.borrowed_tokens} of {limiter.total_tokens} taken{held}{_waiting(limiter.tasks_waiting)}"
        case trio.Semaphore():
            return f"at {thing.value}{_waiting(thing.statistics().tasks_waiting)}"
        case trio.Event():
            return "set" if thing.is_set() else f"not set{_waiting(thing.statistics().tasks_waiting)}"
    if hasattr(thing, "data") and hasattr(thing, "statistics"):  # what both ends of a channel share
        channel = thing.statistics()
        waits = f"{channel.tasks_waiting_send} wait to send, {channel.tasks_waiting_receive} to receive"
        return f"{channel.current_buffer_used} of {channel.max_buffer_size} in it, {waits}"
    return ""


def _waiting(count: int) -> str:
    return "" if not count else ", 1 task waits" if count == 1 else f", {count} tasks wait"
