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


async def system_task_fails_while_main_is_shielded() -> None:
    async def fails() -> None:
        raise ValueError("no one hears")

    trio.lowlevel.spawn_system_task(fails)
    with trio.CancelScope(shield=True):
        await trio.sleep_forever()


async def call_fails_while_main_is_shielded() -> None:
    def fails() -> None:
        raise ValueError("no one hears")

    trio.lowlevel.current_trio_token().run_sync_soon(fails)
    with trio.CancelScope(shield=True):
        await trio.sleep_forever()


@pytest.mark.parametrize("main", [system_task_fails_while_main_is_shielded, call_fails_while_main_is_shielded])
def test_a_deadlock_on_the_way_to_the_end_does_not_hide_the_error(main: Callable[[], Awaitable[None]]) -> None:
    with pytest.raises(SystemTaskError, match="no one hears"):
        run(main)
    assert isinstance(run_schedule(main, oldest).error, SystemTaskError)


def test_calls_that_fail_one_after_the_other_leave_time_to_clean_up() -> None:
    cleaned = []

    async def main() -> None:
        def fails() -> None:
            raise ValueError("no one hears")

        for _ in range(3):
            trio.lowlevel.current_trio_token().run_sync_soon(fails)
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(1)
            cleaned.append(True)

    with pytest.raises(SystemTaskError):
        run(main)
    assert cleaned == [True]


def test_a_system_task_that_exits_is_a_system_task_that_raised() -> None:
    async def main() -> None:
        async def exits() -> None:
            raise SystemExit(7)

        trio.lowlevel.spawn_system_task(exits)
        await trio.sleep_forever()

    with pytest.raises(SystemTaskError, match="SystemExit: 7"):
        run(main)


def test_calls_that_ask_for_each_other_for_ever_meet_the_step_limit() -> None:
    async def main() -> None:
        token = trio.lowlevel.current_trio_token()

        def again() -> None:
            token.run_sync_soon(again)

        again()
        await trio.sleep_forever()

    assert isinstance(run_schedule(main, oldest, step_limit=200).error, StepLimitError)


def test_ctrl_c_in_a_call_is_no_failure_of_it() -> None:
    async def main() -> None:
        def interrupts() -> None:
            raise KeyboardInterrupt

        trio.lowlevel.current_trio_token().run_sync_soon(interrupts)
        await trio.sleep_forever()

    with pytest.raises(KeyboardInterrupt):
        run_schedule(main, oldest)
