"""The stage on which the seeded bugs play, and those of them that need nothing but memory that tasks share.

Each is a builder: given how many tasks and about how many steps for each, it makes a model, which is to be run once or
as often as wanted. The tasks of the story race early in one and late in another, so that orders drawn at random rarely
meet the bug. Everybody else, and what the story's tasks do besides, touches what is nobody else's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import trio

from lsart.engine import point

__all__ = [
    "Bug",
    "Builder",
    "Model",
    "aba",
    "check_then_use",
    "grant_chain",
    "lost_update",
    "order_violation",
    "play",
    "premature_free",
    "private",
    "stale_cache",
    "two_variables",
    "use_after_free",
]

Model: TypeAlias = Callable[[], Awaitable[None]]
Builder: TypeAlias = Callable[[int, int], Model]
"""From the number of tasks and the steps of each."""


class Bug(Exception):  # noqa: N818  (that it is one is the point, not that it is an error of ours)
    """A seeded bug has shown itself."""


async def private(task: int, steps: int) -> None:
    """Steps that concern nobody else."""
    for _ in range(steps):
        await point(f"own {task}")


async def play(tasks: int, steps: int, cast: Mapping[str, Model]) -> None:
    """Run the tasks of a story by their names, and bystanders until there are `tasks` in all.

    Bystanders come first: a search that changes the last decisions first then meets the story sooner.
    """
    async with trio.open_nursery() as nursery:
        for number in range(len(cast), tasks):
            nursery.start_soon(private, number, steps, name=f"bystander-{number - len(cast) + 1}")
        for name, part in cast.items():
            nursery.start_soon(part, name=name)


# ---------------------------------------------------------------------- depth 2


def lost_update(tasks: int, steps: int) -> Model:
    """Two clients count a reference each by reading the count and writing it back. What one writes between the read
    and the write of the other is overwritten."""

    async def main() -> None:
        count = 0

        async def early() -> None:
            nonlocal count
            await point("count", "r")
            seen = count
            await point("count", "w")
            count = seen + 1
            await private(0, steps - 2)

        async def late() -> None:
            nonlocal count
            await private(1, steps - 2)
            await point("count", "r")
            seen = count
            await point("count", "w")
            count = seen + 1

        await play(tasks, steps, {"client-1": early, "client-2": late})
        if count != 2:
            raise Bug(f"two clients took a reference and the count is {count}")

    return main


def check_then_use(tasks: int, steps: int) -> Model:
    """The server reads a length from shared memory to check it, and reads it again to use it. A client makes it larger
    in between."""

    async def main() -> None:
        length = 16

        async def server() -> None:
            await point("length", "r")
            is_good = length <= 16
            await point("length", "r")
            if is_good and length > 16:
                raise Bug(f"the server checked a length of at most 16 and used {length}")
            await private(0, steps - 2)

        async def client() -> None:
            nonlocal length
            await private(1, steps - 1)
            await point("length", "w")
            length = 4096

        await play(tasks, steps, {"server": server, "client-1": client})

    return main


def two_variables(tasks: int, steps: int) -> Model:
    """A length and a buffer belong together. The server writes one, then the other; a client that reads both in
    between sees a length that is not the buffer's."""

    async def main() -> None:
        length, buffer = 4, "abcd"

        async def server() -> None:
            nonlocal length, buffer
            await point("length", "w")
            length = 8
            await point("buffer", "w")
            buffer = "abcdefgh"
            await private(0, steps - 2)

        async def client() -> None:
            await private(1, steps - 2)
            await point("length", "r")
            wanted = length
            await point("buffer", "r")
            if len(buffer) < wanted:
                raise Bug(f"the client was told of {wanted} bytes, but the buffer has {len(buffer)}")

        await play(tasks, steps, {"server": server, "client-1": client})

    return main


def order_violation(tasks: int, steps: int) -> Model:
    """The server starts a worker and notes the worker's session only then. The worker counts on the note, which is
    there unless the server is held up for as long as the worker needs to get that far."""

    async def main() -> None:
        sessions: dict[str, str] = {}

        async def worker() -> None:
            await private(tasks - 1, steps - 1)
            await point("sessions", "r")
            if "worker" not in sessions:
                raise Bug("the worker looked for its session before the server had noted it")

        async def server() -> None:
            async with trio.open_nursery() as workers:
                workers.start_soon(worker, name="worker")
                await point("sessions", "w")
                sessions["worker"] = "open"
                await private(0, steps - 1)

        await play(tasks - 1, steps, {"server": server})

    return main


