"""What a client sends is checked and copied in the client: no message disables a package for everybody."""

from __future__ import annotations

from array import array
from typing import Any

import pytest
import trio
from lsas import Log, in_use, scripted, simulated

import lsart
from lsart.contract import AccessViolation, CallPackageReply, ClientRequest, FunctionTable
from lsart.events import CallStarted, PackageDisabled


async def echo(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
    await trio.sleep(1)
    return await table.reply(request, message)


@pytest.mark.parametrize("message", [5, "abc", [1, 2, 999], object()], ids=["int", "text", "list", "object"])
@simulated
async def test_a_message_that_is_not_made_of_bytes_fails_in_the_client_and_reaches_no_package(
    message: Any, log: Log
) -> None:
    async with lsart.open_lsa(scripted("a", call=echo), bus=log.bus) as lsa, lsa.connect() as client:
        with pytest.raises(TypeError, match="a message is bytes or None, got "):
            await client.call("a", message)
        assert (await client.call("a", b"hi")).data == b"hi"
    assert len(log.of(CallStarted)) == 1
    assert log.of(PackageDisabled) == []


@pytest.mark.parametrize(
    ("message", "received"),
    [
        (None, b""),
        (bytearray(b"abc"), b"abc"),
        (memoryview(b"abcdef")[::2], b"ace"),
        (array("H", [0x6161]), b"aa"),
    ],
    ids=["NULL", "bytearray", "memoryview", "array"],
)
@simulated
async def test_null_and_whatever_is_made_of_bytes_is_a_message(message: Any, received: bytes) -> None:
    kinds: list[type] = []

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        kinds.append(type(message))
        return await table.reply(request, message)

    async with lsart.open_lsa(scripted("a", call=call)) as lsa, lsa.connect() as client:
        assert (await client.call("a", message)).data == received
    assert kinds == [bytes]


@simulated
async def test_a_client_cannot_change_its_message_while_it_is_served() -> None:
    message = bytearray(b"good")
    replies: list[bytes] = []
    async with lsart.open_lsa(scripted("a", call=echo)) as lsa, lsa.connect() as client:

        async def calling() -> None:
            replies.append((await client.call("a", message)).data)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(calling)
            await trio.sleep(0.5)
            message[:] = b"evil"
    assert replies == [b"good"]


@simulated
async def test_a_reply_that_is_shorter_than_the_package_says_faults_in_the_client_and_is_freed() -> None:
    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        return CallPackageReply(await table.AllocateClientBuffer(request, 16), 1 << 30)

    async with lsart.open_lsa(scripted("a", call=call)) as lsa, lsa.connect() as client:
        with pytest.raises(AccessViolation):
            await client.call("a", b"")
        assert in_use(lsa) == {}
