"""AuditLogon and AuditAccountLogon: what packages write into the audit log, which is the event log."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from lsas import Log, scripted, simulated

import lsart
from lsart.contract import (
    LSA_SECPKG_SLOTS,
    STATUS_ACCOUNT_RESTRICTION,
    STATUS_LOGON_FAILURE,
    STATUS_SUCCESS,
    STATUS_UNSUCCESSFUL,
    TOKEN_SOURCE,
    FunctionTable,
    enumerations,
)
from lsart.events import AccountLogonAudited, LogonAudited, SlotMisused, TokenSourceForeign

INTERACTIVE = enumerations.SECURITY_LOGON_TYPE.Interactive
USER = "S-1-5-21-1-2-3-1001"


async def audit(table: FunctionTable, **given: Any) -> object:
    """AuditLogon of a success, but for what is given."""
    arguments: dict[str, Any] = {
        "status": STATUS_SUCCESS,
        "sub_status": STATUS_SUCCESS,
        "account_name": "alice",
        "authenticating_authority": "CONTOSO",
        "workstation_name": "DESK",
        "user_sid": USER,
        "logon_type": INTERACTIVE,
        "token_source": TOKEN_SOURCE("cache"),
        "logon_id": 0x1000,
    }
    function: Any = table.AuditLogon  # what it returns is what is looked at
    return await function(**(arguments | given))


async def audit_mapping(table: FunctionTable, *arguments: object) -> object:
    function: Any = table.AuditAccountLogon
    return await function(*arguments)


# ---------------------------------------------------------------------- AuditLogon


@pytest.mark.rule("AUL-1")
@simulated
async def test_an_attempt_is_recorded_as_it_was_told_be_it_a_success_or_a_failure(log: Log) -> None:
    package = scripted("cache")
    async with lsart.open_lsa(package, bus=log.bus):
        await audit(package.table)
        await audit(package.table, status=STATUS_ACCOUNT_RESTRICTION, sub_status=STATUS_LOGON_FAILURE, user_sid=None)
    success, failure = log.of(LogonAudited)
    assert (success.status, success.sub_status) == (int(STATUS_SUCCESS), int(STATUS_SUCCESS))
    assert (success.account, success.authority, success.workstation, success.user_sid) == (
        "alice",
        "CONTOSO",
        "DESK",
        USER,
    )
    assert (success.logon_type, success.source, success.logon_id) == (int(INTERACTIVE), "cache", 0x1000)
    assert (success.origin.package, success.origin.function) == ("cache", "AuditLogon")
    assert (failure.status, failure.sub_status) == (int(STATUS_ACCOUNT_RESTRICTION), int(STATUS_LOGON_FAILURE))
    assert (failure.account, failure.user_sid) == ("alice", None)


@pytest.mark.rule("AUL-2")
@simulated
async def test_a_source_without_the_packages_name_is_told(log: Log) -> None:
    package = scripted("cache")
    async with lsart.open_lsa(package, bus=log.bus):
        await audit(package.table)
        await audit(package.table, token_source=TOKEN_SOURCE("cac"))
        assert log.of(TokenSourceForeign) == []
        await audit(package.table, token_source=TOKEN_SOURCE("User32"), status=STATUS_LOGON_FAILURE)
    told = log.one(TokenSourceForeign)
    assert (told.source, told.origin.function) == ("User32", "AuditLogon")
    assert [each.source for each in log.of(LogonAudited)] == ["cache", "cac", "User32"], "it is recorded all the same"


@pytest.mark.rule("AUL-3")
@pytest.mark.parametrize("ignored", [0x1000, 0, None])
@simulated
async def test_only_a_success_has_a_logon_id(ignored: int | None, log: Log) -> None:
    package = scripted("cache")
    async with lsart.open_lsa(package, bus=log.bus):
        await audit(package.table, status=STATUS_LOGON_FAILURE, logon_id=ignored)
        await audit(package.table, logon_id=0x2000)
        assert log.of(SlotMisused) == []
        await audit(package.table, logon_id=None)
        assert log.one(SlotMisused).parameter == "logon_id"
    assert [each.logon_id for each in log.of(LogonAudited)] == [None, 0x2000, None]


@pytest.mark.rule("AUL-4")
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"status": -1, "sub_status": -1},
        {"status": 1 << 32},
        {"logon_type": 99},
        {"token_source": None},
        {"account_name": "a" * 40_000},
        {"logon_id": 1 << 64},
    ],
    ids=lambda given: next(iter(given), "right"),
)
@simulated
async def test_audit_logon_returns_nothing_and_never_fails(given: dict[str, Any], log: Log) -> None:
    def loses_the_record(event: LogonAudited) -> None:
        raise RuntimeError("the disk is full")

    log.bus.subscribe(loses_the_record, LogonAudited)
    package = scripted("cache")
    async with lsart.open_lsa(package, bus=log.bus):
        assert await audit(package.table, **given) is None


@pytest.mark.rule("AUL-5")
@simulated
async def test_every_name_may_be_left_out(log: Log) -> None:
    package = scripted("cache")
    absent = ("account_name", "authenticating_authority", "workstation_name", "user_sid")
    async with lsart.open_lsa(package, bus=log.bus):
        for name in absent:
            await audit(package.table, **{name: None})
        await audit(package.table, **dict.fromkeys(absent))
    assert log.of(SlotMisused) == []
    found = [
        tuple(each is None for each in (record.account, record.authority, record.workstation, record.user_sid))
        for record in log.of(LogonAudited)
    ]
    assert found == [
        (True, False, False, False),
        (False, True, False, False),
        (False, False, True, False),
        (False, False, False, True),
        (True, True, True, True),
    ]
    row = next(each for each in LSA_SECPKG_SLOTS if each.name == "AuditLogon")
    assert [each.name for each in row.in_parameters if each.optional] == list(absent)


# ---------------------------------------------------------------------- AuditAccountLogon


@pytest.mark.rule("AAL-1")
@simulated
async def test_each_mapping_is_one_record(log: Log) -> None:
    package = scripted("cache")
    async with lsart.open_lsa(package, bus=log.bus):
        await audit_mapping(package.table, 7, True, "realm", "alice@EXAMPLE", "CONTOSO\\alice", STATUS_SUCCESS)
        await audit_mapping(package.table, 8, False, None, "eve@EXAMPLE", None, STATUS_LOGON_FAILURE)
    assert [
        (each.audit_id, each.success, each.source, each.client_name, each.mapped_name, each.status)
        for each in log.of(AccountLogonAudited)
    ] == [
        (7, True, "realm", "alice@EXAMPLE", "CONTOSO\\alice", int(STATUS_SUCCESS)),
        (8, False, None, "eve@EXAMPLE", None, int(STATUS_LOGON_FAILURE)),
    ]
    assert {each.origin.package for each in log.of(AccountLogonAudited)} == {"cache"}


@pytest.mark.rule("AAL-2")
@pytest.mark.parametrize("success", [True, False])
@pytest.mark.parametrize("status", [STATUS_SUCCESS, STATUS_LOGON_FAILURE, STATUS_UNSUCCESSFUL, -1])
@simulated
async def test_a_mapping_is_always_recorded_with_success(success: bool, status: int) -> None:
    package = scripted("cache")
    async with lsart.open_lsa(package):
        assert await audit_mapping(package.table, 1, success, None, None, None, status) is None


@pytest.mark.rule("AAL-3")
@pytest.mark.parametrize("number", [0, 1, 672, 0xFFFF_FFFF])
@simulated
async def test_the_number_of_a_record_is_the_packages_own(number: int, log: Log) -> None:
    package = scripted("cache")
    async with lsart.open_lsa(package, bus=log.bus):
        await audit_mapping(package.table, number, True, "realm", "alice", "alice", STATUS_SUCCESS)
    assert log.one(AccountLogonAudited).audit_id == number


# ---------------------------------------------------------------------- order


@pytest.mark.parametrize("strategy", ["random", "dpor"])
def test_records_of_two_calls_come_in_either_order(strategy: str) -> None:
    found: set[tuple[str, ...]] = set()

    async def audits(table: FunctionTable, request: object, message: bytes) -> None:
        if message == b"logon":
            await audit(table)
        else:
            await audit_mapping(table, 1, True, None, None, None, STATUS_SUCCESS)

    async def main() -> None:
        log = Log()
        costs = lsart.Costs(heap_lock=0, commit_page=0, create_section=0)
        settings = lsart.LsaSettings(costs=costs, watchdog=None)
        async with (
            lsart.open_lsa(scripted("cache", call=audits), bus=log.bus, settings=settings) as lsa,
            lsa.connect("alice") as alice,
            lsa.connect("bob") as bob,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(alice.call, "cache", b"logon", name="alice")
            nursery.start_soon(bob.call, "cache", b"mapping", name="bob")
        told = (each for each in log.events if isinstance(each, (LogonAudited, AccountLogonAudited)))
        found.add(tuple(type(each).__name__ for each in told))

    result = lsart.explore(main, strategy=strategy, labelled=True, schedules=500, shrink=False)
    assert result.failure is None
    assert found == {("LogonAudited", "AccountLogonAudited"), ("AccountLogonAudited", "LogonAudited")}
