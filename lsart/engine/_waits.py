"""Who waits for what, read from the frames of parked tasks.

Nothing is recorded while tasks run, so naming a wait costs nothing until a deadlock is found.
"""

from collections.abc import Callable, Iterable, Sequence
from types import FrameType
from typing import Protocol, runtime_checkable

import trio

from lsart.engine import _frames, _trio
from lsart.engine._abandoned import abandoned_by
from lsart.engine._deadlock import DeadlockError, Wait
from lsart.engine._outside import VirtualTimeError

_HOLDERS_SHOWN = 3


@runtime_checkable
class DescribesWait(Protocol):
    """A primitive of our own that parks tasks and can say what they wait for.

    When a deadlock is reported, each object that is the local ``self`` of a frame in a parked task's
    await chain is asked, from the innermost frame outwards. It costs nothing before that.
    """

    def describe_wait(self, task: trio.lowlevel.Task, /) -> tuple[str, str | None] | None:
        """What `task` waits for and who holds it, or None if it does not wait for this object."""


def found_deadlock(time_ns: int) -> DeadlockError:
    """The report on a run in which nothing can ever happen again."""
    tasks = _frames.all_tasks()
    # trio's root task only waits for the others; alone, it is finalising async generators.
    waiting = [task for task in tasks if task.parent_nursery is not None] or tasks
    return DeadlockError(time_ns, [describe(task) for task in waiting])


def nothing_to_come(time_ns: int, on_deadlock: Callable[[DeadlockError], None]) -> None:
    """In virtual time nobody can go on: a wait for the outside world is refused, anything else is a deadlock."""
    outside = [task for task in _frames.all_tasks() if _frames.waits_outside(task)]
    for task in outside:
        _trio.abort_wait(task, VirtualTimeError("a wait for a signal", "wait for an event"))
    if not outside:
        on_deadlock(found_deadlock(time_ns))


def waits_now() -> list[Wait]:
    """What every task of the run waits for at this moment; one that can run waits for its turn."""
    tasks = [task for task in _frames.all_tasks() if task.parent_nursery is not None]
    return [Wait(task.name, _its_turn(task)) if _trio.can_run(task) else describe(task) for task in tasks]


def _its_turn(task: trio.lowlevel.Task) -> str:
    ready, root = _trio.ready(), trio.lowlevel.current_root_task()
    label = None if ready is None else ready.pending.get(_trio.number_of(task) - _trio.number_of(root))
    return "its turn" if label is None else f"its turn to {label}"


def describe(task: trio.lowlevel.Task) -> Wait:
    """Name what a parked task waits for."""
    frames = [frame for frame, _ in task.iter_await_frames()]
    frames.reverse()
    for depth, frame in enumerate(frames):
        if frame.f_code is trio.sleep_forever.__code__:
            return Wait(task.name, _sleep(frames[depth + 1 :]))
        owner = frame.f_locals.get("self")
        if owner is None:
            continue
        found = _ask(owner, task) or _recognise(owner, task, frames, depth)
        if found is not None:
            return Wait(task.name, *found)
    return Wait(task.name, _unknown(frames))


def _sleep(outer: Sequence[FrameType]) -> str:
    """Which of trio's sleeps it is: all of them end in `sleep_forever`."""
    for frame in outer[:2]:
        if frame.f_code is trio.sleep.__code__:
            return f"sleep({frame.f_locals.get('seconds')})"
    if outer and outer[0].f_code is trio.sleep_until.__code__:
        return f"sleep_until({outer[0].f_locals.get('deadline')})"
    return "sleep_forever"


def _ask(owner: object, task: trio.lowlevel.Task) -> tuple[str, str | None] | None:
    # On the type: an object with a catch-all __getattr__ has every name and means none of them.
    if not callable(getattr(type(owner), "describe_wait", None)) or not isinstance(owner, DescribesWait):
        return None
    try:
        return owner.describe_wait(task)
    except Exception as error:
        # The report of a deadlock must come out whatever one primitive does.
        return f"{type(owner).__name__} (its describe_wait raised {error!r})", None


