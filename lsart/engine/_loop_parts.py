"""What stands in trio's places in virtual time: there is no outside world, no polling and no signal handler."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import outcome
import trio

from lsart.engine._outside import VirtualTimeError

__all__ = ["AGAIN", "Again", "Calls", "InOrder", "NoIO", "NoSignals", "how", "only_run"]


_running = threading.Lock()


class only_run:  # noqa: N801  (used like a function; a generator's context manager takes three times as long)
    """One run of ours at a time in a process: each swaps what trio has one of.

    Raises:
        RuntimeError: another thread is inside such a block.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        if not _running.acquire(blocking=False):
            raise RuntimeError(
                "run() is already going on in another thread, and trio has one scheduler random per process; "
                "run one after the other, or use processes"
            )

    def __exit__(self, *_: object) -> None:
        _running.release()


class NoIO:
    """Stands where trio keeps epoll; each try to wait for a descriptor is refused by name."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        async def refuse_later(*_: object, **__: object) -> NoReturn:
            _refuse(name)

        def refuse(*_: object, **__: object) -> NoReturn:
            _refuse(name)

        return refuse_later if name.startswith(("wait_", "readinto_", "write_")) else refuse

    def close(self) -> None:
        """Nothing to close."""

    def force_wakeup(self) -> None:
        """Nobody sleeps."""

    def statistics(self) -> None:
        """Nothing to count."""


def _refuse(name: str) -> NoReturn:
    raise VirtualTimeError(f"a socket, pipe or process (trio.lowlevel.{name})", "use a memory channel")


class Calls:
    """Stands where trio keeps its entry queue: no socket and no task of its own; the loop empties it between steps.

    Appending to a deque is atomic towards other threads and signal handlers.
    """

    __slots__ = ("_waiting", "done", "queue")

    def __init__(self) -> None:
        self.queue: deque[tuple[Callable[..., object], tuple[object, ...], bool]] = deque()
        self._waiting: set[tuple[Callable[..., object], tuple[object, ...]]] = set()
        self.done = False

    def run_sync_soon(self, function: Callable[..., object], *args: object, idempotent: bool = False) -> None:
        """As `trio.lowlevel.TrioToken.run_sync_soon`, which calls this."""
        if self.done:
            raise trio.RunFinishedError("run() has exited")
        if idempotent:
            if (function, args) in self._waiting:
                return
            self._waiting.add((function, args))
        self.queue.append((function, args, idempotent))

    def empty(self) -> None:
        """Call what waits."""
        for _ in range(len(self.queue)):  # what these put into the queue comes later
            function, args, idempotent = self.queue.popleft()
            if idempotent:
                self._waiting.discard((function, args))
            function(*args)

    def size(self) -> int:
        """How many calls wait."""
        return len(self.queue)

    def close(self) -> None:
        """No more calls."""
        self.done = True


class InOrder:
    """Stands where trio keeps a set of open async generators: in the order in which they were first used."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: dict[int, weakref.ref[Any]] = {}

    def add(self, generator: Any) -> None:
        """Note one; it goes when it is collected."""
        key = id(generator)
        self._found[key] = weakref.ref(generator, lambda _: self._found.pop(key, None))

    def __iter__(self) -> Iterator[Any]:
        return iter([generator for each in [*self._found.values()] if (generator := each()) is not None])

    def __len__(self) -> int:
        return len(self._found)


class NoSignals:
    """Stands where trio keeps its handler of Ctrl-C, for runs so short that somebody around them handles it."""

    def close(self) -> None:
        """Nothing to put back."""


class Again:
    """What a task that only let others run is resumed with. trio makes an object each time; one is enough."""

    __slots__ = ()

    def unwrap(self) -> None:
        """As `outcome.Value.unwrap`."""


AGAIN = Again()


def how(ended: outcome.Outcome[object]) -> str:
    """See `Trace.ends`."""
    if isinstance(ended, outcome.Value):
        return "e"
    error = ended.error  # type: ignore[attr-defined]  # an Outcome that is no Value is an Error
    is_all = isinstance(error, BaseExceptionGroup) and error.split(trio.Cancelled)[1] is None
    return "c" if is_all or isinstance(error, trio.Cancelled) else "x"
