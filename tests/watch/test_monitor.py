"""The monitor says of a run what a plain recount of all its events says."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections import Counter
from random import Random

import pytest
import trio
from lsart_packages.ticketcache import OPERATIONS
from stories import Story, in_call

import lsart
from lsart.contract import NTSTATUS
from lsart.events import (
    AllocationRefused,
    Bus,
    CallFinished,
    CallStarted,
    Event,
    LockAcquired,
    LockReleased,
    SectionCreated,
    SlotCalled,
    WarningRaised,
)
from lsart.watch import ContentionWarning, ExhaustionWarning, Monitor, RunSummary


def small_run(seed: int = 0) -> tuple[RunSummary, list[Event], Monitor]:
    """Forty clients against a ticketcache that is too small, with a recording of every event."""
    bus = Bus()
    events: list[Event] = []
    monitor = Monitor(bus)
    bus.subscribe(events.append)
    packages = [lsart.PackageSpec("lsart_packages.ticketcache:TicketCache", {"max_size": 16_384, "initial_size": 4096})]

    async def client(lsa: lsart.Lsa, number: int) -> None:
        random = Random(f"{seed}/{number}")
        async with lsa.connect(f"client-{number}") as mine:
            for _ in range(15):
                operation = random.choice(["put", "put", "get", "drop"])
                data = OPERATIONS[operation](random, random.randrange(16, 900))
                await mine.call("ticketcache", data, operation=operation)
                await lsart.sleep_ns(random.randrange(2000))

    async def main() -> None:
        async with lsart.open_lsa(*packages, bus=bus, settings=lsart.LsaSettings(workers=6)) as lsa:
            async with trio.open_nursery() as nursery:
                for number in range(40):
                    nursery.start_soon(client, lsa, number)
            monitor.snapshot(lsa.memory.sections(), lsa.machine.statistics())

    lsart.run(main, seed=seed)
    return monitor.summary(), events, monitor


@pytest.fixture(scope="module")
def told() -> tuple[RunSummary, list[Event], Monitor]:
    return small_run()


def test_the_run_is_worth_recounting(told: tuple[RunSummary, list[Event], Monitor]) -> None:
    summary = told[0]
    assert summary.calls_finished == 600
    assert {each.category for each in summary.warnings} == {"contention", "exhaustion"}
    assert summary.workers.calls_queued > 0


def test_calls_agree_with_a_recount(told: tuple[RunSummary, list[Event], Monitor]) -> None:
    summary, events, _ = told
    started = [each for each in events if isinstance(each, CallStarted)]
    finished = [each for each in events if isinstance(each, CallFinished)]
    assert (summary.calls_started, summary.calls_finished) == (len(started), len(finished))
    assert summary.calls_lost == len({e.call for e in started} - {e.call for e in finished}) == 0
    assert summary.calls_delivered == sum(each.delivered for each in finished)
    latencies = sorted(each.latency_ns for each in finished)
    assert (summary.latency.p50, summary.latency.max) == (latencies[299], latencies[-1])
    counted = Counter((NTSTATUS(e.status).name, NTSTATUS(e.protocol_status or 0).name, e.operation) for e in finished)
    assert {(e.status, e.protocol_status, e.operation): e.count for e in summary.by_status} == counted
    waits = sorted(each.queued_ns for each in started)
    assert (summary.workers.wait.p95, summary.workers.wait.max) == (waits[569], waits[-1])


def test_locks_agree_with_a_recount(told: tuple[RunSummary, list[Event], Monitor]) -> None:
    summary, events, _ = told
    (lock,) = summary.locks
    acquired = [each for each in events if isinstance(each, LockAcquired)]
    waited = [each for each in acquired if each.held_by is not None]
    assert (lock.acquisitions, lock.waited) == (len(acquired), len(waited))
    assert lock.calls == len({each.origin.call for each in acquired} - {None})
    assert lock.calls_that_waited == len({each.origin.call for each in waited} - {None})
    assert lock.wait.max == max(each.waited_ns for each in acquired)
    assert lock.deepest_queue == max(each.queue_depth + 1 for each in waited)
    assert lock.longest_hold_ns == max(each.held_ns for each in events if isinstance(each, LockReleased))
    (warning,) = [each for each in summary.warnings if each.cause == "heap lock"]
    assert warning.first_ns == min(each.time_ns - each.waited_ns for each in waited)


def test_refusals_agree_with_a_recount(told: tuple[RunSummary, list[Event], Monitor]) -> None:
    summary, events, _ = told
    refused = [each for each in events if isinstance(each, AllocationRefused)]
    assert {(e.subject, e.cause): e.count for e in summary.refusals} == Counter((e.heap, e.cause) for e in refused)
    for warning in summary.warnings:
        if warning.category == "exhaustion":
            mine = [each.time_ns for each in refused if each.cause == warning.cause]
            assert (warning.first_ns, warning.count) == (mine[0], len(mine))


def test_each_warning_is_told_on_the_bus_once(told: tuple[RunSummary, list[Event], Monitor]) -> None:
    summary, events, _ = told
    raised = [(e.category, e.cause, e.subject) for e in events if isinstance(e, WarningRaised)]
    assert sorted(raised) == sorted((e.category, e.cause, e.subject) for e in summary.warnings)


def test_the_snapshot_shows_the_section_and_the_machine_as_they_were_before_the_end(
    told: tuple[RunSummary, list[Event], Monitor],
) -> None:
    summary = told[0]
    (section,) = summary.sections
    assert (section.name, section.package, section.max_size) == ("section-1", "ticket_cache", 16_384)
    assert section.live_bytes > 0
    assert section.free_bytes >= section.largest_free > 0
    assert (summary.section_totals.created, summary.section_totals.live) == (1, 1)
    commit = summary.machine[0]
    assert (commit.resource, commit.in_use, commit.owners[0].owner) == ("commit limit", 16_384, "ticket_cache")


def test_the_same_run_has_the_same_summary_and_asking_twice_changes_nothing(
    told: tuple[RunSummary, list[Event], Monitor],
) -> None:
    summary, _, monitor = told
    assert monitor.summary() == summary
    assert small_run()[0] == summary
    assert small_run(seed=1)[0] != summary


def test_an_event_log_told_again_gives_the_same_counts(told: tuple[RunSummary, list[Event], Monitor]) -> None:
    summary, events, _ = told
    bus = Bus()
    monitor = Monitor(bus)
    for event in events:
        if not isinstance(event, WarningRaised):
            bus.emit(event)
    again = monitor.summary()
    assert (again.latency, again.locks, again.warnings) == (summary.latency, summary.locks, summary.warnings)


def test_a_closed_monitor_hears_nothing_and_keeps_what_it_knows() -> None:
    story = Story()
    story.start(1)
    story.finish(1)
    story.monitor.close()
    story.start(2)
    assert story.summary.calls_started == 1
    assert not any(story.bus.wants(kind) for kind in (CallStarted, LockAcquired, SectionCreated))


def test_events_of_every_slot_are_not_asked_for() -> None:
    assert not Story().bus.wants(SlotCalled)


def contended_and_exhausted() -> Story:
    story = Story()
    for call in range(100):
        story.lock(in_call(call), waited=10, held_by=in_call(1))
        story.start(call, queued=10, depth=1)
    for heap in ("section-1", "section-2", "section-3"):
        story.refuse("fragmented", in_call(1), heap=heap)
    return story


def test_there_is_one_python_warning_for_each_category() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        contended_and_exhausted().monitor.warn()
    assert [each.category for each in caught] == [ContentionWarning, ExhaustionWarning]
    assert [each.filename for each in caught] == [__file__, __file__]
    assert "(1 more of this category in the summary)" in str(caught[0].message)
    assert "(2 more of this category in the summary)" in str(caught[1].message)
    assert "Worst offender: " in str(caught[1].message)


def test_a_quiet_run_warns_of_nothing() -> None:
    story = Story()
    story.start(1)
    story.finish(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        story.monitor.warn()
    assert story.summary.warnings == ()


def test_warnings_become_errors_when_asked_to() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", ExhaustionWarning)
        warnings.simplefilter("ignore", ContentionWarning)
        with pytest.raises(ExhaustionWarning, match="fragmented, section-1"):
            contended_and_exhausted().monitor.warn()


def test_python_fails_under_minus_w_error() -> None:
    program = (
        "from lsart.events import AllocationRefused, Bus, Origin\n"
        "from lsart.watch import Monitor\n"
        "bus = Bus()\n"
        "monitor = Monitor(bus)\n"
        "bus.emit(AllocationRefused(time_ns=0, heap='section-1', size=1, cause='fragmented', largest_free=0,\n"
        "    free_bytes=9, committed=4096, max_size=4096, live_blocks=1, origin=Origin('cache')))\n"
        "monitor.warn()\n"
    )
    for flags, code in ((["-W", "error"], 1), ([], 0)):
        done = subprocess.run([sys.executable, *flags, "-c", program], capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        assert "ExhaustionWarning: fragmented, section-1" in done.stderr
