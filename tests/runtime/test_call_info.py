"""GetCallInfo: who makes the call that a package serves, and how."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from callers import Callee, calls_with
from lsas import scripted, simulated

import lsart
from lsart.contract import SECPKG_CALL_INFO, Choices, ClientRequest, FunctionTable, ProcessTerminated, constants
from lsart.runtime import LsaSettings

IS_TCB, RECURSIVE = constants.SECPKG_CALL_IS_TCB, constants.SECPKG_CALL_RECURSIVE


class Asked:
    """A package that asks who calls, in each call that it serves, before and after it waits for leave to go on."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.go_on = trio.Event()
        self.go_on.set()
        self.package = scripted("a", call=self._ask, trusted=self._ask)

    async def _ask(self, table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        self.told.append(await table.GetCallInfo())
        await self.go_on.wait()
        self.told.append(await table.GetCallInfo())


@pytest.mark.rule("GCL-1")
@simulated
async def test_process_thread_trust_and_count_of_the_call_are_told() -> None:
    asked = Asked()
    async with (
        lsart.open_lsa(asked.package) as lsa,
        lsa.connect("alice") as alice,
        lsa.connect("winlogon", trusted=True) as winlogon,
    ):
        for client in (alice, winlogon, alice):
            await client.call("a", b"")
        async with trio.open_nursery() as nursery:  # threads of their own
            nursery.start_soon(alice.call, "a", b"")
    first, second, third, fourth = asked.told[::2]
    assert asked.told[1::2] == asked.told[::2]
    assert [each.call_count for each in asked.told[::2]] == [1, 2, 3, 4]
    assert [each.attributes for each in asked.told[::2]] == [0, IS_TCB, 0, 0]
    assert [each.process_id for each in asked.told[::2]] == [
        each.process_id for each in (alice, winlogon, alice, alice)
    ]
    assert first.thread_id == third.thread_id
    assert len({first.thread_id, second.thread_id, fourth.thread_id}) == 3
    assert all(each.thread_id % 4 == 0 for each in asked.told)
    assert first.mech_oid is None


@pytest.mark.rule("GCL-1")
@simulated
async def test_a_process_that_ended_during_its_call_is_told() -> None:
    asked = Asked()
    asked.go_on = trio.Event()
    async with lsart.open_lsa(asked.package) as lsa, lsa.connect("alice") as alice:

        async def dies() -> None:
            with pytest.raises(ProcessTerminated):
                await alice.call("a", b"")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(dies)
            await lsart.sleep_ns(1)
            alice.terminate()
            asked.go_on.set()
    before, after = asked.told
    assert (before.attributes, after.attributes) == (0, constants.SECPKG_CALL_PROCESS_TERM)
    assert (after.process_id, after.thread_id) == (before.process_id, before.thread_id)


@pytest.mark.rule("GCL-1")
@pytest.mark.parametrize("worker", ["same", "another"])
@simulated
async def test_in_a_call_between_packages_the_caller_is_still_the_client(worker: Any) -> None:
    told: list[Any] = []

    async def inner(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        told.append(await table.GetCallInfo())

    async def outer(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        told.append(await table.GetCallInfo())
        await table.CallPackage("b", b"", 0)
        told.append(await table.GetCallInfo())

    settings = LsaSettings(choices=Choices(call_package_worker=worker), watchdog=None)
    async with (
        lsart.open_lsa(Callee(inner), calls_with(outer), settings=settings) as lsa,
        lsa.connect("alice") as alice,
    ):
        await alice.call("a", b"")
    before, within, after = told
    assert before == after
    assert (before.attributes, within.attributes) == (0, RECURSIVE)
    assert (within.process_id, within.thread_id, within.call_count) == (
        alice.process_id,
        before.thread_id,
        before.call_count,
    )


@pytest.mark.rule("GCL-2")
@simulated
async def test_the_result_is_false_unless_a_call_is_served() -> None:
    told: list[object] = []
    tasks: list[int] = []

    async def initialize(table: FunctionTable) -> None:
        told.append(await table.GetCallInfo())

    async def thread(table: FunctionTable) -> None:
        told.append(await table.GetCallInfo())

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        told.append(type(await table.GetCallInfo()))
        started: Any = await table.CreateThread(None, 0, thread, table, 0)
        tasks.append(started[0])

    package = scripted("a", initialize=initialize, call=call)
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        await alice.call("a", b"")
        await lsart.sleep_ns(1)
        told.append(await package.table.GetCallInfo())
        package.table.win32.CloseHandle(tasks[0])
    assert told == [False, SECPKG_CALL_INFO, False, False]


@simulated
async def test_a_task_that_outlives_its_call_serves_none() -> None:
    told: list[object] = []

    async with trio.open_nursery() as nursery:

        async def later(table: FunctionTable) -> None:
            await lsart.sleep_ns(10)
            told.append(await table.GetCallInfo())

        def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
            nursery.start_soon(later, table)

        async with lsart.open_lsa(scripted("a", call=call)) as lsa, lsa.connect("alice") as alice:
            await alice.call("a", b"")
            await lsart.sleep_ns(20)
    assert told == [False]


@pytest.mark.rule("CAL-1")
@simulated
async def test_calls_under_way_at_once_are_each_told_their_own() -> None:
    asked = Asked()
    asked.go_on = trio.Event()
    async with (
        lsart.open_lsa(asked.package) as lsa,
        lsa.connect("alice") as alice,
        lsa.connect("bob") as bob,
        trio.open_nursery() as nursery,
    ):
        for client in (alice, bob):
            nursery.start_soon(client.call, "a", b"")
        await lsart.sleep_ns(1)
        asked.go_on.set()
    before, after = asked.told[:2], asked.told[2:]
    assert sorted(each.process_id for each in before) == [alice.process_id, bob.process_id]
    assert sorted(each.process_id for each in after) == [alice.process_id, bob.process_id]
    assert {each.process_id: each for each in before} == {each.process_id: each for each in after}
    assert {each.call_count for each in after} == {1, 2}
