"""One main in trio's own loop and in ours, and what came of it in both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import outcome
import trio
import trio.testing

from lsart.engine import Ready, Trace, run, run_schedule

__all__ = ["Log", "Seen", "all_schedules", "in_trios_loop", "leaves", "oldest", "same_in_both"]

Log = list[Any]


class Seen(NamedTuple):
    """What a run came to."""

    result: object
    """What it returned, or what it raised in words."""
    log: Log
    """What it noted, sorted: who comes first among equals follows from the seed."""


def in_trios_loop(main: Callable[[], Awaitable[object]], instruments: tuple[trio.abc.Instrument, ...] = ()) -> object:
    """Run `main` by trio, in time that jumps."""
    return trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0), instruments=instruments)


def same_in_both(main: Callable[[Log], Awaitable[object]]) -> Seen:
    """What `main` comes to in trio's own loop, after checking that it comes to the same in ours with several seeds."""
    expected = _seen(main, in_trios_loop)
    for seed in range(4):
        assert _seen(main, lambda entry, seed=seed: run(entry, seed=seed)) == expected  # type: ignore[misc]
    assert _seen(main, lambda entry: run_schedule(entry, oldest).result) == expected
    return expected


def _seen(
    main: Callable[[Log], Awaitable[object]], runner: Callable[[Callable[[], Awaitable[object]]], object]
) -> Seen:
    log: Log = []

    async def entry() -> object:
        return await main(log)

    found = outcome.capture(runner, entry)
    if isinstance(found, outcome.Value) and isinstance(found.value, (outcome.Value, outcome.Error)):
        found = found.value
    result = found.value if isinstance(found, outcome.Value) else _in_words(found.error)
    return Seen(result, sorted(log, key=repr))


def _in_words(error: BaseException) -> str:
    if isinstance(error, trio.TrioInternalError):
        assert error.__cause__ is not None
        return f"TrioInternalError from {leaves(error.__cause__)}"
    if isinstance(error, BaseExceptionGroup):
        return f"{type(error).__name__}({', '.join(sorted(_in_words(each) for each in error.exceptions))})"
    return f"{type(error).__name__}: {error}"


def leaves(error: BaseException) -> list[str]:
    """The errors in a group of groups, in words and sorted."""
    if isinstance(error, BaseExceptionGroup):
        return sorted(leaf for each in error.exceptions for leaf in leaves(each))
    return [f"{type(error).__name__}: {error}"]


def oldest(ready: Ready) -> int:
    """Choose the oldest task; time moves last."""
    return min(ready.numbers, key=lambda number: (number < 0, number))


def all_schedules(main: Callable[[], Awaitable[object]], **options: Any) -> Iterator[Trace]:
    """A run for each sequence of choices there is."""
    prefix: list[int] = []
    while True:
        taken: list[tuple[int, int]] = []

        def choose(ready: Ready, taken: list[tuple[int, int]] = taken, prefix: list[int] = prefix) -> int:
            index = prefix[len(taken)] if len(taken) < len(prefix) else 0
            taken.append((index, len(ready.numbers)))
            return sorted(ready.numbers)[index]

        yield run_schedule(main, choose, **options)
        while taken and taken[-1][0] + 1 == taken[-1][1]:
            taken.pop()
        if not taken:
            return
        prefix = [index for index, _ in taken]
        prefix[-1] += 1
