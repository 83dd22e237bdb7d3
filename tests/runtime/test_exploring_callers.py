"""What packages learn of their callers, while schedules are explored."""

from __future__ import annotations

import pytest
import trio
from lsas import scripted

import lsart
from lsart.contract import ClientRequest, FunctionTable, ProcessTerminated, constants
from lsart.runtime import LsaSettings

SETTINGS = LsaSettings(costs=lsart.Costs(heap_lock=0, commit_page=0, create_section=0), watchdog=None)


@pytest.mark.parametrize(
    ("slot", "flags", "ended"),
    [
        ("GetCallInfo", "attributes", constants.SECPKG_CALL_PROCESS_TERM),
        (
            "GetClientInfo",
            "client_flags",
            constants.SECPKG_CLIENT_PROCESS_TERMINATED | constants.SECPKG_CLIENT_THREAD_TERMINATED,
        ),
    ],
)
@pytest.mark.parametrize("strategy", ["random", "dpor"])
def test_a_package_can_ask_who_calls_before_and_after_the_client_ends(
    strategy: str, slot: str, flags: str, ended: int
) -> None:
    found: set[int] = set()

    async def asks(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        found.add(getattr(await getattr(table, slot)(), flags))

    async def main() -> None:
        async with lsart.open_lsa(scripted("a", call=asks), settings=SETTINGS) as lsa, lsa.connect("alice") as alice:

            async def calls() -> None:
                try:
                    await alice.call("a", b"")
                except (ProcessTerminated, lsart.StatusError):  # it ended meanwhile, or before
                    return

            async def ends() -> None:
                await trio.lowlevel.checkpoint()
                alice.terminate()

            async with trio.open_nursery() as nursery:
                nursery.start_soon(calls, name="alice")
                nursery.start_soon(ends, name="the end of alice")

    result = lsart.explore(main, strategy=strategy, labelled=True, schedules=100, shrink=False)
    assert result.failure is None
    assert found == {0, ended}


@pytest.mark.parametrize("strategy", ["random", "dpor"])
@pytest.mark.parametrize(
    ("meanwhile", "outcomes"),
    [
        ("the source is closed", {"given", "STATUS_INVALID_HANDLE"}),
        ("the client ends", {"given", "STATUS_UNSUCCESSFUL"}),
        ("the connection ends", {"given", "STATUS_ACCESS_DENIED"}),
    ],
)
def test_a_handle_can_be_duplicated_before_and_after_what_forbids_it(
    strategy: str, meanwhile: str, outcomes: set[str]
) -> None:
    found: set[str] = set()
    source: list[int] = []

    def initialize(table: FunctionTable) -> None:
        handle = table.win32.CreateEvent()
        assert handle is not None
        source[:] = [handle]

    async def gives(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        try:
            await table.DuplicateHandle(source[0])
            found.add("given")
        except lsart.StatusError as error:
            found.add(error.status.name)

    async def main() -> None:
        package = scripted("a", initialize=initialize, call=gives, trusted=gives)
        async with lsart.open_lsa(package, settings=SETTINGS) as lsa, lsa.connect("winlogon", trusted=True) as client:

            async def calls() -> None:
                try:
                    await client.call("a", b"")
                except (ProcessTerminated, lsart.StatusError):  # it ended meanwhile, or before
                    return

            async def forbids() -> None:
                await trio.lowlevel.checkpoint()
                if meanwhile == "the source is closed":
                    package.table.win32.CloseHandle(source[0])
                elif meanwhile == "the client ends":
                    client.terminate()
                else:
                    await client.LsaDeregisterLogonProcess(client.handle)

            async with trio.open_nursery() as nursery:
                nursery.start_soon(calls, name="winlogon")
                nursery.start_soon(forbids, name="meanwhile")
            assert lsa.check() == []

    result = lsart.explore(main, strategy=strategy, labelled=True, schedules=100, shrink=False)
    assert result.failure is None
    assert found == outcomes
