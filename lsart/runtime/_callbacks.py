"""ClientCallback: while a client waits for its call, packages that serve it may run functions of its process.

They run in the task that made the call, as a thread of Windows runs what LSA sends instead of its answer. Whatever
else ends the call meanwhile is kept until the function is through.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import outcome
import trio

from lsart.contract import STATUS_UNSUCCESSFUL, ProcessTerminated, StatusError

if TYPE_CHECKING:
    from lsart.runtime._request import Request

__all__ = ["Callback", "CallbackLine", "run_callbacks"]


class Callback:
    """One function of a client that a package waits for.

    Args:
        run: what the client's task does about it. what: it, in words.
    """

    __slots__ = ("_answer", "_done", "_scope", "run", "what")

    def __init__(self, run: Callable[[], Awaitable[object]], what: str) -> None:
        self.run = run
        self.what = what
        self._answer: outcome.Outcome[object] | None = None
        self._done = trio.Event()
        self._scope = trio.CancelScope()

    async def wait(self) -> None:
        """Until it is through."""
        await self._done.wait()

    def result(self) -> object:
        """What it gave back; raises the StatusError that it gave."""
        assert self._answer is not None
        return self._answer.unwrap()

    def end(self) -> None:
        """The process ended, whatever runs in it."""
        self._scope.cancel()
        self._finish(self._ended())

    async def go(self) -> None:
        """In the client's task. Raises what is no status of it, after whoever waits has been told."""
        answer: outcome.Outcome[object] = self._ended()
        try:
            with self._scope:
                try:
                    answer = outcome.Value(await self.run())
                except StatusError as error:
                    answer = outcome.Error(error)
        finally:
            self._finish(answer)

    def _ended(self) -> outcome.Error:
        return outcome.Error(
            StatusError(STATUS_UNSUCCESSFUL, f"the client ended, or gave its call up, during {self.what}")
        )

    def _finish(self, answer: outcome.Outcome[object]) -> None:
        if self._answer is None:
            self._answer = answer
            self._done.set()


class CallbackLine:
    """The callbacks of one call, one after another.

    Attributes:
        running: the one under way. result: of the call, if that ended first.
    """

    __slots__ = ("result", "running")

    def __init__(self) -> None:
        self.running: Callback | None = None
        self.result: outcome.Outcome[Any] | None = None

    async def call(self, request: Request, callback: Callback) -> object:
        """Let the client's task run it, and wait for what it gives back.

        Raises:
            StatusError: the function's, or STATUS_UNSUCCESSFUL when nobody of the client waits for the call any more.
        """
        while self.running is not None:
            await self.running.wait()
        if request.is_settled:
            raise StatusError(STATUS_UNSUCCESSFUL, f"{request.client.name} waits for call {request.number} no longer")
        self.running = callback
        trio.lowlevel.reschedule(request.task, outcome.Value(callback))
        await callback.wait()
        return callback.result()


async def run_callbacks(request: Request, first: Callback, abandon: Callable[[Any], trio.lowlevel.Abort]) -> Any:
    """In the client's task: run a callback, wait for the next thing, until that is the result of the call.

    Raises:
        ProcessTerminated: the client ended meanwhile.
    """
    line = request.callbacks
    assert line is not None
    result: Any = first
    while type(result) is Callback:
        try:
            await result.go()
        except BaseException:  # the task is cancelled, or package code crashed the process
            request.is_settled = True
            if isinstance(line.result, outcome.Value):
                request.undo(request, line.result.value)
            raise
        finally:
            line.running = None
        if line.result is not None:
            return line.result.unwrap()
        if not request.client.is_alive:
            raise ProcessTerminated(f"{request.client.name} ended during call {request.number}")
        result = await trio.lowlevel.wait_task_rescheduled(abandon)
    return result
