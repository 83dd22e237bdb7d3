"""Reads and writes of shared bytes: what another process wrote is seen, what is not mapped is not touched."""

from __future__ import annotations

import pytest
from lsas import Log, scripted, simulated

import lsart
from lsart.contract import (
    AccessViolation,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
)
from lsart.events import AccessViolated
from lsart.memory import Access


async def initialize(table: FunctionTable) -> None:
    assert await table.CreateSharedMemory(65536, 4096) is not None


@simulated
async def test_a_hostile_client_can_write_between_two_reads_of_a_package() -> None:
    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        first = await table.memory.read(Pointer(int(message), "lsass"), 1)
        second = await table.memory.read(Pointer(int(message), "lsass"), 1)
        return await table.reply(request, first + second)

    async with lsart.open_lsa(scripted("a", initialize=initialize, call=call)) as lsa, lsa.connect() as client:
        (section,) = lsa.memory.sections()
        view = client.map_section("a")
        await view.write(0, b"1")
        steps: list[Access] = []

        def strike(access: Access) -> None:
            steps.append(access)
            if len(steps) == 2:
                client.process.space.write(view.base.address, b"2")

        lsa.pacer.add(strike)
        assert (await client.call("a", b"%d" % section.base)).data == b"12"
        *reads, reply = [(each.space, each.address, each.kind) for each in steps]
        assert reads == [("lsass", section.base, "read")] * 2
        assert (reply[0], reply[2]) == (client.name, "write")
        lsa.pacer.remove(strike)
        lsa.pacer.remove(strike)
        assert (await client.call("a", b"%d" % section.base)).data == b"22"
        assert len(steps) == 3


@simulated
async def test_interlopers_come_in_the_order_they_registered_before_every_access() -> None:
    package = scripted("a", initialize=initialize)
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as client:
        view = client.map_section("a")
        seen: list[tuple[str, str]] = []
        lsa.pacer.add(lambda access: seen.append(("first", access.kind)))
        lsa.pacer.add(lambda access: seen.append(("second", access.kind)))
        await view.write(0, b"x")
        await view.read(0, 1)
        assert seen == [("first", "write"), ("second", "write"), ("first", "read"), ("second", "read")]


@simulated
async def test_a_pointer_of_another_process_points_nowhere_and_says_to_send_an_offset(log: Log) -> None:
    package = scripted("a", initialize=initialize)
    async with lsart.open_lsa(package, bus=log.bus) as lsa, lsa.connect("alice") as client:
        view = client.map_section("a")
        memory = package.table.memory
        with pytest.raises(AccessViolation, match=r"is an address of another process; .*Send an offset instead"):
            await memory.read(view.base, 4)
        with pytest.raises(AccessViolation, match="Send an offset instead"):
            await memory.write(view.base, b"x")
        (section,) = lsa.memory.sections()
        with pytest.raises(AccessViolation, match="Send an offset instead"):
            await client.memory.read(Pointer(section.base, "lsass"), 4)
        # The address alone, with a lie about where it means something, is mapped nowhere either.
        with pytest.raises(AccessViolation, match="nothing is mapped there"):
            await client.memory.read(Pointer(section.base, "alice"), 4)
    told = [(each.space, each.kind, each.origin.package, each.origin.client) for each in log.of(AccessViolated)]
    assert told == [
        ("lsass", "read", "a", ""),
        ("lsass", "write", "a", ""),
        ("alice", "read", "", "alice"),
        ("alice", "read", "", "alice"),
    ]


@pytest.mark.parametrize(
    ("offset", "length", "reason"),
    [
        (4096, 1, "committed only up to 4096 bytes"),
        (4090, 10, "committed only up to 4096 bytes"),
        (65536, 1, "nothing is mapped there"),
        (65530, 10, "runs 4 bytes past the end"),
        (-1, 1, "nothing is mapped there"),
        (0, -1, "a length cannot be negative"),
    ],
)
@simulated
async def test_only_committed_bytes_can_be_touched(offset: int, length: int, reason: str) -> None:
    async with lsart.open_lsa(scripted("a", initialize=initialize)) as lsa, lsa.connect() as client:
        view = client.map_section("a")
        with pytest.raises(AccessViolation, match=reason):
            await view.read(offset, length)
        if length > 0:
            with pytest.raises(AccessViolation, match=reason):
                await view.write(offset, bytes(length))


@simulated
async def test_a_refused_write_changes_no_byte() -> None:
    async with lsart.open_lsa(scripted("a", initialize=initialize)) as lsa, lsa.connect() as client:
        view = client.map_section("a")
        with pytest.raises(AccessViolation):
            await view.write(4094, b"abcd")
        assert await view.read(4094, 2) == bytes(2)


@simulated
async def test_reading_does_not_let_others_run() -> None:
    """Uncontested, an access is a coroutine call and no more: no switch that Windows would not make visible."""
    async with lsart.open_lsa(scripted("a", initialize=initialize)) as lsa, lsa.connect() as client:
        coroutine = client.map_section("a").read(0, 4)
        with pytest.raises(StopIteration) as done:
            coroutine.send(None)
        assert done.value.value == bytes(4)
