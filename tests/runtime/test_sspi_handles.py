"""Handles of contexts: how they end, in whose hands they are worth something, and what a process leaves behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
import trio.testing
from lsas import in_use, simulated, status_of
from sspi import Ssp, accept, acquire, initialize, settings, token

import lsart
from lsart.contract import (
    SEC_E_INVALID_HANDLE,
    SEC_E_INVALID_TOKEN,
    SEC_E_LOGON_DENIED,
    ProcessTerminated,
    SecHandle,
    StatusError,
    constants,
)
from lsart.runtime import Client

CLEANED_UP = constants.SECPKG_CALL_CLEANUP | constants.SECPKG_CALL_PROCESS_TERM


@pytest.mark.rule("SCH-1")
@simulated
async def test_a_client_has_two_words_and_the_package_a_number_of_its_own() -> None:
    ssp = Ssp(messages=3)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        context = (await initialize(alice, credential)).new_context
        assert isinstance(context, SecHandle)
        assert all(0 <= each < 2**64 for each in (context.lower, context.upper))
        await initialize(alice, credential, context, token(b"token 2"))
        assert ssp.of("Init")[1][:2] == (32, 48)
        for word in (-1, 2**64, "4"):
            with pytest.raises(ValueError, match="pointer-sized"):
                SecHandle(word, 4)  # type: ignore[arg-type]  # that it is refused is the point


@pytest.mark.rule("CAC-3")
@simulated
async def test_a_bad_handle_gives_the_value_of_the_header() -> None:
    async with lsart.open_lsa(Ssp()) as lsa, lsa.connect("bob") as bob:
        status = await status_of(accept(bob, SecHandle(4, 4), None, token(b"token 1")))
        assert int(status) == 0x80090301 == int(SEC_E_INVALID_HANDLE)


@pytest.mark.rule("CDC-1", "CDC-3")
@simulated
async def test_a_deleted_handle_can_be_deleted_again_and_do_nothing_else() -> None:
    ssp = Ssp(messages=3)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice, lsa.connect("bob") as bob:
        credential = await acquire(alice)
        context = (await initialize(alice, credential)).new_context
        await alice.DeleteSecurityContext(context)
        await alice.DeleteSecurityContext(context)
        assert ssp.of("Delete") == [(48,)]
        assert await status_of(initialize(alice, None, context, token(b"token 2"))) == SEC_E_INVALID_HANDLE
        for never in (SecHandle(4, 4), SecHandle(context.lower, context.upper ^ 1), credential):
            assert await status_of(alice.DeleteSecurityContext(never)) == SEC_E_INVALID_HANDLE
        assert await status_of(bob.DeleteSecurityContext(context)) == SEC_E_INVALID_HANDLE
        assert ssp.of("Delete") == [(48,)]


@pytest.mark.rule("CDC-2", "SIC-7", "SDX-1")
@simulated
async def test_every_context_can_be_deleted_however_far_it_came() -> None:
    async def rejects(ssp: Ssp, name: str, given: tuple[Any, ...]) -> None:
        if name == "Init" and given[2] == "nobody":
            raise StatusError(SEC_E_LOGON_DENIED)

    ssp = Ssp(messages=3, before=rejects)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        partial, complete, failed, rejected = [(await initialize(alice, credential)).new_context for _ in range(4)]
        await initialize(alice, credential, complete, token(b"token 2"))
        assert await status_of(initialize(alice, credential, failed, token(b"junk"))) == SEC_E_INVALID_TOKEN
        leg = alice.InitializeSecurityContext(credential, rejected, "nobody", 0, 0, 0, token(b"token 2"), 0)
        assert await status_of(leg) == SEC_E_LOGON_DENIED
        for each in (partial, complete, failed, rejected):
            await alice.DeleteSecurityContext(each)
        assert ssp.of("Delete") == [(48,), (64,), (80,), (96,)]
        assert len(lsa.contexts) == 1
        assert lsa.check() == []


@pytest.mark.rule("SDX-2")
@simulated
async def test_lsa_refuses_a_bad_handle_and_passes_on_that_the_package_does() -> None:
    ssp = Ssp()
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        context = (await initialize(alice, await acquire(alice))).new_context
        assert await status_of(alice.DeleteSecurityContext(SecHandle(4, 4))) == SEC_E_INVALID_HANDLE
        assert ssp.of("Delete") == []
        ssp.contexts.clear()
        assert await status_of(alice.DeleteSecurityContext(context)) == SEC_E_INVALID_HANDLE
        assert len(ssp.of("Delete")) == 1
        await alice.DeleteSecurityContext(context)  # gone it is, all the same
        assert lsa.check() == []


@simulated
async def test_handles_of_another_process_or_package_are_none() -> None:
    one, two = Ssp("one", messages=3), Ssp("two", messages=3)
    async with lsart.open_lsa(one, two) as lsa, lsa.connect("alice") as alice, lsa.connect("bob") as bob:
        credential = await acquire(alice, "one")
        context = (await initialize(alice, credential)).new_context
        assert await status_of(initialize(bob, credential)) == SEC_E_INVALID_HANDLE
        assert await status_of(initialize(bob, None, context)) == SEC_E_INVALID_HANDLE
        other = await acquire(alice, "two")
        assert await status_of(initialize(alice, other, context)) == SEC_E_INVALID_HANDLE
        assert await status_of(initialize(alice, context)) == SEC_E_INVALID_HANDLE
        assert await status_of(initialize(alice, None, credential)) == SEC_E_INVALID_HANDLE
        assert len(one.of("Init")) == 1
        assert two.of("Init") == []


async def _dies(client: Client, awaitable: Awaitable[object]) -> None:
    with pytest.raises(ProcessTerminated):
        await awaitable


@pytest.mark.parametrize("name", ["Init", "Delete", "Free"])
@pytest.mark.parametrize("first", [True, False])
@simulated
async def test_a_client_that_dies_in_any_call_leaves_nothing_and_each_number_is_given_back_once(
    name: str, first: bool
) -> None:
    go_on = trio.Event()
    told: list[int] = []
    armed: list[str] = []

    async def waits(ssp: Ssp, entry: str, given: tuple[Any, ...]) -> None:
        if entry in armed:
            armed.clear()
            await go_on.wait()
        elif entry in ("Delete", "Free"):
            info: Any = await ssp.table.GetCallInfo()
            told.append(info.attributes & CLEANED_UP)

    ssp = Ssp(messages=3, before=waits)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        context = (await initialize(alice, credential)).new_context
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "Init": lambda: initialize(
                alice, credential, None if first else context, None if first else token(b"token 2")
            ),
            "Delete": lambda: alice.DeleteSecurityContext(context),
            "Free": lambda: alice.FreeCredentialsHandle(credential),
        }
        if name == "Free":
            await alice.DeleteSecurityContext(context)
            told.clear()
        armed.append(name)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_dies, alice, calls[name]())
            await trio.testing.wait_all_tasks_blocked()
            alice.terminate()
            if not first:
                await trio.testing.wait_all_tasks_blocked()
            go_on.set()
        await trio.testing.wait_all_tasks_blocked()
        assert ssp.contexts == {}
        assert ssp.credentials == set()
        numbers = [given for entry, given in ssp.entered if entry in ("Delete", "Free")]
        assert len(numbers) == len(set(numbers))
        assert set(told) <= {CLEANED_UP}
        assert len(lsa.contexts) == 0
        assert lsa.check() == []


@simulated
async def test_a_context_that_is_deleted_during_its_leg_ends_after_it() -> None:
    go_on = trio.Event()

    async def waits(ssp: Ssp, name: str, given: tuple[Any, ...]) -> None:
        if name == "Init" and given[1] is not None:
            await go_on.wait()

    ssp = Ssp(messages=3, before=waits)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        context = (await initialize(alice, credential)).new_context
        found: list[object] = []

        async def leg() -> None:
            found.append(await status_of(initialize(alice, credential, context, token(b"token 2"))))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(leg)
            await trio.testing.wait_all_tasks_blocked()
            await alice.DeleteSecurityContext(context)
            assert ssp.of("Delete") == []  # the package is in the middle of it
            go_on.set()
        await trio.testing.wait_all_tasks_blocked()
        assert found == [SEC_E_INVALID_HANDLE]
        assert ssp.of("Delete") == [(48,)]
        await alice.FreeCredentialsHandle(credential)
        assert ssp.credentials == set()
        assert lsa.check() == []


@simulated
async def test_a_caller_that_is_cancelled_during_a_leg_leaves_no_context() -> None:
    async def waits(ssp: Ssp, name: str, given: tuple[Any, ...]) -> None:
        if name == "Init":
            await trio.sleep(5)

    ssp = Ssp(before=waits)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        with trio.move_on_after(1):
            await initialize(alice, credential)
        assert ssp.contexts == {}
        await trio.sleep(10)
        assert ssp.names() == ["Acquire", "Init", "Delete"]
        assert ssp.contexts == {}
        assert len(lsa.contexts) == 1
        await alice.FreeCredentialsHandle(credential)
        assert lsa.check() == []


@simulated
async def test_what_clients_still_have_when_the_machine_goes_down_is_given_back_before_packages_shut_down() -> None:
    ssp = Ssp(messages=3)
    alive: list[set[int]] = []

    def shuts_down() -> None:
        alive.append(ssp.credentials | set(ssp.contexts))

    ssp.SpShutdown = shuts_down  # type: ignore[attr-defined]  # a package may lack it
    async with lsart.open_lsa(ssp) as lsa:
        alice = lsa.start_client("alice")
        await initialize(alice, await acquire(alice))
    assert alive == [set()]
    assert ssp.names()[-2:] == ["Delete", "Free"]
    assert in_use(lsa) == {}


@simulated
async def test_contexts_of_a_package_that_is_gone_are_dead_and_can_be_given_back() -> None:
    async def faults(ssp: Ssp, name: str, given: tuple[Any, ...]) -> None:
        if name == "Accept":
            raise RuntimeError("a fault")

    ssp = Ssp(messages=3, before=faults)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        context = (await initialize(alice, credential)).new_context
        await status_of(accept(alice, credential, None, token(b"token 1")))  # which disables it
        assert await status_of(initialize(alice, credential)) == SEC_E_INVALID_HANDLE
        assert lsa.check() == []
        entered = len(ssp.entered)
        await alice.DeleteSecurityContext(context)
        await alice.FreeCredentialsHandle(credential)
        assert len(ssp.entered) == entered
        assert len(lsa.contexts) == 0
        assert lsa.check() == []


@simulated
async def test_a_process_of_the_same_name_has_none_of_the_handles_of_one_before() -> None:
    ssp = Ssp(messages=3)
    async with lsart.open_lsa(ssp) as lsa:
        first = lsa.start_client("alice")
        credential = await acquire(first)
        context = (await initialize(first, credential)).new_context
        first.terminate()
        second = lsa.start_client("alice")
        own = await acquire(second)
        assert own != credential
        assert await status_of(initialize(second, credential)) == SEC_E_INVALID_HANDLE
        assert await status_of(second.DeleteSecurityContext(context)) == SEC_E_INVALID_HANDLE


@pytest.mark.parametrize("dies", [True, False])
@simulated
async def test_what_waits_for_a_worker_when_its_package_goes_is_given_back(dies: bool) -> None:
    go_on = trio.Event()

    async def faults(ssp: Ssp, name: str, given: tuple[Any, ...]) -> None:
        if name == "Accept":
            await go_on.wait()
            raise RuntimeError("a fault")

    ssp = Ssp(messages=3, before=faults)
    async with lsart.open_lsa(ssp, settings=settings(workers=1)) as lsa:
        alice, bob = lsa.start_client("alice"), lsa.start_client("bob")
        credential, other = await acquire(alice), await acquire(bob)
        context = (await initialize(alice, credential)).new_context

        async def deletes() -> None:
            if dies:
                await _dies(alice, alice.DeleteSecurityContext(context))
            else:
                await alice.DeleteSecurityContext(context)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(status_of, accept(bob, other, None, token(b"token 1")))
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(deletes)
            await trio.testing.wait_all_tasks_blocked()
            if dies:
                alice.terminate()
            go_on.set()
        await trio.testing.wait_all_tasks_blocked()
        assert "Delete" not in ssp.names()  # it is disabled by then
        assert len(lsa.contexts) == (1 if dies else 2)  # the credentials of those who live
        assert lsa.check() == []
