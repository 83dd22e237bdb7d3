"""Packages that make it hard to end: the LSA ends all the same, and nobody reads a secret on the way."""

from __future__ import annotations

import asyncio

import pytest
import trio
from lsas import scripted, simulated

import lsart
from lsart.contract import ClientRequest, FunctionTable, StatusError
from lsart.events import Bus, Event, SlotCalled


@simulated
async def test_an_lsa_that_is_cancelled_while_a_package_loads_does_not_wait_for_its_thread() -> None:
    async def spins(_: object) -> None:
        while True:
            await trio.sleep(1)

    async def initialize(table: FunctionTable) -> None:
        assert await table.CreateThread(None, 0, spins, None, 0) is not None
        await trio.sleep(5)

    with trio.move_on_after(1) as patience:
        async with lsart.open_lsa(scripted("a", initialize=initialize)):
            raise AssertionError("it never came up")
    assert patience.cancelled_caught


class MuteError(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


@pytest.mark.parametrize("error", [MuteError(), asyncio.CancelledError()], ids=["no text", "of another framework"])
@simulated
async def test_whatever_a_package_raises_is_a_fault_of_the_package(error: BaseException) -> None:
    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        raise error

    async def answers(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        pass

    async with (
        lsart.open_lsa(scripted("a", call=call), scripted("b", call=answers)) as lsa,
        lsa.connect("alice") as alice,
    ):
        with pytest.raises(StatusError):
            await alice.call("a", b"")
        await alice.call("b", b"")
        assert [each.name for each in lsa.packages if each.state.is_available] == ["b"]


@simulated
async def test_no_event_shows_the_bytes_of_a_message() -> None:
    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        address = await table.AllocateClientBuffer(request, len(message))
        await table.CopyToClientBuffer(request, len(message), address, message)
        await table.FreeClientBuffer(request, address)

    bus = Bus()
    events: list[Event] = []
    bus.subscribe(events.append, SlotCalled)
    async with lsart.open_lsa(scripted("a", call=call), bus=bus) as lsa, lsa.connect("alice") as alice:
        await alice.call("a", b"hunter2pw")
    assert events
    assert not [each for each in events if "hunter2" in str(each)]
