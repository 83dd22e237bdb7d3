"""CreateToken and OpenTokenByLogonId, as packages reach them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from lsas import Log, in_use, scripted, simulated, status_of
from tokens import ADMINS, LUID, USER, USERS, V1, create

import lsart
from lsart.contract import (
    LSA_TOKEN_INFORMATION_NULL,
    LSA_TOKEN_INFORMATION_V1,
    NTSTATUS,
    SID_AND_ATTRIBUTES,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_NO_SUCH_LOGON_SESSION,
    STATUS_SUCCESS,
    TOKEN_SOURCE,
    AccessViolation,
    Choices,
    FunctionTable,
    Pointer,
    StatusError,
)
from lsart.events import BlockFreed, HandleLeaked, OutputNotFromHeap, TokenCreated, TokenSourceForeign
from lsart.memory import MachineLimits
from lsart.runtime import LsaSettings
from lsart.security import SYSTEM_LUID, AccessToken, pack_token_groups


@asynccontextmanager
async def session(
    log: Log | None = None, *, handles: int = 1000, **choices: Any
) -> AsyncIterator[tuple[lsart.Lsa, FunctionTable]]:
    """An LSA with the package "cache", which made the session LUID."""
    package = scripted("cache")
    settings = LsaSettings(choices=Choices(**choices), machine=MachineLimits(handles=handles), watchdog=None)
    async with lsart.open_lsa(package, settings=settings, bus=None if log is None else log.bus) as lsa:
        await package.table.CreateLogonSession(LUID)
        yield lsa, package.table
        assert lsa.check() == []


def token(lsa: lsart.Lsa, handle: int) -> AccessToken:
    """What a handle of LSASS names."""
    found = lsa.security.handles.find(handle)
    assert isinstance(found, AccessToken)
    return found


async def groups_at(
    table: FunctionTable, block: Pointer | None, *groups: SID_AND_ATTRIBUTES
) -> LSA_TOKEN_INFORMATION_V1:
    """The information of a user whose groups lie in this block."""
    assert block is not None
    await table.memory.write(block, pack_token_groups(groups, block.address))
    return LSA_TOKEN_INFORMATION_V1(user=V1.user, primary_group=USERS.sid, groups=block)


@pytest.mark.rule("CTK-2")
@simulated
async def test_a_token_needs_a_session_that_create_logon_session_made() -> None:
    async with session() as (lsa, table):
        for luid in (LUID + 1, SYSTEM_LUID):
            assert await status_of(create(table, logon_id=luid)) == STATUS_NO_SUCH_LOGON_SESSION
        assert list(lsa.security.handles) == []
        handle, _ = await create(table)
        assert token(lsa, handle).content.logon_id == LUID
        table.win32.CloseHandle(handle)


@pytest.mark.rule("CTK-3")
@simulated
async def test_a_token_whose_source_does_not_carry_the_packages_name_is_told(log: Log) -> None:
    async with session(log) as (lsa, table):
        for name in ("cache", "cac"):
            handle, _ = await create(table, token_source=TOKEN_SOURCE(name, 5))
            assert token(lsa, handle).content.source == TOKEN_SOURCE(name, 5)
            table.win32.CloseHandle(handle)
        assert log.of(TokenSourceForeign) == []
        for name in ("User32", "", "caches"):
            handle, _ = await create(table, token_source=TOKEN_SOURCE(name))
            table.win32.CloseHandle(handle)
        told = log.of(TokenSourceForeign)
        assert [(each.source, each.origin.package) for each in told] == [
            ("User32", "cache"),
            ("", "cache"),
            ("caches", "cache"),
        ]


@pytest.mark.rule("CTK-4")
@simulated
async def test_groups_that_are_no_value_must_lie_in_the_private_heap(log: Log) -> None:
    async with session(log) as (lsa, table):
        information = await groups_at(table, await table.AllocatePrivateHeap(200), USERS, ADMINS)
        handle, _ = await create(table, token_information=information)
        assert token(lsa, handle).content.groups[:2] == (USERS, ADMINS)
        table.win32.CloseHandle(handle)
        assert log.of(OutputNotFromHeap) == []
        block = await table.AllocateLsaHeap(200)
        information = await groups_at(table, block, USERS)
        assert await status_of(create(table, token_information=information)) == STATUS_INVALID_PARAMETER
        told = log.one(OutputNotFromHeap)
        assert block is not None
        assert (told.package, told.output, told.address) == ("cache", "Groups", block.address)
        await table.FreeLsaHeap(block)


@pytest.mark.rule("CTK-5")
@simulated
async def test_the_caller_closes_the_token_or_it_is_told_that_it_did_not(log: Log) -> None:
    async with session(log) as (lsa, table):
        closed, _ = await create(table)
        held = lsa.security.sessions.get(LUID)
        assert (held.references, in_use(lsa)["handles"]) == (1, 1)
        assert table.win32.CloseHandle(closed) is True
        assert (held.references, "handles" in in_use(lsa)) == (0, False)
        left, _ = await create(table)
    told = log.one(HandleLeaked)
    assert (told.kind, told.handle, told.opened.function) == ("token", left, "CreateToken")
    assert in_use(lsa) == {}


@pytest.mark.rule("CTK-6")
@simulated
async def test_token_groups_follow_those_of_the_information_and_lsas_own_follow_them() -> None:
    async with session() as (lsa, table):
        extra = SID_AND_ATTRIBUTES("S-1-5-32-551", 7)
        handle, _ = await create(table, token_groups=(ADMINS, extra))
        groups = token(lsa, handle).content.groups
        assert groups[:3] == (USERS, ADMINS, extra)
        assert {"S-1-1-0", "S-1-5-11", "S-1-5-4"} < {each.sid for each in groups[3:]}
        table.win32.CloseHandle(handle)


@pytest.mark.rule("CTK-7")
@simulated
async def test_success_gives_a_token_and_success_and_every_failure_sets_the_sub_status(log: Log) -> None:
    async with session(log, handles=1) as (lsa, table):
        handle, sub_status = await create(table)
        assert sub_status == STATUS_SUCCESS
        told = log.one(TokenCreated)
        assert (told.logon_id, told.handle, told.user) == (LUID, handle, USER)
        strange = LSA_TOKEN_INFORMATION_V1(user=V1.user, primary_group=ADMINS.sid)
        failures: list[tuple[dict[str, Any], NTSTATUS]] = [
            ({}, STATUS_INSUFFICIENT_RESOURCES),
            ({"logon_id": 5}, STATUS_NO_SUCH_LOGON_SESSION),
            ({"token_information": strange}, STATUS_INVALID_PARAMETER),
            ({"token_information_type": 3}, STATUS_INVALID_PARAMETER),
            ({"token_information_type": 4}, STATUS_INVALID_PARAMETER),
        ]
        for given, status in failures:
            with pytest.raises(StatusError) as caught:
                await create(table, **given)
            assert (caught.value.status, caught.value.sub_status) == (status, status)
        assert list(lsa.security.handles) == [handle]
        table.win32.CloseHandle(handle)


@simulated
async def test_the_null_form_gives_an_anonymous_token() -> None:
    async with session() as (lsa, table):
        handle, _ = await create(table, token_information_type=0, token_information=LSA_TOKEN_INFORMATION_NULL())
        assert token(lsa, handle).content.is_anonymous
        table.win32.CloseHandle(handle)
        with pytest.raises(TypeError, match="expected LSA_TOKEN_INFORMATION_NULL"):
            await create(table, token_information_type=0)
        with pytest.raises(TypeError, match="expected a TOKEN_SOURCE"):
            await create(table, token_source="cache")


@pytest.mark.choice("token_information_freed_by", "package")
@pytest.mark.parametrize("freed_by", ["lsa", "package"])
@simulated
async def test_groups_in_the_private_heap_are_freed_by_lsa_or_by_the_package(freed_by: str, log: Log) -> None:
    async with session(log, token_information_freed_by=freed_by) as (_, table):
        information = await groups_at(table, await table.AllocatePrivateHeap(200), USERS)
        handle, _ = await create(table, token_information=information)
        table.win32.CloseHandle(handle)
        assert [each.origin.package for each in log.of(BlockFreed)] == (["LSA"] if freed_by == "lsa" else [])
        if freed_by == "package":
            assert isinstance(information.groups, Pointer)
            await table.FreePrivateHeap(information.groups)


@simulated
async def test_groups_that_cannot_be_read_make_no_token_and_stay_the_packages() -> None:
    async with session() as (lsa, table):
        block = await table.AllocatePrivateHeap(24)
        information = await groups_at(table, block)
        assert block is not None
        await table.memory.write(block, (9).to_bytes(4, "little"))
        assert await status_of(create(table, token_information=information)) == STATUS_INVALID_PARAMETER
        await table.memory.write(block, (1).to_bytes(4, "little") + bytes(4) + (8).to_bytes(8, "little"))
        with pytest.raises(AccessViolation):
            await create(table, token_information=information)
        assert list(lsa.security.handles) == []
        await table.FreePrivateHeap(block)


@pytest.mark.choice("create_token_unknown_session", "STATUS_INVALID_PARAMETER")
@pytest.mark.choice("open_token_unknown_session", "STATUS_INVALID_PARAMETER")
@simulated
async def test_an_unknown_session_may_be_an_invalid_parameter() -> None:
    chosen: dict[str, Any] = {
        "create_token_unknown_session": STATUS_INVALID_PARAMETER,
        "open_token_unknown_session": STATUS_INVALID_PARAMETER,
    }
    async with session(**chosen) as (_, table):
        assert await status_of(create(table, logon_id=5)) == STATUS_INVALID_PARAMETER
        assert await status_of(table.OpenTokenByLogonId(5)) == STATUS_INVALID_PARAMETER


@pytest.mark.rule("OTL-1", "OTL-2")
@simulated
async def test_the_token_of_a_session_is_opened_by_its_luid() -> None:
    async with session(handles=2) as (lsa, table):
        for luid in (LUID, 5):
            assert await status_of(table.OpenTokenByLogonId(luid)) == STATUS_NO_SUCH_LOGON_SESSION
        made, _ = await create(table)
        opened = await table.OpenTokenByLogonId(LUID)
        assert opened != made
        assert token(lsa, opened) is token(lsa, made)
        assert token(lsa, opened).content.user == USER
        assert await status_of(table.OpenTokenByLogonId(LUID)) == STATUS_INSUFFICIENT_RESOURCES
        for handle in (made, opened):
            assert table.win32.CloseHandle(handle)
        assert lsa.security.sessions.get(LUID).references == 0