def _recognise(
    owner: object, task: trio.lowlevel.Task, frames: Sequence[FrameType], depth: int
) -> tuple[str, str | None] | None:
    ready = _trio.ready()
    told = None if ready is None or ready.names is None else ready.names.told(owner)
    name = bound_name(owner, frames[depth + 1 :]) if told is None else told.removeprefix(type(owner).__name__)
    match owner:
        case trio.Lock() | trio.StrictFIFOLock():
            return f"{type(owner).__name__}{name}", abandoned_by(owner) or _task_name(owner.statistics().owner)
        case trio.Condition():
            if _was_notified(task, frames[:depth]):
                return f"Lock of Condition{name}", _task_name(owner.statistics().lock_statistics.owner)
            return f"Condition{name}", None
        case trio.CapacityLimiter():
            return f"CapacityLimiter{name}", _listed(_borrower(b) for b in owner.statistics().borrowers)
        case trio.Semaphore() | trio.Event():
            return f"{type(owner).__name__}{name}", None
        case trio.MemoryReceiveChannel():
            return f"memory channel receive{name}", None
        case trio.MemorySendChannel():
            return f"memory channel send{name}", None
        case trio.Nursery():
            return f"the end of its nursery{name}", _listed(child.name for child in owner.child_tasks)
    return None


def _was_notified(task: trio.lowlevel.Task, inner: Sequence[FrameType]) -> bool:
    """Whether a task in ``Condition.wait`` has been notified and now only waits for the lock.

    ``notify`` moves it to the lock's parking lot, which ParkingLot notes in ``custom_sleep_data``.
    """
    lots = [frame.f_locals.get("self") for frame in inner]
    lots = [lot for lot in lots if isinstance(lot, trio.lowlevel.ParkingLot)]
    return bool(lots) and task.custom_sleep_data not in (None, lots[0])


def bound_name(owner: object, outer: Iterable[FrameType]) -> str:
    """The name under which the waiting code knows `owner`, quoted, or nothing."""
    for frame in outer:
        if _frames.is_trio_frame(frame) or frame.f_globals.get("__name__", "").startswith("lsart.engine."):
            continue
        scopes = (frame.f_locals, _attributes(frame.f_locals.get("self")), frame.f_globals)
        for scope in scopes:
            for name, value in scope.items():
                if value is owner and name != "self":
                    return f" {name!r}"
        return ""
    return ""


def _attributes(instance: object) -> dict[str, object]:
    found: dict[str, object] = {}
    for kind in type(instance).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            try:
                found[name] = object.__getattribute__(instance, name)
            except AttributeError:
                continue
    found.update(getattr(instance, "__dict__", {}))
    return found


def _unknown(frames: Sequence[FrameType]) -> str:
    """The innermost frame that is not trio's says most about a wait that nobody names."""
    for frame in frames:
        if not _frames.is_trio_frame(frame):
            where = f"{frame.f_globals.get('__name__')}.{frame.f_code.co_qualname}"
            return f"a wake-up in {where}, line {frame.f_lineno}"
    return f"a wake-up in {frames[0].f_code.co_qualname}" if frames else "a wake-up"


def _task_name(task: trio.lowlevel.Task | None) -> str | None:
    return None if task is None else task.name


def _borrower(borrower: object) -> str:
    # A borrower may be any object; the default repr of one would put an address into the message.
    return borrower.name if isinstance(borrower, trio.lowlevel.Task) else type(borrower).__name__


def _listed(names: Iterable[str]) -> str | None:
    # trio keeps both children and borrowers in sets.
    ordered = sorted(names)
    if not ordered:
        return None
    shown = ", ".join(ordered[:_HOLDERS_SHOWN])
    rest = len(ordered) - _HOLDERS_SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown
