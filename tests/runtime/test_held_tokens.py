"""By what tokens a process and its threads act, whatever becomes of their handles; and packages that act by them."""

from __future__ import annotations

import pytest
import trio
from logons import authenticator, log_on
from lsas import Log, in_use, scripted, simulated
from tokens import LUID, create

import lsart
from lsart.contract import STATUS_SUCCESS, Choices, ClientRequest, FunctionTable
from lsart.events import ImpersonationLeft, LogonSessionEnded
from lsart.runtime import Client, LsaSettings
from lsart.security import AccessToken


def close_all(client: Client) -> None:
    for handle in range(0, 400, 4):  # whatever it can guess
        client.CloseHandle(handle)


@simulated
async def test_a_thread_acts_by_its_token_though_the_process_closes_every_handle_there_is(log: Log) -> None:
    acted: list[bool] = []

    async def body(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await table.ImpersonateClient()
        acted.append((await table.GetClientInfo()).client_token is not None)

    async with lsart.open_lsa(authenticator(call=body), bus=log.bus) as lsa, lsa.connect("alice") as alice:
        reply = await log_on(alice)
        assert alice.ImpersonateLoggedOnUser(reply.token)
        close_all(alice)
        assert len(alice.handles) == 0
        await alice.call("auth", b"")
        assert acted == [True]
        assert log.of(LogonSessionEnded) == []
        assert alice.RevertToSelf()
        assert log.one(LogonSessionEnded).logon_id == reply.logon_id
        assert lsa.check() == []


@simulated
async def test_a_process_runs_by_its_token_until_it_ends_though_it_closes_every_handle_there_is() -> None:
    async def body(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await table.ImpersonateClient()

    package = scripted("cache", call=body)
    async with lsart.open_lsa(package) as lsa:
        await package.table.CreateLogonSession(LUID)
        handle, status = await create(package.table)
        assert status == STATUS_SUCCESS
        alice = lsa.start_client("alice", token=handle)
        package.table.win32.CloseHandle(handle)
        alice.connect(trusted=False)
        close_all(alice)
        await alice.call("cache", b"")
        token = alice.token
        assert isinstance(token, AccessToken)
        assert not token.is_closed
        assert lsa.check() == []
        alice.terminate()
        assert alice.token is token
        await package.table.DeleteLogonSession(LUID)
        assert in_use(lsa) == {}


@pytest.mark.parametrize("worker", ["same", "another"])
@simulated
async def test_a_task_that_outlives_the_inner_call_acts_as_the_client_until_the_outer_one_ends(
    worker: str, log: Log
) -> None:
    nurseries: list[trio.Nursery] = []

    async def task() -> None:
        await trio.sleep(1)  # the inner call is over, the outer one is not
        await callee.table.ImpersonateClient()
        await trio.sleep(1)

    async def inner(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        nurseries[0].start_soon(task)

    async def outer(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        async with trio.open_nursery() as nursery:
            nurseries.append(nursery)
            await table.CallPackage("callee", b"", 0)

    cache, callee = scripted("cache"), scripted("callee", call=inner, trusted=inner)
    given = LsaSettings(watchdog=None, choices=Choices(call_package_worker=worker))  # type: ignore[arg-type]
    async with lsart.open_lsa(cache, callee, scripted("caller", call=outer), settings=given, bus=log.bus) as lsa:
        await cache.table.CreateLogonSession(LUID)
        handle, _ = await create(cache.table)
        alice = lsa.start_client("alice", token=handle)
        cache.table.win32.CloseHandle(handle)
        alice.connect(trusted=False)
        await alice.call("caller", b"")
        assert log.one(ImpersonationLeft).origin.package == "callee"
        alice.terminate()
        await cache.table.DeleteLogonSession(LUID)  # no token is left
        assert len(lsa.security.handles) == 0
        assert lsa.check() == []
