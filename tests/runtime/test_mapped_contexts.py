"""Contexts with a half in the client's process: how it is made, used and ended."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
import trio
from lsas import Log, simulated, status_of
from sealing import KEY, NAMES, Sealing, SealingHalf, connected, message

import lsart
from lsart.contract import (
    SEC_E_INSUFFICIENT_MEMORY,
    SEC_E_INTERNAL_ERROR,
    SEC_E_INVALID_HANDLE,
    SEC_E_UNSUPPORTED_FUNCTION,
    ContextLeg,
    Pointer,
    ProcessTerminated,
    SecBuffer,
    SecBufferDesc,
    StatusError,
)
from lsart.events import BlockAllocated, BlockFreed, ClientCrashed, ContextMapped, OutputNotFromHeap


class Watching(Sealing):
    """Notes in which task its functions for attributes run."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.tasks: list[str] = []

    async def SpQueryContextAttributes(self, context_handle: int, context_attribute: int, buffer: None) -> Any:
        self.tasks.append(trio.lowlevel.current_task().name)
        return await super().SpQueryContextAttributes(context_handle, context_attribute, buffer)


class WatchingHalf(SealingHalf):
    """Notes in which task it signs."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks: list[str] = []

    def SpMakeSignature(self, *arguments: Any) -> SecBufferDesc:
        self.tasks.append(trio.lowlevel.current_task().name)
        signed: SecBufferDesc = super().SpMakeSignature(*arguments)
        return signed


@pytest.mark.rule("CLA-2", "UFT-4", "USQ-11", "UIC-1")
@pytest.mark.parametrize("mapped", [False, True])
def test_what_is_mapped_runs_in_the_callers_task_and_everything_else_in_a_worker(mapped: bool) -> None:
    package = Watching(mapped=mapped, half=WatchingHalf)

    async def main() -> None:
        async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
            context = await connected(alice)
            mine = trio.lowlevel.current_task().name
            await alice.QueryContextAttributes(context, NAMES)
            if not mapped:
                assert await status_of(alice.MakeSignature(context, 0, message(b"x"), 0)) is SEC_E_UNSUPPORTED_FUNCTION
                assert package.halves == []
                assert len(package.tasks) == 1
                assert package.tasks[0].startswith("LSA worker")
            else:
                half = package.halves[0]
                await alice.MakeSignature(context, 0, message(b"x"), 0)
                assert half.tasks == [mine]
                assert package.tasks == []
                assert [each[0] for each in half.steps][:2] == ["SpInstanceInit", "SpInitUserModeContext"]

    lsart.run(main, seed=0)


@pytest.mark.rule("USQ-3", "SIC-4")
@simulated
async def test_the_client_gets_a_context_that_signs_and_never_sees_that_it_is_mapped() -> None:
    async with lsart.open_lsa(Sealing()) as lsa, lsa.connect("alice") as alice:
        credential, _ = await alice.AcquireCredentialsHandle(None, "sealing", 2)
        leg = await alice.InitializeSecurityContext(credential, None, "target", 0, 0, 0, None, 0)
        assert [each.name for each in attrs.fields(ContextLeg)] == [
            "new_context",
            "output",
            "context_attr",
            "expiry",
            "status",
        ]
        assert KEY not in repr(leg).encode("utf-8", "replace")
        assert leg.output.buffers == () or all(not each.length for each in leg.output.buffers)
        signed = await alice.MakeSignature(leg.new_context, 0, message(b"x"), 0)
        assert any(signed.buffers[0].data)


@pytest.mark.rule("UIC-2")
@simulated
async def test_the_half_is_named_by_the_handle_of_the_half_in_lsa() -> None:
    package = Sealing()
    package.next = 41
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        await connected(alice)
    assert package.halves[0].steps[1] == ("SpInitUserModeContext", 41)


@pytest.mark.rule("UIC-3")
@simulated
async def test_the_packed_data_tell_the_side_so_that_two_of_one_side_do_not_understand_each_other() -> None:
    async with lsart.open_lsa(Sealing()) as lsa, lsa.connect("alice") as alice, lsa.connect("bob") as bob:
        client, also_client, server = await connected(alice), await connected(bob), await connected(bob, server=True)
        signed = await alice.MakeSignature(client, 0, message(b"x"), 0)
        assert await bob.VerifySignature(server, signed, 0) == 7
        with pytest.raises(StatusError):
            await bob.VerifySignature(also_client, signed, 0)


@pytest.mark.rule("USQ-12", "UIC-4", "SIC-6", "SAL-3")
@pytest.mark.parametrize("server", [False, True])
def test_packed_data_is_freed_by_lsa_there_and_by_the_package_in_the_client(server: bool) -> None:
    log, package = Log(), Sealing()

    async def main() -> None:
        async with lsart.open_lsa(package, bus=log.bus) as lsa, lsa.connect("alice") as alice:
            await connected(alice, server=server)
            heap = lsa.memory.lsa_heap
            assert heap is not None
            assert heap.statistics().live_blocks == 0
            freed = [(each.address, each.origin.package) for each in log.of(BlockFreed) if each.heap == "lsa-heap"]
            assert freed == [(package.packed[0].address, "LSA")]
            mine = [each for each in log.of(BlockAllocated) if each.heap == "buffers of alice"]
            gone = [each for each in log.of(BlockFreed) if each.heap == "buffers of alice"]
            assert mine[-1].size == 34
            assert gone[-1].address == mine[-1].address
            assert gone[-1].origin.function == "FreeContextBuffer"
            assert log.one(ContextMapped).size == 34

    lsart.run(main, seed=0)


@pytest.mark.rule("SIC-6", "SAL-3")
@pytest.mark.parametrize("server", [False, True])
def test_packed_data_from_elsewhere_is_told_and_fails_the_leg(server: bool) -> None:
    log, package = Log(), Sealing()

    async def main() -> None:
        async with lsart.open_lsa(package, bus=log.bus) as lsa, lsa.connect("alice") as alice:
            package.table.AllocateLsaHeap = package.table.AllocatePrivateHeap
            assert await status_of(connected(alice, server=server)) is SEC_E_INTERNAL_ERROR
            assert package.halves == []

    lsart.run(main, seed=0)
    assert log.one(OutputNotFromHeap).address == package.packed[0].address


class Refusing(SealingHalf):
    """Refuses a context before or after it freed the packed data."""

    frees = False

    async def SpInitUserModeContext(self, context_handle: int, packed_context: SecBuffer) -> None:
        assert self.dll is not None
        assert isinstance(packed_context.buffer, Pointer)
        if self.frees:
            await self.dll.FreeContextBuffer(packed_context.buffer)
        raise StatusError(SEC_E_INSUFFICIENT_MEMORY, "full")


@pytest.mark.parametrize("frees", [False, True])
def test_a_half_that_cannot_be_made_ends_the_context_in_lsa_and_leaves_nothing(frees: bool) -> None:
    package = Sealing(half=type("Half", (Refusing,), {"frees": frees}))

    async def main() -> None:
        async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
            assert await status_of(connected(alice)) is SEC_E_INSUFFICIENT_MEMORY
            await lsart.sleep_ns(1)
            assert ("SpDeleteContext", 1) in package.steps
            assert alice.process.committed == 0
            assert lsa.check() == []

    lsart.run(main, seed=0)


@pytest.mark.choice("context_deleted_first", "lsa_mode")
@pytest.mark.parametrize("first", ["user_mode", "lsa_mode"])
def test_deleting_a_context_ends_both_halves_in_the_order_chosen(first: Any) -> None:
    order: list[str] = []

    class Half(SealingHalf):
        def SpDeleteUserModeContext(self, context_handle: int) -> None:
            order.append(f"user_mode {context_handle}")

    class Package(Sealing):
        def SpDeleteContext(self, context_handle: int) -> None:
            order.append(f"lsa_mode {context_handle}")

    settings = lsart.LsaSettings(choices=lsart.Choices(context_deleted_first=first))

    async def main() -> None:
        async with lsart.open_lsa(Package(half=Half), settings=settings) as lsa, lsa.connect("alice") as alice:
            context = await connected(alice)
            await alice.DeleteSecurityContext(context)
            assert await status_of(alice.MakeSignature(context, 0, message(b"x"), 0)) is SEC_E_INVALID_HANDLE

    lsart.run(main, seed=0)
    assert order == sorted(["user_mode 1", "lsa_mode 1"], key=lambda each: not each.startswith(first))


@simulated
async def test_a_context_deleted_while_it_seals_ends_when_the_sealing_has() -> None:
    steps: list[str] = []

    class Slow(SealingHalf):
        async def SpSealMessage(self, context_handle: int, qop: int, message: SecBufferDesc, seq: int) -> None:
            steps.append("begin")
            await lsart.sleep_ns(100)
            steps.append("end")

        def SpDeleteUserModeContext(self, context_handle: int) -> None:
            steps.append("delete")

    package = Sealing(half=Slow)
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        context = await connected(alice)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(alice.EncryptMessage, context, 0, message(b"x"), 0)
            await lsart.sleep_ns(10)
            await alice.DeleteSecurityContext(context)
            assert steps == ["begin"]
        await lsart.sleep_ns(1)
        assert steps == ["begin", "end", "delete"]
        assert ("SpDeleteContext", 1) in package.steps
        assert lsa.check() == []


@simulated
async def test_a_half_that_fails_ends_its_process_and_no_other() -> None:
    log = Log()

    class Failing(SealingHalf):
        def SpMakeSignature(self, *arguments: Any) -> SecBufferDesc:
            raise ZeroDivisionError("of all things")

        def SpVerifySignature(self, *arguments: Any) -> Any:
            return "a text"

        async def SpSealMessage(self, *arguments: Any) -> Any:
            await lsart.sleep_ns(1)
            return 5

    package = Sealing(half=Failing)
    async with lsart.open_lsa(package, bus=log.bus) as lsa:
        for number, name in enumerate(("MakeSignature", "VerifySignature", "EncryptMessage")):
            alice, bob = lsa.start_client("alice"), lsa.start_client("bob")
            context, other = await connected(alice), await connected(bob)
            arguments = (message(b"x"), 0) if name == "VerifySignature" else (0, message(b"x"), 0)
            with pytest.raises(ProcessTerminated):
                await getattr(alice, name)(context, *arguments)
            assert not alice.is_alive
            assert bob.is_alive
            await bob.DeleteSecurityContext(other)
            bob.terminate()
            assert len(log.of(ClientCrashed)) == number + 1
        assert lsa.find_package("sealing").state.is_available
        await lsart.sleep_ns(1)
        assert lsa.check() == []
    reasons = [each.reason for each in log.of(ClientCrashed)]
    assert reasons[0] == "ZeroDivisionError: of all things"
    assert "it returned str; expected a number" in reasons[1]
    assert "it returned int; expected a SecBufferDesc or None" in reasons[2]


@simulated
async def test_a_half_that_faults_as_it_is_deleted_leaves_nothing_in_lsa() -> None:
    class Faults(SealingHalf):
        def SpDeleteUserModeContext(self, context_handle: int) -> None:
            raise KeyError("a fault")

    package = Sealing(half=Faults)
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        context = await connected(alice)
        with pytest.raises(ProcessTerminated):
            await alice.DeleteSecurityContext(context)
        await lsart.sleep_ns(1)
        assert not alice.is_alive
        assert ("SpDeleteContext", 1) in package.steps
        assert len(lsa.contexts) == 0


@simulated
async def test_packed_data_that_claims_more_than_its_block_has_fails_the_leg() -> None:
    class Lies(Sealing):
        async def _leg(self, side: bytes, requirements: int) -> dict[str, Any]:
            made = await super()._leg(side, requirements)
            return made | {"context_data": attrs.evolve(made["context_data"], length=100)}

    package = Lies()
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        assert await status_of(connected(alice)) is SEC_E_INTERNAL_ERROR
        assert package.halves == []
        heap = lsa.memory.lsa_heap
        assert heap is not None
        assert heap.statistics().live_blocks == 0
