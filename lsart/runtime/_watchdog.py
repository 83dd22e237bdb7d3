"""Naming a package that holds the event loop: an endless loop between two awaits stops everybody.

A thread looks at the loop from outside, as nobody inside can. It only reads, so it changes no run.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from collections.abc import Collection
from types import CodeType, FrameType, TracebackType

import trio

__all__ = ["Watchdog"]

_log = logging.getLogger("lsart.watchdog")


class _Pulse(trio.abc.Instrument):
    """Counts the loop's turns. While the loop waits for the outside world the count is None: that is no stall."""

    def __init__(self) -> None:
        self.turns: int | None = 0
        self._count = 0

    def before_io_wait(self, timeout: float) -> None:
        if timeout:
            self.turns = None

    def after_io_wait(self, timeout: float) -> None:
        self._count += 1
        self.turns = self._count


class Watchdog:
    """Context manager. Logs once per stall: which package, for how long, and where it is.

    Args:
        seconds: real seconds that one turn of the loop may take. None: nobody watches.
        entries: code objects that call into packages. The frame of one has the package as its local ``package`` and
            its entry point as ``name``, the request being served as ``request``, or both.
    """

    def __init__(self, seconds: float | None, entries: Collection[CodeType]) -> None:
        self._seconds = seconds
        self._entries = entries
        self._pulse = _Pulse()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._watched = 0
        self.reports: list[str] = []

    def __enter__(self) -> Watchdog:
        if self._seconds is not None:
            trio.lowlevel.add_instrument(self._pulse)
            self._watched = threading.get_ident()
            self._thread = threading.Thread(target=self._watch, name="lsart watchdog", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is not None:
            self._stop.set()
            self._thread.join()
            trio.lowlevel.remove_instrument(self._pulse)

    def _watch(self) -> None:
        assert self._seconds is not None
        seen: int | None = -1
        since = time.monotonic()
        reported = False
        while not self._stop.wait(self._seconds / 4):
            turns = self._pulse.turns
            now = time.monotonic()
            if turns != seen or turns is None:
                seen, since, reported = turns, now, False
            elif now - since >= self._seconds and not reported:
                reported = True
                self._report(now - since)

    def _report(self, seconds: float) -> None:
        frame = sys._current_frames().get(self._watched)
        if frame is None:
            return
        where = "".join(traceback.format_stack(frame)[-3:])
        message = f"{self._holder(frame)} has held the event loop for {seconds:.1f} s. It is at:\n{where}"
        self.reports.append(message)
        _log.warning("%s", message)

    def _holder(self, frame: FrameType | None) -> str:
        while frame is not None:
            if frame.f_code in self._entries:
                found = frame.f_locals
                request = found.get("request")
                where = f", in {found['name']}" if "name" in found else ""
                if request is not None:
                    where += f", serving call {request.number} of {request.client.name}"
                return f"package {found['package'].name!r}{where},"
            frame = frame.f_back
        return "some code"
