"""ConvertAuthDataToToken: a session and a token of what the account store said of somebody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from accounts import CONTOSO, contoso
from lsas import Log, Scripted, in_use, scripted, simulated, status_of

import lsart
from lsart.contract import (
    NTSTATUS,
    STATUS_BAD_LOGON_SESSION_STATE,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_SUCCESS,
    TOKEN_SOURCE,
    AccessViolation,
    ClientRequest,
    FunctionTable,
    Pointer,
    StatusError,
    enumerations,
)
from lsart.events import HandleLeaked, LogonSessionEnded, LogonTerminationTold, TokenCreated, TokenSourceForeign
from lsart.memory import LSASS, MachineLimits
from lsart.runtime import LsaSettings
from lsart.security import AccessToken, Accounts, SessionState

SAM = enumerations.SECPKG_NAME_TYPE.SecNameSamCompatible
ALICE = "CONTOSO\\alice"
DOMAIN = CONTOSO.sid


class Cache(Scripted):
    """A package that is told of sessions that end."""

    async def LsaApLogonTerminated(self, logon_id: int) -> None: ...


@asynccontextmanager
async def running(
    log: Log | None = None, *, accounts: Accounts = CONTOSO, **limits: int
) -> AsyncIterator[tuple[lsart.Lsa, FunctionTable]]:
    """An LSA with these accounts and the package "cache"."""
    package = Cache("cache")
    settings = LsaSettings(accounts=accounts, machine=MachineLimits(**limits), watchdog=None)
    async with lsart.open_lsa(package, settings=settings, bus=None if log is None else log.bus) as lsa:
        yield lsa, package.table
        assert lsa.check() == []


async def auth_data(table: FunctionTable, slot: str = "GetUserAuthData", name: str = ALICE) -> bytes:
    """Authorization data of an account, as bytes at hand."""
    if slot == "GetUserAuthData":
        handle = await table.OpenSamUser(name, SAM, None, False, 0)
        assert handle is not None
        block, size = await table.GetUserAuthData(handle)
        await table.CloseSamUser(handle)
    else:
        block, size, _ = await table.GetAuthDataForUser(name, SAM, None)
    assert block is not None
    data = await table.memory.read(block, size)
    await table.FreeLsaHeap(block)
    return data


async def convert(table: FunctionTable, data: Any, size: int, **given: Any) -> tuple[int, int, str, NTSTATUS]:
    """ConvertAuthDataToToken for an interactive logon."""
    arguments: dict[str, Any] = {
        "impersonation_level": 2,
        "token_source": TOKEN_SOURCE("cache"),
        "logon_type": 2,
        "authority_name": "CONTOSO",
    }
    return await table.ConvertAuthDataToToken(data, size, **(arguments | given))


@pytest.mark.rule("CAT-1", "GUA-1")
@pytest.mark.parametrize("slot", ["GetUserAuthData", "GetAuthDataForUser"])
@simulated
async def test_the_token_is_the_accounts_and_its_session_and_name_come_with_it(slot: str, log: Log) -> None:
    async with running(log) as (lsa, table):
        before = {each.logon_id for each in lsa.security.sessions}
        data = await auth_data(table, slot)
        handle, logon_id, account_name, sub_status = await convert(table, data, len(data))
        assert (account_name, sub_status) == ("alice", STATUS_SUCCESS)
        assert {each.logon_id for each in lsa.security.sessions} - before == {logon_id}
        token = lsa.security.handles.find(handle)
        assert isinstance(token, AccessToken)
        said = token.content
        assert (said.logon_id, said.user, said.account_name, said.authority_name) == (
            logon_id,
            f"{DOMAIN}-1001",
            "alice",
            "CONTOSO",
        )
        assert (said.primary_group, said.owner) == (f"{DOMAIN}-513", f"{DOMAIN}-1001")
        assert [each.sid for each in said.groups[:3]] == [f"{DOMAIN}-513", f"{DOMAIN}-1100", "S-1-1-0"]
        assert (said.impersonation_level, said.logon_type, said.source) == (2, 2, TOKEN_SOURCE("cache"))
        assert log.one(TokenCreated).origin.function == "ConvertAuthDataToToken"
        assert log.of(TokenSourceForeign) == []
        table.win32.CloseHandle(handle)


@simulated
async def test_groups_of_groups_are_in_the_token_when_the_data_was_expanded_and_it_may_lie_in_memory() -> None:
    async with running() as (lsa, table):
        given, length, _ = await table.GetAuthDataForUser(ALICE, SAM, None)
        assert given is not None
        block, size = await table.ExpandAuthDataForDomain(given, length, None)
        await table.FreeLsaHeap(given)
        assert block is not None
        handle, *_ = await convert(table, block, size)
        token = lsa.security.handles.find(handle)
        assert isinstance(token, AccessToken)
        found = [each.sid for each in token.content.groups[:4]]
        assert found == [f"{DOMAIN}-{rid}" for rid in (513, 1100, 1101, 1102)]
        table.win32.CloseHandle(handle)
        await table.FreeLsaHeap(block)
        with pytest.raises(AccessViolation):
            await convert(table, Pointer(8, LSASS), size)


@pytest.mark.rule("CAT-2")
@simulated
async def test_anything_but_authorization_data_of_this_lsa_is_refused_and_leaves_nothing() -> None:
    async with running(accounts=contoso(disabled=False)) as (lsa, table):
        data = await auth_data(table)
        before = len(list(lsa.security.sessions))
        elsewhere = bytearray(data)
        elsewhere[len(data) // 2] ^= 1
        for wrong in (b"", b"alice", bytes(elsewhere), data[:-1], data + b"\0", bytes(len(data))):
            with pytest.raises(StatusError) as caught:
                await convert(table, wrong, len(wrong))
            assert (caught.value.status, caught.value.sub_status) == (STATUS_INVALID_PARAMETER,) * 2
        assert await status_of(convert(table, data, len(data) - 1)) == STATUS_INVALID_PARAMETER
        assert (len(list(lsa.security.sessions)), list(lsa.security.handles)) == (before, [])


@pytest.mark.rule("CAT-3")
@simulated
async def test_the_caller_closes_the_token_and_the_session_ends_with_it(log: Log) -> None:
    async with running(log) as (lsa, table):
        data = await auth_data(table)
        handle, logon_id, _, _ = await convert(table, data, len(data))
        assert lsa.security.sessions.get(logon_id).state is SessionState.OWNED
        assert await status_of(table.DeleteLogonSession(logon_id)) == STATUS_BAD_LOGON_SESSION_STATE
        assert table.win32.CloseHandle(handle) is True
        assert log.one(LogonSessionEnded).logon_id == logon_id
        await lsa.terminations.settle()
        assert [(each.logon_id, each.package) for each in log.of(LogonTerminationTold)] == [(logon_id, "cache")]
        left, *_ = await convert(table, data, len(data))
    told = log.one(HandleLeaked)
    assert (told.kind, told.handle, told.opened.function) == ("token", left, "ConvertAuthDataToToken")
    assert in_use(lsa) == {}


@pytest.mark.rule("CAT-4")
@pytest.mark.parametrize("limit", [{"handles": 1}, {"paged_pool": 256}])
@simulated
async def test_success_gives_all_of_it_and_a_failure_a_status_with_sub_status_and_no_session(
    limit: dict[str, Any],
) -> None:
    async with running(**limit) as (lsa, table):
        data = await auth_data(table)
        handle, logon_id, _, sub_status = await convert(table, data, len(data))
        assert sub_status == STATUS_SUCCESS
        with pytest.raises(StatusError) as caught:
            await convert(table, data, len(data))
        assert (caught.value.status, caught.value.sub_status) == (STATUS_INSUFFICIENT_RESOURCES,) * 2
        assert [each.logon_id for each in lsa.security.sessions if each.state is not SessionState.SYSTEM] == [logon_id]
        table.win32.CloseHandle(handle)
        again, *_ = await convert(table, data, len(data))
        table.win32.CloseHandle(again)


@pytest.mark.parametrize("strategy", ["random", "dpor"])
def test_two_calls_meet_at_the_last_handle_in_either_order(strategy: str) -> None:
    found: set[tuple[str, ...]] = set()

    async def main() -> None:
        told: list[str] = []
        data: list[bytes] = []

        async def makes(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
            handle, *_ = await convert(table, data[0], len(data[0]))
            await lsart.point("nothing")
            table.win32.CloseHandle(handle)

        async def calls(client: lsart.Client) -> None:
            try:
                await client.call("cache", b"")
            except StatusError as error:
                told.append(f"{client.name} {error.status.name}")

        package = scripted("cache", call=makes)
        settings = LsaSettings(accounts=CONTOSO, machine=MachineLimits(handles=1), watchdog=None)
        async with (
            lsart.open_lsa(package, settings=settings) as lsa,
            lsa.connect("alice") as alice,
            lsa.connect("bob") as bob,
        ):
            data.append(await auth_data(package.table))
            async with trio.open_nursery() as nursery:
                nursery.start_soon(calls, alice, name="alice")
                nursery.start_soon(calls, bob, name="bob")
            assert lsa.check() == []
        found.add(tuple(told))

    result = lsart.explore(main, strategy=strategy, labelled=True, schedules=500, shrink=False)
    assert result.failure is None, result.failure
    assert found == {(), ("alice STATUS_INSUFFICIENT_RESOURCES",), ("bob STATUS_INSUFFICIENT_RESOURCES",)}
