"""The one file that touches trio's private names.

Each use has a fallback, so that a trio which renamed something costs a property (named beside the
fallback), not the run. ``missing_names()`` lists what this trio lacks; a test fails on it and names
the trio version.
"""

import contextlib
import operator
import random
import threading
import warnings
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any

import trio
from trio._core import _run

# Modules in which a parked task waits for something that this process does not decide. A renamed
# module would turn such a wait into a false deadlock; the tests wait for a thread, a socket and a signal.
_OUTSIDE = frozenset(
    {
        "trio._core._io_epoll",
        "trio._core._io_kqueue",
        "trio._core._io_windows",
        "trio._signals",
        "trio._threads",
    }
)
# Modules that park a task for somebody else: the next frame out says what for.
_PARKING = frozenset({"trio._core._traps", "trio._core._parking_lot"})
# trio's own task for run_sync_soon always waits for a wake-up byte and never means anything by it.
_ENTRY_QUEUE = "trio._core._entry_queue"

_RUN_NAMES = ("_r", "_ALLOW_DETERMINISTIC_SCHEDULING", "GLOBAL_RUN_CONTEXT")
_RUNNER_NAMES = ("waiting_for_idle", "is_guest", "io_manager")
_IO_NAMES = ("get_events", "process_events")
_TASK_NAMES = ("_counter", "_cancel_status")

_scheduling = threading.Lock()


def missing_names() -> tuple[str, ...]:
    """The private names that this trio does not have. To be called inside a run."""
    missing = [f"trio._core._run.{name}" for name in _RUN_NAMES if not hasattr(_run, name)]
    runner = _runner()
    missing += [f"Runner.{name}" for name in _RUNNER_NAMES if not hasattr(runner, name)]
    io_manager = getattr(runner, "io_manager", None)
    missing += [f"IOManager.{name}" for name in _IO_NAMES if not hasattr(io_manager, name)]
    task = trio.lowlevel.current_task()
    missing += [f"Task.{name}" for name in _TASK_NAMES if not hasattr(task, name)]
    status = getattr(task, "_cancel_status", None)
    missing += [f"CancelStatus.{name}" for name in ("_scope", "parent") if not hasattr(status, name)]
    return tuple(missing)


def _runner() -> Any:
    return getattr(getattr(_run, "GLOBAL_RUN_CONTEXT", None), "runner", None)


@contextlib.contextmanager
def seeded_scheduler(stream: random.Random) -> Iterator[None]:
    """Let `stream` alone decide who of the runnable tasks goes first, for as long as the block runs.

    The random object is swapped, not reseeded: Hypothesis has registered the original one and must
    find it as it left it. trio has one of it per process, hence one seeded run at a time.

    Raises:
        RuntimeError: another thread is inside such a block.
    """
    if not _scheduling.acquire(blocking=False):
        raise RuntimeError(
            "run() is already going on in another thread, and trio has one scheduler random per process; "
            "run one after the other, or use processes"
        )
    try:
        wanted = {"_r": stream, "_ALLOW_DETERMINISTIC_SCHEDULING": True}
        absent = [name for name in wanted if not hasattr(_run, name)]
        if absent:
            warnings.warn(
                f"trio {trio.__version__} has no {' and no '.join(absent)}: "
                "the order of tasks does not follow from the seed",
                RuntimeWarning,
                stacklevel=4,
            )
            yield
            return
        saved = {name: getattr(_run, name) for name in wanted}
        try:
            for name, value in wanted.items():
                setattr(_run, name, value)
            yield
        finally:
            for name, value in saved.items():
                setattr(_run, name, value)
    finally:
        _scheduling.release()


def somebody_waits_for_idle() -> bool:
    """Whether a task is in ``wait_all_tasks_blocked`` and so must be woken before time moves."""
    waiting = getattr(_runner(), "waiting_for_idle", None)
    if waiting is not None:
        return bool(waiting)
    # Correct but O(tasks) for each jump of the clock.
    return any(
        frame.f_code.co_name == "wait_all_tasks_blocked" and _module(frame).startswith("trio.")
        for task in all_tasks()
        for frame, _ in task.iter_await_frames()
    )


def take_news_from_outside() -> bool:
    """Wake the tasks whose file descriptor is ready or whose thread is done; False if there are none.

    trio asks the clock before it polls. Without this, bytes that lie in a socket already would lose
    against a timeout of a virtual hour.
    """
    io_manager: Any = getattr(_runner(), "io_manager", None)
    if any(not hasattr(io_manager, name) for name in _IO_NAMES):
        return False
    events = io_manager.get_events(0)
    if not events:
        return False
    io_manager.process_events(events)
    return True


def is_guest() -> bool:
    """Whether trio is a guest of another event loop, which may wake our tasks whenever it likes."""
    return bool(getattr(_runner(), "is_guest", False))


def all_tasks() -> list[trio.lowlevel.Task]:
    """Every task of this run but the one for ``run_sync_soon``, in the order in which they were spawned.

    The first one is trio's root task.
    """
    found: list[trio.lowlevel.Task] = []
    root = trio.lowlevel.current_root_task()
    pending = [] if root is None else [root]
    while pending:
        task = pending.pop()
        found.append(task)
        for nursery in task.child_nurseries:
            pending.extend(nursery.child_tasks)
    # Children come out of a set. Without the counter, tasks of one name may swap between runs.
    found.sort(key=operator.attrgetter("_counter" if hasattr(root, "_counter") else "name"))
    return [task for task in found if not (_parent(task) is root and _is_entry_queue(task))]


def parked_at(task: trio.lowlevel.Task) -> FrameType | None:
    """The innermost frame of a parked task that says why it is parked; None if the task has ended."""
    if task.coro.cr_frame is None:  # older trios, 0.30 for one, fail on it in iter_await_frames
        return None
    for frame in reversed([frame for frame, _ in task.iter_await_frames()]):
        if _module(frame) not in _PARKING:
            return frame
    return None


def waits_outside(task: trio.lowlevel.Task) -> bool:
    """Whether `task` waits for a file descriptor, a signal or a thread of ``trio.to_thread``."""
    frame = parked_at(task)
    return frame is not None and _module(frame) in _OUTSIDE


def unshield(tasks: Iterable[trio.lowlevel.Task]) -> bool:
    """Lift the shield of every cancel scope around `tasks`; False if there was none to lift."""
    lifted = False
    for task in tasks:
        status = getattr(task, "_cancel_status", None)
        while status is not None:
            scope = getattr(status, "_scope", None)
            if scope is not None and scope.shield:
                scope.shield = False
                lifted = True
            status = getattr(status, "parent", None)
    return lifted


def is_trio_frame(frame: FrameType) -> bool:
    """Whether the frame's code is trio's own."""
    return _module(frame).split(".", 1)[0] == "trio"


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _parent(task: trio.lowlevel.Task) -> trio.lowlevel.Task | None:
    nursery = task.parent_nursery
    return None if nursery is None else nursery.parent_task


def _is_entry_queue(task: trio.lowlevel.Task) -> bool:
    return any(_module(frame) == _ENTRY_QUEUE for frame, _ in task.iter_await_frames())
