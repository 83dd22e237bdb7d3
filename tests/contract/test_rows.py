"""The generated rows say what the data says, in Python names."""

from __future__ import annotations

import inspect
import keyword
from itertools import chain

import attrs
import pytest

from lsart.contract._rows import FailureValue, Slot
from lsart.contract._rules import rules
from lsart.contract._status_names import STATUS_NAMES
from lsart.contract._tables import (
    CLIENT_FUNCTIONS,
    LSA_DISPATCH_SLOTS,
    LSA_DISPATCH_TABLE,
    LSA_SECPKG_FUNCTION_TABLE,
    LSA_SECPKG_SLOTS,
    NDIS_FUNCTIONS,
    SECPKG_DLL_SLOTS,
    SECPKG_SLOTS,
    SECPKG_USER_SLOTS,
)

EVERY_SLOT = [
    *LSA_SECPKG_SLOTS,
    *SECPKG_SLOTS,
    *SECPKG_USER_SLOTS,
    *SECPKG_DLL_SLOTS,
    *CLIENT_FUNCTIONS,
    *NDIS_FUNCTIONS,
]


def slot(name: str) -> Slot:
    return next(each for each in LSA_SECPKG_SLOTS if each.name == name)


def test_every_table_has_all_its_slots_in_memory_order() -> None:
    sizes = {
        64: LSA_SECPKG_SLOTS,
        43: SECPKG_SLOTS,
        15: SECPKG_USER_SLOTS,
        4: SECPKG_DLL_SLOTS,
        18: CLIENT_FUNCTIONS,
        5: NDIS_FUNCTIONS,
    }
    for size, rows in sizes.items():
        assert [each.index for each in rows] == list(range(size))


@pytest.mark.rule("LST-2")
def test_dispatch_slots_are_the_first_eleven_slots_themselves() -> None:
    assert len(LSA_DISPATCH_SLOTS) == 11
    assert all(one is other for one, other in zip(LSA_DISPATCH_SLOTS, LSA_SECPKG_SLOTS, strict=False))
    assert LSA_DISPATCH_TABLE in LSA_SECPKG_FUNCTION_TABLE.__mro__


def test_the_names_of_parameters_are_python_names_and_unique_in_a_slot() -> None:
    for each in EVERY_SLOT:
        names = [parameter.name for parameter in each.parameters]
        assert len(set(names)) == len(names), each.name
        assert all(name.isidentifier() and name == name.lower() for name in names), names
        assert not any(keyword.iskeyword(name) for name in names), names


@pytest.mark.parametrize(
    ("windows_name", "name"),
    [
        ("MaxSize", "max_size"),
        ("SharedMem", "shared_mem"),
        ("LogonId", "logon_id"),
        ("ProtocolSubmitBuffer", "protocol_submit_buffer"),
        ("pSharedMemoryProviderContext", "shared_memory_provider_context"),
        ("phCredential", "credential"),
        ("ppvTargetInfo", "target_info"),
        ("fContextReq", "context_req"),
        ("PerformAtGC", "perform_at_gc"),
        ("Class", "information_class"),
        ("DestionationHandle", "destination_handle"),
    ],
)
def test_a_windows_parameter_name_becomes_snake_case(windows_name: str, name: str) -> None:
    parameters = chain.from_iterable(each.parameters for each in EVERY_SLOT)
    assert {each.name for each in parameters if each.windows_name == windows_name} == {name}


def test_a_slot_knows_the_function_that_a_package_offers_for_it() -> None:
    names = {each.name: each.entry_name for each in SECPKG_SLOTS}
    assert names["Initialize"] == "SpInitialize"
    assert names["CallPackageUntrusted"] == "LsaApCallPackageUntrusted"
    assert names["PostLogonUser"] == "LsaApPostLogonUser"
    assert len(set(names.values())) == 43
    in_the_client = {each.name: each.entry_name for each in SECPKG_USER_SLOTS}
    assert in_the_client["SealMessage"] == "SpSealMessage"
    assert in_the_client["DeleteUserModeContext"] == "SpDeleteUserModeContext"
    assert len(set(in_the_client.values())) == 15
    assert all(each.entry_name == each.name for each in LSA_SECPKG_SLOTS)


