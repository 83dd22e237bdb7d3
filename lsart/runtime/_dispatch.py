"""Calls of clients, served by workers.

A call runs in a worker, as in LSASS, never in the client's task: a client that dies is gone at once, the worker
finishes the package's function, its reply is dropped. A call costs two task switches, like a round trip through
two channels, because worker and client park and wake each other directly.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, TypeVar

import outcome
import trio

from lsart.contract import (
    NTSTATUS,
    STATUS_NO_SUCH_PACKAGE,
    STATUS_SUCCESS,
    STATUS_UNSUCCESSFUL,
    CallPackageReply,
    ProcessTerminated,
    StatusError,
)
from lsart.engine import Label, announce, exploring, now_ns, own, rename, touch
from lsart.events import Bus, CallFinished, CallQueued, CallStarted, WorkersExhausted
from lsart.runtime._callbacks import Callback, run_callbacks
from lsart.runtime._current import current_request
from lsart.runtime._package import Package
from lsart.runtime._request import Request, Worker

if TYPE_CHECKING:
    from lsart.runtime._client import Client

__all__ = ["Dispatcher"]

_T = TypeVar("_T")


class Dispatcher:
    """The worker pool and its queue.

    Args:
        limit: calls served at once, None for no limit. Workers are started when needed and kept.
    """

    def __init__(self, nursery: trio.Nursery, bus: Bus, limit: int | None) -> None:
        self._nursery = nursery
        self._bus = bus
        self._limit = limit
        self._explores = exploring()
        self._idle: list[Worker] = []
        self._workers: list[Worker] = []
        self._queue: deque[Request] = deque()
        self._number = 0
        self._in_flight = 0
        self._untaken = 0  # replies on their way to clients that have not run since
        self._drained = trio.Event()
        # A worker must not take over in what call, or how deep in others, somebody happened to need one more.
        self._context = copy_context()
        self.is_open = True
        self._is_stopped = False

    @property
    def queue_length(self) -> int:
        """Calls that wait for a worker."""
        return len(self._queue)

    @property
    def workers(self) -> int:
        """Workers started so far; they are kept."""
        return len(self._workers)

    @property
    def in_flight(self) -> int:
        """Calls that a package's function is serving, and those that wait."""
        return self._in_flight

    async def call(
        self,
        client: Client,
        package: Package,
        entry: str,
        serve: Callable[[Request], Awaitable[_T]],
        undo: Callable[[Request, _T], None],
        operation: str,
        *,
        outer: Request | None = None,
        is_trusted: bool = False,
        unserved: Callable[[], object] | None = None,
    ) -> _T:
        """Serve one call and wait for its result.

        Args:
            serve: run by a worker, with the request. It enters packages by `Entrance`, one or several, and fails with a
                StatusError; any other exception out of it is a fault of lsart and ends the LSA.
            undo: given the result of `serve` when nobody takes it, as the client is gone.
            outer: the call of this client in which a package makes it. It concerns LSA alone, so that it does not end
                with the client's process, and is served while LSA waits for the calls that are under way.
            is_trusted: it came by a connection of LsaRegisterLogonProcess.
            unserved: run if `serve` never is, though the call was taken: LSA stopped, or the package went meanwhile.

        Raises:
            StatusError: the call's status. ProcessTerminated: the client ended meanwhile.
        """
        if self._explores:  # anybody else's call may come first
            await announce(Label("the calls of LSA", "w", f"call {package.name}{operation and f' ({operation})'}"))
        package = package.latest()  # it may have been loaded again since it was looked up
        is_inner = outer is not None
        is_open = not self._is_stopped if is_inner else self.is_open
        if not is_open or not package.state.is_available:
            await trio.lowlevel.checkpoint()
            raise StatusError(STATUS_NO_SUCH_PACKAGE, f"package {package.name!r} is {package.state.value}")
        self._number += 1
        request = Request(self._number, client, package, entry, serve, undo, operation, now_ns(), outer, is_trusted)
        request.unserved = unserved
        self._in_flight += 1
        package.begin_call()
        self._give_to_worker(request)
        if not is_inner:
            client.calls.append(request)

        def abandon(_: object) -> trio.lowlevel.Abort:
            request.is_settled = True
            return trio.lowlevel.Abort.SUCCEEDED

        try:
            result: Any = await trio.lowlevel.wait_task_rescheduled(abandon)
            if type(result) is Callback:
                result = await run_callbacks(request, result, abandon)
        finally:
            if not is_inner:
                client.calls.remove(request)
            if request.is_delivered:
                self._untaken -= 1
                self._tell_if_drained()
        if not client.is_alive and not is_inner:  # it ended between the answer and this moment, and its memory with it
            undo(request, result)
            raise ProcessTerminated(f"{client.name} ended during call {request.number}")
        answer: _T = result
        return answer

    def post(
        self,
        client: Client,
        package: Package,
        entry: str,
        serve: Callable[[Request], Awaitable[object]],
        unserved: Callable[[], object],
    ) -> bool:
        """Have something served for which nobody waits, as when a client is gone. False when LSA does so no more."""
        if self._is_stopped:
            return False
        self._number += 1
        request = Request(self._number, client, package, entry, serve, _discard, "", now_ns(), None, False)
        request.is_settled = True
        request.unserved = unserved
        self._in_flight += 1
        package.begin_call()
        self._give_to_worker(request)
        return True

    def _give_to_worker(self, request: Request) -> None:
        if self._idle:
            worker = self._idle.pop()
            worker.next = request
            assert worker.task is not None
            trio.lowlevel.reschedule(worker.task)
        elif self._limit is None or len(self._workers) < self._limit:
            worker = Worker(len(self._workers) + 1)
            self._workers.append(worker)
            worker.next = request
            self._context.run(self._start, worker)
        else:
            self._queue.append(request)
            if self._bus.wants(CallQueued):
                self._bus.emit(
                    CallQueued(
                        time_ns=request.arrived_ns,
                        call=request.number,
                        client=request.client.name,
                        package=request.package.key,
                        depth=len(self._queue),
                    )
                )
            if request.outer is not None:
                self._tell_if_exhausted(request)

    def _start(self, worker: Worker) -> None:
        self._nursery.start_soon(self._work, worker, name=f"LSA worker {worker.number}")

    def abandon(self, request: Request) -> None:
        """The client process ended: wake whoever waits for the call; the worker carries on."""
        running = None if request.callbacks is None else request.callbacks.running
        if running is not None:  # the task is in a function of the process, and finds out when that ends
            request.is_settled = True
            running.end()
        elif not request.is_settled:
            request.is_settled = True
            error = ProcessTerminated(f"{request.client.name} ended during call {request.number}")
            trio.lowlevel.reschedule(request.task, outcome.Error(error))

    async def drain(self) -> None:
        """Wait until no call is in flight and each client has its reply. Callers bound it with a timeout."""
        self.is_open = False
        while self._in_flight or self._untaken:
            self._drained = trio.Event()
            await self._drained.wait()

    def stop(self) -> None:
        """Cancel the calls that are being served, and answer those that wait. No package is entered from here on."""
        self.is_open = False
        self._is_stopped = True
        for worker in self._workers:
            worker.scope.cancel()
        while self._queue:
            self._finish(self._queue.popleft(), outcome.Error(_shutting_down()))

    def describe_wait(self, task: trio.lowlevel.Task) -> tuple[str, str | None] | None:
        """For the deadlock report: whoever made a call, a client or a package in a worker, waits for it."""
        for request in self._queue:
            if request.task is task:
                worker_for = f"a free worker to call {request.package.name!r}" if request.outer else "a free worker"
                return f"{worker_for}; all {len(self._workers)} serve {', '.join(self._served_clients())}", None
        for worker in self._workers:
            served = worker.serving or worker.next
            if served is not None and served.task is task:
                name = f"LSA worker {worker.number}" if worker.task is None else worker.task.name
                return f"the reply of {served.package.name!r} to call {served.number}", name
        return None

    def _served_clients(self) -> tuple[str, ...]:
        calls = [worker.serving or worker.next for worker in self._workers]
        return tuple(call.client.name for call in calls if call is not None)

    def _tell_if_exhausted(self, request: Request) -> None:
        """Whether each worker waits for the end of a call that needs a worker: then none is free again."""
        served = [worker.serving for worker in self._workers]
        waiting = {each.task for each in (*self._queue, *served) if each is not None and each.outer is not None}
        if all(worker.task in waiting for worker in self._workers):
            self._bus.emit(
                WorkersExhausted(
                    time_ns=request.arrived_ns,
                    workers=len(self._workers),
                    package=request.package.key,
                    clients=self._served_clients(),
                )
            )

    async def _work(self, worker: Worker) -> None:
        worker.task = trio.lowlevel.current_task()
        with worker.scope:
            while True:
                request = worker.next
                if request is not None:
                    worker.next = None
                    worker.serving = request
                    await self._serve(request, worker.number)
                    worker.serving = None
                if self._queue:
                    worker.next = self._queue.popleft()
                else:
                    self._idle.append(worker)
                    await worker.park()

    async def _serve(self, request: Request, worker: int) -> None:
        if self._is_stopped:  # the worker was chosen before; cancelled, it would still run to the package's first wait
            self._finish(request, outcome.Error(_shutting_down()))
            return
        package = request.package
        if package.successor is not None:  # while the call waited for a worker
            package = self._pass_on(request)
        bus = self._bus
        if bus.wants(CallStarted):
            now = now_ns()
            bus.emit(
                CallStarted(
                    time_ns=now,
                    call=request.number,
                    client=request.client.name,
                    package=package.key,
                    worker=worker,
                    queued_ns=now - request.arrived_ns,
                )
            )
        result: outcome.Outcome[Any]
        current_request.set(request)
        try:
            if package.state.is_available:
                if self._explores:
                    rename(f"LSA worker {worker} for {request.client.name}")
                request.unserved = None
                result = outcome.Value(await request.serve(request))
            else:  # disabled while the call waited for a worker
                result = outcome.Error(StatusError(STATUS_NO_SUCH_PACKAGE, f"package {package.name!r} is disabled"))
        except StatusError as error:
            result = outcome.Error(error)
        except trio.Cancelled:
            self._finish(request, outcome.Error(_shutting_down()))
            raise
        except BaseException:  # KeyboardInterrupt, or a cancellation among other errors: nobody's to answer
            self._finish(request, outcome.Error(_shutting_down()))
            self.stop()  # else a package that holds the loop takes one Ctrl-C for each call
            raise
        finally:
            current_request.set(None)
            for do in request.at_end or ():
                do()
            if self._explores:
                own(None)
                rename(f"LSA worker {worker}")
        self._finish(request, result)

    def _pass_on(self, request: Request) -> Package:
        """It is for a package that has been loaded again: whoever came in its place serves it."""
        before, request.package = request.package, request.package.latest()
        request.package.begin_call()
        before.end_call()
        return request.package

    def _finish(self, request: Request, result: outcome.Outcome[Any]) -> None:
        request.is_finished = True
        if request.unserved is not None:
            request.unserved()
        self._in_flight -= 1
        request.package.end_call()
        if self._explores:
            touch("the calls of LSA", "w", f"answer {request.client.name}")
        delivered = not request.is_settled
        if delivered:
            request.is_settled = request.is_delivered = True
            self._untaken += 1
            if request.callbacks is not None and request.callbacks.running is not None:
                request.callbacks.result = result
            else:
                trio.lowlevel.reschedule(request.task, result)
        elif isinstance(result, outcome.Value):
            request.undo(request, result.value)
        self._tell_if_drained()
        if self._bus.wants(CallFinished):
            self._tell_finished(request, result, delivered)

    def _tell_if_drained(self) -> None:
        if not self._in_flight and not self._untaken:
            self._drained.set()

    def _tell_finished(self, request: Request, result: outcome.Outcome[Any], delivered: bool) -> None:
        now = now_ns()
        protocol_status: int | None
        if isinstance(result, outcome.Value):
            value = result.value
            said = getattr(value, "status", STATUS_SUCCESS)  # SEC_I_CONTINUE_NEEDED and its like
            status = int(said) if isinstance(said, NTSTATUS) else int(STATUS_SUCCESS)
            protocol_status = int(value.protocol_status) if isinstance(value, CallPackageReply) else None
        else:
            assert isinstance(result, outcome.Error)
            assert isinstance(result.error, StatusError)
            status, protocol_status = int(result.error.status), None
        self._bus.emit(
            CallFinished(
                time_ns=now,
                call=request.number,
                client=request.client.name,
                package=request.package.key,
                operation=request.operation,
                status=status,
                protocol_status=protocol_status,
                latency_ns=now - request.arrived_ns,
                delivered=delivered,
            )
        )


def _discard(request: Request, result: object) -> None:
    """Nobody waits for it, and nothing of it has to be taken back."""


def _shutting_down() -> StatusError:
    return StatusError(STATUS_UNSUCCESSFUL, "the LSA is shutting down")
