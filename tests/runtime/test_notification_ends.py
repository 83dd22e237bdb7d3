"""What is left of a notification that is cancelled or spent: no wait, no thread, no trace."""

from __future__ import annotations

import pytest
import trio
from lsas import simulated
from notified import HANDLE_WAIT, INTERVAL, NOTIFY_EVENT, ONE_SHOT, PACKAGE_CHANGE, SECONDS, Notified

import lsart
from lsart.contract import constants

NEW_THREAD = constants.NOTIFIER_FLAG_NEW_THREAD


def threads_of(lsa: lsart.Lsa, package: Notified) -> list[str]:
    """The tasks of the package that wait for notifications of its."""
    tasks = lsa.belongings.tasks_of(package.name)
    assert tasks is not None
    return [each for each in tasks.names() if "notification" in each]


@simulated
async def test_a_wait_that_was_cancelled_takes_no_signal_from_another() -> None:
    package = Notified()
    async with lsart.open_lsa(package):
        event = package.table.win32.CreateEvent()
        assert event is not None
        first = await package.at(HANDLE_WAIT, given="first", event=event)
        await package.at(HANDLE_WAIT, given="second", event=event)
        await trio.sleep(1)
        await package.table.CancelNotification(first)
        package.table.win32.SetEvent(event)
        await trio.sleep(1)
        assert package.given == ["second"]
        package.table.win32.CloseHandle(event)


@pytest.mark.parametrize("kind", ["interval", "handle wait", "event", "one-shot"])
@simulated
async def test_the_thread_of_its_own_ends_with_a_notification(kind: str) -> None:
    package = Notified()
    async with lsart.open_lsa(package) as lsa:
        event = package.table.win32.CreateEvent()
        assert event is not None
        if kind == "interval":
            handle = await package.at(INTERVAL, interval=100, flags=SECONDS | NEW_THREAD)
        elif kind == "handle wait":
            handle = await package.at(HANDLE_WAIT, event=event, flags=NEW_THREAD)
        elif kind == "event":
            handle = await package.at(NOTIFY_EVENT, event_class=PACKAGE_CHANGE, flags=NEW_THREAD)
        else:
            handle = await package.at(INTERVAL, interval=1, flags=SECONDS | NEW_THREAD | ONE_SHOT)
        await trio.sleep(0.5)
        assert threads_of(lsa, package) == [f"notify, notification {handle} of package 'notified'"]
        if kind == "one-shot":
            await trio.sleep(1)
            assert package.seconds == [1]
        else:
            await package.table.CancelNotification(handle)
            await trio.sleep(0)
            await trio.sleep(0)
        assert threads_of(lsa, package) == []
        package.table.win32.CloseHandle(event)


@simulated
async def test_the_thread_that_registrations_share_stays_for_the_next_one() -> None:
    package = Notified()
    async with lsart.open_lsa(package) as lsa:
        handle = await package.at(INTERVAL, interval=100, flags=SECONDS)
        await trio.sleep(1)
        await package.table.CancelNotification(handle)
        await trio.sleep(1)
        assert threads_of(lsa, package) == ["notifications of package 'notified'"]
        await package.at(INTERVAL, interval=3, flags=SECONDS)
        await trio.sleep(4)
        assert package.seconds == [5]


@simulated
async def test_one_that_is_due_sooner_wakes_the_thread_that_waits_for_another() -> None:
    package = Notified()
    async with lsart.open_lsa(package):
        await package.at(INTERVAL, interval=100, flags=SECONDS)
        await trio.sleep(1)
        await package.at(INTERVAL, interval=3, flags=SECONDS)
        await trio.sleep(4)
        assert package.seconds == [4]


@simulated
async def test_of_a_package_that_is_gone_nobody_remembers_what_was_spent() -> None:
    """Packages come and go while an LSA runs, so what is kept for each of them would grow for ever."""
    package, other = Notified("one"), Notified("other")
    async with lsart.open_lsa(package, other) as lsa:
        spent = [await each.at(INTERVAL, interval=1, flags=SECONDS | ONE_SHOT) for each in (package, other)]
        await trio.sleep(2)
        notifications = lsa.belongings.notifications
        keys = [each.key for each in lsa.packages]
        assert all(notifications.has_spent(handle, key) for handle, key in zip(spent, keys, strict=True))
        await package.table.UnloadPackage()
        await trio.sleep(1)
        assert not notifications.has_spent(spent[0], keys[0])
        assert notifications.has_spent(spent[1], keys[1])
