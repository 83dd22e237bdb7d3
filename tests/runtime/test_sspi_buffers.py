"""Buffers of SSPI: what a leg takes from the client's memory, and what it puts there."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing
from lsas import scripted, simulated, status_of
from sspi import TOKEN, Ssp, acquire, initialize, token

import lsart
from lsart.contract import (
    SEC_E_BUFFER_TOO_SMALL,
    SEC_E_INTERNAL_ERROR,
    SEC_E_INVALID_HANDLE,
    SEC_E_UNSUPPORTED_FUNCTION,
    STATUS_INVALID_PARAMETER,
    AccessViolation,
    ClientRequest,
    FunctionTable,
    InitLsaModeLeg,
    Pointer,
    SecBuffer,
    SecBufferDesc,
    constants,
)
from lsart.memory import MachineLimits
from lsart.runtime import LsaSettings

ALLOCATE = constants.ISC_REQ_ALLOCATE_MEMORY


def answers(output: Any) -> Any:
    """A package whose first leg has this output."""

    async def before(ssp: Ssp, name: str, given: tuple[Any, ...]) -> Any:
        if name != "Init":
            return None
        return InitLsaModeLeg(7, await output(ssp.table) if callable(output) else output)

    return Ssp(before=before)


@pytest.mark.rule("CIC-4")
@simulated
async def test_allocated_output_is_a_buffer_of_the_client_that_free_context_buffer_frees() -> None:
    async with lsart.open_lsa(Ssp()) as lsa, lsa.connect("alice") as alice:
        leg = await initialize(alice, await acquire(alice), flags=ALLOCATE)
        (output,) = leg.output.buffers
        assert isinstance(output.buffer, Pointer)
        assert await alice.memory.read(output.buffer, output.length) == b"token 1"
        await alice.FreeContextBuffer(output.buffer)
        with pytest.raises(AccessViolation):
            await alice.memory.read(output.buffer, output.length)
        assert await status_of(alice.FreeContextBuffer(output.buffer)) == SEC_E_INVALID_HANDLE
        assert lsa.check() == []


@pytest.mark.rule("CLA-3")
@simulated
async def test_what_sspi_allocated_and_what_lsa_returned_have_functions_of_their_own() -> None:
    async def replies(table: FunctionTable, request: ClientRequest, message: bytes) -> Any:
        return await table.reply(request, b"reply")

    async with lsart.open_lsa(Ssp(), scripted("a", call=replies)) as lsa, lsa.connect("alice") as alice:
        number = await alice.LsaLookupAuthenticationPackage(alice.handle, "a")
        reply: Any = (await alice.LsaCallAuthenticationPackage(alice.handle, number, b"")).protocol_return_buffer
        output: Any = (await initialize(alice, await acquire(alice), flags=ALLOCATE)).output.buffers[0].buffer
        assert await status_of(alice.LsaFreeReturnBuffer(output)) == STATUS_INVALID_PARAMETER
        assert await status_of(alice.FreeContextBuffer(reply)) == SEC_E_INVALID_HANDLE
        assert await alice.memory.read(output, 7) + await alice.memory.read(reply, 5) == b"token 1reply"
        await alice.LsaFreeReturnBuffer(reply)
        await alice.FreeContextBuffer(output)
        assert alice.process.committed == 0


@simulated
async def test_the_package_may_allocate_the_output_itself() -> None:
    async def allocates(table: FunctionTable) -> SecBufferDesc:
        pointer = await table.AllocateClientBuffer(None, 4)
        await table.CopyToClientBuffer(None, 4, pointer, b"abcd")
        return SecBufferDesc((SecBuffer(TOKEN, pointer, 4),))

    async with lsart.open_lsa(answers(allocates)) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        output: Any = (await initialize(alice, credential, flags=ALLOCATE)).output.buffers[0]
        assert await alice.memory.read(output.buffer, output.length) == b"abcd"
        await alice.FreeContextBuffer(output.buffer)
        assert await status_of(initialize(alice, credential)) == SEC_E_INTERNAL_ERROR  # nobody asked for a buffer
        assert alice.process.committed == 0


@simulated
async def test_a_call_that_names_its_request_must_be_named() -> None:
    found: list[object] = []

    async def tries(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        found.append(await status_of(table.AllocateClientBuffer(None, 4)))

    async with lsart.open_lsa(scripted("a", call=tries)) as lsa, lsa.connect("alice") as alice:
        await alice.call("a", b"")
        assert found == [STATUS_INVALID_PARAMETER]


@simulated
async def test_input_is_copied_as_the_call_is_made_from_wherever_it_is() -> None:
    ssp = Ssp(messages=4)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        one = await initialize(alice, credential, flags=ALLOCATE)
        at: Any = one.output.buffers[0].buffer
        await alice.memory.write(at, b"token 2")
        message = SecBufferDesc((SecBuffer(TOKEN, at, 7), SecBuffer(1, memoryview(b"data"))))
        await initialize(alice, credential, one.new_context, message)
        assert ssp.of("Init")[1][5] == SecBufferDesc((SecBuffer(TOKEN, b"token 2"), SecBuffer(1, b"data")))
        nowhere = SecBufferDesc((SecBuffer(TOKEN, Pointer(64, "alice"), 7),))
        with pytest.raises(AccessViolation):
            await initialize(alice, credential, one.new_context, nowhere)


@simulated
async def test_the_client_s_own_buffers_are_filled() -> None:
    ssp = answers(SecBufferDesc((SecBuffer(TOKEN, b"abcd"), SecBuffer(1, b"xy"))))
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        own = bytearray(8)
        at = alice._give_buffer(bytes(8), "test")
        places = SecBufferDesc((SecBuffer(TOKEN, own), SecBuffer(1, at, 8)))
        leg = await initialize(alice, credential, output=places)
        assert own == b"abcd\0\0\0\0"
        assert await alice.memory.read(at, 3) == b"xy\0"
        assert leg.output == SecBufferDesc((SecBuffer(TOKEN, own, 4), SecBuffer(1, at, 2)))
        assert ssp.of("Init")[0][6] == SecBufferDesc((SecBuffer(TOKEN, None, 8), SecBuffer(1, None, 8)))


@pytest.mark.parametrize("room", [SecBufferDesc((SecBuffer(TOKEN, bytearray(3)),)), None])
@simulated
async def test_output_that_has_no_room_fails_the_leg_and_leaves_no_context(room: SecBufferDesc | None) -> None:
    ssp = Ssp()
    size = 4 if room is not None else 65  # max_token is 64

    async def before(ssp: Ssp, name: str, given: tuple[Any, ...]) -> Any:
        if name == "Init":
            ssp.contexts[7] = 0
            return InitLsaModeLeg(7, token(bytes(size)))
        return None

    ssp.before = before
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        assert await status_of(initialize(alice, credential, output=room)) == SEC_E_BUFFER_TOO_SMALL
        await trio.testing.wait_all_tasks_blocked()
        assert ssp.contexts == {}
        assert lsa.check() == []


@pytest.mark.parametrize(
    ("number", "output"), [(0, None), (7, SecBufferDesc((SecBuffer(TOKEN, b""), SecBuffer(TOKEN, b""))))]
)
@simulated
async def test_what_a_package_cannot_mean_is_an_internal_error(number: int, output: Any) -> None:
    async def before(ssp: Ssp, name: str, given: tuple[Any, ...]) -> Any:
        return InitLsaModeLeg(number, output) if name == "Init" else None

    async with lsart.open_lsa(Ssp(before=before)) as lsa, lsa.connect("alice") as alice:
        assert await status_of(initialize(alice, await acquire(alice))) == SEC_E_INTERNAL_ERROR


@simulated
async def test_output_beyond_the_client_s_quota_leaves_neither_buffer_nor_context() -> None:
    ssp = answers(SecBufferDesc((SecBuffer(TOKEN, bytes(64)), SecBuffer(TOKEN, bytes(8192)))))
    settings = LsaSettings(machine=MachineLimits(client_quota=4096))
    async with lsart.open_lsa(ssp, settings=settings) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        places = SecBufferDesc((SecBuffer(TOKEN), SecBuffer(TOKEN)))
        with pytest.raises(lsart.StatusError, match="SEC_E_INSUFFICIENT_MEMORY"):
            await initialize(alice, credential, flags=ALLOCATE, output=places)
        assert alice.process.committed == 0
        await trio.testing.wait_all_tasks_blocked()
        assert len(lsa.contexts) == 1
        assert lsa.check() == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"message": b"bytes"}, "input is a SecBufferDesc"),
        ({"output": b"bytes"}, "output is a SecBufferDesc"),
        ({"output": token(b"bytes")}, "a bytearray or at an address"),
        ({"flags": "none"}, "context_req is an unsigned long"),
    ],
)
@simulated
async def test_what_no_c_type_can_carry_is_a_type_error(given: dict[str, Any], words: str) -> None:
    async with lsart.open_lsa(Ssp()) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        with pytest.raises(TypeError, match=words):
            await initialize(alice, credential, **given)


@simulated
async def test_reserved_arguments_are_zero() -> None:
    async with lsart.open_lsa(Ssp()) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        leg = alice.InitializeSecurityContext(credential, None, None, 0, 1, 0, None, 0)
        assert await status_of(leg) == SEC_E_UNSUPPORTED_FUNCTION


@simulated
async def test_a_context_that_wants_a_half_in_the_client_fails_honestly_where_there_is_none() -> None:
    ssp = Ssp()

    async def before(ssp: Ssp, name: str, given: tuple[Any, ...]) -> Any:
        if name == "Init":
            ssp.contexts[7] = 0
            return (7, token(b"x"), 0, 5, True, SecBuffer(0, b"packed"))
        return None

    ssp.before = before
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        assert await status_of(initialize(alice, await acquire(alice))) == SEC_E_UNSUPPORTED_FUNCTION
        await trio.testing.wait_all_tasks_blocked()
        assert ssp.contexts == {}
        assert lsa.check() == []


@pytest.mark.parametrize(
    "buffers",
    [
        SecBufferDesc((SecBuffer("2", bytearray(8)),)),  # type: ignore[arg-type]  # a wrong type is the point
        SecBufferDesc((SecBuffer(-1, bytearray(8)),)),
        SecBufferDesc((SecBuffer(TOKEN, bytearray(8)),), version="0"),  # type: ignore[arg-type]
    ],
)
@simulated
async def test_numbers_that_no_structure_of_c_carries_do_not_reach_a_package(buffers: SecBufferDesc) -> None:
    ssp = Ssp()
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        with pytest.raises(TypeError):
            await initialize(alice, credential, message=buffers)
        with pytest.raises(TypeError):
            await initialize(alice, credential, output=buffers)
        assert ssp.names() == ["Acquire"]


@simulated
async def test_an_output_buffer_that_could_not_be_filled_is_refused_before_the_package_is_entered() -> None:
    ssp = Ssp()
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        every_other = SecBufferDesc((SecBuffer(TOKEN, memoryview(bytearray(64))[::2]),))
        with pytest.raises(TypeError):
            await initialize(alice, await acquire(alice), output=every_other)
        assert ssp.names() == ["Acquire"]


@simulated
async def test_what_is_allocated_may_have_any_size_whatever_room_the_client_names() -> None:
    ssp = Ssp()
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        small = SecBufferDesc((SecBuffer(TOKEN, bytearray(2)),))
        leg = await initialize(alice, await acquire(alice), flags=ALLOCATE, output=small)
        assert ssp.of("Init")[0][6] == SecBufferDesc((SecBuffer(TOKEN),))
        assert leg.output.buffers[0].length == len(b"token 1")


@simulated
async def test_credential_data_lies_in_the_client_for_the_length_of_the_call_only() -> None:
    seen: list[bytes] = []

    async def before(ssp: Ssp, name: str, given: tuple[Any, ...]) -> Any:
        if name == "Acquire":
            seen.append(await ssp.table.CopyFromClientBuffer(None, 6, given[3]))

    async with lsart.open_lsa(Ssp(before=before)) as lsa, lsa.connect("alice") as alice:
        await acquire(alice, auth_data=b"secret")
        assert seen == [b"secret"]
        assert alice.process.committed == 0
