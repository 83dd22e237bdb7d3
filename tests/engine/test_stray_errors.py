"""Errors that no nursery hears of, and tasks that swallow every error: a clear end, and nobody blames lsart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

import pytest
import trio
from loops import oldest

from lsart.engine import DeadlockError, StepLimitError, SystemTaskError, run, run_schedule


async def system_task_fails() -> None:
    async def fails() -> None:
        raise ValueError("no one hears")

    trio.lowlevel.spawn_system_task(fails)
    await trio.sleep_forever()


async def call_fails() -> None:
    def fails() -> None:
        raise ValueError("no one hears")

    trio.lowlevel.current_trio_token().run_sync_soon(fails)
    await trio.sleep_forever()


STRAY = [
    pytest.param(system_task_fails, "a system task raised ValueError: no one hears", id="system task"),
    pytest.param(call_fails, "a function given to run_sync_soon raised ValueError: no one hears", id="call"),
]


@pytest.mark.parametrize(("main", "message"), STRAY)
def test_run_says_who_raised_what(main: Callable[[], Awaitable[None]], message: str) -> None:
    with pytest.raises(SystemTaskError) as caught:
        run(main)
    assert message in str(caught.value)
    assert isinstance(caught.value.__cause__, (ValueError, ExceptionGroup))


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_a_system_task_that_fails_is_no_fault_of_ours_on_either_clock(clock: Literal["virtual", "real"]) -> None:
    with pytest.raises(SystemTaskError, match="no one hears"):
        run(system_task_fails, clock=clock)


@pytest.mark.parametrize(("main", "message"), STRAY)
def test_a_schedule_fails_with_it(main: Callable[[], Awaitable[None]], message: str) -> None:
    error = run_schedule(main, oldest).error
    assert isinstance(error, SystemTaskError)
    assert message in str(error)


async def swallows_everything() -> None:
    while True:
        try:
            await trio.sleep_forever()
        except GeneratorExit:  # not even Python could get rid of it then
            raise
        except BaseException:
            continue


async def swallows_beside_a_task_that_spins() -> None:
    async def spins() -> None:
        while True:
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(swallows_everything, name="stubborn")
        nursery.start_soon(spins)
        nursery.start_soon(spins)


def test_a_task_that_swallows_every_error_does_not_hide_the_deadlock() -> None:
    with pytest.raises(DeadlockError) as caught:
        run(swallows_everything)
    assert "given up without clean-up" in "".join(caught.value.__notes__)
    assert caught.value.__context__ is not caught.value
    assert isinstance(run_schedule(swallows_everything, oldest).error, DeadlockError)


def test_a_task_that_swallows_every_error_does_not_hide_the_step_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lsart.engine._loop._PATIENCE", 200)
    error = run_schedule(swallows_beside_a_task_that_spins, oldest, step_limit=50).error
    assert isinstance(error, StepLimitError)
    assert error.__notes__ == ["would not end, so given up without clean-up: stubborn"]
