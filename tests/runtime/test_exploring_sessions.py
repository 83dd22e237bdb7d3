"""Calls that use one logon session, its credentials or its tokens, while schedules are explored."""

from __future__ import annotations

import pytest
import trio
from lsas import scripted

import lsart
from lsart.contract import ClientRequest, FunctionTable, enumerations
from lsart.runtime import LsaSettings

SETTINGS = LsaSettings(costs=lsart.Costs(heap_lock=0, commit_page=0, create_section=0), watchdog=None)


@pytest.mark.parametrize(
    ("messages", "outcomes"),
    [
        ((b"delete session", b"store"), {(), ("bob STATUS_NO_SUCH_LOGON_SESSION",)}),
        ((b"delete", b"delete"), {("alice STATUS_UNSUCCESSFUL",), ("bob STATUS_UNSUCCESSFUL",)}),
        ((b"delete", b"get"), {(), ("bob STATUS_UNSUCCESSFUL",)}),
        (
            (b"delete session", b"token"),
            {(), ("alice STATUS_BAD_LOGON_SESSION_STATE",), ("bob STATUS_NO_SUCH_LOGON_SESSION",)},
        ),
        ((b"create", b"create"), {("alice STATUS_LOGON_SESSION_COLLISION",), ("bob STATUS_LOGON_SESSION_COLLISION",)}),
    ],
)
@pytest.mark.parametrize("strategy", ["random", "dpor"])
def test_calls_that_use_one_session_or_one_credential_meet_in_either_order(
    strategy: str, messages: tuple[bytes, bytes], outcomes: set[tuple[str, ...]]
) -> None:
    found: set[tuple[str, ...]] = set()

    async def initialize(table: FunctionTable) -> None:
        await table.CreateLogonSession(0x1000)
        await table.AddCredential(0x1000, 0, "key", b"secret")

    async def uses(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        if message == b"delete session":
            await table.DeleteLogonSession(0x1000)
        elif message == b"create":
            await table.CreateLogonSession(0x1001)
        elif message == b"store":
            await table.AddCredential(0x1000, 0, "other", b"secret")
        elif message == b"token":
            nobody = lsart.LSA_TOKEN_INFORMATION_NULL()
            source = lsart.TOKEN_SOURCE("cache")
            kinds = (
                enumerations.SECURITY_LOGON_TYPE.Network,
                enumerations.SECURITY_IMPERSONATION_LEVEL.SecurityIdentification,
                enumerations.LSA_TOKEN_INFORMATION_TYPE.LsaTokenInformationNull,
            )
            token, _ = await table.CreateToken(0x1000, source, *kinds, nobody, None, "", "", None, None)
            await trio.lowlevel.checkpoint()
            table.win32.CloseHandle(token)
        elif message == b"get":
            await table.GetCredentials(0x1000, 0, 0, False, "key")
        else:
            await table.DeleteCredential(0x1000, 0, "key")

    async def main() -> None:
        told: list[str] = []

        async def calls(client: lsart.Client, message: bytes) -> None:
            try:
                await client.call("cache", message)
            except lsart.StatusError as error:
                told.append(f"{client.name} {error.status.name}")

        package = scripted("cache", initialize=initialize, call=uses)
        async with (
            lsart.open_lsa(package, settings=SETTINGS) as lsa,
            lsa.connect("alice") as alice,
            lsa.connect("bob") as bob,
        ):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(calls, alice, messages[0])
                nursery.start_soon(calls, bob, messages[1])
            assert lsa.check() == []
        found.add(tuple(sorted(told)))

    result = lsart.explore(main, strategy=strategy, labelled=True, schedules=100, shrink=False)
    assert result.failure is None
    assert found == outcomes
