"""What a client call costs, against a round trip between two trio tasks.

    python benchmarks/calls.py [--smoke] [--check]

The baseline is a request through one memory channel of size 0 and a reply through another, between two tasks of a
plain ``trio.run``. A call goes from the client's task to a worker's and back, with handle, package and client
checked on the way. All on the real clock, so modelled costs are off.

Each round measures every contestant once, in turning order; a ratio is the median over the rounds of the ratio
within the round, so that a slow spell of the machine hits both sides.
"""

from __future__ import annotations

import gc
import statistics
import sys
from collections.abc import Callable, Sequence
from time import perf_counter_ns

import trio
from _bars import Bar, options, verdict
from _round_trips import MESSAGE, WARM_UP, round_trips

import lsart

EMPTY_BAR = 1.5  # at most so many times the round trip of the baseline
SHARED_BAR = 2.5

ROUNDS, CALLS = 15, 4_000
SMOKE_ROUNDS, SMOKE_CALLS = 2, 300


class Empty:
    """Does nothing, so that what is left is the call."""

    async def SpInitialize(
        self, package_id: int, parameters: lsart.SECPKG_PARAMETERS, table: lsart.FunctionTable
    ) -> None:
        self.table = table

    async def LsaApCallPackageUntrusted(
        self, client_request: lsart.ClientRequest, submit_buffer: bytes, client_base: None, length: int
    ) -> lsart.CallPackageReply | None:
        return None


class Shared(Empty):
    """Allocates a block of its section, writes to it, frees it."""

    async def SpInitialize(
        self, package_id: int, parameters: lsart.SECPKG_PARAMETERS, table: lsart.FunctionTable
    ) -> None:
        self.table = table
        section = await table.CreateSharedMemory(max_size=65536, initial_size=4096)
        assert section is not None
        self.section = section

    async def LsaApCallPackageUntrusted(
        self, client_request: lsart.ClientRequest, submit_buffer: bytes, client_base: None, length: int
    ) -> lsart.CallPackageReply | None:
        table = self.table
        block = await table.AllocateSharedMemory(self.section, length)
        assert block is not None
        await table.memory.write(block, submit_buffer)
        await table.FreeSharedMemory(self.section, block)
        return None


class Replying(Empty):
    """Sends the message back in a client buffer."""

    async def LsaApCallPackageUntrusted(
        self, client_request: lsart.ClientRequest, submit_buffer: bytes, client_base: None, length: int
    ) -> lsart.CallPackageReply | None:
        return await self.table.reply(client_request, submit_buffer)


async def calls(package: type[Empty], count: int) -> int:
    """Nanoseconds for `count` calls of a package."""
    async with lsart.open_lsa(package) as lsa, lsa.connect("client") as client:
        number = await client.LsaLookupAuthenticationPackage(client.handle, lsa.packages[0].name)

        async def ask(times: int) -> None:
            for _ in range(times):
                reply = await client.LsaCallAuthenticationPackage(client.handle, number, MESSAGE)
                buffer = reply.protocol_return_buffer
                if isinstance(buffer, lsart.Pointer):
                    await client.LsaFreeReturnBuffer(buffer)

        await ask(WARM_UP)
        begin = perf_counter_ns()
        await ask(count)
        return perf_counter_ns() - begin


def measured_calls(package: type[Empty]) -> Callable[[int], int]:
    return lambda count: lsart.run(calls, package, count, clock="real")


BASELINE = "trio channel(0) round trip"
EMPTY = "client call, empty function"
SHARED = "... allocate, write, free"
REPLYING = "... reply in a client buffer, freed"
CONTESTANTS: tuple[tuple[str, Callable[[int], int]], ...] = (
    (BASELINE, lambda count: trio.run(round_trips, count)),
    (EMPTY, measured_calls(Empty)),
    (SHARED, measured_calls(Shared)),
    (REPLYING, measured_calls(Replying)),
)


def main(arguments: Sequence[str] | None = None) -> int:
    given = options("Measure client calls against trio's channels.", arguments)
    rounds, count = (SMOKE_ROUNDS, SMOKE_CALLS) if given.smoke else (ROUNDS, CALLS)
    times: dict[str, list[int]] = {name: [] for name, _ in CONTESTANTS}
    for number in range(rounds):
        for index in range(len(CONTESTANTS)):
            name, contestant = CONTESTANTS[(number + index) % len(CONTESTANTS)]
            gc.collect()
            times[name].append(contestant(count))
    ratios = {
        name: statistics.median(ours / base for ours, base in zip(values, times[BASELINE], strict=True))
        for name, values in times.items()
    }
    print(f"{'':<40}{'best us':>10}{'median us':>12}{'ratio':>10}")
    for name, values in times.items():
        best, median = min(values) / count / 1e3, statistics.median(values) / count / 1e3
        print(f"{name:<40}{best:>10.2f}{median:>12.2f}{ratios[name]:>10.2f}")
    bars = [Bar(EMPTY, ratios[EMPTY], EMPTY_BAR), Bar(SHARED, ratios[SHARED], SHARED_BAR)]
    return verdict(bars, check=given.check)


if __name__ == "__main__":
    sys.exit(main())
