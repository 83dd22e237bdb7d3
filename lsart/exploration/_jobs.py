"""Batches in several processes. Which process runs a batch changes nothing in what it finds."""

from __future__ import annotations

import ctypes
import multiprocessing
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from typing import Any

from lsart.contract import ConfigurationError
from lsart.exploration._attempt import labelled
from lsart.exploration._batch import Batch, Batches, Plan
from lsart.exploration._model import Model

__all__ = ["Jobs", "jobs"]

_SECONDS_BETWEEN_LOOKS = 0.1  # at whether somebody has pressed Ctrl-C

_PATIENCE = 5.0  # seconds that a schedule under way gets to end, once nobody waits for more

_batches: Batches | None = None


class Jobs:
    """Processes that run batches.

    `submit` and `result` in the order of the batches' numbers; several are under way at a time.
    """

    def __init__(self, pool: ProcessPoolExecutor, count: int, asked_to_stop: Any) -> None:
        self._pool = pool
        self._count = count
        self._asked_to_stop = asked_to_stop
        self._under_way: dict[int, Future[Batch]] = {}

    def run(self, number: int, last: int, stop: Callable[[], bool]) -> Batch | None:
        """The result of a batch; meanwhile those after it are begun, up to `last`. after `stop` has said so, what
        there is of it, or None if its schedule does not end."""
        if stop() and number not in self._under_way:
            return None
        for ahead in range(number, number + 1 if stop() else min(number + self._count * 2, last + 1)):
            if ahead not in self._under_way:
                with _deaf():
                    self._under_way[ahead] = self._pool.submit(_run, ahead)
        future = self._under_way.pop(number)
        patience = _PATIENCE
        try:
            while patience > 0:
                if stop():  # those under way end after their schedule, and what they found until then counts
                    self._asked_to_stop.value = True
                    patience -= _SECONDS_BETWEEN_LOOKS
                with suppress(TimeoutError):
                    return future.result(_SECONDS_BETWEEN_LOOKS)
            return None
        except BrokenProcessPool:
            raise ConfigurationError(
                "a process that ran schedules ended; run with --jobs 1 to see why. Does the program start its work "
                "under 'if __name__ == \"__main__\":'?"
            ) from None


@contextmanager
def jobs(model: Model, plan: Plan, count: int) -> Iterator[Jobs]:
    """Processes for as long as the block runs.

    Raises:
        ConfigurationError: the model cannot be sent to another process.
    """
    try:
        payload = pickle.dumps((model, plan))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ConfigurationError(
            f"the model {model.name} cannot be sent to other processes ({error}); define it at the top of a module, or "
            "use one job"
        ) from None
    context = multiprocessing.get_context("spawn")
    # No Event: whoever is interrupted while he sets one keeps its lock, and the others then wait for it for ever.
    asked_to_stop = context.RawValue(ctypes.c_bool, False)
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_begin, initargs=(payload, asked_to_stop))
    try:
        yield Jobs(pool, count, asked_to_stop)
    finally:
        with _deaf():  # one who insists must not leave processes behind
            asked_to_stop.value = True  # nobody waits for what is under way
            pool.shutdown(wait=False, cancel_futures=True)
            for process in [each for each in multiprocessing.active_children() if each not in others]:
                process.join(_PATIENCE)
                if process.is_alive():  # its schedule does not end
                    process.kill()
            pool.shutdown(wait=True)


@contextmanager
def _deaf() -> Iterator[None]:
    """While processes are started: they inherit it, so that Ctrl-C meets none that is not ready to ignore it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)  # None: not set from Python


def _begin(payload: bytes, asked_to_stop: Any) -> None:
    global _batches
    # Ctrl-C goes to every process of a terminal; the campaign decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    model, plan = pickle.loads(payload)
    _batches = Batches(model, plan, lambda: bool(asked_to_stop.value))


def _run(number: int) -> Batch:
    assert _batches is not None
    with labelled(nurseries=False):  # only DPOR asks for them, and runs in one process
        return _batches.run(number)