def test_failure_follows_from_the_result_type() -> None:
    assert slot("CreateSharedMemory").failure_value is FailureValue.NULL
    assert slot("DeleteSharedMemory").failure_value is FailureValue.FALSE
    assert slot("FreeSharedMemory").failure_value is FailureValue.NOTHING
    assert slot("AllocateClientBuffer").failure_value is FailureValue.STATUS
    assert all(each.failure_value for each in EVERY_SLOT)


def test_in_and_out_parameters_are_what_python_code_passes_and_gets() -> None:
    copy = slot("CopyFromClientBuffer")
    assert [each.name for each in copy.in_parameters] == ["client_request", "length", "client_base_address"]
    assert [each.name for each in copy.out_parameters] == ["buffer_to_copy"]
    cursor = slot("GetCredentials")
    assert "query_context" in [each.name for each in cursor.in_parameters]
    assert "query_context" in [each.name for each in cursor.out_parameters]
    assert slot("LsaProtectMemory").out_parameters == ()


def test_rows_name_rules_and_statuses_that_exist() -> None:
    known = set(chain.from_iterable(STATUS_NAMES.values())) | {"ERROR_GEN_FAILURE"}
    for each in EVERY_SLOT:
        assert set(each.rule_ids) <= set(rules()), each.name
        named = {status.name for status in each.statuses} - {"SCARD_E_INVALID_HANDLE"}
        assert named <= known, (each.name, named - known)


def test_the_protocol_has_every_slot_with_the_rows_parameters() -> None:
    for each in LSA_SECPKG_SLOTS:
        function = getattr(LSA_SECPKG_FUNCTION_TABLE, each.name)
        assert inspect.iscoroutinefunction(function)
        assert list(inspect.signature(function).parameters)[1:] == [x.name for x in each.in_parameters]
        assert function.__doc__.startswith(each.summary.split(",")[0].split(" ")[0])
    for each in LSA_DISPATCH_SLOTS:
        assert getattr(LSA_DISPATCH_TABLE, each.name) is getattr(LSA_SECPKG_FUNCTION_TABLE, each.name)


def test_the_protocol_declares_python_types_for_the_shared_memory_slots() -> None:
    def signature(name: str) -> str:
        return str(inspect.signature(getattr(LSA_SECPKG_FUNCTION_TABLE, name))).replace("'", "")

    assert signature("CreateSharedMemory") == "(self, max_size: int, initial_size: int) -> Pointer | None"
    assert signature("AllocateSharedMemory") == "(self, shared_mem: Pointer, size: int) -> Pointer | None"
    assert signature("FreeSharedMemory") == "(self, shared_mem: Pointer, memory: Pointer | None) -> None"
    assert signature("DeleteSharedMemory") == "(self, shared_mem: Pointer) -> bool"


def test_rows_cannot_be_changed() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        LSA_SECPKG_SLOTS[0].name = "Other"  # type: ignore[misc]  # the assignment is what must fail


def shape(row: Slot) -> tuple[str, list[tuple[str, str]]]:
    return row.returns, [(each.type, each.direction) for each in row.parameters]


@pytest.mark.rule("ALH-7", "FLH-6")
@pytest.mark.parametrize("name", ["AllocateLsaHeap", "FreeLsaHeap"])
def test_the_lsa_heap_functions_are_slots_of_both_tables(name: str) -> None:
    assert [each.name for each in LSA_DISPATCH_SLOTS].count(name) == 1
    assert [each.name for each in LSA_SECPKG_SLOTS].count(name) == 1


@pytest.mark.rule("FLH-5")
def test_free_lsa_heap_takes_its_base_by_value_and_gives_nothing_back() -> None:
    assert shape(slot("FreeLsaHeap")) == ("VOID", [("PVOID", "in")])
    assert slot("FreeLsaHeap").out_parameters == ()


@pytest.mark.rule("FLH-7")
def test_free_return_buffer_has_the_type_of_free_lsa_heap() -> None:
    assert shape(slot("FreeReturnBuffer")) == shape(slot("FreeLsaHeap"))


@pytest.mark.rule("NASM-15")
def test_net_allocate_shared_memory_has_its_three_parameters_in_order() -> None:
    row = next(each for each in NDIS_FUNCTIONS if each.name == "NetAllocateSharedMemory")
    assert row.returns == "NDIS_STATUS"
    assert [each.windows_name for each in row.parameters] == [
        "ProviderContext",
        "SharedMemoryParameters",
        "pSharedMemoryProviderContext",
    ]
