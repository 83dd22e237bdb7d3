"""What `kill` and `timeout` mean to a command."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["terminating_is_interrupting"]


@contextmanager
def terminating_is_interrupting() -> Iterator[None]:
    """`kill` and `timeout` end a run as Ctrl-C does: packages are shut down, no half-written file stays behind.

    Not by raising SIGINT: a shell that starts a command in the background has it ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
