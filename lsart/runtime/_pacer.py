"""The pacer: every step that touches shared bytes passes here first, so that somebody can come between.

In Windows another thread can run between any two loads. Here nothing runs between two awaits, which would hide
every race; so a hostile client, and later an explorer, registers an interloper that is called at each step. While
there is one, a step also lets other tasks run: other workers, other clients.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import trio

from lsart.memory import Access

__all__ = ["Interloper", "Pacer"]

_log = logging.getLogger("lsart.runtime")

Interloper = Callable[[Access], None]
"""Called before an access, in the accessing task; it may write any byte it can reach."""


class Pacer:
    """Knows who wants to come between."""

    __slots__ = ("_interlopers", "armed")

    def __init__(self) -> None:
        self.armed = False  # checked inline by the hot path: nobody there, no call
        self._interlopers: tuple[Interloper, ...] = ()

    def add(self, interloper: Interloper) -> None:
        """From now on `interloper` is called before every access."""
        self._interlopers = (*self._interlopers, interloper)
        self.armed = True

    def remove(self, interloper: Interloper) -> None:
        """No longer; removing twice is harmless."""
        self._interlopers = tuple(each for each in self._interlopers if each is not interloper)
        self.armed = bool(self._interlopers)

    async def step(self, access: Access) -> None:
        """Let other tasks run, then everybody come between, in the order they registered.

        An interloper that raises is logged and dropped: its fault is not the package's, into which it would rise.
        """
        await trio.lowlevel.checkpoint()  # before the interlopers, so that what they write is there at the access
        for interloper in self._interlopers:
            try:
                interloper(access)
            except Exception:
                _log.exception("interloper %r failed at %s and is dropped", interloper, access)
                self.remove(interloper)
