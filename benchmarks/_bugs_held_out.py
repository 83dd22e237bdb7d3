"""Ten more seeded bugs, which no strategy was tuned on: the catalogue.

Strategies were chosen and tuned while one looked at the fifteen of `_bugs.py`, so their numbers there are better than
they would be elsewhere. These say how much better, as long as nobody tunes anything on them: whoever does so writes a
new set. The models were chosen from the literature before anything was measured. Positions and sizes were then set so
that they are as deep and as rare as is asked of the fifteen, with nothing but DFS and the random walk to look at.

The bugs of waiting and waking are here, those of plain shared memory in `_bugs_held_out_more.py`. The stage and what a
depth is are those of the fifteen, and the same tests prove them. So of programs of another shape, with more that is
shared or less that is private, these say no more than the fifteen do.
"""

from __future__ import annotations

import trio
from _bugs import Bug, Model, SeededBug
from _bugs_held_out_more import first_reader, second_life, single_flight, stolen_twice, turn_taken
from _bugs_more import play, private

from lsart.engine import point

__all__ = ["HELD_OUT"]


def upgrade(tasks: int, steps: int) -> Model:
    """Two clients read under a lock that readers share. Each finds that it must write, and waits, without giving up
    its share, until nobody else reads. If both read at once, each waits for the other."""

    async def main() -> None:
        readers = 0
        readers_changed = trio.Condition()

        async def client() -> None:
            nonlocal readers
            async with readers_changed:
                readers += 1
            async with readers_changed:
                while readers > 1:
                    await readers_changed.wait()
                readers -= 1  # it has the lock for itself, writes and is done
                readers_changed.notify_all()

        async def early() -> None:
            await client()
            await private(0, steps - 4)

        async def late() -> None:
            await private(1, steps)  # later than elsewhere: its window is wide, and it shall be rare
            await client()

        await play(tasks, steps, {"client-1": early, "client-2": late})

    return main


def closed_while_sending(tasks: int, steps: int) -> Model:
    """A worker sees that the channel is open and sends its reply. The server closes the channel in between."""

    async def main() -> None:
        is_closing = False
        replies, _client = trio.open_memory_channel[str](1)

        async def worker() -> None:
            await point("closing", "r")
            if not is_closing:
                try:
                    await replies.send("done")
                except trio.ClosedResourceError:
                    raise Bug("the worker sent a reply into a channel that the server had closed") from None
            await private(0, steps - 2)

        async def server() -> None:
            nonlocal is_closing
            await private(1, steps - 1)
            await point("closing", "w")
            is_closing = True
            replies.close()

        await play(tasks, steps, {"worker": worker, "server": server})

    return main


def wrong_waiter(tasks: int, steps: int) -> Model:
    """A worker waits for a job and an auditor for a moment in which nobody is busy, both on one condition. A client
    that is done with both tells one of them. If that is the auditor, the worker waits for ever."""

    async def main() -> None:
        is_busy = False
        jobs: list[str] = []
        changed = trio.Condition()

        async def client() -> None:
            nonlocal is_busy
            async with changed:
                is_busy = True
            async with changed:
                jobs.append("call")
                is_busy = False
                changed.notify()
            await private(0, steps - 4)

        async def auditor() -> None:
            await private(1, steps - 2)
            async with changed:
                while is_busy:
                    await changed.wait()

        async def worker() -> None:
            await private(2, steps - 2)
            async with changed:
                while not jobs:
                    await changed.wait()
                jobs.pop()
                changed.notify()  # whoever waits for the quiet is not forgotten here

        await play(tasks, steps, {"client-1": client, "auditor": auditor, "worker": worker})

    return main


def lock_before_semaphore(tasks: int, steps: int) -> Model:
    """Who takes a buffer from a pool takes the pool's lock first and then waits for a buffer to be free. Who gives one
    back needs the lock for that. If the pool is empty, the one waits for the other."""

    async def main() -> None:
        pool = trio.Lock()
        free = trio.Semaphore(1)

        async def use_a_buffer() -> None:
            async with pool:
                await free.acquire()
            async with pool:
                free.release()

        async def early() -> None:
            await use_a_buffer()
            await private(0, steps - 6)

        async def late() -> None:
            await private(1, steps + 2)  # later than elsewhere: its window is wide, and it shall be rare
            await use_a_buffer()

        await play(tasks, steps, {"client-1": early, "client-2": late})

    return main


def paid_twice(tasks: int, steps: int) -> Model:
    """A client that gets no reply in time sends its request again. A worker looks whether a request was carried out
    already, carries it out and notes it. If another gets the second copy in between, both carry it out."""

    async def main() -> None:
        paid = 0
        seen: set[str] = set()
        to_workers, requests = trio.open_memory_channel[str](2)
        replied = trio.Event()

        async def client() -> None:
            await to_workers.send("pay 10")
            with trio.move_on_after(0.05):
                await replied.wait()
            if not replied.is_set():
                to_workers.send_nowait("pay 10")
            to_workers.close()
            await private(0, steps - 2)

        async def work() -> None:
            nonlocal paid
            async for request in requests:
                await point("seen", "r")
                if request not in seen:
                    await point("seen", "w")
                    seen.add(request)
                    paid += 10
                replied.set()

        async def early() -> None:
            await work()
            await private(1, steps - 4)

        async def late() -> None:
            await private(2, steps - 2)
            await work()

        await play(tasks, steps, {"client-1": client, "worker-1": early, "worker-2": late})
        if paid != 10:
            raise Bug(f"client-1 asked for 10 to be paid, and {paid} were")

    return main


HELD_OUT = (
    SeededBug("upgrade", 2, upgrade, source="Gray, Reuter: Transaction Processing: Concepts and Techniques, 1993"),
    SeededBug(
        "closed while sending",
        2,
        closed_while_sending,
        source="Tu, Liu, Song, Zhang: Understanding Real-World Concurrency Bugs in Go, ASPLOS 2019",
    ),
    SeededBug(
        "wrong waiter",
        2,
        wrong_waiter,
        source="Long, Strooper: A Classification of Concurrency Failures in Java Components, IPDPS 2003",
    ),
    SeededBug(
        "lock before semaphore",
        2,
        lock_before_semaphore,
        source="Dijkstra: Cooperating Sequential Processes, in: Programming Languages, 1968",
    ),
    SeededBug(
        "paid twice",
        2,
        paid_twice,
        time_is_a_choice=True,
        source="Birrell, Nelson: Implementing Remote Procedure Calls, ACM Transactions on Computer Systems 1984",
    ),
    SeededBug(
        "stolen twice",
        2,
        stolen_twice,
        source="Frigo, Leiserson, Randall: The Implementation of the Cilk-5 Multithreaded Language, PLDI 1998",
    ),
    SeededBug("second life", 2, second_life, source="Kroah-Hartman: kobjects and krefs, Linux Symposium 2004"),
    SeededBug(
        "first reader",
        3,
        first_reader,
        source="Courtois, Heymans, Parnas: Concurrent Control with Readers and Writers, Communications of the ACM 1971",
    ),
    SeededBug(
        "turn taken",
        3,
        turn_taken,
        source="Hyman: Comments on a Problem in Concurrent Programming Control, Communications of the ACM 1966",
    ),
    SeededBug(
        "single flight",
        3,
        single_flight,
        source="The Go project, issue 31420, on forgetting a call of x/sync/singleflight, 2019",
    ),
)
