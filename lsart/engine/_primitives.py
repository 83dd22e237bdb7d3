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
from lsart.engine._primitive_names import names_of
from lsart.engine._primitive_streams import label_streams, replace
from lsart.engine._schedule import Kind, Label, nurseries_of

__all__ = ["labelled_primitives"]

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


# A queue of tasks by itself, as code uses it that makes primitives of its own. No point comes before `park`: between
# the look that led to it and `park` trio lets nobody run, and such code relies on that.
_LOTS: tuple[tuple[str, Kind, str], ...] = (
    ("unpark", "w", "wake a task in"),
    ("unpark_all", "w", "wake all in"),
    ("statistics", "r", "look at"),
    ("__len__", "r", "look at"),
    ("__bool__", "r", "look at"),
)
# These also touch what another task is in, or come with the end of a task.
_LOTS_AND_MORE = ("repark", "repark_all", "break_lot")


# Properties that read or change one.
_LOOKS: tuple[tuple[type[Any], str], ...] = (
    (trio.Semaphore, "value"),
    (trio.CapacityLimiter, "available_tokens"),
    (trio.CapacityLimiter, "borrowed_tokens"),
    (trio.CapacityLimiter, "total_tokens"),
)


# Setting one of these may cancel somebody, or keep a cancellation from somebody.
_CANCEL_SETTERS = frozenset({"deadline", "relative_deadline", "shield"})

_run_sync_soon = trio.lowlevel.TrioToken.run_sync_soon
_in_place: list[bool] = []


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
            replace(stack, owner, method, _announcing(getattr(owner, method), kind, named, verb, _kind_of(owner)))
        for owner, method, kind, named, verb in _ACTS:
            replace(stack, owner, method, _noting(getattr(owner, method), kind, named, verb, _kind_of(owner)))
        for owner, named in dict.fromkeys((owner, named) for owner, _, _, named, _ in _WAITS):
            replace(stack, owner, "__init__", _naming(owner.__init__, named, _kind_of(owner)))
            # To wait for an event only reads it, but who counts those that wait sees a difference.
            kind = "w" if owner is trio.Event else "r"
            replace(stack, owner, "statistics", _noting(owner.statistics, kind, named, "look at", _kind_of(owner)))
        for owner, name in _LOOKS:
            replace(stack, owner, name, _noting_property(vars(owner)[name], _kind_of(owner)))
        for name in _trio.CANCEL_METHODS:
            replace(stack, trio.CancelScope, name, _noting_everything(getattr(trio.CancelScope, name)))
        for name in _CANCEL_SETTERS.intersection(vars(trio.CancelScope)):
            replace(stack, trio.CancelScope, name, _noting_setter(vars(trio.CancelScope)[name]))
        replace(stack, trio.lowlevel.TrioToken, "run_sync_soon", _noting_everything(_run_sync_soon))
        _label_lots(stack)
        label_streams(stack)
        if nurseries and _trio.NURSERY_MANAGER is not None:
            replace(stack, _trio.NURSERY_MANAGER, "__aexit__", _noting_exit(_trio.NURSERY_MANAGER.__aexit__))
        if nurseries:
            replace(stack, trio.Nursery, "start_soon", _noting_nursery(trio.Nursery.start_soon))
            replace(stack, trio.Nursery, "start", _noting_start(trio.Nursery.start))
        yield


def _label_lots(stack: ExitStack) -> None:
    lot = trio.lowlevel.ParkingLot
    replace(stack, lot, "__init__", _naming(lot.__init__, _itself, lot.__name__))
    replace(stack, lot, "park", _noting_park(lot.park))
    for name, kind, verb in _LOTS:
        act = _noting(getattr(lot, name), kind, _itself, verb, lot.__name__)
        replace(stack, lot, name, _unless_of_trio(getattr(lot, name), act))
    for name in _LOTS_AND_MORE:
        if hasattr(lot, name):
            replace(stack, lot, name, _unless_of_trio(getattr(lot, name), _noting_everything(getattr(lot, name))))


