"""A call on its way, and the worker that serves it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import trio

from lsart.runtime._package import Package

if TYPE_CHECKING:
    from lsart.runtime._callbacks import CallbackLine
    from lsart.runtime._client import Client

__all__ = ["Request", "Worker"]


class Request:
    """One call on its way: the request record of LSA.

    Args:
        package: whom the call is for. entry: its slot, or the client's function where several are entered.
        serve: what a worker does about it. undo: takes back what that made, if nobody takes the result.
    """

    __slots__ = (
        "arrived_ns",
        "at_end",
        "attributes",
        "buffers",
        "callbacks",
        "client",
        "client_token",
        "entry",
        "is_delivered",
        "is_finished",
        "is_settled",
        "is_trusted",
        "number",
        "operation",
        "outer",
        "package",
        "serve",
        "task",
        "undo",
        "unserved",
    )

    def __init__(
        self,
        number: int,
        client: Client,
        package: Package,
        entry: str,
        serve: Callable[[Request], Awaitable[Any]],
        undo: Callable[[Request, Any], None],
        operation: str,
        now: int,
        outer: Request | None,
        is_trusted: bool,
    ) -> None:
        self.number = number
        self.client = client
        self.package = package
        self.entry = entry
        self.serve = serve
        self.undo = undo
        self.unserved: Callable[[], object] | None = None  # run if it ends before a worker began to serve it
        self.operation = operation
        self.outer, self.is_trusted = outer, is_trusted
        self.client_token: int | None = None  # LSA's handle, once a package asked
        self.buffers: set[int] | None = None  # addresses in the client that the package allocated and has not freed
        self.attributes = 0  # SECPKG_CALL bits of a call that LSA makes in a client's name
        self.at_end: list[Callable[[], object]] | None = None  # what to do once its worker is through with it
        self.callbacks: CallbackLine | None = None  # once a package called back
        self.arrived_ns = now
        self.task = trio.lowlevel.current_task()
        self.is_settled = False  # nobody waits for a result any more: it was delivered, or the caller is gone
        self.is_delivered = False  # ...because it was delivered
        self.is_finished = False  # the package's function has returned

    def before_end(self, do: Callable[[], object]) -> None:
        """Do this, too, once the worker is through with the call."""
        if self.at_end is None:  # most calls leave nothing to do
            self.at_end = []
        self.at_end.append(do)


class Worker:
    """A slot that serves one call at a time. Parked between calls."""

    __slots__ = ("next", "number", "scope", "serving", "task")

    def __init__(self, number: int) -> None:
        self.number = number
        self.task: trio.lowlevel.Task | None = None
        self.next: Request | None = None
        self.serving: Request | None = None
        # Shielded: whoever cancels the program around the LSA does not stop package code; `Dispatcher.stop` does.
        self.scope = trio.CancelScope(shield=True)

    async def park(self) -> None:
        await trio.lowlevel.wait_task_rescheduled(lambda _: trio.lowlevel.Abort.SUCCEEDED)

    def describe_wait(self, task: trio.lowlevel.Task) -> tuple[str, str | None]:
        return "a call to serve", None
