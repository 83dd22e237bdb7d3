"""What 100,000 connected clients that share one section cost: memory while idle, time per call.

    python benchmarks/clients.py [--smoke] [--check]

Each client is connected and has the section mapped. Resident memory is the growth of the process's resident set
(/proc/self/statm; elsewhere the peak that the operating system reports) divided by the clients; tracemalloc, in a
run of its own as it slows everything down, is the cross-check; there "replied" is what an idle client takes after a
call with a reply, which it has freed.

Time per call is measured in two ways, each client calling once. "Few at a time": 100 tasks share the clients among
them, so that as many calls are on their way with 1,000 clients as with 100,000 and only the number of idle clients
differs. "A task each": every client has a task of its own, all start at once, and 64 workers serve the queue; the
last column is what trio takes to start and end that many tasks that only yield once. Only the first is judged; the
ratios of all three are printed.

Every population is measured in a process of its own; sizes alternate, and a ratio is the median of the rounds.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter_ns

import trio
from _bars import Bar, options, verdict

import lsart

RESIDENT_BAR = 6.0  # KiB for an idle client
TIME_BAR = 1.5  # time per call among many clients / among few

FEW, MANY, ROUNDS = 1_000, 100_000, 3
SMOKE_MANY, SMOKE_ROUNDS = 5_000, 1
DRIVERS = 100
LEAST_CALLS = 20_000  # a small population calls again and again, so that its time is not all start-up

Measurement = dict[str, float]


class Empty:
    """A section that clients share, and a function that does nothing, or sends a message back if there is one."""

    async def SpInitialize(
        self, package_id: int, parameters: lsart.SECPKG_PARAMETERS, table: lsart.FunctionTable
    ) -> None:
        self.table = table
        self.section = await table.CreateSharedMemory(max_size=65536, initial_size=4096)

    async def LsaApCallPackageUntrusted(
        self, client_request: lsart.ClientRequest, submit_buffer: bytes, client_base: None, length: int
    ) -> lsart.CallPackageReply | None:
        return await self.table.reply(client_request, submit_buffer) if submit_buffer else None


def resident() -> int:
    """Bytes of this process that are in memory."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def connect(lsa: lsart.Lsa, count: int) -> list[lsart.Client]:
    section = lsa.memory.sections()[0]
    clients = []
    for _ in range(count):
        client = lsa.start_client()
        client.connect(trusted=False)
        client.map(section)
        clients.append(client)
    return clients


async def few_at_a_time(clients: Sequence[lsart.Client], call: Callable[[lsart.Client], Awaitable[object]]) -> None:
    async def drive(share: Iterator[lsart.Client]) -> None:
        for client in share:
            await call(client)

    shared = iter(clients)  # each client is taken by one driver, whichever is free
    async with trio.open_nursery() as nursery:
        for _ in range(DRIVERS):
            nursery.start_soon(drive, shared)


async def a_task_each(clients: Sequence[lsart.Client], call: Callable[[lsart.Client], Awaitable[object]]) -> None:
    async with trio.open_nursery() as nursery:
        for client in clients:
            nursery.start_soon(call, client)


