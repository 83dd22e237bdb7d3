"""Calls are counted by what became of them, and a pool that is too small is named."""

from __future__ import annotations

from stories import Story

from lsart.contract import STATUS_NO_SUCH_PACKAGE, STATUS_OBJECT_NAME_NOT_FOUND
from lsart.events import CallQueued
from lsart.watch import StatusCount

BUSY = ("worker pool", "worker pool")


def test_calls_are_counted_by_status_protocol_status_and_operation() -> None:
    story = Story()
    for call in range(1, 6):
        story.start(call)
        story.now += 1000
        story.finish(call, operation="put")
    story.start(6)
    story.finish(6, protocol_status=int(STATUS_OBJECT_NAME_NOT_FOUND), operation="get")
    story.start(7)
    story.finish(7, status=int(STATUS_NO_SUCH_PACKAGE), protocol_status=None)
    assert story.summary.by_status == (
        StatusCount("STATUS_SUCCESS", "STATUS_SUCCESS", "put", 5, True),
        StatusCount("STATUS_NO_SUCH_PACKAGE", "", "", 1, False),
        StatusCount("STATUS_SUCCESS", "STATUS_OBJECT_NAME_NOT_FOUND", "get", 1, False),
    )
    assert (story.summary.calls_started, story.summary.calls_finished) == (7, 7)
    assert story.summary.rate == 7 / 5e-6


def test_a_call_that_began_or_queued_and_never_ended_is_lost() -> None:
    story = Story()
    story.start(1)
    story.finish(1, delivered=False)
    story.start(2)
    story.start(3, queued=10, depth=1)
    story.finish(3)
    assert (story.summary.calls_lost, story.summary.calls_delivered, story.summary.calls_finished) == (1, 1, 2)


def test_a_call_that_is_answered_out_of_the_queue_is_not_lost() -> None:
    story = Story()
    story.tell(CallQueued(time_ns=0, call=1, client="client-1", package="cache", depth=1))
    assert story.summary.calls_lost == 1
    story.finish(1, status=int(STATUS_NO_SUCH_PACKAGE), protocol_status=None)
    assert (story.summary.calls_lost, story.summary.calls_started, story.summary.calls_finished) == (0, 0, 1)


def test_a_run_without_calls_has_a_rate_of_nothing() -> None:
    assert (Story().summary.rate, Story().summary.latency.max, Story().summary.workers.busiest) == (0.0, 0, "")


def test_waits_for_a_worker_are_measured_over_all_calls_that_started() -> None:
    story = Story()
    for call in range(1, 100):
        story.start(call)
    story.start(100, queued=4000, depth=3)
    workers = story.summary.workers
    assert (workers.calls_queued, workers.deepest_queue) == (1, 3)
    assert (workers.wait.count, workers.wait.p99, workers.wait.max) == (100, 0, 4000)


def run_of(calls: int, queued: int) -> Story:
    """`queued` of `calls` wait a microsecond for a worker; the last ones do."""
    story = Story()
    for call in range(1, calls + 1):
        story.now += 1000
        waits = call > calls - queued
        story.start(call, queued=1000 if waits else 0, depth=1 if waits else 0)
        story.now += 2000
        story.finish(call, operation="put" if call % 3 else "get")
    return story


def test_five_percent_of_queued_calls_are_a_condition_and_fewer_are_not() -> None:
    assert run_of(100, 4).warnings == {}
    warning = run_of(100, 5).warnings[BUSY]
    assert (warning.category, warning.count) == ("contention", 5)


def test_a_share_of_fewer_than_a_hundred_calls_means_nothing_yet() -> None:
    assert run_of(99, 50).warnings == {}


def test_the_warning_goes_back_to_the_first_call_that_queued_and_is_raised_once() -> None:
    story = run_of(200, 150)
    assert story.warnings[BUSY].first_ns == 50 * 3000  # the 51st arrives as the 50th ends, and waits a microsecond
    assert [each.cause for each in story.raised] == ["worker pool"]
    assert story.raised[0].time_ns > story.warnings[BUSY].first_ns


def test_the_worst_offender_is_who_kept_the_workers_busy_and_the_remedy_says_for_how_long() -> None:
    warning = run_of(120, 60).warnings[BUSY]
    assert warning.worst_offender == "cache put, 66.7 % of the workers' busy time"
    assert warning.remedy == "more workers, or shorter calls (cache put takes 2.00 \u00b5s)"
    assert warning.message == "50.0 % of 120 calls queued, longest 1.00 \u00b5s, deepest queue 1"
