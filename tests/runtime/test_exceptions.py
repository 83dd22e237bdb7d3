"""What leaves an entry point is its status, or its end: one package is disabled, all others go on."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from lsas import Log, scripted, simulated, status_of

import lsart
from lsart.contract import (
    STATUS_ACCESS_VIOLATION,
    STATUS_NO_SUCH_PACKAGE,
    STATUS_NO_SUCH_USER,
    STATUS_NOT_IMPLEMENTED,
    STATUS_UNSUCCESSFUL,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    PackageState,
    Pointer,
    StatusError,
)
from lsart.events import AccessViolated, CallFinished, PackageDisabled
from lsart.runtime import LsaSettings


def raising(error: BaseException) -> Any:
    def call(*_: object) -> None:
        raise error

    return call


def status() -> StatusError:
    return StatusError(STATUS_NO_SUCH_USER)


@pytest.mark.rule("LCP-3", "LCU-3")
@pytest.mark.parametrize(
    "error",
    [
        status(),
        ExceptionGroup("one", [status()]),
        ExceptionGroup("outer", [ExceptionGroup("inner", [status()])]),
        BaseExceptionGroup("outer", [ExceptionGroup("inner", [status()])]),
    ],
    ids=["bare", "in a group", "in groups", "in a base group"],
)
@simulated
async def test_a_status_that_leaves_alone_is_the_calls_status(error: BaseException, log: Log) -> None:
    async with lsart.open_lsa(scripted("a", call=raising(error)), bus=log.bus) as lsa, lsa.connect() as client:
        for _ in range(2):
            assert await status_of(client.call("a", b"")) == STATUS_NO_SUCH_USER
        assert [each.status for each in log.of(CallFinished)] == [STATUS_NO_SUCH_USER] * 2
        assert {each.protocol_status for each in log.of(CallFinished)} == {None}
        assert log.of(PackageDisabled) == []


@simulated
async def test_the_status_of_a_child_task_is_the_calls_status() -> None:
    async def call(*_: object) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            raise status()

    async with lsart.open_lsa(scripted("a", call=call)) as lsa, lsa.connect() as client:
        assert await status_of(client.call("a", b"")) == STATUS_NO_SUCH_USER


@pytest.mark.parametrize("number", [0, 0x103, 0x4000_0001])
@simulated
async def test_a_raised_success_is_success_without_a_reply(number: int) -> None:
    async with lsart.open_lsa(scripted("a", call=raising(StatusError(number)))) as lsa, lsa.connect() as client:
        assert await client.call("a", b"") == lsart.Reply(lsart.NTSTATUS(0), b"")


class OwnError(Exception):
    pass


FAULTS = {
    "an exception": OwnError("x"),
    "two statuses": ExceptionGroup("two", [status(), status()]),
    "a status beside an exception": ExceptionGroup("two", [status(), OwnError("x")]),
    "an exit": SystemExit(1),
    "an exit in a group": BaseExceptionGroup("one", [SystemExit(1)]),
    "an exit beside an exception": BaseExceptionGroup("two", [SystemExit(1), OwnError("x")]),
}


@pytest.mark.parametrize("case", FAULTS)
@simulated
async def test_any_other_exception_disables_the_package_for_later_callers_only(case: str, log: Log) -> None:
    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        if message == b"fail":
            raise FAULTS[case]
        await trio.sleep(1)

    packages = scripted("bad", call=call), scripted("good", call=lambda *_: None)
    outcomes: list[str] = []
    async with lsart.open_lsa(*packages, bus=log.bus) as lsa, lsa.connect("x") as client:

        async def earlier() -> None:
            async with lsa.connect("earlier") as other:
                await other.call("bad", b"")
                outcomes.append("answered")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(earlier)
            await trio.sleep(0.5)
            assert await status_of(client.call("bad", b"fail")) == STATUS_UNSUCCESSFUL
            with pytest.raises(StatusError, match="it is disabled: CallPackageUntrusted raised") as caught:
                await client.call("bad", b"")
            assert caught.value.status == STATUS_NO_SUCH_PACKAGE
            await client.call("good", b"")
        assert outcomes == ["answered"]  # a call under way is not cut off
        disabled = log.one(PackageDisabled)
        assert (disabled.package, disabled.entry_point, disabled.call) == ("bad", "CallPackageUntrusted", 2)
        assert [each.name for each in lsa.packages] == ["good"]


@simulated
async def test_a_call_that_queued_for_a_package_finds_it_disabled() -> None:
    calls: list[bytes] = []

    async def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        calls.append(message)
        await trio.sleep(1)
        raise OwnError("x")

    async with lsart.open_lsa(scripted("a", call=call), settings=LsaSettings(workers=1)) as lsa:
        statuses: dict[bytes, int] = {}

        async def client(message: bytes) -> None:
            async with lsa.connect() as each:
                statuses[message] = await status_of(each.call("a", message))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(client, b"first")
            await trio.sleep(0.1)
            nursery.start_soon(client, b"second")
    assert calls == [b"first"]
    assert statuses == {b"first": STATUS_UNSUCCESSFUL, b"second": STATUS_NO_SUCH_PACKAGE}


@simulated
async def test_two_calls_that_fault_at_once_disable_the_package_once(log: Log) -> None:
    async def call(*_: object) -> None:
        await trio.sleep(1)
        raise OwnError("x")

    async with lsart.open_lsa(scripted("a", call=call), bus=log.bus) as lsa:

        async def client() -> None:
            async with lsa.connect() as each:
                assert await status_of(each.call("a", b"")) == STATUS_UNSUCCESSFUL

        async with trio.open_nursery() as nursery:
            nursery.start_soon(client)
            nursery.start_soon(client)
    assert len(log.of(PackageDisabled)) == 1


@simulated
async def test_an_access_violation_disables_the_package_with_its_own_status(log: Log) -> None:
    async def call(table: FunctionTable, *_: object) -> None:
        await table.memory.read(Pointer(0x10, "lsass"), 4)

    async with lsart.open_lsa(scripted("a", call=call), bus=log.bus) as lsa, lsa.connect("alice") as client:
        assert await status_of(client.call("a", b"")) == STATUS_ACCESS_VIOLATION
        assert lsa.packages == ()
    violated = log.one(AccessViolated)
    assert (violated.address, violated.kind, violated.origin.client) == (0x10, "read", "alice")


async def held_lock(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
    section = await table.CreateSharedMemory(65536, 65536)
    assert section is not None
    await table.AllocateSharedMemory(section, 16)
    raise OwnError("x")


@simulated
async def test_what_a_disabled_package_holds_stays_held_until_shutdown(log: Log) -> None:
    async with lsart.open_lsa(scripted("a", call=held_lock), bus=log.bus) as lsa:
        async with lsa.connect() as client:
            await status_of(client.call("a", b""))
        assert [each.package for each in lsa.memory.sections()] == ["a"]
        assert lsa.loader.packages[0].state is PackageState.DISABLED


NONSENSE = [
    5,
    "text",
    (1, 2),
    CallPackageReply(protocol_status="bad"),  # type: ignore[arg-type]  # nonsense on purpose
    CallPackageReply(protocol_status=1 << 40),
    CallPackageReply(b"bytes", 5),
    CallPackageReply(None, "x"),  # type: ignore[arg-type]  # likewise
]


@pytest.mark.parametrize("returned", NONSENSE, ids=repr)
@simulated
async def test_a_reply_that_is_none_disables_the_package_and_says_what_was_returned(returned: object, log: Log) -> None:
    packages = scripted("bad", call=lambda *_: returned), scripted("good", call=lambda *_: None)
    async with lsart.open_lsa(*packages, bus=log.bus) as lsa, lsa.connect() as client:
        assert await status_of(client.call("bad", b"")) == STATUS_UNSUCCESSFUL
        await client.call("good", b"")
    assert "TypeError: it returned " in log.one(PackageDisabled).reason


@pytest.mark.rule("PFT-4")
@simulated
async def test_a_function_that_a_package_does_not_have_is_not_implemented() -> None:
    async with lsart.open_lsa(scripted("a")) as lsa, lsa.connect() as client:
        assert await status_of(client.call("a", b"")) == STATUS_NOT_IMPLEMENTED
        assert [each.name for each in lsa.packages] == ["a"]


@pytest.mark.parametrize("grouped", [False, True])
def test_ctrl_c_in_a_package_ends_the_run_and_packages_still_shut_down(grouped: bool) -> None:
    ends: list[str] = []
    error = BaseExceptionGroup("one", [KeyboardInterrupt()]) if grouped else KeyboardInterrupt()

    async def main() -> None:
        package = scripted("a", call=raising(error), shutdown=lambda: ends.append("a"))
        async with lsart.open_lsa(package) as lsa, lsa.connect() as client:
            await client.call("a", b"")

    with pytest.raises(KeyboardInterrupt):
        lsart.run(main)
    assert ends == ["a"]


def test_after_one_ctrl_c_no_other_call_enters_a_package_that_holds_the_loop() -> None:
    entered: list[bytes] = []
    answers: list[lsart.NTSTATUS] = []

    def call(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        entered.append(message)
        raise KeyboardInterrupt  # as when it is pressed while this loops

    async def client(lsa: lsart.Lsa, name: str) -> None:
        with trio.CancelScope(shield=True):
            async with lsa.connect(name) as each:
                answers.append(await status_of(each.call("a", b"")))

    async def main() -> None:
        settings = LsaSettings(workers=3)  # some calls have a worker each, the others wait for one
        async with lsart.open_lsa(scripted("a", call=call), settings=settings) as lsa, trio.open_nursery() as nursery:
            for number in range(5):
                nursery.start_soon(client, lsa, f"c{number}")

    with pytest.raises(KeyboardInterrupt):
        lsart.run(main)
    assert len(entered) == 1
    assert len(answers) == 5
    assert set(answers) <= {STATUS_UNSUCCESSFUL, STATUS_NO_SUCH_PACKAGE}  # the latter for who called after the end


@simulated
async def test_a_cancellation_that_ends_a_call_disables_nobody(log: Log) -> None:
    async def call(*_: object) -> None:
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        package = scripted("a", call=call)
        async with lsart.open_lsa(package, bus=log.bus, settings=LsaSettings(grace=0)) as lsa:

            async def client() -> None:
                async with lsa.connect() as each:
                    assert await status_of(each.call("a", b"")) == STATUS_UNSUCCESSFUL

            nursery.start_soon(client)
            await trio.sleep(1)
    assert log.of(PackageDisabled) == []


@simulated
async def test_an_exception_while_a_call_is_cancelled_takes_nothing_else_down() -> None:
    async def call(*_: object) -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise OwnError("while cleaning up")

    package, settings = scripted("a", call=call), LsaSettings(grace=0)
    async with trio.open_nursery() as nursery, lsart.open_lsa(package, settings=settings) as lsa:

        async def client() -> None:
            async with lsa.connect() as each:
                assert await status_of(each.call("a", b"")) == STATUS_UNSUCCESSFUL

        nursery.start_soon(client)
        await trio.sleep(1)
