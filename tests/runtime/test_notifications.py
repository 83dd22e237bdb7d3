"""RegisterNotification: what is run when, and what for; all times exact, as they are virtual."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from lsas import Log, in_use, scripted, simulated
from notified import HANDLE_WAIT, HOLDS, INTERVAL, ONE_SHOT, PACKAGE_CHANGE, SECOND, SECONDS, Notified

import lsart
from lsart.contract import Choices, FunctionTable, constants
from lsart.events import NotificationFired, NotificationRegistered, ObjectRefused, PackageDisabled
from lsart.runtime import LsaSettings


def chosen(**choices: Any) -> LsaSettings:
    return LsaSettings(choices=Choices(**choices))


@pytest.mark.rule("RNO-3")
@pytest.mark.parametrize(("flags", "unit"), [(0, 60), (SECONDS, 1)])
@simulated
async def test_an_interval_runs_after_each_of_its_minutes_or_seconds_and_does_not_drift(
    flags: int, unit: int, log: Log
) -> None:
    package = Notified()
    async with lsart.open_lsa(package, bus=log.bus):
        await trio.sleep(0.25)
        handle = await package.at(INTERVAL, flags=flags, interval=3, given="x")
        await trio.sleep(10 * unit)
    assert package.times == [SECOND // 4 + count * 3 * unit * SECOND for count in (1, 2, 3)]
    assert package.given == ["x"] * 3
    fired = log.of(NotificationFired)
    assert [(each.handle, each.due_ns, each.function) for each in fired] == [
        (handle, time, "notify") for time in package.times
    ]
    assert [each.time_ns for each in fired] == package.times
    assert log.one(NotificationRegistered).kind == "interval"


@pytest.mark.rule("RNO-4")
@simulated
async def test_a_handle_wait_runs_once_for_each_signal_of_its_event() -> None:
    package = Notified()
    async with lsart.open_lsa(package):
        win32 = package.table.win32
        event, other = win32.CreateEvent(), win32.CreateEvent()
        assert event is not None
        assert other is not None
        await package.at(HANDLE_WAIT, event=event, given=(HOLDS, "", 2))
        await trio.sleep(1)
        assert win32.SetEvent(other)
        assert package.times == []
        assert win32.SetEvent(event)
        await trio.sleep(1)
        assert package.seconds == [1]
        for _ in range(3):  # while it runs: an auto-reset event remembers one signal
            assert win32.SetEvent(event)
        await trio.sleep(10)
        assert package.seconds == [1, 3]
        assert not win32.SetEvent(event + other)
        assert win32.CloseHandle(event)
        assert win32.CloseHandle(other)


@simulated
async def test_an_event_that_was_signalled_before_somebody_waits_ends_one_wait() -> None:
    package = Notified()
    async with lsart.open_lsa(package):
        event = package.table.win32.CreateEvent()
        assert event is not None
        package.table.win32.SetEvent(event)
        for name in ("first", "second"):
            await package.at(HANDLE_WAIT, event=event, given=name, flags=ONE_SHOT)
        await trio.sleep(1)
        assert package.given == ["first"]
        package.table.win32.SetEvent(event)
        await trio.sleep(1)
        assert package.given == ["first", "second"]
        package.table.win32.CloseHandle(event)


@pytest.mark.rule("RNO-6")
@simulated
async def test_a_state_change_of_the_machine_runs_what_waits_for_it(log: Log) -> None:
    package = Notified()
    async with lsart.open_lsa(package, bus=log.bus) as lsa:
        await package.at(constants.NOTIFIER_TYPE_STATE_CHANGE, given="changed")
        await trio.sleep(1)
        lsa.change_machine_state(lsa.parameters)  # no change
        await trio.sleep(1)
        lsa.change_machine_state(lsart.SECPKG_PARAMETERS(machine_state=constants.SECPKG_STATE_DOMAIN_CONTROLLER))
        await trio.sleep(1)
        assert (package.given, package.seconds) == (["changed"], [2])


@pytest.mark.rule("RNO-7")
@simulated
async def test_an_immediate_one_runs_at_once_and_once(log: Log) -> None:
    package = Notified("notified", constants.NOTIFIER_TYPE_IMMEDIATE, 0, 0, 0, None)
    async with lsart.open_lsa(package, bus=log.bus) as lsa:
        await trio.sleep(100)
        assert package.seconds == [0]
        await package.at(constants.NOTIFIER_TYPE_IMMEDIATE)
        await trio.sleep(100)
        assert package.seconds == [0, 100]
        assert in_use(lsa) == {}  # both registrations are gone


@pytest.mark.rule("RNO-8")
@pytest.mark.parametrize("kind", ["interval", "event", "state"])
@simulated
async def test_a_one_shot_runs_once_and_is_gone(kind: str) -> None:
    package = Notified()
    async with lsart.open_lsa(package) as lsa:
        event = package.table.win32.CreateEvent()
        assert event is not None
        if kind == "interval":
            await package.at(INTERVAL, interval=1, flags=ONE_SHOT | SECONDS)
        elif kind == "event":
            await package.at(HANDLE_WAIT, event=event, flags=ONE_SHOT)
        else:
            await package.at(constants.NOTIFIER_TYPE_STATE_CHANGE, flags=ONE_SHOT)
        await trio.sleep(1)
        for domain in ("A", "B"):
            package.table.win32.SetEvent(event)
            lsa.change_machine_state(lsart.SECPKG_PARAMETERS(domain_name=domain))
        await trio.sleep(10)
        assert package.seconds == [1]
        package.table.win32.CloseHandle(event)
        assert in_use(lsa) == {}


@pytest.mark.rule("RNO-9")
@pytest.mark.parametrize(("flags", "second"), [(0, 6), (constants.NOTIFIER_FLAG_NEW_THREAD, 1)])
@simulated
async def test_with_a_thread_of_its_own_one_does_not_wait_for_another_s_function(flags: int, second: int) -> None:
    package = Notified()
    async with lsart.open_lsa(package):
        await package.at(INTERVAL, interval=1, flags=SECONDS | ONE_SHOT, given=(HOLDS, "first", 5))
        await package.at(INTERVAL, interval=1, flags=SECONDS | ONE_SHOT | flags, given="second")
        await trio.sleep(20)
    assert package.given == [(HOLDS, "first", 5), "second"]
    assert package.seconds == [1, second]


@pytest.mark.choice("notification_delivery", "at_once")
@pytest.mark.parametrize(
    ("delivery", "starts", "ends"), [("one_by_one", [2, 6, 10], [5, 9]), ("at_once", [2, 4, 6, 8, 10], [5, 7, 9, 11])]
)
@simulated
async def test_whether_functions_run_one_by_one_is_a_choice(delivery: str, starts: Any, ends: Any) -> None:
    package = Notified()
    async with lsart.open_lsa(package, settings=chosen(notification_delivery=delivery)):
        await package.at(INTERVAL, interval=2, flags=SECONDS, given=(HOLDS, "", 3))
        await trio.sleep(11)
        assert package.seconds == starts
        assert [each / SECOND for each in package.ended] == ends


@simulated
async def test_an_interval_that_ends_with_the_run_before_it_is_not_skipped() -> None:
    package = Notified()
    async with lsart.open_lsa(package):
        await package.at(INTERVAL, interval=3, flags=SECONDS, given=(HOLDS, "", 3))
        await trio.sleep(13)
        assert package.seconds == [3, 6, 9, 12]


@simulated
async def test_what_is_due_at_one_time_runs_in_the_order_of_registration() -> None:
    package = Notified()
    async with lsart.open_lsa(package):
        await package.at(INTERVAL, interval=6, flags=SECONDS, given="six")
        await package.at(INTERVAL, interval=2, flags=SECONDS, given="two")
        await package.at(INTERVAL, interval=3, flags=SECONDS, given="three")
        await trio.sleep(6)
        await trio.sleep(0.1)
    assert package.given == ["two", "three", "two", "six", "two", "three"]


@pytest.mark.choice("notification_argument", "event_notify")
@pytest.mark.parametrize("argument", ["parameter", "event_notify"])
@simulated
async def test_what_the_function_is_given_where_no_event_is_behind_it_is_a_choice(argument: str) -> None:
    package, something = Notified(), object()
    async with lsart.open_lsa(package, settings=chosen(notification_argument=argument)):
        await package.at(INTERVAL, interval=1, given=something, flags=ONE_SHOT)
        await trio.sleep(60.5)
    (given,) = package.given
    if argument == "parameter":
        assert given is something
    else:
        assert given == lsart.SECPKG_EVENT_NOTIFY(0, 0, None, something)


REFUSED = [
    (
        "the class is 1, which only a notify-event may have",
        (INTERVAL, PACKAGE_CHANGE, 0, 3, None),
    ),
    ("nobody knows the notification type 5", (5, 0, 0, 3, None)),
    ("nobody knows the notification flags 0x4", (INTERVAL, 0, 4, 3, None)),
    ("nobody knows the notification class 0", (constants.NOTIFIER_TYPE_NOTIFY_EVENT, 0, 0, 0, None)),
    ("nobody knows the notification class 5", (constants.NOTIFIER_TYPE_NOTIFY_EVENT, 5, 0, 0, None)),
    ("an interval of 0 would run without end", (INTERVAL, 0, 0, 0, None)),
    ("the wait is for no open event", (HANDLE_WAIT, 0, 0, 0, None)),
    ("the wait is for no open event", (HANDLE_WAIT, 0, 0, 0, 4444)),
]


@pytest.mark.rule("RNO-1", "RNO-2")
@pytest.mark.parametrize(("reason", "arguments"), REFUSED)
@simulated
async def test_what_cannot_be_registered_gives_null_and_the_reason_is_told(
    reason: str, arguments: tuple[Any, ...], log: Log
) -> None:
    package = Notified()
    async with lsart.open_lsa(package, bus=log.bus) as lsa:
        assert await package.table.RegisterNotification(package.notify, None, *arguments) is None
        assert log.one(ObjectRefused).reason == reason
        assert in_use(lsa) == {}
        await trio.sleep(1000)
    assert package.given == []


@pytest.mark.rule("RNO-1")
@simulated
async def test_a_registration_gives_a_handle_of_its_own_or_null_when_none_is_left(log: Log) -> None:
    package = Notified()
    nothing: Any = None
    settings = LsaSettings(machine=lsart.MachineLimits(handles=2))
    async with lsart.open_lsa(package, bus=log.bus, settings=settings) as lsa:
        first, second = [await package.at(INTERVAL, interval=1) for _ in range(2)]
        assert first != second
        assert not package.table.win32.CloseHandle(first)  # it goes back with CancelNotification
        register = package.table.RegisterNotification
        assert await register(package.notify, None, INTERVAL, 0, 0, 1, None) is None
        assert log.one(ObjectRefused).reason == "no handle is left"
        assert await register(nothing, None, INTERVAL, 0, 0, 1, None) is None
        assert in_use(lsa) == {"handles": 2}
        with pytest.raises(TypeError, match="expected a function, got str 'notify'"):
            await register("notify", None, INTERVAL, 0, 0, 1, None)
    assert in_use(lsa) == {}


@simulated
async def test_a_fault_in_a_registered_function_disables_the_package_which_is_not_run_again(log: Log) -> None:
    runs: list[object] = []

    async def fails(_: object) -> None:
        runs.append(1)
        raise KeyError("boom")

    async def initialize(table: FunctionTable) -> None:
        await table.RegisterNotification(fails, None, INTERVAL, 0, SECONDS, 1, None)

    async with lsart.open_lsa(scripted("a", initialize=initialize), scripted("b"), bus=log.bus) as lsa:
        await trio.sleep(10)
        assert [each.name for each in lsa.packages] == ["b"]
        assert log.one(PackageDisabled).entry_point == "fails"
    assert runs == [1]
    assert in_use(lsa) == {}


@simulated
async def test_a_function_that_signals_its_own_event_lets_others_run() -> None:
    package = Notified()
    runs: list[int] = []
    async with lsart.open_lsa(package):
        event = package.table.win32.CreateEvent()
        assert event is not None

        def again(_: object) -> None:
            runs.append(1)
            package.table.win32.SetEvent(event)

        handle = await package.table.RegisterNotification(again, None, HANDLE_WAIT, 0, 0, 0, event)
        assert handle is not None
        package.table.win32.SetEvent(event)
        for _ in range(10):
            await trio.lowlevel.checkpoint()
        await package.table.CancelNotification(handle)
        assert 0 < len(runs) < 100
        package.table.win32.CloseHandle(event)


@simulated
async def test_an_interval_keeps_no_lsa_alive_and_ends_with_it() -> None:
    package = Notified("notified", INTERVAL, 0, SECONDS, 3, None)
    async with lsart.open_lsa(package) as lsa:
        await trio.sleep(7)
    assert package.seconds == [3, 6]
    assert lsart.now_ns() == 7 * SECOND
    assert in_use(lsa) == {}
    await trio.sleep(20)
    assert package.seconds == [3, 6]
