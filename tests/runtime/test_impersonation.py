"""ImpersonateClient and its end: as whom the thread of a package acts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from lsas import Log, Scripted, in_use, scripted, simulated, status_of
from tokens import LUID, V1, create

import lsart
from lsart.contract import (
    LSA_TOKEN_INFORMATION_NULL,
    NTSTATUS,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_PRIVILEGE_NOT_HELD,
    STATUS_SUCCESS,
    STATUS_UNSUCCESSFUL,
    CallPackageReply,
    Choices,
    ClientRequest,
    FunctionTable,
    ProcessTerminated,
    StatusError,
    enumerations,
)
from lsart.events import ImpersonationLeft
from lsart.memory import MachineLimits
from lsart.runtime import Client, LsaSettings
from lsart.security import PRIVILEGES, AccessToken
from lsart.watch import Monitor

IDENTIFICATION = enumerations.SECURITY_IMPERSONATION_LEVEL.SecurityIdentification
IMPERSONATION = enumerations.SECURITY_IMPERSONATION_LEVEL.SecurityImpersonation
WITHOUT = frozenset(PRIVILEGES) - {"SeImpersonatePrivilege"}

Body = Callable[[FunctionTable, ClientRequest, bytes], Any]


class World:
    """An LSA with "cache", which made the clients' tokens, and "other", whose calls do `body`."""

    def __init__(self, lsa: lsart.Lsa, cache: Scripted, other: Scripted) -> None:
        self.lsa, self.cache, self.other = lsa, cache, other

    async def client(self, name: str = "alice", **token: Any) -> Client:
        """A client process that runs by a token of its own."""
        handle, _ = await create(self.cache.table, **token)
        client = self.lsa.start_client(name, token=handle)
        self.cache.table.win32.CloseHandle(handle)
        client.connect(trusted=False)
        return client

    def identity(self, table: FunctionTable | None = None) -> AccessToken | None:
        """By which token this task acts, as a package finds out; None for LSASS's own."""
        win32 = (table or self.other.table).win32
        handle = win32.OpenThreadToken()
        if handle is None:
            assert win32.GetLastError() == 1008
            return None
        token = self.lsa.security.handles.find(handle)
        assert isinstance(token, AccessToken)
        assert win32.CloseHandle(handle)
        return token


@asynccontextmanager
async def world(body: Body, log: Log | None = None, *, of: str = "other", **settings: Any) -> AsyncIterator[World]:
    """`of` says whose calls do `body`. Nothing may be left of it."""
    cache = scripted("cache", call=body if of == "cache" else None)
    other = scripted("other", call=body if of == "other" else None)
    given = LsaSettings(watchdog=None, **settings)
    async with lsart.open_lsa(cache, other, settings=given, bus=None if log is None else log.bus) as lsa:
        await cache.table.CreateLogonSession(LUID)
        yield World(lsa, cache, other)
        for client in lsa.clients:
            client.terminate()
        assert lsa.check() == []
        await cache.table.DeleteLogonSession(LUID)
        assert in_use(lsa) == {}


