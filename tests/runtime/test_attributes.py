"""Attributes of contexts: which half answers, and whose memory the answer is."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from lsas import Log, Scripted, in_use, simulated, status_of
from sealing import NAMES, SIZES, TOKEN_SIZE, Names, Sealing, SealingHalf, connected

import lsart
from lsart.contract import (
    SEC_E_INTERNAL_ERROR,
    SEC_E_INVALID_HANDLE,
    SEC_E_UNSUPPORTED_FUNCTION,
    SEC_I_CONTINUE_NEEDED,
    SECPKG_CONTEXT_THUNKS,
    SECPKG_SLOTS,
    SECPKG_USER_SLOTS,
    STATUS_INVALID_PARAMETER,
    InitLsaModeLeg,
    Pointer,
    SecHandle,
    StatusError,
    constants,
    enumerations,
)
from lsart.events import BlockAllocated, BlockFreed, OutputNotFromHeap, PackageRefused

ALL = constants.SECPKG_ATTR_THUNK_ALL
CLASSES = enumerations.SECPKG_EXTENDED_INFORMATION_CLASS


def asked(steps: list[Any]) -> list[int]:
    """The attributes that a half was asked for."""
    return [each[2] for each in steps if each[0] == "SpQueryContextAttributes"]


@pytest.mark.rule("EXI-1", "SQX-3")
@pytest.mark.parametrize("thunks", [None, (NAMES,), (SIZES, 77), ()])
def test_context_thunks_name_the_attributes_that_lsa_mode_answers(thunks: tuple[int, ...] | None) -> None:
    package = Sealing(thunks=thunks)
    tasks: list[str] = []

    async def note(*arguments: Any) -> int:
        tasks.append(trio.lowlevel.current_task().name)
        package.steps.append(("SpQueryContextAttributes", *arguments[:2]))
        return 0

    # The package is made another for the test.
    package.SpQueryContextAttributes = note  # type: ignore[method-assign, assignment]

    async def main() -> None:
        async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
            context = await connected(alice)
            for attribute in (NAMES, SIZES):
                await alice.QueryContextAttributes(context, attribute)
            if 77 in (thunks or ()):
                await alice.QueryContextAttributes(context, 77)

    lsart.run(main, seed=0)
    in_lsa = set(thunks or ())
    assert asked(package.steps) == [each for each in (NAMES, SIZES, 77) if each in in_lsa]
    assert asked(package.halves[0].steps) == [each for each in (NAMES, SIZES) if each not in in_lsa]
    assert all(each.startswith("LSA worker") for each in tasks)


@pytest.mark.rule("EXI-2")
@simulated
async def test_a_first_level_of_thunk_all_sends_every_query_to_lsa() -> None:
    package = Sealing(thunks=(ALL,))
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        context = await connected(alice)
        assert await alice.QueryContextAttributes(context, SIZES) == TOKEN_SIZE
        assert await alice.QueryContextAttributes(context, NAMES)
    assert (asked(package.steps), asked(package.halves[0].steps)) == ([SIZES, NAMES], [])


@pytest.mark.rule("SGX-1")
@simulated
async def test_the_thunks_are_asked_for_once_when_the_package_is_loaded() -> None:
    package = Sealing(thunks=(SIZES,))
    async with lsart.open_lsa(package) as lsa:
        assert package.steps == [("SpGetExtendedInformation", CLASSES.SecpkgContextThunks)]
        for name in ("alice", "bob"):
            async with lsa.connect(name) as client:
                context = await connected(client)
                await client.QueryContextAttributes(context, SIZES)
        await lsart.sleep_ns(1)
    assert [each[0] for each in package.steps].count("SpGetExtendedInformation") == 1
    assert asked(package.steps) == [SIZES, SIZES]


@pytest.mark.parametrize("answer", [5, SECPKG_CONTEXT_THUNKS((1,)), ZeroDivisionError()])
def test_a_package_that_answers_with_something_else_is_refused(answer: Any) -> None:
    def wrong(information_class: int) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    log, package = Log(), Sealing()
    package.SpGetExtendedInformation = wrong  # type: ignore[method-assign]  # a package made another for the test

    async def main() -> None:
        async with lsart.open_lsa(package, bus=log.bus) as lsa:
            assert lsa.packages == ()

    lsart.run(main, seed=0)
    assert log.one(PackageRefused).stage in ("SpGetExtendedInformation", "wrong")


@pytest.mark.rule("SGX-2")
@simulated
async def test_the_class_that_ends_the_list_is_no_request() -> None:
    package = Sealing(thunks=(SIZES,))
    async with lsart.open_lsa(package, Scripted("silent")) as lsa, lsa.connect("alice") as alice:
        answer = await alice.query_extended_information("sealing", CLASSES.SecpkgContextThunks)
        assert answer.info == SECPKG_CONTEXT_THUNKS((SIZES,))
        for number in (CLASSES.SecpkgMaxInfo, 0, 99, CLASSES.SecpkgGssInfo):
            refused = alice.query_extended_information("sealing", number)
            assert await status_of(refused) is SEC_E_UNSUPPORTED_FUNCTION
        silent = alice.query_extended_information("silent", CLASSES.SecpkgGssInfo)
        assert await status_of(silent) is SEC_E_UNSUPPORTED_FUNCTION
    classes = [each[1] for each in package.steps if each[0] == "SpGetExtendedInformation"]
    assert classes == [CLASSES.SecpkgContextThunks, CLASSES.SecpkgContextThunks, CLASSES.SecpkgGssInfo]


@pytest.mark.rule("CQA-3", "SQX-1", "UQC-1", "DAH-4")
@pytest.mark.parametrize("mapped", [False, True])
def test_what_an_answer_points_to_is_memory_of_the_client_that_free_context_buffer_frees(mapped: bool) -> None:
    log, package = Log(), Sealing(mapped=mapped)

    async def main() -> None:
        async with lsart.open_lsa(package, bus=log.bus) as lsa, lsa.connect("alice") as alice:
            context = await connected(alice)
            names = await alice.QueryContextAttributes(context, NAMES)
            assert names.user_name.space == "alice"
            text = await alice.memory.read(names.user_name, names.length)
            assert text == (b"user of the client" if mapped else b"user as LSA knows it")
            made = [each for each in log.of(BlockAllocated) if each.size == names.length]
            if mapped:
                assert [each.origin.function for each in made] == ["AllocateHeap"]
                assert made[0].heap == "heap of alice"
            else:
                assert [each.heap for each in made] == ["lsa-heap", "buffers of alice"]
                assert lsa.memory.lsa_heap is not None
                assert lsa.memory.lsa_heap.statistics().live_blocks == 0
            assert not (await status_of(alice.LsaFreeReturnBuffer(names.user_name))).is_success
            await alice.FreeContextBuffer(names.user_name)
            assert log.of(BlockFreed)[-1].address == names.user_name.address
            assert alice.process.committed == 0
            assert await status_of(alice.FreeContextBuffer(names.user_name)) is SEC_E_INVALID_HANDLE
            assert lsa.check() == []

    lsart.run(main, seed=0)


@pytest.mark.rule("SQX-1")
@simulated
async def test_a_block_that_is_not_of_the_lsa_heap_is_told_and_reaches_nobody() -> None:
    log, package = Log(), Sealing(mapped=False)
    async with lsart.open_lsa(package, bus=log.bus) as lsa, lsa.connect("alice") as alice:
        context = await connected(alice)
        package.table.AllocateLsaHeap = package.table.AllocatePrivateHeap
        assert await status_of(alice.QueryContextAttributes(context, NAMES)) is SEC_E_INTERNAL_ERROR
    assert log.one(OutputNotFromHeap).output == "Buffer"


@pytest.mark.rule("UQC-1")
@simulated
async def test_an_address_in_user_mode_that_is_no_block_of_the_process_is_told() -> None:
    class Wrong(SealingHalf):
        async def SpQueryContextAttributes(self, context_handle: int, context_attribute: int, buffer: None) -> Any:
            return Names(Pointer(0x1234, "alice"), 4)

    log = Log()
    async with lsart.open_lsa(Sealing(half=Wrong), bus=log.bus) as lsa, lsa.connect("alice") as alice:
        names = await alice.QueryContextAttributes(await connected(alice), NAMES)
        assert await status_of(alice.FreeContextBuffer(names.user_name)) is SEC_E_INVALID_HANDLE
    assert log.one(OutputNotFromHeap).address == 0x1234


@pytest.mark.rule("CQA-1")
@simulated
async def test_an_unfinished_context_has_no_attributes() -> None:
    class Long(Sealing):
        async def SpInitLsaModeContext(self, *arguments: Any) -> Any:
            return InitLsaModeLeg(new_context_handle=1, status=SEC_I_CONTINUE_NEEDED)

    package = Long()
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        context = await connected(alice)
        assert await status_of(alice.QueryContextAttributes(context, SIZES)) is SEC_E_INVALID_HANDLE
        assert asked(package.steps) == []


@pytest.mark.rule("SQX-2")
@simulated
async def test_what_is_no_context_of_the_process_has_no_attributes_and_reaches_no_package() -> None:
    package = Sealing()
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice, lsa.connect("bob") as bob:
        foreign, gone = await connected(bob), await connected(alice)
        await alice.DeleteSecurityContext(gone)
        for handle in (foreign, gone, SecHandle(4, 4)):
            assert await status_of(alice.QueryContextAttributes(handle, SIZES)) is SEC_E_INVALID_HANDLE
    assert asked(package.steps) == asked(package.halves[0].steps) == asked(package.halves[1].steps) == []


@pytest.mark.rule("CQA-2")
@pytest.mark.parametrize("mapped", [False, True])
def test_an_attribute_that_the_package_does_not_know_is_an_unsupported_function(mapped: bool) -> None:
    package = Sealing(mapped=mapped)

    async def main() -> None:
        async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
            context = await connected(alice)
            assert await status_of(alice.QueryContextAttributes(context, 999)) is SEC_E_UNSUPPORTED_FUNCTION
            assert await status_of(alice.QueryContextAttributes(context, 1 << 32)) is STATUS_INVALID_PARAMETER

    lsart.run(main, seed=0)
    assert asked(package.steps) + [each for half in package.halves for each in asked(half.steps)] == [999]


@pytest.mark.rule("CQA-2")
@simulated
async def test_a_package_without_the_entry_point_knows_no_attribute() -> None:
    package = Sealing(mapped=False)
    # The package is made another for the test.
    package.SpQueryContextAttributes = None  # type: ignore[method-assign, assignment]
    async with lsart.open_lsa(package) as lsa, lsa.connect("alice") as alice:
        context = await connected(alice)
        assert await status_of(alice.QueryContextAttributes(context, SIZES)) is SEC_E_UNSUPPORTED_FUNCTION


@simulated
async def test_a_client_that_gives_up_has_nothing_of_the_answer() -> None:
    class Slow(Sealing):
        async def SpQueryContextAttributes(self, *arguments: Any) -> Any:
            await lsart.sleep_ns(100)
            return await super().SpQueryContextAttributes(*arguments)

    async with lsart.open_lsa(Slow(mapped=False)) as lsa, lsa.connect("alice") as alice:
        context = await connected(alice)
        with trio.move_on_after(50e-9):
            await alice.QueryContextAttributes(context, NAMES)
        await lsart.sleep_ns(100)
        assert alice.process.committed == 0
        assert lsa.check() == []
    assert in_use(lsa) == {}


@simulated
async def test_the_packages_own_error_reaches_the_client_as_a_code_of_sspi() -> None:
    class Failing(Sealing):
        async def SpQueryContextAttributes(self, *arguments: Any) -> Any:
            raise StatusError(STATUS_INVALID_PARAMETER)

    async with lsart.open_lsa(Failing(mapped=False)) as lsa, lsa.connect("alice") as alice:
        context = await connected(alice)
        assert await status_of(alice.QueryContextAttributes(context, SIZES)) is SEC_E_INTERNAL_ERROR


@pytest.mark.rule("CQA-4")
def test_numbers_are_those_of_the_headers() -> None:
    assert constants.SECPKG_ATTR_SUBJECT_SECURITY_ATTRIBUTES == 128
    assert int(SEC_E_INVALID_HANDLE) == 0x80090301


@pytest.mark.rule("UQC-2", "UDC-1")
def test_two_user_mode_slots_have_the_function_types_of_slots_of_lsa_mode() -> None:
    lsa, user = ({each.name: each.typedef for each in table} for table in (SECPKG_SLOTS, SECPKG_USER_SLOTS))
    assert user["QueryContextAttributes"] == lsa["QueryContextAttributes"]
    assert user["DeleteUserModeContext"] == lsa["DeleteContext"]
