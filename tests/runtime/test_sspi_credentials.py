"""AcquireCredentialsHandle and FreeCredentialsHandle: whose credentials, and how their handles end."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing
from lsas import Log, in_use, scripted, simulated, status_of
from sspi import BOTH, Ssp, acquire, initialize
from tokens import LUID, create

import lsart
from lsart.contract import (
    SEC_E_INTERNAL_ERROR,
    SEC_E_INVALID_HANDLE,
    SEC_E_NO_CREDENTIALS,
    SEC_E_NOT_OWNER,
    SEC_E_SECPKG_NOT_FOUND,
    SEC_E_UNSUPPORTED_FUNCTION,
    STATUS_ACCESS_DENIED,
    FunctionTable,
    Pointer,
    ProcessTerminated,
    SecHandle,
    StatusError,
    constants,
)
from lsart.events import CredentialInUse, ExpiryMissing
from lsart.security import SYSTEM_LUID


@pytest.mark.rule("CAH-4")
def test_the_header_value_of_an_outbound_credential() -> None:
    assert constants.SECPKG_CRED_OUTBOUND == 2
    assert constants.SECPKG_CRED_INBOUND | constants.SECPKG_CRED_OUTBOUND == constants.SECPKG_CRED_BOTH


@pytest.mark.rule("SAH-1")
@simulated
async def test_the_arguments_reach_the_package_in_order() -> None:
    ssp = Ssp()
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice", trusted=True) as alice:
        data = Pointer(0x5000, "alice")
        handle, expiry = await alice.AcquireCredentialsHandle("bob", "ssp", 7, LUID, data, None, None)
        assert expiry == 99
        assert ssp.of("Acquire") == [("bob", 7, LUID, data, None, None)]
        assert isinstance(handle, SecHandle)


@pytest.mark.rule("CAH-1", "SAH-2")
@simulated
async def test_no_principal_means_the_user_whom_the_caller_runs_as() -> None:
    made: list[int] = []

    async def logs_on(table: FunctionTable) -> None:
        await table.CreateLogonSession(LUID)
        made.append((await create(table))[0])

    ssp = Ssp()
    async with lsart.open_lsa(scripted("logon", initialize=logs_on), ssp) as lsa:
        user = lsa.start_client("user", token=made[0])
        service = lsa.start_client("service")
        await acquire(user)
        await acquire(service)
        assert [given[:3] for given in ssp.of("Acquire")] == [(None, BOTH, LUID), (None, BOTH, SYSTEM_LUID)]


@pytest.mark.rule("CAH-2")
@simulated
async def test_another_session_needs_the_privilege() -> None:
    ssp = Ssp()
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice, lsa.connect("boss", trusted=True) as boss:
        assert await status_of(acquire(alice, logon_id=LUID)) == SEC_E_NOT_OWNER
        assert ssp.entered == []
        await acquire(alice, logon_id=SYSTEM_LUID)  # its own
        await acquire(boss, logon_id=LUID)
        assert [given[2] for given in ssp.of("Acquire")] == [SYSTEM_LUID, LUID]


@pytest.mark.rule("SAH-3")
@simulated
async def test_the_package_decides_who_may_use_what() -> None:
    async def refuses(ssp: Ssp, name: str, given: tuple[Any, ...]) -> None:
        if given[0] == "bob":
            raise StatusError(SEC_E_NO_CREDENTIALS)

    ssp = Ssp(before=refuses)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        assert await status_of(alice.AcquireCredentialsHandle("bob", "ssp", BOTH)) == SEC_E_NO_CREDENTIALS
        await alice.AcquireCredentialsHandle("alice", "ssp", BOTH)
        assert len(lsa.contexts) == 1


@pytest.mark.rule("SAH-4")
@simulated
async def test_the_expiry_reaches_the_client_and_a_missing_one_is_told() -> None:
    log = Log()
    ssp = Ssp(expiry=1234)
    async with lsart.open_lsa(ssp, bus=log.bus) as lsa, lsa.connect("alice") as alice:
        assert (await alice.AcquireCredentialsHandle(None, "ssp", BOTH))[1] == 1234
        assert log.of(ExpiryMissing) == []
        ssp.expiry = 0
        assert (await alice.AcquireCredentialsHandle(None, "ssp", BOTH))[1] is None
        assert log.one(ExpiryMissing).package == "ssp"


@pytest.mark.rule("CAH-3", "SAH-5", "SFC-1")
@simulated
async def test_a_freed_handle_is_dead_and_the_package_is_told_once_with_its_own_number() -> None:
    ssp = Ssp()
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        first, second = await acquire(alice), await acquire(alice)
        await alice.FreeCredentialsHandle(first)
        assert ssp.of("Free") == [(32,)]
        assert await status_of(alice.FreeCredentialsHandle(first)) == SEC_E_INVALID_HANDLE
        assert await status_of(initialize(alice, first)) == SEC_E_INVALID_HANDLE
        assert ssp.names() == ["Acquire", "Acquire", "Free"]
        await initialize(alice, second)
        assert lsa.check() == []


@pytest.mark.rule("CFH-1")
@simulated
async def test_a_credential_with_contexts_is_freed_after_the_last_of_them() -> None:
    log = Log()
    ssp = Ssp()
    async with lsart.open_lsa(ssp, bus=log.bus) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        contexts = [(await initialize(alice, credential)).new_context for _ in range(2)]
        await alice.FreeCredentialsHandle(credential)
        assert log.one(CredentialInUse).handle == 32
        assert await status_of(initialize(alice, credential)) == SEC_E_INVALID_HANDLE
        await alice.DeleteSecurityContext(contexts[0])
        await trio.testing.wait_all_tasks_blocked()
        assert ssp.credentials == {32}
        await alice.DeleteSecurityContext(contexts[1])
        await trio.testing.wait_all_tasks_blocked()
        assert ssp.credentials == set()
        assert ssp.names()[-3:] == ["Delete", "Delete", "Free"]
        assert len(lsa.contexts) == 0
        assert lsa.check() == []


@pytest.mark.rule("CFH-2", "SFC-2")
@simulated
async def test_every_bad_handle_is_refused_in_the_same_words() -> None:
    ssp = Ssp()
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice, lsa.connect("bob") as bob:
        foreign, freed, live = await acquire(bob), await acquire(alice), await acquire(alice)
        await alice.FreeCredentialsHandle(freed)
        context = (await initialize(alice, live)).new_context
        entered = len(ssp.entered)
        for bad in (foreign, freed, context, SecHandle(4, 4), SecHandle(live.lower, live.upper ^ 1)):
            with pytest.raises(StatusError) as caught:
                await alice.FreeCredentialsHandle(bad)
            assert str(caught.value) == f"SEC_E_INVALID_HANDLE (0x80090301): {bad!r} is not a handle of alice"
        assert len(ssp.entered) == entered  # LSA refuses them before the package
        ssp.credentials.clear()
        assert await status_of(bob.FreeCredentialsHandle(foreign)) == SEC_E_INVALID_HANDLE  # the package knows it not
        assert lsa.check() == []


@simulated
async def test_failures_come_in_codes_of_sspi() -> None:
    said: list[Exception] = [StatusError(STATUS_ACCESS_DENIED), RuntimeError("a fault")]

    async def fails(ssp: Ssp, name: str, given: tuple[Any, ...]) -> None:
        raise said.pop(0)

    ssp = Ssp(before=fails)
    async with lsart.open_lsa(ssp, scripted("other")) as lsa, lsa.connect("alice") as alice:
        assert await status_of(acquire(alice, "nobody")) == SEC_E_SECPKG_NOT_FOUND
        assert await status_of(acquire(alice, "other")) == SEC_E_UNSUPPORTED_FUNCTION  # it has no such entry
        with pytest.raises(StatusError, match="STATUS_ACCESS_DENIED") as caught:
            await acquire(alice)
        assert caught.value.status == SEC_E_INTERNAL_ERROR
        assert await status_of(acquire(alice)) == SEC_E_INTERNAL_ERROR
        assert await status_of(acquire(alice)) == SEC_E_SECPKG_NOT_FOUND  # it is disabled by now


@simulated
async def test_a_package_must_give_a_number() -> None:
    async def gives_none(ssp: Ssp, name: str, given: tuple[Any, ...]) -> tuple[int, int]:
        return 0, 99

    async with lsart.open_lsa(Ssp(before=gives_none)) as lsa, lsa.connect("alice") as alice:
        assert await status_of(acquire(alice)) == SEC_E_INTERNAL_ERROR
        assert len(lsa.contexts) == 0


@simulated
async def test_data_for_the_package_is_at_an_address_of_the_client_while_the_call_lasts() -> None:
    read: list[bytes] = []

    async def reads(ssp: Ssp, name: str, given: tuple[Any, ...]) -> None:
        read.append(await ssp.table.CopyFromClientBuffer(None, 6, given[3]))

    async with lsart.open_lsa(Ssp(before=reads)) as lsa, lsa.connect("alice") as alice:
        data = bytearray(b"secret")
        await acquire(alice, auth_data=data)
        assert read == [b"secret"]
        assert lsa.check() == []
        assert "client memory" not in in_use(lsa)


@pytest.mark.parametrize(
    "given",
    [
        {"principal": 7},
        {"package": None},
        {"credential_use": -1},
        {"credential_use": 2**32},
        {"logon_id": "me"},
        {"auth_data": "text"},
    ],
)
@simulated
async def test_what_no_c_type_can_carry_is_a_type_error(given: dict[str, Any]) -> None:
    rest: dict[str, Any] = {"principal": None, "package": "ssp", "credential_use": BOTH}
    async with lsart.open_lsa(Ssp()) as lsa, lsa.connect("alice", trusted=True) as alice:
        with pytest.raises(TypeError, match=next(iter(given))):
            await alice.AcquireCredentialsHandle(**(rest | given))


@simulated
async def test_a_client_that_dies_while_it_acquires_leaves_nothing() -> None:
    go_on = trio.Event()

    async def waits(ssp: Ssp, name: str, given: tuple[Any, ...]) -> None:
        if name == "Acquire":
            await go_on.wait()

    ssp = Ssp(before=waits)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:

        async def acquires() -> None:
            with pytest.raises(ProcessTerminated):
                await acquire(alice)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(acquires)
            await trio.testing.wait_all_tasks_blocked()
            alice.terminate()
            go_on.set()
        await trio.testing.wait_all_tasks_blocked()
        assert ssp.names() == ["Acquire", "Free"]
        assert ssp.credentials == set()
        assert len(lsa.contexts) == 0


@pytest.mark.parametrize("logon_id", [-1, 1 << 64])
@simulated
async def test_what_no_luid_can_be_does_not_reach_a_package(logon_id: int) -> None:
    ssp = Ssp()
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice", trusted=True) as alice:
        with pytest.raises(TypeError):
            await acquire(alice, logon_id=logon_id)
        with pytest.raises(TypeError):
            await alice.GetSecurityUserInfo(logon_id)
        assert ssp.entered == []


@simulated
async def test_a_credential_of_a_disabled_package_is_gone_though_giving_it_back_is_cancelled() -> None:
    async def fails(ssp: Ssp, name: str, given: Any) -> Any:
        if name == "Init":
            raise ValueError("a fault")

    async with lsart.open_lsa(Ssp(before=fails)) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        with pytest.raises(StatusError):
            await initialize(alice, credential)
        scope = trio.CancelScope()

        async def frees() -> None:
            with scope:
                await alice.FreeCredentialsHandle(credential)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(frees)
            while len(alice._credentials or ()):
                await trio.lowlevel.checkpoint()
            scope.cancel()
        assert len(lsa.contexts) == 0
