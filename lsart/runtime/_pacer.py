"""The pacer: every step that touches shared bytes passes here first, so that somebody can come between.

In Windows another thread can run between any two loads. Here nothing runs between two awaits, which would hide
every race; so a hostile client registers an interloper that is called at each step. While there is one, or while
schedules are explored, a step also lets other tasks run: other workers, other clients.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal

import trio

from lsart.engine import Label, announce, exploring, touch
from lsart.memory import Access, AddressSpace

__all__ = ["Interloper", "Pacer", "touch_commit"]

_log = logging.getLogger("lsart.runtime")

Interloper = Callable[[Access], None]
"""Called before an access, in the accessing task; it may write any byte it can reach."""


class Pacer:
    """Knows who wants to come between.

    Args:
        tears: whether a write longer than 8 bytes is two: no processor promises more than that at once.
    """

    __slots__ = ("_interlopers", "armed", "explores", "tears")

    def __init__(self, *, tears: bool = False) -> None:
        self.explores = exploring()
        self.armed = self.explores  # checked inline by the hot path: nobody there, no call
        self.tears = tears
        self._interlopers: tuple[Interloper, ...] = ()

    def add(self, interloper: Interloper) -> None:
        """From now on `interloper` is called before every access."""
        self._interlopers = (*self._interlopers, interloper)
        self.armed = True

    def remove(self, interloper: Interloper) -> None:
        """No longer; removing twice is harmless."""
        self._interlopers = tuple(each for each in self._interlopers if each is not interloper)
        self.armed = self.explores or bool(self._interlopers)

    async def step(self, space: AddressSpace, access: Access) -> None:
        """Let other tasks run, then everybody come between, in the order they registered.

        Under an explorer the access is announced: by what is mapped there and the offset in it, as the same section
        lies elsewhere in each process.

        An interloper that raises is logged and dropped: its fault is not the package's, into which it would rise.
        """
        # Before the interlopers, so that what they write is there at the access.
        if self.explores:
            await announce(_label(space, access))
            await trio.lowlevel.checkpoint_if_cancelled()
        else:
            await trio.lowlevel.checkpoint()
        for interloper in self._interlopers:
            try:
                interloper(access)
            except Exception:
                _log.exception("interloper %r failed at %s and is dropped", interloper, access)
                self.remove(interloper)


def touch_commit() -> None:
    """Note that the step under way charges the machine or gives back to it: who comes first may get the last page."""
    touch("the commit of the machine", "w", "charge the machine", is_told=False)


def _label(space: AddressSpace, access: Access) -> Label:
    kind: Literal["r", "w"] = "r" if access.kind == "read" else "w"
    region = space.find(access.address) if access.space == space.name else None
    if region is None:
        return Label(f"unmapped memory of {space.name}", kind, f"{access.kind} memory that is not mapped")
    start = access.address - region.base
    stop = start + max(access.length, 1)
    return Label(region.name, kind, f"{access.kind} {region.name}[{start}:{stop}]", start, stop)
