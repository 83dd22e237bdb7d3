"""Hostile clients: each maps every section it can and writes where it should not, or calls what it should not."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import trio

from lsart.contract import AccessViolation
from lsart.engine import current, now_ns, sleep_ns
from lsart.events import HostileWrite
from lsart.memory import LSASS, Access, Section
from lsart.runtime import Client, Lsa
from lsart.stress._battery import Battery
from lsart.stress._operations import Doing, messages_of, visits_of
from lsart.stress._scenario import HostileGroup

__all__ = ["Attack"]


class Attack:
    """One group of hostile clients at work.

    Every write goes through the client's own mapping, so it can hit nothing that a hostile process could not.

    Args:
        operations: of the packages' clients, for hostile calls to look like.
    """

    def __init__(
        self, lsa: Lsa, group: HostileGroup, package: str, operations: Mapping[str, Doing], start_ns: int
    ) -> None:
        self._lsa = lsa
        self._group = group
        self._package = package
        self._operations = operations
        self._start = start_ns
        self._random = current().random("hostile", group.name)
        self._clients: list[Client] = []

    def begin(self, nursery: trio.Nursery) -> None:
        """Connect the clients and start writing."""
        group, lsa = self._group, self._lsa
        if group.probability is None and group.rate is None:
            return
        for index in range(group.count):
            client = lsa.start_client(f"{group.name}-{index + 1}")
            client.connect(trusted=False)
            self._clients.append(client)
        if group.probability is not None:
            lsa.pacer.add(self._come_between)
        if group.rate is not None:
            nursery.start_soon(self._write_at_times, name=f"writes of {group.name}")

    def begin_calls(self, nursery: trio.Nursery) -> None:
        """Start the processes that make hostile calls, if the group has some; they end when the calls are made."""
        group = self._group
        if group.calls is not None:
            battery = Battery(
                self._lsa,
                calls=group.calls,
                name=group.name,
                processes=group.count,
                makers=messages_of(self._operations),
                visits=visits_of(self._operations),
            )
            nursery.start_soon(battery.run, name=f"calls of {group.name}")

    def end(self) -> None:
        """Stop writing; the clients go."""
        self._lsa.pacer.remove(self._come_between)
        for client in self._clients:
            client.terminate()

    def _come_between(self, access: Access) -> None:
        group, random = self._group, self._random
        assert group.probability is not None
        if random.random() >= group.probability:
            return
        if group.aim == "access":
            self._write_at_access(access, random)
        else:
            self._write_anywhere(random)

    async def _write_at_times(self) -> None:
        group = self._group
        assert group.rate is not None
        engine = current()
        random = engine.random("hostile", group.name, "writes")
        for offset in group.rate.times(engine.random("hostile", group.name, "times")):
            wait = self._start + offset - now_ns()
            if wait > 0:
                await sleep_ns(wait)
            else:
                await trio.lowlevel.checkpoint()
            self._write_anywhere(random)

    def _write_anywhere(self, random: Random) -> None:
        key = self._key()
        sections = () if key is None else self._lsa.memory.sections(key)
        if not sections:
            return
        section = sections[random.randrange(len(sections))] if len(sections) > 1 else sections[0]
        if section.backing.committed:
            self._write(section, random.randrange(section.backing.committed), random)

    def _write_at_access(self, access: Access, random: Random) -> None:
        # Packages see sections at LSA's addresses; what clients do to each other is their own affair.
        section = self._lsa.memory.ledger.heap_containing(access.address) if access.space == LSASS else None
        if not isinstance(section, Section) or section.package != self._key():
            return
        # What the package asked for may be nonsense: a length below 0, bytes beyond the commit. It will be told.
        start = access.address - section.base
        reach = min(access.length, section.backing.committed - start)
        if reach > 0:
            self._write(section, start + random.randrange(reach), random)

    def _key(self) -> str | None:
        """The package under attack, as LSA calls it; None when it was unloaded."""
        return next((each.key for each in self._lsa.packages if each.name == self._package), None)

    def _write(self, section: Section, offset: int, random: Random) -> None:
        client = self._clients[random.randrange(len(self._clients))]
        length = min(self._group.size.sample(random), section.backing.committed - offset)
        data = random.randbytes(length)
        view = client.map(section)
        try:
            client.process.space.write(view.base.address + offset, data)
        except AccessViolation:  # Choices can take a deleted section's views away
            return
        bus = self._lsa.bus
        if bus.wants(HostileWrite):
            bus.emit(
                HostileWrite(time_ns=now_ns(), client=client.name, section=section.name, offset=offset, data=data.hex())
            )
