"""How many steps of the loop lie between the time at which a notification is due and its function.

    python benchmarks/notifications.py [--smoke] [--check]

In virtual time a step is counted when a task runs. A registration with a thread of its own, and the only registration
of its package, must be run in the very step that its due time wakes; so must the first of many that are due at once.
The rest of those follow, one function a step, whether they share a thread or not.
What a registration costs the processor is shown below and not judged.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import attrs
import trio
from _bars import Bar, options, verdict

import lsart
from lsart.contract import FunctionTable, constants
from lsart.runtime import LsaSettings

RUNS, SMOKE_RUNS = 2_000, 50
MANY = (1, 10, 100, 1_000)
STEPS_BAR = 1.0
SECONDS = constants.NOTIFIER_FLAG_SECONDS
OWN_THREAD = constants.NOTIFIER_FLAG_NEW_THREAD


class Steps(trio.abc.Instrument):
    """Counts steps, and notes the count when the clock last moved."""

    def __init__(self) -> None:
        self.count = 0
        self.at_the_move = 0
        self._now = -1

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        now = lsart.now_ns()
        if now != self._now:
            self._now, self.at_the_move = now, self.count
        self.count += 1


class Ticking:
    """Registers `registrations` intervals of a second, and notes for each run how late it is, in steps and in time."""

    def __init__(self, registrations: int, flags: int, steps: Steps) -> None:
        self.registrations = registrations
        self.flags = flags
        self.steps = steps
        self.late_steps: list[int] = []
        self.late_ns: list[int] = []

    async def SpInitialize(self, package_id: int, parameters: object, table: FunctionTable) -> None:
        for _ in range(self.registrations):
            kind = constants.NOTIFIER_TYPE_INTERVAL
            assert await table.RegisterNotification(self.run, None, kind, 0, self.flags | SECONDS, 1, None) is not None

    def run(self, _: object) -> None:
        self.late_steps.append(self.steps.count - self.steps.at_the_move)
        self.late_ns.append(lsart.now_ns() % 1_000_000_000)


@attrs.frozen
class Line:
    """What came of one number of registrations."""

    registrations: int
    own_threads: bool
    first: int
    last: int
    late_ns: int
    us_per_run: float

    def __str__(self) -> str:
        threads = "own" if self.own_threads else "shared"
        return (
            f"| {self.registrations:,} | {threads} | {self.first} | {self.last:,} | {self.late_ns} | "
            f"{self.us_per_run:.1f} |"
        )


def measure(registrations: int, flags: int, runs: int) -> Line:
    """Let that many fire together, until there were about `runs` runs."""
    rounds = max(runs // registrations, 3)
    steps = Steps()
    package = Ticking(registrations, flags, steps)

    async def main() -> None:
        trio.lowlevel.add_instrument(steps)
        async with lsart.open_lsa(package, settings=LsaSettings(watchdog=None)):
            await trio.sleep(rounds + 0.5)

    start = time.process_time()
    lsart.run(main, seed=0)
    spent = time.process_time() - start
    assert len(package.late_steps) == rounds * registrations
    by_round = [
        package.late_steps[first : first + registrations] for first in range(0, rounds * registrations, registrations)
    ]
    return Line(
        registrations,
        bool(flags & OWN_THREAD),
        max(min(each) for each in by_round),
        max(map(max, by_round)),
        max(package.late_ns),
        1e6 * spent / len(package.late_steps),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    given = options(__doc__ or "", arguments)
    runs = SMOKE_RUNS if given.smoke else RUNS
    print("| due together | threads | steps to the first | to the last | late, ns | us of processor per run |")
    print("|---:|:---|---:|---:|---:|---:|")
    lines = [measure(count, flags, runs) for flags in (0, OWN_THREAD) for count in MANY]
    for line in lines:
        print(line, flush=True)
    alone = [line for line in lines if line.registrations == 1]
    bars = [
        Bar("steps from a due time to the function", max(line.last for line in alone), STEPS_BAR),
        Bar("steps to the first of many", max(line.first for line in lines), STEPS_BAR),
        Bar("steps for each that is due at once", max(line.last / line.registrations for line in lines), STEPS_BAR),
        Bar("virtual ns from a due time to the function", max(line.late_ns for line in lines), 0.0),
    ]
    return verdict(bars, check=given.check)


if __name__ == "__main__":
    sys.exit(main())
