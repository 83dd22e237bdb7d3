"""Events that can be waited for. Page: sdk-api nf-synchapi-createeventw."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from lsart.security._handles import KernelObject

__all__ = ["WaitEvent"]


class WaitEvent(KernelObject):
    """An auto-reset event: each signal ends one wait, that of the first who came. A wait goes on without a handle."""

    kind = "event"

    def __init__(self) -> None:
        super().__init__()
        self.is_set = False
        self._waits: deque[Callable[[], None]] = deque()

    def set(self) -> None:
        """End a wait, or the next one if nobody waits. Signals do not add up."""
        if self._waits:
            self._waits.popleft()()
        else:
            self.is_set = True

    def wait(self, wake: Callable[[], None]) -> None:
        """Call `wake` once, at the next signal; at once if there was one already."""
        if self.is_set:
            self.is_set = False
            wake()
        else:
            self._waits.append(wake)

    def forget(self, wake: Callable[[], None]) -> None:
        """This one waits no longer."""
        if wake in self._waits:
            self._waits.remove(wake)
