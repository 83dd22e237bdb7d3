"""What a virtual run has no place for: the real world, and errors that no nursery hears of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import trio

__all__ = ["SystemTaskError", "VirtualTimeError", "start_no_thread"]


class VirtualTimeError(RuntimeError):
    """Code reached for the real world, which does not exist in virtual time.

    A run on the virtual clock repeats exactly because nothing outside decides anything in it. Call what the thread
    would run directly, use a memory channel in place of the socket, an event in place of the signal; or run with
    ``clock="real"``.
    """

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(what, instead)
        self.what = what
        self.instead = instead

    def __str__(self) -> str:
        return (
            f"{self.what} needs the real world; this run is on the virtual clock: {self.instead}, or use the real clock"
        )


class SystemTaskError(trio.TrioInternalError):
    """A system task, or a function given to ``run_sync_soon``, raised. As nobody is there to hear of it, the run ended.

    `__cause__` is what was raised. Likely causes: code that was started with ``trio.lowlevel.spawn_system_task`` and
    does not handle its own errors; a nursery is the better place for it.
    """

    def __init__(self, what: str, error: BaseException) -> None:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        super().__init__(what, error)
        self.what = what
        self.error = error
        self.symptom = f"{what}, {type(error).__name__}"

    def __str__(self) -> str:
        raised = f"{type(self.error).__name__}: {self.error}".removesuffix(": ")
        return f"{self.what} raised {raised}. Nobody is there to handle that, so it ended the run"


def start_no_thread(context: object, start: Callable[..., object], *args: Any, **kwargs: Any) -> object:
    """In the place of what starts threads: refuse, unless it is a trio in another thread that asks."""
    if not hasattr(context, "lsart_ready"):
        return start(*args, **kwargs)
    raise VirtualTimeError("a thread (trio.to_thread.run_sync)", "call the function directly")
