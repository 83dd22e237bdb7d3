"""DuplicateHandle: objects of LSASS by handles of the client's process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import trio
from callers import Callee
from lsas import Scripted, in_use, scripted, simulated, status_of
from tokens import LUID, create

import lsart
from lsart.contract import (
    STATUS_ACCESS_DENIED,
    STATUS_BAD_LOGON_SESSION_STATE,
    STATUS_INVALID_HANDLE,
    STATUS_INVALID_PARAMETER,
    STATUS_UNSUCCESSFUL,
    ClientRequest,
    FunctionTable,
    ProcessTerminated,
)
from lsart.security import SessionState


def gives(does: Callable[[FunctionTable], Awaitable[object]]) -> Scripted:
    """Package "cache", which made session LUID and does this in each call, whoever makes it."""

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await does(table)

    async def initialize(table: FunctionTable) -> None:
        await table.CreateLogonSession(LUID)

    return scripted("cache", initialize=initialize, call=call, trusted=call)


@pytest.mark.rule("DUH-1")
@simulated
async def test_the_duplicate_names_the_same_object_in_the_clients_process() -> None:
    given: list[int] = []

    async def does(table: FunctionTable) -> None:
        source = table.win32.CreateEvent()
        assert source is not None
        given.extend([source, await table.DuplicateHandle(source)])

    async with lsart.open_lsa(gives(does)) as lsa, lsa.connect("winlogon", trusted=True) as winlogon:
        bystander = lsa.start_client("bystander")
        await winlogon.call("cache", b"")
        source, duplicate = given
        event = lsa.security.handles.find(source)
        assert event is not None
        assert winlogon.handles.find(duplicate) is event
        assert event.handles == 2
        assert list(bystander.handles) == []
        assert lsa.check() == []
        lsa.security.handles.close(source, 0)
        assert winlogon.handles.find(duplicate) is event
        assert not event.is_closed


@pytest.mark.rule("DUH-1")
@simulated
async def test_a_package_that_another_one_calls_gives_it_to_the_client_too() -> None:
    given: list[int] = []

    async def inner(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        source = table.win32.CreateEvent()
        assert source is not None
        given.append(await table.DuplicateHandle(source))
        table.win32.CloseHandle(source)

    async def does(table: FunctionTable) -> None:
        await table.CallPackage("b", b"", 0)

    async with lsart.open_lsa(gives(does), Callee(inner)) as lsa, lsa.connect("winlogon", trusted=True) as winlogon:
        await winlogon.call("cache", b"")
        assert list(winlogon.handles) == given
    assert len(given) == 1


@pytest.mark.rule("DUH-2")
@simulated
async def test_an_unknown_source_and_a_process_that_ended_are_failures() -> None:
    statuses: list[object] = []
    dies = trio.Event()

    async def does(table: FunctionTable) -> None:
        source = table.win32.CreateEvent()
        assert source is not None
        assert isinstance(await table.DuplicateHandle(source), int)
        statuses.append(await status_of(table.DuplicateHandle(source + 4)))
        await dies.wait()
        statuses.append(await status_of(table.DuplicateHandle(source)))
        table.win32.CloseHandle(source)
        statuses.append(await status_of(table.DuplicateHandle(source)))

    package = gives(does)
    async with lsart.open_lsa(package) as lsa, lsa.connect("winlogon", trusted=True) as winlogon:

        async def calls() -> None:
            with pytest.raises(ProcessTerminated):
                await winlogon.call("cache", b"")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(calls)
            await lsart.sleep_ns(1)
            winlogon.terminate()
            dies.set()
        await lsart.sleep_ns(1)
        statuses.append(await status_of(package.table.DuplicateHandle(4)))
    assert statuses == [STATUS_INVALID_HANDLE, STATUS_UNSUCCESSFUL, STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER]


@pytest.mark.rule("DUH-3")
@simulated
async def test_the_client_closes_the_duplicate_or_its_end_does() -> None:
    duplicates: list[int] = []

    async def does(table: FunctionTable) -> None:
        source, _ = await create(table)
        duplicates.append(await table.DuplicateHandle(source))
        table.win32.CloseHandle(source)

    package = gives(does)
    async with lsart.open_lsa(package) as lsa:
        session = lsa.security.sessions.get(LUID)
        async with lsa.connect("winlogon", trusted=True) as winlogon:
            await winlogon.call("cache", b"")
            assert session.references == 1
            assert await status_of(package.table.DeleteLogonSession(LUID)) == STATUS_BAD_LOGON_SESSION_STATE
            (duplicate,) = duplicates
            assert winlogon.CloseHandle(duplicate + 4) is False
            assert winlogon.CloseHandle(duplicate) is True
            assert winlogon.CloseHandle(duplicate) is False
            assert session.references == 0
            await winlogon.call("cache", b"")
            assert session.references == 1
        assert session.references == 0
        assert lsa.check() == []
        await package.table.DeleteLogonSession(LUID)
        assert session.state is SessionState.GONE
    assert in_use(lsa) == {}


@pytest.mark.rule("LRL-4")
@simulated
async def test_lsa_may_put_handles_only_into_processes_that_registered() -> None:
    results: list[object] = []

    async def does(table: FunctionTable) -> None:
        source = table.win32.CreateEvent()
        assert source is not None
        try:
            results.append(type(await table.DuplicateHandle(source)))
        except lsart.StatusError as error:
            results.append(error.status)
        table.win32.CloseHandle(source)

    async with lsart.open_lsa(gives(does)) as lsa:
        client = lsa.start_client("winlogon", has_tcb_privilege=True)
        untrusted = await client.LsaConnectUntrusted()
        number = await client.LsaLookupAuthenticationPackage(untrusted, "cache")
        await client.LsaCallAuthenticationPackage(untrusted, number, b"")
        registered = await client.LsaRegisterLogonProcess("winlogon")
        await client.LsaCallAuthenticationPackage(untrusted, number, b"")
        await client.LsaCallAuthenticationPackage(registered, number, b"")
        await client.LsaDeregisterLogonProcess(registered)
        await client.LsaCallAuthenticationPackage(untrusted, number, b"")
        assert len(client.handles) == 2
    assert results == [STATUS_ACCESS_DENIED, int, int, STATUS_ACCESS_DENIED]
