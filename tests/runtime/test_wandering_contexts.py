"""Contexts that are exported from one process and imported by another."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from lsas import Log, simulated, status_of
from sealing import NAMES, SIZES, TOKEN_SIZE, Sealing, SealingHalf, connected, message

import lsart
from lsart.contract import (
    SEC_E_INTERNAL_ERROR,
    SEC_E_INVALID_HANDLE,
    SEC_E_INVALID_TOKEN,
    SEC_E_OUT_OF_SEQUENCE,
    SEC_E_SECPKG_NOT_FOUND,
    SEC_E_UNSUPPORTED_FUNCTION,
    SecBuffer,
    StatusError,
    constants,
)
from lsart.events import BlockAllocated, BlockFreed, OutputNotFromHeap

RESET, DELETE = constants.SECPKG_CONTEXT_EXPORT_RESET_NEW, constants.SECPKG_CONTEXT_EXPORT_DELETE_OLD
DATA = constants.SECBUFFER_DATA


class Wandering(SealingHalf):
    """A half whose contexts can be exported and imported. `allocator` says where the packed form lies."""

    allocator = "allocate_client_buffer"

    async def SpExportSecurityContext(self, context: int, flags: int) -> Any:
        self.steps.append(("SpExportSecurityContext", context, flags))
        side, key, has_integrity = self._find(context)
        number = 1 if flags & RESET else self.next_in[context]
        packed = side[:1].encode() + (b"I" if has_integrity else b"-") + number.to_bytes(4, "big") + key
        if flags & DELETE:
            del self.contexts[context]
        if self.allocator == "bytes":
            return SecBuffer(DATA, packed), None
        assert self.dll is not None
        block = await getattr(self.dll, self.allocator)(len(packed))
        await self.dll.memory.write(block, packed)
        return SecBuffer(DATA, block, len(packed)), 0x44

    def SpImportSecurityContext(self, packed_context: SecBuffer, token: int | None) -> int:
        self.steps.append(("SpImportSecurityContext", token))
        packed = packed_context.data
        if len(packed) < 6:
            raise StatusError(SEC_E_INVALID_TOKEN, "too short")
        number = 1000 + len(self.contexts)
        side = "client" if packed[:1] == b"c" else "server"
        self.contexts[number] = (side, packed[6:], packed[1:2] == b"I")
        self.next_in[number] = int.from_bytes(packed[2:6], "big")
        return number


def half(allocator: str) -> Any:
    """A class of halves that allocate so."""
    return type("Half", (Wandering,), {"allocator": allocator})


async def packed_bytes(client: lsart.Client, packed: SecBuffer) -> SecBuffer:
    """The packed form as it travels; freed where it was."""
    where: Any = packed.buffer
    data = await client.memory.read(where, packed.length)
    await client.FreeContextBuffer(where)
    return SecBuffer(DATA, data)


@pytest.mark.rule("UXC-1")
@pytest.mark.parametrize("flags", [0, RESET, DELETE, RESET | DELETE])
def test_flags_decide_where_the_new_context_starts_and_whether_the_old_one_stays(flags: int) -> None:
    package = Sealing(half=Wandering)

    async def main() -> None:
        async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice, lsa.connect("bob") as bob:
            sender, receiver = await connected(alice), await connected(alice, server=True)
            first = await alice.MakeSignature(sender, 0, message(b"1"), 1)
            second = await alice.MakeSignature(sender, 0, message(b"2"), 2)
            await alice.VerifySignature(receiver, first, 1)
            packed, token = await alice.ExportSecurityContext(receiver, flags)
            assert token == 0x44
            context = await bob.ImportSecurityContext("sealing", await packed_bytes(alice, packed), token)
            right, wrong = ((first, 1), (second, 2)) if flags & RESET else ((second, 2), (first, 1))
            assert await status_of(bob.VerifySignature(context, *wrong)) is SEC_E_OUT_OF_SEQUENCE
            assert await bob.VerifySignature(context, *right) == 7
            if flags & DELETE:
                assert await status_of(alice.VerifySignature(receiver, second, 2)) is SEC_E_INVALID_HANDLE
            else:
                assert await alice.VerifySignature(receiver, second, 2) == 7
            await lsart.sleep_ns(1)
            assert (("SpDeleteContext", 2) in package.steps) is bool(flags & DELETE)
            assert ("SpDeleteUserModeContext", 2) not in package.halves[0].steps
            assert lsa.check() == []

    lsart.run(main, seed=0)


@pytest.mark.rule("UXC-2")
@simulated
async def test_there_is_no_kernel_to_export_to() -> None:
    assert constants.SECPKG_CONTEXT_EXPORT_TO_KERNEL == 4
    package = Sealing(half=Wandering)
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        context = await connected(alice)
        for flags in (4, 4 | RESET, 8):
            assert await status_of(alice.ExportSecurityContext(context, flags)) is SEC_E_UNSUPPORTED_FUNCTION
    assert [each for each in package.halves[0].steps if each[0] == "SpExportSecurityContext"] == []


@pytest.mark.rule("UXC-3", "UXC-4")
@pytest.mark.choice("export_allocator", "client_heap")
@pytest.mark.parametrize(
    ("choice", "allocator", "works"),
    [
        ("client_buffer", "allocate_client_buffer", True),
        ("client_buffer", "AllocateHeap", False),
        ("client_heap", "AllocateHeap", True),
        ("client_heap", "allocate_client_buffer", False),
        ("client_buffer", "bytes", True),
    ],
)
def test_the_packed_form_is_memory_of_its_kind_that_free_context_buffer_frees(
    choice: Any, allocator: str, works: bool
) -> None:
    log = Log()
    settings = lsart.LsaSettings(choices=lsart.Choices(export_allocator=choice))

    async def main() -> None:
        package = Sealing(half=half(allocator))
        async with lsart.open_lsa(package, settings=settings, bus=log.bus) as lsa, lsa.connect("alice") as alice:
            context = await connected(alice)
            if not works:
                assert await status_of(alice.ExportSecurityContext(context, 0)) is SEC_E_INTERNAL_ERROR
                assert log.one(OutputNotFromHeap).output == "pPackedContext"
                return
            packed, _ = await alice.ExportSecurityContext(context, 0)
            made = log.of(BlockAllocated)[-1]
            assert made.origin.function == ("AllocateHeap" if choice == "client_heap" else "AllocateClientBuffer")
            assert made.address == packed.buffer.address  # type: ignore[union-attr]
            await packed_bytes(alice, packed)
            assert log.of(BlockFreed)[-1].address == made.address
            assert lsa.check() == []

    lsart.run(main, seed=0)


@pytest.mark.rule("UMI-1")
@simulated
async def test_a_token_may_be_left_out() -> None:
    package = Sealing(half=Wandering)
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice, lsa.connect("bob") as bob:
        packed = await packed_bytes(alice, (await alice.ExportSecurityContext(await connected(alice), 0))[0])
        await bob.ImportSecurityContext("sealing", packed)
        await bob.ImportSecurityContext("sealing", packed, 0x88)
        tokens = [each[1] for each in package.halves[1].steps if each[0] == "SpImportSecurityContext"]
        assert tokens == [None, 0x88]


@simulated
async def test_an_imported_context_lives_in_its_process_alone() -> None:
    package = Sealing(half=Wandering, thunks=(NAMES,))
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        packed = await packed_bytes(alice, (await alice.ExportSecurityContext(await connected(alice), 0))[0])
        async with lsa.connect("bob") as bob:
            one, other = [await bob.ImportSecurityContext("sealing", packed) for _ in range(2)]
            assert await bob.QueryContextAttributes(one, SIZES) == TOKEN_SIZE
            assert await status_of(bob.QueryContextAttributes(one, NAMES)) is SEC_E_UNSUPPORTED_FUNCTION
            await bob.DeleteSecurityContext(one)
            assert ("SpDeleteUserModeContext", 1000) in package.halves[1].steps
            assert await status_of(bob.MakeSignature(one, 0, message(b"x"), 0)) is SEC_E_INVALID_HANDLE
            await bob.MakeSignature(other, 0, message(b"x"), 0)
            assert await status_of(alice.MakeSignature(other, 0, message(b"x"), 0)) is SEC_E_INVALID_HANDLE
        await lsart.sleep_ns(1)
        assert [each for each in package.steps if each[0] == "SpDeleteContext"] == []
        assert lsa.check() == []


@simulated
async def test_what_cannot_be_exported_or_imported() -> None:
    plain, package = Sealing("plain", mapped=False), Sealing(half=Wandering)
    async with lsart.open_lsa(plain, package, Sealing("none", half=None)) as lsa, lsa.connect("alice") as alice:
        unmapped = await connected(alice, "plain")
        assert await status_of(alice.ExportSecurityContext(unmapped, 0)) is SEC_E_UNSUPPORTED_FUNCTION
        imports = alice.ImportSecurityContext
        assert await status_of(imports("nobody", SecBuffer(DATA, b""))) is SEC_E_SECPKG_NOT_FOUND
        assert await status_of(imports("none", SecBuffer(DATA, b""))) is SEC_E_UNSUPPORTED_FUNCTION
        assert await status_of(imports("plain", SecBuffer(DATA, b""))) is SEC_E_UNSUPPORTED_FUNCTION
        assert await status_of(imports("sealing", SecBuffer(DATA, b"short"))) is SEC_E_INVALID_TOKEN
        with pytest.raises(TypeError, match="packed_context is a SecBuffer"):
            await imports("sealing", b"bytes")  # type: ignore[arg-type]  # a wrong type is the point
        assert lsa.check() == []


class Waiting(Wandering):
    """Signs slowly."""

    async def SpMakeSignature(self, *given: Any) -> Any:
        await lsart.sleep_ns(10)
        return super().SpMakeSignature(*given) if given[0] in self.contexts else None


@simulated
async def test_a_half_that_was_deleted_by_exporting_it_is_not_deleted_again_by_what_is_under_way() -> None:
    package = Sealing(half=Waiting)
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        context = await connected(alice)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(alice.MakeSignature, context, 0, message(b"x"), 0)
            await lsart.sleep_ns(5)
            await alice.ExportSecurityContext(context, DELETE)
        assert "SpDeleteUserModeContext" not in [each[0] for each in package.halves[0].steps]


@simulated
async def test_an_export_whose_deletion_fails_leaves_no_packed_form_behind() -> None:
    class Fails(Sealing):
        def SpDeleteContext(self, context_handle: int) -> None:
            raise StatusError(SEC_E_INTERNAL_ERROR, "it does not end")

    async with lsart.open_lsa(Fails(half=Wandering)) as lsa, lsa.connect("alice") as alice:
        context = await connected(alice)
        assert await status_of(alice.ExportSecurityContext(context, DELETE)) == SEC_E_INTERNAL_ERROR
        assert alice.process.committed == 0


@pytest.mark.parametrize("flags", ["1", None, -1])
@simulated
async def test_flags_of_an_export_are_an_unsigned_long(flags: Any) -> None:
    async with lsart.open_lsa(Sealing(half=Wandering)) as lsa, lsa.connect("alice") as alice:
        context = await connected(alice)
        with pytest.raises(TypeError, match="unsigned long"):
            await alice.ExportSecurityContext(context, flags)
