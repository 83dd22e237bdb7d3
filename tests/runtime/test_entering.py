"""One way into a package, also from within another: whose fault it is, what comes back, and what passes through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest
import trio
from lsas import Log, Scripted, scripted, simulated, status_of

import lsart
from lsart.contract import (
    NTSTATUS,
    SECPKG_SLOTS,
    STATUS_LOGON_FAILURE,
    STATUS_NO_SUCH_PACKAGE,
    STATUS_NOT_IMPLEMENTED,
    STATUS_SUCCESS,
    STATUS_UNSUCCESSFUL,
    ClientRequest,
    FunctionTable,
    PackageState,
    Pointer,
    Slot,
    StatusError,
)
from lsart.events import CallFinished, FaultContained, LockOrphaned, PackageDisabled
from lsart.runtime import LsaSettings, implemented

POINTER = Pointer(0x1000, "lsass")


def row(name: str) -> Slot:
    return next(each for each in SECPKG_SLOTS if each.name == name)


ACCEPT = row("AcceptCredentials")
TARGET = row("ExtractTargetInfo")


class Callee(Scripted):
    """Has two entry points that others enter; both do what the test says."""

    does: Callable[[], Any]

    async def SpAcceptCredentials(self, *arguments: object) -> Any:
        self.arguments = arguments
        result = self.does()
        return await result if hasattr(result, "__await__") else result

    SpExtractTargetInfo = SpAcceptCredentials


def raises(error: BaseException) -> Callable[[], Any]:
    def does() -> None:
        raise error

    return does


async def enters(lsa: lsart.Lsa, slot: Slot, *arguments: object) -> Any:
    package = next(each for each in lsa.loader.packages if each.name == "b")
    return await lsa.entrance.enter(package, slot, *arguments)


@attrs.frozen
class Target:
    target_info: Pointer | None
    target_info_size: int
    status: NTSTATUS = STATUS_SUCCESS
    sub_status: NTSTATUS = STATUS_SUCCESS


@pytest.mark.parametrize(
    ("given", "status", "outs"),
    [
        (None, STATUS_SUCCESS, (None, 0)),
        ((POINTER, 8), STATUS_SUCCESS, (POINTER, 8)),
        (Target(POINTER, 8), STATUS_SUCCESS, (POINTER, 8)),
        (Target(POINTER, 8, NTSTATUS(0x90312)), 0x90312, (POINTER, 8)),
        (StatusError(0x90312), 0x90312, (None, 0)),
    ],
    ids=["nothing", "a tuple", "members", "members and a status", "a raised informational status"],
)
@simulated
async def test_what_comes_back_is_a_status_and_the_outputs_of_the_row(given: Any, status: int, outs: object) -> None:
    callee = Callee("b")
    callee.does = raises(given) if isinstance(given, StatusError) else lambda: given
    async with lsart.open_lsa(callee) as lsa:
        result = await enters(lsa, TARGET, None, POINTER, None, 4)
    assert (result.status, result.outs) == (status, outs)
    assert callee.arguments == (None, POINTER, None, 4)


@pytest.mark.rule("SET-1")
@pytest.mark.parametrize("form", ["raised", "returned"])
@simulated
async def test_of_a_call_that_fails_nobody_sees_a_pointer(form: str, log: Log) -> None:
    callee = Callee("b")
    failure = StatusError(STATUS_LOGON_FAILURE, sub_status=STATUS_UNSUCCESSFUL)
    answer = Target(POINTER, 8, STATUS_LOGON_FAILURE, STATUS_UNSUCCESSFUL)
    callee.does = raises(failure) if form == "raised" else lambda: answer
    async with lsart.open_lsa(callee, bus=log.bus) as lsa:
        with pytest.raises(StatusError) as caught:
            await enters(lsa, TARGET, None, POINTER, None, 4)
    assert (caught.value.status, caught.value.sub_status) == (STATUS_LOGON_FAILURE, STATUS_UNSUCCESSFUL)
    assert not any(isinstance(each, Pointer | Target) for each in vars(caught.value).values())
    assert log.of(PackageDisabled) == []  # a status is no fault


@pytest.mark.parametrize("given", [5, (POINTER,), (POINTER, "8"), (POINTER, -1), (b"x", 8), Target(POINTER, 1 << 32)])
@simulated
async def test_a_result_that_the_row_has_no_place_for_is_a_fault_of_the_package(given: object, log: Log) -> None:
    callee = Callee("b")
    callee.does = lambda: given
    async with lsart.open_lsa(callee, bus=log.bus) as lsa:
        assert await status_of(enters(lsa, TARGET, None, POINTER, None, 4)) == STATUS_UNSUCCESSFUL
        assert await status_of(enters(lsa, TARGET, None, POINTER, None, 4)) == STATUS_NO_SUCH_PACKAGE
    disabled = log.one(PackageDisabled)
    assert (disabled.package, disabled.entry_point, disabled.call) == ("callee", "ExtractTargetInfo", None)
    assert "ResultError: it returned " in disabled.reason


@simulated
async def test_an_entry_that_a_package_does_not_have_is_not_implemented() -> None:
    async with lsart.open_lsa(scripted("b")) as lsa:
        assert await status_of(enters(lsa, ACCEPT)) == STATUS_NOT_IMPLEMENTED
        assert lsa.packages[0].state is PackageState.READY


def test_what_nobody_enters_is_not_called_implemented() -> None:
    served = implemented()["SECPKG_FUNCTION_TABLE"]
    assert {"Initialize", "CallPackage"} <= served
    assert "ExtractTargetInfo" not in served


class World:
    """Package "a" enters "b" in each call of a client."""

    def __init__(self, log: Log, **settings: Any) -> None:
        self.log = log
        self.callee = Callee("b")
        self.seen: list[NTSTATUS] = []
        self.settings = LsaSettings(**settings)
        self.lsa: lsart.Lsa | None = None

    async def call(self, table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        assert self.lsa is not None
        try:
            self.seen.append((await enters(self.lsa, ACCEPT)).status)
        except StatusError as error:
            self.seen.append(error.status)

    def open(self) -> Any:
        return lsart.open_lsa(scripted("a", call=self.call), self.callee, bus=self.log.bus, settings=self.settings)


@simulated
async def test_a_fault_of_the_package_that_was_entered_disables_that_one_and_not_its_caller(log: Log) -> None:
    world = World(log)
    world.callee.lock = trio.Lock()  # type: ignore[attr-defined]  # as a package of its own would have one

    async def leaves_it_locked() -> None:
        await world.callee.lock.acquire()  # type: ignore[attr-defined]
        raise KeyError("x")

    world.callee.does = leaves_it_locked
    async with world.open() as world.lsa, world.lsa.connect("alice") as alice:
        await alice.call("a", b"")
        await alice.call("a", b"")
        assert [each.name for each in world.lsa.packages] == ["a"]
    assert world.seen == [STATUS_UNSUCCESSFUL, STATUS_NO_SUCH_PACKAGE]
    disabled = log.one(PackageDisabled)
    assert (disabled.package, disabled.entry_point, disabled.call) == ("callee", "AcceptCredentials", 1)
    orphan = log.one(LockOrphaned)
    assert (orphan.lock, orphan.origin.package, orphan.origin.client) == ("callee.lock", "callee", "alice")
    assert [each.status for each in log.of(CallFinished)] == [STATUS_SUCCESS] * 2


@simulated
async def test_a_cancellation_passes_through_both_packages_and_disables_neither(log: Log) -> None:
    world = World(log, grace=0)
    world.callee.does = trio.sleep_forever
    async with trio.open_nursery() as nursery, world.open() as world.lsa:
        lsa = world.lsa

        async def client() -> None:
            async with lsa.connect() as each:
                assert await status_of(each.call("a", b"")) == STATUS_UNSUCCESSFUL

        nursery.start_soon(client)
        await trio.sleep(1)
    assert log.of(PackageDisabled) == []
    assert world.seen == []


def test_ctrl_c_passes_through_both_packages(log: Log) -> None:
    async def main() -> None:
        world = World(log)
        world.callee.does = raises(KeyboardInterrupt())
        async with world.open() as world.lsa, world.lsa.connect() as client:
            await client.call("a", b"")

    with pytest.raises(KeyboardInterrupt):
        lsart.run(main)
    assert log.of(PackageDisabled) == []


@pytest.mark.parametrize("nested", [False, True])
@simulated
async def test_a_contained_fault_fails_its_call_and_the_package_stays_in_use(nested: bool, log: Log) -> None:
    world = World(log, contain_faults=True)
    errors: list[Any] = [KeyError("x"), KeyError("y")]

    def does() -> None:
        if errors:
            raise errors.pop()

    async def call(*_: object) -> None:
        does()

    world.callee.does = does
    world.callee.LsaApCallPackageUntrusted = call
    async with world.open() as world.lsa, world.lsa.connect("alice") as alice:
        for number in range(3):
            if nested:
                await alice.call("a", b"")
            elif number < 2:
                assert await status_of(alice.call("b", b"")) == STATUS_UNSUCCESSFUL
            else:
                await alice.call("b", b"")
        assert [each.name for each in world.lsa.packages] == ["a", "b"]
    told = log.of(FaultContained)
    assert [(each.package, each.reason, each.call) for each in told] == [
        ("callee", "KeyError: 'y'", 1),
        ("callee", "KeyError: 'x'", 2),
    ]
    assert world.seen == ([STATUS_UNSUCCESSFUL, STATUS_UNSUCCESSFUL, STATUS_SUCCESS] if nested else [])
    assert log.of(PackageDisabled) == []


@pytest.mark.parametrize("when", ["before the answer", "after it", "never"])
@simulated
async def test_what_a_call_made_is_taken_back_once_if_nobody_takes_its_result(when: str, log: Log) -> None:
    taken_back: list[object] = []
    outcomes: list[object] = []

    async def serve(request: Any) -> str:
        await trio.sleep(1)
        return f"what call {request.number} made"

    async def calls(lsa: lsart.Lsa, client: lsart.Client) -> None:
        package = lsa.find_package("a")
        try:
            outcomes.append(
                await lsa.dispatcher.call(client, package, "Any", serve, lambda _, made: taken_back.append(made), "")
            )
        except lsart.ProcessTerminated:
            outcomes.append("terminated")

    async with lsart.open_lsa(scripted("a"), bus=log.bus) as lsa, trio.open_nursery() as nursery:
        client = lsa.start_client("alice")
        if when == "after it":  # this is told when the client has its answer and has not run since
            log.bus.subscribe(lambda _: client.terminate(), CallFinished)
        nursery.start_soon(calls, lsa, client)
        await trio.sleep(0.5)
        if when == "before the answer":
            client.terminate()
        await trio.sleep(1)
    made = "what call 1 made"
    assert (outcomes, taken_back) == (([made], []) if when == "never" else (["terminated"], [made]))
