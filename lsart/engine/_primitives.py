"""trio's own primitives, made to announce what they do for as long as schedules are explored.

A model needs nothing for it: it uses `trio.Lock` as ever. Each method that waits lets others run first, under a label;
each that does not wait only notes what it touched. The methods are put back afterwards, and while they are in place
they do nothing to runs of other threads.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any, cast

import trio

from lsart.engine import _trio
from lsart.engine._labels import announce, exploring, touch, touch_everything
from lsart.engine._schedule import Kind, Label, Ready, nurseries_of
from lsart.engine._waits import bound_name

__all__ = ["labelled_primitives", "state_of_primitives"]

_Named = Callable[[Any], object]


def _itself(primitive: Any) -> object:
    return primitive


# What is shared, which methods wait for it, which do not, and what the methods do to it.
_WAITS: tuple[tuple[type[Any], str, Kind, _Named, str], ...] = (
    (trio.Lock, "acquire", "w", _itself, "acquire"),
    (trio.StrictFIFOLock, "acquire", "w", _itself, "acquire"),
    (trio.Semaphore, "acquire", "w", _itself, "acquire"),
    (trio.CapacityLimiter, "acquire_on_behalf_of", "w", _itself, "acquire"),
    (trio.Condition, "wait", "w", _itself, "wait for"),
    (trio.Event, "wait", "r", _itself, "wait for"),
    (trio.MemorySendChannel, "send", "w", _trio.channel_state, "send to"),
    (trio.MemoryReceiveChannel, "receive", "w", _trio.channel_state, "receive from"),
)
_ACTS: tuple[tuple[type[Any], str, Kind, _Named, str], ...] = (
    (trio.Lock, "acquire_nowait", "w", _itself, "acquire"),
    (trio.Lock, "release", "w", _itself, "release"),
    (trio.Lock, "locked", "r", _itself, "look at"),
    (trio.StrictFIFOLock, "acquire_nowait", "w", _itself, "acquire"),
    (trio.StrictFIFOLock, "release", "w", _itself, "release"),
    (trio.StrictFIFOLock, "locked", "r", _itself, "look at"),
    (trio.Semaphore, "acquire_nowait", "w", _itself, "acquire"),
    (trio.Semaphore, "release", "w", _itself, "release"),
    (trio.CapacityLimiter, "acquire_on_behalf_of_nowait", "w", _itself, "acquire"),
    (trio.CapacityLimiter, "release_on_behalf_of", "w", _itself, "release"),
    (trio.Condition, "notify", "w", _itself, "notify"),
    (trio.Condition, "notify_all", "w", _itself, "notify"),
    (trio.Condition, "notify", "w", _trio.lock_of, "notify a waiter for"),
    (trio.Condition, "notify_all", "w", _trio.lock_of, "notify a waiter for"),
    (trio.Event, "is_set", "r", _itself, "look at"),
    (trio.Event, "set", "w", _itself, "set"),
    (trio.MemorySendChannel, "send_nowait", "w", _trio.channel_state, "send to"),
    (trio.MemorySendChannel, "close", "w", _trio.channel_state, "close"),
    (trio.MemorySendChannel, "clone", "w", _trio.channel_state, "clone"),
    (trio.MemoryReceiveChannel, "clone", "w", _trio.channel_state, "clone"),
    (trio.MemoryReceiveChannel, "receive_nowait", "w", _trio.channel_state, "receive from"),
    (trio.MemoryReceiveChannel, "close", "w", _trio.channel_state, "close"),
)


# Properties that read or change one.
_LOOKS: tuple[tuple[type[Any], str], ...] = (
    (trio.Semaphore, "value"),
    (trio.CapacityLimiter, "available_tokens"),
    (trio.CapacityLimiter, "borrowed_tokens"),
    (trio.CapacityLimiter, "total_tokens"),
)


_in_place: list[bool] = []


class _Names:
    """Names of primitives in one run: their kind, the task that made them and how many of it that had made before.

    Not by address, which differs from run to run, and not by a count over all tasks, which differs from schedule to
    schedule. One that was made before the run is known by the task that first touches it. What is named is kept alive,
    so that no address is used twice in a run.
    """

    def __init__(self) -> None:
        self._found: dict[int, tuple[str, object]] = {}
        self._shown: dict[str, str] = {}
        self._used: set[str] = set()
        self._counts: dict[tuple[str, str], int] = {}

    def made(self, thing: object, kind: str, task: int) -> None:
        if id(thing) not in self._found:
            self._add(thing, kind, f"{task}")

    def name(self, thing: object, kind: str, task: int) -> str:
        found = self._found.get(id(thing))
        name = self._add(thing, kind, f"of old {task}") if found is None else found[0]
        self._used.add(name)
        return name

    def _add(self, thing: object, kind: str, whose: str) -> str:
        count = self._counts[kind, whose] = self._counts.get((kind, whose), 0) + 1
        name = f"{kind} {whose}.{count}"
        self._found[id(thing)] = name, thing
        return name

    def shown(self, name: str, kind: str, thing: object) -> str:
        """What the code calls it, by the first variable that it was met under; never one text for two things."""
        found = self._shown.get(name)
        if found is None:
            variable = bound_name(thing, _callers())
            if not variable:
                return name  # it may still get a variable
            found = kind + variable
            alike = sum(each == found or each.startswith(f"{found} (") for each in self._shown.values())
            if alike:
                found = f"{found} ({alike + 1})"
            self._shown[name] = found
        return found

    def told(self, thing: object) -> str | None:
        """What it was shown as, if it was."""
        found = self._found.get(id(thing))
        return None if found is None else self._shown.get(found[0])

    def all(self) -> list[tuple[str, object]]:
        """Every name with what it names, of those that were used since they were made, oldest first."""
        return [(name, thing) for name, thing in self._found.values() if name in self._used]


@contextmanager
def labelled_primitives(*, nurseries: bool = True) -> Iterator[None]:
    """Let trio's primitives announce what they do, in runs that note their steps. Once inside itself is enough.

    Args:
        nurseries: whether starting tasks is noted too, for runs with `notes_nurseries`; it costs each run a little.
    """
    if _in_place:
        yield
        return
    with ExitStack() as stack:
        _in_place.append(True)
        stack.callback(_in_place.clear)
        for owner, method, kind, named, verb in _WAITS:
            _replace(stack, owner, method, _announcing(getattr(owner, method), kind, named, verb, _kind_of(owner)))
        for owner, method, kind, named, verb in _ACTS:
            _replace(stack, owner, method, _noting(getattr(owner, method), kind, named, verb, _kind_of(owner)))
        for owner, named in dict.fromkeys((owner, named) for owner, _, _, named, _ in _WAITS):
            _replace(stack, owner, "__init__", _naming(owner.__init__, named, _kind_of(owner)))
            _replace(stack, owner, "statistics", _noting(owner.statistics, "r", named, "look at", _kind_of(owner)))
        for owner, name in _LOOKS:
            _replace(stack, owner, name, _noting_property(vars(owner)[name], _kind_of(owner)))
        for name in _trio.CANCEL_METHODS:
            _replace(stack, trio.CancelScope, name, _noting_everything(getattr(trio.CancelScope, name)))
        if nurseries and _trio.NURSERY_MANAGER is not None:
            _replace(stack, _trio.NURSERY_MANAGER, "__aexit__", _noting_exit(_trio.NURSERY_MANAGER.__aexit__))
        for name in ("start_soon", "start") if nurseries else ():
            _replace(stack, trio.Nursery, name, _noting_nursery(getattr(trio.Nursery, name)))
        deadline: Any = vars(trio.CancelScope)["deadline"]
        _replace(
            stack, trio.CancelScope, "deadline", property(deadline.fget, cast(Any, _noting_everything(deadline.fset)))
        )
        yield


def _naming(original: Callable[..., None], named: _Named, owner: str) -> Callable[..., None]:
    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        ready = _trio.ready()
        is_noted = ready is not None and ready.trace is not None
        if ready is not None and is_noted and named is _itself:  # before it touches its own properties
            _names_of(ready).made(self, owner, ready.current)
        original(self, *args, **kwargs)
        if ready is not None and is_noted:
            _names_of(ready).made(named(self), owner, ready.current)

    return init


def _noting_property(original: Any, owner: str) -> property:
    look = _noting(original.fget, "r", _itself, "look at", owner)
    change: Any = None if original.fset is None else _noting(original.fset, "w", _itself, "change", owner)
    return property(look, change, doc=original.__doc__)


def _names_of(ready: Ready) -> _Names:
    if ready.names is None:
        ready.names = _Names()
    names: _Names = ready.names
    return names


def _kind_of(owner: type[Any]) -> str:
    return "channel" if "Channel" in owner.__name__ else owner.__name__


def _replace(stack: ExitStack, owner: type[Any], method: str, replacement: object) -> None:
    if method in vars(owner):
        stack.callback(setattr, owner, method, vars(owner)[method])
    else:  # inherited: what is put in front of it goes again
        stack.callback(delattr, owner, method)
    setattr(owner, method, replacement)


def _announcing(
    original: Callable[..., Awaitable[object]], kind: Kind, named: _Named, verb: str, owner: str
) -> Callable[..., Awaitable[object]]:
    @functools.wraps(original)
    async def wait(self: Any, *args: Any, **kwargs: Any) -> object:
        if exploring():
            await announce(_label(self, named, owner, kind, verb))
        try:
            return await original(self, *args, **kwargs)
        except BaseException:
            touch_everything()  # without another wait in between the caller goes on from here
            raise

    return wait


def _noting(original: Callable[..., object], kind: Kind, named: _Named, verb: str, owner: str) -> Callable[..., object]:
    @functools.wraps(original)
    def act(self: Any, *args: Any, **kwargs: Any) -> object:
        ready = _trio.ready()
        if ready is not None and ready.trace is not None:
            label = _label(self, named, owner, kind, verb)
            ready.trace.touched.append((len(ready.trace.numbers) - 1, label))
        return original(self, *args, **kwargs)

    return act


def _noting_nursery(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def start(self: Any, *args: Any, **kwargs: Any) -> object:
        ready = _trio.ready()
        if ready is not None and ready.trace is not None and ready.trace.notes_nurseries:
            touch(nurseries_of(_trio.task_number(self.parent_task)), "w", "start a task")
        return original(self, *args, **kwargs)

    return start


def _noting_exit(original: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
    @functools.wraps(original)
    async def leave(self: Any, *args: Any) -> object:
        ready = _trio.ready()
        if ready is not None and ready.trace is not None and ready.trace.notes_nurseries:
            touch(nurseries_of(ready.current), "r", "end a nursery")
        return await original(self, *args)

    return leave


def _noting_everything(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def cancel(self: Any, *args: Any, **kwargs: Any) -> object:
        touch_everything()
        return original(self, *args, **kwargs)

    return cancel


def _label(primitive: object, named: _Named, owner: str, kind: Kind, verb: str) -> Label:
    ready = _trio.ready()
    assert ready is not None
    names = _names_of(ready)
    thing = named(primitive)
    name = names.name(thing, owner, ready.current)
    shown = name
    if ready.trace is not None and ready.trace.shows_names:
        shown = names.shown(name, owner, primitive)
    return Label(name, kind, f"{verb} {shown}")


def _callers() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def state_of_primitives() -> list[tuple[str, str]]:
    """Each primitive that the run has touched so far, by name, and the state it is in: who holds it, what is in it."""
    ready = _trio.ready()
    if ready is None or ready.names is None:
        return []
    names: _Names = ready.names
    return [(names.told(thing) or name, state) for name, thing in names.all() if (state := _state(thing))]


def _state(thing: Any) -> str:
    match thing:
        case trio.Lock() | trio.StrictFIFOLock():
            found = thing.statistics()
            holder = "free" if found.owner is None else f"held by {found.owner.name}"
            return holder + _waiting(found.tasks_waiting)
        case trio.CapacityLimiter():
            limiter = thing.statistics()
            holders = sorted(getattr(each, "name", type(each).__name__) for each in limiter.borrowers)
            held = f", held by {', '.join(holders)}" if holders else ""
            return f"{limiter.borrowed_tokens} of {limiter.total_tokens} taken{held}{_waiting(limiter.tasks_waiting)}"
        case trio.Semaphore():
            return f"at {thing.value}{_waiting(thing.statistics().tasks_waiting)}"
        case trio.Event():
            return "set" if thing.is_set() else f"not set{_waiting(thing.statistics().tasks_waiting)}"
    if hasattr(thing, "data") and hasattr(thing, "statistics"):  # what both ends of a channel share
        channel = thing.statistics()
        waits = f"{channel.tasks_waiting_send} wait to send, {channel.tasks_waiting_receive} to receive"
        return f"{channel.current_buffer_used} of {channel.max_buffer_size} in it, {waits}"
    return ""


def _waiting(count: int) -> str:
    return "" if not count else ", 1 task waits" if count == 1 else f", {count} tasks wait"
