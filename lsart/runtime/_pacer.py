"""The pacer: every step that touches shared bytes passes here first, so that somebody can come between.

In Windows another thread can run between any two loads. Here nothing runs between two awaits, which would hide
every race; so a hostile client, and later an explorer, registers an interloper that is called at each step.
"""

from __future__ import annotations

from collections.abc import Callable

from lsart.memory import Access

__all__ = ["Interloper", "Pacer"]

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
        """Let everybody come between, in the order they registered."""
        for interloper in self._interlopers:
            interloper(access)
