"""The outside world: trio's own loop on our clock waits for it, a virtual run refuses it."""

import signal
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
import trio

from lsart.engine import DeadlockError, VirtualClock, VirtualTimeError, now_ns, run, sleep_ns

T = TypeVar("T")


def outside(main: Callable[[], Awaitable[T]]) -> T:
    """In trio's own loop, which has an outside world, on our clock."""
    return trio.run(main, clock=VirtualClock())


def deadlock_of(main: Callable[[], Awaitable[object]]) -> DeadlockError:
    """The deadlock that ends a run in trio's own loop."""
    with pytest.raises(trio.TrioInternalError) as caught:
        outside(main)
    found: BaseException | None = caught.value
    while not isinstance(found, DeadlockError):
        assert found is not None
        found = found.exceptions[0] if isinstance(found, BaseExceptionGroup) else found.__cause__
    return found


def test_a_wait_for_a_thread_is_no_deadlock() -> None:
    async def main() -> str:
        def work() -> str:
            time.sleep(0.05)
            return trio.from_thread.run_sync(lambda: "done")

        return await trio.to_thread.run_sync(work)

    assert outside(main) == "done"


def test_a_wait_for_a_socket_is_no_deadlock() -> None:
    ours, theirs = socket.socketpair()
    late = threading.Timer(0.02, theirs.send, [b"x"])

    async def main() -> bytes:
        late.start()
        await trio.lowlevel.wait_readable(ours)
        return ours.recv(1)

    with ours, theirs:
        assert outside(main) == b"x"
        late.join()


def test_bytes_that_lie_in_a_socket_win_against_a_timeout() -> None:
    ours, theirs = socket.socketpair()

    async def send_later() -> None:
        await sleep_ns(5)
        theirs.send(b"x")

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send_later)
            with trio.fail_after(1):
                await trio.lowlevel.wait_readable(ours)
        assert now_ns() == 5

    with ours, theirs:
        outside(main)


def test_a_deadlock_inside_a_thread_is_a_deadlock() -> None:
    async def main() -> None:
        await trio.to_thread.run_sync(trio.from_thread.run, trio.sleep_forever)

    assert deadlock_of(main).waits[0].waits_for == "sleep_forever"


def test_a_second_wait_outside_is_found_after_the_first_has_ended() -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for milliseconds in (1, 5, 10):
                nursery.start_soon(trio.to_thread.run_sync, time.sleep, milliseconds / 1000)
        await trio.sleep_forever()

    assert deadlock_of(main).time_ns == 0


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="needs a signal to send to ourselves")
def test_a_wait_for_a_signal_is_no_deadlock() -> None:
    late = threading.Timer(0.02, lambda: signal.raise_signal(signal.SIGUSR1))

    async def main() -> int:
        with trio.open_signal_receiver(signal.SIGUSR1) as signals:
            late.start()
            async for number in signals:
                return number
        raise AssertionError

    assert outside(main) == signal.SIGUSR1
    late.join()


def test_ctrl_c_reaches_a_run_that_waits_outside() -> None:
    ours, theirs = socket.socketpair()
    late = threading.Timer(0.02, lambda: signal.raise_signal(signal.SIGINT))
    cleaned = []

    async def main() -> None:
        late.start()
        try:
            await trio.lowlevel.wait_readable(ours)
        finally:
            cleaned.append(now_ns())

    with ours, theirs, pytest.raises(KeyboardInterrupt):
        outside(main)
    late.join()
    assert cleaned == [0]


def test_a_virtual_run_refuses_the_outside_world_by_name() -> None:
    started: list[int] = []

    async def thread() -> None:
        await trio.to_thread.run_sync(started.append, 1)

    async def descriptor() -> None:
        await trio.lowlevel.wait_readable(0)

    async def a_signal() -> None:
        with trio.open_signal_receiver(signal.SIGTERM) as signals:
            async for _ in signals:
                pass

    for main, named in ((thread, "trio.to_thread.run_sync"), (descriptor, "wait_readable"), (a_signal, "signal")):
        with pytest.raises(VirtualTimeError, match=rf"{named}.* virtual clock.* or use the real clock"):
            run(main)
    assert started == []


def test_threads_are_refused_only_to_the_run_that_is_virtual() -> None:
    async def beside() -> str:
        return await trio.to_thread.run_sync(lambda: "a thread")

    async def main() -> str:
        found: list[str] = []
        other = threading.Thread(target=lambda: found.append(trio.run(beside)))
        other.start()
        other.join()
        return found[0]

    assert run(main) == "a thread"


def test_ctrl_c_reaches_a_run_that_is_busy_in_virtual_time() -> None:
    async def main() -> None:
        while True:
            await sleep_ns(1)
            if now_ns() == 1000:
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(main)
