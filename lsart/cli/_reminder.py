"""A line on standard error when what was asked for takes its time, even while a package holds the main thread."""

from __future__ import annotations

import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import TracebackType

from lsart.cli._failures import say

__all__ = ["Reminder"]

_PATIENCE_SECONDS = 1.0


class Reminder:
    """Says `message` a second after `start`, unless the context was left before.

    Its thread is there from the beginning: none should be started inside a signal handler, which may have come
    between the two halves of starting another one.
    """

    def __init__(self, message: str) -> None:
        self._message = message
        self._told: SimpleQueue[bool] = SimpleQueue()  # of all queues the one whose put may interrupt itself
        self._thread = threading.Thread(target=self._wait, name="lsart reminder", daemon=True)

    def start(self) -> None:
        """Begin to wait; may be called from a signal handler."""
        self._told.put(True)

    def _wait(self) -> None:
        goes_on = self._told.get()
        while goes_on:
            try:
                goes_on = self._told.get(timeout=_PATIENCE_SECONDS)
            except Empty:
                with suppress(OSError):  # nobody reads it
                    say(self._message, kind="")
                return

    def __enter__(self) -> Reminder:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._told.put(False)
        self._thread.join()
