"""How an async main is run: which clock, whose chance, and how a deadlock ends it."""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Literal, TypeVar, TypeVarTuple, cast

import outcome
import trio

from lsart.engine import _trio
from lsart.engine._canary import loop_works
from lsart.engine._clock import NS_PER_S, VirtualClock
from lsart.engine._ending import Ending
from lsart.engine._engine import Engine, install
from lsart.engine._frames import in_a_run
from lsart.engine._loop import Loop
from lsart.engine._loop_parts import only_run
from lsart.engine._order import order_of, stream_of_order
from lsart.engine._outside import SystemTaskError

_T = TypeVar("_T")
_Args = TypeVarTuple("_Args")


def run(
    main: Callable[[*_Args], Awaitable[_T]],
    *args: *_Args,
    seed: int = 0,
    clock: Literal["virtual", "real"] = "virtual",
    instruments: Sequence[trio.abc.Instrument] = (),
) -> _T:
    """Run ``await main(*args)`` under trio and return its result.

    All chance in the run follows from `seed`, the order of tasks included: two virtual runs with one
    seed take the same steps, in any process. On the real clock, what comes from outside (threads,
    sockets, signals, the clock) can still differ.

    On the virtual clock time starts at 0 and jumps over waits; nothing is slept in real time, and the
    outside world is refused: see `VirtualTimeError`. On the real clock a deadlock is not detected: it
    just waits.

    In a virtual run Python's cyclic garbage collector runs at fixed steps, so that what it finalises,
    forgotten async generators above all, comes at the same step each time.

    Raises:
        DeadlockError: nothing could ever happen again (virtual clock only). All tasks were cancelled
            first, shielded ones last, so that their ``finally`` blocks ran; a note names those that
            could not be. An error that `main` raised on the way is its ``__context__``.
        TypeError: `main` is not an async function, or `seed` is not an integer.
        ValueError: `clock` is neither "virtual" nor "real".
        RuntimeError: called inside a run, or while another thread is in ``run``.
        SystemTaskError: a system task, or a function given to ``run_sync_soon``, raised.
        BaseException: whatever `main` raises, KeyboardInterrupt included.
    """
    _check(main, seed, clock)
    if clock == "virtual" and loop_works():
        return cast(_T, _run_virtual(partial(main, *args), _name(main), seed, instruments))
    scope = trio.CancelScope()
    ending = Ending(lambda _: scope.cancel())

    async def entry() -> _T | None:
        trio.lowlevel.current_task().name = _name(main)
        start_ns = round(trio.current_time() * NS_PER_S)
        install(Engine(seed=seed, is_virtual=clock == "virtual", start_ns=start_ns))
        with scope:
            return await _called(main, *args)
        return None

    trio_clock = VirtualClock(on_deadlock=ending) if clock == "virtual" else None
    try:
        with _trio.seeded_scheduler(stream_of_order(seed)):
            result = trio.run(entry, clock=trio_clock, instruments=instruments)
    except KeyboardInterrupt:
        raise
    except trio.TrioInternalError as error:
        if ending.deadlock is None or error.__cause__ is not ending.deadlock:
            if clock == "real" and isinstance(error.__cause__, Exception):  # nothing of that loop is ours
                raise SystemTaskError("a system task", error.__cause__) from error.__cause__
            raise
        # The last resort of the ending: nothing of trio's is broken.
        raise ending.deadlock from None
    except BaseException:
        if ending.deadlock is None:
            raise
        raise ending.deadlock  # noqa: B904  (the error caught here happened on the way, it is not the cause)
    if ending.deadlock is not None:
        raise ending.deadlock
    return cast(_T, result)


def _run_virtual(
    main: Callable[[], Awaitable[object]], name: str, seed: int, instruments: Sequence[trio.abc.Instrument]
) -> object:
    clock = VirtualClock()

    async def entry() -> object:
        trio.lowlevel.current_task().name = name
        install(Engine(seed=seed))
        return await _called(main)

    loop = Loop(
        clock=clock,
        choose=order_of(seed),
        handles_signals=True,
        instruments=instruments,
    )
    with only_run():
        result = loop.run(entry)
    deadlock = loop.deadlock
    if loop.stopped_by is not None and loop.stopped_by is not deadlock:
        raise loop.stopped_by  # a deadlock that was met while it ended is no news
    failure = result.error if isinstance(result, outcome.Error) else None
    if isinstance(failure, KeyboardInterrupt):
        raise failure
    if deadlock is not None:
        if failure is not deadlock:
            deadlock.__context__ = _without_cancellations(failure)
        raise deadlock
    return result.unwrap()


def _without_cancellations(error: BaseException | None) -> BaseException | None:
    """What else went wrong while everything was cancelled."""
    if isinstance(error, BaseExceptionGroup):
        return error.split(trio.Cancelled)[1]
    return None if isinstance(error, trio.Cancelled) else error


async def _called(main: Callable[[*_Args], Awaitable[_T]], *args: *_Args) -> _T:
    awaitable = main(*args)
    if not inspect.isawaitable(awaitable):
        raise TypeError(
            f"run() needs an async function, but {_name(main)} returned "
            f"{type(awaitable).__name__}; define it with 'async def'"
        )
    return await awaitable


def _check(main: object, seed: object, clock: object) -> None:
    if inspect.iscoroutine(main):
        name = main.__qualname__
        main.close()  # else Python warns that it was never awaited, which is not the point
        raise TypeError(f"run() needs the async function and its arguments: run({name}, ...), not run({name}(...))")
    if not callable(main):
        raise TypeError(f"run() needs an async function, not {type(main).__name__} {main!r}")
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise TypeError(f"the seed must be an integer, not {type(seed).__name__} {seed!r}")
    if clock not in ("virtual", "real"):
        raise ValueError(f"clock must be 'virtual' or 'real', not {clock!r}")
    if in_a_run():
        raise RuntimeError("run() was called inside a run; there, await the async function itself")


def _name(main: object) -> str:
    while isinstance(main, partial):
        main = main.func
    try:
        return f"{main.__module__}.{main.__qualname__}"  # type: ignore[attr-defined]  # the except is for these
    except AttributeError:
        return type(main).__qualname__
