"""The check of a password, which is lsart's own: what it says, what it tells, and what it keeps to itself."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from accounts import PASSWORD, contoso
from lsas import Log, scripted, simulated

import lsart
from lsart.contract import (
    STATUS_ACCOUNT_DISABLED,
    STATUS_ACCOUNT_RESTRICTION,
    STATUS_INVALID_HANDLE,
    STATUS_LOGON_FAILURE,
    STATUS_PASSWORD_EXPIRED,
    FunctionTable,
    Pointer,
    StatusError,
    enumerations,
)
from lsart.events import AccountLocked, PasswordChecked, describe, event_record
from lsart.memory import LSASS
from lsart.security import Accounts, LockoutPolicy

SAM = enumerations.SECPKG_NAME_TYPE.SecNameSamCompatible
MINUTE = 60 * 10**9


async def opened(table: FunctionTable, name: str = "alice") -> Pointer:
    handle = await table.OpenSamUser(f"CONTOSO\\{name}", SAM, None, False, 0)
    assert handle is not None
    return handle


async def outcome(table: FunctionTable, handle: Pointer | None, password: str) -> tuple[int, int]:
    """Status and sub-status; zeros for success."""
    try:
        await table.verify_password(handle, password)
    except StatusError as error:
        return error.status, error.sub_status
    return 0, 0


def accounts() -> Accounts:
    policy = LockoutPolicy(threshold=2, window_ns=MINUTE, duration_ns=10 * MINUTE)
    return (
        contoso(policy)
        .with_account("off", "x", disabled=True)
        .with_account("old", "x", expires_ns=0)
        .with_account("stale", "x", password_expires_ns=0)
    )


@simulated
async def test_the_right_password_opens_and_what_restricts_the_account_is_the_sub_status(log: Log) -> None:
    package = scripted("a")
    async with lsart.open_lsa(package, bus=log.bus, settings=lsart.LsaSettings(accounts=accounts())):
        table = package.table
        expected = {
            ("alice", PASSWORD): (0, 0),
            ("alice", "x"): (STATUS_LOGON_FAILURE, 0),
            ("off", "x"): (STATUS_ACCOUNT_RESTRICTION, STATUS_ACCOUNT_DISABLED),
            ("off", "y"): (STATUS_LOGON_FAILURE, 0),
            ("old", "x"): (STATUS_ACCOUNT_RESTRICTION, 0xC0000193),
            ("stale", "x"): (STATUS_ACCOUNT_RESTRICTION, STATUS_PASSWORD_EXPIRED),
        }
        for (name, password), status in expected.items():
            handle = await opened(table, name)
            assert await outcome(table, handle, password) == status, name
            await table.CloseSamUser(handle)
        assert await outcome(table, None, PASSWORD) == (STATUS_LOGON_FAILURE, 0)
        assert await outcome(table, Pointer(16, LSASS), PASSWORD) == (STATUS_INVALID_HANDLE, 0)
    told = [(each.account, each.verdict, each.wrong) for each in log.of(PasswordChecked)]
    assert told == [
        ("alice", "right", 0),
        ("alice", "wrong", 1),
        ("off", "disabled", 0),
        ("off", "wrong", 1),
        ("old", "expired", 0),
        ("stale", "password expired", 0),
        ("", "wrong", 0),
    ]


@simulated
async def test_an_account_is_locked_in_virtual_time_and_the_lock_ends(log: Log) -> None:
    package = scripted("a")
    async with lsart.open_lsa(package, bus=log.bus, settings=lsart.LsaSettings(accounts=accounts())):
        table = package.table
        handle = await opened(table)
        for _ in range(2):
            assert (await outcome(table, handle, "guess"))[0] == STATUS_LOGON_FAILURE
        locked = (STATUS_ACCOUNT_RESTRICTION, 0xC0000234)
        assert await outcome(table, handle, PASSWORD) == locked
        assert await outcome(table, handle, "guess") == locked
        await trio.sleep(9 * 60)
        assert await outcome(table, handle, PASSWORD) == locked
        await trio.sleep(60)
        assert await outcome(table, handle, PASSWORD) == (0, 0)
        await table.CloseSamUser(handle)
    event = log.one(AccountLocked)
    assert (event.account, event.wrong, event.until_ns) == ("alice", 2, event.time_ns + 10 * MINUTE)


@simulated
async def test_two_runs_of_one_set_of_accounts_do_not_share_locks() -> None:
    given = accounts()
    for _ in range(2):
        package = scripted("a")
        async with lsart.open_lsa(package, settings=lsart.LsaSettings(accounts=given)):
            handle = await opened(package.table)
            assert (await outcome(package.table, handle, "guess"))[0] == STATUS_LOGON_FAILURE
            await package.table.CloseSamUser(handle)


@simulated
async def test_no_event_no_error_and_no_text_shows_a_password_or_a_hash(log: Log) -> None:
    package = scripted("a")
    async with lsart.open_lsa(package, bus=log.bus, settings=lsart.LsaSettings(accounts=accounts())) as lsa:
        table = package.table
        handle = await opened(table)
        texts = []
        for password in (PASSWORD, "letmein", "letmein"):
            try:
                await table.verify_password(handle, password)
            except StatusError as error:
                texts += [str(error), repr(error)]
        wrong: Any = {"letmein": PASSWORD}
        with pytest.raises(TypeError) as caught:
            await table.verify_password(handle, wrong)
        texts += [str(caught.value), repr(lsa.settings)]
        await table.CloseSamUser(handle)
    texts += [text for each in log.events for text in (repr(each), describe(each), str(event_record(each)))]
    assert len(log.of(PasswordChecked)) == 3
    for secret in (PASSWORD, "letmein", "argon2"):
        assert [text for text in texts if secret in text] == []


@simulated
async def test_the_table_of_initialize_package_checks_passwords_too() -> None:
    outcomes = []

    class Package:
        async def LsaApInitializePackage(self, package_id: int, table: FunctionTable, *_: object) -> str:
            outcomes.append(await outcome(table, None, "x"))
            return "both"

        def SpInitialize(self, package_id: int, parameters: object, table: FunctionTable) -> None: ...

        def SpGetInfo(self) -> lsart.SecPkgInfo:
            return lsart.SecPkgInfo("both")

    async with lsart.open_lsa(Package) as lsa:
        assert lsa.refusals == ()
    assert outcomes == [(STATUS_LOGON_FAILURE, 0)]
