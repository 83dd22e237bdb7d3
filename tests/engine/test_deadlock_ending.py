"""A run that is deadlocked ends: every task gets to clean up, and none can keep the run alive."""

import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
import trio
from deadlocks import deadlock_of, wait_of

from lsart.engine import DeadlockError, VirtualClock, Wait, now_ns, sleep_ns


def test_all_tasks_clean_up_before_the_run_ends() -> None:
    cleaned: list[tuple[str, int]] = []

    async def child(name: str) -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await sleep_ns(5)
            cleaned.append((name, now_ns()))

    async def main() -> None:
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(child, "a")
                nursery.start_soon(child, "b")
        finally:
            cleaned.append(("main", now_ns()))

    found = deadlock_of(main)
    assert found.time_ns == 0
    assert found.__context__ is None
    assert sorted(cleaned[:2]) == [("a", 5), ("b", 5)]
    assert cleaned[2:] == [("main", 5)]


def test_a_shielded_wait_is_cancelled_too_and_the_first_deadlock_is_told() -> None:
    cleaned = []

    async def stubborn() -> None:
        try:
            with trio.CancelScope(shield=True):
                await trio.sleep_forever()
        finally:
            cleaned.append("stubborn")

    async def meek() -> None:
        try:
            await trio.sleep_forever()
        finally:
            cleaned.append("meek")

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stubborn, name="stubborn")
            nursery.start_soon(meek, name="meek")

    assert [wait.task for wait in deadlock_of(main).waits[1:]] == ["stubborn", "meek"]
    assert cleaned == ["meek", "stubborn"]


def test_a_shielded_system_task_does_not_keep_the_run_alive() -> None:
    cleaned = []

    async def daemon() -> None:
        try:
            with trio.CancelScope(shield=True):
                await trio.sleep_forever()
        finally:
            cleaned.append("daemon")

    async def main() -> None:
        trio.lowlevel.spawn_system_task(daemon, name="daemon")
        await trio.lowlevel.checkpoint()

    assert wait_of(main) == Wait("daemon", "sleep_forever")
    assert cleaned == ["daemon"]


def test_a_wait_that_cannot_be_cancelled_gets_the_deadlock_raised_inside() -> None:
    cleaned = []

    async def refuser() -> None:
        try:
            await trio.lowlevel.wait_task_rescheduled(lambda _: trio.lowlevel.Abort.FAILED)
        finally:
            cleaned.append("refuser")

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(refuser, name="refuser")

    found = deadlock_of(main)
    assert found.__notes__ == ["could not be cancelled, so the deadlock was raised inside: refuser"]
    assert cleaned == ["refuser"]


def test_a_task_that_shields_itself_again_and_again_gets_the_deadlock_raised_inside() -> None:
    async def main() -> None:
        trio.lowlevel.current_task().name = "stubborn"
        while True:
            with trio.CancelScope(shield=True):
                try:
                    await trio.sleep_forever()
                except trio.Cancelled:
                    continue

    found = deadlock_of(main)
    assert found.__notes__ == ["could not be cancelled, so the deadlock was raised inside: stubborn"]


def test_an_async_generator_that_never_closes_does_not_keep_the_run_alive() -> None:
    kept = []

    async def generator() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep_forever()

    async def main() -> None:
        kept.append(generator())
        await anext(kept[0])

    assert wait_of(main).waits_for == "sleep_forever"


def test_a_task_that_ends_for_nothing_is_given_up_and_named() -> None:
    # In a process of its own: its coroutine stays behind, and complains when it is collected.
    program = """if True:
        import trio
        from lsart.engine import DeadlockError, run

        async def immortal():
            while True:
                with trio.CancelScope(shield=True):
                    try:
                        await trio.sleep_forever()
                    except BaseException:
                        continue

        try:
            run(immortal)
        except DeadlockError as error:
            print(error.__notes__[-1], flush=True)
    """
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert said.stdout == "would not end, so given up without clean-up: __main__.immortal\n"


def test_an_error_raised_while_unwinding_is_kept_as_context() -> None:
    async def main() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise KeyError("lost")

    found = deadlock_of(main)
    assert isinstance(found.__context__, KeyError)


def test_a_main_that_returns_after_the_deadlock_does_not_hide_it() -> None:
    async def main() -> int:
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            return 1  # a fault of the program, but not one that may hide another

    assert wait_of(main).waits_for == "sleep_forever"


def test_a_plain_trio_run_on_the_virtual_clock_ends_with_the_deadlock_as_cause() -> None:
    cleaned = []
    clock = VirtualClock()

    async def main() -> None:
        try:
            await trio.sleep_forever()
        finally:
            cleaned.append("main")

    for _ in range(2):  # the second run of one clock must not remember the first
        with pytest.raises(trio.TrioInternalError) as caught:
            trio.run(main, clock=clock)
        causes = _chain(caught.value)
        assert any(isinstance(cause, DeadlockError) for cause in causes), causes
    assert cleaned == ["main", "main"]


def _chain(error: BaseException) -> list[BaseException]:
    found = [error]
    for each in found:
        found.extend(e for e in (each.__cause__,) if e is not None)
        if isinstance(each, BaseExceptionGroup):
            found.extend(each.exceptions)
    return found
