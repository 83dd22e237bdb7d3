"""Heap locks: waits are counted per call and per acquisition, and contention is told when it is worth telling."""

from __future__ import annotations

import pytest
from stories import Story, in_call

from lsart.events import LockAcquired, Origin, SectionGrew

LOCK = "heap lock of section-1"
CONTENDED = ("heap lock", LOCK)
HOLDER = in_call(1, function="FreeSharedMemory")


def run_of(calls: int, waiting: int, *, waited: int = 300, hold: int = 300) -> Story:
    """`calls` calls take the lock once each; the last `waiting` of them wait."""
    story = Story()
    for call in range(1, calls + 1):
        story.now += 1000
        if call > calls - waiting:
            story.lock(in_call(call), waited=waited, held_by=HOLDER, hold=hold)
        else:
            story.lock(in_call(call), hold=hold)
    return story


def test_five_percent_of_waiting_calls_are_a_condition_and_fewer_are_not() -> None:
    assert run_of(100, 4).warnings == {}
    warning = run_of(100, 5).warnings[CONTENDED]
    assert (warning.category, warning.count) == ("contention", 5)


def test_a_share_of_fewer_than_a_hundred_acquisitions_means_nothing_yet() -> None:
    assert run_of(99, 99).warnings == {}
    assert CONTENDED in run_of(100, 99).warnings


def test_one_percent_of_waits_over_ten_holds_is_a_condition_too() -> None:
    assert run_of(200, 2, waited=3000).warnings == {}  # exactly ten holds: a neighbour more than a convoy
    assert CONTENDED in run_of(200, 2, waited=3001).warnings
    assert run_of(200, 1, waited=30_000).warnings == {}


def test_the_first_occurrence_is_the_moment_the_first_waiter_came() -> None:
    story = run_of(200, 100, waited=700)
    # Of the 101st acquisition: each took 1,000 ns to come and 300 ns to hold.
    granted = 100 * 1300 + 1000
    assert story.warnings[CONTENDED].first_ns == granted - 700


def test_a_lock_is_told_once_and_counted_to_the_end() -> None:
    story = run_of(300, 200)
    assert [each.subject for each in story.raised] == [LOCK]
    assert story.warnings[CONTENDED].count == 200
    assert story.summary.contentions == 200


def test_two_locks_are_two_warnings() -> None:
    story = Story()
    for name in ("heap lock of section-1", "heap lock of section-2"):
        for call in range(1, 101):
            story.lock(in_call(call), waited=10, held_by=HOLDER, name=name)
    assert [each.subject for each in story.raised] == ["heap lock of section-1", "heap lock of section-2"]


def test_a_call_that_waits_twice_is_one_call_that_waited() -> None:
    story = Story()
    story.lock(in_call(1))
    story.lock(in_call(1), waited=100, held_by=HOLDER)
    story.lock(in_call(1), waited=100, held_by=HOLDER)
    story.lock(in_call(2))
    story.finish(1)
    (lock,) = story.summary.locks
    assert (lock.acquisitions, lock.waited, lock.calls, lock.calls_that_waited) == (4, 2, 2, 1)
    assert (lock.wait.p50, lock.wait.p95, lock.wait.count) == (0, 100, 4)


def test_a_wait_of_no_time_is_a_wait_because_somebody_held_the_lock() -> None:
    story = Story()
    story.lock(in_call(1), waited=0, held_by=HOLDER)
    assert story.summary.locks[0].waited == 1


def test_work_outside_calls_counts_as_acquisitions_and_can_contend_by_itself() -> None:
    story = Story()
    background = Origin("cache", None, "", "AllocateSharedMemory", 0)
    for _ in range(100):
        story.lock(background, waited=10, held_by=background)
    (lock,) = story.summary.locks
    assert (lock.acquisitions, lock.calls) == (100, 0)
    assert story.warnings[CONTENDED].message.startswith("100 % of its acquisitions waited")


def test_the_deepest_queue_counts_the_one_who_joined_it() -> None:
    story = Story()
    story.lock(in_call(1))
    assert story.summary.locks[0].deepest_queue == 0
    story.lock(in_call(2), waited=10, held_by=HOLDER, depth=0)
    assert story.summary.locks[0].deepest_queue == 1
    story.lock(in_call(3), waited=10, held_by=HOLDER, depth=4)
    assert story.summary.locks[0].deepest_queue == 5


def test_the_longest_hold_names_its_holder() -> None:
    story = Story()
    story.lock(in_call(1))
    story.lock(in_call(2, "alice"), hold=900)
    story.lock(in_call(3), hold=900)
    lock = story.summary.locks[0]
    assert lock.longest_hold_ns == 900
    assert lock.longest_holder == "AllocateSharedMemory of cache for alice (call 2)"


def test_the_worst_offender_is_the_holder_when_most_of_the_waiting_began() -> None:
    story = Story()
    allocating, freeing = in_call(7), in_call(8, function="FreeSharedMemory")
    for call in range(10, 110):
        story.lock(in_call(call), waited=30, held_by=allocating)
        story.lock(in_call(call), waited=10, held_by=freeing)
    assert story.warnings[CONTENDED].worst_offender == (
        "AllocateSharedMemory of cache, holder when 75.0 % of the waiting began; "
        "longest hold 300 ns, client-10 (call 10)"
    )


def contended(story: Story, depth: int = 0, times: int = 1) -> str:
    for call in range(10, 110):
        for _ in range(times):
            story.lock(in_call(call), waited=10, held_by=HOLDER, depth=depth)
    return story.warnings[CONTENDED].remedy


@pytest.mark.parametrize(
    ("depth", "remedy"),
    [
        (0, "2 sections, split by client or key"),
        (3, "2 sections, split by client or key, so that a queue of 4 becomes about 2"),
        (30, "4 sections, split by client or key, so that a queue of 31 becomes about 8"),
    ],
)
def test_the_remedy_splits_the_section_by_as_much_as_the_queue_asks_for(depth: int, remedy: str) -> None:
    assert contended(Story(), depth) == remedy


def test_the_remedy_names_calls_that_take_the_lock_too_often() -> None:
    assert "a call takes the lock 3.0 times" in contended(Story(), times=3)
    assert "times" not in contended(Story(), times=1)


def test_the_remedy_names_growth_when_it_made_the_longest_hold() -> None:
    story = Story()
    grower = in_call(1)
    grew = SectionGrew(time_ns=0, heap="section-1", committed=65536, max_size=65536, origin=grower)
    story.tell(
        LockAcquired(time_ns=0, lock=LOCK, waited_ns=0, queue_depth=0, held_by=None, origin=grower),
        grew,
    )
    story.lock(grower, hold=8300)
    assert contended(story).startswith("a larger InitialSize: in the longest hold the section grew")
    quiet = Story()
    quiet.lock(in_call(1), hold=8300)
    assert "InitialSize" not in contended(quiet)


def test_the_locks_listed_are_those_waited_for_longest_and_the_totals_count_them_all() -> None:
    story = Story()
    for number in range(40):
        story.lock(in_call(number), waited=number, held_by=HOLDER, name=f"heap lock of section-{number}")
    assert [each.name for each in story.summary.locks] == [f"heap lock of section-{n}" for n in range(39, 23, -1)]
    totals = story.summary.lock_totals
    assert (totals.count, totals.acquisitions, totals.waited, totals.calls_that_waited) == (40, 40, 40, 40)
