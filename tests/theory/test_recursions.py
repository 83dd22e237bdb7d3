"""The recursions themselves: against each other, against a plain simulation, against the formulas."""

from __future__ import annotations

from heapq import heappop, heappush

import pytest
import queueing
from _recursions import erlang_c, kiefer_wolfowitz, lindley, md1_wait, mmc_wait
from hypothesis import given
from hypothesis import strategies as st

CUSTOMERS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=60)


def simulated_waits(gaps: list[int], services: list[int], servers: int) -> list[int]:
    """Whoever comes next takes the server that is free first."""
    free, now, waits = [0] * servers, 0, []
    for gap, service in zip(gaps, services, strict=True):
        start = max(now, heappop(free))
        heappush(free, start + service)
        waits.append(start - now)
        now += gap
    return waits


@given(CUSTOMERS, st.integers(1, 6))
def test_the_recursion_for_many_servers_is_first_come_first_served(
    customers: list[tuple[int, int]], servers: int
) -> None:
    gaps, services = [gap for gap, _ in customers], [service for _, service in customers]
    assert list(kiefer_wolfowitz(gaps, services, servers)) == simulated_waits(gaps, services, servers)


@given(CUSTOMERS)
def test_with_one_server_the_two_recursions_agree(customers: list[tuple[int, int]]) -> None:
    gaps, services = [gap for gap, _ in customers], [service for _, service in customers]
    assert list(lindley(gaps, services)) == list(kiefer_wolfowitz(gaps, services, 1))


def test_the_formulas_give_the_numbers_of_the_textbooks() -> None:
    assert md1_wait(0.5) == pytest.approx(0.5)
    assert erlang_c(1, 0.7) == pytest.approx(0.7)
    assert erlang_c(2, 0.5) == pytest.approx(1 / 3)
    assert mmc_wait(1, 0.5) == pytest.approx(1.0)
    assert mmc_wait(2, 0.5) == pytest.approx(1 / 3)


@pytest.mark.parametrize("load", [0.3, 0.5])
def test_lindleys_waits_have_the_mean_of_m_d_1(load: float) -> None:
    assert abs(queueing.md1(load, 200_000).difference) < 0.03


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (2, 0.5), (5, 0.5)])
def test_kiefer_and_wolfowitzs_waits_have_the_mean_of_erlang_c(servers: int, load: float) -> None:
    line = queueing.mmc(servers, load, 200_000)
    assert abs(line.difference) < 0.03
    assert line.waiting == pytest.approx(line.waiting_theory, rel=0.03)
