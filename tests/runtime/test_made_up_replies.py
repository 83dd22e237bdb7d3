"""Replies whose buffer the package did not allocate for the call: told, and harmless to everybody else."""

from __future__ import annotations

from typing import Any

import pytest
from lsas import Log, scripted, simulated, status_of

import lsart
from lsart.contract import CallPackageReply, ClientRequest, FunctionTable, Pointer
from lsart.events import OutputNotFromHeap
from lsart.memory import LSASS


def made_up(log: Log) -> list[tuple[str, str, int]]:
    return [(each.package, each.output, each.address) for each in log.of(OutputNotFromHeap)]


@pytest.mark.parametrize("space", [LSASS, "alice", "bob"])
@simulated
async def test_a_buffer_that_a_package_made_up_is_told_and_faults_in_the_client_and_nowhere_else(
    space: str, log: Log
) -> None:
    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        return CallPackageReply(Pointer(0x4000, space), 4)

    async with (
        lsart.open_lsa(scripted("a", call=call), bus=log.bus) as lsa,
        lsa.connect("alice") as alice,
        lsa.connect("bob"),
    ):
        with pytest.raises(lsart.AccessViolation, match="nothing is mapped there"):
            await alice.call("a", b"")
        assert made_up(log) == [("a", "ProtocolReturnBuffer", 0x4000)]
        number = await alice.LsaLookupAuthenticationPackage(alice.handle, "a")
        reply = await alice.LsaCallAuthenticationPackage(alice.handle, number, b"")
        assert reply.protocol_return_buffer == Pointer(0x4000, "alice")  # never an address of another process
        assert [each.name for each in lsa.packages] == ["a"]
        assert lsa.check() == []


@simulated
async def test_a_live_block_of_the_lsa_heap_or_of_another_client_is_no_reply(log: Log) -> None:
    blocks: list[Pointer] = []

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        if not blocks:
            block = await table.AllocateLsaHeap(6)
            assert block is not None
            await table.memory.write(block, b"secret")
            blocks.append(block)
            blocks.append(await table.AllocateClientBuffer(request, 6))  # of the first caller, alice
            await table.CopyToClientBuffer(request, 6, blocks[1], b"alices")
            return CallPackageReply(blocks[1], 6)
        return CallPackageReply(blocks[int(message)], 6)

    async with (
        lsart.open_lsa(scripted("a", call=call), bus=log.bus) as lsa,
        lsa.connect("alice") as alice,
        lsa.connect("bob") as bob,
    ):
        number = await alice.LsaLookupAuthenticationPackage(alice.handle, "a")
        first = await alice.LsaCallAuthenticationPackage(alice.handle, number, b"")
        assert (first.protocol_return_buffer, log.of(OutputNotFromHeap)) == (blocks[1], [])
        for message in (b"0", b"1"):
            with pytest.raises(lsart.AccessViolation):
                await bob.call("a", message)
        assert [address for _, _, address in made_up(log)] == [blocks[0].address, blocks[1].address]
        assert await alice.memory.read(blocks[1], 6) == b"alices"
        log.events.clear()
        # Of this client, but of an earlier call: alice may read it, and cannot know to free it twice.
        again = await alice.LsaCallAuthenticationPackage(alice.handle, number, b"1")
        assert again.protocol_return_buffer == blocks[1]
        assert len(made_up(log)) == 1
        await alice.LsaFreeReturnBuffer(blocks[1])


@simulated
async def test_a_buffer_that_the_package_freed_is_told_and_one_that_the_client_freed_is_not(log: Log) -> None:
    allocated: list[Any] = []

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        buffer = await table.AllocateClientBuffer(request, 8)
        allocated.append(buffer)
        if message == b"package":
            await table.FreeClientBuffer(request, buffer)
        else:
            assert await status_of_free(buffer)  # as a client does that guesses the address
        return CallPackageReply(buffer, 8)

    async with lsart.open_lsa(scripted("a", call=call), bus=log.bus) as lsa, lsa.connect("alice") as alice:

        async def status_of_free(buffer: Pointer) -> bool:
            await alice.LsaFreeReturnBuffer(buffer)
            return True

        number = await alice.LsaLookupAuthenticationPackage(alice.handle, "a")
        await alice.LsaCallAuthenticationPackage(alice.handle, number, b"client")
        assert made_up(log) == []
        await alice.LsaCallAuthenticationPackage(alice.handle, number, b"package")
        assert made_up(log) == [("a", "ProtocolReturnBuffer", allocated[1].address)]
        assert await status_of(alice.LsaFreeReturnBuffer(allocated[1])) != 0
