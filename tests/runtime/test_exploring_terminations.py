"""Two clients whose tokens are the last of one logon session, while schedules are explored."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from tokens import LUID, create

import lsart
from lsart.contract import ClientRequest, FunctionTable
from lsart.events import Origin
from lsart.runtime import LsaSettings

SETTINGS = LsaSettings(costs=lsart.Costs(heap_lock=0, commit_page=0, create_section=0), watchdog=None)


class Told:
    """An authentication package that has a ticket for a session until it hears that it ended."""

    name = "told"

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.tickets = {LUID: 1}

    async def SpInitialize(self, package_id: int, parameters: object, table: FunctionTable) -> None:
        self.table = table

    def SpGetInfo(self) -> lsart.SecPkgInfo:
        return lsart.SecPkgInfo(self.name)

    async def LsaApLogonTerminated(self, logon_id: int) -> None:
        self.heard.append(logon_id)
        self.tickets.pop(logon_id, None)

    async def LsaApCallPackageUntrusted(self, request: ClientRequest, message: bytes, *_: object) -> None:
        if LUID in self.tickets:
            await trio.lowlevel.checkpoint()
            self.tickets[LUID] += 0 * self.tickets[LUID]


async def logged_on(lsa: lsart.Lsa, table: FunctionTable, *names: str) -> list[lsart.Client]:
    """A client for each name, with a token each of a session that is LSA's; nobody else has one."""
    await table.CreateLogonSession(LUID)
    clients = []
    for name in names:
        handle, _ = await create(table)
        clients.append(lsa.start_client(name))
        origin = Origin("", None, name, "", lsart.now_ns())
        assert lsa.security.handles.duplicate(handle, clients[-1].handles, origin) is not None
        table.win32.CloseHandle(handle)
    lsa.security.sessions.hand_over(lsa.security.sessions.get(LUID), lsart.now_ns())
    return clients


@pytest.mark.parametrize("strategy", ["dfs", "dpor"])
@pytest.mark.parametrize("by", ["closing", "dying"])
def test_each_package_is_told_once_whoever_closes_the_last_token(strategy: str, by: str) -> None:
    last: set[str] = set()

    async def main() -> None:
        first, second = Told(), type("Other", (Told,), {"name": "other"})()
        async with lsart.open_lsa(first, second, settings=SETTINGS) as lsa:
            clients = await logged_on(lsa, first.table, "alice", "bob")

            async def ends(client: lsart.Client) -> None:
                await lsart.point("the logon sessions of LSA")
                if by == "dying":
                    client.terminate()
                else:
                    assert client.CloseHandle(next(iter(client.handles)))
                if lsa.security.sessions.find(LUID) is None:
                    last.add(client.name)
                await lsart.point("the logon sessions of LSA", "r")
                assert client.CloseHandle(4) is False
                assert first.heard.count(LUID) <= 1

            async with trio.open_nursery() as nursery:
                for client in clients:
                    nursery.start_soon(ends, client, name=client.name)
            await lsa.terminations.settle()
            assert (first.heard, second.heard) == ([LUID], [LUID])
            assert lsa.check() == []
        assert (first.heard, second.heard) == ([LUID], [LUID])

    result = lsart.explore(main, strategy=strategy, labelled=True, schedules=3000, shrink=False)
    assert result.failure is None, result.failure
    assert result.is_exhausted
    assert last == {"alice", "bob"}


@pytest.mark.parametrize("strategy", ["dfs", "dpor"])
def test_hearing_of_it_counts_as_touching_the_state_of_the_package(strategy: str) -> None:
    """A call looks for the ticket and then uses it, and meanwhile the package hears that its session ended."""

    async def main() -> None:
        package: Any = Told()
        async with lsart.open_lsa(package, settings=SETTINGS) as lsa, lsa.connect("bob") as bob:
            (alice,) = await logged_on(lsa, package.table, "alice")

            async def dies() -> None:
                alice.terminate()

            async with trio.open_nursery() as nursery:
                nursery.start_soon(dies, name="alice")
                nursery.start_soon(bob.call, "told", b"", name="bob")

    result = lsart.explore(main, strategy=strategy, labelled=True, schedules=3000, shrink=False)
    assert result.failure is not None
    assert "KeyError" in str(result.failure.symptom)
