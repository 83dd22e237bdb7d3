"""What the tests of the running LSA stand on: a log of events, packages made of functions, a run in virtual time."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar

import lsart
from lsart.contract import NTSTATUS, SECPKG_PARAMETERS, ClientRequest, FunctionTable, Pointer, SecPkgInfo, StatusError
from lsart.events import Bus, Event
from lsart.memory import Resource

__all__ = ["Log", "Scripted", "in_use", "scripted", "simulated", "status_of", "value_of"]

_P = ParamSpec("_P")
_E = TypeVar("_E", bound=Event)


def simulated(test: Callable[_P, Awaitable[None]]) -> Callable[_P, None]:
    """Make an async test a plain one that runs on the virtual clock with seed 0."""

    @functools.wraps(test)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> None:
        lsart.run(functools.partial(test, *args, **kwargs), seed=0)

    return run


class Log:
    """A bus, and everything that was told on it."""

    def __init__(self) -> None:
        self.bus = Bus()
        self.events: list[Event] = []
        self.bus.subscribe(self.events.append)

    def of(self, kind: type[_E]) -> list[_E]:
        """The events of one kind, oldest first."""
        return [each for each in self.events if isinstance(each, kind)]

    def one(self, kind: type[_E]) -> _E:
        """The only event of its kind."""
        (found,) = self.of(kind)
        return found


class Scripted:
    """A package whose entry points are functions of the test, plain or async.

    Args:
        name: what SpGetInfo says. initialize: given the table. call: given the table, the request and the message.
            shutdown: given nothing. trusted: like call, for callers with SeTcbPrivilege.
    """

    table: FunctionTable

    def __init__(
        self,
        name: str,
        *,
        initialize: Callable[[FunctionTable], object] | None = None,
        call: Callable[[FunctionTable, ClientRequest, bytes], object] | None = None,
        trusted: Callable[[FunctionTable, ClientRequest, bytes], object] | None = None,
        shutdown: Callable[[], object] | None = None,
    ) -> None:
        self.name = name
        self.package_id = -1
        self.initialized = 0
        self.parameters: SECPKG_PARAMETERS | None = None
        self._initialize = initialize
        if call is not None:
            self.LsaApCallPackageUntrusted = self._entry(call)
        if trusted is not None:
            self.LsaApCallPackage = self._entry(trusted)
        if shutdown is not None:
            self.SpShutdown = shutdown

    async def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> Any:
        self.initialized += 1
        self.package_id = package_id
        self.parameters = parameters
        self.table = table
        return None if self._initialize is None else await value_of(self._initialize(table))

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo(self.name)

    def _entry(self, function: Callable[[FunctionTable, ClientRequest, bytes], object]) -> Callable[..., Any]:
        async def entry(
            client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
        ) -> Any:
            return await value_of(function(self.table, client_request, submit_buffer))

        return entry


def scripted(name: str, **functions: Any) -> Scripted:
    """A `Scripted` package of a class of its own, so that events call it by its name."""
    kind: type[Scripted] = type(name, (Scripted,), {})
    return kind(name, **functions)


async def value_of(result: object) -> object:
    return await result if inspect.isawaitable(result) else result


async def status_of(awaitable: Awaitable[object]) -> NTSTATUS:
    """The status that a call fails with."""
    try:
        result = await awaitable
    except StatusError as error:
        return error.status
    raise AssertionError(f"it succeeded with {result!r}")


def in_use(lsa: lsart.Lsa) -> dict[str, int]:
    """Everything that is charged to the machine, by resource; empty when the books are closed."""
    return {each.value: lsa.machine.in_use(each) for each in Resource if lsa.machine.in_use(each)}