def _unless_of_trio(original: Callable[..., Any], noting: Callable[..., Any]) -> Callable[..., Any]:
    """trio's locks and channels have lots inside; what is done to those is noted as done to the lock or channel."""

    @functools.wraps(original)
    def act(*args: Any, **kwargs: Any) -> Any:
        return (original if _is_within_a_primitive(sys._getframe(1)) else noting)(*args, **kwargs)

    return act


def _is_within_a_primitive(frame: FrameType) -> bool:
    return frame.f_globals.get("__name__") in _trio.PRIMITIVES


def _noting_park(original: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
    @functools.wraps(original)
    async def park(self: Any) -> object:
        if not exploring() or _is_within_a_primitive(sys._getframe(1)):
            return await original(self)
        _note(self, "w", _itself, "wait in", type(self).__name__)
        try:
            return await original(self)
        except BaseException:
            touch_everything()
            raise

    return park


def _naming(original: Callable[..., None], named: _Named, owner: str) -> Callable[..., None]:
    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        ready = _trio.ready()
        is_noted = ready is not None and ready.trace is not None
        if ready is not None and is_noted and named is _itself:  # before it touches its own properties
            names_of(ready).made(self, owner, ready.current)
        original(self, *args, **kwargs)
        if ready is not None and is_noted:
            names_of(ready).made(named(self), owner, ready.current)

    return init


def _noting_property(original: Any, owner: str) -> property:
    look = _noting(original.fget, "r", _itself, "look at", owner)
    change: Any = None if original.fset is None else _noting(original.fset, "w", _itself, "change", owner)
    return property(look, change, doc=original.__doc__)


def _kind_of(owner: type[Any]) -> str:
    return "channel" if "Channel" in owner.__name__ else owner.__name__


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
        _note(self, kind, named, verb, owner)
        return original(self, *args, **kwargs)

    return act


def _note(primitive: object, kind: Kind, named: _Named, verb: str, owner: str) -> None:
    ready = _trio.ready()
    if ready is not None and ready.trace is not None:
        label = _label(primitive, named, owner, kind, verb)
        ready.trace.touched.append((len(ready.trace.numbers) - 1, label))


def _noting_nursery(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def start(self: Any, *args: Any, **kwargs: Any) -> object:
        ready = _trio.ready()
        if ready is not None and ready.trace is not None and ready.trace.notes_nurseries:
            touch(nurseries_of(_trio.task_number(self.parent_task)), "w", "start a task")
        return original(self, *args, **kwargs)

    return start


def _noting_start(original: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
    @functools.wraps(original)
    async def start(self: Any, *args: Any, **kwargs: Any) -> object:
        ready = _trio.ready()
        if ready is None or ready.trace is None or not ready.trace.notes_nurseries:
            return await original(self, *args, **kwargs)
        nurseries = nurseries_of(_trio.task_number(self.parent_task))
        touch(nurseries, "w", "start a task")
        try:
            return await original(self, *args, **kwargs)
        finally:
            touch(nurseries, "r", "end a start")  # until then it kept the nursery open

    return start


def _noting_exit(original: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
    @functools.wraps(original)
    async def leave(self: Any, *args: Any) -> object:
        ready = _trio.ready()
        if ready is not None and ready.trace is not None and ready.trace.notes_nurseries:
            touch(nurseries_of(ready.current), "r", "end a nursery")
        return await original(self, *args)

    return leave


def _noting_setter(original: Any) -> property:
    return property(original.fget, cast(Any, _noting_everything(original.fset)), doc=original.__doc__)


def _noting_everything(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def cancel(self: Any, *args: Any, **kwargs: Any) -> object:
        touch_everything()
        return original(self, *args, **kwargs)

    return cancel


def _label(primitive: object, named: _Named, owner: str, kind: Kind, verb: str) -> Label:
    ready = _trio.ready()
    assert ready is not None
    names = names_of(ready)
    thing = named(primitive)
    name = names.name(thing, owner, ready.current)
    shown = name
    if ready.trace is not None and ready.trace.shows_names:
        shown = names.shown(name, owner, primitive)
    return Label(name, kind, f"{verb} {shown}")
