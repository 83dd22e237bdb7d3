"""GetClientInfo: for whom the client of the call under way acts, and whether it is still there."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import Any

import attrs
import pytest
import trio
from callers import Callee, calls_with
from lsas import Log, in_use, scripted, simulated, status_of
from tokens import LUID, create

import lsart
from lsart.contract import (
    SECPKG_CLIENT_INFO,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_UNSUCCESSFUL,
    Choices,
    ClientRequest,
    FunctionTable,
    ProcessTerminated,
    constants,
)
from lsart.events import HandleLeaked
from lsart.memory import MachineLimits
from lsart.runtime import LsaSettings
from lsart.security import SYSTEM_LUID, AccessToken

ENDED = constants.SECPKG_CLIENT_PROCESS_TERMINATED | constants.SECPKG_CLIENT_THREAD_TERMINATED


def header_members(*headers: str) -> list[str]:
    """The members of SECPKG_CLIENT_INFO that all these headers declare, as attributes are spelt."""
    data = tomllib.loads((files("lsart.contract") / "data" / "structures.toml").read_text("utf-8"))
    structure = next(each for each in data["structure"] if each["name"] == "SECPKG_CLIENT_INFO")
    names = [each["name"] for each in structure["fields"] if set(headers) <= set(each["headers"])]
    return [re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower() for name in names]


@pytest.mark.rule("CLI-1")
def test_one_header_declares_the_structure_without_its_last_member() -> None:
    members = list(attrs.fields_dict(SECPKG_CLIENT_INFO))
    assert members == header_members("windows-sdk")
    assert members[:-1] == header_members("mingw-w64")
    assert members[-1] == "client_token"


class Asked:
    """A package with a session, which in each call asks twice who the client is, and waits in between."""

    def __init__(self, lsa: list[lsart.Lsa]) -> None:
        self.told: list[SECPKG_CLIENT_INFO] = []
        self.tokens: list[object] = []
        self.go_on = trio.Event()
        self.go_on.set()
        self._lsa = lsa
        self.package = scripted("cache", initialize=self._initialize, call=self._ask, trusted=self._ask)

    async def _initialize(self, table: FunctionTable) -> None:
        await table.CreateLogonSession(LUID)

    async def _ask(self, table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await self._look(table)
        await self.go_on.wait()
        await self._look(table)

    async def _look(self, table: FunctionTable) -> None:
        info: Any = await table.GetClientInfo()
        self.told.append(info)
        self.tokens.append(self._lsa[0].security.handles.find(info.client_token))


@pytest.mark.rule("GCI-1")
@simulated
async def test_session_process_thread_privilege_and_restriction_are_told() -> None:
    opened: list[lsart.Lsa] = []
    asked = Asked(opened)
    async with lsart.open_lsa(asked.package) as lsa:
        opened.append(lsa)
        token, _ = await create(asked.package.table, impersonation_level=1)
        alice = lsa.start_client("alice", token=token, is_restricted=True)
        held = lsa.security.handles.find(token)
        asked.package.table.win32.CloseHandle(token)
        winlogon = lsa.start_client("winlogon", has_tcb_privilege=True)
        for client in (alice, winlogon):
            client.connect(trusted=client is winlogon)
            await client.call("cache", b"")
        first, again, of_winlogon = asked.told[:3]
        assert again == first, "one handle for a call"
        assert asked.tokens == [held, held, None, None]
        assert lsa.security.handles.find(first.client_token) is None, "closed as the call ended"
        assert attrs.astuple(first)[:-1] == (LUID, alice.process_id, first.thread_id, False, False, True, 0, 1)
        assert attrs.astuple(of_winlogon) == (
            SYSTEM_LUID,
            winlogon.process_id,
            of_winlogon.thread_id,
            True,
            False,
            False,
            0,
            2,
            None,
        )
        assert first.thread_id != of_winlogon.thread_id
        assert isinstance(held, AccessToken)
        assert held.handles == 2  # the process's handle, and the process
        alice.terminate()
        assert held.is_closed
        assert lsa.check() == []


@pytest.mark.rule("GCI-1")
@simulated
async def test_a_thread_that_impersonates_is_whom_it_impersonates() -> None:
    opened: list[lsart.Lsa] = []
    asked = Asked(opened)
    async with lsart.open_lsa(asked.package) as lsa, lsa.connect("service", trusted=True) as service:
        opened.append(lsa)
        token, _ = await create(asked.package.table)
        held = lsa.security.handles.find(token)
        duplicate = lsa.security.handles.duplicate(token, service.handles, lsart.Origin("", None, "", "", 0))
        asked.package.table.win32.CloseHandle(token)
        assert duplicate is not None
        assert service.ImpersonateLoggedOnUser(duplicate + 40) is False
        assert service.ImpersonateLoggedOnUser(duplicate) is True
        assert service.CloseHandle(duplicate) is True
        await service.call("cache", b"")
        async with trio.open_nursery() as nursery:  # another thread is the service itself
            nursery.start_soon(service.call, "cache", b"")
        assert service.RevertToSelf() is True
        await service.call("cache", b"")
        assert [each.impersonating for each in asked.told[::2]] == [True, False, False]
        assert [each.logon_id for each in asked.told[::2]] == [LUID, SYSTEM_LUID, SYSTEM_LUID]
        assert asked.tokens[::2] == [held, None, None]
        assert isinstance(held, AccessToken)
        assert held.is_closed
        assert list(service.handles) == []


@pytest.mark.rule("GCI-1")
@pytest.mark.parametrize("asks_before", [True, False])
@simulated
async def test_a_client_that_ended_during_its_call_is_told(asks_before: bool) -> None:
    told: list[Any] = []
    dies = trio.Event()

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        if asks_before:
            told.append(await table.GetClientInfo())
        await dies.wait()
        told.append(await table.GetClientInfo())

    async def initialize(table: FunctionTable) -> None:
        await table.CreateLogonSession(LUID)

    package = scripted("cache", initialize=initialize, call=call)
    async with lsart.open_lsa(package) as lsa:
        token, _ = await create(package.table)
        alice = lsa.start_client("alice", token=token)
        package.table.win32.CloseHandle(token)
        alice.connect(trusted=False)

        async def calls() -> None:
            with pytest.raises(ProcessTerminated):
                await alice.call("cache", b"")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(calls)
            await lsart.sleep_ns(1)
            alice.terminate()
            dies.set()
        await lsart.sleep_ns(1)
        assert lsa.security.sessions.get(LUID).references == 0
    assert [each.client_flags for each in told] == [0, ENDED][-len(told) :]
    assert {each.logon_id for each in told} == {LUID}
    assert (told[-1].client_token is not None) is asks_before
    assert in_use(lsa) == {}


@pytest.mark.choice("client_info_without_call", "STATUS_INVALID_PARAMETER")
@pytest.mark.rule("GCI-2")
@pytest.mark.parametrize("status", [STATUS_UNSUCCESSFUL, STATUS_INVALID_PARAMETER])
@simulated
async def test_outside_a_call_there_is_nobody_to_describe(status: Any) -> None:
    told: list[object] = []

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        told.append(type(await table.GetClientInfo()))

    package = calls_with(call)
    settings = LsaSettings(choices=Choices(client_info_without_call=status), watchdog=None)
    async with lsart.open_lsa(package, settings=settings) as lsa, lsa.connect("alice") as alice:
        await alice.call("a", b"")
        told.append(await status_of(package.table.GetClientInfo()))
    assert told == [SECPKG_CLIENT_INFO, status]


@pytest.mark.rule("GCI-2")
@simulated
async def test_without_a_handle_for_the_token_the_call_fails() -> None:
    told: list[object] = []

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        last = table.win32.CreateEvent()
        assert last is not None
        told.append(await status_of(table.GetClientInfo()))
        table.win32.CloseHandle(last)
        told.append(type(await table.GetClientInfo()))

    async def initialize(table: FunctionTable) -> None:
        await table.CreateLogonSession(LUID)

    package, log = scripted("cache", initialize=initialize, call=call), Log()
    settings = LsaSettings(machine=MachineLimits(handles=1), watchdog=None)
    async with lsart.open_lsa(package, settings=settings, bus=log.bus) as lsa:
        token, _ = await create(package.table)
        alice = lsa.start_client("alice", token=token)
        package.table.win32.CloseHandle(token)
        alice.connect(trusted=False)
        await alice.call("cache", b"")
    assert told == [STATUS_INSUFFICIENT_RESOURCES, SECPKG_CLIENT_INFO]
    assert log.of(HandleLeaked) == []
    assert in_use(lsa) == {}


@simulated
async def test_a_package_that_another_one_calls_is_told_of_the_same_client() -> None:
    told: list[Any] = []

    async def inner(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        told.append(await table.GetClientInfo())

    async def outer(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        told.append(await table.GetClientInfo())
        await table.CallPackage("b", b"", 0)

    async with lsart.open_lsa(Callee(inner), calls_with(outer)) as lsa, lsa.connect("alice") as alice:
        await alice.call("a", b"")
    assert told[0] == told[1]


@simulated
async def test_a_client_runs_by_a_token_or_by_none() -> None:
    package = scripted("a")
    async with lsart.open_lsa(package) as lsa:
        event = package.table.win32.CreateEvent()
        for handle in (event, 0x4000):
            with pytest.raises(ValueError, match="is no handle of LSASS to a token"):
                lsa.start_client(token=handle)
        assert lsa.clients == ()
