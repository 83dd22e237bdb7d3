"""CrediWrite, CrediRead, CrediReadDomainCredentials and CrediFreeCredentials, as packages reach them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from lsas import Log, in_use, scripted, simulated, status_of
from tokens import USER, USERS

import lsart
from lsart.contract import (
    CRED_TYPE_DOMAIN_CERTIFICATE,
    CRED_TYPE_DOMAIN_PASSWORD,
    CREDENTIAL_TARGET_INFORMATIONW,
    ENCRYPTED_CREDENTIALW,
    LSA_SECPKG_SLOTS,
    LSA_TOKEN_INFORMATION_NULL,
    LSA_TOKEN_INFORMATION_V1,
    SID_AND_ATTRIBUTES,
    STATUS_BAD_LOGON_SESSION_STATE,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_NO_SUCH_LOGON_SESSION,
    STATUS_OBJECT_NAME_NOT_FOUND,
    STATUS_UNSUCCESSFUL,
    TOKEN_SOURCE,
    Choices,
    FunctionTable,
    Pointer,
)
from lsart.events import BlockAllocated, BlockFreed, BlockLeaked, DoubleFree, SlotMisused, WrongPair, describe
from lsart.memory import MachineLimits
from lsart.runtime import LsaSettings
from lsart.security import SYSTEM_LUID

ALICE, ALICE_AGAIN, BOB, NOBODY = 0x1000, 0x1001, 0x1002, 0x1003
WEB = ENCRYPTED_CREDENTIALW("web", user_name="alice", credential_blob=b"secret")
TARGET = CREDENTIAL_TARGET_INFORMATIONW(netbios_server_name="SRV", dns_server_name="srv.contoso.com")
ON_SRV = ENCRYPTED_CREDENTIALW("srv", CRED_TYPE_DOMAIN_PASSWORD, "alice", b"one")
ON_DNS = ENCRYPTED_CREDENTIALW("srv.contoso.com", CRED_TYPE_DOMAIN_CERTIFICATE, "alice", b"three")


def token_of(user: str) -> dict[str, Any]:
    """What CreateToken takes for a token of this user."""
    return {
        "token_source": TOKEN_SOURCE("cache"),
        "logon_type": 2,
        "impersonation_level": 2,
        "token_information_type": 1,
        "token_information": LSA_TOKEN_INFORMATION_V1(
            user=SID_AND_ATTRIBUTES(user), primary_group=USERS.sid, groups=(USERS,)
        ),
        "token_groups": None,
        "account_name": "",
        "authority_name": "",
        "workstation": None,
        "profile_path": None,
    }


@asynccontextmanager
async def users(log: Log | None = None, *, lsa_heap: int = 64 << 20, **choices: Any) -> AsyncIterator[FunctionTable]:
    """A package and sessions: two of one user, one of another user, one of nobody yet."""
    package = scripted("cache")
    machine = MachineLimits(lsa_heap=lsa_heap)
    settings = LsaSettings(choices=Choices(**choices), machine=machine, watchdog=None)
    async with lsart.open_lsa(package, settings=settings, bus=None if log is None else log.bus) as lsa:
        table = package.table
        for luid, user in ((ALICE, USER), (ALICE_AGAIN, USER), (BOB, f"{USER}2"), (NOBODY, "")):
            await table.CreateLogonSession(luid)
            if user:
                await table.CreateToken(luid, **token_of(user))
        yield table
        assert lsa.check() == []
    assert in_use(lsa) == {}


def writes(table: FunctionTable, luid: int = ALICE, *, flags: int = 0) -> Awaitable[object]:
    return table.CrediWrite(luid, 0, WEB, flags)


def reads(table: FunctionTable, luid: int = ALICE, *, flags: int = 0) -> Awaitable[ENCRYPTED_CREDENTIALW]:
    return table.CrediRead(luid, 0, "web", WEB.type, flags)


def reads_domain(
    table: FunctionTable, luid: int = ALICE, *, flags: int = 0
) -> Awaitable[tuple[int, tuple[ENCRYPTED_CREDENTIALW, ...]]]:
    return table.CrediReadDomainCredentials(luid, 0, TARGET, flags)


SLOTS: list[Callable[..., Awaitable[object]]] = [writes, reads, reads_domain]


@pytest.mark.rule("CWR-1")
@simulated
async def test_what_one_session_writes_every_session_of_its_user_reads_and_nobody_elses() -> None:
    async with users() as table:
        await writes(table, ALICE)
        for luid in (ALICE, ALICE_AGAIN):
            found = await reads(table, luid)
            assert found == WEB
            assert found.block is not None
            assert await table.memory.read(found.block, 6) == b"secret"
            await table.CrediFreeCredentials(1, (found,))
        assert await status_of(reads(table, BOB)) == STATUS_OBJECT_NAME_NOT_FOUND


async def must_have_no_flags(slot: Callable[..., Awaitable[object]]) -> None:
    async with users() as table:
        await table.CrediWrite(ALICE, 0, ON_SRV, 0)
        if slot is not writes:
            await writes(table)
        for flags in (1, 0x8000_0000):
            assert await status_of(slot(table, flags=flags)) == STATUS_INVALID_PARAMETER
        if slot is writes:
            assert await status_of(reads(table)) == STATUS_OBJECT_NAME_NOT_FOUND, "nothing was stored"


@pytest.mark.rule("CRD-1")
@simulated
async def test_reading_takes_no_flags() -> None:
    await must_have_no_flags(reads)


@pytest.mark.rule("CRC-1")
@simulated
async def test_reading_for_a_target_takes_no_flags() -> None:
    await must_have_no_flags(reads_domain)


@pytest.mark.rule("CWR-2")
@simulated
async def test_writing_takes_no_flags() -> None:
    await must_have_no_flags(writes)


@pytest.mark.rule("CRD-2")
@simulated
async def test_a_read_that_succeeds_raises_nothing_and_one_that_raises_is_no_success() -> None:
    async with users() as table:
        assert not (await status_of(reads(table))).is_success
        await writes(table)
        found = await reads(table)
        assert found == WEB
        await table.CrediFreeCredentials(1, (found,))


@pytest.mark.rule("CRC-2")
@simulated
async def test_success_gives_every_domain_credential_for_a_name_of_the_target_and_their_number() -> None:
    async with users() as table:
        assert not (await status_of(reads_domain(table))).is_success
        generic = ENCRYPTED_CREDENTIALW("srv")  # not of a domain
        elsewhere = ENCRYPTED_CREDENTIALW("other", CRED_TYPE_DOMAIN_PASSWORD)
        for each in (ON_SRV, generic, elsewhere, ON_DNS):
            await table.CrediWrite(ALICE, 0, each, 0)
        count, found = await reads_domain(table, ALICE_AGAIN)
        assert (count, found) == (2, (ON_SRV, ON_DNS))
        await table.CrediFreeCredentials(count, found)


@pytest.mark.rule("CWR-3")
@simulated
async def test_a_write_that_succeeds_returns_nothing_and_raises_nothing() -> None:
    async with users() as table:
        written: list[object] = [await writes(table), await writes(table)]
        assert written == [None, None]
        assert not (await status_of(writes(table, 0x9999))).is_success


@pytest.mark.parametrize("slot", SLOTS)
@simulated
async def test_a_session_must_be_there_and_somebodys(slot: Callable[..., Awaitable[object]]) -> None:
    async with users() as table:
        assert await status_of(slot(table, 0x9999)) == STATUS_NO_SUCH_LOGON_SESSION
        assert await status_of(slot(table, NOBODY)) == STATUS_BAD_LOGON_SESSION_STATE
        anonymous = token_of(USER) | {
            "token_information_type": 0,
            "token_information": LSA_TOKEN_INFORMATION_NULL(),
        }
        await table.CreateToken(NOBODY, **anonymous)
        assert await status_of(slot(table, NOBODY)) == STATUS_BAD_LOGON_SESSION_STATE, "an anonymous token names nobody"


@simulated
async def test_the_system_has_credentials_of_its_own() -> None:
    async with users() as table:
        await writes(table, SYSTEM_LUID)
        found = await reads(table, SYSTEM_LUID)
        await table.CrediFreeCredentials(1, (found,))
        assert await status_of(reads(table)) == STATUS_OBJECT_NAME_NOT_FOUND


@pytest.mark.choice("credential_missing", "STATUS_UNSUCCESSFUL")
@simulated
async def test_a_missing_credential_may_have_another_status() -> None:
    async with users(credential_missing=STATUS_UNSUCCESSFUL) as table:
        assert await status_of(reads(table)) == STATUS_UNSUCCESSFUL
        assert await status_of(reads_domain(table)) == STATUS_OBJECT_NAME_NOT_FOUND


@pytest.mark.choice("domain_credentials_missing", "STATUS_UNSUCCESSFUL")
@simulated
async def test_so_may_a_target_without_credentials() -> None:
    async with users(domain_credentials_missing=STATUS_UNSUCCESSFUL) as table:
        assert await status_of(reads_domain(table)) == STATUS_UNSUCCESSFUL


@pytest.mark.choice("domain_credentials_missing", "STATUS_SUCCESS")
@simulated
async def test_or_no_credentials_at_all_are_a_success(log: Log) -> None:
    async with users(log, domain_credentials_missing=0) as table:
        assert await reads_domain(table) == (0, ())
        await table.CrediFreeCredentials(0, ())
    assert log.of(SlotMisused) == []


@pytest.mark.rule("CRD-3")
@simulated
async def test_a_credential_is_freed_with_its_own_function_and_else_told_of(log: Log) -> None:
    async with users(log) as table:
        await writes(table)
        freed, kept = await reads(table), await reads(table)
        assert freed.block is not None
        await table.FreeLsaHeap(freed.block)
        assert log.one(WrongPair).belongs_to == "read-credentials: CrediRead pairs with CrediFreeCredentials"
        await table.CrediFreeCredentials(1, (freed,))
        assert log.of(BlockFreed)[-1].address == freed.block.address
    (leak,) = log.of(BlockLeaked)
    assert kept.block is not None
    assert (leak.address, leak.allocated.function, leak.heap) == (kept.block.address, "CrediRead", "read-credentials")


@pytest.mark.rule("CRC-3")
@simulated
async def test_so_is_an_array_of_them(log: Log) -> None:
    async with users(log) as table:
        await table.CrediWrite(ALICE, 0, ON_SRV, 0)
        await table.CrediWrite(ALICE, 0, ON_DNS, 0)
        await table.CrediFreeCredentials(*await reads_domain(table))
        assert log.of(BlockLeaked) == []
        _, kept = await reads_domain(table)
    assert [each.address for each in log.of(BlockLeaked)] == [each.block.address for each in kept if each.block]
    assert {each.allocated.function for each in log.of(BlockLeaked)} == {"CrediReadDomainCredentials"}


@pytest.mark.rule("CFR-1")
@simulated
async def test_exactly_as_many_are_freed_as_count_says_and_a_count_beyond_the_array_is_told(log: Log) -> None:
    async with users(log) as table:
        await table.CrediWrite(ALICE, 0, ON_SRV, 0)
        await table.CrediWrite(ALICE, 0, ON_DNS, 0)
        _, found = await reads_domain(table)
        blocks = [each.block.address for each in found if each.block is not None]
        await table.CrediFreeCredentials(1, found)
        assert [each.address for each in log.of(BlockFreed)] == blocks[:1]
        assert log.of(SlotMisused) == []
        await table.CrediFreeCredentials(2, found[1:])
        assert [each.address for each in log.of(BlockFreed)] == blocks
        assert log.one(SlotMisused).problem == "is 2, but the array has 1"
        await table.CrediFreeCredentials(1, found)
        assert log.one(DoubleFree).address == blocks[0]
    assert log.of(BlockLeaked) == []


@pytest.mark.rule("CFR-2")
@simulated
async def test_freeing_is_void_in_its_row_and_neither_returns_nor_raises_whatever_it_is_given(log: Log) -> None:
    (row,) = (each for each in LSA_SECPKG_SLOTS if each.name == "CrediFreeCredentials")
    assert row.returns == "VOID"
    free: Any = None
    async with users(log) as table:
        free = table.CrediFreeCredentials
        foreign = ENCRYPTED_CREDENTIALW("web", block=Pointer(0x10, "alice"))
        for count, array in ((0, None), (3, None), (1, (WEB,)), (1, (foreign,)), (1 << 32, ()), (5, ())):
            result: object = await free(count, array)
            assert result is None
    problems = [each.problem for each in log.of(SlotMisused)]
    assert problems[0] == "has at 0 what LSA did not give out"
    assert problems[2] == "is 5, but the array has 0"
    assert len(problems) == 3


@simulated
async def test_a_full_heap_gives_all_credentials_for_a_target_or_none(log: Log) -> None:
    async with users(log, lsa_heap=4096) as table:
        await table.CrediWrite(ALICE, 0, ON_SRV, 0)
        await table.CrediWrite(ALICE, 0, ENCRYPTED_CREDENTIALW(ON_DNS.target_name, ON_DNS.type, "", bytes(4096)), 0)
        assert await status_of(reads_domain(table)) == STATUS_INSUFFICIENT_RESOURCES
        assert len(log.of(BlockAllocated)) == len(log.of(BlockFreed)) == 1
    assert log.of(BlockLeaked) == []


@simulated
async def test_what_is_freed_holds_no_secret_any_more_and_no_event_ever_shows_one(log: Log) -> None:
    async with users(log) as table:
        await writes(table)
        found = await reads(table)
        assert found.block is not None
        await table.CrediFreeCredentials(1, (found,))
        empty = ENCRYPTED_CREDENTIALW("empty", credential_blob=b"")
        await table.CrediWrite(ALICE, 0, empty, 0)
        again = await table.CrediRead(ALICE, 0, "empty", empty.type, 0)
        assert again.block == found.block
        assert await table.memory.read(found.block, 6) == bytes(6)
        await table.CrediFreeCredentials(1, (again,))
    assert not [each for each in log.events if "secret" in describe(each) or "secret" in repr(each)]


@simulated
async def test_what_is_no_credential_does_not_compile() -> None:
    wrong: Any = "web"
    async with users() as table:
        with pytest.raises(TypeError, match=r"expected a ENCRYPTED_CREDENTIALW, got str$"):
            await table.CrediWrite(ALICE, 0, wrong, 0)
        with pytest.raises(TypeError, match=r"expected a tuple of ENCRYPTED_CREDENTIALW, got str$"):
            await table.CrediFreeCredentials(1, wrong)
        with pytest.raises(TypeError, match=r"expected a CREDENTIAL_TARGET_INFORMATIONW, got str$"):
            await table.CrediReadDomainCredentials(ALICE, 0, wrong, 0)
    with pytest.raises(TypeError, match="credential_blob"):
        ENCRYPTED_CREDENTIALW("web", credential_blob=wrong)
