"""CrediUnmarshalandDecodeString, as packages reach it."""

from __future__ import annotations

from typing import Any

import pytest
from explored import explored, settings
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from lsas import Log, in_use, scripted, simulated

import lsart
from lsart.contract import (
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    Choices,
    ClientRequest,
    FunctionTable,
    StringNotDecoded,
)
from lsart.events import BlockAllocated, BlockLeaked, SlotCalled, WrongPair, describe
from lsart.memory import MachineLimits
from lsart.runtime import LsaSettings
from lsart.security import pack_string


async def decoded(table: FunctionTable, data: bytes) -> bytes:
    """The bytes, packed and unpacked."""
    block, size, is_failure_fatal = await table.CrediUnmarshalandDecodeString(pack_string(data))
    assert is_failure_fatal is False
    found = await table.memory.read(block, size)
    await table.FreeLsaHeap(block)
    return found


@pytest.mark.rule("CUD-1")
@examples(max_examples=20, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=5))
def test_a_packed_string_comes_back_as_its_bytes(blobs: list[bytes]) -> None:
    async def main() -> None:
        package = scripted("a")
        async with lsart.open_lsa(package, settings=LsaSettings(watchdog=None)) as lsa:
            assert [await decoded(package.table, each) for each in blobs] == blobs
            assert lsa.check() == []
        assert in_use(lsa) == {}

    lsart.run(main, seed=0)


@pytest.mark.parametrize(("text", "is_fatal"), [("alice", False), ("", False), ("@@L", True), ("@@LAAAAAGE=", True)])
@simulated
async def test_what_cannot_be_decoded_is_fatal_if_it_was_packed_and_not_if_it_is_plain_text(
    text: str, is_fatal: bool, log: Log
) -> None:
    package = scripted("a")
    async with lsart.open_lsa(package, bus=log.bus):
        with pytest.raises(StringNotDecoded) as caught:
            await package.table.CrediUnmarshalandDecodeString(text)
    assert (caught.value.status, caught.value.is_failure_fatal) == (STATUS_INVALID_PARAMETER, is_fatal)
    assert log.of(BlockAllocated) == []


@simulated
async def test_a_full_heap_is_a_failure_that_ends_the_operation() -> None:
    package = scripted("a")
    limits = LsaSettings(machine=MachineLimits(lsa_heap=4096))
    async with lsart.open_lsa(package, settings=limits):
        with pytest.raises(StringNotDecoded) as caught:
            await package.table.CrediUnmarshalandDecodeString(pack_string(bytes(5000)))
    assert (caught.value.status, caught.value.is_failure_fatal) == (STATUS_INSUFFICIENT_RESOURCES, True)


@pytest.mark.choice("decoded_string_freed_with", "FreePrivateHeap")
@pytest.mark.parametrize("frees", ["FreeLsaHeap", "FreePrivateHeap"])
@simulated
async def test_the_bytes_are_freed_with_one_function_and_the_other_is_told(frees: Any, log: Log) -> None:
    package = scripted("a")
    choices = Choices(decoded_string_freed_with=frees)
    async with lsart.open_lsa(package, bus=log.bus, settings=LsaSettings(choices=choices)):
        block, _, _ = await package.table.CrediUnmarshalandDecodeString(pack_string(b"x"))
        other = "FreePrivateHeap" if frees == "FreeLsaHeap" else "FreeLsaHeap"
        await getattr(package.table, other)(block)
        assert log.one(WrongPair).belongs_to.endswith(f"pairs with {frees}")
        await getattr(package.table, frees)(block)
    assert log.of(BlockLeaked) == []


@simulated
async def test_bytes_that_are_not_freed_are_a_leak_and_no_event_shows_the_string(log: Log) -> None:
    package, text = scripted("a"), pack_string(b"secret")
    async with lsart.open_lsa(package, bus=log.bus):
        await package.table.CrediUnmarshalandDecodeString(text)
        broken: Any = package.table.CrediUnmarshalandDecodeString
        with pytest.raises(StringNotDecoded):
            await broken(text + "=")
    assert log.one(BlockLeaked).allocated.function == "CrediUnmarshalandDecodeString"
    assert log.of(SlotCalled)[0].arguments == (f"<{len(text)} characters>",)
    assert not [each for each in log.events if text in describe(each) or text in repr(each)]


def test_decoding_is_announced_as_the_heap_that_it_takes_from() -> None:
    async def decodes(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await decoded(table, b"x")

    async def main() -> None:
        package = scripted("cache", call=decodes)
        async with lsart.open_lsa(package, settings=settings()) as lsa, lsa.connect("alice") as alice:
            await alice.call("cache", b"")

    told = [str(label) for label in explored(main).labels.values()]
    at = told.index("allocate from the LSA heap")
    assert told[at : at + 3] == ["allocate from the LSA heap", "read lsa-heap[0:1]", "free to the LSA heap"]
