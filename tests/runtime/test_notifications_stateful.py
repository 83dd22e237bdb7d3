"""Notifications under any sequence of registering, cancelling, signalling and waiting: nothing leaks, all is in time.

Two machines. The first has the times alone (`lsart.runtime._due`) and compares them with arithmetic that looks at each
registration by itself. The second has a whole LSA in virtual time and keeps a book of what must run.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import attrs
import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from lsas import Log, in_use
from notified import HANDLE_WAIT, INTERVAL, NOTIFY_EVENT, ONE_SHOT, PACKAGE_CHANGE, SECOND, SECONDS, Notified

import lsart
from lsart.contract import constants
from lsart.events import NotificationFired
from lsart.runtime import LsaSettings
from lsart.runtime._due import Schedule

NEW_THREAD = constants.NOTIFIER_FLAG_NEW_THREAD


class Times(RuleBasedStateMachine):
    """Intervals and single runs against multiples of their periods."""

    numbers: Bundle[int] = Bundle("numbers")

    def __init__(self) -> None:
        super().__init__()
        self.schedule = Schedule()
        self.now = 0
        self.next = 0
        self.intervals: dict[int, tuple[int, int]] = {}
        self.last: dict[int, int] = {}
        self.posted: list[tuple[int, int]] = []
        self.held: set[int] = set()  # taken, and not waited for again

    @rule(target=numbers, period=st.integers(1, 50))
    def add(self, period: int) -> int:
        self.next += 1
        self.schedule.add_interval(self.next, self.now, period)
        self.intervals[self.next] = self.now, period
        self.last[self.next] = self.now
        return self.next

    @rule(number=numbers)
    def post(self, number: int) -> None:
        if number in self.intervals:
            self.schedule.post(number, self.now, "posted")
            self.posted.append((self.now, number))

    @rule(number=consumes(numbers))
    def drop(self, number: int) -> None:
        self.schedule.drop(number)
        self.intervals.pop(number, None)
        self.held.discard(number)
        self.posted = [each for each in self.posted if each[1] != number]

    @rule(by=st.integers(1, 120), takes=st.integers(0, 3))
    def run_until(self, by: int, takes: int) -> None:
        """Everything that becomes due runs, each run taking its time."""
        end = self.now + by
        while self.now <= end:
            due = self.schedule.take(self.now)
            if due is None:
                following = self.schedule.next_ns()
                if following is None or following > end:
                    break
                assert following > self.now
                self.now = following
                continue
            if due.data == "posted":
                self.posted.remove((due.time_ns, due.number))
                continue
            start, period = self.intervals[due.number]
            assert due.time_ns <= self.now
            assert (due.time_ns - start) % period == 0  # no drift
            assert due.time_ns > self.last[due.number]  # never twice
            assert not any(each < (due.time_ns, due.number) for each in self.posted)
            self.last[due.number] = due.time_ns
            self.now += takes
            self.schedule.rearm(due.number, self.now)
            if takes <= period:  # none was skipped that this run did not outlast
                assert self.next_of(due.number) == due.time_ns + period or self.now > due.time_ns + period
        self.now = max(self.now, end)

    def next_of(self, number: int) -> int:
        return min(each[0] for each in self.schedule._heap if each[1] == number and each[3].data is None)

    @invariant()
    def what_is_to_come_is_of_live_registrations(self) -> None:
        numbers = [each[1] for each in self.schedule._heap]
        assert set(numbers) == set(self.intervals)
        assert len(numbers) == len(self.intervals) + len(self.posted)


TestTimes = Times.TestCase


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 5)), max_size=30),
    st.integers(0, 40),
)
def test_what_is_due_comes_by_time_then_registration_then_arrival(posts: list[tuple[int, int]], now: int) -> None:
    schedule = Schedule()
    for index, (time, number) in enumerate(posts):
        schedule.post(number, time, index)
    taken = []
    while (due := schedule.take(now)) is not None:
        taken.append((due.time_ns, due.number, due.data))
    assert taken == sorted((time, number, index) for index, (time, number) in enumerate(posts) if time <= now)
    assert len(schedule) == len(posts) - len(taken)


def test_a_period_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="must be positive"):
        Schedule().add_interval(1, 0, 0)


@attrs.define
class Book:
    """What a registration must do: made when, by period or event, how often it may run."""

    kind: int
    made: int
    period: int
    once: bool
    runs: int = 0
    last: int = -1


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("interval"), st.integers(1, 4), st.booleans(), st.booleans()),
        st.tuples(st.just("event"), st.just(0), st.booleans(), st.booleans()),
        st.tuples(st.just("change"), st.just(0), st.booleans(), st.booleans()),
        st.tuples(st.just("cancel"), st.integers(0, 20), st.none(), st.none()),
        st.tuples(st.just("set"), st.none(), st.none(), st.none()),
        st.tuples(st.just("prefer"), st.none(), st.none(), st.none()),
        st.tuples(st.just("wait"), st.integers(1, 5), st.none(), st.none()),
        st.tuples(st.just("unload"), st.none(), st.none(), st.none()),
    ),
    max_size=25,
)


@settings(max_examples=150)
@given(STEPS, st.integers(0, 3))
def test_nothing_leaks_and_what_is_due_runs_in_its_moment(steps: list[tuple[Any, ...]], seed: int) -> None:
    log = Log()

    async def main() -> None:
        package = Notified()
        settings = LsaSettings(watchdog=None, machine=lsart.MachineLimits(handles=8))
        async with lsart.open_lsa(package, bus=log.bus, settings=settings) as lsa:
            world = World(package, lsa, log)
            for step in steps:
                await world.take(*step)
                world.check()
        assert in_use(lsa) == {}
        assert len(lsa.belongings.notifications) == 0
        before = len(log.of(NotificationFired))
        await trio.sleep(100)
        assert len(log.of(NotificationFired)) == before

    lsart.run(main, seed=seed)


class World:
    """An LSA, its one package, and the book."""

    def __init__(self, package: Notified, lsa: lsart.Lsa, log: Log) -> None:
        self.package = package
        self.lsa = lsa
        self.log = log
        self.book: dict[int, Book] = {}
        self.gone: dict[int, int] = {}  # cancelled handles, and how often each had run
        self.seen = 0
        self.event = package.table.win32.CreateEvent()
        self.is_loaded = True

    async def take(self, what: str, number: int | None, once: bool | None, alone: bool | None) -> None:
        table = self.package.table
        if what in ("interval", "event", "change"):
            kind = {"interval": INTERVAL, "event": HANDLE_WAIT, "change": NOTIFY_EVENT}[what]
            flags = (ONE_SHOT if once else 0) | (NEW_THREAD if alone else 0) | SECONDS
            event_class = PACKAGE_CHANGE if what == "change" else 0
            handle = await table.RegisterNotification(
                self.package.notify, what, kind, event_class, flags, number or 0, self.event
            )
            full = sum(in_use(self.lsa).values()) == 8
            assert handle is not None or full or not self.is_loaded
            if handle is not None:
                assert handle not in self.book
                self.book[handle] = Book(kind, lsart.now_ns(), (number or 0) * SECOND, bool(once))
        elif what == "cancel" and self.book and number is not None:
            handle = sorted(self.book)[number % len(self.book)]
            with suppress(lsart.StatusError):  # it is gone already
                await table.CancelNotification(handle)
            self.gone[handle] = self.runs_of(handle)
        elif what == "set" and self.event is not None:
            assert table.win32.SetEvent(self.event) is self.is_loaded
        elif what == "prefer" and self.is_loaded:
            self.lsa.prefer("notified")
        elif what == "wait":
            await lsart.sleep_ns((number or 0) * SECOND)
            await trio.testing.wait_all_tasks_blocked()
        elif what == "unload" and self.is_loaded:
            await table.UnloadPackage()
            await lsart.sleep_ns(1)
            self.is_loaded = False
            self.gone.update({handle: self.runs_of(handle) for handle in self.book})

    def runs_of(self, handle: int) -> int:
        return sum(each.handle == handle for each in self.log.of(NotificationFired))

    def check(self) -> None:
        fired = self.log.of(NotificationFired)
        for each in fired[self.seen :]:
            entry = self.book[each.handle]
            assert each.time_ns == each.due_ns  # in the moment in which it is due
            entry.runs += 1
            assert each.handle not in self.gone, "it ran after it was cancelled"
            assert entry.runs == 1 or not entry.once
            if entry.kind == INTERVAL:
                assert each.due_ns == entry.made + entry.runs * entry.period
        self.seen = len(fired)
        for handle, entry in self.book.items():
            if entry.kind == INTERVAL and handle not in self.gone:
                due = (lsart.now_ns() - entry.made) // entry.period
                late = (lsart.now_ns() - entry.made) % entry.period == 0  # due now: maybe not run yet
                expected = min(due, 1) if entry.once else due
                assert entry.runs in ((expected, expected - 1) if late else (expected,))
        assert self.lsa.check() == []
        spent = sum(entry.once and entry.runs == 1 for handle, entry in self.book.items() if handle not in self.gone)
        live = len(self.book) - len(self.gone) - spent
        running = len(self.lsa.belongings.notifications)
        assert running == (live if self.is_loaded else 0)
        assert in_use(self.lsa).get("handles", 0) == running + (self.event is not None and self.is_loaded)
