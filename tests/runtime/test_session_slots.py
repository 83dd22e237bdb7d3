"""CreateLogonSession and DeleteLogonSession, as packages reach them."""

from __future__ import annotations

import tomllib
from collections.abc import Awaitable, Callable
from importlib import resources

import pytest
from lsas import Log, in_use, scripted, simulated, status_of

import lsart
from lsart.contract import (
    LSA_SECPKG_SLOTS,
    STATUS_BAD_LOGON_SESSION_STATE,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_LOGON_SESSION_COLLISION,
    STATUS_NO_SUCH_LOGON_SESSION,
    STATUS_SUCCESS,
    Choices,
    FunctionTable,
)
from lsart.events import LogonSessionCreated, LogonSessionDeleted, LogonSessionLeaked
from lsart.memory import MachineLimits
from lsart.runtime import LsaSettings
from lsart.security import LOGON_SESSION_SIZE, SYSTEM_LUID

LUID = 0xDEADBEEF_00001000


def chosen(**choices: object) -> LsaSettings:
    return LsaSettings(choices=Choices(**choices), watchdog=None)  # type: ignore[arg-type]  # by name


@pytest.mark.rule("CLS-1", "CLS-4")
@simulated
async def test_a_session_is_named_by_exactly_the_luid_supplied_and_success_returns_nothing(log: Log) -> None:
    package = scripted("a")
    async with lsart.open_lsa(package, bus=log.bus) as lsa:
        before = {each.logon_id for each in lsa.security.sessions}
        create: Callable[[int], Awaitable[object]] = package.table.CreateLogonSession
        assert await create(LUID) is None
        assert {each.logon_id for each in lsa.security.sessions} - before == {LUID}
        told = log.one(LogonSessionCreated)
        assert (told.logon_id, told.origin.package, told.origin.function) == (LUID, "a", "CreateLogonSession")
        assert lsa.check() == []
        await package.table.DeleteLogonSession(LUID)


@pytest.mark.rule("CLS-2")
@simulated
async def test_the_package_makes_the_luid_and_every_one_it_makes_is_new(log: Log) -> None:
    package, other = scripted("a"), scripted("b")
    async with lsart.open_lsa(package, other, bus=log.bus):
        made = [each.table.win32.AllocateLocallyUniqueId() for each in (package, other) * 3]
        assert len(set(made)) == len(made)
        assert min(made) > SYSTEM_LUID
        for luid in made:
            await package.table.CreateLogonSession(luid)
        assert [each.logon_id for each in log.of(LogonSessionCreated)] == made
        for luid in made:
            await package.table.DeleteLogonSession(luid)


@pytest.mark.rule("CLS-3")
@simulated
async def test_a_luid_that_names_a_session_already_collides() -> None:
    package, other = scripted("a"), scripted("b")
    async with lsart.open_lsa(package, other):
        await package.table.CreateLogonSession(LUID)
        for each in (package, other):
            assert await status_of(each.table.CreateLogonSession(LUID)) == STATUS_LOGON_SESSION_COLLISION
        assert await status_of(package.table.CreateLogonSession(SYSTEM_LUID)) == STATUS_LOGON_SESSION_COLLISION
        await package.table.DeleteLogonSession(LUID)


@pytest.mark.rule("CLS-5")
@simulated
async def test_a_session_that_is_not_needed_and_not_deleted_holds_kernel_memory_and_is_told_at_unload(
    log: Log,
) -> None:
    async def initialize(table: FunctionTable) -> None:
        await table.CreateLogonSession(LUID)

    async with lsart.open_lsa(scripted("leaky", initialize=initialize), bus=log.bus) as lsa:
        assert in_use(lsa) == {"paged pool": LOGON_SESSION_SIZE}
        assert log.of(LogonSessionLeaked) == []
    told = log.one(LogonSessionLeaked)
    assert (told.logon_id, told.created.package) == (LUID, "leaky")
    assert in_use(lsa) == {}


@simulated
async def test_a_package_that_does_not_come_up_leaves_no_session_either(log: Log) -> None:
    async def initialize(table: FunctionTable) -> int:
        await table.CreateLogonSession(LUID)
        return STATUS_INSUFFICIENT_RESOURCES

    async with lsart.open_lsa(scripted("leaky", initialize=initialize), bus=log.bus) as lsa:
        assert log.one(LogonSessionLeaked).logon_id == LUID
        assert in_use(lsa) == {}


