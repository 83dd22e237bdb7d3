"""A call runs in a worker, never in the client's task: a client can go at once, and the call runs on."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from lsas import Log, in_use, scripted, simulated

import lsart
from lsart.contract import (
    STATUS_ACCESS_VIOLATION,
    STATUS_INVALID_PARAMETER,
    STATUS_NO_MEMORY,
    STATUS_SUCCESS,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    ProcessTerminated,
    StatusError,
)
from lsart.events import BlockFreed, CallFinished, CallQueued, CallStarted
from lsart.runtime import LsaSettings

SECOND = 1_000_000_000


async def echo(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
    return await table.reply(request, message)


async def slow(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
    await trio.sleep(1)
    return await table.reply(request, message)


@pytest.mark.rule("LCP-4", "LCP-5")
@simulated
async def test_a_reply_reaches_the_client_with_the_packages_own_result(log: Log) -> None:
    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        return await table.reply(request, message[::-1], protocol_status=7)

    async with lsart.open_lsa(scripted("a", call=call), bus=log.bus) as lsa, lsa.connect() as client:
        reply = await client.call("a", b"abc")
        assert (reply.protocol_status, reply.data) == (7, b"cba")
    finished = log.one(CallFinished)
    assert (finished.status, finished.protocol_status, finished.delivered) == (STATUS_SUCCESS, 7, True)


@simulated
async def test_a_call_runs_in_a_worker_task_and_not_in_the_clients() -> None:
    tasks: list[str] = []

    def call(*_: object) -> None:
        tasks.append(trio.lowlevel.current_task().name)

    async with lsart.open_lsa(scripted("a", call=call)) as lsa, lsa.connect() as client:
        for _ in range(3):
            await client.call("a", b"")
    assert tasks == ["LSA worker 1"] * 3  # kept for the next call


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        (None, (0, b"")),
        (CallPackageReply(), (0, b"")),
        (CallPackageReply(protocol_status=5), (5, b"")),
        ((None, 0, 6), (6, b"")),
        (CallPackageReply(protocol_status=-1), (0xFFFF_FFFF, b"")),
    ],
)
@simulated
async def test_nothing_a_reply_or_its_three_parts_may_be_returned(returned: Any, expected: tuple[int, bytes]) -> None:
    async with lsart.open_lsa(scripted("a", call=lambda *_: returned)) as lsa, lsa.connect() as client:
        reply = await client.call("a", b"")
    assert (reply.protocol_status, reply.data) == expected


@simulated
async def test_the_pool_serves_up_to_its_limit_and_the_rest_queue_in_order(log: Log) -> None:
    settings = LsaSettings(workers=2)
    async with lsart.open_lsa(scripted("a", call=slow), bus=log.bus, settings=settings) as lsa:

        async def client(number: int) -> None:
            async with lsa.connect(f"c{number}") as each:
                await trio.sleep(number / 100)
                await each.call("a", b"")

        async with trio.open_nursery() as nursery:
            for number in range(5):
                nursery.start_soon(client, number)
            await trio.sleep(0.5)
            pool = lsa.dispatcher
            assert (pool.workers, pool.queue_length, pool.in_flight) == (2, 3, 5)
        assert (pool.workers, pool.queue_length, pool.in_flight) == (2, 0, 0)
    assert [(each.client, each.depth) for each in log.of(CallQueued)] == [("c2", 1), ("c3", 2), ("c4", 3)]
    started = [(each.client, each.queued_ns, each.worker) for each in log.of(CallStarted)]
    assert started == [
        ("c0", 0, 1),
        ("c1", 0, 2),
        ("c2", SECOND - 20_000_000, 1),
        ("c3", SECOND - 20_000_000, 2),
        ("c4", 2 * SECOND - 40_000_000, 1),
    ]


@simulated
async def test_without_a_limit_every_call_starts_at_once(log: Log) -> None:
    async with lsart.open_lsa(scripted("a", call=slow), bus=log.bus, settings=LsaSettings(workers=None)) as lsa:
        async with trio.open_nursery() as nursery:
            for _ in range(100):
                client = lsa.start_client()
                client.connect(trusted=False)
                nursery.start_soon(client.call, "a", b"")
        assert lsa.dispatcher.workers == 100
    assert log.of(CallQueued) == []


@pytest.mark.parametrize("workers", [0, -1])
def test_a_pool_without_workers_is_refused(workers: int) -> None:
    with pytest.raises(ValueError, match="at least one worker, or None for no limit"):
        LsaSettings(workers=workers)


# ---------------------------------------------------------------------- clients that go in mid-call


class Cut:
    """A package whose call touches the client's memory a second after it was made, and what came of it."""

    def __init__(self) -> None:
        self.results: list[object] = []
        self.package = scripted("a", call=self.call)

    async def call(self, table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        early = await table.AllocateClientBuffer(request, 16)
        await table.CopyToClientBuffer(request, 5, early, b"early")
        await trio.sleep(1)
        for attempt in (
            lambda: table.CopyToClientBuffer(request, 4, early, b"late"),
            lambda: table.CopyFromClientBuffer(request, 4, early),
            lambda: table.AllocateClientBuffer(request, 8),
        ):
            try:
                self.results.append(await attempt())
            except StatusError as error:
                self.results.append(error.status)
        self.results.append(lsart.now_ns())
        return CallPackageReply(early, 5)


@simulated
async def test_a_terminated_client_is_gone_at_once_and_the_call_runs_on_without_its_memory(log: Log) -> None:
    cut = Cut()
    async with lsart.open_lsa(cut.package, bus=log.bus) as lsa:
        client = lsa.start_client("victim")
        client.connect(trusted=False)
        gone: list[int] = []

        async def calling() -> None:
            with pytest.raises(ProcessTerminated, match="victim ended during call 1"):
                await client.call("a", b"")
            gone.append(lsart.now_ns())

        async with trio.open_nursery() as nursery:
            nursery.start_soon(calling)
            await lsart.sleep_ns(SECOND // 2)
            client.terminate()
        assert gone == [SECOND // 2]
        assert lsa.clients == ()
        assert in_use(lsa) == {}  # its buffer went with it, while the call still runs
        assert lsa.dispatcher.in_flight == 1
        await trio.sleep(1)
    assert cut.results == [STATUS_ACCESS_VIOLATION, STATUS_ACCESS_VIOLATION, STATUS_NO_MEMORY, SECOND]
    assert not log.one(CallFinished).delivered
    assert in_use(lsa) == {}


@simulated
async def test_a_cancelled_client_leaves_at_once_and_its_unread_reply_is_freed(log: Log) -> None:
    async with lsart.open_lsa(scripted("a", call=slow), bus=log.bus) as lsa, lsa.connect("alice") as client:
        with trio.move_on_after(0.5) as scope:
            await client.call("a", b"reply")
        assert scope.cancelled_caught
        assert lsart.now_ns() == SECOND // 2
        await trio.sleep(1)
        finished = log.one(CallFinished)
        assert (finished.delivered, finished.status, finished.latency_ns) == (False, STATUS_SUCCESS, SECOND)
        freed = log.one(BlockFreed)
        assert (freed.origin.function, freed.origin.client) == ("discard", "alice")
        assert in_use(lsa) == {}
        assert (await client.call("a", b"again")).data == b"again"  # the process lives on


@simulated
async def test_a_call_whose_client_goes_while_it_queues_is_served_for_nobody(log: Log) -> None:
    served: list[bytes] = []

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await trio.sleep(1)
        served.append(message)

    settings = LsaSettings(workers=1)
    package = scripted("a", call=call)
    async with lsart.open_lsa(package, bus=log.bus, settings=settings) as lsa, trio.open_nursery() as nursery:
        for message in (b"first", b"second"):
            client = lsa.start_client(message.decode())
            client.connect(trusted=False)
            nursery.start_soon(client.call, "a", message)
            await trio.sleep(0.1)
        nursery.cancel_scope.cancel()
    assert served == [b"first", b"second"]
    assert [each.delivered for each in log.of(CallFinished)] == [False, False]


def test_a_client_that_dies_between_the_answer_and_its_next_step_reads_no_memory_it_lost() -> None:
    victim: list[lsart.Client] = []

    async def kill() -> None:
        victim[0].terminate()

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        reply = await table.reply(request, message)
        trio.lowlevel.spawn_system_task(kill)  # it and the client go on in the same turn of the loop, in either order
        return reply

    async def main() -> str:
        async with lsart.open_lsa(scripted("a", call=call)) as lsa:
            client = lsa.start_client()
            client.connect(trusted=False)
            victim[:] = [client]
            try:
                return (await client.call("a", b"x")).data.decode()
            except ProcessTerminated:
                return "terminated"

    assert {lsart.run(main, seed=seed) for seed in range(12)} == {"x", "terminated"}


@simulated
async def test_a_request_is_worth_nothing_outside_its_call() -> None:
    kept: list[ClientRequest] = []

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        if kept:
            await table.AllocateClientBuffer(kept[0], 8)
        kept.append(request)

    package = scripted("a", call=call)
    async with lsart.open_lsa(package) as lsa, lsa.connect() as client:
        await client.call("a", b"")
        with pytest.raises(StatusError) as caught:
            await client.call("a", b"")
        assert caught.value.status == STATUS_INVALID_PARAMETER
        with pytest.raises(StatusError, match="is no call that a serves"):
            await package.table.AllocateClientBuffer(kept[0], 8)


@simulated
async def test_a_task_that_a_package_starts_in_a_call_may_use_its_request() -> None:
    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        replies: list[CallPackageReply] = []

        async def child() -> None:
            replies.append(await table.reply(request, message))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)
        return replies[0]

    async with lsart.open_lsa(scripted("a", call=call)) as lsa, lsa.connect() as client:
        assert (await client.call("a", b"hello")).data == b"hello"


def test_a_plain_trio_run_needs_nothing_of_ours() -> None:
    async def main() -> bytes:
        async with lsart.open_lsa("minimal") as lsa, lsa.connect() as client:
            return (await client.call("minimal", b"hello")).data

    assert trio.run(main) == b"hello"


async def test_a_pytest_trio_test_with_an_autojump_clock_works(autojump_clock: trio.testing.MockClock) -> None:
    async with lsart.open_lsa(scripted("a", call=slow)) as lsa, lsa.connect() as client:
        assert (await client.call("a", b"hello")).data == b"hello"
        assert lsart.now_ns() >= SECOND
