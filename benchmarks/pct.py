"""PCT's guarantee, measured: a bug of depth d among n tasks with k steps is hit with a chance of 1 / (n * k^(d-1)).

    python benchmarks/pct.py [--smoke] [--check]

In the first programs of the table the bound is tight: one order of the tasks and one place to stop them, so no more
than the guarantee can be had. A strategy passes on a program if the upper confidence limit (one-sided, 99.9 %, Clopper
and Pearson) of its hit rate is not below the bound. PCT must pass on all, and is given n, k and d as the theorem is.
Random walk is there to show that the programs are hard.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from math import exp, lgamma, log, log1p
from random import Random

import attrs
import trio
from _bars import Bar, options, verdict

from lsart.engine import DeadlockError, run_schedule
from lsart.exploration import PCT, RandomWalk, Strategy

SCHEDULES, SMOKE_SCHEDULES = 20_000, 1000
DOUBT = 0.001
SEED = 1
HEAD = """\
| program | n | k | d | bound | PCT | its limit | random walk | its limit |
|---|---:|---:|---:|---:|---:|---:|---:|---:|"""


@attrs.frozen
class Hard:
    """A program with one bug.

    Args:
        main: returns or raises something by which `is_hit` tells whether the bug was met.
        tasks, steps, depth: n, k and d. is_tight: whether the bound is all that can be had.
    """

    name: str
    main: Callable[[], Awaitable[object]]
    is_hit: Callable[[object], bool]
    tasks: int
    steps: int
    depth: int
    is_tight: bool = True

    @property
    def bound(self) -> float:
        """What the theorem promises."""
        return 1.0 / (self.tasks * float(self.steps) ** (self.depth - 1))


@attrs.frozen
class Rate:
    """How often a bug was hit."""

    hits: int
    schedules: int

    @property
    def upper(self) -> float:
        """No chance above this is believable."""
        return upper_limit(self.hits, self.schedules)


def upper_limit(hits: int, trials: int, doubt: float = DOUBT) -> float:
    """The chance at which so few hits, or fewer, have the probability `doubt`."""
    if hits == trials:
        return 1.0
    low, high = hits / trials, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(hits, trials, middle) > doubt else (low, middle)
    return high


def _at_most(hits: int, trials: int, chance: float) -> float:
    """The probability of no more than so many hits."""
    if not 0 < chance < 1:
        return float(chance == 0)
    choose = lgamma(trials + 1)
    return sum(
        exp(
            choose
            - lgamma(each + 1)
            - lgamma(trials - each + 1)
            + each * log(chance)
            + (trials - each) * log1p(-chance)
        )
        for each in range(hits + 1)
    )


def measure(program: Hard, strategy: Strategy, schedules: int) -> Rate:
    """Run it so many times."""
    hits = 0
    for schedule in range(schedules):
        strategy.begin(schedule)
        trace = run_schedule(program.main, strategy.choose, notes_arrivals=strategy.notes_arrivals)
        strategy.end(trace)
        hits += program.is_hit(trace.error or getattr(trace.result, "value", None))
    return Rate(hits, schedules)


def pct_for(program: Hard, seed: int = SEED) -> PCT:
    """PCT that knows what the theorem takes as known."""
    return PCT(Random(f"pct {seed} {program.name}"), program.depth, program.steps)


def random_for(program: Hard, seed: int = SEED) -> RandomWalk:
    return RandomWalk(Random(f"random {seed} {program.name}"))


# ------------------------------------------------------------------ programs


async def _log_of(tasks: int, steps: int) -> list[int]:
    """Tasks of so many steps each; who took them, in order."""
    log: list[int] = []

    async def member(number: int) -> None:
        for step in range(steps):
            log.append(number)
            if step + 1 < steps:
                await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        for number in range(tasks):
            nursery.start_soon(member, number)
    return log


def one_first(tasks: int, steps: int) -> Hard:
    """Task 0 must be over before any other begins. PCT hits it if that has the highest of n priorities."""
    return Hard(
        f"{tasks} tasks x {steps} steps, one runs first",
        lambda: _log_of(tasks, steps),
        lambda log: isinstance(log, list) and log[:steps] == [0] * steps,
        tasks,
        tasks * steps,
        1,
    )


def one_stopped(tasks: int, steps: int, at: int) -> Hard:
    """Task 0 must be stopped after just so many steps until all others are over: one priority, one change point."""
    return Hard(
        f"{tasks} tasks x {steps} steps, one stopped after {at}",
        lambda: _log_of(tasks, steps),
        lambda log: isinstance(log, list) and log[:at] == [0] * at and log[at - steps :] == [0] * (steps - at),
        tasks,
        tasks * steps,
        2,
    )


async def _opposite_locks(steps: int) -> None:
    locks = trio.Lock(), trio.Lock()

    async def member(outer: trio.Lock, inner: trio.Lock) -> None:
        for _ in range(steps):
            await trio.lowlevel.checkpoint()
        async with outer, inner:
            pass

    async with trio.open_nursery() as nursery:
        nursery.start_soon(member, locks[0], locks[1])
        nursery.start_soon(member, locks[1], locks[0])


async def _lost_update(tasks: int, steps: int) -> int:
    value = 0

    async def member() -> None:
        nonlocal value
        for _ in range(steps):
            await trio.lowlevel.checkpoint()
        read = value
        await trio.lowlevel.checkpoint()
        value = read + 1

    async with trio.open_nursery() as nursery:
        for _ in range(tasks):
            nursery.start_soon(member)
    return value


PROGRAMS = (
    one_first(2, 6),
    one_first(4, 4),
    one_first(8, 2),
    one_stopped(2, 6, 1),
    one_stopped(2, 6, 3),
    one_stopped(2, 10, 9),
    one_stopped(3, 4, 2),
    one_stopped(5, 3, 1),
    # Their bounds are not tight: several orders show them.
    Hard(
        "2 tasks, locks in opposite orders",
        lambda: _opposite_locks(6),
        lambda error: isinstance(error, DeadlockError),
        2,
        2 * 9,
        2,
        is_tight=False,
    ),
    Hard("3 tasks, lost update", lambda: _lost_update(3, 6), lambda value: value != 3, 3, 3 * 8, 2, is_tight=False),
)


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = options("PCT's guarantee, measured.", arguments)
    schedules = SMOKE_SCHEDULES if chosen.smoke else SCHEDULES
    print(f"{schedules:,} schedules for each program and strategy\n\n{HEAD}", flush=True)
    bars = []
    failed_by_random = 0
    for program in PROGRAMS:
        pct = measure(program, pct_for(program), schedules)
        walk = measure(program, random_for(program), schedules)
        print(
            f"| {program.name} | {program.tasks} | {program.steps} | {program.depth} | {program.bound:.4f} | "
            f"{pct.hits / schedules:.4f} | {pct.upper:.4f} | {walk.hits / schedules:.4f} | {walk.upper:.4f} |",
            flush=True,
        )
        bars.append(Bar(f"{program.name}: bound as a share of PCT's limit", program.bound / pct.upper, 1.0))
        failed_by_random += walk.upper < program.bound
    bars.append(Bar("programs on which random walk passes too", len(PROGRAMS) - failed_by_random, len(PROGRAMS) - 1))
    return verdict(bars, check=chosen.check)


if __name__ == "__main__":
    sys.exit(main())
