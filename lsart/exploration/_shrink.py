"""Shrinking: the same failure with the fewest preemptions, and a proof that fewer do not suffice.

Preemptions are what a person has to keep in mind when reading a schedule. First greedily, on blocks of steps (after
Jalbert, Sen: A Trace Simplification Technique for Effective Debugging of Concurrent Programs, FSE 2010): drop a block,
let one run on, join two of one task. Then by trying every schedule with fewer preemptions, which either finds a better
one or proves that there is none. All that in the smallest version of the model that shows the failure, if it has any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random

import attrs

from lsart.engine import CLOCK, Ready, Trace, loop_works
from lsart.exploration._attempt import Found, attempt, follow
from lsart.exploration._dfs import DFS
from lsart.exploration._failure import Symptom, symptom_of
from lsart.exploration._model import Model
from lsart.exploration._protocol import NotRepeatable
from lsart.exploration._script import Script, ScriptWriter, schedule_of
from lsart.exploration._strategies import StrategySettings, make_strategy

__all__ = ["Shrunk", "shrink_script"]

_GREEDY_RUNS = 100
_PROOF_RUNS = 3000
_SMALLER_RUNS = 120
_TO_ITS_END = 1 << 60

Block = tuple[int, int]


@attrs.frozen(kw_only=True)
class Shrunk:
    """A failure made small.

    Args:
        model: the one that shows it, smaller than at first if that was possible. found: the schedule.
        runs: how many it took, without the proof. proof_runs: how many that took.
        is_minimal: every schedule with fewer preemptions was tried; None: not within the limit.
    """

    model: Model
    found: Found
    runs: int
    proof_runs: int
    is_minimal: bool | None


def shrink_script(
    model: Model,
    script: Script,
    seed: int,
    *,
    proves: bool = True,
    stop: Callable[[], bool] = lambda: False,
    stop_proof: Callable[[], bool] | None = None,
) -> Shrunk | None:
    """Make a failing schedule small; None if the script does not fail.

    Args:
        stop: asked between runs; True ends the search with the best so far. stop_proof: the same for the proof alone.
    """
    found, _ = follow(model, script, seed)
    if found is None:
        return None
    # The smallest model first: there both the search and the proof are short.
    smaller, found = _in_a_smaller_model(model, found, seed, stop)
    shrinker = _Shrinker(smaller, seed, found, stop)
    shrinker.reduce()
    is_minimal = shrinker.prove(stop_proof or stop) if proves else None
    return Shrunk(
        model=smaller,
        found=shrinker.best,
        runs=shrinker.runs,
        proof_runs=shrinker.proof_runs,
        is_minimal=is_minimal,
    )


class _Blocks:
    """Run blocks: each task for so many steps, or until it blocks. What cannot be done is left out."""

    name = "blocks"
    notes_arrivals = False

    def __init__(self, blocks: Iterable[Block]) -> None:
        self._blocks = list(blocks)
        self._at = 0
        self._left = self._blocks[0][1] if self._blocks else 0
        self._seen = 0

    def begin(self, schedule: int) -> bool:
        return True

    def choose(self, ready: Ready) -> int:
        assert ready.trace is not None
        numbers = ready.trace.numbers
        for number in numbers[self._seen :]:
            if self._at < len(self._blocks) and number == self._blocks[self._at][0]:
                self._left -= 1
        self._seen = len(numbers)
        while self._at < len(self._blocks) and (self._left <= 0 or self._blocks[self._at][0] not in ready.places):
            self._at += 1
            self._left = self._blocks[self._at][1] if self._at < len(self._blocks) else 0
        if self._at < len(self._blocks):
            return self._blocks[self._at][0]
        return ready.canonical()

    def end(self, trace: Trace) -> None:
        """Nothing is learnt."""


class _Shrinker:
    def __init__(self, model: Model, seed: int, found: Found, stop: Callable[[], bool]) -> None:
        self._model = model
        self._seed = seed
        self._stop = stop
        self._symptom = found.symptom
        self._numbers = found.trace.numbers
        self._cost = _cost(found.trace)
        self.best = found
        self.runs = 0
        self.proof_runs = 0

    def reduce(self) -> None:
        """Greedily, until nothing helps or the runs are spent."""
        self._attempt(())
        improved = True
        while improved and self._cost[:2] > (False, 0) and not self._is_spent():
            improved = self._truncate()
            for change in (_run_on, _drop, _join_earlier, _join_later):
                improved |= self._change_each(change)
        self._keep()

    def prove(self, stop: Callable[[], bool]) -> bool | None:
        """Try everything with fewer preemptions, fewest first. Whether that proves the best one minimal."""
        if not loop_works():  # preemptions cannot be told from waits
            return None
        is_complete = True
        for bound in range(self.best.preemptions):
            search = DFS(bound)
            while search.begin(0):
                if self.proof_runs >= _PROOF_RUNS or stop():
                    return None
                try:
                    trace = attempt(self._model, search, self._seed)
                    search.end(trace)
                except NotRepeatable:
                    return None
                self.proof_runs += 1
                if trace.turns_from is not None and not self._cost[0]:
                    is_complete = False  # whoever went on in turns may have failed for that
                elif symptom_of(trace) == self._symptom:
                    self._numbers, self._cost = trace.numbers, _cost(trace)
                    self._keep()
                    return is_complete or None
        return is_complete or None

    def _truncate(self) -> bool:
        """Leave the path to itself after a part of the blocks."""
        blocks = schedule_of_numbers(self._numbers)
        return any(self._attempt(blocks[: len(blocks) * part // 4]) for part in (1, 2, 3))

    def _change_each(self, change: Callable[[list[Block], int], list[Block] | None]) -> bool:
        improved = False
        index = 0
        blocks = schedule_of_numbers(self._numbers)
        while index < len(blocks) and not self._is_spent():
            changed = change(blocks, index)
            if changed is not None and self._attempt(changed):
                improved = True
                blocks = schedule_of_numbers(self._numbers)
            else:
                index += 1
        return improved

    def _attempt(self, blocks: Iterable[Block]) -> bool:
        """Whether these blocks fail in the same way at a lower cost; then they are the best so far."""
        if self._is_spent():
            return False
        self.runs += 1
        trace = attempt(self._model, _Blocks(blocks), self._seed)
        if symptom_of(trace) != self._symptom or _cost(trace) >= self._cost:
            return False
        self._numbers, self._cost = trace.numbers, _cost(trace)
        return True

    def _is_spent(self) -> bool:
        return self.runs >= _GREEDY_RUNS or self._stop()

    def _keep(self) -> None:
        """Write the best one down as a script."""
        writer = ScriptWriter(self._numbers)
        writer.begin(0)
        trace = attempt(self._model, writer, self._seed)
        symptom = symptom_of(trace)
        if symptom == self._symptom and symptom is not None:
            self.best = Found(script=tuple(writer.switches), symptom=symptom, trace=trace)


def _cost(trace: Trace) -> tuple[bool, int, int, int]:
    """What is to be small: whether tasks had to take turns, which nobody can read; preemptions; times that time moved
    early; blocks."""
    return trace.turns_from is not None, trace.preemptions, trace.numbers.count(CLOCK), len(schedule_of(trace))


def schedule_of_numbers(numbers: list[int]) -> list[Block]:
    """Blocks of a run of which only the tasks' numbers are known."""
    return schedule_of(Trace(numbers=numbers))


