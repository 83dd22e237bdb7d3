"""Hostile processes call whatever a process can call, with whatever it can pass: LSA must stand, and give all back.

    python benchmarks/hostile.py [--calls N] [--seed S] [--smoke] [--check]

All samples are there at once, so that logons, contexts and messages are real. The calls are made twice: once with the
few workers that LSA has by default, once beside two honest clients, whose answers and events must be those that they
have alone. Prints how each function ended how often. The calls follow from the seed alone: one that must not end as it
did is told with its number, and the same seed makes it again. Fails, whether asked to check or not, when an invariant
of LSA is broken, a package has fallen, an honest client noticed anything, or something is charged after its end.

tests/stress/test_battery.py makes fewer calls, beside the same honest clients.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from _honest import lived
from _samples import ACCOUNTS, MESSAGES, PACKAGES, VISITS

import lsart
from lsart.memory import Resource
from lsart.runtime import LsaSettings
from lsart.stress import Battery

CALLS, SMOKE_CALLS, CALLS_FOR_A_ROUND = 100_000, 5_000, 1_000


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


def beside_honest_clients(calls: int, seed: int) -> list[str]:
    """What is wrong with two lives beside as many hostile calls."""
    rounds = max(calls // CALLS_FOR_A_ROUND, 5)
    alone, beside = lived(0, rounds, seed), lived(calls, rounds, seed)
    answers, events = (sum(map(len, each.values())) for each in (beside.answers, beside.told))
    print(f"beside them, 2 honest clients got {answers:,} answers; {events:,} events tell of them")
    wrong = [*alone.wrong, *beside.wrong, *map(str, beside.faults)]
    for name, told in beside.told.items():
        if beside.answers[name] != alone.answers[name]:
            wrong.append(f"{name} was not answered as without enemies")
        if told != alone.told[name]:
            wrong.append(f"the events of {name} are not those without enemies")
    return wrong


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
    wrong += beside_honest_clients(calls, options.seed)
    print("\n".join(wrong) or "every invariant holds, and everything was given back")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
