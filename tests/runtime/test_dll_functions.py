"""SECPKG_DLL_FUNCTIONS: what packages can use in a client process."""

from __future__ import annotations

from typing import Any

import pytest
from lsas import Log, in_use, simulated, status_of
from sealing import Sealing, connected

import lsart
from lsart.contract import (
    LSA_SECPKG_SLOTS,
    SEC_E_INVALID_HANDLE,
    SECPKG_DLL_SLOTS,
    STATUS_INVALID_PARAMETER,
    AccessViolation,
    DllFunctions,
    Pointer,
    StatusError,
)
from lsart.events import (
    AllocationRefused,
    BlockFreed,
    CallbackRegistered,
    DoubleFree,
    ForeignFree,
    SlotMisused,
    SlotUnavailable,
)

ROWS = {each.name: each for each in SECPKG_DLL_SLOTS}


def in_a_process(test: Any, **settings: Any) -> Any:
    """Run a test that takes the log, the LSA, a client with a context, the package and its table there."""
    log, package = Log(), Sealing()

    async def main() -> None:
        lsa_settings = lsart.LsaSettings(**settings)
        async with lsart.open_lsa(package, bus=log.bus, settings=lsa_settings) as lsa, lsa.connect("alice") as alice:
            await connected(alice)
            dll = package.halves[0].dll
            await test(log, lsa, alice, package, dll)
            assert lsa.check() == []
        assert in_use(lsa) == {}

    lsart.run(main, seed=0)


@pytest.mark.rule("DAH-1", "UII-3", "DFT-2")
def test_a_block_is_memory_of_the_process_and_of_nobody_else() -> None:
    async def test(log: Log, lsa: lsart.Lsa, alice: lsart.Client, package: Sealing, dll: DllFunctions) -> None:
        block, other = await dll.AllocateHeap(40), await dll.AllocateHeap(40)
        assert block is not None
        assert other is not None
        assert block.space == "alice"
        await dll.memory.write(block, bytes(range(40)))
        await dll.memory.write(other, bytes(40))
        assert await alice.memory.read(block, 40) == bytes(range(40))
        with pytest.raises(AccessViolation):
            await package.table.memory.read(block, 40)
        await package.table.FreeLsaHeap(block)
        foreign = log.one(ForeignFree)
        assert (foreign.heap, foreign.inside) == ("lsa-heap", "the address space of alice")
        assert await dll.memory.read(block, 40) == bytes(range(40))

    in_a_process(test)


@pytest.mark.rule("DAH-2")
def test_a_process_that_has_no_more_gets_null() -> None:
    async def test(log: Log, lsa: lsart.Lsa, alice: lsart.Client, package: Sealing, dll: DllFunctions) -> None:
        first = await dll.AllocateHeap(8000)
        assert first is not None
        assert await dll.AllocateHeap(8000) is None
        assert log.one(AllocationRefused).heap == "heap of alice"
        await dll.FreeHeap(first)
        assert await dll.AllocateHeap(8000) is not None

    in_a_process(test, machine=lsart.MachineLimits(client_quota=8192))


@pytest.mark.rule("DAH-3", "DFH-1", "DFH-2")
def test_free_heap_takes_a_block_back_and_the_function_for_replies_does_not() -> None:
    async def test(log: Log, lsa: lsart.Lsa, alice: lsart.Client, package: Sealing, dll: DllFunctions) -> None:
        block = await dll.AllocateHeap(100)
        assert block is not None
        assert await status_of(alice.LsaFreeReturnBuffer(block))
        assert await status_of(alice.FreeContextBuffer(block)) is SEC_E_INVALID_HANDLE
        result: object = await dll.FreeHeap(block)  # type: ignore[func-returns-value]  # what is shown
        assert result is None
        assert log.of(BlockFreed)[-1].address == block.address
        assert alice.process.dll_heap.committed == 0
        assert await dll.AllocateHeap(100) == block

    in_a_process(test)


@pytest.mark.rule("DFH-3")
def test_the_base_is_passed_by_value() -> None:
    (base,) = ROWS["FreeHeap"].parameters
    assert (base.type, base.direction) == ("PVOID", "in")


@pytest.mark.rule("DAH-5")
def test_allocating_has_the_function_type_of_the_slot_of_lsa() -> None:
    (lsa,) = [each for each in LSA_SECPKG_SLOTS if each.name == "AllocateLsaHeap"]
    assert ROWS["AllocateHeap"].typedef == lsa.typedef


@pytest.mark.rule("DRC-3")
def test_a_callback_is_of_the_type_that_the_header_has() -> None:
    row = ROWS["RegisterCallback"]
    assert [each.type for each in row.parameters] == ["ULONG", "PLSA_CALLBACK_FUNCTION"]


def test_what_is_no_block_is_told_and_changes_nothing() -> None:
    async def test(log: Log, lsa: lsart.Lsa, alice: lsart.Client, package: Sealing, dll: DllFunctions) -> None:
        block = await dll.AllocateHeap(10)
        assert block is not None
        await dll.FreeHeap(block + 16)
        assert log.of(ForeignFree)[-1].inside == "heap of alice, where no block starts"
        await dll.FreeHeap(Pointer(0x10, "alice"))
        assert log.of(ForeignFree)[-1].inside == "no block of this process"
        await dll.FreeHeap(Pointer(0x10, "lsass"))
        assert log.of(ForeignFree)[-1].inside == "the address space of lsass"
        other = await dll.AllocateHeap(10)
        await dll.FreeHeap(block)
        await dll.FreeHeap(block)
        assert log.one(DoubleFree).freed.client == "alice"
        assert other is not None
        await dll.FreeHeap(None)  # type: ignore[arg-type]  # what C lets through
        assert log.one(SlotMisused).problem == "is NULL"

    in_a_process(test)


