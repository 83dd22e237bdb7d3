"""What the C declarations say of slots, as the rows hold it."""

from __future__ import annotations

import pytest

from lsart.contract._rows import Slot
from lsart.contract._tables import LSA_SECPKG_SLOTS, SECPKG_DLL_SLOTS, SECPKG_SLOTS, SECPKG_USER_SLOTS


def type_of(slots: tuple[Slot, ...], name: str, parameter: str) -> str:
    row = next(each for each in slots if each.name == name)
    return next(each.type for each in row.parameters if each.name == parameter)


@pytest.mark.rule("LSQ-26")
def test_the_package_id_has_pointer_size_in_one_place_and_32_bits_in_the_others() -> None:
    assert type_of(SECPKG_SLOTS, "Initialize", "package_id") == "ULONG_PTR"
    assert type_of(SECPKG_SLOTS, "InitializePackage", "authentication_package_id") == "ULONG"
    for name in ("AddCredential", "GetCredentials", "DeleteCredential"):
        assert type_of(LSA_SECPKG_SLOTS, name, "authentication_package") == "ULONG"


@pytest.mark.rule("LST-4")
def test_slots_stand_where_memory_has_them_and_not_where_the_page_lists_them() -> None:
    places = {each.name: each.index for each in LSA_SECPKG_SLOTS}
    assert (places["DummyFunction6"], places["DummyFunction7"]) == (53, 57)
    assert (places["SetAppModeInfo"], places["GetClientInfoEx"]) == (62, 63)
    assert len(places) == 64


@pytest.mark.rule("PFT-8")
@pytest.mark.parametrize(
    "name", ["LogonUser", "LogonUserEx", "CallPackage", "CallPackagePassthrough", "GetCredentials"]
)
def test_a_slot_that_shares_its_name_with_a_client_function_names_the_page_of_the_slot(name: str) -> None:
    row = next(each for each in SECPKG_SLOTS if each.name == name)
    assert row.doc.startswith("sdk-api: nc-ntsecpkg-"), row.doc


@pytest.mark.rule("PFT-9")
def test_the_last_slots_of_versions_seven_and_eight_have_the_names_of_the_members() -> None:
    last = {each.interface_version: each.name for each in SECPKG_SLOTS}
    assert (last[7], last[8]) == ("PostLogonUser", "GetRemoteCredGuardSupplementalCreds")


@pytest.mark.rule("LL2-2")
def test_only_the_later_logon_entries_have_no_calling_convention() -> None:
    without = [each.name for each in SECPKG_SLOTS if not each.convention]
    assert without == ["LogonUserEx2", "LogonUserEx3", "PreLogonUserSurrogate", "PostLogonUserSurrogate"]
    assert {each.convention for each in SECPKG_SLOTS} == {"", "NTAPI"}


@pytest.mark.rule("CLX-1")
def test_get_client_info_ex_takes_the_size_of_its_structure() -> None:
    (row,) = (each for each in LSA_SECPKG_SLOTS if each.name == "GetClientInfoEx")
    assert [(each.type, each.direction) for each in row.parameters] == [
        ("PSECPKG_CLIENT_INFO_EX", "out"),
        ("ULONG", "in"),
    ]


@pytest.mark.rule("CLS-7")
def test_the_logon_id_of_a_new_session_goes_in_and_does_not_come_out() -> None:
    (row,) = (each for each in LSA_SECPKG_SLOTS if each.name == "CreateLogonSession")
    assert [(each.type, each.direction) for each in row.parameters] == [("PLUID", "in")]
    assert row.out_parameters == ()


@pytest.mark.rule("GCR-11")
def test_get_credentials_gives_back_what_the_page_says_and_not_what_one_header_annotates() -> None:
    (row,) = (each for each in LSA_SECPKG_SLOTS if each.name == "GetCredentials")
    directions = {each.windows_name: (each.type, each.direction) for each in row.parameters}
    assert directions["PrimaryKeyValue"] == ("PLSA_STRING", "inout")
    assert directions["Credentials"] == ("PLSA_STRING", "out")


def test_the_slots_that_no_page_describes_are_these() -> None:
    def declared(slots: tuple[Slot, ...]) -> list[int]:
        return [each.index for each in slots if each.declared_only]

    assert declared(LSA_SECPKG_SLOTS) == [14, 31, *range(53, 64)]
    assert declared(SECPKG_SLOTS) == list(range(35, 43))
    assert declared(SECPKG_USER_SLOTS) == [14]
    assert declared(SECPKG_DLL_SLOTS) == [3]
