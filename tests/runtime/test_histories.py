"""Any history of clients, connections, calls, cancellations and deaths goes as a few lines of model say it must.

A history is a list of steps, played in one run on the virtual clock. Steps happen at multiples of 100 ns and every
service takes one more than such a multiple, so that no call ends in the instant of a step and the model never has to
guess an order.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Literal

import attrs
import trio
from hypothesis import given
from hypothesis import strategies as st
from lsas import Log, in_use, scripted

import lsart
from lsart.contract import STATUS_INVALID_HANDLE, CallPackageReply, ClientRequest, FunctionTable, ProcessTerminated
from lsart.events import CallFinished, CallStarted
from lsart.runtime import LsaSettings

WORKERS = 2
Kind = Literal["connect", "call", "cancel", "deregister", "terminate", "map", "wait"]


@attrs.frozen
class Step:
    """`which` picks a client or a call among those there are; `amount` is a service or waiting time in 100 ns."""

    kind: Kind
    which: int
    amount: int


@attrs.define
class Call:
    """One call: when it came, when the model says that it ends, and what the client must see."""

    client: str
    arrived: int
    ends: int
    scope: trio.CancelScope
    expected: str = "answered"
    seen: str = ""


async def serve(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
    await lsart.sleep_ns(int(message))
    try:
        return await table.reply(request, message)
    except lsart.StatusError:
        return CallPackageReply()  # the client is gone


class Play:
    """Plays a history and keeps the model beside it."""

    def __init__(self, lsa: lsart.Lsa, nursery: trio.Nursery) -> None:
        self.lsa = lsa
        self.nursery = nursery
        self.clients: list[lsart.Client] = []
        self.connected: set[str] = set()
        self.calls: list[Call] = []
        self.free = [0] * WORKERS  # when each worker is free: the Kiefer-Wolfowitz recursion

    async def step(self, step: Step) -> None:
        if step.kind == "connect":
            client = self.lsa.start_client(f"c{len(self.calls)}-{lsart.now_ns()}-{len(self.clients)}")
            client.connect(trusted=False)
            self.clients.append(client)
            self.connected.add(client.name)
        elif step.kind == "wait":
            await lsart.sleep_ns(step.amount * 100)
        elif step.kind == "cancel":
            self.cancel(step)
        elif self.clients:
            client = self.clients[step.which % len(self.clients)]
            if step.kind == "call":
                self.call(client, step.amount * 100 + 1)
            elif step.kind == "map":
                client.map_section("minimal")
            elif step.kind == "terminate":
                self.terminate(client)
            elif client.name in self.connected:
                await client.LsaDeregisterLogonProcess(client.handle)
                self.connected.remove(client.name)
        await lsart.sleep_ns(100)
        self.check()

    def call(self, client: lsart.Client, service: int) -> None:
        now = lsart.now_ns()
        call = Call(client.name, now, now, trio.CancelScope())
        if client.name in self.connected:
            call.ends = max(now, heappop(self.free)) + service
            heappush(self.free, call.ends)
            self.calls.append(call)
        else:
            call.expected = "no handle"
        self.nursery.start_soon(self.calling, client, call, b"%d" % service)

    async def calling(self, client: lsart.Client, call: Call, message: bytes) -> None:
        with call.scope:
            try:
                reply = await client.call("a", message)
                assert reply.data == message
                assert lsart.now_ns() == call.ends
                call.seen = "answered"
            except ProcessTerminated:
                call.seen = "terminated"
            except lsart.StatusError as error:
                call.seen = "no handle" if error.status == STATUS_INVALID_HANDLE else error.status.name
        call.seen = call.seen or "cancelled"
        assert call.seen == call.expected

    def open_calls(self) -> list[Call]:
        return [each for each in self.calls if each.ends > lsart.now_ns() and each.expected == "answered"]

    def cancel(self, step: Step) -> None:
        if open_calls := self.open_calls():
            call = open_calls[step.which % len(open_calls)]
            call.expected = "cancelled"
            call.scope.cancel()

    def terminate(self, client: lsart.Client) -> None:
        for call in self.open_calls():
            if call.client == client.name:
                call.expected = "terminated"
        client.terminate()
        self.clients.remove(client)
        self.connected.discard(client.name)

    def check(self) -> None:
        now = lsart.now_ns()
        running = [each for each in self.calls if each.ends > now]
        pool = self.lsa.dispatcher
        assert (pool.in_flight, pool.queue_length) == (len(running), max(0, len(running) - WORKERS))
        assert list(self.lsa.clients) == self.clients
        committed = sum(each.process.committed for each in self.clients)
        assert self.lsa.memory.check(client_commit=committed) == []
        assert all(each.seen or each in running for each in self.calls)


async def play(steps: list[Step]) -> None:
    log = Log()
    packages = scripted("a", call=serve), "minimal"
    settings = LsaSettings(workers=WORKERS, watchdog=None)
    async with lsart.open_lsa(*packages, bus=log.bus, settings=settings) as lsa, trio.open_nursery() as nursery:
        await lsart.sleep_ns(-lsart.now_ns() % 100)
        one = Play(lsa, nursery)
        for step in steps:
            await one.step(step)
    assert in_use(lsa) == {}
    assert lsa.clients == ()
    finished = sorted(log.of(CallFinished), key=lambda each: each.call)
    assert [each.client for each in finished] == [each.client for each in one.calls]
    assert [each.time_ns for each in finished] == [each.ends for each in one.calls]
    assert [each.delivered for each in finished] == [each.seen == "answered" for each in one.calls]
    assert [each.call for each in log.of(CallStarted)] == sorted(each.call for each in finished)  # first come


STEPS = st.builds(
    Step,
    kind=st.sampled_from(
        ["connect", "connect", "call", "call", "call", "cancel", "deregister", "terminate", "map", "wait"]
    ),
    which=st.integers(0, 50),
    amount=st.integers(0, 20),
)


@given(st.lists(STEPS, min_size=5, max_size=60))
def test_any_history_of_clients_and_calls_goes_as_modelled(steps: list[Step]) -> None:
    lsart.run(play, [Step("connect", 0, 0), Step("connect", 0, 0), *steps])
