"""Distributions have the means and the bounds that they claim."""

from __future__ import annotations

from random import Random

import pytest

from lsart.stress import Constant, Distribution, Exponential, OneOf, Pareto, Uniform
from lsart.stress._distributions import duration_distribution, size_distribution
from lsart.stress._units import duration, rate, size

DRAWS = 40_000
ALL = [
    Constant(5),
    Uniform(1_000_000, 3_000_000),
    Uniform(7, 7),
    Exponential(2_000_000),
    Pareto(200, 4096),
    Pareto(200, 4096, 1.0),
    Pareto(1000, 1_000_000, 2.5),
    OneOf((16, 1024, 1024)),
]


@pytest.mark.parametrize("distribution", ALL, ids=str)
def test_the_mean_of_many_draws_is_the_mean(distribution: Distribution) -> None:
    random = Random(1)
    measured = sum(distribution.sample(random) for _ in range(DRAWS)) / DRAWS
    assert measured == pytest.approx(distribution.mean, rel=0.02)


@pytest.mark.parametrize("distribution", ALL, ids=str)
def test_draws_are_whole_and_not_negative(distribution: Distribution) -> None:
    random = Random(2)
    for _ in range(2000):
        value = distribution.sample(random)
        assert type(value) is int
        assert value >= 0


def test_uniform_draws_reach_both_bounds_and_no_further() -> None:
    random = Random(3)
    assert {Uniform(3, 5).sample(random) for _ in range(200)} == {3, 4, 5}


def test_pareto_draws_stay_between_scale_and_cap_and_do_not_gather_at_the_cap() -> None:
    random = Random(4)
    draws = [Pareto(200, 4096).sample(random) for _ in range(20_000)]
    assert min(draws) == 200
    assert max(draws) <= 4096
    assert draws.count(4096) < 20


def test_the_tail_of_pareto_follows_its_shape() -> None:
    random = Random(5)
    draws = [Pareto(1000, 1_000_000, 1.5).sample(random) for _ in range(DRAWS)]
    beyond = sum(draw >= 10_000 for draw in draws) / DRAWS
    cut = 0.001**1.5
    assert beyond == pytest.approx((0.1**1.5 - cut) / (1 - cut), rel=0.06)


def test_the_gaps_of_exponential_are_memoryless() -> None:
    random = Random(6)
    draws = [Exponential(1000).sample(random) for _ in range(DRAWS)]
    late = [draw - 1000 for draw in draws if draw >= 1000]
    assert sum(late) / len(late) == pytest.approx(1000, rel=0.03)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5ms", Constant(5_000_000)),
        (" 5 ms ", Constant(5_000_000)),
        ("uniform(1ms, 3ms)", Uniform(1_000_000, 3_000_000)),
        ("exponential(2ms)", Exponential(2_000_000)),
        ("pareto(1us,1ms,2)", Pareto(1_000, 1_000_000, 2.0)),
        ("choice(1ms)", OneOf((1_000_000,))),
    ],
)
def test_durations_are_read_as_they_are_written(text: str, expected: Distribution) -> None:
    assert duration_distribution(text) == expected
    assert duration_distribution(expected) is expected


def test_sizes_are_read_as_they_are_written() -> None:
    assert size_distribution("pareto(200B, 4KiB)") == Pareto(200, 4096)
    assert size_distribution("choice(16B, 1KiB)") == OneOf((16, 1024))
    assert size_distribution(64) == Constant(64)


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("0", 0),
        ("300ns", 300),
        ("1.5us", 1500),
        ("2\u00b5s", 2000),
        ("2\u03bcs", 2000),
        ("2m30s", 150_000_000_000),
        ("1h", 3_600_000_000_000),
        ("0.000001ms", 1),
        ("1_000ns", 1000),
        ("100000.000000001s", 100_000_000_000_001),
    ],
)
def test_durations_are_exact_to_the_nanosecond(text: str, ns: int) -> None:
    assert duration(text) == ns


@pytest.mark.parametrize(
    ("text", "count"), [("200B", 200), ("64KiB", 65536), ("1.5 MiB", 1_572_864), ("1kB", 1000), ("128TiB", 128 << 40)]
)
def test_sizes_are_exact_to_the_byte(text: str, count: int) -> None:
    assert size(text) == count


def test_rates_are_exact_fractions() -> None:
    assert rate("1000/s") == 1000
    assert rate("3/m") * 20 == 1
    assert rate("2.5/ms") == 2500