@pytest.mark.rule("LST-6")
@simulated
async def test_a_slot_may_return_what_is_listed_for_all_of_its_kind() -> None:
    """The paged pool used up is none of CreateLogonSession's own statuses, but one of the set that its row names."""
    data = tomllib.loads(resources.files("lsart.contract").joinpath("data", "statuses.toml").read_text("utf-8"))
    (common,) = (each for each in data["set"] if each["name"] == "lsa-policy-returns")
    rows = [LSA_SECPKG_SLOTS[index] for index in (*range(5), *range(7, 11))]
    assert [each.name for each in rows if common["name"] not in each.status_sets] == []
    package = scripted("a")
    settings = LsaSettings(machine=MachineLimits(paged_pool=LOGON_SESSION_SIZE - 1), watchdog=None)
    async with lsart.open_lsa(package, settings=settings) as lsa:
        status = await status_of(package.table.CreateLogonSession(LUID))
        assert status == STATUS_INSUFFICIENT_RESOURCES
        assert status.name in common["members"]
        assert status.name not in [each.name for each in rows[0].statuses]
        assert lsa.security.sessions.find(LUID) is None


@pytest.mark.rule("DLS-1")
@simulated
async def test_a_deleted_session_is_gone_with_what_was_stored_and_its_luid_is_free(log: Log) -> None:
    package = scripted("a")
    async with lsart.open_lsa(package, bus=log.bus) as lsa:
        table = package.table
        await table.CreateLogonSession(LUID)
        await table.AddCredential(LUID, 0, "key", b"secret")
        await table.DeleteLogonSession(LUID)
        assert log.one(LogonSessionDeleted).credentials == 1
        assert await status_of(table.GetCredentials(LUID, 0, 0, True, "")) == STATUS_NO_SUCH_LOGON_SESSION
        assert in_use(lsa).keys() == {"commit limit", "address space"}, "the LSA heap, which stays"
        await table.CreateLogonSession(LUID)
        await table.DeleteLogonSession(LUID)
        assert lsa.check() == []


@pytest.mark.rule("DLS-2")
@simulated
async def test_an_unknown_luid_names_no_session_to_delete() -> None:
    package = scripted("a")
    async with lsart.open_lsa(package):
        await package.table.CreateLogonSession(LUID)
        assert await status_of(package.table.DeleteLogonSession(LUID + 1)) == STATUS_NO_SUCH_LOGON_SESSION
        await package.table.DeleteLogonSession(LUID)
        assert await status_of(package.table.DeleteLogonSession(LUID)) == STATUS_NO_SUCH_LOGON_SESSION


@pytest.mark.rule("DLS-3")
@simulated
async def test_a_session_that_something_refers_to_is_not_deleted() -> None:
    package = scripted("a")
    async with lsart.open_lsa(package) as lsa:
        await package.table.CreateLogonSession(LUID)
        session = lsa.security.sessions.get(LUID)
        lsa.security.sessions.reference(session)
        assert await status_of(package.table.DeleteLogonSession(LUID)) == STATUS_BAD_LOGON_SESSION_STATE
        assert lsa.security.sessions.find(LUID) is session
        lsa.security.sessions.release(session, 0)
        await package.table.DeleteLogonSession(LUID)


@pytest.mark.rule("DLS-4")
@simulated
async def test_a_session_that_was_handed_to_lsa_is_lsas_to_delete(log: Log) -> None:
    package = scripted("a")
    async with lsart.open_lsa(package, bus=log.bus) as lsa:
        await package.table.CreateLogonSession(LUID)
        lsa.security.sessions.hand_over(lsa.security.sessions.get(LUID), 0)
        assert await status_of(package.table.DeleteLogonSession(LUID)) == STATUS_BAD_LOGON_SESSION_STATE
        assert lsa.security.sessions.find(LUID) is not None
        assert lsa.check() == []
    assert log.of(LogonSessionLeaked) == [], "it is no longer the package's to lose"
    assert in_use(lsa) == {}


@pytest.mark.choice("zero_logon_id", "STATUS_SUCCESS")
@simulated
async def test_zero_is_no_luid_or_one_like_any_other() -> None:
    package = scripted("a")
    async with lsart.open_lsa(package, settings=chosen()):
        assert await status_of(package.table.CreateLogonSession(0)) == STATUS_INVALID_PARAMETER
    async with lsart.open_lsa(package, settings=chosen(zero_logon_id=STATUS_SUCCESS)) as lsa:
        await package.table.CreateLogonSession(0)
        assert lsa.security.sessions.get(0).created.package == "a"
        await package.table.DeleteLogonSession(0)


@pytest.mark.choice("session_held_by", "token_or_credential")
@pytest.mark.parametrize("held_by", ["token", "token_or_credential"])
@simulated
async def test_a_stored_credential_goes_with_its_session_or_keeps_it(held_by: str) -> None:
    package = scripted("a")
    async with lsart.open_lsa(package, settings=chosen(session_held_by=held_by)):
        table = package.table
        await table.CreateLogonSession(LUID)
        await table.AddCredential(LUID, 0, "key", b"secret")
        if held_by == "token_or_credential":
            assert await status_of(table.DeleteLogonSession(LUID)) == STATUS_BAD_LOGON_SESSION_STATE
            await table.DeleteCredential(LUID, 0, "key")
        await table.DeleteLogonSession(LUID)
