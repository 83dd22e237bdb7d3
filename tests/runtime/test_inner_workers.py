"""Whether the call of a package needs a worker of its own, and what happens when all of them wait for one."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import trio
from callers import SLOTS, Callee, calls, calls_with
from lsas import Log, in_use, scripted, simulated

import lsart
from lsart.contract import (
    STATUS_NO_SUCH_PACKAGE,
    STATUS_SUCCESS,
    STATUS_UNSUCCESSFUL,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    StatusError,
)
from lsart.events import BlockLeaked, CallFinished, CallQueued, CallStarted, WorkersExhausted
from lsart.runtime import LsaSettings
from lsart.watch import Monitor


def settings(worker: str = "another", **given: Any) -> LsaSettings:
    choices: dict[str, Any] = {"call_package_worker": worker}
    return LsaSettings(choices=lsart.Choices(**choices), **given)


async def asks_b(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
    await trio.sleep(1)  # so that all clients are being served before the first of them goes on
    reply, length, status = await table.CallPackage("b", message, len(message))
    assert reply is not None
    data = await table.memory.read(reply, length)
    await table.FreeReturnBuffer(reply)
    return await table.reply(request, data, int(status))


async def echoes_slowly(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
    await trio.sleep(1)
    return await Callee.echo(table, request, message)


async def clients_call(log: Log, count: int, options: LsaSettings) -> None:
    answers: list[bytes] = []

    async def client(lsa: lsart.Lsa, name: str) -> None:
        async with lsa.connect(name) as each:
            answers.append((await each.call("a", name.encode())).data)

    packages = Callee(echoes_slowly), calls_with(asks_b)
    async with lsart.open_lsa(*packages, bus=log.bus, settings=options) as lsa, trio.open_nursery() as nursery:
        for name in "xyz"[:count]:
            nursery.start_soon(client, lsa, name, name=name)
            await trio.sleep(0.1)
    assert sorted(answers) == [b"re " + name.encode() for name in "xyz"[:count]]
    assert in_use(lsa) == {}


@simulated
async def test_the_worker_that_serves_the_caller_serves_the_callee(log: Log) -> None:
    await clients_call(log, 2, settings("same", workers=2))
    assert [each.package for each in log.of(CallStarted)] == ["a", "a"]
    assert log.of(CallQueued) == []


@pytest.mark.choice("call_package_worker", "another")
@simulated
async def test_a_callee_may_need_a_worker_of_its_own(log: Log) -> None:
    await clients_call(log, 2, settings(workers=3))
    started = log.of(CallStarted)
    assert [(each.package, each.client) for each in started[:2]] == [("a", "x"), ("a", "y")]
    assert [(each.package, each.client, each.worker) for each in started[2:]] == [
        ("callee", "x", 3),
        ("callee", "y", 3),
    ]
    assert log.one(CallQueued).package == "callee"
    assert log.of(WorkersExhausted) == []  # the third worker will be free
    finished = [each for each in log.of(CallFinished) if each.package == "callee"]
    assert [(each.operation, each.status, each.protocol_status) for each in finished] == [("CallPackage", 0, None)] * 2


@pytest.mark.parametrize("count", [1, 2, 3])
def test_workers_that_all_wait_for_a_worker_are_told_and_the_deadlock_names_them(count: int, log: Log) -> None:
    monitor = Monitor(log.bus)

    async def main() -> None:
        await clients_call(log, count, settings(workers=count))

    with pytest.raises(lsart.DeadlockError) as caught:
        lsart.run(main)
    clients = tuple("xyz"[:count])
    told = log.one(WorkersExhausted)
    assert (told.workers, told.package, told.clients) == (count, "callee", clients)
    lines = str(caught.value).splitlines()
    for number, name in enumerate(clients, 1):
        line = f"  LSA worker {number} waits for a free worker to call 'b'; all {count} serve {', '.join(clients)}"
        assert line in lines
        assert f"  {name} waits for the reply of 'a' to call {number}, held by LSA worker {number}" in lines
    (warning,) = monitor.summary().warnings
    assert (warning.category, warning.subject, warning.count) == ("exhaustion", "worker pool", 1)
    assert warning.cause == "every worker waits for a worker"
    assert warning.worst_offender == f"the calls of {', '.join(clients)}, the last of them into callee"
    with warnings.catch_warnings(record=True) as issued:
        warnings.simplefilter("always")
        monitor.warn()
    assert [each.category for each in issued] == [lsart.ExhaustionWarning]


@pytest.mark.parametrize("worker", ["same", "another"])
def test_exploring_finds_the_schedule_that_exhausts_the_pool(worker: str) -> None:
    async def asks(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await table.CallPackage("b", message, len(message))

    async def main() -> None:
        options = settings(worker, workers=2, watchdog=None)

        async def client(name: str) -> None:
            async with lsa.connect(name) as each:
                await each.call("a", b"")

        packages = Callee(lambda *_: None), calls_with(asks)
        async with lsart.open_lsa(*packages, settings=options) as lsa, trio.open_nursery() as nursery:
            for name in "xy":
                nursery.start_soon(client, name, name=name)

    found = lsart.explore(main, strategy="dpor", labelled=True, schedules=2000).failure
    if worker == "same":
        assert found is None
    else:
        assert found is not None
        assert found.symptom.kind == "deadlock"
        assert "waits for a free worker to call 'b'" in found.story


@simulated
async def test_the_end_of_the_client_does_not_reach_the_caller(log: Log) -> None:
    ended: list[object] = []

    async def does(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        await trio.sleep(2)
        return await table.reply(request, b"done")

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        reply, _, _ = await table.CallPackage("b", b"", 0)
        assert reply is not None
        await table.FreeReturnBuffer(reply)
        ended.append(trio.current_time())

    packages = Callee(does), calls_with(call)
    async with lsart.open_lsa(*packages, bus=log.bus, settings=settings()) as lsa, trio.open_nursery() as nursery:
        alice = lsa.start_client("alice")
        alice.connect(trusted=False)

        async def client() -> None:
            with pytest.raises(lsart.ProcessTerminated):
                await alice.call("a", b"")

        nursery.start_soon(client)
        await trio.sleep(1)
        alice.terminate()
    assert len(ended) == 1
    assert [(each.package, each.delivered) for each in log.of(CallFinished)] == [("callee", True), ("a", False)]
    assert log.of(BlockLeaked) == []


@simulated
async def test_a_reply_that_the_caller_waits_for_no_longer_is_freed(log: Log) -> None:
    async def does(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        await trio.sleep(2)
        return await table.reply(request, b"late")

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        with trio.move_on_after(1):
            await table.CallPackage("b", b"", 0)

    packages = Callee(does), calls_with(call)
    async with lsart.open_lsa(*packages, bus=log.bus, settings=settings()) as lsa, lsa.connect() as client:
        await client.call("a", b"")
        await trio.sleep(2)
        assert lsa.dispatcher.in_flight == 0
    assert [(each.package, each.delivered) for each in log.of(CallFinished)] == [("a", True), ("callee", False)]
    assert log.of(BlockLeaked) == []
    assert in_use(lsa) == {}


@pytest.mark.parametrize("worker", ["same", "another"])
@pytest.mark.parametrize("slot", SLOTS)
@simulated
async def test_while_lsa_waits_for_its_calls_they_may_call_packages(worker: str, slot: str) -> None:
    seen: list[object] = []

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await trio.sleep(1)
        _, _, status = await calls(table, slot, "b", b"")
        seen.append(status)

    nothing = CallPackageReply(protocol_status=3)
    async with trio.open_nursery() as nursery:
        packages = Callee(lambda *_: nothing), calls_with(call)
        async with lsart.open_lsa(*packages, settings=settings(worker)) as lsa:

            async def client() -> None:
                async with lsa.connect() as each:
                    await each.call("a", b"")

            nursery.start_soon(client)
            await trio.sleep(0.5)
    assert seen == [3]


@pytest.mark.parametrize("worker", ["same", "another"])
@simulated
async def test_when_lsa_stops_nobody_is_called_any_more(worker: str, log: Log) -> None:
    seen: list[object] = []

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                try:
                    await table.CallPackage("b", b"", 0)
                except StatusError as error:
                    seen.append(error.status)

    callee = Callee(lambda *_: None)
    async with trio.open_nursery() as nursery:
        packages = callee, calls_with(call)
        async with lsart.open_lsa(*packages, bus=log.bus, settings=settings(worker, grace=0)) as lsa:

            async def client() -> None:
                async with lsa.connect() as each:
                    with pytest.raises(StatusError) as caught:
                        await each.call("a", b"")
                    assert caught.value.status == STATUS_UNSUCCESSFUL

            nursery.start_soon(client)
            await trio.sleep(0.5)
    assert seen == ([STATUS_NO_SUCH_PACKAGE] if worker == "another" else [])
    assert len(callee.entered) == (0 if worker == "another" else 1)


@simulated
async def test_a_worker_that_was_started_for_a_package_serves_clients_like_any_other(log: Log) -> None:
    async def answers(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        return await table.reply(request, message)

    packages = Callee(), calls_with(asks_b), scripted("c", call=answers)
    async with lsart.open_lsa(*packages, bus=log.bus, settings=settings()) as lsa, lsa.connect() as client:
        reply = await client.call("a", b"one")
        assert (reply.data, reply.protocol_status) == (b"re one", 7)
        for _ in range(2):
            reply = await client.call("c", b"two")
            assert (reply.data, reply.protocol_status) == (b"two", STATUS_SUCCESS)
    assert lsa.dispatcher.workers == 2
