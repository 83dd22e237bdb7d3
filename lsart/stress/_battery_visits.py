"""Visits that hostile processes pay: they do what an honest client does, and learn from it how a package is called.

Seldom is a visit all honest: an argument is another, or what was taken is not given back.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from lsart.runtime import Client
from lsart.stress._battery_calls import GIVE_BACK, HostileCalls
from lsart.stress._battery_functions import BATTERY_FUNCTIONS
from lsart.stress._loot_sspi import SspiValues

__all__ = ["watched"]

_DISHONEST, _KEEPS = 0.04, 0.2


def watched(calls: HostileCalls, values: SspiValues) -> Client:
    """The client for a visit: each call that it makes is counted, and what comes of it is kept."""
    client: Any = _Watched(calls, values)
    return client  # type: ignore[no-any-return]  # to a visit it is one


class _Watched:
    def __init__(self, calls: HostileCalls, values: SspiValues) -> None:
        self._calls = calls
        self._values = values

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._values.client, name)
        if name not in BATTERY_FUNCTIONS or not inspect.iscoroutinefunction(found):
            return found  # Win32 functions, which do not wait, stay as they are
        return partial(self._call, name)

    async def _call(self, name: str, *arguments: Any, **named: Any) -> Any:
        calls, values = self._calls, self._values
        if name in GIVE_BACK and values.random.random() < _KEEPS:
            return None
        values.has_wrong_type = False
        if arguments and values.random.random() < _DISHONEST:
            fresh = BATTERY_FUNCTIONS[name](values)
            place = values.random.randrange(min(len(arguments), len(fresh)))
            arguments = (*arguments[:place], fresh[place], *arguments[place + 1 :])
        call: Callable[[], Any] = partial(calls.make, name, arguments, values, **named)
        return await calls.counted(name, call, arguments, values)
