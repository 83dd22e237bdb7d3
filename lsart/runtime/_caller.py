"""Whose call a task serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsart.runtime._current import current_request

if TYPE_CHECKING:
    from lsart.runtime._request import Request

__all__ = ["call_under_way", "handles_of", "life_of"]


def call_under_way() -> Request | None:
    """The client's call that this task serves, however deep in calls between packages; None outside any.

    A task that a package started in a call serves none once that call is answered.
    """
    request = current_request.get()
    while request is not None and request.outer is not None:
        request = request.outer
    return None if request is None or request.is_finished else request


def life_of(client: str) -> str:
    """What the end of a client process touches, as schedules are explored."""
    return f"the process of {client}"


def handles_of(client: str) -> str:
    """What taking and closing of handles in a client process touches, as schedules are explored."""
    return f"the handles of {client}"
