"""Fifteen seeded concurrency bugs, for measuring how soon a strategy finds them: the catalogue.

The bugs of waiting, waking and cancelling are here, those of plain shared memory in `_bugs_more.py`, where the stage is
described. A bug of depth d shows itself in no schedule of fewer than d - 1 preemptions; tests/exploration/test_bugs.py
proves that for four tasks of ten steps.
"""

from __future__ import annotations

import attrs
import trio
from _bugs_more import (
    Bug,
    Builder,
    Model,
    aba,
    check_then_use,
    grant_chain,
    lost_update,
    order_violation,
    play,
    premature_free,
    private,
    stale_cache,
    two_variables,
    use_after_free,
)

from lsart.engine import point

__all__ = ["BUGS", "Bug", "Builder", "Model", "SeededBug"]


@attrs.frozen
class SeededBug:
    """A bug that is known, and how hard it is to meet.

    `make` takes the number of tasks and the steps of each, and returns the model. `time_is_a_choice`: it shows itself
    only if time may move while tasks can run. `source`: where the pattern is described.
    """

    name: str
    depth: int
    make: Builder
    time_is_a_choice: bool = False
    source: str = attrs.field(kw_only=True)


def lock_order(tasks: int, steps: int) -> Model:
    """Two clients take two locks in opposite orders. If each has one, both wait for ever."""

    async def main() -> None:
        session, heap = trio.Lock(), trio.Lock()

        async def one() -> None:
            async with session, heap:
                pass
            await private(0, steps - 4)

        async def two() -> None:
            await private(1, steps - 1)
            async with heap, session:
                pass

        await play(tasks, steps, {"client-1": one, "client-2": two})

    return main


def lost_wakeup(tasks: int, steps: int) -> Model:
    """A worker sees that there is no job and waits to be told of one, but looks before it takes the condition's lock.
    A job that comes in between is told to nobody, and the worker waits for ever."""

    async def main() -> None:
        jobs: list[str] = []
        has_jobs = trio.Condition()

        async def worker() -> None:
            await point("jobs", "r")
            if not jobs:
                async with has_jobs:
                    await has_jobs.wait()
            await private(0, steps - 4)

        async def client() -> None:
            await private(1, steps - 3)
            await point("jobs", "w")
            jobs.append("call")
            async with has_jobs:
                has_jobs.notify()

        await play(tasks, steps, {"worker": worker, "client-1": client})

    return main


def missed_shutdown(tasks: int, steps: int) -> Model:
    """A worker that has nothing to do notes that it is idle and waits for a message; who shuts down sends one to
    workers that are idle. A shutdown after the worker looked for one and before it noted that it is idle passes by."""

    async def main() -> None:
        is_closing = is_idle = False
        to_worker, messages = trio.open_memory_channel[str](1)

        async def worker() -> None:
            nonlocal is_idle
            await point("closing", "r")
            if not is_closing:
                await point("idle", "w")
                is_idle = True
                await messages.receive()
            await private(0, steps - 4)

        async def server() -> None:
            nonlocal is_closing
            await private(1, steps - 2)
            await point("closing", "w")
            is_closing = True
            await point("idle", "r")
            if is_idle:
                to_worker.send_nowait("end")

        await play(tasks, steps, {"worker": worker, "server": server})

    return main


def cancelled_inside(tasks: int, steps: int) -> Model:
    """A client moves money from one account to another and writes the journal between the two, where it can be
    cancelled. If a server cancels it just there, the money has left one account and reaches no other."""

    async def main() -> None:
        accounts = [100, 0]
        journal, _entries = trio.open_memory_channel[str](2)
        call = trio.CancelScope()

        async def client() -> None:
            with call:
                await point("accounts", "w")
                if not call.cancel_called:  # nothing is done yet, so there is nothing to undo
                    accounts[0] -= 10
                    await journal.send("client-1 moves 10")
                    await point("accounts", "w")
                    accounts[1] += 10
            await private(0, steps - 4)

        async def server() -> None:
            await private(1, steps - 2)
            call.cancel()
            await journal.send("client-1 is cancelled")

        await play(tasks, steps, {"client-1": client, "server": server})
        if sum(accounts) != 100:
            raise Bug(f"client-1 was cancelled, and of 100 there are {sum(accounts)} left")

    return main


