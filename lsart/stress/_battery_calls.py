"""One hostile call: with what it is made, how it may end, and what is kept of it."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import trio

from lsart.contract import (
    AccessViolation,
    Pointer,
    ProcessTerminated,
    SecBuffer,
    SecBufferDesc,
    SecHandle,
    StatusError,
)
from lsart.runtime import Client
from lsart.stress._battery_finds import keep_what_is_of_use
from lsart.stress._battery_functions import BATTERY_FUNCTIONS, Arguments
from lsart.stress._loot import Kind
from lsart.stress._loot_sspi import SspiValues

__all__ = ["GIVE_BACK", "HostileCalls"]

GIVE_BACK: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "LsaDeregisterLogonProcess": "connections",
        "CloseHandle": "handles",
        "LsaFreeReturnBuffer": "buffers",
        "FreeContextBuffer": "buffers",
        "FreeCredentialsHandle": "credentials",
        "DeleteSecurityContext": "contexts",
    }
)
"""The functions that give something back, and what."""

_AS_BEFORE, _CHANGED = 0.5, 0.15
_PERSONAL = (Pointer, SecBuffer, SecBufferDesc, SecHandle)  # of one process, or of one moment


class HostileCalls:
    """The calls of one battery.

    Attributes:
        outcomes, done: as of `Battery`. escaped: what a call raised that it must not; None so far.
    """

    def __init__(self) -> None:
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.done = 0
        self.escaped: Exception | None = None
        self._worked: dict[str, list[Arguments]] = {}

    def arguments(self, name: str, values: SspiValues) -> Arguments:
        """For a call of this function: made up, or half the time what worked before, with something changed in it."""
        fresh, random = BATTERY_FUNCTIONS[name](values), values.random
        known = self._worked.get(name)
        if not known or values.has_wrong_type or random.random() >= _AS_BEFORE:
            return fresh
        before = random.choice(known)
        return tuple(
            new if isinstance(old, _PERSONAL) or random.random() < _CHANGED else old
            for old, new in zip(before, fresh, strict=False)
        )

    async def make(self, name: str, arguments: Arguments, values: SspiValues, **named: object) -> Any:
        """Call this function. Raises whatever comes of it."""
        result = getattr(values.client, name)(*arguments, **named)
        if inspect.isawaitable(result):
            result = await result
        else:
            await trio.lowlevel.checkpoint()  # Win32 functions do not wait, and nobody must be kept from his turn
        keep_what_is_of_use(name, result, values)
        if name not in GIVE_BACK:
            values.own.keep(self._worked.setdefault(name, []), _in_places(name, arguments, named), values.random)
        elif result is not False:
            values.lost(GIVE_BACK[name], *arguments)
        return result

    async def counted(
        self, name: str, call: Callable[[], Awaitable[Any]], arguments: Arguments, values: SspiValues
    ) -> Any:
        """Await a call, count how it ended, and raise what it raised. What must not come out of it stays in `escaped`,
        with a note on it that says which call it was."""
        client = values.client
        self.done += 1
        number, outcome = self.done, "gave up"
        try:
            result = await call()
            outcome = "False" if result is False else "success"
            return result
        except Exception as error:
            outcome = error.status.name if isinstance(error, StatusError) else type(error).__name__
            if not _is_allowed(error, client, values):
                shown = ", ".join(map(repr, arguments))
                error.add_note(f"hostile call {number:,}: {name}({shown}) by {client!r}")
                self.escaped = error
            raise
        finally:
            self.outcomes[name, outcome] += 1


def _is_allowed(error: Exception, client: Client, values: SspiValues) -> bool:
    """Whether this is what Windows would do to the process."""
    if isinstance(error, ProcessTerminated):
        return not client.is_alive
    if isinstance(error, AccessViolation):
        return error.space == client.process.space.name  # its own faults are its own affair
    return isinstance(error, StatusError) or (isinstance(error, TypeError) and values.has_wrong_type)


def _in_places(name: str, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Arguments:
    """All arguments of a call in the order of the function's parameters, as they are made up, too."""
    bound = _signature(name).bind(None, *arguments, **named)
    bound.apply_defaults()
    return bound.args[1:]


@cache
def _signature(name: str) -> inspect.Signature:
    return inspect.signature(getattr(Client, name))
