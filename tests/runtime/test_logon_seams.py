"""Where several things go wrong in one logon, or one goes wrong late."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
import trio
from logons import INTERACTIVE, Ask, authenticator, create, log_on
from lsas import Log, simulated, status_of
from tokens import V1

import lsart
from lsart.contract import (
    STATUS_INVALID_HANDLE,
    STATUS_INVALID_PARAMETER,
    TOKEN_SOURCE,
    FunctionTable,
    LogonUserResult,
    Pointer,
    ProcessTerminated,
    StatusError,
    enumerations,
)
from lsart.events import DoubleFree, LogonSessionLeft
from lsart.security import pack_token_information

V2 = enumerations.LSA_TOKEN_INFORMATION_TYPE.LsaTokenInformationV2


@simulated
async def test_a_second_session_of_a_logon_that_lsa_refuses_is_told(log: Log) -> None:
    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        left.append(table.win32.AllocateLocallyUniqueId())
        await table.CreateLogonSession(left[0])
        return await create(table, ask, token_information=Pointer(0x10, "lsass"))

    left: list[int] = []
    async with lsart.open_lsa(authenticator(answer=answer), bus=log.bus) as lsa, lsa.connect("alice") as alice:
        assert await status_of(log_on(alice)) == STATUS_INVALID_PARAMETER
        told = log.one(LogonSessionLeft)
        assert (told.logon_id, told.status) == (left[0], STATUS_INVALID_PARAMETER)


@simulated
async def test_groups_of_a_logon_are_not_in_the_private_heap() -> None:
    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        return await create(table, ask, token_information=attrs.evolve(V1, groups=Pointer(0x10, "lsass")))

    async with lsart.open_lsa(authenticator(answer=answer)) as lsa, lsa.connect("alice") as alice:
        assert await status_of(log_on(alice)) == STATUS_INVALID_PARAMETER
        assert lsa.check() == []


@simulated
async def test_what_a_package_returned_in_memory_is_freed_once_though_the_client_ends_later(log: Log) -> None:
    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        block = await table.AllocateLsaHeap(256)
        assert block is not None
        await table.memory.write(block, pack_token_information(V1, block.address))
        credentials = lsart.SECPKG_PRIMARY_CRED(downlevel_name="alice")
        return await create(
            table, ask, token_information=block, token_information_type=V2, primary_credentials=credentials
        )

    async def ends(table: FunctionTable, given: Any) -> None:
        alice.terminate()

    async with lsart.open_lsa(authenticator(answer=answer, accepts=ends), bus=log.bus) as lsa:
        async with lsa.connect("alice") as alice:
            with pytest.raises(ProcessTerminated):
                await log_on(alice)
        await trio.testing.wait_all_tasks_blocked()
        assert log.of(DoubleFree) == []
        heap = lsa.memory.lsa_heap
        assert heap is not None
        assert heap.statistics().live_blocks == 0
        assert lsa.check() == []


@simulated
async def test_a_client_that_is_refused_for_ever_lets_others_run() -> None:
    async with lsart.open_lsa(authenticator()) as lsa, lsa.connect("alice") as alice:
        tries = 0

        async def tries_for_ever() -> None:
            nonlocal tries
            while tries < 1000:
                tries += 1
                with pytest.raises(StatusError) as caught:
                    await alice.LsaLogonUser(4444, "", INTERACTIVE, 1, b"", None, None, TOKEN_SOURCE("tests"))
                assert caught.value.status == STATUS_INVALID_HANDLE

        async with trio.open_nursery() as nursery:
            nursery.start_soon(tries_for_ever)
            for _ in range(3):
                await trio.lowlevel.checkpoint()
            assert tries < 10


@pytest.mark.parametrize(("length", "status"), [(32767, None), (32768, STATUS_INVALID_PARAMETER)])
@simulated
async def test_a_password_is_at_most_as_long_as_a_string_of_windows(length: int, status: int | None) -> None:
    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        return await create(table, ask, primary_credentials=lsart.SECPKG_PRIMARY_CRED(password="x" * length))

    given: list[int] = []
    auth = authenticator(answer=answer, accepts=lambda table, accepted: given.append(len(accepted.password)))
    async with lsart.open_lsa(auth) as lsa, lsa.connect("alice") as alice:
        if status is None:
            await log_on(alice)
        else:
            assert await status_of(log_on(alice)) == status
        assert given == ([] if status else [length])
        assert lsa.check() == []


@simulated
async def test_a_password_is_no_longer_than_the_block_in_which_it_lies(log: Log) -> None:
    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        block = await table.AllocateLsaHeap(16)
        assert block is not None
        password = lsart.LSA_STRING(block, 4096)
        return await create(table, ask, primary_credentials=lsart.SECPKG_PRIMARY_CRED(password=password))

    given: list[int] = []
    auth = authenticator(answer=answer, accepts=lambda table, accepted: given.append(1))
    async with lsart.open_lsa(auth, bus=log.bus) as lsa, lsa.connect("alice") as alice:
        assert await status_of(log_on(alice)) == STATUS_INVALID_PARAMETER
        assert given == []
        heap = lsa.memory.lsa_heap
        assert heap is not None
        assert heap.statistics().live_blocks == 0  # it was LSA's all the same
        assert log.of(DoubleFree) == []


@simulated
async def test_one_worker_gives_credentials_of_any_number_of_logons() -> None:
    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        return await create(table, ask, primary_credentials=lsart.SECPKG_PRIMARY_CRED(downlevel_name="alice"))

    given: list[str] = []
    auth = authenticator(answer=answer, accepts=lambda table, accepted: given.append(accepted.account_name))
    async with lsart.open_lsa(auth) as lsa, lsa.connect("alice") as alice:
        for _ in range(100):
            alice.CloseHandle((await log_on(alice)).token)
        assert given == ["alice"] * 100
