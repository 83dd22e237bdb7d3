"""A package calls a package: what arrives there, what comes back, and who the client is meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from callers import SLOTS, Callee, calls, calls_with
from hypothesis import given
from hypothesis import strategies as st
from lsas import Log, in_use, scripted, simulated, status_of

import lsart
from lsart.contract import (
    STATUS_ACCESS_VIOLATION,
    STATUS_INVALID_PARAMETER,
    STATUS_LOGON_FAILURE,
    STATUS_NO_SUCH_PACKAGE,
    STATUS_NOT_IMPLEMENTED,
    STATUS_SUCCESS,
    STATUS_UNSUCCESSFUL,
    CallPackageReply,
    ClientRequest,
    FunctionTable,
    Pointer,
    StatusError,
)
from lsart.events import CallFinished, CallStarted, PackageDisabled, SlotCalled, SlotMisused
from lsart.runtime import LsaSettings

BASE = Pointer(0x7000, "alice")


async def relays(callee: Callee, slot: str, log: Log, *, message: bytes = b"hello", **options: Any) -> Any:
    """What package "a" gets from "b", the bytes of the reply read and the buffer freed."""
    results: list[Any] = []

    async def call(table: FunctionTable, request: ClientRequest, submit: bytes) -> None:
        try:
            reply, length, status = await calls(table, slot, "b", submit, **options)
        except StatusError as error:
            results.append(error.status)
            return
        data = None if reply is None else await table.memory.read(reply, length)
        results.append((data, status))
        if reply is not None:
            await table.FreeReturnBuffer(reply)

    async with (
        lsart.open_lsa(callee, calls_with(call), bus=log.bus) as lsa,
        lsa.connect("alice") as alice,
    ):
        await alice.call("a", message)
    assert in_use(lsa) == {}
    (result,) = results
    return result


@pytest.mark.rule("CPK-1")
@simulated
async def test_the_message_arrives_and_the_reply_comes_back(log: Log) -> None:
    callee = Callee()
    assert await relays(callee, "CallPackage", log) == (b"re hello", 7)
    ((name, (_, message, base, length)),) = callee.entered
    assert (name, message, base, length) == ("CallPackage", b"hello", None, 5)


@pytest.mark.rule("CPX-1")
@simulated
async def test_the_longer_call_does_the_same_and_passes_the_clients_address_on(log: Log) -> None:
    callee = Callee()
    assert await relays(callee, "CallPackageEx", log, base=BASE) == (b"re hello", 7)
    ((name, (_, message, base, length)),) = callee.entered
    assert (name, message, base, length) == ("CallPackage", b"hello", BASE, 5)


@pytest.mark.rule("CPP-1")
@simulated
async def test_a_pass_through_message_reaches_the_entry_for_those(log: Log) -> None:
    callee = Callee()
    assert await relays(callee, "CallPackagePassthrough", log) == (b"re hello", 7)
    assert [name for name, _ in callee.entered] == ["CallPackagePassthrough"]


POINTERS = st.builds(Pointer, st.integers(0, (1 << 64) - 1), st.sampled_from(["lsass", "alice", "nobody"]))


@pytest.mark.rule("CPP-2")
@given(message=st.none() | st.binary(max_size=40) | POINTERS, base=st.none() | POINTERS, length=st.integers(0, 1 << 31))
def test_nothing_of_a_pass_through_message_is_looked_at_or_changed(
    message: object, base: Pointer | None, length: int
) -> None:
    callee = Callee(lambda *_: None)

    async def call(table: FunctionTable, request: ClientRequest, submit: bytes) -> None:
        await calls(table, "CallPackagePassthrough", "b", message, length=length, base=base)

    async def main() -> None:
        async with lsart.open_lsa(callee, calls_with(call)) as lsa, lsa.connect("alice") as alice:
            await alice.call("a", b"")

    lsart.run(main)
    ((_, (_, arrived, arrived_base, arrived_length)),) = callee.entered
    assert arrived is message
    assert (arrived_base, arrived_length) == (base, length)


async def statuses_of_three_names(slot: str) -> list[int]:
    """What calling a name gives that never was, one of a package that faulted, and one that did not come up."""
    found: list[int] = []

    async def call(table: FunctionTable, request: ClientRequest, submit: bytes) -> None:
        for name in ("nobody", "b", "c"):
            found.append(await status_of(calls(table, slot, name, b"")))

    def refuses(table: FunctionTable) -> None:
        raise StatusError(STATUS_UNSUCCESSFUL)

    faulty = Callee(lambda *_: 1 / 0)
    packages = faulty, scripted("c", initialize=refuses), calls_with(call)
    async with lsart.open_lsa(*packages) as lsa, lsa.connect("alice") as alice:
        await status_of(alice.call("b", b""))
        await alice.call("a", b"")
    assert len(faulty.entered) == 1
    return found


@pytest.mark.rule("CPK-2")
@simulated
async def test_a_name_that_no_package_in_use_has_is_no_such_package() -> None:
    assert await statuses_of_three_names("CallPackage") == [STATUS_NO_SUCH_PACKAGE] * 3


@pytest.mark.rule("CPX-2")
@simulated
async def test_so_it_is_for_the_longer_call() -> None:
    assert await statuses_of_three_names("CallPackageEx") == [STATUS_NO_SUCH_PACKAGE] * 3


@pytest.mark.rule("CPP-3")
@simulated
async def test_so_it_is_for_a_pass_through_message() -> None:
    assert await statuses_of_three_names("CallPackagePassthrough") == [STATUS_NO_SUCH_PACKAGE] * 3


async def has_its_own_result(slot: str, log: Log) -> None:
    failed = CallPackageReply(protocol_status=int(STATUS_LOGON_FAILURE))
    assert await relays(Callee(lambda *_: failed), slot, log) == (None, STATUS_LOGON_FAILURE)

    def raises(*_: object) -> None:
        raise StatusError(STATUS_LOGON_FAILURE)

    assert await relays(Callee(raises), slot, Log()) == STATUS_LOGON_FAILURE


@pytest.mark.rule("CPK-3")
@simulated
async def test_the_result_of_the_called_package_is_no_failure_of_the_call(log: Log) -> None:
    await has_its_own_result("CallPackage", log)


@pytest.mark.rule("CPX-3")
@simulated
async def test_nor_is_it_one_of_the_longer_call(log: Log) -> None:
    await has_its_own_result("CallPackageEx", log)


@pytest.mark.rule("CPP-4")
@simulated
async def test_nor_is_it_one_of_a_pass_through_call(log: Log) -> None:
    await has_its_own_result("CallPackagePassthrough", log)


@pytest.mark.parametrize("slot", SLOTS)
@simulated
async def test_client_call_and_worker_stay_those_of_the_caller(slot: str, log: Log) -> None:
    async def does(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        block = await table.AllocateLsaHeap(8)
        assert block is not None
        await table.FreeLsaHeap(block)

    await relays(Callee(does), slot, log)
    (inside,) = [each for each in log.of(SlotCalled) if each.slot == "AllocateLsaHeap"]
    assert (inside.origin.package, inside.origin.client, inside.origin.call) == ("callee", "alice", 1)
    assert [each.package for each in log.of(CallStarted)] == ["a"]


@pytest.mark.parametrize("slot", SLOTS)
@simulated
async def test_a_package_without_the_entry_has_not_implemented_it(slot: str) -> None:
    async def call(table: FunctionTable, request: ClientRequest, submit: bytes) -> None:
        assert await status_of(calls(table, slot, "b", submit)) == STATUS_NOT_IMPLEMENTED

    async with lsart.open_lsa(scripted("b"), calls_with(call)) as lsa, lsa.connect() as client:
        assert (await client.call("a", b"")).protocol_status == STATUS_SUCCESS


@pytest.mark.parametrize("slot", SLOTS)
@simulated
async def test_a_fault_of_the_called_package_is_its_own(slot: str, log: Log) -> None:
    assert await relays(Callee(lambda *_: 1 / 0), slot, log) == STATUS_UNSUCCESSFUL
    assert log.one(PackageDisabled).package == "callee"
    assert [each.status for each in log.of(CallFinished)] == [STATUS_SUCCESS]


@pytest.mark.parametrize("lie", ["too long", "nowhere", "of a client"])
@simulated
async def test_a_package_that_lies_about_its_message_faults_itself(lie: str, log: Log) -> None:
    messages: dict[str, bytes | Pointer] = {"too long": b"x", "nowhere": Pointer(0x10, "lsass"), "of a client": BASE}

    async def call(table: FunctionTable, request: ClientRequest, submit: bytes) -> None:
        await table.CallPackage("b", messages[lie], 2)

    callee = Callee()
    async with lsart.open_lsa(callee, calls_with(call), bus=log.bus) as lsa, lsa.connect() as client:
        assert await status_of(client.call("a", b"")) == STATUS_ACCESS_VIOLATION
    assert callee.entered == []
    assert log.one(PackageDisabled).package == "a"


@simulated
async def test_a_message_may_lie_in_lsass_and_null_is_none(log: Log) -> None:
    callee = Callee()

    async def call(table: FunctionTable, request: ClientRequest, submit: bytes) -> None:
        block = await table.AllocateLsaHeap(8)
        assert block is not None
        await table.memory.write(block, b"12345678")
        reply, _, _ = await table.CallPackage("b", block + 1, 4)
        assert reply is not None
        await table.FreeReturnBuffer(reply)
        await table.FreeLsaHeap(block)
        missing: Any = None
        assert await status_of(table.CallPackage("b", missing, 0)) == STATUS_INVALID_PARAMETER

    async with lsart.open_lsa(callee, calls_with(call), bus=log.bus) as lsa, lsa.connect() as client:
        assert (await client.call("a", b"")).protocol_status == STATUS_SUCCESS
    assert [given[1] for _, given in callee.entered] == [b"2345"]
    assert log.one(SlotMisused).parameter == "protocol_submit_buffer"


@pytest.mark.choice("call_package_entry", "CallPackageUntrusted")
@pytest.mark.parametrize("entry", ["CallPackage", "CallPackageUntrusted"])
@simulated
async def test_a_package_is_trusted_or_is_not(entry: Any) -> None:
    callee = Callee(lambda *_: None)

    async def call(table: FunctionTable, request: ClientRequest, submit: bytes) -> None:
        for slot in SLOTS:
            await calls(table, slot, "b", submit)

    settings = LsaSettings(choices=lsart.Choices(call_package_entry=entry))
    async with lsart.open_lsa(callee, calls_with(call), settings=settings) as lsa, lsa.connect() as client:
        await client.call("a", b"")
    assert [name for name, _ in callee.entered] == [entry, entry, "CallPackagePassthrough"]


@pytest.mark.choice("call_package_self", "STATUS_INVALID_PARAMETER")
@simulated
async def test_a_package_may_call_itself_unless_it_may_not() -> None:
    callee = Callee()

    async def does(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        if message != b"000":
            text = str(int(message) - 1).zfill(3).encode()
            await table.CallPackage("b", text, 3)

    callee.does = does
    async with lsart.open_lsa(callee) as lsa, lsa.connect() as client:
        assert (await client.call("b", b"063")).protocol_status == STATUS_SUCCESS
    assert len(callee.entered) == 64
    callee = Callee(does)
    settings = LsaSettings(choices=lsart.Choices(call_package_self=STATUS_INVALID_PARAMETER))
    async with lsart.open_lsa(callee, settings=settings) as lsa, lsa.connect() as client:
        assert await status_of(client.call("b", b"063")) == STATUS_INVALID_PARAMETER
    assert len(callee.entered) == 1


@pytest.mark.parametrize("worker", ["same", "another"])
@simulated
async def test_a_package_that_calls_itself_for_ever_faults_itself_and_nobody_else(worker: Any, log: Log) -> None:
    callee = Callee()

    async def does(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await table.CallPackage("b", message, len(message))

    callee.does = does
    packages = callee, scripted("good", call=Callee.echo)
    settings = LsaSettings(choices=lsart.Choices(call_package_worker=worker), workers=None)
    async with lsart.open_lsa(*packages, bus=log.bus, settings=settings) as lsa, lsa.connect() as client:
        assert not (await status_of(client.call("b", b"again"))).is_success
        assert [each.name for each in lsa.packages] == ["good"]
        assert (await client.call("good", b"still there")).data == b"re still there"
    disabled = log.one(PackageDisabled)
    assert disabled.package == "callee"
    assert disabled.reason == "RecursionError: CallPackage: packages have called each other 64 deep"
    assert len(callee.entered) == 65
    assert in_use(lsa) == {}


@simulated
async def test_a_package_may_be_called_outside_of_any_clients_call() -> None:
    callee = Callee()
    seen: list[object] = []

    async def initialize(table: FunctionTable) -> None:
        reply, length, status = await table.CallPackage("b", b"hello", 5)
        assert reply is not None
        seen.extend((await table.memory.read(reply, length), status))
        await table.FreeReturnBuffer(reply)

    for worker in ("same", "another"):
        choices: Any = {"call_package_worker": worker}
        settings = LsaSettings(choices=lsart.Choices(**choices))
        async with lsart.open_lsa(callee, scripted("a", initialize=initialize), settings=settings) as lsa:
            assert lsa.refusals == ()
            assert lsa.dispatcher.workers == 0
    assert seen == [b"re hello", 7] * 2