async def measure(count: int, traced: bool) -> Measurement:
    """Everything about a population of `count`."""
    async with lsart.open_lsa(Empty, settings=lsart.LsaSettings(watchdog=None)) as lsa:
        number = lsa.packages[0].authentication_id

        async def call(client: lsart.Client) -> object:
            return await client.LsaCallAuthenticationPackage(client.handle, number, b"")

        async def call_with_reply(client: lsart.Client) -> None:
            reply = await client.LsaCallAuthenticationPackage(client.handle, number, b"message")
            assert isinstance(reply.protocol_return_buffer, lsart.Pointer)
            await client.LsaFreeReturnBuffer(reply.protocol_return_buffer)

        async def only_yield(client: lsart.Client) -> None:
            await trio.lowlevel.checkpoint()

        async with lsa.connect() as client:
            await few_at_a_time([client] * 1_000, call)  # starts the workers
        gc.collect()
        if traced:
            tracemalloc.start()
        before, begin = resident(), perf_counter_ns()
        clients = connect(lsa, count)
        connecting = perf_counter_ns() - begin
        gc.collect()
        grown = resident() - before
        if traced:
            idle = tracemalloc.get_traced_memory()[0]
            await few_at_a_time(clients, call_with_reply)
            gc.collect()
            return {"traced": idle / count / 1024, "replied": tracemalloc.get_traced_memory()[0] / count / 1024}
        times: Measurement = {}
        for name, way, work in (
            ("few", few_at_a_time, call),
            ("each", a_task_each, call),
            ("tasks", a_task_each, only_yield),
        ):
            again = -(-LEAST_CALLS // count)
            begin = perf_counter_ns()
            for _ in range(again):
                await way(clients, work)
            times[name] = (perf_counter_ns() - begin) / again / count / 1e3
        return {"resident": grown / count / 1024, "connect": connecting / count / 1e3, **times}


def in_a_process_of_its_own(count: int, *, traced: bool = False) -> Measurement:
    command = [sys.executable, __file__, f"--measure={count}", *(["--traced"] if traced else [])]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=os.environ).stdout
    found: Measurement = json.loads(output)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    given = options("Measure a large population of clients.", arguments)
    few, many, rounds = FEW, (SMOKE_MANY if given.smoke else MANY), (SMOKE_ROUNDS if given.smoke else ROUNDS)
    found: dict[int, list[Measurement]] = {few: [], many: []}
    for number in range(rounds):
        for count in (few, many) if number % 2 else (many, few):
            found[count].append(in_a_process_of_its_own(count))

    def median(count: int, name: str) -> float:
        return statistics.median(each[name] for each in found[count])

    print(
        f"{'':>9}{'KiB each':>10}{'KiB each':>10}{'KiB each':>10}{'connect':>10}{'us per call':>13}{'us per call':>13}"
        f"{'us per':>10}\n{'clients':>9}{'resident':>10}{'traced':>10}{'replied':>10}{'us':>10}{'few at once':>13}"
        f"{'a task each':>13}{'bare task':>10}"
    )
    traced: Measurement = {}
    for count in found:
        traced = in_a_process_of_its_own(count, traced=True)
        print(
            f"{count:>9,}{median(count, 'resident'):>10.2f}{traced['traced']:>10.2f}{traced['replied']:>10.2f}"
            f"{median(count, 'connect'):>10.1f}"
            f"{median(count, 'few'):>13.1f}{median(count, 'each'):>13.1f}{median(count, 'tasks'):>10.1f}"
        )
    ratio = {
        name: statistics.median(big[name] / small[name] for big, small in zip(found[many], found[few], strict=True))
        for name in ("few", "each", "tasks")
    }
    print(f"{'ratio':>9}{'':>40}{ratio['few']:>13.2f}{ratio['each']:>13.2f}{ratio['tasks']:>10.2f}")
    bars = [
        Bar("KiB resident per idle client", median(many, "resident"), RESIDENT_BAR),
        Bar("KiB traced per idle client that had a reply", traced["replied"], RESIDENT_BAR),
        Bar(f"time per call, {many:,} clients against {few:,}", ratio["few"], TIME_BAR),
    ]
    code = verdict(bars, check=given.check)
    print(
        f"\nThe time that is judged is 'few at once': {DRIVERS} calls are on their way in both populations, so that\n"
        "only the number of idle clients differs, which is what the bar is about.\n"
        f"Not judged: 'a task each', {ratio['each']:.2f} times. There are as many tasks as clients there, and bare\n"
        f"trio tasks that only yield cost {ratio['tasks']:.2f} times as much each among so many, without lsart."
    )
    return code


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1].startswith("--measure="):
        population = int(sys.argv[1].partition("=")[2])
        print(json.dumps(lsart.run(measure, population, "--traced" in sys.argv, clock="real")))
    else:
        sys.exit(main())
