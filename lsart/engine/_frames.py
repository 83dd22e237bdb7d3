"""What can be read off parked tasks: which there are, where each is parked, and whether it waits for the outside."""

from __future__ import annotations

from types import FrameType

import trio

from lsart.engine import _trio

__all__ = ["all_tasks", "in_a_run", "is_trio_frame", "parked_at", "somebody_waits_for_idle", "waits_outside"]

_IN_PLACE_OF_TRIO = "lsart.engine._primitive"  # modules that wrap trio's methods while schedules are explored


def in_a_run() -> bool:
    """Whether the caller is inside a run of trio."""
    # trio.lowlevel.in_trio_run says the same, but trio 0.26 does not have it.
    try:
        trio.lowlevel.current_root_task()
    except RuntimeError:
        return False
    return True


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
    # Children come out of a set. Without the count, tasks of one name may swap between runs.
    found.sort(key=lambda task: (_trio.number_of(task), task.name))
    return [task for task in found if not (_parent(task) is root and _is_entry_queue(task))]


def somebody_waits_for_idle() -> bool:
    """Whether a task is in ``wait_all_tasks_blocked`` and so must be woken before time moves."""
    told = _trio.idle_waiters()
    if told is not None:
        return told
    # Correct but O(tasks) for each jump of the clock.
    return any(
        frame.f_code.co_name == "wait_all_tasks_blocked" and is_trio_frame(frame)
        for task in all_tasks()
        for frame, _ in task.iter_await_frames()
    )


def parked_at(task: trio.lowlevel.Task) -> FrameType | None:
    """The innermost frame of a parked task that says why it is parked; None if the task has ended."""
    if task.coro.cr_frame is None:  # older trios, 0.30 for one, fail on it in iter_await_frames
        return None
    for frame in reversed([frame for frame, _ in task.iter_await_frames()]):
        if _module(frame) not in _trio.PARKING and not _module(frame).startswith(_IN_PLACE_OF_TRIO):
            return frame
    return None


def waits_outside(task: trio.lowlevel.Task) -> bool:
    """Whether `task` waits for a file descriptor, a signal or a thread of ``trio.to_thread``."""
    frame = parked_at(task)
    return frame is not None and _module(frame) in _trio.OUTSIDE


def is_trio_frame(frame: FrameType) -> bool:
    """Whether the frame's code is trio's own, or what stands in its place while schedules are explored."""
    module = _module(frame)
    return module.split(".", 1)[0] == "trio" or module.startswith(_IN_PLACE_OF_TRIO)


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _parent(task: trio.lowlevel.Task) -> trio.lowlevel.Task | None:
    nursery = task.parent_nursery
    return None if nursery is None else nursery.parent_task


def _is_entry_queue(task: trio.lowlevel.Task) -> bool:
    return any(_module(frame) == _trio.ENTRY_QUEUE for frame, _ in task.iter_await_frames())
