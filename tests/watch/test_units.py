"""Numbers for people have three significant digits, a fitting unit, and never lie about nothing and all."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsart.watch import show_bytes, show_count, show_share, show_time


@pytest.mark.parametrize(
    ("time_ns", "shown"),
    [
        (0, "0 ns"),
        (999, "999 ns"),
        (1000, "1.00 \u00b5s"),
        (1_250_000, "1.25 ms"),
        (12_345_678, "12.3 ms"),
        (99_949_999, "99.9 ms"),
        (99_950_001, "100 ms"),
        (999_499_999, "999 ms"),
        (999_500_000, "1.00 s"),
        (3_600_000_000_000, "3,600 s"),
    ],
)
def test_a_time_is_shown_in_the_unit_that_fits(time_ns: int, shown: str) -> None:
    assert show_time(time_ns) == shown


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (1000, "1000 B"),
        (1023, "1023 B"),
        (1024, "1.00 KiB"),
        (12_595, "12.3 KiB"),
        (64 << 20, "64.0 MiB"),
        ((1 << 20) - 1, "1.00 MiB"),
        (128 << 40, "128 TiB"),
        (1 << 60, "1,048,576 TiB"),
    ],
)
def test_a_size_is_shown_in_the_unit_that_fits(size: int, shown: str) -> None:
    assert show_bytes(size) == shown


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (0, 0, "0 %"),
        (0, 7, "0 %"),
        (7, 7, "100 %"),
        (1, 8, "12.5 %"),
        (1, 100_000, "<0.1 %"),
        (99_999, 100_000, "99.9 %"),
    ],
)
def test_a_share_shows_nothing_only_for_nothing_and_all_only_for_all(part: int, whole: int, shown: str) -> None:
    assert show_share(part, whole) == shown


def test_a_count_has_its_thousands_apart() -> None:
    assert show_count(1_234_567) == "1,234,567"


@given(st.integers(0, 10**15))
def test_a_shown_time_is_within_half_a_percent_of_the_time(time_ns: int) -> None:
    number, unit = show_time(time_ns).split(" ")
    scale = {"ns": 1, "\u00b5s": 10**3, "ms": 10**6, "s": 10**9}[unit]
    assert abs(float(number.replace(",", "")) * scale - time_ns) <= 0.0051 * time_ns + 0.5


@given(st.integers(0, 10**18))
def test_a_shown_size_fits_into_a_narrow_column_and_has_three_digits(size: int) -> None:
    shown = show_bytes(size)
    assert re.fullmatch(r"\d{1,4} B|(\d\.\d\d|\d\d\.\d|\d{3,4}|[\d,]{5,}) [KMGT]iB", shown), shown
