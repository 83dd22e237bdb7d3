"""The client call that a task serves."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lsart.runtime._request import Request

__all__ = ["current_request"]

current_request: ContextVar[Request | None] = ContextVar("lsart_current_request", default=None)
"""The client call that this task serves; tasks that a package starts inherit it."""
