"""Every wait for the heap lock is the wait of Lindley's recursion, to the nanosecond.

Each call takes the lock once, holds it for the same time, and the section never grows. The arrivals come from a seed.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate, pairwise
from random import Random

import pytest
import trio
from _recursions import lindley
from lsas import Log, scripted

import lsart
from lsart.contract import ClientRequest, FunctionTable, Pointer
from lsart.events import CallFinished, LockAcquired, LockReleased, SlotCalled
from lsart.runtime import Costs, LsaSettings

CALLS = 400
HELD_NS = 1_000

ARRIVALS: dict[str, Callable[[Random], int]] = {
    "load 0.5": lambda chance: round(chance.expovariate(0.5 / HELD_NS)),
    "load 0.9": lambda chance: round(chance.expovariate(0.9 / HELD_NS)),
    "overload": lambda chance: round(chance.expovariate(1.3 / HELD_NS)),
    "bursts at one instant": lambda chance: chance.choice([0, 0, 0, 0, 5 * HELD_NS]),
    "as one lets go": lambda chance: chance.choice([0, HELD_NS, HELD_NS, 2 * HELD_NS]),
}


def run(arrivals: list[int], log: Log, *, seed: int) -> None:
    """One call at each of these times, each in a client of its own."""

    async def initialize(table: FunctionTable) -> None:
        pointer = await table.CreateSharedMemory(65536, 65536)
        assert pointer is not None
        section.append(pointer)

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        assert await table.AllocateSharedMemory(section[0], 16) is not None

    section: list[Pointer] = []
    settings = LsaSettings(workers=None, costs=Costs(heap_lock=HELD_NS, commit_page=0, create_section=0), watchdog=None)

    async def main() -> None:
        package = scripted("a", initialize=initialize, call=call)
        async with lsart.open_lsa(package, bus=log.bus, settings=settings) as lsa, trio.open_nursery() as nursery:
            assert lsart.now_ns() == 0
            for arrival in arrivals:
                nursery.start_soon(one, lsa, arrival)

    async def one(lsa: lsart.Lsa, arrival: int) -> None:
        async with lsa.connect() as client:
            await lsart.sleep_ns(arrival)
            await client.call("a", b"")

    lsart.run(main, seed=seed)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("kind", ARRIVALS)
def test_every_lock_wait_is_the_wait_of_lindleys_recursion(kind: str, seed: int, log: Log) -> None:
    chance = Random(f"{kind} {seed}")
    arrivals = list(accumulate(ARRIVALS[kind](chance) for _ in range(CALLS)))
    run(arrivals, log, seed=seed)

    acquired = log.of(LockAcquired)
    assert [each.origin.time_ns for each in acquired] == arrivals  # nothing but the lock lies between
    gaps = [after - before for before, after in pairwise(arrivals)] + [0]
    expected = list(lindley(gaps, [HELD_NS] * CALLS))
    assert [each.waited_ns for each in acquired] == expected
    assert max(expected) > 3 * HELD_NS

    waits = {each.origin.call: each.waited_ns for each in acquired}
    assert {each.held_ns for each in log.of(LockReleased)} == {HELD_NS}
    finished = log.of(CallFinished)
    assert len(finished) == CALLS
    assert all(each.latency_ns == waits[each.call] + HELD_NS for each in finished)


def test_the_lock_is_granted_in_the_order_in_which_it_was_asked_for(log: Log) -> None:
    chance = Random(7)
    run(list(accumulate(ARRIVALS["bursts at one instant"](chance) for _ in range(CALLS))), log, seed=7)
    asked = [each.origin.call for each in log.of(SlotCalled) if each.slot == "AllocateSharedMemory"]
    granted = [each.origin.call for each in log.of(LockAcquired)]
    assert granted == asked
    assert len(granted) == CALLS
