"""Packages that are loaded, or loaded again, as something else goes on: another load, an unload, the end of the LSA."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trio
from callers import Callee
from lsas import Log, in_use, scripted, simulated
from reloadable import writes

import lsart
from lsart.contract import CallPackageReply, ClientRequest, FunctionTable, PackageState, Pointer, StatusError
from lsart.events import PackageUnloaded
from lsart.runtime import LsaSettings

SECOND = 1_000_000_000


async def slowly(_: FunctionTable) -> None:
    await trio.sleep(3)


@simulated
async def test_a_package_that_goes_while_it_is_loaded_again_is_not_replaced(log: Log, file: Path) -> None:
    async with lsart.open_lsa(f"{file}:Cache", bus=log.bus) as lsa:
        async with trio.open_nursery() as nursery:

            async def reloads() -> None:
                with pytest.raises(StatusError, match="'cache' is unloaded meanwhile"):
                    await lsa.reload("cache")

            nursery.start_soon(reloads)
            await trio.sleep(0.2)
            assert lsa.unloading.begin("cache")
        await trio.sleep(1)
        assert lsa.packages == ()
    assert in_use(lsa) == {}
    assert [each.package for each in log.of(PackageUnloaded)] == ["cache", "cache-2"]


@simulated
async def test_of_two_that_are_loaded_at_once_under_one_name_one_comes_up() -> None:
    async with lsart.open_lsa() as lsa:
        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(lsa.load_on_demand, scripted("x", initialize=slowly))
        assert len(lsa.packages) == 1
        assert "the name 'x' is taken" in lsa.refusals[0]


@simulated
async def test_a_load_that_is_cancelled_leaves_nothing() -> None:
    async def initialize(table: FunctionTable) -> None:
        assert await table.CreateSharedMemory(65536, 0) is not None
        await trio.sleep(3)

    async with lsart.open_lsa() as lsa:
        with trio.move_on_after(1):
            await lsa.load_on_demand(scripted("late", initialize=initialize))
        assert in_use(lsa) == {}
        assert "package 'late' did not start: load: it was not waited for" in lsa.refusals[0]


@pytest.mark.parametrize("seconds", [3, 50])
@simulated
async def test_the_end_of_the_lsa_waits_for_a_load_and_then_takes_it_back(seconds: int) -> None:
    async def initialize(_: FunctionTable) -> None:
        await trio.sleep(seconds)

    late = scripted("late", initialize=initialize)
    async with trio.open_nursery() as nursery:
        async with lsart.open_lsa() as lsa:

            async def loads() -> None:
                if seconds == 3:
                    await lsa.load_on_demand(late)
                else:
                    with pytest.raises(StatusError, match="the LSA is shutting down"):
                        await lsa.load_on_demand(late)

            nursery.start_soon(loads)
            await trio.sleep(1)
        ended = lsart.now_ns()
        assert [each.state for each in lsa.loader.packages if each.name == "late"] == (
            [PackageState.UNLOADED] if seconds == 3 else []
        )
    assert lsart.now_ns() == ended <= 7 * SECOND
    assert lsa.packages == ()


@simulated
async def test_an_lsa_that_has_ended_loads_nothing() -> None:
    async with lsart.open_lsa() as lsa:
        pass
    with pytest.raises(StatusError, match="the LSA is shutting down"):
        await lsa.load_on_demand(scripted("late"))
    assert (lsa.loader.packages, in_use(lsa)) == ([], {})


@simulated
async def test_a_reload_that_hangs_is_taken_back_before_the_lsa_has_ended(log: Log, file: Path) -> None:
    async with trio.open_nursery() as nursery:
        async with lsart.open_lsa(f"{file}:Cache", bus=log.bus) as lsa:
            writes(file, 2)
            file.write_text(file.read_text("utf-8").replace("trio.sleep(0.5)", "trio.sleep(50)"), "utf-8")

            async def reloads() -> None:
                with pytest.raises(StatusError, match="the LSA is shutting down"):
                    await lsa.reload("cache")

            nursery.start_soon(reloads)
            await trio.sleep(0.2)
        told = len(log.events)
    assert len(log.events) == told
    assert in_use(lsa) == {}


@pytest.mark.parametrize("by", ["client", "package"])
@pytest.mark.parametrize("worker", ["same", "another"])
@simulated
async def test_a_message_is_still_being_read_when_the_package_is_replaced(worker: Any, by: str) -> None:
    class Answers(Callee):
        def __init__(self) -> None:
            super().__init__(self.echo)

    async def asks(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        address = await table.AllocatePrivateHeap(4)
        assert isinstance(address, Pointer)
        await table.memory.write(address, b"text")
        reply, length, _ = await table.CallPackage("b", address, 4)
        assert isinstance(reply, Pointer)
        data = await table.memory.read(reply, length)
        await table.FreeReturnBuffer(reply)
        await table.FreePrivateHeap(address)
        return await table.reply(request, data)

    settings = LsaSettings(choices=lsart.Choices(call_package_worker=worker))
    async with lsart.open_lsa(Answers, scripted("a", call=asks), settings=settings) as lsa, lsa.connect() as client:
        address = client.memory.allocate(4)
        assert address is not None
        await client.memory.write(address, b"text")
        number = lsa.find_package("b").authentication_id
        lsa.pacer.add(lambda _: None)
        over = False

        async def reloads() -> None:
            while not over:
                await lsa.reload("b")
                await trio.lowlevel.checkpoint()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(reloads)
            for _ in range(50):
                if by == "client":
                    reply = await client.LsaCallAuthenticationPackage(client.handle, number, address, 4)
                    buffer = reply.protocol_return_buffer
                    assert isinstance(buffer, Pointer)
                    await client.LsaFreeReturnBuffer(buffer)
                else:
                    assert (await client.call("a", b"")).data == b"re text"
            over = True
    assert in_use(lsa) == {}
