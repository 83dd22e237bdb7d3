"""Is it the schedule that decides? Each failing one is run again; where two runs of one schedule differ, chance has
come in from elsewhere, and nothing that was found can be trusted to come back."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from random import Random
from types import FrameType
from typing import Any

import attrs
import trio

from lsart.engine import Trace
from lsart.exploration._attempt import attempt, write_down
from lsart.exploration._failure import Symptom, symptom_of
from lsart.exploration._model import Model
from lsart.exploration._random_walk import RandomWalk
from lsart.exploration._script import Follow, Script, ScriptWriter

__all__ = ["Recheck", "check_repeats", "recheck", "suspects"]

# What gives another answer each time, or answers to the real world: qualified names of functions of C...
_OF_CHANCE = {
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "monotonic"),
    ("time", "monotonic_ns"),
    ("time", "perf_counter"),
    ("time", "perf_counter_ns"),
    ("time", "sleep"),
    ("posix", "urandom"),
    ("nt", "urandom"),
    ("time", "process_time_ns"),
    ("time", "process_time"),
    ("time", "thread_time"),
    ("time", "thread_time_ns"),
    ("_thread", "start_new_thread"),
    ("posix", "getrandom"),
}
_METHODS_OF_CHANCE = {
    ("Random", "random"),
    ("Random", "getrandbits"),
    ("Random", "seed"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
}
# ...and modules of Python code.
_MODULES_OF_CHANCE = {"random", "uuid", "secrets"}
_OWN = (
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep,
    os.path.dirname(os.path.abspath(trio.__file__)) + os.sep,
    os.path.dirname(os.path.abspath(os.__file__)) + os.sep,
)


@attrs.frozen
class Recheck:
    """What running a schedule again came to.

    Args:
        is_stable: both runs were the same, step by step. difference: the first step that was not. suspects: calls of
            the model that can have made the difference, with their places.
    """

    is_stable: bool
    difference: str = ""
    suspects: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.is_stable:
            return "run again, step by step the same"
        lines = [f"NOT REPEATABLE: {self.difference}"]
        lines += [f"  suspect: {each}" for each in self.suspects]
        if not self.suspects:
            lines.append(
                "  usual suspects: state left over from the run before, the order of a set, an id() or a hash() in use"
            )
        return "\n".join(lines)


def recheck(model: Model, numbers: Sequence[int], symptom: Symptom, seed: int) -> tuple[Recheck, Script, Trace]:
    """Run a failing schedule twice more; its script, and the trace of the first of the two."""
    first, writer = write_down(model, numbers, seed)
    script = tuple(writer.switches)
    follower = Follow(script)
    follower.begin(0)
    second = attempt(model, follower, seed)
    difference = ""
    if first.numbers != list(numbers):
        step = next((at for at, (a, b) in enumerate(zip(first.numbers, numbers, strict=False)) if a != b), None)
        at = min(len(first.numbers), len(numbers)) if step is None else step
        difference = f"step {at + 1} was another task's than when the failure was found"
    elif symptom_of(first) != symptom:
        difference = f"the same steps ended with {symptom_of(first) or 'no failure'} and not with {symptom}"
    else:
        difference = _difference(first, second)
    if not difference:
        return Recheck(True), script, first
    return Recheck(False, difference, suspects(model, seed)), script, first


def check_repeats(model: Model, seed: int) -> Recheck:
    """Run one schedule twice, before any campaign: a random one, as the plain path often hides what differs."""
    walk = RandomWalk(Random(0))
    first = attempt(model, walk, seed)
    second = attempt(model, ScriptWriter(first.numbers), seed)
    difference = _difference(first, second)
    return Recheck(False, difference, suspects(model, seed)) if difference else Recheck(True)


def _difference(one: Trace, other: Trace) -> str:
    """The first step at which two runs differ; nothing if they do not."""
    for step, (a, b) in enumerate(zip(one.numbers, other.numbers, strict=False)):
        who = one.names.get(a, f"task {a}")
        if a != b:
            return f"step {step + 1} was {who}'s, then {other.names.get(b, f'task {b}')}'s"
        first, second = one.labels.get(step), other.labels.get(step)
        if first != second:
            return (
                f"step {step + 1}, of {who}, was announced as '{first or 'nothing'}', then as '{second or 'nothing'}'"
            )
        if one.ends.get(step) != other.ends.get(step):
            ends = _ended(one.ends.get(step)), _ended(other.ends.get(step))
            return f"after step {step + 1} {who} {ends[0]} in the first run, and {ends[1]} in the second"
    if len(one.numbers) != len(other.numbers):
        return f"one run took {len(one.numbers)} steps, the other {len(other.numbers)}"
    if symptom_of(one) != symptom_of(other):
        return f"the same steps ended with {symptom_of(one) or 'no failure'}, then with {symptom_of(other) or 'none'}"
    return ""


def _ended(how: str | None) -> str:
    return {None: "could go on", "b": "blocked", "e": "was its last", "x": "raised", "c": "was cancelled"}[how]


def suspects(model: Model, seed: int) -> tuple[str, ...]:
    """Calls in one run of the model, outside lsart, trio and the standard library, that bring in chance."""
    found: dict[str, None] = {}

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "c_call":
            owner = getattr(argument, "__self__", None)
            module, name = getattr(argument, "__module__", None) or getattr(owner, "__name__", ""), argument.__name__
            kind = owner.__name__ if isinstance(owner, type) else type(owner).__name__
            if (module, name) in _OF_CHANCE or (kind, name) in _METHODS_OF_CHANCE:
                _add(found, frame, f"{kind if (kind, name) in _METHODS_OF_CHANCE else module}.{name}")
        elif event == "call":
            module, name = frame.f_globals.get("__name__", ""), frame.f_code.co_name
            if module in _MODULES_OF_CHANCE or (module, name) == ("threading", "start"):
                _add(found, frame.f_back, f"{module}.{name}")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        attempt(model, ScriptWriter(()), seed)
    finally:
        sys.setprofile(before)
    return tuple(found)


def _add(found: dict[str, None], frame: FrameType | None, name: str) -> None:
    """Note the call, if it comes from the model's own code."""
    if frame is not None and not os.path.abspath(frame.f_code.co_filename).startswith(_OWN):
        place = f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"
        found.setdefault(f"{name} called in {frame.f_code.co_name} ({place})")
