"""A schedule repeats to the last step, in any process: nothing but the strategy's stream decides anything.

The model holds what lets chance in elsewhere: trio keeps waiting tasks, children and cancel scopes in sets, whose order
follows from addresses, and wakes from them many at once.
"""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from random import Random

import pytest
import trio

from lsart.engine import labelled_primitives, point, run_schedule, sleep_ns
from lsart.exploration import StrategySettings, make_strategy
from lsart.exploration._footprints import order_class, trace_hash

SCHEDULES = 1000
NAMES = ("random", "portfolio")


async def messy(log: list[object]) -> None:
    """Many tasks cancelled at one deadline, events that wake sets of tasks, equal deadlines, a channel, limits."""
    event, lock, limiter = trio.Event(), trio.Lock(), trio.CapacityLimiter(2)
    send, receive = trio.open_memory_channel[object](0)

    async def waits(number: int) -> None:
        try:
            with trio.move_on_after(1e-9 * (1 + number % 2)):
                await event.wait()
            log.append(("woke", number, trio.current_time()))
            async with limiter, lock:
                await point(f"section {number % 3}", "w" if number % 2 else "r")
                await sleep_ns(number % 3)
            await send.send(number)
            await event.wait()
            log.append(("passed", number))
        except trio.Cancelled:
            log.append(("cancelled", number))
            raise

    async def sets() -> None:
        await sleep_ns(1)
        event.set()

    async with trio.open_nursery() as nursery:
        for number in range(6):
            nursery.start_soon(waits, number)
        nursery.start_soon(sets)
        for _ in range(4):
            log.append(("got", await receive.receive()))
        await sleep_ns(2)
        nursery.cancel_scope.cancel()


def digest(name: str, schedules: int) -> str:
    """Of all that happened: what the model logged, who ran, what each step was and touched, who woke whom, how late."""
    found = hashlib.sha256()
    garbage = [object() for _ in range(random.SystemRandom().randrange(50_000))]
    for time_is_a_choice in (False, True):
        strategy = make_strategy(name, Random(f"replay {name}"), StrategySettings())
        for schedule in range(schedules // 2):
            log: list[object] = []
            assert strategy.begin(schedule)
            trace = run_schedule(
                lambda log=log: messy(log),  # type: ignore[misc]
                strategy.choose,
                time_is_a_choice=time_is_a_choice,
                notes_arrivals=strategy.notes_arrivals,
            )
            strategy.end(trace)
            happened = (log, trace.numbers, trace.labels, trace.ends, trace.touched, trace.woken, trace.names)
            found.update(repr((*happened, trace.time_ns, trace.result, trace.is_wound_up)).encode())
            found.update(f"{trace_hash(trace)} {order_class(trace, labelled=bool(schedule % 2))}".encode())
            # Addresses must differ from run to run, or there is nothing to show.
            del garbage[random.SystemRandom().randrange(len(garbage) + 1) :]
            garbage += [object() for _ in range(random.SystemRandom().randrange(500))]
    return found.hexdigest()


def main() -> None:
    """In a process of its own."""
    with labelled_primitives():
        print(digest(sys.argv[1], int(sys.argv[2])))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_thousand_schedules_are_the_same_in_three_processes_with_other_hash_seeds(name: str) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, __file__, name, str(SCHEDULES)],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for hash_seed in ("0", "1", "4711")
    ]
    said = [each.communicate(timeout=120)[0] for each in running]
    assert [each.returncode for each in running] == [0, 0, 0]
    assert len(said[0].strip()) == 64
    assert len(set(said)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_schedules_are_the_same_when_they_are_run_again_in_a_process(name: str) -> None:
    with labelled_primitives():
        assert digest(name, 60) == digest(name, 60)


def test_different_streams_give_different_schedules() -> None:
    seen = set()
    for seed in range(20):
        strategy = make_strategy("random", Random(seed), StrategySettings())
        strategy.begin(0)
        log: list[object] = []
        run_schedule(lambda log=log: messy(log), strategy.choose)  # type: ignore[misc]
        seen.add(repr(log))
    assert len(seen) == 20
    assert all(any(word in each for each in seen) for word in ("woke", "passed", "cancelled"))


if __name__ == "__main__":
    main()