@pytest.mark.choice("client_heap_zero_length", "null")
@pytest.mark.parametrize("choice", ["smallest_block", "null"])
def test_a_block_of_no_bytes(choice: Any) -> None:
    async def test(log: Log, lsa: lsart.Lsa, alice: lsart.Client, package: Sealing, dll: DllFunctions) -> None:
        assert (await dll.AllocateHeap(0) is None) is (choice == "null")

    in_a_process(test, choices=lsart.Choices(client_heap_zero_length=choice))


@pytest.mark.choice("client_heap_alignment", "8")
@pytest.mark.parametrize("alignment", [16, 8])
def test_where_blocks_lie(alignment: Any) -> None:
    async def test(log: Log, lsa: lsart.Lsa, alice: lsart.Client, package: Sealing, dll: DllFunctions) -> None:
        blocks = [await dll.AllocateHeap(8) for _ in range(5)]
        addresses = [each.address for each in blocks if each is not None]
        assert len(addresses) == 5
        assert {each % alignment for each in addresses} == {0}
        assert any(each % 16 for each in addresses) is (alignment == 8)

    in_a_process(test, choices=lsart.Choices(client_heap_alignment=alignment))


@pytest.mark.choice("client_heap_contents", "zero")
@pytest.mark.choice("client_heap_contents", "pattern")
@pytest.mark.parametrize(("choice", "content"), [("previous", b"left"), ("zero", bytes(4)), ("pattern", b"\xcd" * 4)])
def test_what_a_block_holds_that_was_used_before(choice: Any, content: bytes) -> None:
    async def test(log: Log, lsa: lsart.Lsa, alice: lsart.Client, package: Sealing, dll: DllFunctions) -> None:
        keep, block = await dll.AllocateHeap(4), await dll.AllocateHeap(4)
        assert keep is not None
        assert block is not None
        later = await dll.AllocateHeap(4)  # so that the page stays when the block goes
        assert later is not None
        await dll.memory.write(block, b"left")
        await dll.FreeHeap(block)
        assert await dll.AllocateHeap(4) == block
        assert await dll.memory.read(block, 4) == content

    in_a_process(test, choices=lsart.Choices(client_heap_contents=choice))


@pytest.mark.rule("DRC-1")
def test_a_function_is_registered_under_its_number() -> None:
    async def test(log: Log, lsa: lsart.Lsa, alice: lsart.Client, package: Sealing, dll: DllFunctions) -> None:
        def one(*arguments: Any) -> None: ...
        def two(*arguments: Any) -> None: ...

        await dll.RegisterCallback(1, one)
        await dll.RegisterCallback(callback_id=2, callback=two)
        services = alice.user_mode.services
        assert services.find_callback("sealing", 1) is one
        assert services.find_callback("sealing", 2) is two
        assert services.find_callback("another", 1) is None
        assert [(each.callback_id, each.function) for each in log.of(CallbackRegistered)] == [(1, "one"), (2, "two")]
        with pytest.raises(StatusError) as caught:
            await dll.RegisterCallback(3, None)  # type: ignore[arg-type]  # what C lets through
        assert caught.value.status is STATUS_INVALID_PARAMETER

    in_a_process(test)


@pytest.mark.choice("callback_again", "refuse")
@pytest.mark.parametrize("choice", ["replace", "refuse"])
def test_a_number_that_is_taken(choice: Any) -> None:
    async def test(log: Log, lsa: lsart.Lsa, alice: lsart.Client, package: Sealing, dll: DllFunctions) -> None:
        def one(*arguments: Any) -> None: ...
        def two(*arguments: Any) -> None: ...

        await dll.RegisterCallback(1, one)
        if choice == "refuse":
            assert await status_of(dll.RegisterCallback(1, two)) is STATUS_INVALID_PARAMETER
        else:
            await dll.RegisterCallback(1, two)
        found = alice.user_mode.services.find_callback("sealing", 1)
        assert found is (one if choice == "refuse" else two)

    in_a_process(test, choices=lsart.Choices(callback_again=choice))


@simulated
async def test_a_function_that_nobody_knows_more_of_is_told_and_gives_null() -> None:
    log, package = Log(), Sealing()
    async with lsart.open_lsa(package, bus=log.bus) as lsa, lsa.connect("alice") as alice:
        await connected(alice)
        assert await package.halves[0].dll.LocatePackageById(1) is None
    assert log.one(SlotUnavailable).slot == "LocatePackageById"


@simulated
async def test_a_half_that_outlives_its_process_gets_nothing() -> None:
    package = Sealing()
    async with lsart.open_lsa(package) as lsa:
        alice = lsa.start_client("alice")
        await connected(alice)
        dll = package.halves[0].dll
        block = await dll.AllocateHeap(10)
        alice.terminate()
        assert await dll.AllocateHeap(10) is None
        await dll.FreeHeap(block)
        await lsart.sleep_ns(1)
        assert lsa.check() == []
    assert in_use(lsa) == {}
