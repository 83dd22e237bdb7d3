"""What this floor adds to LSASS's handles: what explorers are told, and why a function failed that takes one."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Literal

from lsart.engine import exploring, touch
from lsart.runtime._pacer import touch_commit

__all__ = ["last_error", "touch_handles"]

last_error: ContextVar[int] = ContextVar("lsart_last_error", default=0)
"""What GetLastError says: each thread has its own on Windows; tasks are the threads here."""


def touch_handles(kind: Literal["r", "w"], what: str) -> None:
    """Under an explorer: the step under way looks at LSASS's handles ("r"), or takes one or gives it back ("w")."""
    if exploring():
        touch("the handles of LSASS", kind, what, is_told=False)
        if kind == "w":
            touch_commit()  # who comes first may get the last of them
