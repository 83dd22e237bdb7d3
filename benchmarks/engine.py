"""What our loop costs: a whole LSA in virtual time against trio's own loop, and a step among many that can run.

    python benchmarks/engine.py [--smoke] [--check]

The first table runs one scenario, ``ticketcache`` with 200 clients, in our loop and by ``trio.run`` with trio's
MockClock, turn by turn, so that what else the machine does hits both alike. Below it, from a profile of the former, how
much of its time is spent in the loop's own code. The second table is the cost of a step when 10, 100, 1,000 and 10,000
tasks can run: in the order that `lsart.run` draws, under PCT, and in a random walk. The last one is not judged. It does
as little per step as the others, but it jumps through the memory of 10,000 tasks, which no cache holds.
"""

from __future__ import annotations

import cProfile
import gc
import pstats
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from random import Random

import attrs
import trio
import trio.testing
from _bars import Bar, options, verdict

import lsart
from lsart.engine import Choose, order_of, run_schedule
from lsart.exploration import PCT, RandomWalk
from lsart.stress import Scenario, StressResult, load_scenario, run_scenario

CLIENTS = 200
THROUGHPUT_BAR = 1.4  # calls per second, our loop / trio's
LOOP_BAR = 0.15  # of the profile
STEP_BAR = 2.0  # time per step among 10,000 / among 10
ROUNDS, SMOKE_ROUNDS = 7, 1
DURATION_NS, SMOKE_DURATION_NS = 600_000_000, 60_000_000
TASKS = (10, 100, 1_000, 10_000)
STEPS, SMOKE_STEPS = 200_000, 20_000


def main() -> int:
    """Measure, print, judge."""
    given = options(__doc__ or "")
    with warnings.catch_warnings(action="ignore"):  # of contention and exhaustion, which are not the subject
        bars = [*throughput(given.smoke), *steps(given.smoke)]
    return verdict(bars, check=given.check)


# ---------------------------------------------------------------------- a whole LSA


def the_scenario(duration_ns: int) -> Scenario:
    """``lsart stress ticketcache``, its two groups shrunk in proportion."""
    found = load_scenario("ticketcache")
    total = sum(group.count for group in found.clients)
    groups = tuple(attrs.evolve(group, count=group.count * CLIENTS // total) for group in found.clients)
    groups = (attrs.evolve(groups[0], count=CLIENTS - sum(each.count for each in groups[1:])), *groups[1:])
    return attrs.evolve(found, clients=groups, run=attrs.evolve(found.run, duration=duration_ns))


def in_our_loop(scenario: Scenario) -> StressResult:
    """As `lsart stress` runs it."""
    return lsart.run(run_scenario, scenario)


def in_trios_loop(scenario: Scenario) -> StressResult:
    """As one would have to without us."""
    clock = trio.testing.MockClock(autojump_threshold=0)
    return trio.run(run_scenario, scenario, clock=clock)


def calls_per_second(run: Callable[[Scenario], StressResult], scenario: Scenario) -> float:
    """Calls that clients finished, by processor time."""
    gc.collect()
    start = time.process_time()
    result = run(scenario)
    return result.summary.calls_finished / (time.process_time() - start)


def throughput(smoke: bool) -> list[Bar]:
    """The first table and the profile."""
    scenario = the_scenario(SMOKE_DURATION_NS if smoke else DURATION_NS)
    in_our_loop(the_scenario(SMOKE_DURATION_NS))
    ours, trios = [], []
    for _ in range(SMOKE_ROUNDS if smoke else ROUNDS):
        ours.append(calls_per_second(in_our_loop, scenario))
        trios.append(calls_per_second(in_trios_loop, scenario))
    ratios = [a / b for a, b in zip(ours, trios, strict=True)]
    print(f"stress ticketcache, {CLIENTS} clients, median of {len(ours)} rounds (calls per second of processor time)")
    print(f"  our loop {statistics.median(ours):>12,.0f}")
    print(f"  trio.run {statistics.median(trios):>12,.0f}   with MockClock")
    share = share_of_the_loop(scenario)
    print(f"  ratio    {statistics.median(ratios):>12.2f}   the loop's own code is {share:.1%} of our profile")
    return [
        Bar("calls/s of trio.run / ours, bar 1/1.4", 1 / statistics.median(ratios), 1 / THROUGHPUT_BAR),
        Bar("share of the loop in the profile", share, LOOP_BAR),
    ]


def share_of_the_loop(scenario: Scenario) -> float:
    """Time in the functions of the loop's files, without what they call, as part of all time."""
    profile = cProfile.Profile()
    profile.runcall(in_our_loop, scenario)
    found = pstats.Stats(profile).stats  # type: ignore[attr-defined]  # not in the stubs
    total = sum(row[2] for row in found.values())
    own = sum(row[2] for (file, _, _), row in found.items() if file.endswith(("engine/_trio.py", "engine/_loop.py")))
    return float(own / total)


# ---------------------------------------------------------------------- a step among many


def seconds_per_step(tasks: int, steps: int, choose: Choose, *, notes_arrivals: bool) -> float:
    """Processor time of a step when `tasks` can run; starting them is left out by running none and running all."""

    async def spins(count: int) -> None:
        for _ in range(count):
            await trio.lowlevel.checkpoint()

    def seconds(each: int) -> float:
        async def entry() -> None:
            async with trio.open_nursery() as nursery:
                for _ in range(tasks):
                    nursery.start_soon(spins, each)

        gc.collect()
        start = time.process_time()
        run_schedule(entry, choose, notes_arrivals=notes_arrivals)
        return time.process_time() - start

    each = max(steps // tasks, 2)
    return (seconds(each) - seconds(0)) / (each * tasks)


def steps(smoke: bool) -> list[Bar]:
    """The second table."""
    count = SMOKE_STEPS if smoke else STEPS
    print(f"\nmicroseconds per step, {count:,} steps, best of {1 if smoke else 3}")
    print("  tasks that can run" + "".join(f"{tasks:>10,}" for tasks in TASKS))
    bars = []
    for name in ("run", "pct", "random"):
        row = []
        for tasks in TASKS:
            best = min(_once(name, tasks, count) for _ in range(1 if smoke else 3))
            row.append(best)
        print(f"  {name:<18}" + "".join(f"{1e6 * each:>10.2f}" for each in row))
        if name != "random":
            bars.append(Bar(f"{name}: time per step among 10,000 / among 10", row[-1] / row[0], STEP_BAR))
    return bars


def _once(name: str, tasks: int, count: int) -> float:
    if name == "run":
        return seconds_per_step(tasks, count, order_of(0), notes_arrivals=False)
    strategy = RandomWalk(Random(0)) if name == "random" else PCT(Random(0), 3, steps=count)
    strategy.begin(0)
    return seconds_per_step(tasks, count, strategy.choose, notes_arrivals=strategy.notes_arrivals)


if __name__ == "__main__":
    sys.exit(main())
