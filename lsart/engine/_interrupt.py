"""Ctrl-C, in two steps: the first asks the run to end, the second insists.

trio would raise KeyboardInterrupt wherever the code happens to be, so also between two statements of the dispatcher
that belong together; measured, one run in thirty then ended in an internal error instead of a summary. A request that
waits for the next turn of the loop finds everything in order. A package that never gives up the loop makes the request
wait for ever; hence the second step, the ordinary KeyboardInterrupt.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["ctrl_c_calls"]


@contextmanager
def ctrl_c_calls(request: Callable[[], bool]) -> Iterator[None]:
    """Let Ctrl-C call `request`; when that returns False, it raises KeyboardInterrupt as ever.

    So does SIGTERM if the program gave it Python's handler for Ctrl-C. Does nothing outside the main thread, and
    nothing to a signal that the program ignores or has a handler of its own for.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    python_s = signal.default_int_handler
    ours = [each for each in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(each) is python_s]

    def handle(number: int, frame: FrameType | None) -> None:
        if not request():
            signal.default_int_handler(number, frame)

    # trio sees a handler that is not Python's own and leaves it alone.
    for each in ours:
        signal.signal(each, handle)
    try:
        yield
    finally:
        for each in ours:
            signal.signal(each, python_s)
