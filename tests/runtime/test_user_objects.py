"""Credentials of user objects: packages save and read them, files keep them, nothing shows them; and targets."""

from __future__ import annotations

from typing import Any

import pytest
from accounts import PASSWORD, contoso
from lsas import Log, simulated, status_of
from sspi import Ssp, acquire, settings

import lsart
from lsart.contract import (
    SEC_E_INTERNAL_ERROR,
    SEC_E_INVALID_HANDLE,
    SEC_E_TARGET_UNKNOWN,
    SEC_E_UNSUPPORTED_FUNCTION,
    SECPKG_SUPPLEMENTAL_CRED,
    SECPKG_TARGETINFO,
    STATUS_INVALID_HANDLE,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecBuffer,
    StatusError,
    UserCredentials,
    constants,
    enumerations,
)
from lsart.events import describe, event_record
from lsart.security import Account, accounts_text, is_password, parse_accounts

SAM = enumerations.SECPKG_NAME_TYPE.SecNameSamCompatible
SECRET = b"\0the key of alice\xff"
TARGET = SECPKG_TARGETINFO("S-1-5-21-1-2-3", "FILES")


async def opened(table: FunctionTable, name: str = "alice") -> Pointer:
    handle = await table.OpenSamUser(f"CONTOSO\\{name}", SAM, None, False, 0)
    assert handle is not None
    return handle


class Keeper(Ssp):
    """Keeps what it is given with alice's account, and answers with all that is kept there."""

    said: Any = None

    async def SpSaveCredentials(self, credential_handle: int, credentials: SecBuffer) -> None:
        await self._enter("Save", (credential_handle, credentials))
        user = await opened(self.table)
        await self.table.save_supplemental_credential(user, self.name, credentials.data or None)
        await self.table.CloseSamUser(user)

    async def SpGetCredentials(self, credential_handle: int, credentials: SecBuffer) -> Any:
        await self._enter("Get", (credential_handle, credentials))
        if credential_handle not in self.credentials:
            raise StatusError(SEC_E_INVALID_HANDLE)
        if self.said is not None:
            return self.said
        user = await opened(self.table)
        found = await self.table.user_credentials(user)
        await self.table.CloseSamUser(user)
        kept = b"|".join(each.credentials for each in found.supplemental if each.package_name == self.name)
        return SecBuffer(credentials.buffer_type, found.primary.encode() + b"|" + kept)

    async def SpValidateTargetInfo(self, *given: Any) -> None:
        await self._enter("Validate", given)
        if given[4] != TARGET:
            raise StatusError(SEC_E_TARGET_UNKNOWN)


def with_accounts(given: lsart.Accounts | None = None) -> lsart.LsaSettings:
    return settings(accounts=given or contoso())


@pytest.mark.rule("SSV-1")
@simulated
async def test_a_credential_is_saved_with_the_user_object_and_lasts_from_one_run_to_the_next() -> None:
    keeper = Keeper("keeper")
    async with lsart.open_lsa(keeper, settings=with_accounts()) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice, "keeper")
        await alice.save_credentials(credential, SECRET)
        (number,) = keeper.credentials
        assert keeper.of("Save") == [(number, SecBuffer(constants.SECBUFFER_PKG_PARAMS, SECRET))]
        kept = lsa.current_accounts
        assert lsa.check() == []
    assert [dict(each.supplemental_credentials) for each in kept.accounts] == [{"keeper": SECRET}, {}, {}, {}]
    read = parse_accounts(accounts_text(kept))
    assert read.accounts == kept.accounts
    again = Keeper("keeper")
    async with lsart.open_lsa(again, settings=with_accounts(read)) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice, "keeper")
        assert (await alice.get_credentials(credential)).endswith(b"|" + SECRET)
        await alice.save_credentials(credential, b"")
        assert (await alice.get_credentials(credential)).endswith(b"|")
        assert lsa.current_accounts.accounts[0].supplemental_credentials == ()


@pytest.mark.rule("SGC-1")
@simulated
async def test_the_credentials_of_the_user_object_are_the_primary_and_the_supplemental_ones() -> None:
    keeper = Keeper("keeper")
    async with lsart.open_lsa(keeper, settings=with_accounts()) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice, "keeper")
        await alice.save_credentials(credential, SECRET)
        primary, _, supplemental = (await alice.get_credentials(credential)).partition(b"|")
        assert is_password(PASSWORD, primary.decode())
        assert supplemental == SECRET
        user = await opened(keeper.table)
        found = await keeper.table.user_credentials(user)
        assert found.supplemental == (SECPKG_SUPPLEMENTAL_CRED("keeper", SECRET),)
        await keeper.table.save_supplemental_credential(user, "another", b"1")
        both = await keeper.table.user_credentials(user)
        assert [each.package_name for each in both.supplemental] == ["another", "keeper"]
        await keeper.table.CloseSamUser(user)
        bob = await opened(keeper.table, "bob")
        assert (await keeper.table.user_credentials(bob)).supplemental == ()
        await keeper.table.CloseSamUser(bob)
        assert await status_of(keeper.table.user_credentials(user)) == STATUS_INVALID_HANDLE
        assert await status_of(keeper.table.save_supplemental_credential(user, "keeper", b"")) == STATUS_INVALID_HANDLE


