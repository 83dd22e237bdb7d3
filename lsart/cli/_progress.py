"""How far a run is, drawn on a terminal while somebody looks at one."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from lsart.stress import Progress as Stage

__all__ = ["LiveProgress", "somebody_watches"]

_REDRAW_SECONDS = 0.1


def somebody_watches() -> bool:
    """Whether both streams are a terminal that can move its cursor. What is piped gets the report alone."""
    return sys.stdout.isatty() and sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"


class LiveProgress:
    """A bar that vanishes when the context ends. `update` goes to `lsart.stress.stress` as `on_progress`.

    It is redrawn from the run's own calls and not by a thread, so a run that is watched takes the same steps.
    """

    def __init__(self, title: str, *, shown: bool) -> None:
        self._next_redraw = 0.0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[calls]}"),
            TextColumn("{task.fields[clock]}", style="dim"),
            console=Console(stderr=True),
            auto_refresh=False,
            transient=True,
            disable=not shown,
        )
        self._task = self._bar.add_task(title, total=None, calls="starting", clock="")

    def update(self, stage: Stage) -> None:
        """Take note; redraw now and then."""
        if self._bar.disable or time.monotonic() < self._next_redraw:
            return
        self._next_redraw = time.monotonic() + _REDRAW_SECONDS
        of_all = "" if stage.calls_total is None else f" of {stage.calls_total:,}"
        self._bar.update(
            self._task,
            completed=stage.calls_done,
            total=stage.calls_total,
            calls=f"{stage.calls_done:,}{of_all} calls",
            clock=f"{stage.time_ns / 1e9:.3f} s",
            refresh=True,
        )

    def __enter__(self) -> LiveProgress:
        self._bar.start()
        self._bar.refresh()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
