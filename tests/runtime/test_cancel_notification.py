"""CancelNotification: no run begins after it; what names no registration of the caller is refused."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from lsas import Log, in_use, simulated, status_of
from notified import HANDLE_WAIT, HOLDS, INTERVAL, NOTIFY_EVENT, ONE_SHOT, PACKAGE_CHANGE, SECONDS, Notified

import lsart
from lsart.contract import STATUS_INVALID_PARAMETER, STATUS_SUCCESS, Choices, constants
from lsart.events import NotificationCancelled
from lsart.runtime import LsaSettings


def chosen(**choices: Any) -> LsaSettings:
    return LsaSettings(choices=Choices(**choices))


@pytest.mark.rule("CNO-1")
@pytest.mark.parametrize("flags", [0, constants.NOTIFIER_FLAG_NEW_THREAD])
@pytest.mark.parametrize("kind", ["interval", "handle wait", "event"])
@simulated
async def test_nothing_runs_after_it(kind: str, flags: int, log: Log) -> None:
    package = Notified()
    async with lsart.open_lsa(package, bus=log.bus) as lsa:
        event = package.table.win32.CreateEvent()
        assert event is not None
        if kind == "interval":
            handle = await package.at(INTERVAL, interval=2, flags=SECONDS | flags)
        elif kind == "event":
            handle = await package.at(NOTIFY_EVENT, event_class=PACKAGE_CHANGE, flags=flags)
        else:
            handle = await package.at(HANDLE_WAIT, event=event, flags=flags)
        await trio.sleep(3)
        lsa.prefer("notified")
        package.table.win32.SetEvent(event)
        await trio.sleep(0.5)
        assert len(package.given) == 1
        lsa.prefer("notified")  # due now, and cancelled in the same moment
        package.table.win32.SetEvent(event)
        # That it gives nothing back is the point.
        assert await package.table.CancelNotification(handle) is None  # type: ignore[func-returns-value]
        await trio.sleep(10)
        assert len(package.given) == 1
        assert log.one(NotificationCancelled).handle == handle
        assert package.table.win32.CloseHandle(event)
        assert in_use(lsa) == {}


@pytest.mark.rule("CNO-2")
@simulated
async def test_a_handle_that_names_no_registration_of_the_package_is_refused() -> None:
    package, other = Notified("one"), Notified("other")
    async with lsart.open_lsa(package, other):
        handle = await package.at(INTERVAL, interval=1, flags=SECONDS)
        event = package.table.win32.CreateEvent()
        assert event is not None
        for wrong in (handle + 1000, event, 0):
            assert await status_of(package.table.CancelNotification(wrong)) == STATUS_INVALID_PARAMETER
        assert await status_of(other.table.CancelNotification(handle)) == STATUS_INVALID_PARAMETER
        await trio.sleep(1.5)
        assert package.seconds == [1]
        await package.table.CancelNotification(handle)
        assert await status_of(package.table.CancelNotification(handle)) == STATUS_INVALID_PARAMETER
        package.table.win32.CloseHandle(event)


@pytest.mark.choice("cancel_fired_one_shot", "STATUS_SUCCESS")
@pytest.mark.parametrize("status", [STATUS_INVALID_PARAMETER, STATUS_SUCCESS])
@simulated
async def test_what_becomes_of_the_handle_of_a_one_shot_that_ran_is_a_choice(status: Any) -> None:
    package, other = Notified("one"), Notified("other")
    async with lsart.open_lsa(package, other, settings=chosen(cancel_fired_one_shot=status)):
        handle = await package.at(INTERVAL, interval=1, flags=SECONDS | ONE_SHOT)
        await trio.sleep(2)
        if status.is_success:
            await package.table.CancelNotification(handle)
        else:
            assert await status_of(package.table.CancelNotification(handle)) == status
        assert await status_of(other.table.CancelNotification(handle)) == STATUS_INVALID_PARAMETER


@pytest.mark.choice("cancel_waits", "yes")
@pytest.mark.parametrize(("waits", "until"), [("no", 2), ("yes", 5)])
@simulated
async def test_whether_a_run_under_way_is_waited_for_is_a_choice(waits: str, until: int) -> None:
    package = Notified()
    async with lsart.open_lsa(package, settings=chosen(cancel_waits=waits)):
        handle = await package.at(INTERVAL, interval=1, flags=SECONDS, given=(HOLDS, "", 4))
        await trio.sleep(2)
        await package.table.CancelNotification(handle)
        assert lsart.now_ns() == until * 10**9
        await trio.sleep(10)
        assert (package.seconds, package.ended) == ([1], [5 * 10**9])


@pytest.mark.parametrize("waits", ["no", "yes"])
@pytest.mark.parametrize("flags", [0, constants.NOTIFIER_FLAG_NEW_THREAD])
@simulated
async def test_a_function_can_cancel_its_own_registration(waits: str, flags: int) -> None:
    package = Notified()
    runs: list[int] = []

    async def cancels(_: object) -> None:
        runs.append(1)
        await package.table.CancelNotification(handle)

    async with lsart.open_lsa(package, settings=chosen(cancel_waits=waits)) as lsa:
        made = await package.table.RegisterNotification(cancels, None, INTERVAL, 0, SECONDS | flags, 1, None)
        assert made is not None
        handle = made
        await trio.sleep(5)
        assert runs == [1]
        assert in_use(lsa) == {}
