"""Hostile processes call whatever a process can call, with whatever it can pass: LSA must stand, and give all back.

    python benchmarks/hostile.py [--calls N] [--seed S] [--smoke] [--check]

Prints how each function ended how often. The calls follow from the seed alone: one that must not end as it did is told
with its number, and the same seed makes it again. Fails, whether asked to check or not, when an invariant of LSA is
broken or something is still charged after its end. tests/stress/test_battery.py makes as many beside honest clients.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from _samples import ACCOUNTS, MESSAGES, PACKAGES, VISITS

import lsart
from lsart.memory import Resource
from lsart.runtime import LsaSettings
from lsart.stress import Battery

CALLS, SMOKE_CALLS = 100_000, 5_000


async def attack(calls: int) -> tuple[Battery, list[str]]:
    """Make the calls; what is wrong afterwards."""
    settings = LsaSettings(accounts=ACCOUNTS, watchdog=None)
    async with lsart.open_lsa(*PACKAGES, settings=settings) as lsa:
        battery = Battery(lsa, calls=calls, makers=MESSAGES, visits=VISITS)
        await battery.run()
        wrong = lsa.check()
        wrong += [
            f"package {each.name!r} is {each.state.value}" for each in lsa.loader.packages if each not in lsa.packages
        ]
    charged = {each.value: lsa.machine.in_use(each) for each in Resource}
    return battery, wrong + [f"{left:,} of {what} still charged" for what, left in charged.items() if left]


def show(battery: Battery) -> None:
    """A line for each function, and how it ended, the most frequent first."""
    for name in sorted({name for name, _ in battery.outcomes}):
        ended = [(count, how) for (which, how), count in battery.outcomes.items() if which == name]
        total = sum(count for count, _ in ended)
        told = ", ".join(f"{how} {count:,}" for count, how in sorted(ended, key=lambda each: (-each[0], each[1])))
        print(f"{total:>8,}  {name:<32}{told}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Hostile calls against an LSA.")
    parser.add_argument("--calls", type=int, help=f"how many; {CALLS:,} if not given")
    parser.add_argument("--seed", type=int, default=0, help="where all chance comes from")
    parser.add_argument("--smoke", action="store_true", help="short: shows that it runs")
    parser.add_argument("--check", action="store_true", help="as of the other benchmarks; this one always checks")
    options = parser.parse_args(arguments)
    calls = options.calls or (SMOKE_CALLS if options.smoke else CALLS)
    print(f"{calls:,} hostile calls, seed {options.seed}\n")
    start = time.perf_counter()
    battery, wrong = lsart.run(attack, calls, seed=options.seed)
    took = time.perf_counter() - start
    show(battery)
    print(f"\n{battery.done:,} calls in {took:.1f} s, {battery.done / took:,.0f}/s")
    print("\n".join(wrong) or "every invariant holds, and everything was given back")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
