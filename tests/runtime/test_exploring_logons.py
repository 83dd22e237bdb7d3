"""Logons while schedules are explored: whatever comes between, nobody is half logged on."""

from __future__ import annotations

import pytest
import trio
from logons import Accepted, Ask, authenticator, create, log_on
from lsas import Log

import lsart
from lsart.contract import SECPKG_PRIMARY_CRED, FunctionTable, LogonUserResult, ProcessTerminated, StatusError
from lsart.runtime import LsaSettings

SETTINGS = LsaSettings(costs=lsart.Costs(heap_lock=0, commit_page=0, create_section=0), watchdog=None)


async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
    profile = await table.AllocateClientBuffer(ask.request, 16)
    given = SECPKG_PRIMARY_CRED(password="secret")
    return await create(table, ask, profile_buffer=profile, profile_buffer_length=16, primary_credentials=given)


async def accept(table: FunctionTable, given: Accepted) -> None:
    assert given.password == "secret"


@pytest.mark.parametrize(("strategy", "steps"), [("dpor", 1), ("random", 1), ("random", 12), ("random", 25)])
def test_a_client_that_dies_at_any_point_of_its_logon_leaves_nothing_behind(strategy: str, steps: int) -> None:
    found: set[str] = set()

    async def main() -> None:
        told: list[str] = []

        async def attempt(client: lsart.Client) -> None:
            try:
                await log_on(client)
                told.append("logged on")
            except (ProcessTerminated, StatusError) as error:
                told.append(type(error).__name__)

        async def die(client: lsart.Client) -> None:
            for _ in range(steps):
                await trio.lowlevel.checkpoint()
            client.terminate()

        packages = authenticator(answer=answer), authenticator("other", accepts=accept)
        async with lsart.open_lsa(*packages, settings=SETTINGS) as lsa, lsa.connect("alice") as alice:
            before = len(list(lsa.security.sessions))
            async with trio.open_nursery() as nursery:
                nursery.start_soon(attempt, alice)
                nursery.start_soon(die, alice)
            while lsa.dispatcher.in_flight:
                await trio.lowlevel.checkpoint()
            assert len(list(lsa.security.sessions)) == before
            assert (len(lsa.security.handles), len(alice.handles), alice.process.committed) == (0, 0, 0)
            heap = lsa.memory.lsa_heap
            assert heap is None or heap.statistics().live_blocks == 0
            assert lsa.check() == []
        found.add(told[0])

    result = lsart.explore(main, strategy=strategy, labelled=True, schedules=300, shrink=False)
    assert result.failure is None, result.failure
    assert found >= ({"logged on", "ProcessTerminated"} if strategy == "dpor" else {"ProcessTerminated"})


@pytest.mark.parametrize("strategy", ["random", "dpor"])
def test_a_password_changes_before_or_after_a_package_hears_of_the_logon(strategy: str) -> None:
    found: set[tuple[str, ...]] = set()

    async def main() -> None:
        heard: list[str] = []
        auth = authenticator(answer=answer)

        async def update(logon_id: int) -> None:
            new = SECPKG_PRIMARY_CRED(logon_id=logon_id, password="changed")
            await auth.table.UpdateCredentials(new, None)

        other = authenticator("other", accepts=lambda table, given: heard.append(given.password))
        async with (
            lsart.open_lsa(auth, other, settings=SETTINGS) as lsa,
            lsa.connect("alice") as alice,
            lsa.connect("bob") as bob,
        ):
            first = await log_on(alice)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(update, first.logon_id)
                nursery.start_soon(log_on, bob)
            assert lsa.check() == []
        found.add(tuple(heard[1:]))

    result = lsart.explore(main, strategy=strategy, labelled=True, schedules=300, shrink=False)
    assert result.failure is None, result.failure
    assert found == {("changed", "secret"), ("secret", "changed")}


@pytest.mark.parametrize("strategy", ["random", "dpor"])
def test_two_logons_race_for_the_last_handle(strategy: str) -> None:
    found: set[tuple[str, ...]] = set()
    limits = lsart.MachineLimits(handles=1)
    settings = LsaSettings(costs=SETTINGS.costs, watchdog=None, machine=limits)

    async def main() -> None:
        told: list[str] = []
        log = Log()

        async def attempt(client: lsart.Client) -> None:
            try:
                await log_on(client)
            except StatusError as error:
                told.append(f"{client.name} {error.status.name}")

        auth = authenticator(answer=answer), authenticator("other", accepts=accept)
        async with (
            lsart.open_lsa(*auth, settings=settings, bus=log.bus) as lsa,
            lsa.connect("alice") as alice,
            lsa.connect("bob") as bob,
        ):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(attempt, alice)
                nursery.start_soon(attempt, bob)
            assert lsa.check() == []
        found.add(tuple(told))

    result = lsart.explore(main, strategy=strategy, labelled=True, schedules=400, shrink=False)
    assert result.failure is None, result.failure
    alice, bob = ("alice STATUS_INSUFFICIENT_RESOURCES",), ("bob STATUS_INSUFFICIENT_RESOURCES",)
    assert found <= {(), alice, bob}
    # dpor goes through orders one after another, and there are many more of them than this.
    assert found >= ({(), bob} if strategy == "dpor" else {(), alice, bob})
