"""Replies of packages to packages: whose they are when, and which function frees them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
from callers import SLOTS, Callee, calls, calls_with
from lsas import Log, in_use, simulated, status_of

import lsart
from lsart.contract import (
    LSA_SECPKG_SLOTS,
    STATUS_INVALID_PARAMETER,
    STATUS_NO_MEMORY,
    STATUS_SUCCESS,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
)
from lsart.events import (
    AllocationRefused,
    BlockAllocated,
    BlockFreed,
    BlockLeaked,
    DoubleFree,
    ForeignFree,
    NullFree,
    PackageDisabled,
    WrongPair,
)
from lsart.memory import MachineLimits
from lsart.runtime import LsaSettings
from lsart.watch import Monitor

Body = Callable[[FunctionTable, ClientRequest], Awaitable[object]]


async def within_a_call(body: Body, log: Log, callee: Callee | None = None, **settings: Any) -> None:
    """Run `body` as what package "a" does in a call of alice; "b" can be called."""

    async def call(table: FunctionTable, request: ClientRequest, submit: bytes) -> None:
        await body(table, request)

    packages = callee or Callee(), calls_with(call)
    async with lsart.open_lsa(*packages, bus=log.bus, settings=LsaSettings(**settings)) as lsa:
        async with lsa.connect("alice") as alice:
            assert (await alice.call("a", b"")).protocol_status == STATUS_SUCCESS
        assert lsa.memory.check() == []
    assert log.of(PackageDisabled) == []
    assert in_use(lsa) == {}


async def frees_with_its_own_function(slot: str, log: Log) -> None:
    async def body(table: FunctionTable, request: ClientRequest) -> None:
        reply, _, _ = await calls(table, slot, "b", b"hello")
        assert reply is not None
        await table.FreeLsaHeap(reply)
        assert await table.memory.read(reply, 3) == b"re "  # it is there still
        await table.FreeReturnBuffer(reply)

    await within_a_call(body, log)
    wrong = log.one(WrongPair)
    assert (wrong.allocated.function, wrong.freed.function) == (slot, "FreeLsaHeap")
    assert wrong.belongs_to == "return-buffers: CallPackage pairs with FreeReturnBuffer"
    assert log.of(BlockLeaked) == []


@pytest.mark.rule("CPK-4")
@simulated
async def test_a_reply_is_freed_with_free_return_buffer_and_not_as_a_block_of_the_lsa_heap(log: Log) -> None:
    await frees_with_its_own_function("CallPackage", log)


@pytest.mark.rule("CPX-4")
@simulated
async def test_so_is_the_reply_to_the_longer_call(log: Log) -> None:
    await frees_with_its_own_function("CallPackageEx", log)


@pytest.mark.rule("CPP-5")
@simulated
async def test_so_is_the_reply_to_a_pass_through_message(log: Log) -> None:
    await frees_with_its_own_function("CallPackagePassthrough", log)


@pytest.mark.rule("FRB-1")
@simulated
async def test_a_buffer_that_is_freed_is_gone(log: Log) -> None:
    async def body(table: FunctionTable, request: ClientRequest) -> None:
        reply, _, _ = await table.CallPackage("b", b"hello", 5)
        assert reply is not None
        await table.FreeReturnBuffer(reply)
        await table.FreeReturnBuffer(reply)

    await within_a_call(body, log)
    made, freed = log.one(BlockAllocated), log.one(BlockFreed)
    assert (made.heap, made.size) == ("return-buffers", 8)
    assert (freed.address, freed.origin.function) == (made.address, "FreeReturnBuffer")
    twice = log.one(DoubleFree)
    assert (twice.allocated.function, twice.freed_before.function) == ("CallPackage", "FreeReturnBuffer")


@pytest.mark.rule("FRB-2")
@pytest.mark.parametrize("slot", SLOTS)
@simulated
async def test_a_buffer_that_is_not_freed_is_a_leak_of_whoever_called(slot: str, log: Log) -> None:
    async def body(table: FunctionTable, request: ClientRequest) -> None:
        await calls(table, slot, "b", b"hello")

    await within_a_call(body, log)
    leak = log.one(BlockLeaked)
    assert (leak.heap, leak.size) == ("return-buffers", 8)
    assert (leak.allocated.package, leak.allocated.function, leak.allocated.call) == ("a", slot, 1)


@pytest.mark.rule("FRB-3")
@simulated
async def test_freeing_returns_nothing_and_never_raises_whatever_it_is_given(log: Log) -> None:
    returned: list[object] = []

    async def body(table: FunctionTable, request: ClientRequest) -> None:
        reply, _, _ = await table.CallPackage("b", b"hello", 5)
        null: Any = None
        for base in (null, Pointer(0x10, "lsass"), Pointer(0x10, "alice"), reply, reply):
            free: Any = table.FreeReturnBuffer
            returned.append(await free(base))

    await within_a_call(body, log)
    assert returned == [None] * 5
    assert len(log.of(ForeignFree)) == 2
    assert len(log.of(DoubleFree)) == 1
    assert log.of(NullFree) == []


@pytest.mark.rule("FRB-4")
def test_the_function_type_is_that_of_free_lsa_heap_down_to_the_name_of_the_parameter() -> None:
    rows = {each.name: each for each in LSA_SECPKG_SLOTS}
    plain, returned = rows["FreeLsaHeap"], rows["FreeReturnBuffer"]
    assert returned.typedef == plain.typedef == "LSA_FREE_LSA_HEAP"
    assert [each.name for each in returned.parameters] == [each.name for each in plain.parameters] == ["base"]


@pytest.mark.choice("return_buffer_free", "lsa_heap_too")
@simulated
async def test_with_one_heap_behind_both_either_function_frees_what_the_other_would(log: Log) -> None:
    async def body(table: FunctionTable, request: ClientRequest) -> None:
        for _ in range(2):
            reply, _, _ = await table.CallPackage("b", b"hello", 5)
            block = await table.AllocateLsaHeap(8)
            assert reply is not None
            assert block is not None
            await table.FreeLsaHeap(reply)
            await table.FreeReturnBuffer(block)

    await within_a_call(body, log, choices=lsart.Choices(return_buffer_free="lsa_heap_too"))
    assert {each.heap for each in log.of(BlockAllocated)} == {"lsa-heap"}
    assert len(log.of(BlockFreed)) == 4
    assert log.of(WrongPair) == []


@simulated
async def test_what_the_callee_does_not_deliver_stays_its_own(log: Log) -> None:
    async def does(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        spare = await table.AllocateClientBuffer(request, 100)
        freed = await table.AllocateClientBuffer(request, 100)
        await table.FreeClientBuffer(request, freed)
        assert await status_of(table.FreeClientBuffer(request, freed)) == STATUS_INVALID_PARAMETER
        await table.CopyToClientBuffer(request, 3, spare, b"abc")
        assert await table.CopyFromClientBuffer(request, 3, spare) == b"abc"
        assert spare.space == "lsass"
        block = await table.AllocateLsaHeap(8)  # not the way to answer, so its owner stays who allocated it
        return CallPackageReply(block, 8)

    async def body(table: FunctionTable, request: ClientRequest) -> None:
        reply, _, _ = await table.CallPackage("b", b"", 0)
        assert reply is not None
        await table.FreeReturnBuffer(reply)

    await within_a_call(body, log, Callee(does))
    assert sorted((each.size, each.allocated.package) for each in log.of(BlockLeaked)) == [
        (8, "callee"),
        (100, "callee"),
    ]
    assert log.one(WrongPair).freed.package == "a"


@simulated
async def test_the_requests_of_both_calls_are_good_while_they_last_and_no_longer(log: Log) -> None:
    requests: list[ClientRequest] = []
    tables: list[FunctionTable] = []

    async def does(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        requests.append(request)
        outer = await tables[0].AllocateClientBuffer(requests[0], 8)  # both are of the same module, say
        assert outer.space == "alice"
        await tables[0].FreeClientBuffer(requests[0], outer)

    async def body(table: FunctionTable, request: ClientRequest) -> None:
        requests.append(request)
        tables.append(table)
        await table.CallPackage("b", b"", 0)
        assert await status_of(table.AllocateClientBuffer(requests[1], 8)) == STATUS_INVALID_PARAMETER
        buffer = await table.AllocateClientBuffer(request, 8)
        assert buffer.space == "alice"
        await table.FreeClientBuffer(request, buffer)
        await table.CallPackage("b", b"", 0)

    await within_a_call(body, log, Callee(does))
    assert len({each.number for each in requests}) == 3


@simulated
async def test_a_callee_that_was_called_by_a_callee_can_answer_either(log: Log) -> None:
    callee = Callee()

    async def does(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        if message == b"inner":
            return await table.reply(request, b"from inside")
        reply, length, _ = await table.CallPackage("b", b"inner", 5)
        assert reply is not None
        data = await table.memory.read(reply, length)
        await table.FreeReturnBuffer(reply)
        return await table.reply(request, data.upper())

    async def body(table: FunctionTable, request: ClientRequest) -> None:
        reply, length, _ = await table.CallPackage("b", b"outer", 5)
        assert reply is not None
        assert await table.memory.read(reply, length) == b"FROM INSIDE"
        await table.FreeReturnBuffer(reply)

    callee.does = does
    await within_a_call(body, log, callee)
    assert log.of(BlockLeaked) == []


@simulated
async def test_without_memory_for_the_reply_there_is_none_and_no_client_is_blamed(log: Log) -> None:
    monitor = Monitor(log.bus)

    async def body(table: FunctionTable, request: ClientRequest) -> None:
        assert await status_of(table.CallPackage("b", bytes(5000), 5000)) == STATUS_NO_MEMORY

    await within_a_call(body, log, machine=MachineLimits(lsa_heap=4096))
    refused = log.one(AllocationRefused)
    assert (refused.heap, refused.origin.package) == ("return-buffers", "callee")
    (warning,) = monitor.summary().warnings
    assert (warning.subject, warning.category) == ("return-buffers", "exhaustion")
    assert "callee" in warning.worst_offender
    assert "[machine] lsa_heap" in warning.remedy


@simulated
async def test_a_task_that_outlives_its_call_has_no_buffers_any_more(log: Log) -> None:
    found: list[object] = []

    class Lingers(Callee):
        def __init__(self) -> None:
            super().__init__(self.lingers)

        async def lingers(self, table: FunctionTable, request: ClientRequest, message: bytes) -> None:
            async def later() -> None:
                await trio.sleep(5)
                found.append(await status_of(table.AllocateClientBuffer(request, 8)))

            trio.lowlevel.spawn_system_task(later)

    async def body(table: FunctionTable, request: ClientRequest) -> None:
        await table.CallPackage("b", b"", 0)
        await trio.sleep(10)

    await within_a_call(body, log, Lingers())
    assert found == [STATUS_INVALID_PARAMETER]


@simulated
async def test_a_callee_neither_frees_nor_delivers_what_is_anothers(log: Log) -> None:
    """It knows where the caller's earlier reply lies, and says that this is its answer."""
    held: list[Pointer] = []

    async def does(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        if not held:
            return await Callee.echo(table, request, message)
        assert await status_of(table.FreeClientBuffer(request, held[0])) == STATUS_INVALID_PARAMETER
        return CallPackageReply(held[0], 8)

    async def outsider(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        reply, _, _ = await table.CallPackage("b", b"hello", 5)
        assert reply == held[0]

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        reply, _, _ = await table.CallPackage("b", b"hello", 5)
        assert reply is not None
        held.append(reply)

    packages = Callee(does), calls_with(call), calls_with(outsider, "c")
    async with lsart.open_lsa(*packages, bus=log.bus) as lsa, lsa.connect("alice") as alice:
        await alice.call("a", b"")
        await alice.call("c", b"")
    leak = log.one(BlockLeaked)
    assert (leak.allocated.package, leak.allocated.call) == ("a", 1)
    assert log.of(PackageDisabled) == []


@simulated
async def test_nor_what_lies_by_now_where_a_buffer_of_its_own_was(log: Log) -> None:
    async def does(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply | None:
        if message == b"inner":
            return await table.reply(request, b"12345678")
        own = await table.AllocateClientBuffer(request, 8)
        await table.FreeReturnBuffer(own)
        reply, _, _ = await table.CallPackage("b", b"inner", 5)
        assert reply == own
        assert await status_of(table.FreeClientBuffer(request, own)) == STATUS_INVALID_PARAMETER
        assert await table.memory.read(own, 8) == b"12345678"
        await table.FreeReturnBuffer(own)
        return None

    async def body(table: FunctionTable, request: ClientRequest) -> None:
        await table.CallPackage("b", b"", 0)

    await within_a_call(body, log, Callee(does))
    assert log.of(DoubleFree) == []
