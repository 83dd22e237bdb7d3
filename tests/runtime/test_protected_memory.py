"""LsaProtectMemory and LsaUnprotectMemory: the bytes in memory really change, and nothing is raised."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import Probe, with_probe, with_table

import lsart
from lsart.contract import LSA_SECPKG_SLOTS, Choices, FunctionTable, Pointer
from lsart.events import AccessViolated, Event, PackageDisabled, SlotCalled, SlotMisused
from lsart.memory import LSASS, Access

SECRET = b"correct horse battery staple, 40 bytes.."


async def kept(table: FunctionTable, data: bytes) -> Pointer:
    """A block of the private heap that holds these bytes."""
    block = await table.AllocatePrivateHeap(max(len(data), 1))
    assert block is not None
    await table.memory.write(block, data)
    return block


@pytest.mark.rule("LPM-1")
def test_the_bytes_in_memory_change_where_they_are_and_come_back() -> None:
    async def main(table: FunctionTable) -> None:
        block = await kept(table, SECRET + b"beside..")
        await table.LsaProtectMemory(block, len(SECRET))
        protected = await table.memory.read(block, len(SECRET))
        assert SECRET[:8] not in protected
        assert all(protected[at : at + 8] != SECRET[at : at + 8] for at in range(0, len(SECRET), 8))
        assert await table.memory.read(block + len(SECRET), 8) == b"beside.."
        await table.LsaUnprotectMemory(block, len(SECRET))
        assert await table.memory.read(block, len(SECRET)) == SECRET
        await table.FreePrivateHeap(block)

    with_table(main)


@pytest.mark.rule("LUM-1")
@given(st.binary(max_size=96).map(lambda data: data[: len(data) // 8 * 8]))
def test_protecting_and_unprotecting_restores_the_bytes_also_at_another_place(data: bytes) -> None:
    async def main(table: FunctionTable) -> None:
        block = await kept(table, data)
        await table.LsaProtectMemory(block, len(data))
        moved = await kept(table, await table.memory.read(block, len(data)))
        for each in (block, moved):
            await table.LsaUnprotectMemory(each, len(data))
            assert await table.memory.read(each, len(data)) == data
            await table.FreePrivateHeap(each)

    with_table(main)


UNREACHABLE = {
    "unmapped": Pointer(0x10, LSASS),
    "of a client": Pointer(0x1_0000_0000, "alice"),
    "NULL": None,
}


@pytest.mark.rule("LPM-2", "LUM-2")
@pytest.mark.parametrize("slot", ["LsaProtectMemory", "LsaUnprotectMemory"])
@pytest.mark.parametrize("where", UNREACHABLE)
def test_nothing_is_returned_and_memory_that_cannot_be_reached_is_told_and_raises_nothing(
    slot: str, where: str
) -> None:
    events: list[Event] = []

    async def main(table: FunctionTable) -> None:
        call: Callable[..., Awaitable[object]] = getattr(table, slot)
        block = await kept(table, SECRET)
        assert await call(block, 8) is None
        assert await call(UNREACHABLE[where], 8) is None
        await table.FreePrivateHeap(block)

    with_table(main, events=events)
    (told,) = (each for each in events if isinstance(each, AccessViolated | SlotMisused))
    assert told.origin.function == slot
    assert told.origin.package == "probe"
    assert not [each for each in events if isinstance(each, PackageDisabled)]


@pytest.mark.rule("LUM-3")
def test_both_slots_are_of_one_function_type() -> None:
    rows = {each.name: each for each in LSA_SECPKG_SLOTS}
    protect, unprotect = rows["LsaProtectMemory"], rows["LsaUnprotectMemory"]
    assert protect.typedef == unprotect.typedef == "LSA_PROTECT_MEMORY"
    assert [(each.name, each.type) for each in protect.parameters] == [
        (each.name, each.type) for each in unprotect.parameters
    ]


def lengths_that_change(multiple: int) -> list[int]:
    """Which of some lengths are protected under the choice; the others are told."""
    events: list[Event] = []
    changed = []

    async def main(table: FunctionTable) -> None:
        for length in (1, 8, 12, 16, 24, 32):
            block = await kept(table, SECRET)
            await table.LsaProtectMemory(block, length)
            if await table.memory.read(block, len(SECRET)) != SECRET:
                changed.append(length)
            await table.FreePrivateHeap(block)

    chosen: dict[str, Any] = {"protect_multiple": multiple}
    with_table(main, settings=lsart.LsaSettings(choices=Choices(**chosen)), events=events)
    told = [each for each in events if isinstance(each, SlotMisused)]
    assert [each.parameter for each in told] == ["buffer_size"] * (6 - len(changed))
    return changed


@pytest.mark.choice("protect_multiple", "1")
@pytest.mark.choice("protect_multiple", "16")
def test_a_length_that_is_no_multiple_changes_nothing_and_is_told() -> None:
    assert lengths_that_change(8) == [8, 16, 24, 32]
    assert lengths_that_change(1) == [1, 8, 12, 16, 24, 32]
    assert lengths_that_change(16) == [16, 32]


def test_another_run_of_the_same_seed_protects_alike() -> None:
    async def main(table: FunctionTable) -> bytes:
        block = await kept(table, SECRET)
        await table.LsaProtectMemory(block, 40)
        protected = await table.memory.read(block, 40)
        await table.FreePrivateHeap(block)
        return protected

    assert with_table(main) == with_table(main)


def test_what_another_thread_writes_between_the_reading_and_the_writing_is_lost() -> None:
    order: list[str] = []

    async def main(lsa: lsart.Lsa, probe: Probe) -> None:
        block = await kept(probe.table, SECRET)

        def strike(access: Access) -> None:
            order.append(access.kind)
            if access.kind == "write":
                lsa.memory.space.write(block.address, b"x" * 16)

        lsa.pacer.add(strike)
        await probe.table.LsaProtectMemory(block, 16)
        lsa.pacer.remove(strike)
        await probe.table.LsaUnprotectMemory(block, 16)
        assert await probe.table.memory.read(block, len(SECRET)) == SECRET
        await probe.table.FreePrivateHeap(block)

    with_probe(main)
    assert order == ["read", "write"]


def test_what_is_protected_is_not_told() -> None:
    events: list[Event] = []

    async def main(table: FunctionTable) -> None:
        block = await kept(table, SECRET)
        await table.LsaProtectMemory(block, 40)
        await table.LsaUnprotectMemory(block, 40)
        await table.FreePrivateHeap(block)

    with_table(main, events=events)
    assert len([each for each in events if isinstance(each, SlotCalled)]) == 4
    assert "horse" not in repr(events)
