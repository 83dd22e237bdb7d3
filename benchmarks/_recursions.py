"""Two recursions that give the wait of every single customer in a queue, and what theory says of their means.

They know nothing of lsart: numbers in, waits out. The tests compare lsart's waits with them call by call;
`queueing.py` compares their means with the closed formulas.

*gap*: time from one arrival to the next. *service*: how long a customer occupies a server. Any unit, any number type.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TypeVar

__all__ = ["erlang_c", "kiefer_wolfowitz", "lindley", "md1_wait", "mmc_wait"]

_N = TypeVar("_N", int, float)


def lindley(gaps: Iterable[_N], services: Iterable[_N]) -> Iterator[_N]:
    """Waits at one server, first come first served.

    D. V. Lindley, "The theory of queues with a single server", 1952: who arrives next waits as long as the one
    before, and that one's service, less the gap between them, but never less than nothing.
    """
    wait: _N = 0
    for gap, service in zip(gaps, services, strict=True):
        yield wait
        wait += service - gap
        if wait < 0:
            wait = 0


def kiefer_wolfowitz(gaps: Iterable[_N], services: Iterable[_N], servers: int) -> Iterator[_N]:
    """Waits before several servers that share one queue, first come first served.

    J. Kiefer and J. Wolfowitz, "On the theory of queues with many servers", 1955: keep the work left at each server
    in ascending order; an arrival waits for the least, adds its service there, and the gap takes from all.
    """
    work: list[_N] = [0] * servers
    for gap, service in zip(gaps, services, strict=True):
        yield work[0]
        work[0] += service
        work.sort()
        work = [left - gap if left > gap else 0 for left in work]


def md1_wait(load: float, service: float = 1.0) -> float:
    """Mean wait with Poisson arrivals and a constant service time (Pollaczek and Khinchine)."""
    return load * service / (2 * (1 - load))


def erlang_c(servers: int, load: float) -> float:
    """Share of customers that wait, with Poisson arrivals and exponential services (Erlang C).

    Args:
        load: arrival rate times mean service, per server; below 1.
    """
    offered = servers * load
    busy = offered**servers / math.factorial(servers) / (1 - load)
    return busy / (sum(offered**each / math.factorial(each) for each in range(servers)) + busy)


def mmc_wait(servers: int, load: float, service: float = 1.0) -> float:
    """Mean wait of all customers, likewise."""
    return erlang_c(servers, load) * service / (servers * (1 - load))
