"""Defects of the zoo that concern sessions, tokens, notifications and the life of a package, each with a driver."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import trio
from logons import log_on
from sealing import connected
from zoos import HARM, Drive, assert_harmless, assert_harms, driven

import lsart
from lsart.events import (
    AllocationRefused,
    CredentialLeaked,
    Event,
    HandleLeaked,
    LogonSessionLeaked,
    NotificationCancelled,
    NotificationRegistered,
    OutputNotFromHeap,
    PackageDisabled,
)


async def hold_a_wrong_badge(lsa: lsart.Lsa, name: str) -> None:
    async with lsa.connect("reader", trusted=True) as reader:
        logon = await log_on(reader, b"alice:1001", package=name)
        assert reader.CloseHandle(logon.token)
        with pytest.raises(lsart.StatusError, match="STATUS_LOGON_FAILURE"):
            await log_on(reader, b"alice:1002", package=name)


async def switch_a_kiosk_off(lsa: lsart.Lsa, name: str) -> None:
    async with lsa.connect("kiosk", trusted=True) as kiosk:
        logon = await log_on(kiosk, b"kiosk7", package=name)
        assert kiosk.CloseHandle(logon.token)


async def ask_for_a_barred_account(lsa: lsart.Lsa, name: str) -> None:
    async with lsa.connect("alice") as alice:
        assert (await alice.call(name, (1000).to_bytes(2, "little"))).data == b"yes"
        reply = await alice.call(name, (555).to_bytes(2, "little"))
        assert reply.protocol_status == lsart.STATUS_ACCOUNT_RESTRICTION


async def be_counted(lsa: lsart.Lsa, name: str) -> None:
    with suppress(lsart.StatusError):  # LSA has left it out
        async with lsa.connect("alice") as alice:
            assert (await alice.call(name, b"count me")).data == b"\1" + bytes(7)


async def join_without_a_version(lsa: lsart.Lsa, name: str) -> None:
    async with lsa.connect("alice") as alice:
        await alice.call(name, b"one=10")
        assert (await alice.call(name, b"?")).data == b"1 machines, 10"
        with suppress(lsart.StatusError):  # LSASS is gone
            await alice.call(name, b"two=Vista")
            assert (await alice.call(name, b"?")).data == b"1 machines, 10"


async def ask_for_no_bell(lsa: lsart.Lsa, name: str) -> None:
    async with lsa.connect("alice") as alice:
        assert (await alice.call(name, b"Door")).data == b"\1\0\0\0"
        assert (await alice.call(name, b"doors")).protocol_status == lsart.STATUS_OBJECT_NAME_NOT_FOUND


CASES: dict[str, tuple[Drive, type[Event]]] = {
    "credential_leak": (switch_a_kiosk_off, CredentialLeaked),
    "handle_leak": (ask_for_no_bell, HandleLeaked),
    "name_buffer": (be_counted, OutputNotFromHeap),
    "partial_work": (join_without_a_version, PackageDisabled),
    "session_leak": (hold_a_wrong_badge, LogonSessionLeaked),
    "token_leak": (ask_for_a_barred_account, HandleLeaked),
}


@pytest.mark.parametrize("name", CASES)
def test_the_defect_strikes_and_names_its_ends(name: str) -> None:
    assert_harms(name, *CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_the_twin_goes_through_the_same_unharmed(name: str) -> None:
    assert_harmless(name, CASES[name][0])


async def call_often(lsa: lsart.Lsa, name: str) -> int:
    for number in range(100):
        async with lsa.connect(f"client-{number}") as client:
            await client.call(name, b"hello")
    return len(list(lsa.memory.ledger.live_blocks(name)))


def test_a_history_without_end_grows_with_the_calls() -> None:
    assert driven("growth", call_often, is_twin=False)[1] == 100
    assert driven("growth", call_often, is_twin=True)[1] == 32


async def open_thrice(lsa: lsart.Lsa, name: str) -> None:
    async with lsa.connect("alice") as alice:
        for minutes in (1, 2, 3):
            await alice.call(name, bytes((minutes,)))
        assert (await alice.call(name, b"")).data == b"open"


@pytest.mark.parametrize(("is_twin", "left"), [(False, 2), (True, 0)], ids=["defect", "twin"])
def test_notifications_that_nobody_cancels_are_left(is_twin: bool, left: int) -> None:
    events, _ = driven("notification_leak", open_thrice, is_twin=is_twin)
    registered = {each.handle for each in events if isinstance(each, NotificationRegistered)}
    cancelled = {each.handle for each in events if isinstance(each, NotificationCancelled)}
    assert len(registered) == 3
    assert len(registered - cancelled) == left


async def note_for_the_day_before_yesterday(lsa: lsart.Lsa, name: str) -> Any:
    async with lsa.connect("alice") as alice:
        assert (await alice.call(name, b"\1\0note")).protocol_status == lsart.STATUS_SUCCESS
        for _ in range(2):
            await alice.call(name, b"\2")
        return (await alice.call(name, b"\1\0note")).protocol_status


def test_a_section_that_is_deleted_is_used() -> None:
    events, status = driven("stale_handle", note_for_the_day_before_yesterday, is_twin=False)
    assert status == lsart.STATUS_INSUFFICIENT_RESOURCES
    (refused,) = [each for each in events if isinstance(each, AllocationRefused)]
    assert (refused.cause, refused.origin.function) == ("bad section", "AllocateSharedMemory")
    events, status = driven("stale_handle", note_for_the_day_before_yesterday, is_twin=True)
    assert status == lsart.STATUS_OBJECT_NAME_NOT_FOUND
    assert [each for each in events if isinstance(each, AllocationRefused)] == []


async def use_beside_somebody_who_thinks(lsa: lsart.Lsa, name: str) -> int:
    """Milliseconds that bob waits, who agrees at once, while alice thinks for 200."""
    async with lsa.connect("alice") as alice, lsa.connect("bob") as bob, trio.open_nursery() as nursery:
        for client in (alice, bob):
            await connected(client, name)
        nursery.start_soon(alice.call, name, bytes((200,)))
        await lsart.sleep_ns(1_000_000)
        began = lsart.now_ns()
        reply = await bob.call(name, b"\0")
        assert len(reply.data) == 36
        return (lsart.now_ns() - began) // 1_000_000


@pytest.mark.parametrize(("is_twin", "waits"), [(False, 199), (True, 0)], ids=["defect", "twin"])
def test_a_client_that_thinks_holds_up_the_others(is_twin: bool, waits: int) -> None:
    events, milliseconds = driven("lock_callback", use_beside_somebody_who_thinks, is_twin=is_twin)
    assert milliseconds == waits
    assert [each for each in events if isinstance(each, HARM)] == []


async def take_a_seat(lsa: lsart.Lsa, name: str) -> lsart.NTSTATUS:
    async with lsa.connect("alice") as alice:
        return (await alice.call(name, b"\1\7")).protocol_status


@pytest.mark.parametrize("contents", ["previous", "pattern"])
@pytest.mark.parametrize("is_twin", [False, True], ids=["defect", "twin"])
def test_what_relies_on_a_choice_changes_with_it(is_twin: bool, contents: Any) -> None:
    settings = lsart.LsaSettings(choices=lsart.Choices(private_heap_contents=contents), watchdog=None)
    _, status = driven("undocumented_reliance", take_a_seat, is_twin=is_twin, settings=settings)
    fails = contents == "pattern" and not is_twin
    assert status == (lsart.STATUS_ACCESS_DENIED if fails else lsart.STATUS_SUCCESS)
