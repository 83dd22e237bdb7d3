"""Buffers in the client that made the call: whose they are, who reaches them, who frees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import trio
from worlds import Body, Probe, in_call, with_probe, with_table

import lsart
from lsart.contract import (
    LSA_SECPKG_SLOTS,
    STATUS_ACCESS_VIOLATION,
    STATUS_INVALID_PARAMETER,
    STATUS_NO_MEMORY,
    STATUS_SUCCESS,
    STATUS_UNSUCCESSFUL,
    AccessViolation,
    CallPackageReply,
    Choices,
    ClientRequest,
    FunctionTable,
    Pointer,
    StatusError,
    choice_infos,
)
from lsart.events import BlockFreed, Event, PackageDisabled
from lsart.memory import MachineLimits, Resource

QUOTA = 4096
SMALL = lsart.LsaSettings(machine=MachineLimits(client_quota=QUOTA))


async def status_of(awaited: Any) -> lsart.NTSTATUS:
    """What an NTSTATUS function returned."""
    try:
        await awaited
    except StatusError as error:
        return error.status
    return STATUS_SUCCESS


def parameters(name: str) -> list[tuple[str, str]]:
    slot = next(each for each in LSA_SECPKG_SLOTS if each.name == name)
    return [(each.windows_name, each.direction) for each in slot.parameters]


def statuses(field: str, body: Callable[[list[object]], Body]) -> dict[object, object]:
    """What a call shows under each value of a field of Choices."""
    info = next(each for each in choice_infos() if each.name == field)
    found: dict[object, object] = {}
    for value in (info.default, *info.alternatives):
        shown: list[object] = []
        chosen: dict[str, Any] = {field: value}
        in_call(body(shown), settings=lsart.LsaSettings(choices=Choices(**chosen)))
        (found[value],) = shown
    return found


# ---------------------------------------------------------------------- AllocateClientBuffer


@pytest.mark.rule("ACB-1", "ACB-3")
def test_a_client_buffer_lies_in_the_caller_and_only_copies_reach_it_from_lsass() -> None:
    async def body(table: FunctionTable, request: ClientRequest, submit: bytes) -> CallPackageReply:
        address = await table.AllocateClientBuffer(request, 5)
        assert address.space == "alice"
        with pytest.raises(AccessViolation, match="address of another process"):
            await table.memory.read(address, 5)
        with pytest.raises(AccessViolation, match="address of another process"):
            await table.memory.write(address, b"hello")
        with pytest.raises(AccessViolation, match="nothing is mapped there"):
            await table.memory.read(Pointer(address.address, "lsass"), 5)
        await table.CopyToClientBuffer(request, 5, address, b"hello")
        assert await table.CopyFromClientBuffer(request, 5, address) == b"hello"
        return CallPackageReply(address, 5)

    assert in_call(body) == lsart.Reply(STATUS_SUCCESS, b"hello")


@pytest.mark.rule("ACB-2")
def test_only_the_request_of_the_current_call_is_accepted() -> None:
    kept: list[ClientRequest] = []

    async def body(table: FunctionTable, request: ClientRequest, submit: bytes) -> CallPackageReply:
        kept.append(request)
        found = [await status_of(table.AllocateClientBuffer(each, 8)) for each in (*kept, ClientRequest(999))]
        assert found == [*[STATUS_INVALID_PARAMETER] * (len(kept) - 1), STATUS_SUCCESS, STATUS_INVALID_PARAMETER]
        return CallPackageReply()

    async def main(lsa: lsart.Lsa, probe: Probe) -> None:
        async with lsa.connect("alice") as alice, lsa.connect("bob") as bob:
            for client in (alice, bob, alice):
                await client.call("probe", b"")
        outside = probe.table.AllocateClientBuffer(kept[-1], 8)
        assert await status_of(outside) == STATUS_INVALID_PARAMETER, "no call is being served any more"

    events: list[Event] = []
    with_probe(main, body, events=events)
    assert len(kept) == 3
    assert [each.reason for each in events if isinstance(each, PackageDisabled)] == []


@pytest.mark.rule("ACB-4")
@pytest.mark.parametrize(
    "limits", [MachineLimits(client_quota=QUOTA), MachineLimits(commit=QUOTA)], ids=["quota", "machine"]
)
def test_a_client_that_may_hold_no_more_gives_no_memory(limits: MachineLimits) -> None:
    async def body(table: FunctionTable, request: ClientRequest, submit: bytes) -> CallPackageReply:
        assert await status_of(table.AllocateClientBuffer(request, QUOTA + 1)) == STATUS_NO_MEMORY
        address = await table.AllocateClientBuffer(request, QUOTA)
        assert await status_of(table.AllocateClientBuffer(request, 1)) == STATUS_NO_MEMORY
        await table.FreeClientBuffer(request, address)
        assert await status_of(table.AllocateClientBuffer(request, 1)) == STATUS_SUCCESS
        return CallPackageReply()

    in_call(body, settings=lsart.LsaSettings(machine=limits))


@pytest.mark.rule("ACB-5")
def test_a_buffer_that_reached_the_client_is_the_clients_to_free_and_else_the_packages() -> None:
    async def body(table: FunctionTable, request: ClientRequest, submit: bytes) -> CallPackageReply:
        unsent = await table.AllocateClientBuffer(request, 1000)
        sent = await table.AllocateClientBuffer(request, 2000)
        await table.FreeClientBuffer(request, unsent)
        return CallPackageReply(sent, 2000)

    events: list[Event] = []

    async def main(lsa: lsart.Lsa, probe: Probe) -> None:
        async with lsa.connect("alice") as alice, lsa.connect("bob") as bob:
            package = await alice.LsaLookupAuthenticationPackage(alice.handle, "probe")
            reply = await alice.LsaCallAuthenticationPackage(alice.handle, package, b"")
            buffer = reply.protocol_return_buffer
            assert isinstance(buffer, Pointer)
            assert await status_of(bob.LsaFreeReturnBuffer(buffer)) == STATUS_INVALID_PARAMETER
            assert lsa.machine.in_use(Resource.COMMIT) > 0
            assert await status_of(alice.LsaFreeReturnBuffer(buffer)) == STATUS_SUCCESS
            assert lsa.machine.in_use(Resource.COMMIT) == 0
            assert await status_of(alice.LsaFreeReturnBuffer(buffer)) == STATUS_INVALID_PARAMETER

    with_probe(main, body, events=events)
    freed = [(each.size, each.origin.function) for each in events if isinstance(each, BlockFreed)]
    assert freed == [(1000, "FreeClientBuffer"), (2000, "LsaFreeReturnBuffer")]


@pytest.mark.choice("client_buffer_zero_length", "invalid_parameter")
def test_a_buffer_of_no_bytes_is_the_smallest_buffer_or_an_invalid_parameter() -> None:
    def body(shown: list[object]) -> Body:
        async def serve(table: FunctionTable, request: ClientRequest, submit: bytes) -> CallPackageReply:
            shown.append(await status_of(table.AllocateClientBuffer(request, 0)))
            return CallPackageReply()

        return serve

    assert statuses("client_buffer_zero_length", body) == {
        "smallest_block": STATUS_SUCCESS,
        "invalid_parameter": STATUS_INVALID_PARAMETER,
    }


# ---------------------------------------------------------------------- FreeClientBuffer


@pytest.mark.rule("FCB-1", "FCB-2")
def test_free_takes_back_the_callers_buffer_and_no_other_address() -> None:
    async def body(table: FunctionTable, request: ClientRequest, submit: bytes) -> CallPackageReply:
        address = await table.AllocateClientBuffer(request, QUOTA)
        elsewhere = Pointer(address.address, "lsass")
        assert await status_of(table.FreeClientBuffer(request, elsewhere)) == STATUS_INVALID_PARAMETER
        assert await status_of(table.AllocateClientBuffer(request, QUOTA)) == STATUS_NO_MEMORY
        assert await status_of(table.FreeClientBuffer(request, address)) == STATUS_SUCCESS
        again = await table.AllocateClientBuffer(request, QUOTA)
        return CallPackageReply(again, QUOTA)

    assert len(in_call(body, settings=SMALL).data) == QUOTA


@pytest.mark.rule("FCB-3")
@pytest.mark.choice("free_client_buffer_null", "STATUS_INVALID_PARAMETER")
def test_null_frees_nothing_and_its_status_is_a_choice() -> None:
    def body(shown: list[object]) -> Body:
        async def serve(table: FunctionTable, request: ClientRequest, submit: bytes) -> CallPackageReply:
            kept = await table.AllocateClientBuffer(request, 4)
            await table.CopyToClientBuffer(request, 4, kept, b"kept")
            shown.append(await status_of(table.FreeClientBuffer(request, None)))
            assert await table.CopyFromClientBuffer(request, 4, kept) == b"kept"
            return CallPackageReply()

        return serve

    assert statuses("free_client_buffer_null", body) == {
        STATUS_SUCCESS: STATUS_SUCCESS,
        STATUS_INVALID_PARAMETER: STATUS_INVALID_PARAMETER,
    }


@pytest.mark.rule("FCB-4")
@pytest.mark.choice("free_client_buffer_unknown", "STATUS_UNSUCCESSFUL", "STATUS_SUCCESS")
def test_an_address_that_lsa_did_not_allocate_is_refused_and_harms_nobody() -> None:
    def body(shown: list[object]) -> Body:
        async def serve(table: FunctionTable, request: ClientRequest, submit: bytes) -> CallPackageReply:
            kept = await table.AllocateClientBuffer(request, 4)
            await table.CopyToClientBuffer(request, 4, kept, b"kept")
            wrong = (kept + 1, kept + 16, Pointer(16, "alice"), Pointer(kept.address, "bob"))
            found = {await status_of(table.FreeClientBuffer(request, each)) for each in wrong}
            shown.append(*found)
            assert await table.CopyFromClientBuffer(request, 4, kept) == b"kept"
            return CallPackageReply()

        return serve

    every = (STATUS_INVALID_PARAMETER, STATUS_UNSUCCESSFUL, STATUS_SUCCESS)
    assert statuses("free_client_buffer_unknown", body) == {each: each for each in every}


# ---------------------------------------------------------------------- CopyToClientBuffer, CopyFromClientBuffer


@pytest.mark.rule("CTC-1", "CFC-1")
@pytest.mark.parametrize("length", [0, 1, 11, 5000])
def test_copies_carry_exactly_the_length_asked(length: int) -> None:
    content = bytes(number % 251 for number in range(length))

    async def body(table: FunctionTable, request: ClientRequest, submit: bytes) -> CallPackageReply:
        address = await table.AllocateClientBuffer(request, length + 16)
        await table.CopyToClientBuffer(request, length + 16, address, b"." * (length + 16))
        await table.CopyToClientBuffer(request, length, address, content + b"and more that is not asked for")
        assert await table.CopyFromClientBuffer(request, length, address) == content
        assert await table.CopyFromClientBuffer(request, length + 16, address) == content + b"." * 16
        return CallPackageReply(address, length)

    assert in_call(body).data == content


@pytest.mark.rule("CTC-1")
def test_the_source_may_be_memory_of_lsass_and_of_nobody_else() -> None:
    async def body(table: FunctionTable, request: ClientRequest, submit: bytes) -> CallPackageReply:
        block = await table.AllocateLsaHeap(16)
        assert block is not None
        await table.memory.write(block, b"from the lsaheap")
        address = await table.AllocateClientBuffer(request, 16)
        await table.CopyToClientBuffer(request, 16, address, block)
        with pytest.raises(AccessViolation, match="is an address of alice, not of LSASS"):
            await table.CopyToClientBuffer(request, 16, address, address)
        with pytest.raises(AccessViolation, match="holds only 3 bytes"):
            await table.CopyToClientBuffer(request, 16, address, b"abc")
        return CallPackageReply(address, 16)

    assert in_call(body).data == b"from the lsaheap"


@pytest.mark.rule("CTC-2", "CFC-2")
def test_the_third_parameter_is_where_bytes_go_and_the_fourth_where_they_come_from() -> None:
    assert parameters("CopyToClientBuffer")[2:] == [("ClientBaseAddress", "in"), ("BufferToCopy", "in")]
    assert parameters("CopyFromClientBuffer")[2:] == [("BufferToCopy", "out"), ("ClientBaseAddress", "in")]

    async def body(table: FunctionTable, request: ClientRequest, submit: bytes) -> CallPackageReply:
        theirs = await table.AllocateClientBuffer(request, 6)
        ours = await table.AllocateLsaHeap(6)
        assert ours is not None
        await table.memory.write(ours, b"source")
        await table.CopyToClientBuffer(request, 6, theirs, ours)
        swapped = table.CopyToClientBuffer(request, 6, ours, theirs)
        with pytest.raises(AccessViolation, match="BufferToCopy is an address of alice"):
            await swapped
        assert await table.CopyFromClientBuffer(request, 6, theirs) == b"source"
        assert await status_of(table.CopyFromClientBuffer(request, 6, ours)) == STATUS_ACCESS_VIOLATION
        return CallPackageReply()

    in_call(body)


def invalid(copy: str) -> Callable[[list[object]], Body]:
    def body(shown: list[object]) -> Body:
        async def serve(table: FunctionTable, request: ClientRequest, submit: bytes) -> CallPackageReply:
            address = await table.AllocateClientBuffer(request, 4096)
            await table.CopyToClientBuffer(request, 4096, address, b"." * 4096)
            found = set()
            for wrong, length in ((address + 1, 4096), (Pointer(16, "alice"), 1), (Pointer(address.address, "bob"), 1)):
                last = [b"x" * length] if copy == "CopyToClientBuffer" else []
                found.add(await status_of(getattr(table, copy)(request, length, wrong, *last)))
            shown.append(*found)
            assert await table.CopyFromClientBuffer(request, 4096, address) == b"." * 4096, "nothing is half copied"
            return CallPackageReply()

        return serve

    return body


INVALID = (STATUS_ACCESS_VIOLATION, STATUS_INVALID_PARAMETER, STATUS_UNSUCCESSFUL)


@pytest.mark.choice("copy_to_client_invalid", "STATUS_INVALID_PARAMETER", "STATUS_UNSUCCESSFUL")
def test_a_copy_to_what_is_not_all_the_clients_gives_a_status_and_copies_nothing() -> None:
    assert statuses("copy_to_client_invalid", invalid("CopyToClientBuffer")) == {each: each for each in INVALID}


@pytest.mark.choice("copy_to_client_partial", "up_to_fault")
def test_a_copy_that_faults_midway_leaves_nothing_or_what_came_before_the_fault() -> None:
    def body(shown: list[object]) -> Body:
        async def serve(table: FunctionTable, request: ClientRequest, submit: bytes) -> CallPackageReply:
            address = await table.AllocateClientBuffer(request, 4096)
            for wrong in (address + 4090, address + 4096, address + (1 << 21), Pointer(address.address, "bob")):
                with pytest.raises(StatusError, match="access violation"):
                    await table.CopyToClientBuffer(request, 8000, wrong, b"x" * 8000)
            shown.append(await table.CopyFromClientBuffer(request, 4096, address))
            return CallPackageReply()

        return serve

    assert statuses("copy_to_client_partial", body) == {
        "nothing": bytes(4096),
        "up_to_fault": bytes(4090) + b"x" * 6,
    }


@pytest.mark.choice("copy_from_client_invalid", "STATUS_INVALID_PARAMETER", "STATUS_UNSUCCESSFUL")
def test_a_copy_from_what_is_not_all_the_clients_gives_a_status() -> None:
    assert statuses("copy_from_client_invalid", invalid("CopyFromClientBuffer")) == {each: each for each in INVALID}


@pytest.mark.parametrize("name", ["AllocateClientBuffer", "CopyFromClientBuffer", "CopyToClientBuffer"])
def test_memory_of_a_client_that_died_in_mid_call_is_refused_with_a_status(name: str) -> None:
    found: list[object] = []

    async def body(table: FunctionTable, request: ClientRequest, submit: bytes) -> CallPackageReply:
        address = await table.AllocateClientBuffer(request, 8)
        await lsart.sleep_ns(1_000_000)
        arguments = {
            "AllocateClientBuffer": (8,),
            "CopyFromClientBuffer": (8, address),
            "CopyToClientBuffer": (8, address, b"too late"),
        }
        found.append(await status_of(getattr(table, name)(request, *arguments[name])))
        return CallPackageReply(address, 8)

    async def main(lsa: lsart.Lsa, probe: Probe) -> None:
        alice = lsa.start_client("alice")
        alice.connect(trusted=False)
        async with trio.open_nursery() as nursery:

            async def call() -> None:
                with pytest.raises(lsart.ProcessTerminated):
                    await alice.call("probe", b"")

            nursery.start_soon(call)
            await lsart.sleep_ns(500_000)
            alice.terminate()
            assert lsa.machine.in_use(Resource.COMMIT) == 0

    with_probe(main, body)
    assert found == [STATUS_NO_MEMORY if name == "AllocateClientBuffer" else STATUS_ACCESS_VIOLATION]


def test_the_request_slots_refuse_what_is_no_request() -> None:
    async def main(table: FunctionTable) -> None:
        nothing: Any = 1
        for call in (
            lambda: table.AllocateClientBuffer(nothing, 8),
            lambda: table.FreeClientBuffer(nothing, None),
            lambda: table.CopyFromClientBuffer(nothing, 8, Pointer(16, "alice")),
        ):
            with pytest.raises(TypeError, match="expected the ClientRequest that the entry point was given"):
                await call()
        assert await status_of(table.AllocateClientBuffer(None, 8)) == STATUS_INVALID_PARAMETER  # outside any call

    with_table(main)
