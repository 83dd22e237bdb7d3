"""Legs, queries and deletions of contexts that end in the middle: nothing of them is left on either side."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
import trio
from lsas import Log, in_use, scripted, simulated, status_of
from sealing import KEY, NAMES, Sealing, SealingHalf, connected, message
from sspi import TOKEN, Ssp, acquire, initialize

import lsart
from lsart.contract import (
    SEC_E_INSUFFICIENT_MEMORY,
    SEC_E_INTERNAL_ERROR,
    SEC_E_INVALID_HANDLE,
    SEC_I_CONTINUE_NEEDED,
    AccessViolation,
    FunctionTable,
    InitLsaModeLeg,
    Pointer,
    ProcessTerminated,
    SecBuffer,
    SecBufferDesc,
    SecHandle,
    StatusError,
    constants,
)
from lsart.events import OutputNotFromHeap
from lsart.memory import MachineLimits
from lsart.runtime import Client

ALLOCATE = constants.ISC_REQ_ALLOCATE_MEMORY


class TwoLegs(Sealing):
    """Its contexts are complete with the second leg; `mapped_legs` of the two ask for a half in the client."""

    mapped_legs: tuple[bool, ...] = (False, True)
    replaces = False

    async def SpInitLsaModeContext(
        self, credential: Any, context: Any, target: Any, requirements: int, *rest: Any
    ) -> Any:
        self.mapped = self.mapped_legs[context is not None]
        leg = await self._leg(b"C", requirements)
        if context is not None and not self.replaces:
            leg["new_context_handle"] = context
        return InitLsaModeLeg(**leg, status=SEC_I_CONTINUE_NEEDED if context is None else lsart.NTSTATUS(0))


class Slow(SealingHalf):
    """Takes its time to set a context up."""

    async def SpInitUserModeContext(self, context_handle: int, packed_context: SecBuffer) -> None:
        await lsart.sleep_ns(10)
        await super().SpInitUserModeContext(context_handle, packed_context)


async def first_leg(alice: Client) -> tuple[SecHandle, SecHandle]:
    credential, _ = await alice.AcquireCredentialsHandle(None, "sealing", 2)
    return credential, (await initialize(alice, credential)).new_context


def names(steps: list[Any]) -> list[str]:
    return [each[0] for each in steps]


@pytest.mark.parametrize("first", ["user_mode", "lsa_mode"])
@simulated
async def test_a_deletion_that_is_cancelled_before_it_began_leaves_both_halves(first: Any) -> None:
    package = Sealing()
    settings = lsart.LsaSettings(choices=lsart.Choices(context_deleted_first=first))
    async with lsart.open_lsa(package, settings=settings) as lsa, lsa.connect("alice") as alice:
        context = await connected(alice)
        with trio.CancelScope() as scope:
            scope.cancel()
            await alice.DeleteSecurityContext(context)
        assert scope.cancelled_caught
        await alice.MakeSignature(context, 0, message(b"x"), 0)
        await alice.DeleteSecurityContext(context)
        assert names(package.halves[0].steps).count("SpDeleteUserModeContext") == 1
        assert names(package.steps).count("SpDeleteContext") == 1


class Speaking(Sealing):
    """Its only leg has a token for the peer."""

    async def _leg(self, side: bytes, requirements: int) -> dict[str, Any]:
        return await super()._leg(side, requirements) | {"output_buffers": SecBufferDesc((SecBuffer(TOKEN, b"abcd"),))}


@simulated
async def test_output_that_does_not_reach_the_client_ends_the_half_that_was_made() -> None:
    package = Speaking()
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        credential, _ = await alice.AcquireCredentialsHandle(None, "sealing", 2)
        nowhere = SecBufferDesc((SecBuffer(TOKEN, Pointer(64, "alice"), 8),))
        with pytest.raises(AccessViolation):
            await initialize(alice, credential, output=nowhere)
        await lsart.sleep_ns(1)
        assert package.halves[0].contexts == {}
        assert names(package.steps) == ["SpGetExtendedInformation", "SpDeleteContext"]
        assert alice.process.committed == 0


@simulated
async def test_a_context_that_is_deleted_while_its_half_is_set_up_has_no_half_left() -> None:
    package = TwoLegs(half=Slow)
    found: list[object] = []
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        credential, context = await first_leg(alice)

        async def second() -> None:
            found.append(await status_of(initialize(alice, credential, context)))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(second)
            await lsart.sleep_ns(5)
            await alice.DeleteSecurityContext(context)
            assert "SpInitUserModeContext" not in names(package.halves[0].steps)
        assert found == [SEC_E_INVALID_HANDLE]
        assert package.halves[0].contexts == {}
        assert names(package.steps).count("SpDeleteContext") == 1
        assert alice.process.committed == 0
        assert lsa.check() == []


@simulated
async def test_a_leg_that_leaves_another_context_ends_both_halves_of_the_one_before() -> None:
    package = TwoLegs()
    package.mapped_legs, package.replaces = (True, True), True
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        credential, context = await first_leg(alice)
        leg = await initialize(alice, credential, context)
        await lsart.sleep_ns(1)
        assert leg.new_context != context
        assert list(package.halves[0].contexts) == [2]
        assert package.steps[-1] == ("SpDeleteContext", 1)


@simulated
async def test_a_second_mapping_keeps_what_is_under_way_in_the_half() -> None:
    package = TwoLegs()
    package.mapped_legs = (True, True)
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        credential, context = await first_leg(alice)
        await initialize(alice, credential, context)
        await alice.DeleteSecurityContext(context)
        assert names(package.halves[0].steps).count("SpDeleteUserModeContext") == 1


@pytest.mark.parametrize("end", ["terminate", "cancel"])
@simulated
async def test_a_context_stays_in_lsa_while_a_worker_asks_about_it(end: str) -> None:
    class Asked(Sealing):
        async def SpQueryContextAttributes(self, *given: Any) -> Any:
            self.steps.append("asks")
            await lsart.sleep_ns(10)
            self.steps.append("asked")
            return 1

    package = Asked(mapped=False)
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        context = await connected(alice)

        async def asks(task_status: Any = trio.TASK_STATUS_IGNORED) -> None:
            with trio.CancelScope() as scope:
                task_status.started(scope)
                with pytest.raises(ProcessTerminated):
                    await alice.QueryContextAttributes(context, NAMES)

        async with trio.open_nursery() as nursery:
            scope = await nursery.start(asks)
            await lsart.sleep_ns(5)
            if end == "terminate":
                alice.terminate()
            else:
                scope.cancel()
                await alice.DeleteSecurityContext(context)
        await lsart.sleep_ns(10)
        seen = [each for each in package.steps if each in ("asks", "asked", ("SpDeleteContext", 1))]
        assert seen == ["asks", "asked", ("SpDeleteContext", 1)]


@attrs.frozen
class Two:
    """A structure with two addresses."""

    one: Pointer
    other: Pointer


class Twice(Sealing):
    """Its attribute is two blocks of `size` bytes, or the same one twice."""

    size = 8
    same = False

    async def SpQueryContextAttributes(self, *given: Any) -> Any:
        one = await self.table.AllocateLsaHeap(self.size)
        other = one if self.same else await self.table.AllocateLsaHeap(self.size)
        return Two(one, other)


@simulated
async def test_an_answer_that_reaches_the_client_in_part_reaches_it_not_at_all() -> None:
    package = Twice(mapped=False)
    package.size = 40_000
    settings = lsart.LsaSettings(machine=MachineLimits(client_quota=65_536))
    async with lsart.open_lsa(package, settings=settings) as lsa, lsa.connect("alice") as alice:
        context = await connected(alice)
        assert await status_of(alice.QueryContextAttributes(context, NAMES)) == SEC_E_INSUFFICIENT_MEMORY
        assert alice.process.committed == 0
        heap = lsa.memory.lsa_heap
        assert heap is not None
        assert heap.statistics().live_blocks == 0


@simulated
async def test_an_answer_may_name_one_block_twice() -> None:
    package = Twice(mapped=False)
    package.same = True
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        answer = await alice.QueryContextAttributes(await connected(alice), NAMES)
        assert answer.one == answer.other
        await alice.FreeContextBuffer(answer.one)
        assert alice.process.committed == 0


def leg_with(output: Any, number: int = 7) -> Ssp:
    async def before(ssp: Ssp, name: str, given: tuple[Any, ...]) -> Any:
        if name != "Init":
            return None
        ssp.contexts[number] = 0
        return InitLsaModeLeg(number, SecBufferDesc((SecBuffer(TOKEN, await output(ssp.table), 4),)))

    return Ssp(before=before)


@simulated
async def test_output_at_an_address_that_is_no_buffer_of_the_client_fails_the_leg_and_is_told() -> None:
    log = Log()
    where: list[Pointer] = []

    async def made_up(table: FunctionTable) -> Pointer:
        return where[0]

    async def replies(table: FunctionTable, request: Any, sent: bytes) -> Any:
        return await table.reply(request, b"reply")

    ssp = leg_with(made_up)
    async with lsart.open_lsa(ssp, scripted("a", call=replies), bus=log.bus) as lsa, lsa.connect("alice") as alice:
        number = await alice.LsaLookupAuthenticationPackage(alice.handle, "a")
        reply: Any = (await alice.LsaCallAuthenticationPackage(alice.handle, number, b"")).protocol_return_buffer
        await alice.LsaFreeReturnBuffer(reply)
        where.append(reply)
        credential = await acquire(alice)
        assert await status_of(initialize(alice, credential, flags=ALLOCATE)) == SEC_E_INTERNAL_ERROR
        assert log.one(OutputNotFromHeap).address == reply.address
        again: Any = (await alice.LsaCallAuthenticationPackage(alice.handle, number, b"")).protocol_return_buffer
        assert again == reply
        await alice.LsaFreeReturnBuffer(again)
        await lsart.sleep_ns(1)
        assert ssp.contexts == {}


@simulated
async def test_output_of_a_leg_without_a_context_is_freed() -> None:
    async def output(table: FunctionTable) -> Pointer:
        found = await table.AllocateClientBuffer(None, 4)
        assert found is not None
        return found

    ssp = leg_with(output, 0)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        assert await status_of(initialize(alice, credential, flags=ALLOCATE)) == SEC_E_INTERNAL_ERROR
        assert alice.process.committed == 0


@simulated
async def test_a_task_that_is_cancelled_as_its_half_is_set_up_leaves_nothing() -> None:
    package = Sealing(half=Slow)
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        with trio.move_on_after(5e-9) as scope:
            await connected(alice)
        assert scope.cancelled_caught
        await lsart.sleep_ns(20)
        assert alice.process.committed == 0
        assert names(package.steps).count("SpDeleteContext") == 1
        assert lsa.check() == []


@simulated
async def test_a_half_that_fails_loses_only_the_buffer_that_it_was_given() -> None:
    taken: list[Pointer] = []

    class Fails(SealingHalf):
        async def SpInitUserModeContext(self, context_handle: int, packed_context: SecBuffer) -> None:
            assert self.dll is not None
            assert isinstance(packed_context.buffer, Pointer)
            await self.dll.FreeContextBuffer(packed_context.buffer)
            taken.append((await clients[0].EnumerateSecurityPackages())[1].buffer)  # type: ignore[arg-type]
            assert taken[0] == packed_context.buffer
            raise StatusError(SEC_E_INSUFFICIENT_MEMORY, "full")

    class Packs(Sealing):
        async def _leg(self, side: bytes, requirements: int) -> dict[str, Any]:
            made = await super()._leg(side, requirements)
            block = await self.table.AllocateLsaHeap(len(KEY) * 8)
            await self.table.FreeLsaHeap(made["context_data"].buffer)
            return made | {"context_data": SecBuffer(TOKEN, block, len(KEY) * 8)}

    clients: list[Client] = []
    async with lsart.open_lsa(Packs(half=Fails)) as lsa, lsa.connect("alice") as alice:
        clients.append(alice)
        assert await status_of(connected(alice)) == SEC_E_INSUFFICIENT_MEMORY
        await alice.FreeContextBuffer(taken[0])
        assert alice.process.committed == 0
    assert in_use(lsa) == {}


@pytest.mark.parametrize("number", [7, 8])
@simulated
async def test_a_context_that_is_deleted_during_its_leg_leaves_no_output_and_no_other_context(number: int) -> None:
    async def before(ssp: Ssp, name: str, given: tuple[Any, ...]) -> Any:
        if name != "Init":
            return None
        if given[1] is not None:
            await lsart.sleep_ns(10)
        made = number if given[1] else 7
        ssp.contexts[made] = 0
        pointer = await ssp.table.AllocateClientBuffer(None, 4)
        return InitLsaModeLeg(made, SecBufferDesc((SecBuffer(TOKEN, pointer, 4),)), status=SEC_I_CONTINUE_NEEDED)

    ssp = Ssp(before=before)
    async with lsart.open_lsa(ssp) as lsa, lsa.connect("alice") as alice:
        credential = await acquire(alice)
        one = await initialize(alice, credential, flags=ALLOCATE)
        await alice.FreeContextBuffer(one.output.buffers[0].buffer)  # type: ignore[arg-type]
        async with trio.open_nursery() as nursery:

            async def second() -> None:
                leg = initialize(alice, credential, one.new_context, flags=ALLOCATE)
                assert await status_of(leg) == SEC_E_INVALID_HANDLE

            nursery.start_soon(second)
            await lsart.sleep_ns(5)
            await alice.DeleteSecurityContext(one.new_context)
        await lsart.sleep_ns(1)
        assert alice.process.committed == 0
        assert ssp.contexts == {}
        assert len(lsa.contexts) == 1  # the credential


@simulated
async def test_a_process_that_has_ended_reaches_no_package_and_gets_no_buffers() -> None:
    ssp = Ssp()
    async with lsart.open_lsa(ssp) as lsa:
        alice = lsa.start_client("alice", has_tcb_privilege=True)
        alice.terminate()
        with pytest.raises(ProcessTerminated):
            await acquire(alice)
        with pytest.raises(ProcessTerminated):
            await alice.EnumerateSecurityPackages()
        with pytest.raises(ProcessTerminated):
            await alice.AddSecurityPackage("ssp")
        assert ssp.entered == []
        assert lsa.negotiation.packages == ()


@simulated
async def test_output_of_a_package_may_be_any_view_of_bytes() -> None:
    async def before(ssp: Ssp, name: str, given: tuple[Any, ...]) -> Any:
        if name != "Init":
            return None
        ssp.contexts[7] = 0
        return InitLsaModeLeg(7, SecBufferDesc((SecBuffer(TOKEN, memoryview(b"abcdefgh")[::2]),)))

    async with lsart.open_lsa(Ssp(before=before)) as lsa, lsa.connect("alice") as alice:
        assert (await initialize(alice, await acquire(alice))).output.buffers[0].data == b"aceg"
