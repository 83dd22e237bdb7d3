"""Clients of one group: how they come, what they send, when they stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from itertools import accumulate
from random import Random
from typing import cast

import attrs
import trio

from lsart.contract import STATUS_NO_SUCH_PACKAGE, AccessViolation, ProcessTerminated, StatusError
from lsart.engine import current, now_ns, sleep_ns
from lsart.runtime import Client, Lsa
from lsart.stress._distributions import Distribution
from lsart.stress._operations import Doing, MessageMaker, Visit, is_visit, make_message, pay
from lsart.stress._scenario import ClientGroup

__all__ = ["Population", "Tally"]

_NS_PER_S = 1e9


@attrs.define
class Tally:
    """What only the clients know; everything else is in the events.

    Args:
        on_call: called after every call with `done`. done: calls that their clients have behind them.
        unserved: calls that found no package, as it had been disabled. unreadable: replies that were not there to
            read, one message for the first of them.
    """

    on_call: Callable[[int], None]
    done: int = 0
    unserved: int = 0
    unreadable: str = ""


@attrs.frozen
class _Drawn:
    """A visit that is to be paid."""

    visit: Visit
    random: Random
    size: int


class Population:
    """The clients of one group.

    Args:
        package: the name under which they find the package. makers: what each operation is.
        start_ns: when the run of the population began.
    """

    def __init__(
        self,
        lsa: Lsa,
        group: ClientGroup,
        package: str,
        makers: Mapping[str, Doing],
        tally: Tally,
        start_ns: int,
    ) -> None:
        self._lsa = lsa
        self._group = group
        self._package = package
        self._messages: list[tuple[str, Doing, Distribution]] = [
            (each.name, makers[each.name], each.size) for each in group.operations
        ]
        self._weights = list(accumulate(each.weight for each in group.operations))
        self._tally = tally
        self._start = start_ns
        self._end = None if group.duration is None else start_ns + group.duration

    def begin(self, nursery: trio.Nursery) -> None:
        """Start the group's tasks."""
        group = self._group
        if group.arrivals is not None:
            nursery.start_soon(self._open_loop, name=f"arrivals of {group.name}")
            return
        for index in range(group.count):
            nursery.start_soon(self._closed_loop, index, name=self._name(index))

    def _name(self, index: int) -> str:
        return f"{self._group.name}-{index + 1}"

    async def _closed_loop(self, index: int) -> None:
        group, end = self._group, self._end
        # A stream of its own: what one client draws does not depend on what others do.
        random = current().random("client", group.name, index)
        delay = group.start.delay(index, random)
        if delay:
            await sleep_ns(delay)
        async with self._lsa.connect(self._name(index), trusted=group.trusted) as client:
            think, left = group.think_time, group.calls
            while left != 0 and (end is None or now_ns() < end):
                operation, drawn = self._draw(random)
                await self._call(client, operation, drawn)
                if left is not None:
                    left -= 1
                if think is not None and left != 0:
                    await sleep_ns(think.sample(random))

    async def _open_loop(self) -> None:
        group, end, start = self._group, self._end, self._start
        assert group.arrivals is not None
        engine = current()
        random = engine.random("client", group.name)
        left = group.calls
        async with AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(self._lsa.connect(self._name(index), trusted=group.trusted))
                for index in range(group.count)
            ]
            async with trio.open_nursery() as nursery:
                for number, offset in enumerate(group.arrivals.times(engine.random("arrivals", group.name))):
                    time = start + offset
                    if left == 0 or (end is not None and time >= end):
                        break
                    if left is not None:
                        left -= 1
                    now = now_ns()
                    if time > now:
                        await sleep_ns(time - now)
                    operation, drawn = self._draw(random)
                    nursery.start_soon(self._call, clients[number % group.count], operation, drawn)

    def _draw(self, random: Random) -> tuple[str, bytes | _Drawn]:
        messages = self._messages
        if len(messages) > 1:
            name, maker, size = random.choices(messages, cum_weights=self._weights)[0]
        else:
            name, maker, size = messages[0]
        if is_visit(maker):
            # Chance of its own: visits of one group that overlap take nothing from each other.
            return name, _Drawn(maker, Random(random.getrandbits(64)), size.sample(random))
        return name, make_message(name, cast(MessageMaker, maker), random, size.sample(random))

    async def _do(self, client: Client, operation: str, drawn: bytes | _Drawn) -> None:
        if isinstance(drawn, _Drawn):
            await trio.lowlevel.checkpoint()  # one that makes no call must not keep others from getting anywhere
            await pay(operation, drawn.visit, client, drawn.random, drawn.size)
        else:
            await client.call(self._package, drawn, operation=operation)

    async def _call(self, client: Client, operation: str, drawn: bytes | _Drawn) -> None:
        """One call or visit, with all that can come of it: whatever it is, it is a result and is in the events."""
        if self._group.map_section:
            self._map(client)
        patience = self._group.patience
        try:
            if patience is None:
                await self._do(client, operation, drawn)
            else:
                with trio.move_on_after(patience / _NS_PER_S):
                    await self._do(client, operation, drawn)
        except StatusError as error:
            if error.status == STATUS_NO_SUCH_PACKAGE and not self._is_served():
                self._tally.unserved += 1
                # Nothing was awaited, and a client that gets nowhere must not keep others from getting anywhere.
                await trio.lowlevel.checkpoint()
        except ProcessTerminated:
            pass
        except AccessViolation as error:
            if not self._tally.unreadable:
                self._tally.unreadable = f"operation {operation!r} of {client.name}: {error}"
        self._tally.done += 1
        self._tally.on_call(self._tally.done)

    def _is_served(self) -> bool:
        return any(each.name == self._package for each in self._lsa.packages)

    def _map(self, client: Client) -> None:
        """Map the package's first section, as soon as it has one."""
        if not client.process.space.regions():
            try:
                client.map_section(self._package)
            except (LookupError, StatusError):
                return
