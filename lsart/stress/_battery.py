"""A battery of hostile calls: processes that call whatever a process can call, with whatever it can pass.

Its calls follow from the seed of the run alone. Handles are their own, each other's, stale, guessed or of no type that
a handle has; lengths lie; buffers are freed twice; processes end in the middle of a call and others take their place.
None of it may raise anything but what Windows would do to that process: a status, a fault of its own, its own end.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

import attrs
import trio

from lsart.contract import (
    AccessViolation,
    ProcessTerminated,
    StatusError,
)
from lsart.engine import current, sleep_ns
from lsart.runtime import Client, Lsa, SectionView
from lsart.stress._battery_finds import keep_what_is_of_use
from lsart.stress._battery_functions import BATTERY_FUNCTIONS, Arguments
from lsart.stress._loot import Kind, Loot
from lsart.stress._loot_sspi import SspiValues
from lsart.stress._operations import MessageMaker

__all__ = ["BATTERY_ACTIONS", "Battery"]

BATTERY_ACTIONS: Final = (
    "pass through",
    "read a section",
    "write a section",
    "read memory",
    "write memory",
    "end the process",
)
"""What else a process can do: pass-through requests, its views of sections, any address, dying."""

_MESSAGES = 8  # calls of packages are the most worth it: they come as often as so many others
_IMPATIENT = 0.05
_GIVE_BACK: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "LsaDeregisterLogonProcess": "connections",
        "CloseHandle": "handles",
        "LsaFreeReturnBuffer": "buffers",
        "FreeContextBuffer": "buffers",
        "FreeCredentialsHandle": "credentials",
        "DeleteSecurityContext": "contexts",
    }
)


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

    Attributes:
        outcomes: how often each function, or action, ended how: with "success", "False", a status by its name, or the
            name of what was raised into the hostile process; "gave up" for a call that its thread did not wait for.
        done: calls so far.
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
    ) -> None:
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.done = 0
        self._lsa = lsa
        self._calls = calls
        self._name = name
        self._processes = processes
        self._threads = threads
        self._makers = makers
        self._loot = Loot()
        self._choices = [*BATTERY_FUNCTIONS, *BATTERY_ACTIONS, *["LsaCallAuthenticationPackage"] * (_MESSAGES - 1)]
        self._actions: dict[str, Callable[[SspiValues], Awaitable[object]]] = {
            "pass through": self._pass_through,
            "read a section": self._read_section,
            "write a section": self._write_section,
            "read memory": self._read_memory,
            "write memory": self._write_memory,
            "end the process": self._end,
        }

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
            self.done += 1
            if not process.client.is_alive and random.random() < 0.7:  # else it goes on: the dead call, too
                fresh = self._started(process.name, process.number + 1)
                process.client, process.number, process.own = fresh.client, fresh.number, fresh.own
            values.begin(process.client, process.own)
            name = random.choice(self._choices)
            self.outcomes[name, await self._outcome(name, values)] += 1
            if random.random() < 0.1:
                await sleep_ns(random.randrange(1, 50))

    async def _outcome(self, name: str, values: SspiValues) -> str:
        """Make one call; how it ended."""
        client, arguments = values.client, ()
        try:
            if name in BATTERY_FUNCTIONS:
                arguments = BATTERY_FUNCTIONS[name](values)
                call: Callable[[], Awaitable[object]] = partial(self._call, name, arguments, values)
            else:
                call = partial(self._actions[name], values)
            patience = values.random.randrange(1, 20) if values.random.random() < _IMPATIENT else None
            with trio.move_on_after(float("inf") if patience is None else patience / 1e9) as scope:
                result = await call()
                return "False" if result is False else "success"
            assert scope.cancelled_caught
            return "gave up"
        except StatusError as error:
            return error.status.name
        except ProcessTerminated as error:
            if client.is_alive:
                raise self._told(error, name, arguments, values) from None
            return "ProcessTerminated"
        except AccessViolation as error:
            if error.space != client.process.space.name:  # its own faults are its own affair
                raise self._told(error, name, arguments, values) from None
            return "AccessViolation"
        except TypeError as error:
            if not values.has_wrong_type:
                raise self._told(error, name, arguments, values) from None
            return "TypeError"
        except Exception as error:
            raise self._told(error, name, arguments, values) from None

    def _told(self, error: Exception, name: str, arguments: Arguments, values: SspiValues) -> Exception:
        shown = ", ".join(map(repr, arguments))
        error.add_note(f"hostile call {self.done:,}: {name}({shown}) by {values.client!r}")
        return error

    # ------------------------------------------------------------------ what they do

    async def _call(self, name: str, arguments: Arguments, values: SspiValues) -> object:
        result = getattr(values.client, name)(*arguments)
        if inspect.isawaitable(result):
            result = await result
        else:
            await trio.lowlevel.checkpoint()  # Win32 functions do not wait, and nobody must be kept from his turn
        keep_what_is_of_use(name, result, values)
        if name in _GIVE_BACK and result is not False:
            values.lost(_GIVE_BACK[name], *arguments)
        return result

    async def _pass_through(self, values: SspiValues) -> object:
        return await values.client.LsaCallAuthenticationPackage(
            values.connection(), values.package(), values.message(), passthrough=True
        )

    async def _read_section(self, values: SspiValues) -> object:
        view = self._view(values)
        return None if view is None else await view.read(values.offset(), values.length())

    async def _write_section(self, values: SspiValues) -> object:
        view = self._view(values)
        if view is not None:
            await view.write(values.offset(), values.data())
        return None

    def _view(self, values: SspiValues) -> SectionView | None:
        sections = [section for each in self._lsa.packages for section in self._lsa.memory.sections(each.key)]
        if not sections:
            return None
        return values.client.map(values.random.choice(sections), writable=values.yes_or_no())

    async def _read_memory(self, values: SspiValues) -> object:
        buffer = values.buffer()
        return None if buffer is None else await values.client.memory.read(buffer, values.length())

    async def _write_memory(self, values: SspiValues) -> object:
        buffer = values.buffer()
        if buffer is not None:
            await values.client.memory.write(buffer, values.data())
        return None

    async def _end(self, values: SspiValues) -> object:
        if values.random.random() < 0.2:
            values.client.terminate()
        await trio.lowlevel.checkpoint()
        return None
