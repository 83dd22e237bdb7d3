"""Runs that must end in a deadlock, and what the deadlock says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from lsart.engine import DeadlockError, Wait, run

__all__ = ["deadlock_of", "wait_of"]


def deadlock_of(main: Callable[[], Awaitable[object]]) -> DeadlockError:
    """The deadlock in which this run ends."""
    with pytest.raises(DeadlockError) as caught:
        run(main)
    return caught.value


def wait_of(main: Callable[[], Awaitable[object]]) -> Wait:
    """The one wait of the deadlock in which this run ends."""
    (wait,) = deadlock_of(main).waits
    return wait
