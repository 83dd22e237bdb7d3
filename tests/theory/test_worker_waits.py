"""Every call's wait for a worker is the wait of the Kiefer-Wolfowitz recursion, to the nanosecond.

The package sleeps for the time that the client asks for; arrivals and times come from a seed.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from random import Random

import pytest
import trio
from _recursions import kiefer_wolfowitz
from lsas import Log, scripted

import lsart
from lsart.contract import ClientRequest, FunctionTable
from lsart.events import CallFinished, CallQueued, CallStarted
from lsart.runtime import LsaSettings

CALLS = 400
MEAN_NS = 10_000


def run(arrivals: list[int], services: list[int], workers: int, log: Log, *, seed: int) -> None:
    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await lsart.sleep_ns(int(message))

    async def one(lsa: lsart.Lsa, arrival: int, service: int) -> None:
        async with lsa.connect() as client:
            await lsart.sleep_ns(arrival)
            await client.call("a", b"%d" % service, operation=str(service))

    async def main() -> None:
        settings = LsaSettings(workers=workers, watchdog=None)
        package = scripted("a", call=call)
        async with lsart.open_lsa(package, bus=log.bus, settings=settings) as lsa, trio.open_nursery() as nursery:
            for arrival, service in zip(arrivals, services, strict=True):
                nursery.start_soon(one, lsa, arrival, service)

    lsart.run(main, seed=seed)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("load", [0.6, 0.95, 1.2])
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_every_call_waits_for_a_worker_as_in_the_recursion_of_kiefer_and_wolfowitz(
    workers: int, load: float, seed: int, log: Log
) -> None:
    chance = Random(f"{workers} {load} {seed}")
    arrivals = list(accumulate(round(chance.expovariate(workers * load / MEAN_NS)) for _ in range(CALLS)))
    services = [round(chance.expovariate(1 / MEAN_NS)) for _ in range(CALLS)]
    run(arrivals, services, workers, log, seed=seed)

    started = log.of(CallStarted)
    calls = sorted(log.of(CallFinished), key=lambda each: each.call)
    # Calls are numbered as they come; those of one instant come in the order that the seed decides.
    came = [each.time_ns - each.latency_ns for each in calls]
    assert came == arrivals
    services = [int(each.operation) for each in calls]
    gaps = [after - before for before, after in pairwise(arrivals)] + [0]
    expected = list(kiefer_wolfowitz(gaps, services, workers))
    assert [each.queued_ns for each in started] == expected
    assert [each.latency_ns for each in calls] == [wait + own for wait, own in zip(expected, services, strict=True)]

    assert [each.call for each in started] == list(range(1, CALLS + 1))  # first come, first served
    assert {each.worker for each in started} == set(range(1, workers + 1))
    assert len(log.of(CallQueued)) >= sum(wait > 0 for wait in expected) > 0
