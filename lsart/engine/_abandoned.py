"""Locks whose owner goes on to something else without releasing them: the report of a deadlock says who that was."""

import weakref

import trio

__all__ = ["abandon_lock", "abandoned_by"]

_Lock = trio.Lock | trio.StrictFIFOLock

# Weak at both ends: a report must not be what keeps a run's objects alive.
_abandoned: weakref.WeakKeyDictionary[_Lock, tuple[weakref.ref[trio.lowlevel.Task], str]] = weakref.WeakKeyDictionary()


def abandon_lock(lock: _Lock, by: str) -> None:
    """The task that owns the lock now will not release it. From here on reports say that it is held by `by`."""
    owner = lock.statistics().owner
    if owner is not None:
        _abandoned[lock] = weakref.ref(owner), by


def abandoned_by(lock: _Lock) -> str | None:
    """Who left it locked, if its owner is still the task that did."""
    owner, by = _abandoned.get(lock, (None, None))
    return by if owner is not None and owner() is lock.statistics().owner else None
