"""What each step touched, and which steps depend on each other: the ground of DPOR and of counting partial orders."""

from __future__ import annotations

from zlib import crc32

from lsart.engine import CLOCK, EVERYTHING, Label, Trace, nurseries_of

__all__ = ["Footprint", "footprints", "order_class", "trace_hash"]

Footprint = tuple[Label, ...] | None
"""The operations of a step; None when its effects are unknown, so that it conflicts with every other step."""

_MASK = (1 << 64) - 1


def footprints(trace: Trace, *, labelled: bool) -> list[Footprint]:
    """The footprint of each step.

    Args:
        labelled: whether the model promises that tasks share nothing but what labelled operations touch. Without it a
            step that was not announced has unknown effects.
    """
    numbers, labels, ends = trace.numbers, trace.labels, trace.ends
    touched: dict[int, list[Label]] = {}
    for step, operation in trace.touched:
        touched.setdefault(step, []).append(operation)
    owners = _owners(trace)
    found: list[Footprint] = []
    for step, number in enumerate(numbers):
        label = labels.get(step)
        # A task that ends with an exception cancels others, and time concerns everybody.
        if number == CLOCK or ends.get(step) in ("x", "c") or (label is None and not labelled):
            found.append(None)
            continue
        operations = [*(() if label is None else (label,)), *touched.get(step, ()), *owners.get(step, ())]
        if ends.get(step) == "e" and number in trace.parents:  # the last one of a nursery closes it
            operations.append(Label(nurseries_of(trace.parents[number]), "r", "end"))
        found.append(None if any(each.resource == EVERYTHING.resource for each in operations) else tuple(operations))
    return found


def _owners(trace: Trace) -> dict[int, list[Label]]:
    """For each step what its task touches by what it is at: before, and if that changes during the step, after that."""
    if not trace.owned:
        return {}
    changes: dict[int, list[tuple[int, Label | None]]] = {}
    for step, task, label in trace.owned:
        changes.setdefault(step, []).append((task, label))
    spawned: dict[int, list[int]] = {}
    known: set[int] = set()
    for step, task in trace.woken:
        if task not in known:
            known.add(task)
            spawned.setdefault(step, []).append(task)
    owner: dict[int, Label] = {}
    found: dict[int, list[Label]] = {}
    for step, number in enumerate(trace.numbers):
        touched = [owner[number]] if number in owner else []
        for task, label in changes.get(step, ()):
            if label is None:
                owner.pop(task, None)
            else:
                owner[task] = label
                touched.append(label)
        for child in spawned.get(step, ()):  # a task that a package starts is the package's
            if number in owner:
                owner.setdefault(child, owner[number])
        if touched:
            found[step] = touched
    return found


def order_class(trace: Trace, *, labelled: bool) -> int:
    """A number for the happens-before order of a run: the same for runs that differ only in the order of independent
    steps, and another one, as good as always, for all others. The same in every process."""
    if not labelled and not trace.labels:
        return hash(tuple(trace.numbers)) & _MASK  # integers hash alike everywhere
    # One number per step, from its task, its place in the task's life and the steps that it depends on; the sum of them
    # all does not depend on the order in which independent steps ran.
    total = 0
    names = _lineages(trace)
    counts: dict[int, int] = {}
    writes: dict[str, dict[tuple[int, int], int]] = {}
    reads: dict[str, dict[tuple[int, int], int]] = {}
    last_unknown = since_unknown = 0
    for number, footprint in zip(trace.numbers, footprints(trace, labelled=labelled), strict=True):
        count = counts[number] = counts.get(number, 0) + 1
        mark = _mix(_mix(names.get(number, number), count), last_unknown)
        if footprint is None:
            mark = _mix(mark, since_unknown)
            last_unknown, since_unknown = mark, 0
            writes.clear()
            reads.clear()
        else:
            for label in footprint:
                mark = _mix(mark, _overlapping(writes, label))
                if label.kind == "w":
                    mark = _mix(mark, _overlapping(reads, label))
            for label in footprint:
                place = label.start, label.stop
                if label.kind == "w":
                    _drop_covered(writes, label)
                    _drop_covered(reads, label)
                    writes.setdefault(label.resource, {})[place] = _mix(mark, crc32(label.resource.encode()))
                else:
                    known = reads.setdefault(label.resource, {})
                    known[place] = (known.get(place, 0) + mark) & _MASK
            since_unknown = (since_unknown + mark) & _MASK
        total = (total + mark) & _MASK
    return total


def _lineages(trace: Trace) -> dict[int, int]:
    """A number for each task that does not depend on who else was started before: from its starter, and which one of
    that one's it is."""
    found: dict[int, int] = {}
    children: dict[int, int] = {}
    for step, number in trace.woken:
        if number not in found:
            starter = trace.numbers[step] if step >= 0 else 0
            count = children[starter] = children.get(starter, 0) + 1
            found[number] = _mix(found.get(starter, 1), count)
    return found


def _overlapping(marks: dict[str, dict[tuple[int, int], int]], label: Label) -> int:
    places = marks.get(label.resource)
    if not places:
        return 0
    return sum(mark for (start, stop), mark in places.items() if start < label.stop and label.start < stop) & _MASK


def _drop_covered(marks: dict[str, dict[tuple[int, int], int]], label: Label) -> None:
    """Forget marks of parts that a write covers: whoever depends on them depends on the write."""
    places = marks.get(label.resource)
    if places:
        for start, stop in [place for place in places if label.start <= place[0] and place[1] <= label.stop]:
            del places[start, stop]


def trace_hash(trace: Trace) -> int:
    """A number for a run, step by step: who ran, what was announced, how it ended. The same in every process."""
    value = 0
    for step, number in enumerate(trace.numbers):
        value = _mix(value, number + 2)
        label = trace.labels.get(step)
        if label is not None:
            value = crc32(f"{label.resource} {label.kind} {label.start} {label.stop}".encode(), value & 0xFFFF_FFFF)
    for step, end in trace.ends.items():
        value = _mix(value, step * 4 + "bexc".index(end))
    return value


def _mix(one: int, other: int) -> int:
    mixed = (one * 0x9E37_79B9_7F4A_7C15 + other * 0xC2B2_AE3D_27D4_EB4F + 0x1656_67B1) & _MASK
    return mixed ^ (mixed >> 29)