def aba(tasks: int, steps: int) -> Model:
    """A client takes the top node of a stack if it is still the one it saw, and puts in its place what was below then.
    Another takes two nodes and gives the first one back: the top looks as before, what is below it does not."""

    async def main() -> None:
        stack = ["C", "B", "A"]  # the last one is the top
        taken: set[str] = set()

        async def compare_and_swap() -> None:
            await point("stack", "r")
            top, below = stack[-1], stack[-2]
            await point("stack", "w")
            if stack[-1] == top:
                del stack[-1]
                if below in taken:
                    raise Bug(f"client-1 makes {below} the top of the stack, which client-2 has taken out")
            await private(0, steps - 2)

        async def pop_pop_push() -> None:
            await private(1, steps - 3)
            await point("stack", "w")
            first = stack.pop()
            await point("stack", "w")
            taken.add(stack.pop())
            await point("stack", "w")
            stack.append(first)

        await play(tasks, steps, {"client-1": compare_and_swap, "client-2": pop_pop_push})

    return main


def stale_cache(tasks: int, steps: int) -> Model:
    """A client finds an entry evicted, reads the store and fills the cache. Another writes the store and evicts the
    entry between the two, so that the old value comes into the cache and stays there."""

    async def main() -> None:
        store = {"policy": "old"}
        cache: dict[str, str] = {}

        async def reader() -> None:
            await point("store", "r")
            value = store["policy"]
            await point("cache", "w")
            cache["policy"] = value
            await private(0, steps - 2)

        async def writer() -> None:
            await private(1, steps - 2)
            await point("store", "w")
            store["policy"] = "new"
            await point("cache", "w")
            cache.pop("policy", None)

        await play(tasks, steps, {"client-1": reader, "client-2": writer})
        if cache.get("policy", "new") != store["policy"]:
            raise Bug("the cache keeps the old policy, though the entry was evicted when the new one was stored")

    return main


# ---------------------------------------------------------------------- depth 3


def use_after_free(tasks: int, steps: int) -> Model:
    """A client looks up where its block lies and uses it later. Meanwhile the server moves blocks: it frees the block
    and takes one of that size again, mostly the same. Only if somebody else gets it in between is the client wrong."""

    async def main() -> None:
        owners: dict[int, str | None] = {1: "client-1", 2: None}
        places = {"client-1": 1}

        def allocate(owner: str) -> None:
            place = next(place for place, found in owners.items() if found is None)
            owners[place] = owner
            places[owner] = place

        async def user() -> None:
            await point("heap", "r")
            place = places.get("client-1")
            await point("heap", "r")
            if place is not None and owners[place] not in ("client-1", None):
                raise Bug(f"client-1 reads block {place}, which was freed and now belongs to {owners[place]}")
            await private(0, steps - 2)

        async def mover() -> None:
            await private(1, steps // 2)
            await point("heap", "w")
            owners[places.pop("client-1")] = None
            await point("heap", "w")
            allocate("client-1")
            await private(1, steps - 2 - steps // 2)

        async def other() -> None:
            await private(2, steps - 1)
            await point("heap", "w")
            allocate("client-2")

        await play(tasks, steps, {"client-1": user, "server": mover, "client-2": other})

    return main


def grant_chain(tasks: int, steps: int) -> Model:
    """The server grants something and takes the grant back. A client that saw the grant asks, a broker confirms what
    was asked for. The client has to be stopped between the two, inside a window of the server's."""

    async def main() -> None:
        is_granted = False
        request = "none"

        async def server() -> None:
            nonlocal is_granted
            await point("grant", "w")
            is_granted = True
            await private(0, steps // 3)
            await point("grant", "w")
            is_granted = False
            await private(0, steps - 2 - steps // 3)

        async def client() -> None:
            nonlocal request
            await private(1, steps - 4)
            await point("grant", "r")
            if is_granted:
                await point("request", "w")
                request = "made"
                await point("grant", "r")
                was_withdrawn = not is_granted
                await point("request", "r")
                if was_withdrawn and request == "confirmed":
                    raise Bug("the client holds a confirmed request for a grant that was taken back")

        async def broker() -> None:
            nonlocal request
            await private(2, steps - 1)
            await point("request", "w")
            if request == "made":
                request = "confirmed"

        await play(tasks, steps, {"server": server, "client-1": client, "broker": broker})

    return main


def premature_free(tasks: int, steps: int) -> Model:
    """Each of two clients has a reference. One drops its own while the other takes a second one: the count misses the
    second. Nothing comes of that unless the first is done just before the other drops one: the block is freed under it.
    """

    async def main() -> None:
        count = 2
        is_free = False

        async def change(by: int) -> None:
            nonlocal count, is_free
            await point("count", "r")
            seen = count
            await point("count", "w")
            count = seen + by
            is_free = is_free or count == 0

        async def dropper() -> None:
            await change(-1)
            await private(0, steps - 2)

        async def holder() -> None:
            await private(1, steps - 5)
            await change(+1)
            await change(-1)
            await point("count", "r")
            if is_free:
                raise Bug("the block was freed while client-2 still has a reference to it")

        await play(tasks, steps, {"client-1": dropper, "client-2": holder})

    return main
