"""Arrivals come at exactly the times that their pattern says."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice, pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsart.stress import Arrivals, Burst, Ramp, Start
from lsart.stress._arrivals import arrivals, start

SECOND = 1_000_000_000
MILLISECOND = 1_000_000


def first(count: int, pattern: Arrivals, seed: int = 0) -> list[int]:
    return list(islice(pattern.times(Random(seed)), count))


def test_a_rate_means_one_arrival_per_interval_from_the_start() -> None:
    assert first(4, arrivals("1000/s")) == [0, MILLISECOND, 2 * MILLISECOND, 3 * MILLISECOND]


def test_an_interval_that_is_no_whole_number_does_not_drift() -> None:
    times = first(3_000_001, arrivals("3/s"))
    assert times[1] == 333_333_333
    assert times[3_000_000] == 1_000_000 * SECOND


def test_bursts_come_all_at_once_and_again() -> None:
    assert first(7, arrivals("burst(3 every 10ms)")) == [0, 0, 0, 10_000_000, 10_000_000, 10_000_000, 20_000_000]


def test_poisson_arrivals_have_the_rate_and_the_spread_of_poisson() -> None:
    times = first(40_000, arrivals("poisson(1000/s)"), seed=7)
    assert times[-1] == pytest.approx(40 * SECOND, rel=0.02)
    per_window = [0] * 4000
    for time in times:
        if time < 40 * SECOND:
            per_window[time // (10 * MILLISECOND)] += 1
    windows = per_window[:3900]
    mean = sum(windows) / len(windows)
    variance = sum((each - mean) ** 2 for each in windows) / len(windows)
    assert variance / mean == pytest.approx(1, rel=0.08)


def test_a_ramp_speeds_up_evenly_and_then_keeps_its_pace() -> None:
    times = first(3525, arrivals("ramp(10/s to 1000/s over 5s)"))
    # (10 + 1000) / 2 * 5 arrivals in the ramp, a quarter of the way up fewer than a quarter of them.
    assert sum(time <= 5 * SECOND for time in times) == 2525
    assert sum(time <= 2_500_000_000 for time in times) == 643
    after = times[2525:]
    assert {second - first for first, second in pairwise(after)} == {MILLISECOND}


def test_a_ramp_down_to_nothing_ends() -> None:
    times = list(arrivals("ramp(100/s to 0/s over 2s)").times(Random(0)))
    assert len(times) == 100
    assert times[-1] == 2 * SECOND


@given(
    st.fractions(0, 2000, max_denominator=60),
    st.fractions(0, 2000, max_denominator=60),
    st.integers(1, 10 * SECOND),
)
def test_each_arrival_of_a_ramp_is_the_first_nanosecond_that_reaches_its_number(
    begin: Fraction, end: Fraction, period: int
) -> None:
    if not (begin or end):
        return

    def reached(time: int) -> Fraction:
        inside = min(time, period)
        area = (begin * inside + (end - begin) * inside * inside / (2 * period)) / SECOND
        return area + end * max(0, time - period) / SECOND

    for number, time in enumerate(first(25, Ramp(begin, end, period)), start=1):
        assert reached(time) >= number
        assert reached(time - 1) < number


@pytest.mark.parametrize("text", ["500/s", "poisson(500/s)", "burst(5 every 1ms)", "ramp(1/s to 9/s over 1s)"])
def test_arrivals_never_go_back_in_time_and_repeat_with_the_seed(text: str) -> None:
    times = first(500, arrivals(text))
    assert times == sorted(times)
    assert times == first(500, arrivals(text))


def test_finished_patterns_pass_through() -> None:
    burst = Burst(2, 5)
    assert arrivals(burst) is burst
    assert start(Start("apart", 5)) == Start("apart", 5)


@pytest.mark.parametrize(
    ("text", "delays"),
    [("together", [0, 0, 0]), ("1ms apart", [0, MILLISECOND, 2 * MILLISECOND])],
)
def test_clients_begin_as_told(text: str, delays: list[int]) -> None:
    assert [start(text).delay(index, Random(0)) for index in range(3)] == delays


def test_clients_that_begin_within_a_time_use_all_of_it() -> None:
    random = Random(0)
    delays = [start("within 10ms").delay(index, random) for index in range(1000)]
    assert 0 <= min(delays) < 100_000
    assert 9_900_000 < max(delays) <= 10_000_000
