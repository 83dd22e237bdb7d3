"""Thresholds measure what they name and decide the exit code."""

from __future__ import annotations

import attrs
import pytest

import lsart
from lsart.stress import METRICS, Threshold
from lsart.stress._thresholds import threshold
from lsart.watch import LeakSummary, LockSummary, LockTotals, Percentiles, RunSummary, StatusCount, WarningSummary


@pytest.fixture(scope="module")
def summary() -> RunSummary:
    """A summary with a number of its own for every metric."""
    lock = LockSummary(
        name="heap lock of section-1",
        acquisitions=100,
        waited=30,
        calls=50,
        calls_that_waited=20,
        wait=Percentiles(100, 0, 200, 300, 400),
        deepest_queue=5,
        longest_hold_ns=800,
        longest_holder="somebody",
    )
    warning = WarningSummary(
        category="exhaustion",
        cause="fragmented",
        subject="section-1",
        first_ns=5,
        count=7,
        message="",
        worst_offender="",
        remedy="",
    )
    leak = LeakSummary(package="p", where="section-1", count=3, bytes=48, example="somebody")
    return attrs.evolve(
        lsart.stress("minimal", clients=1, calls=1).summary,
        calls_started=201,
        calls_finished=200,
        calls_delivered=190,
        calls_lost=1,
        rate=1234.5,
        latency=Percentiles(200, 1_000, 2_000, 5_000_000, 6_000_000),
        by_status=(
            StatusCount("STATUS_SUCCESS", "STATUS_SUCCESS", "put", 197, True),
            StatusCount("STATUS_SUCCESS", "STATUS_OBJECT_NAME_NOT_FOUND", "get", 2, False),
            StatusCount("STATUS_UNSUCCESSFUL", "", "put", 1, False),
        ),
        locks=(lock,),
        lock_totals=LockTotals(count=1, acquisitions=100, waited=30, calls=50, calls_that_waited=20),
        leaks=(leak,),
        warnings=(warning, attrs.evolve(warning, category="contention", count=11)),
        exhaustions=7,
        contentions=11,
    )


@pytest.mark.parametrize(
    ("text", "passed", "measured"),
    [
        ("p50<=1us", True, "1.00 \u00b5s"),
        ("p95 < 2us", False, "2.00 \u00b5s"),
        ("p99<5ms", False, "5.00 ms"),
        ("p99<=5ms", True, "5.00 ms"),
        ("max>5ms", True, "6.00 ms"),
        ("lock.p99<300ns", False, "300 ns"),
        ("lock.max==400ns", True, "400 ns"),
        ("queue.max==0", True, "0 ns"),
        ("calls>=200", True, "200"),
        ("failures<3", False, "3 (1.50%)"),
        ("failures<2%", True, "3 (1.50%)"),
        ("failures<=1.5%", True, "3 (1.50%)"),
        ("failures<1.5%", False, "3 (1.50%)"),
        ("abandoned<=5%", True, "10 (5.00%)"),
        ("waited!=40%", False, "20 (40.00%)"),
        ("lost==0", False, "1"),
        ("exhaustion==7", True, "7"),
        ("contention<=10", False, "11"),
        ("leaks==3", True, "3"),
        ("misuse==0", True, "0"),
        ("rate>=1_000/s", True, "1,234.5/s"),
    ],
)
def test_a_threshold_compares_its_metric(summary: RunSummary, text: str, passed: bool, measured: str) -> None:
    judged = threshold(text).judge(summary)
    assert (judged.text, judged.passed, judged.measured) == (text, passed, measured)


def test_every_metric_measures_any_run() -> None:
    summary = lsart.stress("minimal", clients=1, calls=1).summary
    for metric in METRICS.values():
        assert metric.measure(summary) >= 0
        assert metric.meaning


@pytest.mark.parametrize("text", ["p99<5ms", "max>=0", "queue.p99==0", "lock.max==0", "failures==0", "waited<=100%"])
def test_a_run_in_which_no_call_ended_keeps_no_threshold_about_calls(summary: RunSummary, text: str) -> None:
    nothing = attrs.evolve(summary, calls_finished=0, by_status=(), locks=(), latency=Percentiles())
    judged = threshold(text).judge(nothing)
    assert (judged.passed, judged.measured) == (False, "nothing: no call ended")


@pytest.mark.parametrize("text", ["calls==0", "lost<=1", "leaks==3", "misuse==0", "exhaustion==7", "rate>=0/s"])
def test_what_can_be_counted_without_a_call_is(summary: RunSummary, text: str) -> None:
    assert threshold(text).judge(attrs.evolve(summary, calls_finished=0, by_status=())).passed


def test_a_share_of_nothing_is_nothing(summary: RunSummary) -> None:
    totals = LockTotals(count=0, acquisitions=0, waited=0, calls=0, calls_that_waited=0)
    lockless = attrs.evolve(summary, locks=(), lock_totals=totals)
    assert threshold("waited<=0%").judge(lockless).passed
    assert threshold("lock.max==0").judge(lockless).passed


def test_a_finished_threshold_passes_through() -> None:
    finished = threshold("lost==0")
    assert isinstance(finished, Threshold)
    assert threshold(finished) is finished
