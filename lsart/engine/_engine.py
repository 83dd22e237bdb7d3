"""What a running program may ask of its run: the seed, streams of chance, the time, a sleep."""

import enum
import operator
import random
import sys
from typing import Final

import attrs
import trio

from lsart.engine._clock import NS_PER_S, VirtualClock

_engine: Final[trio.lowlevel.RunVar["Engine"]] = trio.lowlevel.RunVar("lsart engine")


@attrs.frozen
class Engine:
    """One run: where its chance comes from and what kind of time it has."""

    seed: int = 0
    """All chance of the run follows from it."""
    is_virtual: bool = True
    """Whether time jumps over waits instead of passing."""
    start_ns: int = 0
    """What the run's trio clock showed at its start, in nanoseconds."""

    def random(self, *names: str | int | enum.Enum) -> random.Random:
        """A stream of chance of its own for whoever goes by `names`.

        The same seed and names give a new stream with the same start each time, in every process;
        other names give an independent one. An integer and its decimal string are one name.

        Raises:
            TypeError: a name is neither a string, an integer nor a member of an enumeration. The text
                of other objects may hold an address or follow the order of a set.
        """
        return random.Random("/".join(("lsart", str(self.seed), *map(_plain, names))))


def _plain(name: object) -> str:
    if not isinstance(name, (str, int, enum.Enum)):
        raise TypeError(
            f"a random stream cannot be named by {type(name).__name__} {name!r}; "
            "use strings, integers or members of an enumeration"
        )
    # ("a/b",) and ("a", "b") are two names.
    return str(name).replace("%", "%25").replace("/", "%2F")


def install(engine: Engine) -> None:
    """Make `engine` the engine of the current trio run."""
    _engine.set(engine)


def current() -> Engine:
    """The engine of the run that calls.

    A plain ``trio.run``, or a pytest-trio test, gets one with seed 0 when it first asks: virtual if
    its clock is a VirtualClock or MockClock. On a real clock such a run counts its time from there.

    Raises:
        RuntimeError: called outside a run.
    """
    try:
        return _engine.get()
    except LookupError:
        pass
    except RuntimeError:
        raise RuntimeError("there is no current engine outside a run; call this from inside run(main)") from None
    clock = trio.lowlevel.current_clock()
    if isinstance(clock, VirtualClock):
        engine = Engine(seed=clock.seed)
    elif _is_mock(clock):
        engine = Engine()
    else:
        engine = Engine(seed=0, is_virtual=False, start_ns=_clock_ns(clock))
    install(engine)
    return engine


def now_ns() -> int:
    """The time since the start of the run in nanoseconds, on the run's clock."""
    clock = trio.lowlevel.current_clock()
    if isinstance(clock, VirtualClock):
        return clock.now_ns
    try:
        start = _engine.get().start_ns
    except (LookupError, RuntimeError):
        start = current().start_ns  # before the clock is read: it may take the start from the same clock just now
    return round(clock.current_time() * NS_PER_S) - start


async def sleep_ns(ns: int) -> None:
    """Sleep for `ns` nanoseconds on the run's clock. Always a checkpoint, also for 0.

    Exact on a VirtualClock, whatever the time. Elsewhere to the resolution of trio's float seconds,
    which is better than 1 ns up to 2**22 s; the error does not add up over many sleeps.

    Raises:
        TypeError: `ns` is not an integer.
        ValueError: `ns` is negative.
    """
    ns = operator.index(ns)
    if ns <= 0:
        if ns < 0:
            raise ValueError(f"cannot sleep for {ns} ns: the time must not be negative")
        await trio.lowlevel.checkpoint()
        return
    clock = trio.lowlevel.current_clock()
    if isinstance(clock, VirtualClock):
        await clock.sleep_until_ns(clock.now_ns + ns)
    else:
        await trio.sleep_until((_clock_ns(clock) + ns) / NS_PER_S)


def _is_mock(clock: trio.abc.Clock) -> bool:
    # Nobody has a MockClock without having imported trio.testing, which takes pytest along where that is installed
    # and then costs more to import than trio itself.
    testing = sys.modules.get("trio.testing")
    return testing is not None and isinstance(clock, testing.MockClock)


def _clock_ns(clock: trio.abc.Clock) -> int:
    return round(clock.current_time() * NS_PER_S)
