"""LsaApLogonUser, its two successors, and what LSA does with what they are given and give back."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from logons import ENTRIES, Ask, authenticator, create, log_on, token
from lsas import Log, Scripted, simulated, status_of
from tokens import USERS, V1

import lsart
from lsart.contract import (
    SECPKG_PRIMARY_CRED,
    SECPKG_SUPPLEMENTAL_CRED,
    STATUS_INVALID_PARAMETER,
    STATUS_LOGON_FAILURE,
    STATUS_NO_SUCH_LOGON_SESSION,
    STATUS_UNSUCCESSFUL,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    LogonFailure,
    LogonUserResult,
    Pointer,
    StatusError,
    enumerations,
)
from lsart.events import (
    SYSTEM,
    AccountNameMissing,
    BlockAllocated,
    BlockFreed,
    LogonAudited,
    OutputNotFromHeap,
    PackageDisabled,
    WrongPair,
)
from lsart.runtime import LsaSettings
from lsart.security import pack_token_information, pack_unicode_string

every_entry = pytest.mark.parametrize("entry", ENTRIES)
V2 = enumerations.LSA_TOKEN_INFORMATION_TYPE.LsaTokenInformationV2


def results(entry: str, result: LogonUserResult) -> tuple[Any, ...]:
    """What this entry point returns, in the order of its page."""
    names = ["profile_buffer", "profile_buffer_length", "logon_id", "sub_status", "token_information_type"]
    names += ["token_information", "account_name", "authenticating_authority"]
    names += ["machine_name"] if entry != ENTRIES[0] else []
    names += ["primary_credentials", "cached_credentials"] if entry == ENTRIES[2] else []
    return tuple(getattr(result, each) for each in names)


async def text_at(table: FunctionTable, text: str) -> Pointer:
    """A UNICODE_STRING in a block of the LSA heap."""
    block = await table.AllocateLsaHeap(100)
    assert block is not None
    await table.memory.write(block, pack_unicode_string(text, block.address))
    return block


async def information_at(table: FunctionTable) -> Pointer:
    """The user of the tests as a LSA_TOKEN_INFORMATION_V2."""
    block = await table.AllocateLsaHeap(400)
    assert block is not None
    await table.memory.write(block, pack_token_information(V1, block.address))
    return block


@pytest.mark.rule("LLU-1", "LLX-3")
@every_entry
@simulated
async def test_a_logon_enters_it_once_and_later_requests_reach_the_package_another_way(entry: str) -> None:
    entered: list[str] = []

    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        entered.append(entry)
        return await create(table, ask)

    def call(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        entered.append("call")
        return CallPackageReply()

    async with lsart.open_lsa(authenticator(answer=answer, entry=entry, call=call)) as lsa, lsa.connect() as client:
        await log_on(client)
        await client.call("auth", b"again")
        await client.call("auth", b"and again")
    assert entered == [entry, "call", "call"]


@pytest.mark.rule("LLU-3", "LLX-3")
@every_entry
@simulated
async def test_the_session_is_the_one_that_the_package_made_and_returned(entry: str) -> None:
    async def answer(table: FunctionTable, ask: Ask) -> tuple[Any, ...]:
        await table.CreateLogonSession(0x1234)
        return results(entry, await create(table, ask, logon_id=0x1234))

    async with lsart.open_lsa(authenticator(answer=answer, entry=entry)) as lsa, lsa.connect() as client:
        reply = await log_on(client)
        assert reply.logon_id == 0x1234
        assert token(client, reply.token).session is lsa.security.sessions.get(0x1234)


@pytest.mark.rule("LLU-4", "LLX-3")
@every_entry
@simulated
async def test_a_session_that_the_package_did_not_create_itself_logs_nobody_on(entry: str) -> None:
    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        return await create(table, ask, logon_id=numbers.pop())

    other = authenticator("other")
    async with lsart.open_lsa(authenticator(answer=answer, entry=entry), other) as lsa, lsa.connect() as client:
        await other.table.CreateLogonSession(0x77)
        theirs = await log_on(client, package="other")
        before = [each.logon_id for each in lsa.security.sessions]
        numbers = [0x5555, 0x77, theirs.logon_id, 0x3E7]  # nobody's, another package's, LSA's, the system's
        while numbers:
            assert await status_of(log_on(client)) == STATUS_NO_SUCH_LOGON_SESSION
        assert [each.logon_id for each in lsa.security.sessions] == before
        assert list(client.handles) == [theirs.token]
        assert lsa.check() == []


@pytest.mark.rule("LLU-5", "LLX-3")
@every_entry
@simulated
async def test_what_the_client_submitted_is_a_block_of_lsa_that_lsa_frees_after_the_call(entry: str, log: Log) -> None:
    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        seen.append((ask.information, await table.memory.read(ask.information, ask.length)))
        assert log.of(BlockFreed) == []
        if len(seen) > 1:
            raise LogonFailure(STATUS_LOGON_FAILURE, account_name="alice")
        return await create(table, ask)

    seen: list[tuple[Pointer, bytes]] = []
    async with (
        lsart.open_lsa(authenticator(answer=answer, entry=entry), bus=log.bus) as lsa,
        lsa.connect() as client,
    ):
        await log_on(client, b"alice and a password")
        assert seen[0][1] == b"alice and a password"
        made, freed = log.one(BlockAllocated), log.one(BlockFreed)
        assert made.address == freed.address == seen[0][0].address
        assert (made.heap, made.origin.package, freed.origin.package) == ("lsa-heap", SYSTEM, SYSTEM)
        assert lsa.memory.space.read(made.address, 20) == bytes(20)
        log.events.clear()
        assert await status_of(log_on(client, b"wrong")) == STATUS_LOGON_FAILURE
        assert [each.origin.package for each in log.of(BlockFreed)] == [SYSTEM]


@pytest.mark.rule("LLU-6", "LLX-3")
@every_entry
@simulated
async def test_pointers_in_the_data_are_the_clients_and_lead_on_from_the_clients_base(entry: str) -> None:
    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        assert ask.base is not None
        (place,) = struct.unpack("<Q", await table.memory.read(ask.information, 8))
        name = await table.memory.read(ask.information + (place - ask.base.address), 5)
        return await create(table, ask, account_name=name.decode())

    async with lsart.open_lsa(authenticator(answer=answer, entry=entry)) as lsa, lsa.connect() as client:
        base = client.memory.allocate(32)
        assert base is not None
        await client.memory.write(base, struct.pack("<Q8x", base.address + 16) + b"alice")
        reply = await log_on(client, base, length=21)
        assert token(client, reply.token).content.account_name == "alice"


@pytest.mark.rule("LLU-7", "LLX-3")
@every_entry
@simulated
async def test_the_profile_is_passed_on_as_the_package_returned_it(entry: str) -> None:
    async def answer(table: FunctionTable, ask: Ask) -> tuple[Any, ...]:
        # LSA looks at none of it: what the package says is what the client gets.
        buffer = await table.AllocateClientBuffer(ask.request, 8)
        made.append(buffer + 4)
        return results(entry, await create(table, ask, profile_buffer=buffer + 4, profile_buffer_length=99))

    made: list[Pointer] = []
    async with lsart.open_lsa(authenticator(answer=answer, entry=entry)) as lsa, lsa.connect() as client:
        reply = await log_on(client)
        assert (reply.profile_buffer, reply.profile_buffer_length) == (made[0], 99)
        assert made[0].space == client.process.space.name


@pytest.mark.rule("LLU-9", "LLX-3")
@every_entry
@simulated
async def test_token_information_in_memory_is_freed_by_lsa_once(entry: str, log: Log) -> None:
    async def answer(table: FunctionTable, ask: Ask) -> tuple[Any, ...]:
        made.append(await information_at(table))
        given = await create(table, ask, token_information=made[0], token_information_type=V2)
        return results(entry, given)

    made: list[Pointer] = []
    async with (
        lsart.open_lsa(authenticator(answer=answer, entry=entry), bus=log.bus) as lsa,
        lsa.connect() as client,
    ):
        reply = await log_on(client)
        assert token(client, reply.token).content.groups[0] == USERS
        (freed,) = [each for each in log.of(BlockFreed) if each.address == made[0].address]
        assert freed.origin.package == SYSTEM
    assert log.of(OutputNotFromHeap) == []


@pytest.mark.rule("LLU-10", "LLX-3")
@every_entry
@simulated
async def test_the_account_name_goes_to_the_audit_whatever_came_of_it_and_lsa_frees_it(entry: str, log: Log) -> None:
    async def answer(table: FunctionTable, ask: Ask) -> tuple[Any, ...]:
        if len(log.of(LogonAudited)) == 3:
            raise StatusError(STATUS_LOGON_FAILURE)
        name = None if log.of(LogonAudited)[2:] else await text_at(table, "alice")
        if len(log.of(LogonAudited)) == 1:
            raise LogonFailure(STATUS_LOGON_FAILURE, account_name=name)
        return results(entry, await create(table, ask, account_name=name))

    async with (
        lsart.open_lsa(authenticator(answer=answer, entry=entry), bus=log.bus) as lsa,
        lsa.connect() as client,
    ):
        await log_on(client)
        assert await status_of(log_on(client)) == STATUS_LOGON_FAILURE
        await log_on(client)
        assert log.of(AccountNameMissing) == []
        heap = lsa.memory.lsa_heap
        assert heap is not None
        assert heap.statistics().live_blocks == 0
    audited = [(each.status, each.account) for each in log.of(LogonAudited)]
    assert audited == [(0, "alice"), (STATUS_LOGON_FAILURE, "alice"), (0, "alice")]


@pytest.mark.rule("LLU-10")
@simulated
async def test_a_missing_account_name_is_told(log: Log) -> None:
    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        if log.of(LogonAudited):
            raise StatusError(STATUS_LOGON_FAILURE)
        return await create(table, ask, account_name=None)

    async with lsart.open_lsa(authenticator(answer=answer), bus=log.bus) as lsa, lsa.connect() as client:
        await log_on(client)
        assert await status_of(log_on(client)) == STATUS_LOGON_FAILURE
    told = [(each.package, each.status) for each in log.of(AccountNameMissing)]
    assert told == [("auth", 0), ("auth", STATUS_LOGON_FAILURE)]


@pytest.mark.rule("LLU-11", "LLX-3")
@every_entry
@simulated
async def test_the_authority_may_be_missing_and_one_in_memory_is_freed_by_lsa(entry: str, log: Log) -> None:
    async def answer(table: FunctionTable, ask: Ask) -> tuple[Any, ...]:
        authority = await text_at(table, "CONTOSO") if log.of(LogonAudited) else None
        return results(entry, await create(table, ask, authenticating_authority=authority))

    async with (
        lsart.open_lsa(authenticator(answer=answer, entry=entry), bus=log.bus) as lsa,
        lsa.connect() as client,
    ):
        for expected in ("", "CONTOSO"):
            reply = await log_on(client)
            assert token(client, reply.token).content.authority_name == expected
        freed = [each.size for each in log.of(BlockFreed) if each.origin.package == SYSTEM]
        assert freed == [5, 5, 100]
    assert [each.authority for each in log.of(LogonAudited)] == [None, "CONTOSO"]


@pytest.mark.rule("LLU-13")
@pytest.mark.choice("lsa_heap_outputs", "unchecked")
@pytest.mark.parametrize("outputs", ["checked", "unchecked"])
@simulated
async def test_an_output_that_is_no_block_of_the_lsa_heap_is_told_and_left_alone(outputs: Any, log: Log) -> None:
    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        block = await table.AllocatePrivateHeap(400)
        assert block is not None
        await table.memory.write(block, pack_token_information(V1, block.address))
        return await create(table, ask, token_information=block, token_information_type=V2)

    settings = LsaSettings(choices=lsart.Choices(lsa_heap_outputs=outputs))
    async with (
        lsart.open_lsa(authenticator(answer=answer), bus=log.bus, settings=settings) as lsa,
        lsa.connect() as client,
    ):
        before = [each.logon_id for each in lsa.security.sessions]
        if outputs == "unchecked":  # LSA looks at nothing, and frees with the wrong function what it was given
            await log_on(client)
            assert log.one(WrongPair).freed.package == SYSTEM
            assert log.of(OutputNotFromHeap) == []
        else:
            assert await status_of(log_on(client)) == STATUS_INVALID_PARAMETER
            assert (log.one(OutputNotFromHeap).output, log.of(WrongPair)) == ("TokenInformation", [])
            assert [each.logon_id for each in lsa.security.sessions] == before
        assert lsa.check() == []


@pytest.mark.rule("LLX-1")
@pytest.mark.parametrize("entry", ENTRIES[1:])
@simulated
async def test_the_machine_name_is_optional_and_goes_to_the_audit(entry: str, log: Log) -> None:
    async def answer(table: FunctionTable, ask: Ask) -> tuple[Any, ...]:
        if len(log.of(LogonAudited)) == 2:
            raise LogonFailure(STATUS_LOGON_FAILURE, account_name="alice", machine_name="LAPTOP")
        return results(entry, await create(table, ask, machine_name="DESK" if log.of(LogonAudited) else None))

    async with (
        lsart.open_lsa(authenticator(answer=answer, entry=entry), bus=log.bus) as lsa,
        lsa.connect() as client,
    ):
        await log_on(client)
        reply = await log_on(client)
        assert token(client, reply.token).content.workstation == "DESK"
        assert await status_of(log_on(client)) == STATUS_LOGON_FAILURE
    assert [each.workstation for each in log.of(LogonAudited)] == [None, "DESK", "LAPTOP"]


@pytest.mark.rule("LLX-2")
@pytest.mark.parametrize("entry", ENTRIES[1:])
@simulated
async def test_a_machine_name_in_memory_is_freed_by_lsa(entry: str, log: Log) -> None:
    async def answer(table: FunctionTable, ask: Ask) -> tuple[Any, ...]:
        return results(entry, await create(table, ask, machine_name=await text_at(table, "DESK")))

    async with (
        lsart.open_lsa(authenticator(answer=answer, entry=entry), bus=log.bus) as lsa,
        lsa.connect() as client,
    ):
        await log_on(client)
        assert [each.origin.package for each in log.of(BlockFreed) if each.size == 100] == [SYSTEM]
    assert log.one(LogonAudited).workstation == "DESK"


class Everything(Scripted):
    """A package with all three entry points."""

    def __init__(self, entries: tuple[str, ...], entered: list[str]) -> None:
        super().__init__("auth")
        for entry in entries:
            setattr(self, entry, self._named(entry, entered))

    def _named(self, entry: str, entered: list[str]) -> Any:
        async def logs_on(request: ClientRequest, kind: int, where: Pointer, base: Any, length: int) -> Any:
            entered.append(entry)
            return results(entry, await create(self.table, Ask(request, kind, where, base, length)))

        return logs_on


@pytest.mark.rule("LL2-1", "LLX-3")
@simulated
async def test_the_newest_entry_point_is_the_one_that_is_entered() -> None:
    entered: list[str] = []
    for count in (1, 2, 3):
        package = Everything(ENTRIES[:count], entered)
        async with lsart.open_lsa(package) as lsa, lsa.connect() as client:
            await log_on(client)
    assert entered == list(ENTRIES)


@pytest.mark.rule("LL2-1")
@simulated
async def test_the_newest_entry_point_returns_the_credentials_that_others_may_want() -> None:
    got: list[Any] = []

    async def answer(table: FunctionTable, ask: Ask) -> tuple[Any, ...]:
        primary = SECPKG_PRIMARY_CRED(downlevel_name="alice")
        own = (SECPKG_SUPPLEMENTAL_CRED("other", b"for it"),)
        given = await create(table, ask, primary_credentials=primary, cached_credentials=own)
        return results(ENTRIES[2], given)

    other = authenticator("other", accepts=lambda table, given: got.append((given.primary, given.own)))
    async with lsart.open_lsa(authenticator(answer=answer), other) as lsa, lsa.connect() as client:
        reply = await log_on(client)
    primary = SECPKG_PRIMARY_CRED(downlevel_name="alice", logon_id=reply.logon_id)
    assert got == [(primary, SECPKG_SUPPLEMENTAL_CRED("other", b"for it"))]


@pytest.mark.parametrize("value", [None, "text", 5])
@simulated
async def test_token_information_of_the_wrong_type_is_the_packages_fault(value: Any, log: Log) -> None:
    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        return await create(table, ask, token_information=value)

    async with lsart.open_lsa(authenticator(answer=answer), bus=log.bus) as lsa, lsa.connect() as client:
        assert await status_of(log_on(client)) == STATUS_UNSUCCESSFUL
        assert log.one(PackageDisabled).entry_point == "LogonUserEx2"
        assert len(client.handles) == 0
        assert lsa.check() == []
