"""MapBuffer: a buffer of the client becomes one in LSASS, for as long as the call lasts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import trio
from lsas import Log, scripted, simulated, status_of

import lsart
from lsart.contract import (
    STATUS_ACCESS_VIOLATION,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    ClientRequest,
    FunctionTable,
    Pointer,
    SecBuffer,
    constants,
)
from lsart.events import BlockAllocated, BlockFreed, DoubleFree
from lsart.memory import MachineLimits
from lsart.runtime import LsaSettings

TOKEN = constants.SECBUFFER_TOKEN
UNMAPPED = constants.SECBUFFER_UNMAPPED

Body = Callable[[FunctionTable, ClientRequest, bytes], Any]


def on_lsa_heap(log: Log, kind: type[BlockAllocated] | type[BlockFreed]) -> list[int]:
    return [each.address for each in log.of(kind) if each.heap == "lsa-heap"]


@pytest.mark.rule("MAP-1")
@simulated
async def test_the_bytes_of_a_client_lie_in_lsass_until_the_call_ends(log: Log) -> None:
    mapped: list[SecBuffer] = []

    async def body(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        found = await table.MapBuffer(SecBuffer(TOKEN | UNMAPPED, theirs, 5))
        mapped.append(found)
        assert isinstance(found.buffer, Pointer)
        assert (found.buffer_type, found.buffer.space, found.length) == (TOKEN, "lsass", 5)
        assert await table.memory.read(found.buffer, 5) == b"token"
        await alice.memory.write(theirs, b"later")
        assert await table.memory.read(found.buffer, 5) == b"token"
        await table.memory.write(found.buffer, b"ours!")
        assert await alice.memory.read(theirs, 5) == b"later"

    async with lsart.open_lsa(scripted("a", call=body), bus=log.bus) as lsa:
        async with lsa.connect("alice") as alice:
            theirs = await alice.memory.place(b"token")
            await alice.call("a", b"")
            block = mapped[0].buffer
            assert isinstance(block, Pointer)
            assert on_lsa_heap(log, BlockFreed) == on_lsa_heap(log, BlockAllocated) == [block.address]
        assert log.of(DoubleFree) == []
        assert lsa.check() == []


@pytest.mark.rule("MAP-1")
@simulated
async def test_each_call_has_its_own_mappings_and_a_failed_one_loses_them_too(log: Log) -> None:
    async def body(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        for _ in range(3):
            await table.MapBuffer(SecBuffer(TOKEN | UNMAPPED, theirs, 5))
        if message:
            raise lsart.StatusError(STATUS_INVALID_PARAMETER)

    async with lsart.open_lsa(scripted("a", call=body), bus=log.bus) as lsa:
        async with lsa.connect("alice") as alice:
            theirs = await alice.memory.place(b"token")
            await alice.call("a", b"")
            assert await status_of(alice.call("a", b"fail")) == STATUS_INVALID_PARAMETER
            assert len(on_lsa_heap(log, BlockAllocated)) == 6
            assert sorted(on_lsa_heap(log, BlockFreed)) == sorted(on_lsa_heap(log, BlockAllocated))
        assert lsa.check() == []


@pytest.mark.rule("MAP-2")
@simulated
async def test_a_buffer_that_is_mapped_already_comes_back_as_it_is(log: Log) -> None:
    package = scripted("a")
    async with lsart.open_lsa(package, bus=log.bus):
        for buffer in (
            SecBuffer(TOKEN, b"bytes"),
            SecBuffer(TOKEN, Pointer(0x1000, "lsass"), 7),
            SecBuffer(constants.SECBUFFER_EMPTY),
            SecBuffer(TOKEN | constants.SECBUFFER_READONLY, Pointer(0x1000, "alice"), 7),
        ):
            assert await package.table.MapBuffer(buffer) == buffer
    assert on_lsa_heap(log, BlockAllocated) == []


@pytest.mark.rule("MAP-3")
@simulated
async def test_what_is_not_in_the_client_for_all_of_its_length_is_a_failure(log: Log) -> None:
    found: list[lsart.NTSTATUS] = []

    async def body(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        for buffer in (
            SecBuffer(UNMAPPED, Pointer(16, "alice"), 4),
            SecBuffer(UNMAPPED, theirs, 1 << 20),
            SecBuffer(UNMAPPED, Pointer(theirs.address, "lsass"), 4),
            SecBuffer(UNMAPPED, bobs, 4),
            SecBuffer(UNMAPPED, b"text"),
        ):
            found.append(await status_of(table.MapBuffer(buffer)))
        assert await table.MapBuffer(SecBuffer(TOKEN | UNMAPPED)) == SecBuffer(TOKEN)

    package = scripted("a", call=body)
    async with (
        lsart.open_lsa(package, bus=log.bus) as lsa,
        lsa.connect("alice") as alice,
        lsa.connect("bob") as bob,
    ):
        theirs, bobs = await alice.memory.place(b"token"), await bob.memory.place(b"token")
        await alice.call("a", b"")
        assert found == [STATUS_ACCESS_VIOLATION] * 5
        outside = package.table.MapBuffer(SecBuffer(UNMAPPED, theirs, 4))
        assert await status_of(outside) == STATUS_INVALID_PARAMETER
    assert on_lsa_heap(log, BlockAllocated) == []


@simulated
async def test_a_buffer_for_which_lsass_has_no_room_and_a_client_that_ended_are_failures() -> None:
    found: list[lsart.NTSTATUS] = []

    async def body(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        found.append(await status_of(table.MapBuffer(SecBuffer(UNMAPPED, theirs, 8192))))
        alice.terminate()
        found.append(await status_of(table.MapBuffer(SecBuffer(UNMAPPED, theirs, 4))))

    settings = LsaSettings(machine=MachineLimits(lsa_heap=4096), watchdog=None)
    async with lsart.open_lsa(scripted("a", call=body), settings=settings) as lsa:
        async with lsa.connect("alice") as alice:
            theirs = await alice.memory.place(bytes(8192))
            with pytest.raises(lsart.ProcessTerminated):
                await alice.call("a", b"")
            assert found == [STATUS_INSUFFICIENT_RESOURCES, STATUS_ACCESS_VIOLATION]
        assert lsa.check() == []


@pytest.mark.parametrize("strategy", ["random", "dpor"])
def test_the_last_of_the_heap_goes_to_whoever_comes_first(strategy: str) -> None:
    found: set[tuple[str, ...]] = set()

    async def main() -> None:
        failed: list[str] = []

        async def body(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
            try:
                await table.MapBuffer(SecBuffer(UNMAPPED, where[message], 4096))
            except lsart.StatusError:
                failed.append(message.decode())
            await trio.lowlevel.checkpoint()

        costs = lsart.Costs(heap_lock=0, commit_page=0, create_section=0)
        settings = LsaSettings(machine=MachineLimits(lsa_heap=4096), costs=costs, watchdog=None)
        async with (
            lsart.open_lsa(scripted("a", call=body), settings=settings) as lsa,
            lsa.connect("alice") as alice,
            lsa.connect("bob") as bob,
        ):
            where = {b"alice": await alice.memory.place(bytes(4096)), b"bob": await bob.memory.place(bytes(4096))}
            async with trio.open_nursery() as nursery:
                nursery.start_soon(alice.call, "a", b"alice", name="alice")
                nursery.start_soon(bob.call, "a", b"bob", name="bob")
        found.add(tuple(failed))

    result = lsart.explore(main, strategy=strategy, labelled=True, schedules=400, shrink=False)
    assert result.failure is None
    assert found == {(), ("alice",), ("bob",)}


@simulated
async def test_one_call_may_map_any_number_of_buffers(log: Log) -> None:
    async def body(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        for _ in range(1500):  # more than Python's stack is deep
            await table.MapBuffer(SecBuffer(TOKEN | UNMAPPED, theirs, 5))

    async with lsart.open_lsa(scripted("a", call=body), bus=log.bus) as lsa:
        async with lsa.connect("alice") as alice:
            theirs = await alice.memory.place(b"token")
            await alice.call("a", b"")
            assert on_lsa_heap(log, BlockFreed) == on_lsa_heap(log, BlockAllocated)  # in the order of the mappings
        assert lsa.check() == []
