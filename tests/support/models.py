"""Small programs to be explored: some with a bug that few schedules show, some that cannot be explored at all.

All of them stand at the top of this module, so that other processes can import them.
"""

from __future__ import annotations

import contextlib
import functools
import random
import socket
import threading
import time
from collections.abc import Iterable

import attrs
import trio

from lsart.engine import point
from lsart.exploration import Model, as_model

__all__ = [
    "BUGS",
    "always_fails",
    "connects",
    "crowd",
    "draws_chance",
    "draws_chance_in_its_label",
    "handover",
    "keeps_state",
    "livelock",
    "lock_order",
    "lost_update",
    "never_fails",
    "not_async",
    "reads_the_clock",
    "several_increments",
    "sleeps_for_real",
    "starts_a_thread",
    "takes_arguments",
    "timeout_race",
    "two_bugs",
    "uses_a_thread_of_trios",
]


async def lost_update() -> None:
    """Two clerks add one to a balance. One preemption between reading and writing loses an update."""
    await several_increments(2)


async def several_increments(clerks: int) -> None:
    """So many clerks, each of whom reads the balance and writes it back, one larger."""
    balance = 0

    async def clerk() -> None:
        nonlocal balance
        await point("balance", "r")
        seen = balance
        await point("balance", "w")
        balance = seen + 1

    async with trio.open_nursery() as nursery:
        for number in range(clerks):
            nursery.start_soon(clerk, name=f"clerk-{number + 1}")
    assert balance == clerks, f"the balance is {balance}, not {clerks}"


async def handover() -> None:
    """A slot is looked up, freed, given to another and used. It takes three tasks in the one wrong order."""
    slot = ["first"]

    async def user() -> None:
        await point("slot", "r")
        is_mine = slot == ["first"]
        await point("slot", "r")
        assert not is_mine or slot != ["other"], "the slot is another's by now"

    async def frees() -> None:
        await point("slot", "w")
        slot.clear()

    async def takes() -> None:
        await point("slot", "w")
        if not slot:
            slot.append("other")
        await point("slot", "w")
        slot[:] = ["gone"]

    async with trio.open_nursery() as nursery:
        nursery.start_soon(user, name="user")
        nursery.start_soon(takes, name="takes")
        nursery.start_soon(frees, name="frees")


async def lock_order() -> None:
    """Two tasks take two locks, in opposite orders."""
    door, safe = trio.Lock(), trio.Lock()

    async def cashier() -> None:
        async with door, safe:
            pass

    async def guard() -> None:
        async with safe, door:
            pass

    async with trio.open_nursery() as nursery:
        nursery.start_soon(cashier)
        nursery.start_soon(guard)


async def livelock() -> None:
    """Two walkers in a corridor. Each steps aside as long as the other stands in the way."""
    wants = {"left": False, "right": False}

    async def walker(own: str, other: str) -> None:
        await point("corridor")
        wants[own] = True
        await point("corridor", "r")
        while wants[other]:
            await point("corridor", "r")
            await trio.lowlevel.checkpoint()  # a point alone cannot be cancelled
        wants[own] = False

    async with trio.open_nursery() as nursery:
        nursery.start_soon(walker, "left", "right", name="left")
        nursery.start_soon(walker, "right", "left", name="right")


async def timeout_race() -> None:
    """A reply comes after 1 s, long before the limit of 2 s; on a busy machine the limit comes first all the same."""
    replies: list[str] = []

    async def server() -> None:
        await trio.sleep(1)
        replies.append("reply")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(server)
        with trio.move_on_after(2) as scope:
            while not replies:
                await trio.sleep(0.5)
                await point("replies", "r")
        assert replies or not scope.cancelled_caught, "gave up before the reply"


async def two_bugs() -> None:
    """Who comes first decides what goes wrong."""
    order: list[str] = []

    async def comes(name: str) -> None:
        await point("order")
        order.append(name)

    async with trio.open_nursery() as nursery:
        for name in ("first", "second", "third"):
            nursery.start_soon(comes, name, name=name)
    assert order[0] != "second", "the second came first"
    if order[0] == "third":
        raise LookupError("the third came first")


async def never_fails() -> None:
    """The balance again, under a lock."""
    lock = trio.Lock()
    balance = 0

    async def clerk() -> None:
        nonlocal balance
        async with lock:
            await point("balance", "r")
            seen = balance
            await point("balance", "w")
            balance = seen + 1

    async with trio.open_nursery() as nursery:
        for _ in range(2):
            nursery.start_soon(clerk)
    assert balance == 2


async def always_fails() -> None:
    """Under every schedule."""
    raise RuntimeError("always")


async def draws_chance() -> None:
    """Chance that no seed decides: it takes another path each time."""
    for throw in range(40):
        if random.random() < 0.5:
            await point(f"throw {throw}")


async def draws_chance_in_its_label() -> None:
    """The path is always the same; what is announced is not."""
    await point(f"number {random.getrandbits(60)}")


async def reads_the_clock() -> None:
    """The wall clock decides what it announces."""
    await point(f"at {time.time()}")


async def sleeps_for_real() -> None:
    """As long as the real time says, which is never the same twice."""
    began = time.perf_counter_ns()
    time.sleep(0.0001)
    await point(f"slept {time.perf_counter_ns() - began}")


async def uses_a_thread_of_trios() -> None:
    """A wait for the real world."""
    await trio.to_thread.run_sync(str)


async def starts_a_thread() -> None:
    """The thread ends when it likes."""
    seen: list[int] = []
    thread = threading.Thread(target=seen.append, args=(1,))
    thread.start()
    await point(f"seen by {thread.ident} at {time.monotonic_ns()}")
    thread.join()


async def connects() -> None:
    """A wait for a socket."""
    one, other = socket.socketpair()
    with contextlib.ExitStack() as stack:
        for each in (one, other):
            stack.callback(each.close)
            each.setblocking(False)
        await trio.lowlevel.wait_readable(one)


_runs: list[int] = []


async def keeps_state() -> None:
    """Each run takes a step more than the one before."""
    _runs.append(1)
    for _ in _runs:
        await point("runs")


def not_async() -> None:
    """Nothing to await."""


async def takes_arguments(first: int, second: int) -> None:
    """Nobody knows which."""


def crowd(clerks: int) -> Model:
    """The lost update among so many clerks; two of them are enough."""

    def smaller() -> Iterable[Model]:
        return [crowd(fewer) for fewer in range(1, clerks)]

    main = functools.partial(several_increments, clerks)
    return attrs.evolve(as_model(main, name=f"crowd-{clerks}", labelled=True), smaller=smaller)


BUGS = {
    "lost update": as_model(lost_update, labelled=True),
    "handover": as_model(handover, labelled=True),
    "lock order": as_model(lock_order, labelled=True),
    "livelock": as_model(livelock, labelled=True, step_limit=100),
    "timeout race": as_model(timeout_race, labelled=True, time_is_a_choice=True),
}
"""Those that fail under few schedules."""
