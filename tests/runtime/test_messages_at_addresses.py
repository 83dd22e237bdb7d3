"""Messages that lie in the client's memory: LSA reads them from there, once, and tells the package the address."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
import trio
from lsas import Log, in_use, simulated, status_of

import lsart
from lsart.contract import (
    SECPKG_PARAMETERS,
    STATUS_ACCESS_VIOLATION,
    STATUS_INVALID_HANDLE,
    STATUS_INVALID_PARAMETER,
    STATUS_NO_MEMORY,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    ProcessTerminated,
    StatusError,
)
from lsart.events import CallStarted, PackageDisabled
from lsart.memory import Access, MachineLimits

_STRING = struct.Struct("<IQ")  # length, and the address of the text


class Reads:
    """Answers with the text that the message points at, at an absolute address in the client."""

    def __init__(self) -> None:
        self.bases: list[Pointer | None] = []
        self.messages: list[bytes] = []

    def SpInitialize(self, package_id: int, parameters: SECPKG_PARAMETERS, table: FunctionTable) -> None:
        self.table = table

    async def LsaApCallPackageUntrusted(
        self, client_request: ClientRequest, submit_buffer: bytes, client_base: Pointer | None, length: int
    ) -> CallPackageReply:
        self.bases.append(client_base)
        self.messages.append(submit_buffer)
        if client_base is None:
            return CallPackageReply()
        size, address = _STRING.unpack_from(submit_buffer)
        start = address - client_base.address
        return await self.table.reply(client_request, submit_buffer[start : start + size])


async def place_text(client: lsart.Client, text: bytes) -> tuple[Pointer, int]:
    """A message that holds the text behind the address of it."""
    length = _STRING.size + len(text)
    message = client.memory.allocate(length)
    assert message is not None
    await client.memory.write(message, _STRING.pack(len(text), message.address + _STRING.size) + text)
    return message, length


async def reply_of(client: lsart.Client, message: Pointer, length: int) -> bytes:
    """What the only package answers; the reply is freed."""
    answer = await client.LsaCallAuthenticationPackage(client.handle, 0, message, length)
    assert isinstance(answer.protocol_return_buffer, Pointer)
    data = await client.memory.read(answer.protocol_return_buffer, answer.return_buffer_length)
    await client.LsaFreeReturnBuffer(answer.protocol_return_buffer)
    return data


@simulated
async def test_a_package_finds_what_pointers_in_a_message_mean_by_the_address_it_had() -> None:
    package = Reads()
    async with lsart.open_lsa(package) as lsa:
        async with lsa.connect("alice") as alice, lsa.connect("bob") as bob:
            first, first_length = await place_text(alice, b"alice's")
            second, second_length = await place_text(alice, b"another of alice's")
            other, other_length = await place_text(bob, b"bob's")
            assert await reply_of(alice, first, first_length) == b"alice's"
            assert await reply_of(alice, second, second_length) == b"another of alice's"
            assert await reply_of(bob, other, other_length) == b"bob's"
            await alice.LsaCallAuthenticationPackage(alice.handle, 0, b"at no address")
        assert package.bases == [first, second, other, None]
        assert in_use(lsa) == {}


@pytest.mark.parametrize(
    "lie",
    [
        lambda mine, theirs: (mine, 1 << 20),
        lambda mine, theirs: (mine, 0xFFFF_FFFF),
        lambda mine, theirs: (Pointer(8, "alice"), 4),
        lambda mine, theirs: (None, 4),
        lambda mine, theirs: (b"four", 5),
        lambda mine, theirs: (theirs, 4),
        lambda mine, theirs: (Pointer(mine.address, "lsass"), 4),
    ],
    ids=["past the end", "the greatest length", "unmapped", "NULL", "bytes", "another client's", "LSA's"],
)
@simulated
async def test_a_message_that_is_not_there_gives_a_status_and_enters_no_package(
    lie: Callable[[Pointer, Pointer], tuple[Pointer | bytes | None, int]], log: Log
) -> None:
    async with (
        lsart.open_lsa(Reads(), bus=log.bus) as lsa,
        lsa.connect("alice") as alice,
        lsa.connect("bob") as bob,
    ):
        mine, length = await place_text(alice, b"text")
        theirs, _ = await place_text(bob, b"text")
        buffer, claimed = lie(mine, theirs)
        failed = await status_of(alice.LsaCallAuthenticationPackage(alice.handle, 0, buffer, claimed))
        assert failed == STATUS_ACCESS_VIOLATION
        assert log.of(CallStarted) == []
        assert await reply_of(alice, mine, length) == b"text"
    assert log.of(PackageDisabled) == []


@simulated
async def test_memory_that_was_given_back_can_be_no_message() -> None:
    async with lsart.open_lsa(Reads()) as lsa, lsa.connect("alice") as alice:
        message, length = await place_text(alice, b"text")
        assert alice.memory.free(message)
        assert not alice.memory.free(message)
        failed = await status_of(alice.LsaCallAuthenticationPackage(alice.handle, 0, message, length))
        assert failed == STATUS_ACCESS_VIOLATION


@simulated
async def test_a_length_says_how_much_is_sent() -> None:
    package = Reads()
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        for buffer, length in ((b"message", 4), (bytearray(b"message"), None), (b"message", 0), (None, 0)):
            await alice.LsaCallAuthenticationPackage(alice.handle, 0, buffer, length)
        nowhere = Pointer(8, "alice")
        package_of_none = alice.LsaCallAuthenticationPackage(alice.handle, 0, nowhere, 0)
        with pytest.raises(StatusError):  # the package wanted more
            await package_of_none
    assert package.messages == [b"mess", b"message", b"", b"", b""]
    assert package.bases == [None, None, None, None, nowhere]


@pytest.mark.parametrize("buffer", [b"abc", Pointer(8, "alice")], ids=["bytes", "pointer"])
@simulated
async def test_a_length_that_is_no_ulong_is_refused_in_the_client(buffer: Pointer | bytes, log: Log) -> None:
    async with lsart.open_lsa(Reads(), bus=log.bus) as lsa, lsa.connect("alice") as alice:
        for length in (-1, 1 << 32):
            failed = await status_of(alice.LsaCallAuthenticationPackage(alice.handle, 0, buffer, length))
            assert failed == STATUS_INVALID_PARAMETER
        with pytest.raises(TypeError, match="a length is a number of bytes"):
            await alice.LsaCallAuthenticationPackage(alice.handle, 0, buffer, 3.0)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="needs the length"):
            await alice.LsaCallAuthenticationPackage(alice.handle, 0, Pointer(8, "alice"))
    assert log.of(CallStarted) == []


@simulated
async def test_an_unknown_connection_gets_no_hint_about_memory() -> None:
    async with lsart.open_lsa(Reads()) as lsa, lsa.connect("alice") as alice:
        failed = await status_of(alice.LsaCallAuthenticationPackage(12345, 0, Pointer(8, "alice"), 4))
        assert failed == STATUS_INVALID_HANDLE


@pytest.mark.parametrize("length", [4, 1 << 32])
@simulated
async def test_a_client_that_tries_for_ever_lets_others_run(length: int) -> None:
    async with lsart.open_lsa(Reads()) as lsa, lsa.connect("alice") as alice:
        others = 0

        async def other() -> None:
            nonlocal others
            for _ in range(10):
                await trio.lowlevel.checkpoint()
                others += 1

        async with trio.open_nursery() as nursery:
            nursery.start_soon(other)
            for _ in range(20):
                await status_of(alice.LsaCallAuthenticationPackage(alice.handle, 0, Pointer(8, "alice"), length))
            assert others == 10


# ---------------------------------------------------------------------- captured once


@simulated
async def test_what_a_client_writes_after_its_call_reaches_no_package() -> None:
    package = Reads()
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        message, length = await place_text(alice, b"good")
        seen: list[bytes] = []

        def strikes(access: Access) -> None:
            seen.append(alice.process.space.read(message.address, length)[-4:])
            alice.process.space.write(message.address + length - 4, b"evil" if len(seen) > 1 else b"bold")

        lsa.pacer.add(strikes)
        answer = await alice.LsaCallAuthenticationPackage(alice.handle, 0, message, length)
        lsa.pacer.remove(strikes)
        assert isinstance(answer.protocol_return_buffer, Pointer)
        assert seen[:2] == [b"good", b"bold"], "LSA reads the message, the package writes its answer"
        assert [each[-4:] for each in package.messages] == [b"bold"], "one read, before the package is entered"


@simulated
async def test_a_process_that_ends_as_lsa_reads_its_message_enters_no_package(log: Log) -> None:
    async with lsart.open_lsa(Reads(), bus=log.bus) as lsa:
        async with lsa.connect("alice") as alice:
            message, length = await place_text(alice, b"good")

            def ends(access: Access) -> None:
                alice.terminate()

            lsa.pacer.add(ends)
            with pytest.raises(ProcessTerminated):
                await alice.LsaCallAuthenticationPackage(alice.handle, 0, message, length)
            lsa.pacer.remove(ends)
        assert log.of(CallStarted) == []
        assert in_use(lsa) == {}


@pytest.mark.parametrize("strategy", ["random", "dpor"])
def test_another_thread_of_the_client_can_write_before_and_after_the_capture(strategy: str) -> None:
    found: set[bytes] = set()

    async def main() -> None:
        package = Reads()
        costs = lsart.Costs(heap_lock=0, commit_page=0, create_section=0)
        async with lsart.open_lsa(package, settings=lsart.LsaSettings(costs=costs, watchdog=None)) as lsa:
            async with lsa.connect("alice") as alice:
                message, length = await place_text(alice, b"good")

                async def writes() -> None:
                    await alice.memory.write(message + (length - 4), b"evil")

                async def calls() -> None:
                    await alice.LsaCallAuthenticationPackage(alice.handle, 0, message, length)

                async with trio.open_nursery() as nursery:
                    nursery.start_soon(calls, name="calls")
                    nursery.start_soon(writes, name="writes")
            found.add(package.messages[0][-4:])

    result = lsart.explore(main, strategy=strategy, labelled=True, schedules=300, shrink=False)
    assert result.failure is None
    assert found == {b"good", b"evil"}


# ---------------------------------------------------------------------- whose memory it is


@simulated
async def test_a_client_and_lsa_each_free_what_they_allocated() -> None:
    async with lsart.open_lsa(Reads()) as lsa, lsa.connect("alice") as alice, lsa.connect("bob") as bob:
        message, length = await place_text(alice, b"text")
        answer = await alice.LsaCallAuthenticationPackage(alice.handle, 0, message, length)
        reply = answer.protocol_return_buffer
        assert isinstance(reply, Pointer)
        assert not alice.memory.free(reply)
        assert not bob.memory.free(message)
        unknown = lsa.settings.choices.return_buffer_unknown
        assert await status_of(alice.LsaFreeReturnBuffer(message)) == unknown
        assert await alice.memory.read(reply, 4) == b"text"
        await alice.LsaFreeReturnBuffer(reply)
        assert alice.memory.free(message)
        assert alice.process.committed == 0


@simulated
async def test_a_process_that_ends_gives_back_all_that_it_allocated() -> None:
    async with lsart.open_lsa(Reads()) as lsa:
        async with lsa.connect("alice") as alice:
            assert await alice.memory.place(b"something") is not None
            alice.terminate()
            assert alice.memory.allocate(8) is None
        assert in_use(lsa) == {}


@simulated
async def test_memory_of_a_client_ends_where_the_machine_has_no_more() -> None:
    settings = lsart.LsaSettings(machine=MachineLimits(commit=4096))
    async with lsart.open_lsa(Reads(), settings=settings) as lsa, lsa.connect("alice") as alice:
        assert alice.memory.allocate(4096) is not None
        assert alice.memory.allocate(1) is None
        assert await status_of(alice.memory.place(b"1")) == STATUS_NO_MEMORY
