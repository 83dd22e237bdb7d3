"""While somebody wants to come between, every access of shared bytes is a point where others run."""

from __future__ import annotations

import itertools
import logging

import pytest
import trio
from lsas import Log, in_use, scripted, simulated

import lsart
from lsart.contract import CallPackageReply, ClientRequest, FunctionTable, Pointer
from lsart.events import PackageDisabled
from lsart.memory import Access
from lsart.runtime import LsaSettings


async def initialize(table: FunctionTable) -> None:
    assert await table.CreateSharedMemory(65536, 4096) is not None


def nobody(access: Access) -> None:
    """Comes between and does nothing."""


@pytest.mark.parametrize("paced", [True, False])
def test_workers_take_turns_at_accesses_when_and_only_when_somebody_comes_between(paced: bool) -> None:
    order: list[bytes] = []

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        for _ in range(8):
            await table.memory.read(Pointer(base[0], "lsass"), 8)
            order.append(message)

    base: list[int] = []

    async def main() -> None:
        async with lsart.open_lsa(scripted("a", initialize=initialize, call=call)) as lsa:
            base.append(lsa.memory.sections()[0].base)
            if paced:
                lsa.pacer.add(nobody)
            async with lsa.connect() as first, lsa.connect() as second, trio.open_nursery() as nursery:
                nursery.start_soon(first.call, "a", b"1")
                nursery.start_soon(second.call, "a", b"2")

    lsart.run(main, seed=0)
    turns = sum(before != after for before, after in itertools.pairwise(order))
    assert len(order) == 16
    assert (turns > 1) is paced


@simulated
async def test_copies_to_and_from_the_client_are_accesses_like_any_other() -> None:
    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        shared = Pointer(int(message), "alice")
        await table.CopyToClientBuffer(request, 4, shared, Pointer(section.base, "lsass"))
        await table.CopyToClientBuffer(request, 2, shared, b"at hand")
        assert await table.CopyFromClientBuffer(request, 3, shared) == b"at3"

    async with lsart.open_lsa(scripted("a", initialize=initialize, call=call)) as lsa, lsa.connect("alice") as alice:
        (section,) = lsa.memory.sections()
        view = alice.map_section("a")
        steps: list[tuple[str, int, int, str]] = []

        def strike(access: Access) -> None:
            steps.append((access.space, access.address, access.length, access.kind))
            if len(steps) == 4:
                alice.process.space.write(view.base.address + 2, b"3")

        lsa.pacer.add(strike)
        await alice.call("a", b"%d" % view.base.address)
    assert steps == [
        ("lsass", section.base, 4, "read"),
        ("alice", view.base.address, 4, "write"),
        ("alice", view.base.address, 2, "write"),
        ("alice", view.base.address, 3, "read"),
    ]


@simulated
async def test_a_reply_that_is_cancelled_in_its_copy_leaves_no_buffer_behind() -> None:
    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        with trio.CancelScope() as scope:
            scope.cancel()
            await table.reply(request, message)
        assert scope.cancelled_caught
        return CallPackageReply()

    async with lsart.open_lsa(scripted("a", call=call)) as lsa, lsa.connect() as client:
        lsa.pacer.add(nobody)
        await client.call("a", b"x")
        assert in_use(lsa) == {}


@simulated
async def test_an_interloper_that_raises_is_logged_and_dropped_and_hurts_no_package(
    log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await table.memory.read(Pointer(section.base, "lsass"), 8)

    steps: list[Access] = []

    def broken(access: Access) -> None:
        raise ZeroDivisionError("oops")

    package = scripted("a", initialize=initialize, call=call)
    async with lsart.open_lsa(package, bus=log.bus, settings=LsaSettings(workers=1)) as lsa, lsa.connect() as client:
        (section,) = lsa.memory.sections()
        lsa.pacer.add(broken)
        lsa.pacer.add(steps.append)
        with caplog.at_level(logging.ERROR, "lsart.runtime"):
            await client.call("a", b"")
            await client.call("a", b"")
    (record,) = caplog.records
    assert "broken" in record.getMessage()
    assert "is dropped" in record.getMessage()
    assert len(steps) == 2
    assert log.of(PackageDisabled) == []
