"""The held-out bugs that are mostly about memory that tasks share. `_bugs_held_out.py` says what they are for."""

from __future__ import annotations

import trio
from _bugs_more import Bug, Model, play, private

from lsart.engine import point, touch

__all__ = ["first_reader", "second_life", "single_flight", "stolen_twice", "turn_taken"]

# ---------------------------------------------------------------------- depth 2


def stolen_twice(tasks: int, steps: int) -> Model:
    """Jobs lie in a queue with two ends. Its owner moves the tail and looks at the head only then. A thief must do it
    the other way about, but this one looks at the tail first: both can get the last job."""

    async def main() -> None:
        head, tail = 0, 1
        takers: list[str] = []

        async def thief() -> None:
            nonlocal head
            await point("tail", "r")
            seen = tail
            await point("head", "w")
            if head < seen:
                head += 1
                takers.append("the thief")
            await private(0, steps - 2)

        async def owner() -> None:
            nonlocal tail
            await private(1, steps - 2)
            await point("tail", "w")
            tail -= 1
            await point("head", "r")
            if head <= tail:
                takers.append("the owner")

        await play(tasks, steps, {"thief": thief, "owner": owner})
        if len(takers) > 1:
            raise Bug(f"there was one job, and both {' and '.join(takers)} took it")

    return main


def second_life(tasks: int, steps: int) -> Model:
    """Who drops the last reference takes the session out of the table and frees it. A client that finds it there in
    between takes a reference, and drops what is the last one again: the session is freed twice."""

    async def main() -> None:
        count = 1
        table = {"session"}
        freed = 0

        async def drop() -> None:
            nonlocal count, freed
            await point("count", "w")
            count -= 1
            if count == 0:
                await point("table", "w")
                table.discard("session")
                freed += 1

        async def holder() -> None:
            await drop()
            await private(0, steps - 2)

        async def finder() -> None:
            nonlocal count
            await private(1, steps - 2)
            await point("table", "r")
            if "session" in table:
                touch("count")  # finding it and counting is one step, as under the lock of a table
                count += 1
                await drop()

        await play(tasks, steps, {"client-1": holder, "client-2": finder})
        if freed != 1:
            raise Bug(f"the session was freed {freed} times")

    return main


# ---------------------------------------------------------------------- depth 3


def first_reader(tasks: int, steps: int) -> Model:
    """The first of several readers locks writers out, for all of them; but it lets others see that it is there before
    it has the lock. A second one then reads unprotected. To see a write half way, it must be stopped in its reading."""

    async def main() -> None:
        readers = 0
        length, buffer = 4, "abcd"
        writing = trio.Semaphore(1)

        async def read() -> None:
            nonlocal readers
            await point("readers", "w")
            readers += 1
            if readers == 1:
                await writing.acquire()
            await point("buffer", "r")
            wanted = length
            await point("buffer", "r")
            if len(buffer) != wanted:
                raise Bug(f"a reader was told of {wanted} bytes, and then the buffer had {len(buffer)}")
            await point("readers", "w")
            readers -= 1
            if readers == 0:
                writing.release()

        async def early() -> None:
            await read()
            await private(0, steps - 6)

        async def late() -> None:
            await private(1, steps - 4)
            await read()

        async def writer() -> None:
            nonlocal length, buffer
            await private(2, steps - 2)
            async with writing:
                await point("buffer", "w")
                length, buffer = 8, "abcdefgh"

        await play(tasks, steps, {"reader-1": early, "reader-2": late, "writer": writer})

    return main


def turn_taken(tasks: int, steps: int) -> Model:
    """A client may enter if it is its turn. If not, it waits until the other wants nothing and then takes the turn;
    but the other may have come in between, as it is still its turn. Both are inside if it has not left again by then.
    """

    async def main() -> None:
        turn = 0
        wants = [False, False]
        has_left = trio.Event(), trio.Event()
        inside = 0

        async def enter_and_leave(me: int) -> None:
            nonlocal turn, inside
            other = 1 - me
            await point(f"wants {me}", "w")
            wants[me] = True
            await point("turn", "r")
            while turn != me:
                await point(f"wants {other}", "r")
                if wants[other]:
                    await has_left[other].wait()
                await point("turn", "w")
                turn = me
                await point("turn", "r")
            await point("inside", "w")
            inside += 1
            if inside > 1:
                raise Bug(f"client-{me + 1} came in while client-{other + 1} was still inside")
            await point("inside", "w")
            inside -= 1
            await point(f"wants {me}", "w")
            wants[me] = False
            has_left[me].set()

        async def early() -> None:
            await enter_and_leave(1)
            await private(1, steps - 8)

        async def late() -> None:
            await private(0, steps - 5)
            await enter_and_leave(0)

        await play(tasks, steps, {"client-2": early, "client-1": late})

    return main


def single_flight(tasks: int, steps: int) -> Model:
    """Who asks for a key while another loads it joins that load. A client that changes the key has the load forgotten
    and begins a new one. When the old load ends, it strikes out the new one by mistake, and a third begins."""

    async def main() -> None:
        loads: dict[str, str] = {}
        fresh: set[str] = set()  # loads that began after the change and go on

        async def load(client: str) -> None:
            loads["key"] = client
            await point("store", "r")
            await point("loads", "w")
            loads.pop("key", None)  # without a look at whose it is
            fresh.discard(client)

        async def first() -> None:
            await point("loads", "w")
            if "key" not in loads:
                await load("client-1")
            await private(0, steps - 3)

        async def changer() -> None:
            await private(1, steps // 2)
            await point("store", "w")
            await point("loads", "w")
            loads.pop("key", None)
            fresh.add("client-2")
            await load("client-2")
            await private(1, steps - 4 - steps // 2)

        async def last() -> None:
            await private(2, steps - 1)
            await point("loads", "w")
            if "key" not in loads:
                if fresh:
                    raise Bug("client-3 begins to load the key, though client-2 is loading it already")
                await load("client-3")

        await play(tasks, steps, {"client-1": first, "client-2": changer, "client-3": last})

    return main
