"""Whether the loop works on the trio that is installed: asked once per process, by running something small in it.

When it does not, runs take place in trio's own loop, which is slower and reaches fewer orders; a warning says so once.
"""

from __future__ import annotations

import functools
import warnings

import trio

from lsart.engine._clock import VirtualClock
from lsart.engine._loop import Loop
from lsart.engine._loop_parts import only_run
from lsart.engine._schedule import Ready, Trace

__all__ = ["loop_works"]


@functools.cache
def loop_works() -> bool:
    """Whether virtual runs can use the loop. Not to be asked inside a run."""
    with only_run():
        try:
            problem = _problem()
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
    if problem:
        warnings.warn(
            f"lsart's loop does not work on trio {trio.__version__} ({problem}); runs use trio's own, which is slower "
            "and reaches fewer schedules. Install a trio that lsart is tested with: 0.26 to 0.35",
            RuntimeWarning,
            stacklevel=3,
        )
    return not problem


def _problem() -> str:
    """What went wrong in a run that uses one of each; nothing if nothing did."""

    loop = Loop(clock=VirtualClock(), choose=Ready.canonical, trace=Trace(), handles_signals=True)
    result = loop.run(_one_of_each).unwrap()
    return "" if result == ["locked", "sent", "woken", "timed out", "cancelled"] else f"it came to {result!r}"


async def _one_of_each() -> list[str]:
    done: list[str] = []
    lock, event = trio.Lock(), trio.Event()
    send, receive = trio.open_memory_channel[str](0)

    async def other() -> None:
        async with lock:
            done.append("locked")
        await send.send("sent")
        event.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(other)
        done.append(await receive.receive())
        await event.wait()
        done.append("woken")
        with trio.move_on_after(1):
            await trio.sleep_forever()
        done.append("timed out" if trio.current_time() == 1 else "late")
        nursery.start_soon(trio.sleep_forever)
        nursery.cancel_scope.cancel()
    done.append("cancelled")
    return done
