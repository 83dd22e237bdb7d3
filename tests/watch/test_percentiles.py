"""Percentiles are exact, by the plainest definition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lsart.watch import Percentiles


def plainly(values: list[int], percent: int) -> int:
    """The smallest value that `percent` of all do not exceed."""
    return min(v for v in values if 100 * sum(each <= v for each in values) >= percent * len(values))


@given(st.lists(st.integers(1, 50), max_size=60), st.integers(0, 60))
def test_each_is_the_smallest_value_that_so_many_do_not_exceed(values: list[int], zeros: int) -> None:
    found = Percentiles.of(values, zeros=zeros)
    everything = values + [0] * zeros
    if everything:
        expected = [plainly(everything, percent) for percent in (50, 95, 99, 100)]
        assert [found.p50, found.p95, found.p99, found.max] == expected
    assert found.count == len(everything)


def test_nothing_measured_is_all_zero() -> None:
    assert Percentiles.of([]) == Percentiles(0, 0, 0, 0, 0)
