"""The streams of `trio.testing`, made to announce what they do for as long as schedules are explored.

All of them count as one thing: what is in them, who waits and who has closed them are spread over objects that only
trio knows.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any

from lsart.engine._labels import touch

__all__ = ["label_streams", "replace"]


def label_streams(stack: ExitStack) -> None:
    """Until `stack` is closed. If nobody has imported `trio.testing`, there are none."""
    testing: Any = sys.modules.get("trio.testing")  # to import it takes long, as it takes pytest along
    if testing is None:
        return
    ends = [*testing.memory_stream_one_way_pair(), *testing.lockstep_stream_one_way_pair()]
    for owner in dict.fromkeys(map(type, ends)):
        for name, method in [*vars(owner).items()]:
            if not name.startswith("_") and inspect.isfunction(method):
                noting = _noting_wait if inspect.iscoroutinefunction(method) else _noting
                replace(stack, owner, name, noting(method))


def replace(stack: ExitStack, owner: type[Any], method: str, replacement: object) -> None:
    """Put something in the place of a method, until `stack` is closed."""
    if method in vars(owner):
        stack.callback(setattr, owner, method, vars(owner)[method])
    else:  # inherited: what is put in front of it goes again
        stack.callback(delattr, owner, method)
    setattr(owner, method, replacement)


def _noting(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def act(*args: Any, **kwargs: Any) -> object:
        _touch_streams()
        return original(*args, **kwargs)

    return act


def _noting_wait(original: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
    """The first step and the last one touch them; what comes between is a wait in a lot, which notes itself."""

    @functools.wraps(original)
    async def act(*args: Any, **kwargs: Any) -> object:
        _touch_streams()
        try:
            return await original(*args, **kwargs)
        finally:
            _touch_streams()

    return act


def _touch_streams() -> None:
    touch("streams of trio.testing", "w", "use a stream")
