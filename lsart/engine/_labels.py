"""Points: where a task says what it is about to touch, so that an explorer can come between at the right places."""

from __future__ import annotations

import sys
from functools import lru_cache

import trio

from lsart.engine import _trio
from lsart.engine._schedule import EVERYTHING, Kind, Label

__all__ = [
    "announce",
    "end_run",
    "exploring",
    "own",
    "owner",
    "point",
    "rename",
    "touch",
    "touch_everything",
    "upcoming",
]

_VERBS = {"r": "read", "w": "write"}


async def point(resource: str | None = None, kind: Kind = "w") -> None:
    """A place where others can run, and what comes after it: an access to `resource`.

    Under an explorer the next step counts as touching `resource` and nothing else, so announce everything that tasks
    share, or give no name: then the step counts as touching everything. Elsewhere this only lets others run. It is not
    a place where the task can be cancelled.

    Args:
        resource: a name that is the same in every run. kind: ``"r"`` if the access leaves it as it is.

    Raises:
        ValueError: `kind` is neither ``"r"`` nor ``"w"``.
    """
    ready = _trio.ready()
    label = EVERYTHING if resource is None and kind in _VERBS else _label(resource or "", kind)
    if ready is not None and ready.trace is not None:
        ready.pending[ready.current] = label
    await trio.lowlevel.cancel_shielded_checkpoint()


async def announce(label: Label) -> None:
    """`point` for a label that is at hand."""
    ready = _trio.ready()
    if ready is not None and ready.trace is not None:
        ready.pending[ready.current] = label
    await trio.lowlevel.cancel_shielded_checkpoint()


def touch(
    resource: str, kind: Kind = "w", what: str = "", start: int = 0, stop: int = sys.maxsize, *, is_told: bool = True
) -> None:
    """Note that the step under way touches `resource`, without letting others run."""
    ready = _trio.ready()
    if kind not in _VERBS:
        raise ValueError(f"kind must be 'r' or 'w', not {kind!r}")
    if ready is not None and ready.trace is not None:
        trace = ready.trace
        label = Label(resource, kind, what or f"{_VERBS[kind]} {resource}", start, stop, is_told)
        trace.touched.append((len(trace.numbers) - 1, label))


def touch_everything() -> None:
    """Note that the effects of the step under way are unknown."""
    ready = _trio.ready()
    if ready is not None and ready.trace is not None:
        ready.trace.touched.append((len(ready.trace.numbers) - 1, EVERYTHING))


def upcoming(task: int) -> tuple[str, Label | None]:
    """The name of a task of the explored run, and what its next step was announced with."""
    ready = _trio.ready()
    if ready is None or ready.trace is None:
        return "", None
    return ready.trace.names.get(task, ""), ready.pending.get(task)


def rename(name: str) -> None:
    """Call the current task so, from now on, in reports and stories: for tasks that serve one after another."""
    trio.lowlevel.current_task().name = name
    ready = _trio.ready()
    if ready is not None and ready.trace is not None:
        ready.trace.renamed.append((len(ready.trace.numbers) - 1, ready.current, name))


def own(label: Label | None) -> None:
    """From within the step under way on, every step of the current task touches this as well; None ends that.

    For code whose accesses nobody announces, such as a package with its plain attributes. Tasks that it starts are its
    own to their end.
    """
    ready = _trio.ready()
    if ready is not None and ready.trace is not None:
        trace = ready.trace
        trace.owned.append((len(trace.numbers) - 1, ready.current, label))
        if label is None:
            former = ready.owners.pop(ready.current, None)
            if former is not None:  # the loop sees those only after the step, when nobody owns it any more
                for child in _trio.made_ready():
                    if child not in trace.names:
                        trace.owned.append((len(trace.numbers) - 1, child, former))
                        ready.owners[child] = former
        else:
            ready.owners[ready.current] = label


def owner() -> Label | None:
    """What `own` was told last for the current task, or for whoever started it: there is no stack of them."""
    ready = _trio.ready()
    return None if ready is None or ready.trace is None else ready.owners.get(ready.current)


def end_run(error: BaseException) -> bool:
    """End the run at the end of the step under way, as failed with `error`; whether there is an explored run to end.

    For watchers, which hear of a failure inside somebody else's step and cannot raise there.
    """
    ready = _trio.ready()
    if ready is None or ready.trace is None or ready.end_run is None:
        return False
    ready.end_run(error)
    return True


def exploring() -> bool:
    """Whether steps are noted: whether announcing anything is of any use."""
    ready = _trio.ready()
    return ready is not None and ready.trace is not None


@lru_cache(4096)  # a model has few names, and runs thousands of times
def _label(resource: str, kind: Kind) -> Label:
    if kind not in _VERBS:
        raise ValueError(f"kind must be 'r' or 'w', not {kind!r}")
    return Label(resource, kind, f"{_VERBS[kind]} {resource}")
