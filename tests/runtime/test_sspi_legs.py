"""InitializeSecurityContext and AcceptSecurityContext: legs from first to last, and what they carry."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing
from lsas import Log, scripted, simulated, status_of
from sspi import NATIVE, TOKEN, Ssp, accept, acquire, initialize, token, tokens
from tokens import LUID, create

import lsart
from lsart.contract import (
    SEC_E_INTERNAL_ERROR,
    SEC_E_INVALID_HANDLE,
    SEC_E_INVALID_TOKEN,
    SEC_E_UNSUPPORTED_FUNCTION,
    SEC_I_CONTINUE_NEEDED,
    STATUS_SUCCESS,
    InitLsaModeLeg,
    Pointer,
    SecBuffer,
    SecBufferDesc,
    constants,
)
from lsart.events import ContextLeft, MisuseEvent, OutputNotFromHeap, SlotOutOfPlace


@pytest.mark.rule("SIC-1")
@simulated
async def test_the_arguments_of_an_initiator_reach_the_package_in_order() -> None:
    ssp = Ssp(messages=3)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        leg = await alice.InitializeSecurityContext(credential, None, "peer", 3, 0, NATIVE, None, 0)
        await alice.InitializeSecurityContext(credential, leg.new_context, None, 5, 0, 0, token(b"token 2"), 0)
        room = SecBufferDesc((SecBuffer(TOKEN, None, 64),))
        assert ssp.of("Init") == [
            (32, None, "peer", 3, NATIVE, None, room),
            (32, 48, None, 5, 0, token(b"token 2"), room),
        ]


@pytest.mark.rule("SAL-1")
@simulated
async def test_the_arguments_of_an_acceptor_reach_the_package_in_order() -> None:
    ssp = Ssp(messages=4)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("bob") as bob:
        credential = await acquire(bob)
        leg = await bob.AcceptSecurityContext(credential, None, token(b"token 1"), 3, NATIVE)
        await bob.AcceptSecurityContext(credential, leg.new_context, token(b"token 3"), 5, 0)
        room = SecBufferDesc((SecBuffer(TOKEN, None, 64),))
        assert ssp.of("Accept") == [
            (32, None, token(b"token 1"), 3, NATIVE, room),
            (32, 48, token(b"token 3"), 5, 0, room),
        ]


@pytest.mark.rule("SIC-2")
@simulated
async def test_credential_or_context_may_be_missing_but_not_both() -> None:
    ssp = Ssp(messages=4)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        assert await status_of(initialize(alice, None)) == SEC_E_INVALID_HANDLE
        assert await status_of(accept(alice, None)) == SEC_E_INVALID_HANDLE
        assert ssp.entered == []
        leg = await initialize(alice, await acquire(alice))
        await initialize(alice, None, leg.new_context, token(b"token 2"))
        assert [given[:2] for given in ssp.of("Init")] == [(32, None), (None, 48)]


@pytest.mark.rule("CIC-1", "SIC-5")
@simulated
async def test_the_first_leg_makes_a_context_and_a_later_one_goes_on_with_it() -> None:
    ssp = Ssp(messages=3)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        first, other = await initialize(alice, credential), await initialize(alice, credential)
        assert first.new_context != other.new_context
        assert ssp.contexts == {48: 2, 64: 2}
        again = await initialize(alice, credential, first.new_context, token(b"token 2"))
        assert again.new_context == first.new_context
        assert ssp.contexts == {48: 4, 64: 2}
        assert [given[5] for given in ssp.of("Init")] == [None, None, token(b"token 2")]


@pytest.mark.rule("CAC-1")
@simulated
async def test_the_server_too_has_a_new_context_for_none_and_its_own_otherwise() -> None:
    ssp = Ssp(messages=4)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("bob") as bob:
        credential = await acquire(bob)
        first = await accept(bob, credential, None, token(b"token 1"))
        other = await accept(bob, credential, None, token(b"token 1"))
        assert ssp.contexts == {48: 3, 64: 3}
        again = await accept(bob, credential, first.new_context, token(b"token 3"))
        assert again.new_context == first.new_context != other.new_context
        assert ssp.contexts == {48: 5, 64: 3}


@pytest.mark.rule("CAC-2", "SAL-2")
@pytest.mark.parametrize("same", [True, False])
@simulated
async def test_a_later_leg_may_keep_the_package_s_number_or_change_it(same: bool) -> None:
    async def moves(ssp: Ssp, name: str, given: tuple[Any, ...]) -> None:
        if name == "Accept" and given[1] is not None and not same:
            ssp.contexts[1000] = ssp.contexts[given[1]]
            legs[given[1]] = 1000

    legs: dict[int, int] = {}

    class Moving(Ssp):
        def _step(self, context: int | None, message: SecBufferDesc | None, side: int) -> tuple[Any, ...]:
            return super()._step(legs.get(context or 0, context), message, side)

    ssp = Moving(messages=4, before=moves)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("bob") as bob:
        credential = await acquire(bob)
        first = (await accept(bob, credential, None, token(b"token 1"))).new_context
        then = (await accept(bob, credential, first, token(b"token 3"))).new_context
        await trio.testing.wait_all_tasks_blocked()
        assert (then == first) is same
        assert ssp.of("Delete") == ([] if same else [(48,)])  # what it changed from is given back, once
        assert len(lsa.contexts) == 2  # the credential, and one context
        if not same:
            assert await status_of(accept(bob, credential, first)) == SEC_E_INVALID_HANDLE
        await bob.DeleteSecurityContext(then)
        assert ssp.contexts == {}
        assert lsa.check() == []


@pytest.mark.rule("CIC-3")
@simulated
async def test_a_context_stays_when_a_later_leg_fails_until_it_is_deleted_or_its_process_ends() -> None:
    log = Log()
    ssp = Ssp(messages=3)
    async with lsart.open_lsa(ssp, bus=log.bus) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        contexts = [(await initialize(alice, credential)).new_context for _ in range(2)]
        for each in contexts:
            assert await status_of(initialize(alice, credential, each, token(b"junk"))) == SEC_E_INVALID_TOKEN
        assert set(ssp.contexts) == {48, 64}
        await alice.DeleteSecurityContext(contexts[0])
        assert set(ssp.contexts) == {64}
        alice.terminate()
        await trio.testing.wait_all_tasks_blocked()
        assert ssp.contexts == {}
        assert ssp.credentials == set()
        left = [(each.client, each.kind, each.handle) for each in log.of(ContextLeft)]
        assert left == [("alice", "context", 64), ("alice", "credential", 32)]
        assert len(lsa.contexts) == 0


@pytest.mark.rule("USQ-4")
@pytest.mark.parametrize("messages", [1, 2, 3, 4])
@simulated
async def test_the_protocol_decides_how_many_legs_there_are(messages: int) -> None:
    ssp = Ssp(messages=messages)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice, lsa.connect("bob") as bob:
        assert await tokens(alice, bob) == [b"token %d" % (each + 1) for each in range(messages)]
        legs = [each for each in ssp.names() if each != "Acquire"]
        assert legs == (["Init", "Accept"] * 3)[: messages + 1]


@pytest.mark.rule("SIC-8")
@simulated
async def test_a_leg_ends_finished_or_unfinished_or_failed() -> None:
    ssp = Ssp(messages=3)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        first = await initialize(alice, credential)
        assert first.status == SEC_I_CONTINUE_NEEDED
        context = alice._context_of(first.new_context)
        assert not context.is_complete
        assert await status_of(initialize(alice, credential, first.new_context, token(b"x"))) == SEC_E_INVALID_TOKEN
        last = await initialize(alice, credential, first.new_context, token(b"token 2"))
        assert last.status == STATUS_SUCCESS
        assert context.is_complete


@pytest.mark.rule("SIC-3")
@simulated
async def test_the_attributes_that_were_granted_reach_the_client_though_they_differ() -> None:
    async def grants(ssp: Ssp, name: str, given: tuple[Any, ...]) -> Any:
        return InitLsaModeLeg(7, None, 0x4321, 5) if name == "Init" else None

    async with lsart.open_lsa(Ssp(before=grants)) as lsa, lsa.connect("alice") as alice:
        leg = await initialize(alice, await acquire(alice), flags=constants.ISC_REQ_INTEGRITY)
        assert (leg.context_attr, leg.expiry) == (0x4321, 5)


@pytest.mark.rule("ASR-1")
def test_flags_of_the_two_sides_that_have_other_values() -> None:
    for name in ("EXTENDED_ERROR", "STREAM", "INTEGRITY", "IDENTIFY"):
        assert getattr(constants, f"ISC_REQ_{name}") != getattr(constants, f"ASC_REQ_{name}")
    assert constants.ISC_REQ_ALLOCATE_MEMORY == constants.ASC_REQ_ALLOCATE_MEMORY


@pytest.mark.rule("CTK-1", "SAL-4")
@simulated
async def test_a_token_is_meant_to_be_made_while_a_context_is_accepted() -> None:
    log = Log()

    async def logs_on(table: Any) -> None:
        await table.CreateLogonSession(LUID)

    async def makes(ssp: Ssp, name: str, given: tuple[Any, ...]) -> None:
        if name in ("Accept", "Init"):
            await create(ssp.table)

    ssp = Ssp(before=makes)
    async with lsart.open_lsa(scripted("l", initialize=logs_on), ssp, bus=log.bus) as lsa, lsa.connect("bob") as bob:
        credential = await acquire(bob)
        await accept(bob, credential, None, token(b"token 1"))
        assert log.of(SlotOutOfPlace) == []
        await initialize(bob, credential)
        told = log.one(SlotOutOfPlace)
        assert (told.slot, told.rule, told.origin.function) == ("CreateToken", "CTK-1", "CreateToken")


@pytest.mark.rule("SIC-6", "SAL-3")
@pytest.mark.parametrize("side", ["Init", "Accept"])
@simulated
async def test_context_data_of_the_lsa_heap_is_freed_by_lsa(side: str) -> None:
    log = Log()
    blocks: list[Any] = []

    async def gives(ssp: Ssp, name: str, given: tuple[Any, ...]) -> Any:
        if name != side:
            return None
        blocks.append(await ssp.table.AllocateLsaHeap(8))
        data = Pointer(64, "lsass") if len(blocks) == 2 else blocks[-1]
        return (500, None, 0, 5, False, SecBuffer(0, data, 8))

    ssp = Ssp(before=gives)
    async with lsart.open_lsa(ssp, bus=log.bus) as lsa, lsa.connect("bob") as bob:
        credential, leg = await acquire(bob), initialize if side == "Init" else accept
        await leg(bob, credential)
        heap = lsa.memory.lsa_heap
        assert heap is not None
        assert heap.block_at(blocks[0].address) is None
        assert log.of(MisuseEvent) == []
        assert await status_of(leg(bob, credential)) == SEC_E_INTERNAL_ERROR
        told = log.one(OutputNotFromHeap)
        assert (told.output, told.address) == ("ContextData", 64)
        assert lsa.check() == []


@pytest.mark.parametrize("reserved", [(1, 0), (0, 1)])
@simulated
async def test_the_reserved_arguments_must_be_zero(reserved: tuple[int, int]) -> None:
    ssp = Ssp()
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        leg = alice.InitializeSecurityContext(credential, None, None, 0, reserved[0], NATIVE, None, reserved[1])
        assert await status_of(leg) == SEC_E_UNSUPPORTED_FUNCTION
        assert ssp.names() == ["Acquire"]


@simulated
async def test_a_context_that_takes_the_place_of_another_needs_the_credential_of_that() -> None:
    async def before(ssp: Ssp, name: str, given: tuple[Any, ...]) -> Any:
        if name != "Init" or given[1] is None:
            return None
        ssp.contexts[9] = 0
        return InitLsaModeLeg(9)

    ssp = Ssp(messages=3, before=before)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        one = await initialize(alice, credential)
        other = await initialize(alice, None, one.new_context, token(b"token 2"))
        await alice.FreeCredentialsHandle(credential)
        assert ssp.of("Free") == []
        await alice.DeleteSecurityContext(other.new_context)
        await lsart.sleep_ns(1)
        assert ssp.names()[-2:] == ["Delete", "Free"]
        assert len(lsa.contexts) == 0
