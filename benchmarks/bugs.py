"""How many schedules each strategy needs until it meets a seeded bug.

    python benchmarks/bugs.py [--smoke] [--check]

A campaign tries schedules until one fails, 500 at most; the table shows the median over 30 campaigns, each with a
stream of its own, of how many it took. The bugs are those of `_bugs.py`, with 4 tasks of 10 steps, and for one strategy
also 8 tasks of 50. PCT is told the depth of the bug, which nobody knows of a real one.

Strategies were tuned on these bugs, so the first table flatters them. The second is of the bugs of `_bugs_held_out.py`,
on which nothing was tuned. Its bars are the same; they are only reported, because a bar that must hold is one that
somebody tunes for. So `--check` does not ask for them.

Chance comes from the number of the campaign and from nothing else: the same code gives the same table everywhere.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from random import Random

import attrs
from _bars import Bar, options, verdict
from _bugs import BUGS, SeededBug
from _bugs_held_out import HELD_OUT

from lsart.engine import labelled_primitives, run_schedule
from lsart.exploration import StrategySettings, make_strategy

STRATEGIES = ("selective", "portfolio", "pct", "pos", "random")
SMALL, LARGE = (4, 10), (8, 50)
CAMPAIGNS, SMOKE_CAMPAIGNS = 30, 3
SMOKE_BUGS = ("lost update", "lock order", "timeout race", "premature free")
SMOKE_HELD_OUT = ("closed while sending", "paid twice", "turn taken")
CAP = 500

DEPTH_BARS = {2: 10.0, 3: 30.0}  # schedules that selective needs
PORTFOLIO_BAR = 3.0  # times as many as selective, at most
LARGE_BAR = 2.0  # times as many with 8 tasks of 50 steps as with 4 of 10, at most


@attrs.frozen
class Line:
    """One line of the table: a bug, and the schedules that it took."""

    bug: SeededBug
    small: dict[str, float]
    large: float

    @property
    def portfolio(self) -> float:
        return self.small["portfolio"] / self.small["selective"]

    @property
    def growth(self) -> float:
        return self.large / self.small["selective"]

    def __str__(self) -> str:
        numbers = (*(self.small[each] for each in STRATEGIES), self.large)
        shown = (f"> {CAP}" if each > CAP else f"{each:g}" for each in numbers)
        return f"| {self.bug.name} | {self.bug.depth} | {' | '.join(shown)} |"


HEAD = f"""\
| bug | depth | {" | ".join(STRATEGIES)} | selective, 8x50 |
|---|---:|{"---:|" * len(STRATEGIES)}---:|"""


def schedules_to_find(bug: SeededBug, strategy: str, size: tuple[int, int], campaign: int) -> int:
    """How many schedules it took; one more than there may be if none of them failed."""
    settings = StrategySettings(depth=bug.depth, labelled=True)
    chooser = make_strategy(strategy, Random(f"{strategy} {bug.name} {campaign}"), settings)
    model = bug.make(*size)
    for schedule in range(CAP):
        if not chooser.begin(schedule):
            break
        trace = run_schedule(
            model,
            chooser.choose,
            time_is_a_choice=bug.time_is_a_choice,
            notes_arrivals=chooser.notes_arrivals,
        )
        chooser.end(trace)
        if trace.error is not None:
            return schedule + 1
    return CAP + 1


def median(bug: SeededBug, strategy: str, size: tuple[int, int], campaigns: int) -> float:
    """Over campaigns; above `CAP` if most of them found nothing."""
    return statistics.median(schedules_to_find(bug, strategy, size, campaign) for campaign in range(campaigns))


def measure(bug: SeededBug, campaigns: int) -> Line:
    """A bug under all strategies."""
    with labelled_primitives():
        small = {each: median(bug, each, SMALL, campaigns) for each in STRATEGIES}
        return Line(bug, small, median(bug, "selective", LARGE, campaigns))


def bars(lines: Sequence[Line]) -> list[Bar]:
    """The goals, each for the bug that comes off worst."""
    found = []
    for depth, limit in DEPTH_BARS.items():
        worst = max((line for line in lines if line.bug.depth == depth), key=lambda line: line.small["selective"])
        text = f"selective at depth {depth}, schedules to find {worst.bug.name}"
        found.append(Bar(text, worst.small["selective"], limit))
    worst = max(lines, key=lambda line: line.portfolio)
    found.append(Bar(f"portfolio / selective, {worst.bug.name}", worst.portfolio, PORTFOLIO_BAR))
    worst = max(lines, key=lambda line: line.growth)
    found.append(Bar(f"selective, 8x50 / 4x10, {worst.bug.name}", worst.growth, LARGE_BAR))
    return found


def table(title: str, bugs: Sequence[SeededBug], campaigns: int) -> list[Line]:
    """Measure bugs and print their lines as they come."""
    print(f"{title}\n\n{HEAD}", flush=True)
    lines = []
    for bug in bugs:
        lines.append(measure(bug, campaigns))
        print(lines[-1], flush=True)
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = options("How many schedules each strategy needs until it meets a seeded bug.", arguments)
    campaigns = SMOKE_CAMPAIGNS if chosen.smoke else CAMPAIGNS
    tuned, held_out = (
        [bug for bug in bugs if not chosen.smoke or bug.name in names]
        for bugs, names in ((BUGS, SMOKE_BUGS), (HELD_OUT, SMOKE_HELD_OUT))
    )
    print(f"median schedules to find a bug, {campaigns} campaigns of at most {CAP}, 4x10\n")
    demanded = bars(table("those that strategies were tuned on", tuned, campaigns))
    code = verdict(demanded, check=chosen.check)
    reported = bars(table("\nheld out: not used to tune anything", held_out, campaigns))
    print("\nthe same bars for the held-out bugs, reported and not demanded:", end="")
    verdict(reported, check=False)
    return code


if __name__ == "__main__":
    sys.exit(main())
