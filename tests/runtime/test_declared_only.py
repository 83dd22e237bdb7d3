"""Slots of which only the declaration is known: they are kept, they do nothing, and both sides are told so."""

from __future__ import annotations

from typing import Any

import pytest
from declarations import DECLARATIONS, declaration
from lsas import Log, scripted, simulated
from slots import failure_of, outcome_of, valid_arguments

import lsart
from lsart.contract import (
    LSA_SECPKG_SLOTS,
    SECPKG_DLL_SLOTS,
    SECPKG_SLOTS,
    STATUS_NOT_IMPLEMENTED,
    STATUS_NOT_SUPPORTED,
    Choices,
    InternalError,
    constants,
)
from lsart.events import EntryPointUnused, SlotMisused, SlotReturned, SlotUnavailable
from lsart.runtime import LsaSettings, implemented
from lsart.runtime._enter import entry
from lsart.runtime._host import Host

LSA = {each.name: each for each in LSA_SECPKG_SLOTS}
PACKAGE = {each.name: each for each in SECPKG_SLOTS}


@pytest.mark.parametrize(
    "name",
    [
        "SaveSupplementalCredentials",
        "GetUserCredentials",
        pytest.param("DummyFunction6", marks=pytest.mark.rule("DF6-1")),
        pytest.param("GetExtendedCallFlags", marks=pytest.mark.rule("GEF-1")),
        pytest.param("DuplicateTokenHandle", marks=pytest.mark.rule("DTH-1")),
        pytest.param("GetServiceAccountPassword", marks=pytest.mark.rule("GSP-1")),
        pytest.param("DummyFunction7", marks=pytest.mark.rule("DF7-1")),
        pytest.param("AuditLogonEx", marks=pytest.mark.rule("ALX-1")),
        pytest.param("CheckProtectedUserByToken", marks=pytest.mark.rule("CPU-1")),
        pytest.param("QueryClientRequest", marks=pytest.mark.rule("QCR-1")),
        pytest.param("GetAppModeInfo", marks=pytest.mark.rule("GAM-1")),
        pytest.param("SetAppModeInfo", marks=pytest.mark.rule("SAM-1")),
        pytest.param("GetClientInfoEx", marks=pytest.mark.rule("GCX-1")),
    ],
)
@simulated
async def test_a_slot_that_is_only_declared_has_its_declaration_does_nothing_and_says_so(name: str, log: Log) -> None:
    slot = LSA[name]
    assert declaration(slot) == DECLARATIONS[name]
    assert slot.declared_only
    package = scripted("a")
    async with lsart.open_lsa(package, bus=log.bus):
        result = await outcome_of(getattr(package.table, name)(*valid_arguments(slot)))
    assert result == failure_of(slot, STATUS_NOT_IMPLEMENTED)
    told = log.one(SlotUnavailable)
    assert (told.slot, told.reason) == (name, "declaration only: no page says what it does")
    assert told.origin.package == "a"
    assert (log.of(SlotMisused), log.of(SlotReturned)) == ([], [])


@pytest.mark.choice("undocumented_slot", "STATUS_NOT_SUPPORTED")
@simulated
async def test_the_status_of_such_a_slot_is_a_choice_and_that_of_a_slot_not_built_yet_is_none(log: Log) -> None:
    package = scripted("a")
    settings = LsaSettings(choices=Choices(undocumented_slot=STATUS_NOT_SUPPORTED))
    async with lsart.open_lsa(package, bus=log.bus, settings=settings):
        for slot in LSA_SECPKG_SLOTS:
            if slot.name in implemented()["LSA_SECPKG_FUNCTION_TABLE"]:
                continue
            result = await outcome_of(getattr(package.table, slot.name)(*valid_arguments(slot)))
            status = STATUS_NOT_SUPPORTED if slot.declared_only else STATUS_NOT_IMPLEMENTED
            assert result == failure_of(slot, status), slot.name
    reasons = {each.slot: each.reason for each in log.of(SlotUnavailable)}
    assert {name for name, reason in reasons.items() if reason.startswith("declaration only")} == {
        each.name for each in LSA_SECPKG_SLOTS if each.declared_only
    }
    assert {reason for reason in reasons.values() if not reason.startswith("declaration only")} <= {
        "not served by this version of lsart"
    }


@pytest.mark.rule("DTH-1")
def test_a_token_handle_is_duplicated_by_a_function_of_the_same_type_as_any_handle() -> None:
    token, handle = LSA["DuplicateTokenHandle"], LSA["DuplicateHandle"]
    assert declaration(token) == declaration(handle)


@pytest.mark.rule("ALX-1")
def test_the_longer_audit_has_the_impersonation_level_after_the_logon_type() -> None:
    inserted = "in SECURITY_LOGON_TYPE logon_type, in SECURITY_IMPERSONATION_LEVEL impersonation_level, "
    longer, shorter = (declaration(LSA[name]).partition("(")[2] for name in ("AuditLogonEx", "AuditLogon"))
    assert longer.replace(inserted, "in SECURITY_LOGON_TYPE logon_type, ") == shorter
    assert inserted in longer


