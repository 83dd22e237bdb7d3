"""The means of the two recursions against the closed formulas of M/D/1 and Erlang C.

    python benchmarks/queueing.py [--smoke] [--check]

The tests in tests/theory show that every wait lsart measures is the wait of a recursion. This script shows that the
recursions are the theory's: Poisson arrivals, ten million customers a line, mean wait and share of customers that
wait. Times are in units of the mean service. docs/queueing.md shows the tables.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from random import Random

import attrs
from _bars import Bar, options, verdict
from _recursions import erlang_c, kiefer_wolfowitz, lindley, md1_wait, mmc_wait

CUSTOMERS, SMOKE_CUSTOMERS = 10_000_000, 50_000
BAR, SMOKE_BAR = 3.0, 10.0  # per cent of the mean wait; with few customers chance weighs more
MD1_LOADS = (0.3, 0.5, 0.8, 0.9)
ERLANG = ((1, 0.8), (2, 0.5), (2, 0.8), (5, 0.5), (5, 0.8), (5, 0.9))
SEED = 0


@attrs.frozen
class Line:
    """One line of a table: measured beside theory."""

    servers: int
    load: float
    wait: float
    wait_theory: float
    waiting: float
    waiting_theory: float

    @property
    def difference(self) -> float:
        return self.wait / self.wait_theory - 1

    def __str__(self) -> str:
        return (
            f"| {self.servers} | {self.load} | {self.wait:.4f} | {self.wait_theory:.4f} | {self.difference:+.2%} | "
            f"{self.waiting:.4f} | {self.waiting_theory:.4f} |"
        )


HEAD = """\
| servers | load | mean wait | theory | difference | share that waits | theory |
|---:|---:|---:|---:|---:|---:|---:|"""


def md1(load: float, customers: int) -> Line:
    """Poisson arrivals at one server that takes 1 for each."""
    gaps = _exponential(f"M/D/1 gaps {load}", load, customers)
    wait, waiting = _means(lindley(gaps, (1.0 for _ in range(customers))), customers)
    return Line(1, load, wait, md1_wait(load), waiting, load)


def mmc(servers: int, load: float, customers: int) -> Line:
    """Poisson arrivals at several servers that take 1 on average, exponentially distributed."""
    gaps = _exponential(f"M/M/{servers} gaps {load}", servers * load, customers)
    services = _exponential(f"M/M/{servers} services {load}", 1.0, customers)
    wait, waiting = _means(kiefer_wolfowitz(gaps, services, servers), customers)
    return Line(servers, load, wait, mmc_wait(servers, load), waiting, erlang_c(servers, load))


def _exponential(name: str, rate: float, count: int) -> Iterator[float]:
    draw = Random(f"{SEED} {name}").random
    mean = -1 / rate
    log = math.log
    return (mean * log(1.0 - draw()) for _ in range(count))


def _means(waits: Iterable[float], customers: int) -> tuple[float, float]:
    """Mean of the waits, and the share that is not zero."""
    total, waiting = 0.0, 0
    for wait in waits:
        if wait > 0:
            total += wait
            waiting += 1
    return total / customers, waiting / customers


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = options("The two recursions against theory.", arguments)
    customers, limit = (SMOKE_CUSTOMERS, SMOKE_BAR) if chosen.smoke else (CUSTOMERS, BAR)
    bars = []
    for title, lines in (
        ("Lindley's recursion against M/D/1", (md1(load, customers) for load in MD1_LOADS)),
        ("Kiefer and Wolfowitz's against Erlang C", (mmc(*each, customers) for each in ERLANG)),
    ):
        print(f"\n{title}, {customers:,} customers a line\n\n{HEAD}", flush=True)
        worst = 0.0
        for line in lines:
            print(line, flush=True)
            worst = max(worst, 100 * abs(line.difference))
        bars.append(Bar(f"{title}: largest difference of the mean wait, per cent", worst, limit))
    return verdict(bars, check=chosen.check)


if __name__ == "__main__":
    sys.exit(main())
