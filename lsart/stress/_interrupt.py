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

    Does nothing outside the main thread, or where the program has a handler of its own.
    """
    in_charge = threading.current_thread() is threading.main_thread()
    if not in_charge or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        if not request():
            signal.default_int_handler(number, frame)

    # trio sees a handler that is not Python's own and leaves it alone.
    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
