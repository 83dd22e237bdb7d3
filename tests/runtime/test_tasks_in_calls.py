"""Tasks that come out of a call: a thread is in none, and a task that outlives its call is in it no longer."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from callers import Callee, calls_with
from lsas import Log, in_use, scripted, simulated, status_of

import lsart
from lsart.contract import (
    ERROR_INVALID_HANDLE,
    SECPKG_CALL_INFO,
    STATUS_INVALID_PARAMETER,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    constants,
)
from lsart.events import CallStarted, SlotCalled
from lsart.runtime import LsaSettings


def settings(worker: Any) -> LsaSettings:
    return LsaSettings(choices=lsart.Choices(call_package_worker=worker))


@simulated
async def test_a_thread_that_is_started_in_a_call_serves_no_call(log: Log) -> None:
    seen: list[object] = []

    async def thread(request: ClientRequest) -> None:
        seen.append(await package.table.GetCallInfo())
        seen.append(await status_of(package.table.AllocateClientBuffer(request, 8)))

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await table.CreateThread(None, 0, thread, request, 0)
        await trio.sleep(1)

    package = scripted("a", call=call)
    async with lsart.open_lsa(package, bus=log.bus) as lsa, lsa.connect() as client:
        await client.call("a", b"")
    assert seen == [False, STATUS_INVALID_PARAMETER]
    of_thread = [each.origin for each in log.of(SlotCalled) if each.slot == "GetCallInfo"]
    assert [(each.call, each.client) for each in of_thread] == [(None, "")]


@simulated
async def test_nor_the_call_of_a_package_that_it_is_started_in() -> None:
    seen: list[object] = []

    async def thread(request: ClientRequest) -> None:
        seen.append(await status_of(callee.table.AllocateClientBuffer(request, 8)))

    async def does(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await table.CreateThread(None, 0, thread, request, 0)
        await trio.sleep(1)

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await table.CallPackage("b", b"", 0)

    callee = Callee(does)
    async with lsart.open_lsa(callee, calls_with(call)) as lsa, lsa.connect() as client:
        await client.call("a", b"")
    assert seen == [STATUS_INVALID_PARAMETER]


@simulated
async def test_a_thread_begins_without_an_error_of_its_starter() -> None:
    seen: list[int] = []
    package = scripted("a")
    async with lsart.open_lsa(package):
        win32 = package.table.win32
        assert not win32.CloseHandle(4711)
        assert win32.GetLastError() == ERROR_INVALID_HANDLE
        await package.table.CreateThread(None, 0, lambda _: seen.append(win32.GetLastError()), None, 0)
        await trio.sleep(1)
        assert win32.GetLastError() == ERROR_INVALID_HANDLE
    assert seen == [0]


@simulated
async def test_a_client_within_a_package_is_served_like_any_other() -> None:
    """The worker is started out of a call between packages, and its first call is none of those."""
    attributes: list[int] = []

    async def does(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        async with lsa.connect("within") as client:
            await client.call("c", b"")

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        if message:
            await table.CallPackage("b", b"", 0)
        info = await table.GetCallInfo()
        assert isinstance(info, SECPKG_CALL_INFO)
        attributes.append(info.attributes & constants.SECPKG_CALL_RECURSIVE)

    packages = Callee(does), calls_with(call), calls_with(call, "c")
    async with lsart.open_lsa(*packages) as lsa, lsa.connect() as client:
        await client.call("a", b"go")
        assert lsa.dispatcher.workers == 2
    assert attributes == [0, 0]


@simulated
async def test_tasks_that_outlive_their_calls_may_call_for_ever() -> None:
    """Each is started in a call and makes the next when that is over: none is within another."""
    hops: list[int] = []

    async def later(table: FunctionTable) -> None:
        await trio.sleep(1)
        await table.CallPackage("b", b"", 0)

    async def does(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        hops.append(len(hops))
        if len(hops) < 100:
            nursery.start_soon(later, table)

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await table.CallPackage("b", b"", 0)

    callee = Callee(does)
    async with lsart.open_lsa(callee, calls_with(call)) as lsa, lsa.connect() as client, trio.open_nursery() as nursery:
        await client.call("a", b"")
    assert len(hops) == 100


@pytest.mark.parametrize("worker", ["same", "another"])
@simulated
async def test_a_task_that_outlives_its_clients_call_needs_no_worker(worker: str, log: Log) -> None:
    seen: list[bytes] = []

    async def later(table: FunctionTable) -> None:
        await trio.sleep(1)
        reply, length, _ = await table.CallPackage("b", b"late", 4)
        assert reply is not None
        seen.append(await table.memory.read(reply, length))
        await table.FreeReturnBuffer(reply)

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        nursery.start_soon(later, table)

    packages = Callee(), calls_with(call)
    async with (
        lsart.open_lsa(*packages, bus=log.bus, settings=settings(worker)) as lsa,
        lsa.connect() as client,
        trio.open_nursery() as nursery,
    ):
        await client.call("a", b"")
    assert seen == [b"re late"]
    assert [each.package for each in log.of(CallStarted)] == ["a"]
    assert in_use(lsa) == {}


@simulated
async def test_its_record_is_good_for_nothing_when_its_call_is_over() -> None:
    statuses: dict[str, list[object]] = {"a": [], "callee": []}

    async def later(table: FunctionTable, request: ClientRequest, name: str) -> None:
        await trio.sleep(2)
        statuses[name].append(await status_of(table.AllocateClientBuffer(request, 8)))

    async def does(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply | None:
        nursery.start_soon(later, table, request, "callee")
        return None

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        if message:
            await table.CallPackage("b", b"", 0)
            await trio.sleep(3)
        else:
            nursery.start_soon(later, table, request, "a")

    async with (
        lsart.open_lsa(Callee(does), calls_with(call)) as lsa,
        lsa.connect() as client,
        trio.open_nursery() as nursery,
    ):
        await client.call("a", b"inner")
        await client.call("a", b"")
    assert statuses == {"a": [STATUS_INVALID_PARAMETER], "callee": [STATUS_INVALID_PARAMETER]}
