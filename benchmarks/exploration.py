"""Schedules per second, against doing without and against other explorers; two processes; replay; shrinking.

    python benchmarks/exploration.py [--smoke] [--check]

The first table runs one program of 4 tasks with 10 steps each: by plain ``trio.run`` over and over, which controls
nothing; by `lsart.explore` with its random walk, coverage and all; and, where they are installed, by the explorers
simloop and simloom, which do the same for asyncio (Python 3.12 and newer: ``pip install simloop simloom``). Processor
time, best of several rounds, the contestants taking turns.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import importlib.util
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from random import Random

import trio
from _bars import Bar, options, verdict
from _bugs import BUGS

from lsart.engine import labelled_primitives, run_schedule
from lsart.exploration import Failure, RandomWalk, explore

TASKS, STEPS = 4, 10
PLAIN_BAR, OTHERS_BAR, JOBS_BAR = 2.5, 10.0, 1.6
SHRINK_RUNS_BAR, PROVED_BAR = 100, 0.95


def main() -> int:
    """Measure, print, judge."""
    given = options(__doc__ or "")
    bars = [
        *schedules_per_second(given.smoke),
        *two_jobs(given.smoke),
        *replay(given.smoke),
        *shrinking(given.smoke),
    ]
    return verdict(bars, check=given.check)


# ---------------------------------------------------------------------- schedules per second


async def in_trio() -> None:
    """The program."""

    async def works() -> None:
        for _ in range(STEPS):
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        for _ in range(TASKS):
            nursery.start_soon(works)


async def in_asyncio() -> None:
    """The same for the others."""

    async def works() -> None:
        for _ in range(STEPS):
            await asyncio.sleep(0)

    await asyncio.gather(*(works() for _ in range(TASKS)))


def by_plain_trio(count: int) -> None:
    for _ in range(count):
        trio.run(in_trio)


def by_lsart(count: int) -> None:
    explore(in_trio, strategy="random", schedules=count)


def by_simloop(count: int) -> None:
    import simloop  # type: ignore[import-not-found]  # only on Python 3.12 and newer

    simloop.explore(in_asyncio, range(count))


def by_simloom(count: int) -> None:
    import simloom  # type: ignore[import-not-found]  # only on Python 3.12 and newer

    simloom.explore(in_asyncio, runs=count)


def schedules_per_second(smoke: bool) -> list[Bar]:
    """The first table."""
    contestants: dict[str, tuple[Callable[[int], None], int]] = {
        "trio.run": (by_plain_trio, 200),
        "lsart": (by_lsart, 1000),
    }
    for name, other, count in (("simloop", by_simloop, 60), ("simloom", by_simloom, 40)):
        if importlib.util.find_spec(name) is not None:
            contestants[name] = (other, count)
        else:
            print(f"{name} is not installed here, so it is left out; it needs Python 3.12 or newer")
    best: dict[str, float] = {}
    for _ in range(2 if smoke else 15):
        for name, (run, count) in contestants.items():
            gc.collect()
            start = time.process_time()
            run(count // 10 if smoke else count)
            seconds = (time.process_time() - start) / (count // 10 if smoke else count)
            best[name] = min(best.get(name, seconds), seconds)
    print(f"\nschedules per second, {TASKS} tasks x {STEPS} steps, one core")
    for name, seconds in best.items():
        print(f"  {name:<10}{1 / seconds:>10,.0f}   lsart is {seconds / best['lsart']:.2f}x")
    bars = [Bar("time of lsart / trio.run, bar 1/2.5", best["lsart"] / best["trio.run"], 1 / PLAIN_BAR)]
    return bars + [
        Bar(f"time of lsart / {name}, bar 1/10", best["lsart"] / best[name], 1 / OTHERS_BAR)
        for name in ("simloop", "simloom")
        if name in best
    ]


# ---------------------------------------------------------------------- two processes


def two_jobs(smoke: bool) -> list[Bar]:
    """The same campaign in one process and in two, start of the processes included."""
    count = 2_000 if smoke else 40_000
    seconds: dict[int, float] = {}
    seen = set()
    for _ in range(1 if smoke else 3):
        for number in (1, 2):
            start = time.perf_counter()
            found = explore(in_trio, strategy="random", schedules=count, jobs=number)
            elapsed = time.perf_counter() - start
            seconds[number] = min(seconds.get(number, elapsed), elapsed)
            seen.add(found.coverage)
    print(
        f"\n{count:,} schedules: one process {seconds[1]:.2f} s, two {seconds[2]:.2f} s, "
        f"{seconds[1] / seconds[2]:.2f}x; coverage is {'the same' if len(seen) == 1 else 'NOT THE SAME'}"
    )
    return [] if smoke else [Bar("time of two jobs / one, bar 1/1.6", seconds[2] / seconds[1], 1 / JOBS_BAR)]


# ---------------------------------------------------------------------- replay


async def messy() -> None:
    """Many tasks cancelled at one deadline, events that wake sets of tasks, channels."""
    event = trio.Event()
    send, receive = trio.open_memory_channel[int](0)

    async def waits(number: int) -> None:
        with trio.move_on_after(1 + number % 2):
            await event.wait()
        await trio.sleep(0.5)

    async def takes() -> None:
        async for _ in receive:
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        for number in range(8):
            nursery.start_soon(waits, number)
        nursery.start_soon(takes)
        for number in range(3):
            await send.send(number)
        await trio.sleep(1.5)
        nursery.cancel_scope.cancel()


def log_hash(schedules: int) -> str:
    """Of every step of every schedule."""
    digest = hashlib.sha256()
    walk = RandomWalk(Random(7))
    with labelled_primitives():
        for schedule in range(schedules):
            walk.begin(schedule)
            trace = run_schedule(messy, walk.choose)
            digest.update(repr((trace.numbers, trace.labels, trace.ends, trace.touched, trace.woken)).encode())
    return digest.hexdigest()[:16]


def replay(smoke: bool) -> list[Bar]:
    """The same schedules in processes with other hash seeds."""
    schedules, processes = (200, 2) if smoke else (10_000, 6)
    hashes = set()
    for seed in range(processes):
        command = [sys.executable, __file__, "--log-hash", str(schedules)]
        done = subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": str(seed)}, capture_output=True, text=True, check=True
        )
        hashes.add(done.stdout.strip())
    print(f"\nreplay: {schedules:,} schedules in {processes} processes, log hashes: {', '.join(sorted(hashes))}")
    return [Bar("different log hashes", len(hashes), 1)]


# ---------------------------------------------------------------------- shrinking


def shrinking(smoke: bool) -> list[Bar]:
    """Failures of the seeded bugs, found by a strategy that preempts a lot."""
    found: list[Failure] = []
    for bug in BUGS[:3] if smoke else BUGS:
        for seed in range(1 if smoke else 6):
            result = explore(
                bug.make(TASKS, STEPS),
                strategy="pos",
                schedules=3000,
                seed=seed,
                labelled=True,
                time_is_a_choice=bug.time_is_a_choice,
            )
            found += result.failures
    runs = [each.shrink_runs for each in found]
    proved = sum(each.is_minimal is True for each in found) / len(found)
    print(
        f"\nshrinking {len(found)} failures of {len(BUGS)} bugs: preemptions "
        f"{statistics.median(each.preemptions_found for each in found):.0f} -> "
        f"{statistics.median(each.preemptions for each in found):.0f} (median), "
        f"runs without the proof {statistics.median(runs):.0f} median, {max(runs)} at most; "
        f"minimal by proof {proved:.0%}; longest token {max(len(each.line) for each in found)} characters"
    )
    return [
        Bar("runs without the proof, at most", max(runs), SHRINK_RUNS_BAR),
        Bar("share that is not proved minimal", 1 - proved, 1 - PROVED_BAR),
        Bar("longest token", max(len(each.line) for each in found), 200),
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--log-hash"]:
        print(log_hash(int(sys.argv[2])))
        sys.exit()
    sys.exit(main())
