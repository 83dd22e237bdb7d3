"""LsaLogonUser, as the client that calls it sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from logons import BATCH, INTERACTIVE, NETWORK, Ask, authenticator, create, log_on, token
from lsas import Log, Scripted, in_use, simulated, status_of
from tokens import ADMINS, USER, USERS

import lsart
from lsart.contract import (
    QUOTA_LIMITS,
    SECPKG_CALL_INFO,
    STATUS_ACCESS_DENIED,
    STATUS_ACCESS_VIOLATION,
    STATUS_ACCOUNT_DISABLED,
    STATUS_ACCOUNT_RESTRICTION,
    STATUS_BAD_LOGON_SESSION_STATE,
    STATUS_INVALID_HANDLE,
    STATUS_INVALID_PARAMETER,
    STATUS_LOGON_FAILURE,
    STATUS_NO_SUCH_PACKAGE,
    STATUS_NOT_IMPLEMENTED,
    STATUS_SUCCESS,
    TOKEN_SOURCE,
    FunctionTable,
    LogonFailure,
    LogonUserReply,
    LogonUserResult,
    Pointer,
    StatusError,
    constants,
    enumerations,
)
from lsart.events import LogonSessionEnded, LogonSessionHandedOver
from lsart.runtime import LsaSettings
from lsart.security import EVERYONE, AccessToken, SessionState

TYPES = enumerations.SECURITY_LOGON_TYPE


@asynccontextmanager
async def lsa_with(
    *packages: Scripted, log: Log | None = None, trusted: bool = False, **settings: Any
) -> AsyncIterator[tuple[lsart.Lsa, lsart.Client]]:
    """An LSA with these packages, or with one that logs everybody on, and a client."""
    given = LsaSettings(watchdog=None, **settings)
    bus = None if log is None else log.bus
    async with (
        lsart.open_lsa(*(packages or (authenticator(),)), settings=given, bus=bus) as lsa,
        lsa.connect("alice", trusted=trusted) as client,
    ):
        yield lsa, client
        assert lsa.check() == []


@pytest.mark.rule("LLG-1")
@simulated
async def test_success_creates_a_session_and_gives_a_token_of_it(log: Log) -> None:
    async with lsa_with(log=log) as (lsa, client):
        before = {each.logon_id for each in lsa.security.sessions}
        reply = await log_on(client)
        session = lsa.security.sessions.get(reply.logon_id)
        assert reply.logon_id not in before
        assert (session.state, session.references, session.user) == (SessionState.OWNED, 1, USER)
        content = token(client, reply.token).content
        assert (content.logon_id, content.user, content.account_name) == (reply.logon_id, USER, "alice")
        assert (content.source, content.logon_type) == (TOKEN_SOURCE("tests"), INTERACTIVE)
        assert log.one(LogonSessionHandedOver).logon_id == reply.logon_id
        assert len(lsa.security.handles) == 0  # the token is the client's alone


@pytest.mark.rule("LLG-2")
@pytest.mark.parametrize("logon_type", [each for each in TYPES if each not in (TYPES.UndefinedLogonType, TYPES.Proxy)])
@simulated
async def test_only_network_logons_give_a_token_for_impersonation(logon_type: int) -> None:
    async with lsa_with() as (_, client):
        reply = await log_on(client, logon_type=logon_type)
        is_network = logon_type in (TYPES.Network, TYPES.NetworkCleartext)
        assert token(client, reply.token).content.is_primary is not is_network


@pytest.mark.rule("LLG-3")
@simulated
async def test_an_untrusted_connection_is_enough_unless_groups_are_given() -> None:
    seen: list[bool] = []

    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        info = await table.GetCallInfo()
        assert isinstance(info, SECPKG_CALL_INFO)
        seen.append(bool(info.attributes & constants.SECPKG_CALL_IS_TCB))
        return await create(table, ask)

    async with lsa_with(authenticator(answer=answer)) as (lsa, client):
        await log_on(client)
        # No groups are groups, too.
        assert await status_of(log_on(client, local_groups=())) == STATUS_ACCESS_DENIED
        assert await status_of(log_on(client, local_groups=(ADMINS,))) == STATUS_ACCESS_DENIED
        async with lsa.connect("winlogon", trusted=True) as trusted:
            reply = await log_on(trusted, local_groups=(ADMINS,))
            assert token(trusted, reply.token).content.groups[:2] == (USERS, ADMINS)
    # What else needs the privilege is in the package's own data, so the package learns of it and decides.
    assert seen == [False, True]


@pytest.mark.rule("LLG-4")
@pytest.mark.parametrize(
    ("logon_type", "group"),
    [
        (INTERACTIVE, "S-1-5-4"),
        (NETWORK, "S-1-5-2"),
        (BATCH, "S-1-5-3"),
        (TYPES.Service, "S-1-5-6"),
        (TYPES.RemoteInteractive, "S-1-5-14"),
    ],
)
@simulated
async def test_the_world_and_the_group_of_the_logon_type_are_in_the_token_though_nobody_gave_them(
    logon_type: int, group: str
) -> None:
    async with lsa_with() as (_, client):
        reply = await log_on(client, logon_type=logon_type)
        assert {EVERYONE, group} < {each.sid for each in token(client, reply.token).content.groups}


@pytest.mark.rule("LLG-5")
@simulated
async def test_quotas_are_filled_for_a_primary_token_only() -> None:
    quotas = QUOTA_LIMITS(pagefile_limit=12345)
    async with lsa_with(quotas=quotas) as (_, client):
        assert (await log_on(client)).quotas == quotas
        assert (await log_on(client, logon_type=NETWORK)).quotas == QUOTA_LIMITS()
    assert LsaSettings().quotas.pagefile_limit > 0


@pytest.mark.rule("LLG-6")
@pytest.mark.parametrize(
    ("status", "expected"),
    [(STATUS_ACCOUNT_RESTRICTION, STATUS_ACCOUNT_DISABLED), (STATUS_LOGON_FAILURE, STATUS_SUCCESS)],
)
@simulated
async def test_sub_status_is_set_only_when_the_data_was_right_and_the_logon_still_rejected(
    status: int, expected: int
) -> None:
    def answer(table: FunctionTable, ask: Ask) -> None:
        raise LogonFailure(status, account_name="alice", sub_status=STATUS_ACCOUNT_DISABLED)

    async with lsa_with(authenticator(answer=answer)) as (_, client):
        with pytest.raises(StatusError) as caught:
            await log_on(client)
        assert (caught.value.status, caught.value.sub_status) == (status, expected)


async def with_profile(table: FunctionTable, ask: Ask) -> LogonUserResult:
    """A logon whose profile holds a word."""
    buffer = await table.AllocateClientBuffer(ask.request, 5)
    await table.CopyToClientBuffer(ask.request, 5, buffer, b"hello")
    return await create(table, ask, profile_buffer=buffer, profile_buffer_length=5)


@pytest.mark.rule("LLG-7")
@simulated
async def test_the_profile_goes_with_lsa_free_return_buffer_and_the_token_with_close_handle(log: Log) -> None:
    async with lsa_with(authenticator(answer=with_profile), log=log) as (lsa, client):
        reply = await log_on(client)
        assert reply.profile_buffer is not None
        assert await client.memory.read(reply.profile_buffer, reply.profile_buffer_length) == b"hello"
        await client.LsaFreeReturnBuffer(reply.profile_buffer)
        assert client.process.committed == 0
        assert client.CloseHandle(reply.token) is True
        assert client.CloseHandle(reply.token) is False
        assert lsa.security.sessions.find(reply.logon_id) is None
        assert log.one(LogonSessionEnded).logon_id == reply.logon_id
        await log_on(client)  # and whoever frees nothing takes it along
    assert [each.logon_id for each in log.of(LogonSessionEnded)][1:] != []
    assert in_use(lsa) == {}


@pytest.mark.rule("DLS-4")
@simulated
async def test_a_session_that_a_successful_logon_handed_over_is_not_the_packages_to_delete() -> None:
    package = authenticator()
    async with lsa_with(package) as (lsa, client):
        reply = await log_on(client)
        assert await status_of(package.table.DeleteLogonSession(reply.logon_id)) == STATUS_BAD_LOGON_SESSION_STATE
        session = lsa.security.sessions.get(reply.logon_id)
        assert (session.state, session.references) == (SessionState.OWNED, 1)
        assert not token(client, reply.token).is_closed


@simulated
async def test_sessions_and_tokens_outlive_the_connection_that_made_them() -> None:
    async with lsa_with(trusted=True) as (lsa, client):
        reply = await log_on(client)
        await client.LsaDeregisterLogonProcess(client.handle)
        assert lsa.security.sessions.get(reply.logon_id).references == 1
        assert isinstance(client.handles.find(reply.token), AccessToken)


@simulated
async def test_what_cannot_be_asked_for_is_refused_before_any_package_is_entered() -> None:
    def answer(table: FunctionTable, ask: Ask) -> None:
        raise AssertionError("nobody should come here")

    async with lsa_with(authenticator(answer=answer), authenticator("mute", entry="SpAcceptCredentials")) as (
        _,
        client,
    ):
        number = await client.LsaLookupAuthenticationPackage(client.handle, "auth")

        async def ask(**given: Any) -> LogonUserReply:
            usual: dict[str, Any] = {
                "lsa_handle": client.handle,
                "origin_name": "tests",
                "logon_type": INTERACTIVE,
                "authentication_package": number,
                "authentication_information": b"",
                "authentication_information_length": None,
                "local_groups": None,
                "source_context": TOKEN_SOURCE("tests"),
            }
            return await client.LsaLogonUser(**(usual | given))

        assert await status_of(ask(lsa_handle=999)) == STATUS_INVALID_HANDLE
        assert await status_of(ask(logon_type=1)) == STATUS_INVALID_PARAMETER
        assert await status_of(ask(origin_name="x" * 70_000)) == STATUS_INVALID_PARAMETER
        assert await status_of(ask(authentication_package=77)) == STATUS_NO_SUCH_PACKAGE
        nowhere = Pointer(0x1234, client.process.space.name)
        lying = ask(authentication_information=nowhere, authentication_information_length=8)
        assert await status_of(lying) == STATUS_ACCESS_VIOLATION
        assert await status_of(log_on(client, package="mute")) == STATUS_NOT_IMPLEMENTED
        for wrong in ({"logon_type": "Network"}, {"source_context": "tests"}, {"authentication_information": "text"}):
            with pytest.raises(TypeError):
                await ask(**wrong)
