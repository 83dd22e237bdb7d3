"""What the two functions that serve a call have in common, and what a call's own status means."""

from __future__ import annotations

import pytest
from lsas import Log, in_use, scripted, simulated, status_of

import lsart
from lsart.contract import (
    SEC_E_INVALID_TOKEN,
    SECPKG_SLOTS,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_SUCCESS,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    StatusError,
)
from lsart.events import CallFinished


@pytest.mark.rule("LCA-2")
@simulated
async def test_a_call_has_a_protocol_status_only_when_it_succeeds(log: Log) -> None:
    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        if message == b"fail":
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES)
        return await table.reply(request, message, protocol_status=7)

    async with lsart.open_lsa(scripted("a", call=call), bus=log.bus) as lsa, lsa.connect() as client:
        assert (await client.call("a", b"succeed")).protocol_status == 7
        assert await status_of(client.call("a", b"fail")) == STATUS_INSUFFICIENT_RESOURCES
    assert [(each.status, each.protocol_status) for each in log.of(CallFinished)] == [
        (STATUS_SUCCESS, 7),
        (STATUS_INSUFFICIENT_RESOURCES, None),
    ]
    assert in_use(lsa) == {}


@pytest.mark.rule("STS-3")
@simulated
async def test_a_code_of_sspi_is_a_status_like_any_other(log: Log) -> None:
    def call(table: FunctionTable, request: ClientRequest, message: bytes) -> CallPackageReply:
        raise StatusError(SEC_E_INVALID_TOKEN)

    async with lsart.open_lsa(scripted("a", trusted=call), bus=log.bus) as lsa, lsa.connect(trusted=True) as client:
        for _ in range(2):
            status = await status_of(client.call("a", b""))
            assert (status, status.name) == (0x80090308, "SEC_E_INVALID_TOKEN")
    assert [each.status for each in log.of(CallFinished)] == [SEC_E_INVALID_TOKEN] * 2


@pytest.mark.rule("LCU-2")
@simulated
async def test_trusted_and_untrusted_calls_come_to_functions_of_one_type() -> None:
    rows = {each.name: each for each in SECPKG_SLOTS}
    plain, untrusted = rows["CallPackage"], rows["CallPackageUntrusted"]
    assert [(each.windows_name, each.type, each.direction) for each in plain.parameters] == [
        (each.windows_name, each.type, each.direction) for each in untrusted.parameters
    ]
    assert plain.returns == untrusted.returns
    types: list[list[type]] = []

    class Both:
        def SpInitialize(self, *arguments: object) -> None: ...

        def LsaApCallPackage(self, *arguments: object) -> None:
            types.append([type(each) for each in arguments])

        def LsaApCallPackageUntrusted(self, *arguments: object) -> None:
            types.append([type(each) for each in arguments])

    async with lsart.open_lsa(Both) as lsa:
        for trusted in (False, True):
            async with lsa.connect(trusted=trusted) as client:
                await client.call("both", b"message")
    assert types[0] == types[1]
    assert len(types[0]) == len(plain.in_parameters)