@pytest.mark.rule("SGC-2")
@simulated
async def test_a_handle_that_is_none_gets_no_credentials() -> None:
    keeper = Keeper("keeper")
    async with (
        lsart.open_lsa(keeper, settings=with_accounts()) as lsa,
        lsa.connect("alice") as alice,
        lsa.connect("eve") as eve,
    ):
        credential = await acquire(alice, "keeper")
        assert await status_of(eve.get_credentials(credential)) == SEC_E_INVALID_HANDLE
        keeper.credentials.clear()  # the package no longer knows it
        assert await status_of(alice.get_credentials(credential)) == SEC_E_INVALID_HANDLE
        assert len(keeper.of("Get")) == 1
        await status_of(alice.FreeCredentialsHandle(credential))
        assert await status_of(alice.get_credentials(credential)) == SEC_E_INVALID_HANDLE
        assert await status_of(alice.save_credentials(credential, b"")) == SEC_E_INVALID_HANDLE
        assert len(keeper.of("Get")) == 1


@simulated
async def test_what_is_no_bytes_is_refused_and_nothing_is_no_credentials() -> None:
    keeper = Keeper("keeper")
    async with lsart.open_lsa(keeper, Ssp(), settings=with_accounts()) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice, "keeper")
        keeper.said = SecBuffer(0, Pointer(4096, "LSASS"), 16)
        assert await status_of(alice.get_credentials(credential)) == SEC_E_INTERNAL_ERROR
        keeper.said = SecBuffer(0)
        assert await alice.get_credentials(credential) == b""
        plain = await acquire(alice)
        assert await status_of(alice.get_credentials(plain)) == SEC_E_UNSUPPORTED_FUNCTION
        with pytest.raises(TypeError, match=r"got str and str$"):
            await keeper.table.save_supplemental_credential(None, "keeper", "secret")  # type: ignore[arg-type]


@simulated
async def test_no_event_and_no_text_shows_a_credential(log: Log) -> None:
    keeper = Keeper("keeper")
    async with (
        lsart.open_lsa(keeper, bus=log.bus, settings=with_accounts()) as lsa,
        lsa.connect("alice") as alice,
    ):
        credential = await acquire(alice, "keeper")
        await alice.save_credentials(credential, b"hunter3")
        await alice.get_credentials(credential)
        kept = lsa.current_accounts
    told = "\n".join(f"{describe(each)} {event_record(each)} {each!r}" for each in log.events)
    assert "save_supplemental_credential" not in told  # it is no slot, and its arguments are secrets
    shown = f"{told} {kept!r} {UserCredentials('hunter3', (SECPKG_SUPPLEMENTAL_CRED('a', b'hunter3'),))!r}"
    shown += repr(Account(name="a", rid=1, supplemental_credentials={"a": b"hunter3"}))
    assert "hunter3" not in shown
    assert kept.accounts[0].password_hash not in shown


@pytest.mark.rule("SVT-1")
@simulated
async def test_a_target_is_valid_when_the_package_says_so_and_its_status_says_why_not() -> None:
    keeper = Keeper("keeper")
    async with lsart.open_lsa(keeper, Ssp()) as lsa, lsa.connect("alice") as alice:
        await alice.validate_target_info("keeper", b"message", TARGET)
        other = SECPKG_TARGETINFO(TARGET.domain_sid, "MAIL")
        assert await status_of(alice.validate_target_info("keeper", b"message", other)) == SEC_E_TARGET_UNKNOWN
        assert await status_of(alice.validate_target_info("ssp", b"", TARGET)) == SEC_E_UNSUPPORTED_FUNCTION
        with pytest.raises(TypeError, match="target_info is a SECPKG_TARGETINFO, got str"):
            await alice.validate_target_info("keeper", b"", "FILES")  # type: ignore[arg-type]


@pytest.mark.rule("SVT-2")
@simulated
async def test_the_request_is_that_of_the_call_under_way_and_reaches_its_client() -> None:
    async def before(package: Ssp, name: str, given: tuple[Any, ...]) -> None:
        if name == "Validate":
            buffer = await package.table.AllocateClientBuffer(given[0], 4)
            await package.table.CopyToClientBuffer(given[0], 4, buffer, b"here")
            found.append(buffer)

    found: list[Pointer] = []
    keeper = Keeper("keeper", before=before)
    async with lsart.open_lsa(keeper) as lsa, lsa.connect("alice") as alice:
        where = await alice.memory.place(b"a message in alice")
        await alice.validate_target_info("keeper", where, TARGET, 9)
        await alice.validate_target_info("keeper", b"by value", TARGET)
        first, second = keeper.of("Validate")
        assert first[1:] == (b"a message", where, 9, TARGET)
        assert second[1:] == (b"by value", None, 8, TARGET)
        assert isinstance(first[0], ClientRequest)
        assert first[0] != second[0]
        for buffer in found:
            assert buffer.space == "alice"
            assert await alice.memory.read(buffer, 4) == b"here"
            await alice.LsaFreeReturnBuffer(buffer)