@pytest.mark.rule("IMP-1")
@simulated
async def test_the_thread_acts_as_the_client_of_its_call_and_others_do_not() -> None:
    seen: list[tuple[str, AccessToken | None]] = []
    both = trio.Event()

    async def body(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        seen.append(("before", here.identity()))
        if message == b"impersonate":
            await table.ImpersonateClient()
            seen.append(("after", here.identity()))
            both.set()
            await trio.sleep(1)
            seen.append(("still", here.identity()))
            table.win32.RevertToSelf()
        else:
            await both.wait()
            seen.append(("another call", here.identity()))

    async with world(body) as here:
        alice, bob = await here.client("alice"), await here.client("bob")
        assert alice.token is not bob.token
        async with trio.open_nursery() as nursery:
            nursery.start_soon(alice.call, "other", b"impersonate")
            nursery.start_soon(bob.call, "other", b"look")
        assert sorted(seen, key=lambda each: each[0]) == [
            ("after", alice.token),
            ("another call", None),
            ("before", None),
            ("before", None),
            ("still", alice.token),
        ]
        assert here.identity() is None


@pytest.mark.rule("IMP-1")
@simulated
async def test_a_client_that_impersonates_is_impersonated_as_that() -> None:
    seen: list[AccessToken | None] = []

    async def body(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await table.ImpersonateClient()
        seen.append(here.identity())
        table.win32.RevertToSelf()

    async with world(body) as here:
        alice, bob = await here.client("alice"), await here.client("bob")
        handle = next(iter(bob.handles))
        given = bob.handles.duplicate(handle, alice.handles, alice._origin("test"))
        assert given is not None
        assert alice.ImpersonateLoggedOnUser(given)
        await alice.call("other", b"")
        assert alice.RevertToSelf()
        await alice.call("other", b"")
        assert seen == [bob.token, alice.token]


@pytest.mark.rule("IMP-2")
@pytest.mark.choice("impersonate_without_call", "STATUS_INVALID_PARAMETER")
@pytest.mark.parametrize("status", [STATUS_UNSUCCESSFUL, STATUS_INVALID_PARAMETER])
@simulated
async def test_success_returns_nothing_and_without_a_call_there_is_nobody_to_act_as(status: NTSTATUS) -> None:
    results: list[object] = []

    async def body(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        function: Any = table.ImpersonateClient
        results.append(await function())
        table.win32.RevertToSelf()

    async with world(body, choices=Choices(impersonate_without_call=status)) as here:
        await (await here.client()).call("other", b"")
        assert results == [None]
        assert await status_of(here.other.table.ImpersonateClient()) == status
        assert here.identity() is None


@pytest.mark.rule("IMP-3")
@pytest.mark.parametrize("cause", ["privilege", "handles", "ended"])
@simulated
async def test_after_a_failure_the_thread_acts_as_lsass(cause: str) -> None:
    found: list[tuple[NTSTATUS, AccessToken | None]] = []

    async def body(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        held = []
        if cause == "handles":
            while (event := table.win32.CreateEvent()) is not None:
                held.append(event)
        elif cause == "ended":
            alice.terminate()
        status = await status_of(table.ImpersonateClient())
        for event in held:
            table.win32.CloseHandle(event)
        found.append((status, here.identity()))

    limits = MachineLimits(handles=8)
    privileges = WITHOUT if cause == "privilege" else frozenset(PRIVILEGES)
    async with world(body, machine=limits, lsass_privileges=privileges) as here:
        alice = await here.client()
        try:
            await alice.call("other", b"")
        except ProcessTerminated:
            assert cause == "ended"
    expected = {
        "privilege": STATUS_PRIVILEGE_NOT_HELD,
        "handles": STATUS_INSUFFICIENT_RESOURCES,
        "ended": STATUS_UNSUCCESSFUL,
    }
    assert found == [(expected[cause], None)]


@pytest.mark.rule("IMP-4")
@simulated
async def test_revert_to_self_ends_it_and_a_call_that_forgets_to_is_told_and_ended(log: Log) -> None:
    seen: list[AccessToken | None] = []

    async def body(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        seen.append(here.identity())
        await table.ImpersonateClient()
        if message == b"revert":
            assert table.win32.RevertToSelf() is True
            assert table.win32.RevertToSelf() is True
        seen.append(here.identity())

    monitor = Monitor(log.bus)
    async with world(body, log, workers=1) as here:
        alice = await here.client()
        await alice.call("other", b"revert")
        assert seen == [None, None]
        assert log.of(ImpersonationLeft) == []
        await alice.call("other", b"forget")
        assert seen[2:] == [None, alice.token]
        told = log.one(ImpersonationLeft)
        assert (told.origin.package, told.origin.client, told.origin.function) == (
            "other",
            "alice",
            "ImpersonateClient",
        )
        await alice.call("other", b"revert")
        assert seen[4:] == [None, None], "the worker is the same, and acts as LSASS again"
    assert [each.kind for each in monitor.summary().misuse] == ["ImpersonationLeft"]


@pytest.mark.rule("IMP-5")
@pytest.mark.parametrize(
    ("of", "level", "privileges", "expected"),
    [
        ("other", IMPERSONATION, WITHOUT, STATUS_PRIVILEGE_NOT_HELD),
        ("other", IDENTIFICATION, WITHOUT, STATUS_SUCCESS),
        ("other", IMPERSONATION, frozenset({"SeImpersonatePrivilege"}), STATUS_SUCCESS),
        ("cache", IMPERSONATION, WITHOUT, STATUS_SUCCESS),
        ("same", IMPERSONATION, WITHOUT, STATUS_SUCCESS),
        ("anonymous", IMPERSONATION, WITHOUT, STATUS_PRIVILEGE_NOT_HELD),
    ],
    ids=["none holds", "a lower level", "the privilege", "its own token", "the same identity", "nobody's own token"],
)
@simulated
async def test_any_of_four_conditions_allows_it(
    of: str, level: int, privileges: frozenset[str], expected: NTSTATUS
) -> None:
    found: list[NTSTATUS] = []

    async def body(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        try:
            await table.ImpersonateClient()
        except StatusError as error:
            found.append(error.status)
            return
        found.append(STATUS_SUCCESS)
        table.win32.RevertToSelf()

    body_of = "other" if of in ("other", "same") else "cache"
    async with world(body, of=body_of, lsass_privileges=privileges) as here:
        if of == "same":
            client = here.lsa.start_client("alice")  # in the system's session, as LSASS
            client.connect(trusted=False)
        elif of == "anonymous":
            nobody: dict[str, Any] = {
                "token_information_type": 0,
                "token_information": LSA_TOKEN_INFORMATION_NULL(),
                "logon_type": 3,
            }
            client = await here.client(impersonation_level=level, account_name="", **nobody)
        else:
            client = await here.client(impersonation_level=level, token_information=V1)
        await client.call(body_of, b"")
    assert found == [expected]


@simulated
async def test_what_is_started_while_impersonating_acts_as_lsass() -> None:
    seen: list[AccessToken | None] = []
    tasks: list[AccessToken | None] = []

    async def body(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        def thread(_: object) -> int:
            seen.append(here.identity())
            return 0

        async def task() -> None:
            tasks.append(here.identity())

        await table.ImpersonateClient()
        started = await table.CreateThread(None, 0, thread, None, 0)
        assert started is not None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(task)
        await trio.sleep(1)
        table.win32.CloseHandle(started[0])
        table.win32.RevertToSelf()

    async with world(body) as here:
        await (await here.client()).call("other", b"")
    assert (seen, tasks) == ([None], [None])


@simulated
async def test_a_task_of_the_package_that_outlives_the_call_acts_as_lsass_again(log: Log) -> None:
    seen: list[AccessToken | None] = []

    async def body(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        async def task() -> None:
            await table.ImpersonateClient()
            seen.append(here.identity())
            await trio.sleep(10)
            seen.append(here.identity())

        nursery.start_soon(task)
        await trio.sleep(1)
        return CallPackageReply()

    async with world(body, log) as here, trio.open_nursery() as nursery:
        alice = await here.client()
        await alice.call("other", b"")
        await trio.sleep(20)
        assert seen == [alice.token, None]
        assert log.one(ImpersonationLeft).origin.client == "alice"


@pytest.mark.parametrize("strategy", ["random", "dpor"])
def test_a_client_can_end_before_and_after_it_is_impersonated(strategy: str) -> None:
    found: set[str] = set()

    async def body(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        try:
            await table.ImpersonateClient()
        except StatusError as error:
            found.add(error.status.name)
            return
        found.add("impersonated")
        table.win32.RevertToSelf()

    async def main() -> None:
        costs = lsart.Costs(heap_lock=0, commit_page=0, create_section=0)
        async with world(body, costs=costs) as here:
            alice = await here.client()

            async def calls() -> None:
                try:
                    await alice.call("other", b"")
                except (ProcessTerminated, StatusError):  # it ended meanwhile, or before
                    return

            async def ends() -> None:
                await trio.lowlevel.checkpoint()
                alice.terminate()

            async with trio.open_nursery() as nursery:
                nursery.start_soon(calls, name="alice")
                nursery.start_soon(ends, name="the end of alice")

    result = lsart.explore(main, strategy=strategy, labelled=True, schedules=300, shrink=False)
    assert result.failure is None
    assert found == {"impersonated", "STATUS_UNSUCCESSFUL"}


def test_lsass_holds_privileges_that_there_are() -> None:
    with pytest.raises(ValueError, match="SeFlyPrivilege: no privilege has that name"):
        LsaSettings(lsass_privileges=frozenset({"SeFlyPrivilege"}))
