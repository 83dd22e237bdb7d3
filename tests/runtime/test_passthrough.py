"""Pass-through logon requests of clients: who is called for them, and that all else is as in any call."""

from __future__ import annotations

from typing import Any

import pytest
from callers import Callee
from lsas import Log, in_use, scripted, simulated, status_of

import lsart
from lsart.contract import (
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_NO_MEMORY,
    STATUS_NOT_IMPLEMENTED,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    StatusError,
)
from lsart.events import CallFinished, PackageDisabled
from lsart.memory import MachineLimits
from lsart.runtime import LsaSettings

KINDS = [(False, False), (False, True), (True, False), (True, True)]
NAMES = {
    (False, False): "CallPackageUntrusted",
    (True, False): "CallPackage",
    (False, True): "CallPackagePassthrough",
    (True, True): "CallPackagePassthrough",
}


async def sends(client: lsart.Client, message: bytes, *, passthrough: bool) -> CallPackageReply:
    number = await client.LsaLookupAuthenticationPackage(client.handle, "b")
    return await client.LsaCallAuthenticationPackage(client.handle, number, message, passthrough=passthrough)


@pytest.mark.rule("LCT-1")
@pytest.mark.parametrize(("trusted", "passthrough"), KINDS)
@simulated
async def test_a_pass_through_request_reaches_its_entry_over_either_kind_of_connection(
    trusted: bool, passthrough: bool
) -> None:
    callee = Callee(lambda *_: None)
    async with lsart.open_lsa(callee) as lsa, lsa.connect(trusted=trusted) as client:
        await sends(client, b"hello", passthrough=passthrough)
    ((name, (_, message, base, length)),) = callee.entered
    assert (name, message, base, length) == (NAMES[trusted, passthrough], b"hello", None, 5)


@simulated
async def test_a_package_without_the_entry_has_not_implemented_it() -> None:
    async with lsart.open_lsa(scripted("b", call=Callee.echo)) as lsa, lsa.connect() as client:
        assert await status_of(sends(client, b"", passthrough=True)) == STATUS_NOT_IMPLEMENTED
        assert (await client.call("b", b"")).data == b"re "


@pytest.mark.rule("LCT-3")
@pytest.mark.parametrize(("trusted", "passthrough"), KINDS)
@simulated
async def test_buffers_and_statuses_are_those_of_any_call(trusted: bool, passthrough: bool, log: Log) -> None:
    async def does(table: FunctionTable, request: ClientRequest, message: bytes) -> Any:
        if message == b"fail":
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        if message == b"fault":
            raise KeyError(message)
        return await table.reply(request, message * 2, protocol_status=7)

    options = LsaSettings(machine=MachineLimits(client_quota=4096))
    package = Callee(does)
    async with (
        lsart.open_lsa(package, bus=log.bus, settings=options) as lsa,
        lsa.connect("alice", trusted=trusted) as client,
    ):
        answer = await sends(client, b"hello", passthrough=passthrough)
        reply = answer.protocol_return_buffer
        assert isinstance(reply, Pointer)
        assert (reply.space, answer.return_buffer_length, answer.protocol_status) == ("alice", 10, 7)
        assert await client.memory.read(reply, 10) == b"hellohello"
        await client.LsaFreeReturnBuffer(reply)
        failed = await status_of(sends(client, b"fail", passthrough=passthrough))
        assert failed == STATUS_INSUFFICIENT_RESOURCES
        assert await status_of(sends(client, bytes(4000), passthrough=passthrough)) == STATUS_NO_MEMORY
        await status_of(sends(client, b"fault", passthrough=passthrough))
    assert log.one(PackageDisabled).entry_point == NAMES[trusted, passthrough]
    statuses = [(each.status, each.protocol_status) for each in log.of(CallFinished)]
    assert statuses[:3] == [(0, 7), (STATUS_INSUFFICIENT_RESOURCES, None), (STATUS_NO_MEMORY, None)]
    assert in_use(lsa) == {}