def timeout_race(tasks: int, steps: int) -> Model:
    """A client that waits too long for a reply withdraws its request and frees the buffer. A server that looked at the
    request just before writes its reply into a buffer that is gone."""

    async def main() -> None:
        is_withdrawn = is_freed = False
        replied = trio.Event()

        async def client() -> None:
            nonlocal is_withdrawn, is_freed
            with trio.move_on_after(0.05) as patience:
                await replied.wait()
            if patience.cancelled_caught:
                await point("request", "w")
                is_withdrawn = True
                await point("buffer", "w")
                is_freed = True
            await private(0, steps - 4)

        async def server() -> None:
            await private(1, steps - 2)
            await point("request", "r")
            if not is_withdrawn:
                await point("buffer", "w")
                if is_freed:
                    raise Bug("the server wrote its reply into a buffer that the client had given up and freed")
            replied.set()

        await play(tasks, steps, {"client-1": client, "server": server})

    return main


def half_published(tasks: int, steps: int) -> Model:
    """Who comes first makes a pool under a lock, but lets others see it before it is filled. Who finds it made does not
    take the lock, and so may find it empty."""

    async def main() -> None:
        pools: dict[str, list[str]] = {}
        making = trio.Lock()

        async def make_pool() -> None:
            async with making:
                await point("pools", "w")
                if "pool" not in pools:
                    pools["pool"] = []
                    await point("pool", "w")
                    pools["pool"].append("block")

        async def early() -> None:
            await make_pool()
            await private(0, steps - 4)

        async def late() -> None:
            await private(1, steps - 2)
            await point("pools", "r")
            if "pool" not in pools:
                await make_pool()
            await point("pool", "r")
            if not pools["pool"]:
                raise Bug("client-2 was given a pool that client-1 had not filled yet")

        await play(tasks, steps, {"client-1": early, "client-2": late})

    return main


_MISTAKES = "Lu, Park, Seo, Zhou: Learning from Mistakes, ASPLOS 2008"
_PATTERNS = "Farchi, Nir, Ur: Concurrent Bug Patterns and How to Test Them, IPDPS 2003"

BUGS = (
    SeededBug("lost update", 2, lost_update, source=_MISTAKES),
    SeededBug(
        "check then use",
        2,
        check_then_use,
        source="Wang, Krinke, Lu, Li, Dodier-Lazaro: How Double-Fetch Situations Turn into Double-Fetch"
        " Vulnerabilities, USENIX Security 2017",
    ),
    SeededBug(
        "lock order", 2, lock_order, source="Coffman, Elphick, Shoshani: System Deadlocks, ACM Computing Surveys 1971"
    ),
    SeededBug("lost wake-up", 2, lost_wakeup, source=_PATTERNS),
    SeededBug("two variables", 2, two_variables, source="Lu, Park, Hu, Ma, Jiang, Li, Popa, Zhou: MUVI, SOSP 2007"),
    SeededBug("order violation", 2, order_violation, source=_MISTAKES),
    SeededBug(
        "ABA", 2, aba, source="Michael: Hazard Pointers, IEEE Transactions on Parallel and Distributed Systems 2004"
    ),
    SeededBug(
        "missed shutdown",
        2,
        missed_shutdown,
        source="Tu, Liu, Song, Zhang: Understanding Real-World Concurrency Bugs in Go, ASPLOS 2019",
    ),
    SeededBug(
        "cancelled inside",
        2,
        cancelled_inside,
        source="Marlow, Peyton Jones, Moran, Reppy: Asynchronous Exceptions in Haskell, PLDI 2001",
    ),
    SeededBug(
        "timeout race",
        2,
        timeout_race,
        time_is_a_choice=True,
        source="Leesatapornwongsa, Lukman, Lu, Gunawi: TaxDC, ASPLOS 2016",
    ),
    SeededBug("stale cache", 2, stale_cache, source="Nishtala et al.: Scaling Memcache at Facebook, NSDI 2013"),
    SeededBug(
        "half published",
        2,
        half_published,
        source="Meyers, Alexandrescu: C++ and the Perils of Double-Checked Locking, Dr. Dobb's Journal 2004",
    ),
    SeededBug(
        "use after free",
        3,
        use_after_free,
        source="Huang: UFO: Predictive Concurrency Use-After-Free Detection, ICSE 2018",
    ),
    SeededBug(
        "grant chain",
        3,
        grant_chain,
        source="Burckhardt, Kothari, Musuvathi, Nagarakatte: A Randomized Scheduler with Probabilistic Guarantees of"
        " Finding Bugs, ASPLOS 2010",
    ),
    SeededBug("premature free", 3, premature_free, source="Park, Lu, Zhou: CTrigger, ASPLOS 2009"),
)
