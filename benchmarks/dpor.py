"""DPOR against exhaustive DFS on random programs: the same final states, failures and deadlocks, in fewer schedules.

    python benchmarks/dpor.py [programs] [--smoke] [--check]

The programs are those of tests/support/programs.py. One whose DFS takes more than LIMIT schedules is skipped. The
last part is where the answer is known: independent tasks take one schedule, of tasks that write one variable every
interleaving is seen.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from math import factorial
from pathlib import Path

import trio
from _bars import Bar, verdict

from lsart.engine import labelled_primitives, point, run_schedule
from lsart.exploration import DPOR

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / "support"))
from programs import Program, Tally

PROGRAMS, SMOKE_PROGRAMS = 10_000, 200
LIMIT, SMOKE_LIMIT = 3000, 800
SIZES = (3, 4, 5)
FEWEST_FAILING, MOST_FAILING, MOST_SKIPPED = 30, 70, 10  # per cent
KNOWN = ((2, 2, True), (2, 3, True), (3, 2, True), (4, 10, False))
HEAD = """\
| variables | programs | skipped | failing | mismatches | DFS schedules | DPOR schedules | ratio |
|---|---:|---:|---:|---:|---:|---:|---:|"""
KNOWN_HEAD = """\
| tasks | steps | on | orders that differ | seen | DPOR schedules |
|---:|---:|---|---:|---:|---:|"""


def compared(programs: int, *, labelled: bool, limit: int) -> Tally:
    """So many programs, of mixed sizes."""
    tally = Tally()
    for seed in range(programs):
        program = Program.drawn(seed, size=SIZES[seed % len(SIZES)], is_announced=labelled)
        tally.compare(program, labelled=labelled, limit=limit)
    return tally


def line(name: str, tally: Tally) -> str:
    return (
        f"| {name} | {tally.programs:,} | {tally.skipped:,} | {tally.share_failing:.0%} | {len(tally.mismatches)} | "
        f"{tally.by_dfs:,} | {tally.by_dpor:,} | {tally.by_dfs / tally.by_dpor:.2f} |"
    )


def searched(tasks: int, steps: int, *, is_shared: bool) -> tuple[int, int]:
    """The schedules that DPOR takes for tasks that write one variable, or each its own; the interleavings it sees."""
    log: list[int] = []

    async def member(number: int) -> None:
        for _ in range(steps):
            await point("variable" if is_shared else f"variable {number}")
            log.append(number)

    async def main() -> None:
        log.clear()
        async with trio.open_nursery() as nursery:
            for number in range(tasks):
                nursery.start_soon(member, number)

    strategy, count, seen = DPOR(labelled=True), 0, set()
    with labelled_primitives():
        while strategy.begin(count):
            strategy.end(run_schedule(main, strategy.choose))
            seen.add(tuple(log))
            count += 1
    return count, len(seen)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="DPOR against exhaustive DFS.")
    parser.add_argument("programs", type=int, nargs="?", default=PROGRAMS, help=f"how many; {PROGRAMS:,} if not given")
    parser.add_argument("--smoke", action="store_true", help="short: shows that it runs")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bar is missed")
    chosen = parser.parse_args(arguments)
    programs = SMOKE_PROGRAMS if chosen.smoke else chosen.programs
    bars = []
    print(f"final states reached by DPOR and by DFS\n\n{HEAD}", flush=True)
    for name, count, labelled in (("announced", programs, True), ("bare", max(1, programs // 10), False)):
        tally = compared(count, labelled=labelled, limit=SMOKE_LIMIT if chosen.smoke else LIMIT)
        print(line(name, tally), flush=True)
        bars.append(Bar(f"{name}: programs on which they differ", len(tally.mismatches), 0))
        if labelled:
            failing = 100 * tally.share_failing
            bars += [
                Bar("failing, per cent", failing, MOST_FAILING),
                Bar("not failing, per cent", 100 - failing, 100 - FEWEST_FAILING),
                Bar("skipped, per cent", 100 * tally.skipped / tally.programs, MOST_SKIPPED),
            ]
        for each in tally.mismatches[:5]:
            print(f"\n{each}\n", flush=True)
    print(f"\nschedules where the answer is known\n\n{KNOWN_HEAD}", flush=True)
    for tasks, steps, is_shared in KNOWN:
        needed = factorial(tasks * steps) // factorial(steps) ** tasks if is_shared else 1
        taken, seen = searched(tasks, steps, is_shared=is_shared)
        on = "one variable" if is_shared else "their own"
        print(f"| {tasks} | {steps} | {on} | {needed:,} | {seen:,} | {taken:,} |", flush=True)
        bars.append(Bar(f"{tasks} tasks x {steps} steps: orders not seen", needed - seen, 0))
        if not is_shared:
            bars.append(Bar(f"{tasks} tasks x {steps} steps: schedules", taken, 1))
    return verdict(bars, check=chosen.check)


if __name__ == "__main__":
    sys.exit(main())
