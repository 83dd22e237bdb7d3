"""What a hostile process does besides calling functions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

import trio

from lsart.contract import AccessViolation, ProcessTerminated, StatusError
from lsart.runtime import Lsa, SectionView
from lsart.stress._battery_calls import HostileCalls
from lsart.stress._battery_visits import watched
from lsart.stress._loot import MESSAGE_SIZES
from lsart.stress._loot_sspi import SspiValues
from lsart.stress._operations import Visit

__all__ = ["BATTERY_ACTIONS", "Actions"]

BATTERY_ACTIONS: Final = (
    "pass through",
    "read a section",
    "write a section",
    "read memory",
    "write memory",
    "pay a visit",
    "end the process",
)
"""What else a process can do: pass-through requests, its views of sections, any address, visits, dying."""


class Actions:
    """A method for each.

    Args:
        visits: that clients pay to packages, by name.
    """

    def __init__(self, lsa: Lsa, calls: HostileCalls, visits: Mapping[str, Visit]) -> None:
        self._lsa = lsa
        self._calls = calls
        self._visits = tuple(visits.values())
        ways = (
            self._pass_through,
            self._read_section,
            self._write_section,
            self._read_memory,
            self._write_memory,
            self._visit,
            self._end,
        )
        self.by_name: Mapping[str, Callable[[SspiValues], Awaitable[object]]] = MappingProxyType(
            dict(zip(BATTERY_ACTIONS, ways, strict=True))
        )

    async def _visit(self, values: SspiValues) -> object:
        """False if it came to nothing, as a visit may whose calls are not all honest."""
        if not self._visits:
            await trio.lowlevel.checkpoint()
            return None
        visit = values.random.choice(self._visits)
        try:
            await visit(watched(self._calls, values), values.random, values.random.choice(MESSAGE_SIZES))
        except (AccessViolation, ProcessTerminated, StatusError):
            raise
        except Exception:
            return False  # what a call must not do was noted when it did
        return None

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
