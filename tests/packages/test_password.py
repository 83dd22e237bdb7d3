"""The sample `password`: who may log on does, whoever may not learns nothing, and nothing is ever left behind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import lsart_packages.password as sample
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from logons import INTERACTIVE, NETWORK, log_on, token
from lsart_packages.password import WHOAMI, Password, encode_logon, unpack_profile
from lsart_packages.password._messages import decode_logon
from lsas import Log, in_use, simulated, status_of

import lsart
from lsart.contract import (
    STATUS_ACCOUNT_DISABLED,
    STATUS_ACCOUNT_RESTRICTION,
    STATUS_BAD_VALIDATION_CLASS,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_LOGON_TYPE,
    STATUS_INVALID_PARAMETER,
    STATUS_LOGON_FAILURE,
    STATUS_NO_MEMORY,
    STATUS_NO_SUCH_LOGON_SESSION,
    Pointer,
    StatusError,
    enumerations,
)
from lsart.events import CallFinished, EntryPointMissing, LogonAudited, LogonSessionLeft, PackageDisabled
from lsart.memory import MachineLimits
from lsart.runtime import LsaSettings

SECOND = 1_000_000_000
ACCOUNTS = lsart.parse_accounts(
    """
    [domain]
    name = "CONTOSO"
    dns_name = "contoso.test"
    sid = "S-1-5-21-1-2-3"
    [lockout]
    threshold = 3
    window_s = 600
    duration_s = 900
    [[group]]
    name = "Everybody"
    rid = 1101
    [[group]]
    name = "Staff"
    rid = 1100
    member_of = ["Everybody"]
    [[account]]
    name = "alice"
    rid = 1001
    password = "correct horse"
    groups = ["Staff"]
    [[account]]
    name = "mallory"
    rid = 1002
    password = "correct horse"
    disabled = true
    """
)


@pytest.fixture
def log() -> Log:
    return Log()


@asynccontextmanager
async def desk(log: Log | None = None, **machine: int) -> AsyncIterator[tuple[lsart.Lsa, lsart.Client, Password]]:
    """An LSA with the package, and a client."""
    package = Password()
    given = LsaSettings(accounts=ACCOUNTS, machine=MachineLimits(**machine), watchdog=None)
    bus = None if log is None else log.bus
    async with lsart.open_lsa(package, settings=given, bus=bus) as lsa, lsa.connect("desk") as client:
        before = [each.logon_id for each in lsa.security.sessions]
        yield lsa, client, package
        client.handles.close_all(0)
        await trio.testing.wait_all_tasks_blocked()
        assert package.sessions == {}
        assert [each.logon_id for each in lsa.security.sessions] == before
        assert lsa.check() == []
    assert in_use(lsa) == {}


async def try_password(client: lsart.Client, user: str, password: str, **rest: Any) -> tuple[int, int]:
    """Status and SubStatus; the profile and the token are left."""
    try:
        await log_on(client, encode_logon("CONTOSO", user, password), package="password", **rest)
    except StatusError as error:
        return error.status, error.sub_status
    return 0, 0


@simulated
async def test_the_right_password_gives_a_token_a_profile_and_an_answer(log: Log) -> None:
    async with desk(log) as (_, client, package):
        message = encode_logon("CONTOSO", "alice", "correct horse")
        for count in (1, 2):
            logon = await log_on(client, message, package="password")
            content = token(client, logon.token).content
            assert (content.user, content.primary_group) == ("S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-513")
            groups = [each.sid.rpartition("-")[2] for each in content.groups]
            assert groups[:3] == ["513", "1100", "1101"]  # what its groups are in, too
            assert (content.account_name, content.authority_name) == ("alice", "CONTOSO")
            assert logon.profile_buffer is not None
            profile = unpack_profile(await client.memory.read(logon.profile_buffer, logon.profile_buffer_length))
            assert (profile.name, profile.logon_count) == ("CONTOSO\\alice", count)
            assert (await client.call("password", WHOAMI)).protocol_status == STATUS_NO_SUCH_LOGON_SESSION
            client.ImpersonateLoggedOnUser(logon.token)
            assert (await client.call("password", WHOAMI)).data == b"CONTOSO\\alice"
            client.RevertToSelf()
            await client.LsaFreeReturnBuffer(logon.profile_buffer)
            assert package.sessions == {logon.logon_id: "CONTOSO\\alice"}
            client.CloseHandle(logon.token)
            await trio.testing.wait_all_tasks_blocked()
            assert package.sessions == {}
        assert client.process.committed == 0
    assert log.of(EntryPointMissing) == []


@simulated
async def test_a_message_may_lie_in_the_client_with_addresses_of_the_client() -> None:
    async with desk() as (_, client, _):
        base = client.memory.allocate(400)
        assert base is not None
        message = encode_logon("CONTOSO", "alice", "correct horse", base)
        await client.memory.write(base, message)
        await log_on(client, base, length=len(message), package="password")
        assert await try_password(client, "alice", "correct horse", logon_type=NETWORK) == (0, 0)


@simulated
async def test_a_name_that_is_not_there_fails_as_a_wrong_password_does(log: Log) -> None:
    async with desk(log) as (_, client, _):
        for user, password in (("alice", "horse"), ("nobody", "correct horse"), ("", ""), ("mallory", "horse")):
            assert await try_password(client, user, password) == (STATUS_LOGON_FAILURE, 0)
        restricted = (STATUS_ACCOUNT_RESTRICTION, STATUS_ACCOUNT_DISABLED)
        assert await try_password(client, "mallory", "correct horse") == restricted
        proxy = enumerations.SECURITY_LOGON_TYPE.Proxy
        refused = await try_password(client, "alice", "correct horse", logon_type=proxy)
        assert refused == (STATUS_INVALID_LOGON_TYPE, 0)
    assert [each.account for each in log.of(LogonAudited)] == ["alice", "nobody", "", "mallory", "mallory", "alice"]


@simulated
async def test_three_wrong_passwords_lock_an_account_for_a_while() -> None:
    async with desk() as (_, client, _):
        for _ in range(3):
            assert await try_password(client, "alice", "horse") == (STATUS_LOGON_FAILURE, 0)
        status, sub_status = await try_password(client, "alice", "correct horse")
        assert (status, sub_status) == (STATUS_ACCOUNT_RESTRICTION, 0xC0000234)
        await lsart.sleep_ns(901 * SECOND)
        assert await try_password(client, "alice", "correct horse") == (0, 0)


@pytest.mark.parametrize(
    ("machine", "status"),
    [
        ({"client_quota": 0}, STATUS_NO_MEMORY),
        ({"paged_pool": 0}, STATUS_INSUFFICIENT_RESOURCES),
        ({"lsa_heap": 0}, STATUS_NO_MEMORY),
        ({"lsa_heap": 160}, STATUS_NO_MEMORY),
        ({"handles": 0}, STATUS_INSUFFICIENT_RESOURCES),
    ],
)
@simulated
async def test_whatever_runs_out_nothing_of_the_logon_is_left(machine: dict[str, int], status: int, log: Log) -> None:
    async with desk(log, **machine) as (lsa, client, _):
        assert await try_password(client, "alice", "correct horse") == (status, 0)
        assert client.process.committed == 0
        heap = lsa.memory.lsa_heap
        assert heap is None or heap.statistics().live_blocks == 0
    assert log.of(LogonSessionLeft) == []


@given(
    st.binary(max_size=120),
    st.integers(0, 100),
    st.binary(min_size=1, max_size=8),
    st.none() | st.integers(0, 1 << 63),
)
def test_a_message_that_somebody_made_up_is_none_or_says_what_is_in_it(
    junk: bytes, place: int, patch: bytes, base: int | None
) -> None:
    pointer = None if base is None else Pointer(base, "desk")
    real = encode_logon("CONTOSO", "alice", "correct horse", pointer)
    found = decode_logon(real, pointer)
    assert found is not None
    assert (found.domain, found.user, found.password) == ("CONTOSO", "alice", "correct horse")
    assert "correct" not in repr(found)
    for message in (junk, real[:place], real[:place] + patch + real[place + len(patch) :]):
        logon = decode_logon(message, pointer)
        assert logon is None or len(logon.user) <= 256


@settings(max_examples=30)
@given(st.binary(max_size=120), st.sampled_from(list(enumerations.SECURITY_LOGON_TYPE)))
def test_no_message_makes_it_fail_in_any_other_way(message: bytes, logon_type: int) -> None:
    @simulated
    async def scene() -> None:
        log = Log()
        async with desk(log) as (_, client, _):
            refused = await status_of(log_on(client, message, package="password", logon_type=logon_type))
            assert refused in (STATUS_BAD_VALIDATION_CLASS, STATUS_LOGON_FAILURE)
            assert (await client.call("password", message)).protocol_status == STATUS_INVALID_PARAMETER
        assert log.of(PackageDisabled) == []

    scene()


def test_its_scenario_runs_and_leaves_nothing_and_no_event_shows_a_password() -> None:
    log = Log()
    result = lsart.stress("password", clients=8, bus=log.bus)
    assert (result.exit_code, result.problems) == (0, ())
    assert {each.operation for each in log.of(CallFinished)} == {"log on", "whoami", "raw"}
    assert [each for each in map(repr, log.events) if "s password" in each] == []


@pytest.mark.slow
def test_no_schedule_of_three_clients_is_found_that_breaks_it() -> None:
    result = lsart.explore(lsart.scenario_model("password", clients=3), schedules=200, seed=1)
    assert result.failure is None, result.failure


def test_what_it_offers_is_a_package_and_what_its_clients_need() -> None:
    assert {"Password", "encode_logon", "unpack_profile"} < set(sample.__all__)
    assert Password().SpGetInfo().name == "password"
    assert INTERACTIVE in sample._SERVED
