"""A schedule told so that a person who has not seen the code understands what happened.

One line for each stretch in which one task ran: who, which steps, which operations that matter to others, and why it
stopped there. Operations on what only one task touches are left out, and so are tasks that had no part in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import attrs

from lsart.engine import CLOCK, EVERYTHING, Label, Trace
from lsart.exploration._failure import Symptom
from lsart.exploration._hotspots import HotSpots

__all__ = ["names_of_tasks", "operations_of", "tell"]

_SHOWN = 8


@attrs.define
class _Stretch:
    """Steps of one task in a row. `before`: what it was about to do when it was stopped; `end`: see `Trace.ends`."""

    task: int
    first: int
    last: int
    operations: list[Label] = attrs.field(factory=list)
    end: str = "y"
    before: Label | None = None
    waits_for: str = ""
    is_last: bool = False
    is_before_turns: bool = False
    started: list[int] = attrs.field(factory=list)


def tell(trace: Trace, symptom: Symptom | None, *, labelled: bool) -> str:
    """The story of a run, one line for each stretch, the failure last.

    Args:
        labelled: whether the model promises that what is not announced concerns nobody else.
    """
    names = names_of_tasks(trace)
    stretches = _stretches(trace)
    lines: list[str] = []
    bystanders: list[str] = []
    seen: set[int] = set()
    has_raised = False
    for each in stretches:
        if each.task == 0 or (has_raised and each.end == "x"):  # trio's root task; those that pass an error on
            continue
        has_raised |= each.end == "x"
        if labelled and _is_bystander(each, seen):
            bystanders.append(names[each.task])
            seen.add(each.task)
            continue
        _flush(bystanders, lines)
        who = _name_during(trace, each, names[each.task])
        lines.append(_line(each, who, names, is_first=each.task not in seen))
        seen.add(each.task)
    _flush(bystanders, lines)
    if trace.turns_from is not None:
        lines.append(_turns(trace, trace.turns_from, names))
    if symptom is not None:
        _, *rest = symptom.message.splitlines() or [""]
        lines.append(f"=> {symptom}")
        lines += [f"   {line}" for line in rest]
    return "\n".join(lines)


def names_of_tasks(trace: Trace) -> dict[int, str]:
    """Short names: the function's own or the one that was given; where two are alike, the task's number is added."""
    if trace.shows_names:
        return {CLOCK: "time", **trace.names}
    short = {number: name.rpartition(".")[2] or name for number, name in trace.names.items()}
    if 1 in short:
        short[1] = "main"
    counts = Counter(short.values())
    named = {number: name if counts[name] == 1 else f"{name} ({number})" for number, name in short.items()}
    return {CLOCK: "time", **named}


def operations_of(trace: Trace) -> dict[int, list[Label]]:
    """What each step touched that another task touches too, one of them writing. What nobody announces but only some
    touch by the way, such as a table of handles, is left out."""
    hot = HotSpots(labelled=True)
    hot.learn(trace)
    announced = {label.resource for label in trace.labels.values()}
    found: dict[int, list[Label]] = {}
    for step, label in [*trace.labels.items(), *trace.touched]:
        if label.is_told and hot.are_at(label) and (label.resource in announced or not announced):
            found.setdefault(step, []).append(label)
    return found


def _stretches(trace: Trace) -> list[_Stretch]:
    operations = operations_of(trace)
    started: dict[int, list[int]] = {}
    known: set[int] = set()
    for step, number in trace.woken:
        if number not in known:
            known.add(number)
            started.setdefault(step, []).append(number)
    upcoming = _upcoming_labels(trace)
    stretches: list[_Stretch] = []
    for step, number in enumerate(trace.numbers[: trace.turns_from]):
        if not stretches or stretches[-1].task != number or stretches[-1].end != "y":
            stretches.append(_Stretch(number, step, step))
        current = stretches[-1]
        current.last = step
        current.end = trace.ends.get(step, "y")
        current.waits_for = trace.waits.get(step, "")
        current.before = upcoming.get(step)
        current.operations += operations.get(step, ())
        current.started += started.get(step, ())
    if stretches:
        stretches[-1].is_last = trace.turns_from is None
        stretches[-1].is_before_turns = not stretches[-1].is_last
    for each in stretches:
        if each.task == 1 and each.started:  # what was done before there was anybody else
            each.operations.clear()
            break
    return stretches


def _turns(trace: Trace, first: int, names: dict[int, str]) -> str:
    """What happened after nobody was asked any more."""
    steps = trace.numbers[first:]
    who = [names[each] for each in dict.fromkeys(steps) if each != 0]
    return f"{_listed(who)} {'goes' if len(who) == 1 else 'go'} on in turns (steps {first + 1} to {first + len(steps)})"


def _upcoming_labels(trace: Trace) -> dict[int, Label]:
    """For each step, what the task's next one is announced with."""
    found: dict[int, Label] = {}
    last: dict[int, int] = {}
    for step, number in enumerate(trace.numbers):
        if number in last and step in trace.labels:
            found[last[number]] = trace.labels[step]
        last[number] = step
    return found