def _run_on(blocks: list[Block], index: int) -> list[Block] | None:
    task, _ = blocks[index]
    if index + 1 == len(blocks) or task == CLOCK:
        return None
    return [*blocks[:index], (task, _TO_ITS_END), *blocks[index + 1 :]]


def _drop(blocks: list[Block], index: int) -> list[Block] | None:
    return [*blocks[:index], *blocks[index + 1 :]]


def _join_earlier(blocks: list[Block], index: int) -> list[Block] | None:
    task, steps = blocks[index]
    other = next((at for at in range(index - 1, -1, -1) if blocks[at][0] == task), None)
    if other is None or task == CLOCK:
        return None
    joined = (task, blocks[other][1] + steps)
    return [*blocks[:other], joined, *blocks[other + 1 : index], *blocks[index + 1 :]]


def _join_later(blocks: list[Block], index: int) -> list[Block] | None:
    task, steps = blocks[index]
    other = next((at for at in range(index + 1, len(blocks)) if blocks[at][0] == task), None)
    if other is None or task == CLOCK:
        return None
    joined = (task, blocks[other][1] + steps)
    return [*blocks[:index], *blocks[index + 1 : other], joined, *blocks[other + 1 :]]


def _in_a_smaller_model(model: Model, found: Found, seed: int, stop: Callable[[], bool]) -> tuple[Model, Found]:
    """The smallest version of the model in which a short campaign meets the same failure."""
    while True:
        for smaller in model.smaller():
            better = _look_for(smaller, found.symptom, seed, stop)
            if better is not None:
                model, found = smaller, better
                break
        else:
            return model, found


def _look_for(model: Model, symptom: Symptom, seed: int, stop: Callable[[], bool]) -> Found | None:
    settings = StrategySettings(labelled=model.labelled)
    strategy = make_strategy("portfolio", Random(f"lsart shrink/{seed}"), settings)
    for schedule in range(_SMALLER_RUNS):
        if stop() or not strategy.begin(schedule):
            return None
        trace = attempt(model, strategy, seed)
        strategy.end(trace)
        if symptom_of(trace) == symptom:
            writer = ScriptWriter(trace.numbers)
            writer.begin(0)
            again = attempt(model, writer, seed)
            if symptom_of(again) == symptom:
                return Found(script=tuple(writer.switches), symptom=symptom, trace=again)
    return None