@pytest.mark.rule("QCR-1")
def test_one_query_of_a_client_request_exists() -> None:
    queries = {name: value for name, value in vars(constants).items() if name.startswith("LSA_QUERY_CLIENT_")}
    assert queries == {"LSA_QUERY_CLIENT_PRELOGON_SESSION_ID": 1}


@pytest.mark.rule("GAM-1")
def test_every_output_of_the_application_mode_call_may_be_null() -> None:
    outs = LSA["GetAppModeInfo"].parameters
    assert len(outs) == 5
    assert {(each.direction, each.optional) for each in outs} == {("out", True)}


@pytest.mark.rule("GCX-1")
def test_the_page_of_the_table_lists_every_slot_but_the_longer_client_info() -> None:
    assert [each.name for each in LSA_SECPKG_SLOTS if each.doc == "none (SDK header only)"] == ["GetClientInfoEx"]


@pytest.mark.rule("LL3-1")
def test_the_newest_logon_has_surrogate_data_after_the_size_and_no_calling_convention() -> None:
    newer, older = PACKAGE["LogonUserEx3"], PACKAGE["LogonUserEx2"]
    types = [f"{each.direction} {each.type}" for each in newer.parameters]
    assert newer.parameters[4].name == "submit_buffer_size"
    assert types.pop(5) == "inout PSECPKG_SURROGATE_LOGON"
    assert types == [f"{each.direction} {each.type}" for each in older.parameters]
    assert newer.convention == ""


@pytest.mark.rule("DLP-1")
@simulated
async def test_a_function_of_the_dll_that_is_only_declared_answers_in_the_same_way(log: Log) -> None:
    (slot,) = (each for each in SECPKG_DLL_SLOTS if each.declared_only)
    assert (slot.index, slot.name) == (3, "LocatePackageById")
    assert declaration(slot) == "PVOID LSA_LOCATE_PKG_BY_ID(in ULONG package_id)"
    async with lsart.open_lsa() as lsa:
        function = Host(log.bus, (), Choices(), lsa.security, lsa.identities).function(slot, "a")
        assert await function(1) is None
    told = log.one(SlotUnavailable)
    assert (told.slot, told.reason) == ("LocatePackageById", "declaration only: no page says what it does")


class Offers:
    """A package with every entry point that is only declared."""

    def __init__(self) -> None:
        self.entered: list[str] = []
        for slot in SECPKG_SLOTS:
            if slot.declared_only:
                setattr(self, slot.entry_name, self._entry(slot.name))

    def _entry(self, name: str) -> Any:
        return lambda *_: self.entered.append(name)

    def SpInitialize(self, *_: object) -> None: ...

    def LsaApCallPackageUntrusted(self, *_: object) -> None: ...


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("PostLogonUser", marks=pytest.mark.rule("SPL-1")),
        pytest.param("GetRemoteCredGuardLogonBuffer", marks=pytest.mark.rule("SRL-1")),
        pytest.param("GetRemoteCredGuardSupplementalCreds", marks=pytest.mark.rule("SRS-1")),
        pytest.param("GetTbalSupplementalCreds", marks=pytest.mark.rule("SGT-1")),
        pytest.param("LogonUserEx3", marks=pytest.mark.rule("LL3-1")),
        pytest.param("PreLogonUserSurrogate", marks=pytest.mark.rule("PRS-1")),
        pytest.param("PostLogonUserSurrogate", marks=pytest.mark.rule("POS-1")),
        "ExtractTargetInfo",
    ],
)
@simulated
async def test_an_entry_point_that_is_only_declared_is_never_entered_and_the_package_is_told(
    name: str, log: Log
) -> None:
    slot = PACKAGE[name]
    assert declaration(slot) == DECLARATIONS[name]
    assert slot.declared_only
    offers = Offers()
    async with lsart.open_lsa(offers, bus=log.bus) as lsa, lsa.connect() as client:
        await client.call("offers", b"")
    assert offers.entered == []
    told = {each.slot: (each.package, each.reason) for each in log.of(EntryPointUnused)}
    assert told[name] == ("offers", "declaration only: no page says what it does")
    assert [each.slot for each in log.of(EntryPointUnused)] == [
        each.name for each in SECPKG_SLOTS if each.declared_only
    ]
    assert name not in implemented()["SECPKG_FUNCTION_TABLE"]
    with pytest.raises(InternalError, match="known from its declaration only"):
        entry(name)


@simulated
async def test_a_package_that_offers_nothing_of_the_kind_is_told_nothing(log: Log) -> None:
    async with lsart.open_lsa(scripted("a"), bus=log.bus):
        pass
    assert log.of(EntryPointUnused) == []


def test_the_declarations_written_here_are_all_there_are() -> None:
    assert list(DECLARATIONS) == [each.name for each in (*LSA_SECPKG_SLOTS, *SECPKG_SLOTS) if each.declared_only]
