"""Locks that a faulted package leaves behind, locked for good.

An exception that passes ``async with lock:`` releases the lock. One that passes a bare ``await lock.acquire()`` does
not, as in C: the worker that owned it serves other calls now, and nobody else may release it.
"""

from __future__ import annotations

from collections.abc import Iterator

import trio

from lsart.contract import EntryPoint

__all__ = ["orphaned_locks"]


def orphaned_locks(
    entry: EntryPoint, task: trio.lowlevel.Task
) -> Iterator[tuple[str, trio.Lock | trio.StrictFIFOLock]]:
    """The attributes of the entry's package that are trio locks owned by `task`, with their names."""
    implementation = getattr(entry, "__self__", None)
    for name, value in getattr(implementation, "__dict__", {}).items():
        if isinstance(value, trio.Lock | trio.StrictFIFOLock) and value.statistics().owner is task:
            yield name, value
