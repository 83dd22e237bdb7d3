"""A battery of hostile calls: processes that call whatever a process can call, with whatever it can pass.

Its calls follow from the seed of the run alone. Handles are their own, each other's, stale, guessed or of no type that
a handle has; lengths lie; buffers are freed twice; processes end in the middle of a call and others take their place.
None of it may raise anything but what Windows would do to that process: a status, a fault of its own, its own end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from types import MappingProxyType

import attrs
import trio

from lsart.engine import current, sleep_ns
from lsart.runtime import Client, Lsa
from lsart.stress._battery_actions import BATTERY_ACTIONS, Actions
from lsart.stress._battery_calls import HostileCalls
from lsart.stress._battery_functions import BATTERY_FUNCTIONS, Arguments
from lsart.stress._loot import Loot
from lsart.stress._loot_sspi import SspiValues
from lsart.stress._operations import MessageMaker, Visit

__all__ = ["Battery"]

_MESSAGES = 8  # calls of packages are the most worth it: they come as often as so many others
_IMPATIENT = 0.05


@attrs.define
class _Process:
    """A hostile process, whose threads share it. `number` counts those that were in its place, one after the other."""

    name: str
    number: int
    client: Client
    own: Loot


class Battery:
    """Hostile processes at work.

    Args:
        lsa: whom they call. calls: how many they make together.
        name: what the processes are called: name-1.1, and name-1.2 when that has ended.
        processes, threads: how many at once, and how many tasks call for each of them.
        makers: of messages that packages understand, by name; they are sent whole and damaged.
        visits: that clients pay to packages, by name; hostile processes pay them, too, and learn from them.
    """

    def __init__(
        self,
        lsa: Lsa,
        *,
        calls: int,
        name: str = "hostile",
        processes: int = 6,
        threads: int = 2,
        makers: Mapping[str, MessageMaker] = MappingProxyType({}),
        visits: Mapping[str, Visit] = MappingProxyType({}),
    ) -> None:
        self._made = HostileCalls()
        self._lsa = lsa
        self._calls = calls
        self._name = name
        self._processes = processes
        self._threads = threads
        self._makers = makers
        self._loot = Loot()
        self._choices = [*BATTERY_FUNCTIONS, *BATTERY_ACTIONS, *["LsaCallAuthenticationPackage"] * (_MESSAGES - 1)]
        self._actions = Actions(lsa, self._made, visits).by_name

    @property
    def outcomes(self) -> Counter[tuple[str, str]]:
        """How often each function, or action, ended how: with "success", "False", a status by its name, or the name of
        what was raised into the hostile process; "gave up" for a call that its thread did not wait for."""
        return self._made.outcomes

    @property
    def done(self) -> int:
        """Calls so far."""
        return self._made.done

    async def run(self) -> None:
        """Make the calls; the processes are gone afterwards.

        Raises:
            Exception: whatever a call raised that it must not. A note on it says which call, with what.
        """
        processes = []
        try:
            async with trio.open_nursery() as nursery:
                for index in range(self._processes):
                    process = self._started(f"{self._name}-{index + 1}", 1)
                    processes.append(process)
                    for thread in range(self._threads):
                        name = f"{process.name} thread {thread + 1}"
                        nursery.start_soon(self._attack, process, thread, name=name)
        finally:
            for process in processes:
                process.client.terminate()

    def _started(self, name: str, number: int) -> _Process:
        """A process, with a connection as most have; every other one may be a logon process."""
        client = self._lsa.start_client(f"{name}.{number}", has_tcb_privilege=number % 2 == 0)
        client.connect(trusted=number % 4 == 0)
        return _Process(name, number, client, Loot(connections=[client.handle]))

    async def _attack(self, process: _Process, thread: int) -> None:
        random = current().random("battery", process.name, thread)
        values = SspiValues(self._lsa, self._loot, random, self._makers)
        while self.done < self._calls:
            if not process.client.is_alive and random.random() < 0.7:  # else it goes on: the dead call, too
                fresh = self._started(process.name, process.number + 1)
                process.client, process.number, process.own = fresh.client, fresh.number, fresh.own
            values.begin(process.client, process.own)
            await self._try(random.choice(self._choices), values)
            if self._made.escaped is not None:
                raise self._made.escaped
            if random.random() < 0.1:
                await sleep_ns(random.randrange(1, 50))

    async def _try(self, name: str, values: SspiValues) -> None:
        """Do one of all things, and be patient or not."""
        arguments: Arguments = ()
        if name in BATTERY_FUNCTIONS:
            arguments = self._made.arguments(name, values)
            call: Callable[[], Awaitable[object]] = partial(self._made.make, name, arguments, values)
        else:
            call = partial(self._actions[name], values)
        patience = values.random.randrange(1, 20) / 1e9 if values.random.random() < _IMPATIENT else float("inf")
        with trio.move_on_after(patience), suppress(Exception):  # what must not be is kept for `_attack`
            await self._made.counted(name, call, arguments, values)
