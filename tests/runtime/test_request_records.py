"""A request record is good for the package that LSA gave it to, and for the length of that call."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from callers import Callee, calls_with
from lsas import simulated

import lsart
from lsart.contract import (
    NTSTATUS,
    STATUS_INVALID_PARAMETER,
    STATUS_SUCCESS,
    ClientRequest,
    FunctionTable,
    Pointer,
    StatusError,
)
from lsart.runtime import LsaSettings

REFUSED = [STATUS_INVALID_PARAMETER] * 4
WORKERS = pytest.mark.parametrize("worker", ["same", "another"])


def settings(worker: Any) -> LsaSettings:
    return LsaSettings(choices=lsart.Choices(call_package_worker=worker))


async def tries(table: FunctionTable, record: ClientRequest, buffer: Pointer) -> list[NTSTATUS]:
    """What the four functions that take a record answer."""
    statuses = []
    for attempt in (
        table.AllocateClientBuffer(record, 8),
        table.CopyToClientBuffer(record, 4, buffer, b"evil"),
        table.CopyFromClientBuffer(record, 4, buffer),
        table.FreeClientBuffer(record, buffer),
    ):
        try:
            await attempt
        except StatusError as error:
            statuses.append(error.status)
        else:
            statuses.append(STATUS_SUCCESS)
    return statuses


@WORKERS
@pytest.mark.parametrize("number", [1, 2, 3])
@simulated
async def test_a_package_that_another_called_does_not_reach_the_client_by_guessing(worker: str, number: int) -> None:
    """Under "another" its own call has a number among those of clients, too."""
    statuses: list[NTSTATUS] = []
    buffers: list[Pointer] = []

    async def does(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        statuses.extend(await tries(table, ClientRequest(number), buffers[0]))

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        buffers.append(await table.AllocateClientBuffer(request, 4))
        await table.CopyToClientBuffer(request, 4, buffers[0], b"good")
        await table.CallPackage("b", b"", 0)
        assert await table.CopyFromClientBuffer(request, 4, buffers[0]) == b"good"
        await table.FreeClientBuffer(request, buffers[0])

    packages = Callee(does), calls_with(call)
    async with lsart.open_lsa(*packages, settings=settings(worker)) as lsa, lsa.connect() as client:
        assert (await client.call("a", b"")).protocol_status == STATUS_SUCCESS
    assert statuses == REFUSED


@WORKERS
@simulated
async def test_nor_by_a_record_that_it_is_handed_on_purpose_in_either_direction(worker: str) -> None:
    statuses: dict[str, list[NTSTATUS]] = {}
    records: dict[str, ClientRequest] = {}
    tables: dict[str, FunctionTable] = {}

    async def does(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        buffer = await table.AllocateClientBuffer(request, 4)
        statuses["callee"] = await tries(table, records["a"], buffer)
        statuses["caller"] = await tries(tables["a"], request, buffer)
        await table.FreeClientBuffer(request, buffer)

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        records["a"], tables["a"] = request, table
        await table.CallPackage("b", b"", 0)

    packages = Callee(does), calls_with(call)
    async with lsart.open_lsa(*packages, settings=settings(worker)) as lsa, lsa.connect() as client:
        assert (await client.call("a", b"")).protocol_status == STATUS_SUCCESS
    assert statuses == {"callee": REFUSED, "caller": REFUSED}


@WORKERS
@simulated
async def test_a_package_that_is_called_back_still_serves_its_client(worker: str) -> None:
    records: list[ClientRequest] = []
    data: list[bytes] = []

    async def does(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await table.CallPackage("a", b"back", 4)

    class Caller(Callee):
        def __init__(self) -> None:
            super().__init__(self.serves)
            self.name = "a"

        async def serves(self, table: FunctionTable, request: ClientRequest, message: bytes) -> None:
            if message != b"back":
                records.append(request)
                await table.CallPackage("b", b"", 0)
                return
            buffer = await table.AllocateClientBuffer(records[0], 4)
            assert buffer.space == "alice"
            await table.CopyToClientBuffer(records[0], 4, buffer, b"here")
            data.append(await table.CopyFromClientBuffer(records[0], 4, buffer))
            await table.FreeClientBuffer(records[0], buffer)

    packages = Callee(does), Caller()
    async with lsart.open_lsa(*packages, settings=settings(worker)) as lsa, lsa.connect("alice") as alice:
        await alice.call("a", b"")
    assert data == [b"here"]


@simulated
async def test_a_record_is_no_good_when_its_call_is_over_though_a_task_of_it_goes_on() -> None:
    statuses: list[list[NTSTATUS]] = []

    async def later(table: FunctionTable, record: ClientRequest, buffer: Pointer) -> None:
        await trio.sleep(1)
        statuses.append(await tries(table, record, buffer))

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        buffer = await table.AllocateClientBuffer(request, 4)
        nursery.start_soon(later, table, request, buffer)
        if message != b"inner":
            await table.CallPackage("b", b"inner", 5)
            await trio.sleep(2)

    async with (
        trio.open_nursery() as nursery,
        lsart.open_lsa(Callee(call), calls_with(call)) as lsa,
        lsa.connect() as client,
    ):
        await client.call("a", b"")
        await trio.sleep(2)
    assert statuses == [[STATUS_SUCCESS] * 4, REFUSED] or statuses == [REFUSED, [STATUS_SUCCESS] * 4]
