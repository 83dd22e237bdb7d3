"""Logons that fail, in the package, in LSA or because the client is gone: nothing of them is left."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
import trio
from logons import Ask, authenticator, create, log_on
from lsas import Log, in_use, simulated, status_of
from tokens import USER, V1

import lsart
from lsart.contract import (
    STATUS_ACCOUNT_DISABLED,
    STATUS_ACCOUNT_RESTRICTION,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_LOGON_FAILURE,
    STATUS_NO_MEMORY,
    STATUS_NO_SUCH_LOGON_SESSION,
    STATUS_UNSUCCESSFUL,
    FunctionTable,
    LogonFailure,
    LogonUserResult,
    Pointer,
    ProcessTerminated,
    StatusError,
    enumerations,
)
from lsart.events import (
    AccountNameMissing,
    BlockFreed,
    CallFinished,
    LogonAudited,
    LogonSessionDeleted,
    LogonSessionEnded,
    LogonSessionLeft,
    PackageDisabled,
    SubStatusMisplaced,
)
from lsart.memory import MachineLimits
from lsart.runtime import LsaSettings


async def refuses(table: FunctionTable, deletes: bool) -> None:
    """A logon that fails after its session was made."""
    luid = table.win32.AllocateLocallyUniqueId()
    await table.CreateLogonSession(luid)
    if deletes:
        await table.DeleteLogonSession(luid)
    raise LogonFailure(STATUS_LOGON_FAILURE, account_name="mallory")


@pytest.mark.rule("CLS-6", "SES-3", "DLS-7")
@simulated
async def test_a_package_whose_logon_failed_deletes_the_sessions_it_made_or_it_is_told(log: Log) -> None:
    careful = authenticator("careful", lambda table, ask: refuses(table, deletes=True))
    careless = authenticator("careless", lambda table, ask: refuses(table, deletes=False))
    async with lsart.open_lsa(careful, careless, bus=log.bus) as lsa, lsa.connect("mallory") as client:
        before = [each.logon_id for each in lsa.security.sessions]
        assert await status_of(log_on(client, package="careful")) == STATUS_LOGON_FAILURE
        assert [each.logon_id for each in lsa.security.sessions] == before
        assert (len(log.of(LogonSessionDeleted)), log.of(LogonSessionLeft)) == (1, [])
        assert await status_of(log_on(client, package="careless")) == STATUS_LOGON_FAILURE
        told = log.one(LogonSessionLeft)
        assert (told.status, told.created.package, told.created.client) == (STATUS_LOGON_FAILURE, "careless", "mallory")
        assert lsa.security.sessions.find(told.logon_id) is not None
        assert await status_of(log_on(client, package="careless")) == STATUS_LOGON_FAILURE
        assert len(log.of(LogonSessionLeft)) == 2  # each once
        assert len(client.handles) == 0


@pytest.mark.rule("LLU-12")
@simulated
async def test_a_sub_status_beside_any_other_status_is_told_and_not_passed_on(log: Log) -> None:
    answers: list[Any] = [
        LogonFailure(STATUS_ACCOUNT_RESTRICTION, account_name="a", sub_status=STATUS_ACCOUNT_DISABLED),
        LogonFailure(STATUS_LOGON_FAILURE, account_name="a", sub_status=STATUS_ACCOUNT_DISABLED),
        None,
    ]

    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        failure = answers.pop(0)
        if failure is not None:
            raise failure
        return await create(table, ask, sub_status=STATUS_ACCOUNT_DISABLED)

    async with lsart.open_lsa(authenticator(answer=answer), bus=log.bus) as lsa, lsa.connect() as client:
        for expected in (STATUS_ACCOUNT_DISABLED, 0):
            with pytest.raises(StatusError) as caught:
                await log_on(client)
            assert caught.value.sub_status == expected
        assert (await log_on(client)).sub_status == 0
    told = [(each.status, each.sub_status) for each in log.of(SubStatusMisplaced)]
    assert told == [(STATUS_LOGON_FAILURE, STATUS_ACCOUNT_DISABLED), (0, STATUS_ACCOUNT_DISABLED)]
    assert [each.sub_status for each in log.of(LogonAudited)] == [STATUS_ACCOUNT_DISABLED, 0, 0]


async def with_profile(table: FunctionTable, ask: Ask, **given: Any) -> LogonUserResult:
    """A logon with a profile of some bytes."""
    profile = await table.AllocateClientBuffer(ask.request, 100)
    return await create(table, ask, profile_buffer=profile, profile_buffer_length=100, **given)


@pytest.mark.rule("LLU-8")
@pytest.mark.parametrize(
    ("given", "handles", "status"),
    [
        ({}, 0, STATUS_INSUFFICIENT_RESOURCES),
        ({"token_information_type": enumerations.LSA_TOKEN_INFORMATION_TYPE.LsaTokenInformationV3}, 9, None),
        ({"token_information": Pointer(0x10, "lsass")}, 9, STATUS_INVALID_PARAMETER),
        ({"token_information": None}, 9, STATUS_UNSUCCESSFUL),
    ],
)
@simulated
async def test_lsa_that_fails_after_the_package_said_yes_frees_the_profile_and_ends_the_session(
    given: dict[str, Any], handles: int, status: int | None, log: Log
) -> None:
    package = authenticator(answer=lambda table, ask: with_profile(table, ask, **given))
    settings = LsaSettings(machine=MachineLimits(handles=handles), watchdog=None)
    async with lsart.open_lsa(package, bus=log.bus, settings=settings) as lsa, lsa.connect() as client:
        before = [each.logon_id for each in lsa.security.sessions]
        assert await status_of(log_on(client)) == (status or STATUS_INVALID_PARAMETER)
        assert client.process.committed == 0
        freed = [each.origin.package for each in log.of(BlockFreed) if each.size == 100]
        assert freed == ["LSA"]
        assert [each.logon_id for each in lsa.security.sessions] == before
        assert len(log.of(LogonSessionEnded)) == 1  # it was LSA's, so the packages hear of it
        assert (len(client.handles), len(lsa.security.handles)) == (0, 0)
        assert lsa.check() == []
        assert log.one(LogonAudited).logon_id is None
    assert in_use(lsa) == {}


@simulated
async def test_a_full_lsa_heap_logs_nobody_on_and_no_package_is_blamed(log: Log) -> None:
    settings = LsaSettings(machine=MachineLimits(lsa_heap=4096), watchdog=None)
    async with lsart.open_lsa(authenticator(), bus=log.bus, settings=settings) as lsa, lsa.connect() as client:
        assert await status_of(log_on(client, bytes(5000))) == STATUS_NO_MEMORY
        await log_on(client)
    assert log.of(AccountNameMissing) == []


@simulated
async def test_a_package_that_faults_leaves_no_block_behind_and_is_not_blamed_for_the_name(log: Log) -> None:
    def answer(table: FunctionTable, ask: Ask) -> None:
        raise ZeroDivisionError("oops")

    async with lsart.open_lsa(authenticator(answer=answer), bus=log.bus) as lsa, lsa.connect() as client:
        assert await status_of(log_on(client)) == STATUS_UNSUCCESSFUL
        heap = lsa.memory.lsa_heap
        assert heap is not None
        assert heap.statistics().live_blocks == 0
        assert log.one(PackageDisabled).entry_point == "LogonUserEx2"
    assert log.of(AccountNameMissing) == []
    assert log.one(LogonAudited).status == STATUS_UNSUCCESSFUL


@pytest.mark.parametrize(
    ("when", "how"),
    [
        *((when, how) for when in ("asked", "accepted", "audited") for how in ("terminated", "cancelled")),
        ("finished", "terminated"),
    ],
)
@simulated
async def test_a_client_that_is_gone_by_then_leaves_nothing_behind(when: str, how: str, log: Log) -> None:
    gone, go_on = trio.Event(), trio.Event()
    told_by = {"audited": LogonAudited, "finished": CallFinished}

    async def wait(at: str) -> None:
        if at == when:
            gone.set()
            await go_on.wait()

    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        result = await with_profile(table, ask, primary_credentials=lsart.SECPKG_PRIMARY_CRED(password="secret"))
        await wait("asked")
        return result

    other = authenticator("other", accepts=lambda table, given: wait("accepted"))
    async with lsart.open_lsa(authenticator(answer=answer), other, bus=log.bus) as lsa:
        async with lsa.connect("alice") as client:
            before = [each.logon_id for each in lsa.security.sessions]
            async with trio.open_nursery() as nursery:

                async def attempt(scope: trio.CancelScope) -> None:
                    with scope:
                        if how == "terminated":
                            with pytest.raises(ProcessTerminated):
                                await log_on(client)
                        else:
                            await log_on(client)
                    assert scope.cancelled_caught is (how == "cancelled")

                scope = trio.CancelScope()

                def end(_: object = None) -> None:
                    if how == "terminated":
                        client.terminate()
                    else:
                        scope.cancel()

                if when in told_by:  # the worker is through, or nearly, and the client has not run since
                    log.bus.subscribe(end, told_by[when])
                nursery.start_soon(attempt, scope)
                if when not in told_by:
                    await gone.wait()
                    end()
                    go_on.set()
            await trio.testing.wait_all_tasks_blocked()
            assert [each.logon_id for each in lsa.security.sessions] == before
            assert (len(client.handles), len(lsa.security.handles)) == (0, 0)
            heap = lsa.memory.lsa_heap
            assert heap is not None
            assert heap.statistics().live_blocks == 0
            assert client.process.committed == 0
        audited = log.one(LogonAudited)
        was_there = how == "cancelled" or when in told_by  # LSA does not look for who waits, but for the process
        assert (audited.status, audited.logon_id is None) == ((0, False) if was_there else (STATUS_UNSUCCESSFUL, True))
        assert lsa.check() == []
    assert in_use(lsa) == {}


@simulated
async def test_an_lsa_that_shuts_down_takes_back_what_a_logon_under_way_had_made(log: Log) -> None:
    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        return await with_profile(table, ask, primary_credentials=lsart.SECPKG_PRIMARY_CRED(password="secret"))

    other = authenticator("other", accepts=lambda table, given: trio.sleep_forever())
    settings = LsaSettings(grace=1_000_000, watchdog=None)
    async with (
        trio.open_nursery() as nursery,
        lsart.open_lsa(authenticator(answer=answer), other, bus=log.bus, settings=settings) as lsa,
    ):
        client = lsa.start_client("alice")
        client.connect(trusted=False)

        async def attempt() -> None:
            assert await status_of(log_on(client)) == STATUS_UNSUCCESSFUL

        nursery.start_soon(attempt)
        await trio.testing.wait_all_tasks_blocked()
    assert len(log.of(LogonSessionEnded)) == 1
    assert in_use(lsa) == {}


@pytest.mark.parametrize("wrong", [{"user": USER}, {"groups": ("S-1-1-0",)}, {"owner": 500}])
@simulated
async def test_a_package_that_makes_a_token_of_the_wrong_things_faults_and_the_lsa_goes_on(
    wrong: dict[str, Any], log: Log
) -> None:
    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        return await create(table, ask, token_information=attrs.evolve(V1, **wrong))

    other = authenticator("other")
    async with lsart.open_lsa(authenticator(answer=answer), other, bus=log.bus) as lsa, lsa.connect("alice") as client:
        assert await status_of(log_on(client)) == STATUS_UNSUCCESSFUL
        assert log.one(PackageDisabled).reason.startswith("TypeError: LSA_TOKEN_INFORMATION_V1: ")
        await log_on(client, package="other")
        assert lsa.check() == []


@simulated
async def test_a_session_that_is_logged_on_already_logs_nobody_on_again(log: Log) -> None:
    made: list[int] = []

    async def answer(table: FunctionTable, ask: Ask) -> LogonUserResult:
        result = await with_profile(table, ask, logon_id=made[0] if made else None)
        made.append(result.logon_id)
        return result

    async with lsart.open_lsa(authenticator(answer=answer), bus=log.bus) as lsa, lsa.connect("alice") as client:
        reply = await log_on(client)
        assert await status_of(log_on(client)) == STATUS_NO_SUCH_LOGON_SESSION
        assert lsa.security.sessions.get(reply.logon_id).references == 1
        assert list(client.handles) == [reply.token]
        assert lsa.check() == []
