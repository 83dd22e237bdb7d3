"""What the tests of the memory floor and of its slots stand on: a small world, and a package made of one function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import lsart
from lsart.contract import SECPKG_PARAMETERS, CallPackageReply, Choices, ClientRequest, FunctionTable, Pointer
from lsart.events import Bus, Event, Origin
from lsart.memory import ClientMemory, Environment, LsaMemory, Machine, MachineLimits, Section

__all__ = ["Body", "Probe", "World", "in_call", "with_probe", "with_table"]

_E = TypeVar("_E", bound=Event)


class World:
    """LSASS's memory on a machine of its own, with everything that was told kept in `events`.

    Args:
        choices: fields of Choices by name. limits: likewise of MachineLimits.
    """

    def __init__(self, choices: dict[str, Any] | None = None, **limits: int) -> None:
        self.events: list[Event] = []
        self.now = 0
        bus = Bus()
        bus.subscribe(self.events.append)
        self.environment = Environment(bus=bus, choices=Choices(**(choices or {})), clock=lambda: self.now)
        self.machine = Machine(MachineLimits(**limits))
        self.memory = LsaMemory(self.machine, self.environment)
        self.clients: list[ClientMemory] = []

    def by(self, function: str = "", *, package: str = "cache", call: int | None = None) -> Origin:
        """Somebody calls a function, a microsecond after whoever called last."""
        self.now += 1000
        return Origin(package, call, "" if call is None else "alice", function, self.now)

    def create(self, max_size: int = 65536, initial_size: int = 0, *, package: str = "cache") -> Pointer:
        """A section that must come into being."""
        pointer = self.memory.CreateSharedMemory(max_size, initial_size, self.by("CreateSharedMemory", package=package))
        assert pointer is not None
        return pointer

    def section(self, pointer: Pointer) -> Section:
        """What the pointer names; it must be a live section."""
        found = self.memory.section_at(pointer)
        assert found is not None
        return found

    def try_allocate(self, section: Pointer, size: int, *, package: str = "cache") -> Pointer | None:
        """A block, or None."""
        return self.memory.AllocateSharedMemory(section, size, self.by("AllocateSharedMemory", package=package))

    def allocate(self, section: Pointer, size: int, *, package: str = "cache") -> Pointer:
        """A block that must come into being."""
        pointer = self.try_allocate(section, size, package=package)
        assert pointer is not None
        return pointer

    def free(self, section: Pointer, block: Pointer | None, *, package: str = "cache") -> None:
        """FreeSharedMemory."""
        self.memory.FreeSharedMemory(section, block, self.by("FreeSharedMemory", package=package))

    def delete(self, section: Pointer) -> bool:
        """DeleteSharedMemory."""
        return self.memory.DeleteSharedMemory(section, self.by("DeleteSharedMemory"))

    def client(self, name: str = "alice") -> ClientMemory:
        """A client process."""
        found = ClientMemory(name, len(self.clients), self.machine, self.environment)
        self.clients.append(found)
        return found

    def check(self) -> list[str]:
        """Every invariant, the machine's books included."""
        return self.memory.check(client_commit=sum(each.committed for each in self.clients))

    def told(self, kind: type[_E]) -> list[_E]:
        """The events of one kind, oldest first."""
        return [each for each in self.events if isinstance(each, kind)]

    def last(self, kind: type[_E]) -> _E:
        """The newest event of one kind; there must be one."""
        return self.told(kind)[-1]


Body = Callable[[FunctionTable, ClientRequest, bytes], Awaitable[CallPackageReply | None]]


class Probe:
    """A package that keeps the table it was given, and whose call is one function of the test."""

    table: FunctionTable

    def __init__(self, body: Body | None = None) -> None:
        self.body = body

    def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply | None:
        assert self.body is not None
        return await self.body(self.table, client_request, submit_buffer)


def with_probe(
    main: Callable[[lsart.Lsa, Probe], Awaitable[Any]],
    body: Body | None = None,
    *,
    settings: lsart.LsaSettings | None = None,
    events: list[Event] | None = None,
) -> Any:
    """Run an LSA with one `Probe`, and `main` beside it; its result."""

    async def run() -> Any:
        bus = Bus()
        if events is not None:
            bus.subscribe(events.append)
        probe = Probe(body)
        async with lsart.open_lsa(probe, settings=settings, bus=bus) as lsa:
            return await main(lsa, probe)

    return lsart.run(run, seed=0)


def with_table(
    main: Callable[[FunctionTable], Awaitable[Any]],
    *,
    settings: lsart.LsaSettings | None = None,
    events: list[Event] | None = None,
) -> Any:
    """Run `main` with the table that SpInitialize got from a running LSA; its result."""

    async def beside(lsa: lsart.Lsa, probe: Probe) -> Any:
        return await main(probe.table)

    return with_probe(beside, settings=settings, events=events)


def in_call(
    body: Body,
    submit: bytes = b"",
    *,
    settings: lsart.LsaSettings | None = None,
    events: list[Event] | None = None,
) -> lsart.Reply:
    """The reply to one call of one client, "alice", served by `body`."""

    async def beside(lsa: lsart.Lsa, probe: Probe) -> lsart.Reply:
        async with lsa.connect("alice") as client:
            return await client.call("probe", submit)

    reply = with_probe(beside, body, settings=settings, events=events)
    assert isinstance(reply, lsart.Reply)
    return reply
