"""Slots for accounts: names open them, their authorization data lies on the LSA heap, handles end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from accounts import CONTOSO, PASSWORD, contoso
from worlds import with_table

import lsart
from lsart.contract import (
    DS_NAME_ERROR,
    DS_NAME_FORMAT,
    STATUS_INVALID_HANDLE,
    STATUS_INVALID_PARAMETER,
    STATUS_NO_MEMORY,
    STATUS_NO_SUCH_USER,
    STATUS_UNSUCCESSFUL,
    AccessViolation,
    FunctionTable,
    Pointer,
    StatusError,
    enumerations,
)
from lsart.events import AccountHandleLeaked, BlockLeaked, Event
from lsart.memory import LSASS, MachineLimits
from lsart.security import Accounts

SAM = enumerations.SECPKG_NAME_TYPE.SecNameSamCompatible
ALTERNATE = enumerations.SECPKG_NAME_TYPE.SecNameAlternateId
FLAT = enumerations.SECPKG_NAME_TYPE.SecNameFlat
DN = enumerations.SECPKG_NAME_TYPE.SecNameDN
SPN = enumerations.SECPKG_NAME_TYPE.SecNameSPN
F = DS_NAME_FORMAT
ALICE = "CONTOSO\\alice"


def running(
    main: Callable[[FunctionTable], Awaitable[Any]],
    accounts: Accounts = CONTOSO,
    events: list[Event] | None = None,
    **settings: Any,
) -> Any:
    """The result of `main`, given the table of an LSA that has these accounts."""
    return with_table(main, settings=lsart.LsaSettings(accounts=accounts, **settings), events=events)


async def error_of(awaited: Awaitable[object]) -> StatusError:
    """The status that a slot fails with."""
    with pytest.raises(StatusError) as caught:
        await awaited
    return caught.value


async def data_of(table: FunctionTable, name: str, form: Any, prefix: str | None = None, guest: bool = False) -> bytes:
    """Authorization data of the account that a name opens."""
    handle = await table.OpenSamUser(name, form, prefix, guest, 0)
    assert handle is not None
    block, size = await table.GetUserAuthData(handle)
    await table.CloseSamUser(handle)
    return await taken(table, block, size)


async def taken(table: FunctionTable, block: Pointer | None, size: int) -> bytes:
    """The bytes of a block of the LSA heap, which is freed."""
    assert block is not None
    data = await table.memory.read(block, size)
    await table.FreeLsaHeap(block)
    return data


@pytest.mark.rule("OSU-1")
def test_three_forms_of_a_name_open_one_account_and_each_only_its_own() -> None:
    forms = {SAM: ALICE, FLAT: "alice@contoso.test", DN: "CN=alice,CN=Users,DC=contoso,DC=test"}

    async def main(table: FunctionTable) -> None:
        found = {await data_of(table, name, form) for form, name in forms.items()}
        assert len(found) == 1
        assert b"alice" in found.pop()
        assert b"web" in await data_of(table, "HTTP/www.contoso.test", SPN)
        for form in forms:
            for other, name in forms.items():
                if other != form:
                    assert (await error_of(table.OpenSamUser(name, form, None, False, 0))).status == STATUS_NO_SUCH_USER

    running(main)


@pytest.mark.rule("OSU-2", "GAU-2")
def test_an_alternate_id_needs_a_prefix() -> None:
    async def main(table: FunctionTable) -> None:
        assert b"alice" in await data_of(table, "<S>CN=Alice", ALTERNATE, "X509:")
        for call in (
            table.OpenSamUser("X509:<S>CN=Alice", ALTERNATE, None, False, 0),
            table.GetAuthDataForUser("X509:<S>CN=Alice", ALTERNATE, None),
        ):
            assert (await error_of(call)).status == STATUS_INVALID_PARAMETER
        block, size, _ = await table.GetAuthDataForUser("<S>CN=Alice", ALTERNATE, "X509:")
        assert b"alice" in await taken(table, block, size)

    running(main)


@pytest.mark.rule("OSU-3", "OSU-4")
def test_an_unknown_name_opens_guest_if_that_is_allowed_and_guest_is_enabled() -> None:
    async def main(table: FunctionTable) -> list[object]:
        found: list[object] = []
        for allow in (True, False):
            try:
                found.append(b"Guest" in await data_of(table, "CONTOSO\\nobody", SAM, None, allow))
            except StatusError as error:
                found.append(error.status)
        assert b"alice" in await data_of(table, ALICE, SAM, None, True)  # a known name is itself
        return found

    assert running(main, contoso(disabled=False)) == [True, STATUS_NO_SUCH_USER]
    assert running(main, contoso(disabled=True)) == [STATUS_NO_SUCH_USER] * 2
    without = lsart.LsaSettings().accounts.with_account("alice")
    name = f"{without.domain}\\nobody"

    async def nobody(table: FunctionTable) -> object:
        return (await error_of(table.OpenSamUser(name, SAM, None, True, 0))).status

    assert running(nobody, without) == STATUS_NO_SUCH_USER


@pytest.mark.rule("OSU-5")
def test_reserved_must_be_zero() -> None:
    async def main(table: FunctionTable) -> None:
        assert (await error_of(table.OpenSamUser(ALICE, SAM, None, False, 1))).status == STATUS_INVALID_PARAMETER

    running(main)


@pytest.mark.rule("OSU-6")
def test_a_handle_that_nobody_closes_is_told_when_its_package_goes() -> None:
    events: list[Event] = []

    async def main(table: FunctionTable) -> Pointer:
        closed = await table.OpenSamUser(ALICE, SAM, None, False, 0)
        assert closed is not None
        await table.CloseSamUser(closed)
        left = await table.OpenSamUser("CONTOSO\\bob", SAM, None, False, 0)
        assert left is not None
        return left

    left = running(main, events=events)
    (told,) = (each for each in events if isinstance(each, AccountHandleLeaked))
    assert (told.account, told.address) == ("bob", left.address)
    assert (told.opened.package, told.opened.function) == ("probe", "OpenSamUser")


@pytest.mark.rule("CSU-1", "CSU-2", "GUA-3")
def test_a_handle_is_good_until_it_is_closed_and_nothing_else_is_a_handle() -> None:
    async def main(table: FunctionTable) -> None:
        handle = await table.OpenSamUser(ALICE, SAM, None, False, 0)
        assert handle is not None
        await taken(table, *await table.GetUserAuthData(handle))
        elsewhere = Pointer(handle.address, "alice")
        assert (await error_of(table.GetUserAuthData(elsewhere))).status == STATUS_INVALID_HANDLE
        assert (await error_of(table.CloseSamUser(elsewhere))).status == STATUS_INVALID_HANDLE
        assert await table.CloseSamUser(handle) is None  # type: ignore[func-returns-value]  # that it is None is the point
        for wrong in (handle, handle + 1, Pointer(4, LSASS)):
            assert (await error_of(table.GetUserAuthData(wrong))).status == STATUS_INVALID_HANDLE
            assert (await error_of(table.CloseSamUser(wrong))).status == STATUS_INVALID_HANDLE
        assert (await error_of(table.CloseSamUser(None))).status == STATUS_INVALID_HANDLE

    running(main)


@pytest.mark.rule("GUA-2", "GAU-3")
@pytest.mark.parametrize("freed", [True, False])
@pytest.mark.parametrize("slot", ["GetUserAuthData", "GetAuthDataForUser"])
def test_the_data_is_a_block_of_the_lsa_heap_that_the_caller_frees(slot: str, freed: bool) -> None:
    events: list[Event] = []

    async def main(table: FunctionTable) -> None:
        if slot == "GetUserAuthData":
            handle = await table.OpenSamUser(ALICE, SAM, None, False, 0)
            assert handle is not None
            block, _ = await table.GetUserAuthData(handle)
            await table.CloseSamUser(handle)
        else:
            block, *_ = await table.GetAuthDataForUser(ALICE, SAM, None)
        assert block is not None
        if freed:
            await table.FreeLsaHeap(block)

    running(main, events=events)
    leaks = [each for each in events if isinstance(each, BlockLeaked)]
    expected = [] if freed else [("lsa-heap", "probe", slot)]
    assert [(each.heap, each.allocated.package, each.allocated.function) for each in leaks] == expected


@pytest.mark.rule("GAU-1")
@pytest.mark.parametrize("name", [ALICE, "CONTOSO\\bob"])
def test_one_call_gives_what_the_three_in_sequence_give(name: str) -> None:
    async def main(table: FunctionTable) -> str | None:
        block, size, flat_name = await table.GetAuthDataForUser(name, SAM, None)
        assert await taken(table, block, size) == await data_of(table, name, SAM)
        return flat_name

    assert running(main) == ("alice@contoso.test" if name == ALICE else None)  # the name where one exists


@pytest.mark.rule("GAU-4")
def test_data_of_nobody_is_no_such_user() -> None:
    async def main(table: FunctionTable) -> None:
        error = await error_of(table.GetAuthDataForUser("CONTOSO\\nobody", SAM, None))
        assert error.status == STATUS_NO_SUCH_USER
        block, size, _ = await table.GetAuthDataForUser(ALICE, SAM, None)
        assert size > 0
        await taken(table, block, size)

    running(main)


def test_a_full_lsa_heap_is_no_memory() -> None:
    async def main(table: FunctionTable) -> None:
        assert await table.AllocateLsaHeap(4096) is not None
        assert (await error_of(table.GetAuthDataForUser(ALICE, SAM, None))).status == STATUS_NO_MEMORY

    running(main, machine=MachineLimits(lsa_heap=4096))


def test_a_name_type_that_is_none_is_an_invalid_parameter() -> None:
    async def main(table: FunctionTable) -> None:
        number: Any = 99
        assert (await error_of(table.OpenSamUser(ALICE, number, None, False, 0))).status == STATUS_INVALID_PARAMETER

    running(main)


PAIRS = [
    (F.DS_NT4_ACCOUNT_NAME, ALICE, F.DS_USER_PRINCIPAL_NAME, "alice@contoso.test"),
    (F.DS_USER_PRINCIPAL_NAME, "alice@contoso.test", F.DS_FQDN_1779_NAME, "CN=alice,CN=Users,DC=contoso,DC=test"),
    (F.DS_FQDN_1779_NAME, "CN=bob\\, the 2nd,OU=Ops,DC=contoso,DC=test", F.DS_NT4_ACCOUNT_NAME, "CONTOSO\\bob"),
    (F.DS_SERVICE_PRINCIPAL_NAME, "http/www.contoso.test", F.DS_NT4_ACCOUNT_NAME, "CONTOSO\\web"),
    (F.DS_SID_OR_SID_HISTORY_NAME, "S-1-5-21-1-2-3-1002", F.DS_CANONICAL_NAME, "contoso.test/Ops/bob, the 2nd"),
]


@pytest.mark.rule("CSN-1")
@pytest.mark.parametrize(("offered", "name", "requested", "cracked"), PAIRS)
def test_a_name_is_translated_from_one_format_into_another(
    offered: int, name: str, requested: int, cracked: str
) -> None:
    async def main(table: FunctionTable) -> None:
        for at_gc in (False, True):
            found = await table.CrackSingleName(offered, at_gc, name, None, requested)
            assert found == (cracked, "contoso.test", DS_NAME_ERROR.DS_NAME_NO_ERROR)
        found = await table.CrackSingleName(offered, False, name[2:], name[:2], requested)
        assert found[0] == cracked  # the prefix is put before the name

    running(main)


@pytest.mark.rule("CSN-2")
def test_a_sid_is_no_format_to_ask_for() -> None:
    async def main(table: FunctionTable) -> None:
        error = await error_of(
            table.CrackSingleName(F.DS_NT4_ACCOUNT_NAME, False, "CONTOSO\\bob", None, F.DS_SID_OR_SID_HISTORY_NAME)
        )
        assert error.status == STATUS_UNSUCCESSFUL

    running(main)


@pytest.mark.rule("CSN-3")
@pytest.mark.parametrize(
    ("offered", "name", "requested", "cause"),
    [
        (F.DS_NT4_ACCOUNT_NAME, "CONTOSO\\nobody", F.DS_DISPLAY_NAME, DS_NAME_ERROR.DS_NAME_ERROR_NOT_FOUND),
        (F.DS_DISPLAY_NAME, "Bob", F.DS_NT4_ACCOUNT_NAME, DS_NAME_ERROR.DS_NAME_ERROR_NOT_UNIQUE),
        (F.DS_NT4_ACCOUNT_NAME, "CONTOSO\\bob", F.DS_USER_PRINCIPAL_NAME, DS_NAME_ERROR.DS_NAME_ERROR_NO_MAPPING),
    ],
)
def test_a_name_that_cannot_be_translated_is_unsuccessful_and_sub_status_says_why(
    offered: int, name: str, requested: int, cause: int
) -> None:
    async def main(table: FunctionTable) -> None:
        error = await error_of(table.CrackSingleName(offered, False, name, None, requested))
        assert (error.status, error.sub_status) == (STATUS_UNSUCCESSFUL, cause)

    running(main)


@pytest.mark.rule("EAD-1", "EAD-3")
def test_expanded_data_is_new_and_lists_the_groups_of_groups_too() -> None:
    async def main(table: FunctionTable) -> None:
        block, size, _ = await table.GetAuthDataForUser(ALICE, SAM, None)
        assert block is not None
        new, new_size = await table.ExpandAuthDataForDomain(block, size, None)
        assert new not in (None, block)
        data, expanded = await taken(table, block, size), await taken(table, new, new_size)
        for rid, is_direct in ((b"-1100", True), (b"-1101", False), (b"-1102", False)):
            assert (rid in data) is is_direct
            assert rid in expanded

    events: list[Event] = []
    running(main, events=events)
    assert not [each for each in events if isinstance(each, BlockLeaked)]


@pytest.mark.rule("EAD-2")
def test_reserved_of_expand_must_be_null() -> None:
    async def main(table: FunctionTable) -> None:
        block, size, _ = await table.GetAuthDataForUser(ALICE, SAM, None)
        assert block is not None
        something: Any = block
        error = await error_of(table.ExpandAuthDataForDomain(block, size, something))
        assert error.status == STATUS_INVALID_PARAMETER
        await table.FreeLsaHeap(block)

    running(main)


def test_what_is_no_authorization_data_is_not_expanded() -> None:
    async def main(table: FunctionTable) -> None:
        block, size, _ = await table.GetAuthDataForUser(ALICE, SAM, None)
        assert block is not None
        error = await error_of(table.ExpandAuthDataForDomain(block, size - 1, None))
        assert error.status == STATUS_INVALID_PARAMETER
        await table.memory.write(block + 10, b"X")
        error = await error_of(table.ExpandAuthDataForDomain(block, size, None))
        assert error.status == STATUS_INVALID_PARAMETER
        with pytest.raises(AccessViolation):
            await table.ExpandAuthDataForDomain(Pointer(16, LSASS), size, None)
        await table.FreeLsaHeap(block)

    running(main)


def test_accounts_may_be_given_as_a_file(tmp_path: Any) -> None:
    path = tmp_path / "accounts.toml"
    path.write_text('[[account]]\nname = "alice"\nrid = 1001\npassword = "x"\n', "utf-8")

    async def main(table: FunctionTable) -> bytes:
        return await data_of(table, "LSART\\alice", SAM)

    assert b"alice" in with_table(main, settings=lsart.LsaSettings(accounts=path))


def test_the_settings_show_no_hash() -> None:
    text = repr(lsart.LsaSettings(accounts=CONTOSO))
    assert "alice" in text
    assert "argon2" not in text
    assert PASSWORD not in text