def _is_bystander(stretch: _Stretch, seen: set[int]) -> bool:
    """Whether a task ran from its start to its end and did nothing that concerns others."""
    return stretch.task > 1 and stretch.end == "e" and not stretch.operations and stretch.task not in seen


def _flush(bystanders: list[str], lines: list[str]) -> None:
    if bystanders:
        runs, ends = ("runs", "its end") if len(bystanders) == 1 else ("run", "their ends")
        lines.append(f"{_listed(bystanders)} {runs} to {ends}, touching nothing that others do")
        bystanders.clear()


def _name_during(trace: Trace, stretch: _Stretch, name: str) -> str:
    """What a task that changes its name is called while it does this: the name that says most."""
    before, inside = name, name
    for step, task, new in trace.renamed:
        if task == stretch.task and step < stretch.first:
            before = new
        elif task == stretch.task and step <= stretch.last and inside == name:
            inside = new
    return max(before, inside, key=len)


def _line(stretch: _Stretch, who: str, names: dict[int, str], *, is_first: bool) -> str:
    steps = stretch.last - stretch.first + 1
    place = f"step {stretch.first + 1}" if steps == 1 else f"steps {stretch.first + 1} to {stretch.last + 1}"
    if stretch.task == CLOCK:
        return f"time moves to what is due next ({place})"
    verb = "runs" if is_first else "resumes"
    parts = [f"{who} {verb} ({place})"]
    if stretch.started:
        parts.append(f"starts {_listed(names[each] for each in stretch.started)}")
    did = _shown(_done(stretch))
    if did:
        parts.append(did)
    parts.append(_why_it_stopped(stretch))
    return ", ".join(part for part in parts if part)


def _done(stretch: _Stretch) -> list[Label]:
    """Its operations, without the last one if that is what it waits for."""
    operations = [each for each in stretch.operations if each.resource != EVERYTHING.resource]
    while stretch.end == "b" and operations:
        _, _, thing = operations[-1].what.partition(" ")
        if not thing or not stretch.waits_for.startswith(thing):
            break
        operations.pop()
    return operations


def _why_it_stopped(stretch: _Stretch) -> str:
    if stretch.end == "e":
        return "ends"
    if stretch.end in ("x", "c"):
        return "raises" if stretch.end == "x" else "is cancelled"
    if stretch.end == "b" and stretch.started and stretch.waits_for.startswith("the end of its nursery"):
        return "waits for it" if len(stretch.started) == 1 else "waits for them"
    if stretch.end == "b":
        return f"has to wait for {stretch.waits_for}" if stretch.waits_for else "waits"
    if stretch.is_before_turns:
        return "and is not left alone any longer"
    if stretch.is_last:
        return "and the run ends here"
    if stretch.before is None:
        return "and is STOPPED"
    if stretch.before.resource == EVERYTHING.resource:
        return "and is STOPPED before a step that may touch anything"
    return f"and is STOPPED before `{stretch.before}`"


def _shown(operations: Iterable[Label]) -> str:
    found = [f"`{each}`" for each in operations]
    # What waits is announced, and then touched by the very same name.
    texts = [text for before, text in zip(["", *found], found, strict=False) if text != before]
    if len(texts) > _SHOWN:
        texts = [*texts[: _SHOWN // 2], f"{len(texts) - _SHOWN} more", *texts[-(_SHOWN // 2) :]]
    return ", ".join(texts)


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"
