"""AddCredential, GetCredentials and DeleteCredential, as packages reach them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from lsas import Log, Scripted, scripted, simulated, status_of

import lsart
from lsart.contract import (
    ERROR_GEN_FAILURE,
    LSA_STRING,
    STATUS_INVALID_PARAMETER,
    STATUS_MORE_ENTRIES,
    STATUS_NO_SUCH_LOGON_SESSION,
    STATUS_SUCCESS,
    STATUS_UNSUCCESSFUL,
    Choices,
    FunctionTable,
    KeyBufferTooSmall,
    Pointer,
    constants,
)
from lsart.events import BlockAllocated, BlockLeaked, describe
from lsart.runtime import LsaSettings

LUID = 0x1000
A, B = 0, 1  # ids of the first and the second package


@asynccontextmanager
async def two_packages(log: Log | None = None, **choices: Any) -> AsyncIterator[tuple[FunctionTable, FunctionTable]]:
    """The tables of two packages, and the session LUID."""
    one, two = scripted("a"), scripted("b")
    settings = LsaSettings(choices=Choices(**choices), watchdog=None)
    async with lsart.open_lsa(one, two, settings=settings, bus=None if log is None else log.bus) as lsa:
        assert [each.authentication_id for each in lsa.packages] == [A, B]
        await one.table.CreateLogonSession(LUID)
        yield one.table, two.table
        assert lsa.check() == []
        await one.table.DeleteLogonSession(LUID)


async def value(table: FunctionTable, copy: LSA_STRING) -> bytes:
    """The bytes of a credential, which is freed."""
    assert isinstance(copy.buffer, Pointer)
    data = await table.memory.read(copy.buffer, copy.length)
    await table.FreeLsaHeap(copy.buffer)
    return data


async def walk(table: FunctionTable, package: int, key: str | None = None, luid: int = LUID) -> list[tuple[str, bytes]]:
    """All that an enumeration finds: of one key, or everything."""
    found: list[tuple[str, bytes]] = []
    cursor = 0
    for _ in range(100):
        try:
            cursor, name, _, copy = await table.GetCredentials(luid, package, cursor, key is None, key or "")
        except lsart.StatusError:
            return found
        found.append((name, await value(table, copy)))
    raise AssertionError("it goes on for ever")


@pytest.mark.rule("ADC-1")
@simulated
async def test_a_credential_is_found_under_its_session_package_and_key_and_under_no_other() -> None:
    async with two_packages() as (a, b):
        await a.CreateLogonSession(LUID + 1)
        await a.AddCredential(LUID, A, "alice", b"secret")
        assert await walk(a, A, "alice") == [("alice", b"secret")]
        assert await walk(a, A, "alice", LUID + 1) == []
        assert await walk(a, A, "bob") == []
        assert await walk(b, B, "alice") == []
        await a.DeleteLogonSession(LUID + 1)


@pytest.mark.rule("ADC-2", "GCR-8", "DCR-4")
@pytest.mark.parametrize(
    ("slot", "rest"),
    [("AddCredential", ("key", b"")), ("GetCredentials", (0, True, "")), ("DeleteCredential", ("key",))],
)
@simulated
async def test_an_unknown_luid_names_no_session(slot: str, rest: tuple[object, ...]) -> None:
    async with two_packages() as (a, _):
        await a.AddCredential(LUID, A, "key", b"secret")
        assert await status_of(getattr(a, slot)(LUID + 1, A, *rest)) == STATUS_NO_SUCH_LOGON_SESSION


@pytest.mark.rule("ADC-3")
@simulated
async def test_storing_the_same_key_again_adds_another_entry() -> None:
    async with two_packages() as (a, _):
        await a.AddCredential(LUID, A, "alice", b"first")
        await a.AddCredential(LUID, A, "alice", b"second")
        assert await walk(a, A, "alice") == [("alice", b"first"), ("alice", b"second")]


@pytest.mark.rule("ADC-4")
@simulated
async def test_lsa_keeps_a_copy_that_the_package_no_longer_reaches() -> None:
    async with two_packages() as (a, _):
        mine: Any = bytearray(b"secret")
        await a.AddCredential(LUID, A, "alice", mine)
        mine[:] = b"XXXXXX"
        assert await walk(a, A) == [("alice", b"secret")]
        _, _, _, copy = await a.GetCredentials(LUID, A, 0, True, "")
        assert isinstance(copy.buffer, Pointer)
        await a.memory.write(copy.buffer, b"YYYYYY")
        await a.FreeLsaHeap(copy.buffer)
        assert await walk(a, A) == [("alice", b"secret")], "what comes back is a copy again"


@pytest.mark.rule("GCR-1")
@simulated
async def test_an_enumeration_starts_at_zero_and_goes_on_from_the_cursor_as_it_was_left() -> None:
    async with two_packages() as (a, _):
        for key in ("one", "two", "three"):
            await a.AddCredential(LUID, A, key, key.encode())
        cursor, key, _, copy = await a.GetCredentials(LUID, A, 0, True, "")
        await value(a, copy)
        assert key == "one"
        for changed in (cursor + 1, cursor - 1, 1, 2, 0xFFFF_FFFF, cursor << 8):
            assert await status_of(a.GetCredentials(LUID, A, changed, True, "")) == STATUS_UNSUCCESSFUL
        again, key, _, copy = await a.GetCredentials(LUID, A, 0, True, "")
        await value(a, copy)
        assert (again, key) == (cursor, "one"), "zero begins anew"
        _, key, _, copy = await a.GetCredentials(LUID, A, cursor, True, "")
        await value(a, copy)
        assert key == "two"


@pytest.mark.rule("GCR-2", "GCR-6")
@simulated
async def test_each_call_returns_one_credential_and_a_later_cursor_until_there_are_no_more() -> None:
    async with two_packages() as (a, _):
        assert await status_of(a.GetCredentials(LUID, A, 0, True, "")) == STATUS_UNSUCCESSFUL
        for number in range(3):
            await a.AddCredential(LUID, A, "alice", bytes([number]))
        cursors, found = [0], []
        for _ in range(3):
            cursor, _, _, copy = await a.GetCredentials(LUID, A, cursors[-1], True, "")
            cursors.append(cursor)
            found.append(await value(a, copy))
        assert found == [b"\0", b"\1", b"\2"]
        assert cursors == sorted(set(cursors))
        assert await status_of(a.GetCredentials(LUID, A, cursors[-1], True, "")) == STATUS_UNSUCCESSFUL


@pytest.mark.rule("GCR-3")
@simulated
async def test_when_all_are_wanted_the_key_given_is_ignored_and_the_key_found_comes_back() -> None:
    async with two_packages() as (a, _):
        await a.AddCredential(LUID, A, "grüße", b"1")
        for given in ("bob", "", LSA_STRING("bob", maximum_length=7)):
            _, key, length, copy = await a.GetCredentials(LUID, A, 0, True, given)
            assert (key, length, await value(a, copy)) == ("grüße", 7, b"1")


@pytest.mark.rule("GCR-4")
@simulated
async def test_when_one_key_is_wanted_only_credentials_of_equal_key_come_back() -> None:
    async with two_packages() as (a, _):
        for key in ("bob", "alice", "Alice", "alice ", "bob", "alice"):
            await a.AddCredential(LUID, A, key, b"")
        assert await walk(a, A, "alice") == [("alice", b"")] * 2
        assert len(await walk(a, A)) == 6
        _, key, _, copy = await a.GetCredentials(LUID, A, 0, False, LSA_STRING("alice"))
        await value(a, copy)
        assert key == "alice"


@pytest.mark.rule("GCR-5")
@simulated
async def test_only_credentials_of_the_package_named_are_visible() -> None:
    async with two_packages() as (a, b):
        await a.AddCredential(LUID, A, "alice", b"of a")
        await b.AddCredential(LUID, B, "alice", b"of b")
        assert await walk(a, A) == [("alice", b"of a")]
        assert await walk(b, B, "alice") == [("alice", b"of b")]


@pytest.mark.rule("GCR-7")
@simulated
async def test_a_key_buffer_that_is_too_small_gives_no_data_and_the_call_may_be_repeated(log: Log) -> None:
    async with two_packages(log) as (a, _):
        await a.AddCredential(LUID, A, "first", b"1")
        await a.AddCredential(LUID, A, "the second", b"2")
        cursor, _, _, copy = await a.GetCredentials(LUID, A, 0, True, LSA_STRING("", maximum_length=5))
        await value(a, copy)
        blocks = len(log.of(BlockAllocated))
        with pytest.raises(KeyBufferTooSmall) as caught:
            await a.GetCredentials(LUID, A, cursor, True, LSA_STRING("", maximum_length=9))
        assert (caught.value.status, caught.value.primary_key_length) == (STATUS_MORE_ENTRIES, 10)
        assert len(log.of(BlockAllocated)) == blocks, "no data"
        room = LSA_STRING("", maximum_length=caught.value.primary_key_length)
        _, key, _, copy = await a.GetCredentials(LUID, A, cursor, True, room)
        assert (key, await value(a, copy)) == ("the second", b"2")


@pytest.mark.rule("GCR-9")
@simulated
async def test_the_credential_is_a_block_of_the_lsa_heap_that_the_caller_frees(log: Log) -> None:
    async with two_packages(log) as (a, _):
        await a.AddCredential(LUID, A, "alice", b"secret")
        copies = [(await a.GetCredentials(LUID, A, 0, True, ""))[3] for _ in range(2)]
        told = log.of(BlockAllocated)[-1]
        assert (told.heap, told.size, told.origin.package) == ("lsa-heap", 6, "a")
        assert isinstance(copies[0].buffer, Pointer)
        await a.FreeLsaHeap(copies[0].buffer)
    leak = log.one(BlockLeaked)
    assert copies[1].buffer == Pointer(leak.address, "lsass")
    assert (leak.heap, leak.allocated.package) == ("lsa-heap", "a")
    assert (leak.allocated.package, leak.allocated.function) == ("a", "GetCredentials")


@pytest.mark.rule("DCR-1", "DCR-2")
@simulated
async def test_one_entry_is_deleted_and_it_is_the_first_of_its_session_package_and_key() -> None:
    async with two_packages() as (a, b):
        await b.AddCredential(LUID, B, "alice", b"of b")
        for key, data in (("bob", b"0"), ("alice", b"1"), ("alice", b"2"), ("alice", b"3")):
            await a.AddCredential(LUID, A, key, data)
        await a.DeleteCredential(LUID, A, "alice")
        assert await walk(a, A) == [("bob", b"0"), ("alice", b"2"), ("alice", b"3")]
        await a.DeleteCredential(LUID, A, "alice")
        assert await walk(a, A) == [("bob", b"0"), ("alice", b"3")]
        assert await walk(b, B) == [("alice", b"of b")]


@pytest.mark.rule("DCR-3")
@simulated
async def test_nothing_that_matches_is_the_generic_failure() -> None:
    async with two_packages() as (a, b):
        await b.AddCredential(LUID, B, "alice", b"")
        await a.AddCredential(LUID, A, "bob", b"")
        assert await status_of(a.DeleteCredential(LUID, A, "alice")) == STATUS_UNSUCCESSFUL
        assert len(await walk(a, A)) == len(await walk(b, B)) == 1


@pytest.mark.choice("credentials_exhausted", "ERROR_GEN_FAILURE")
@simulated
async def test_the_generic_failure_may_be_the_win32_code_as_it_is_printed() -> None:
    async with two_packages(credentials_exhausted=ERROR_GEN_FAILURE) as (a, _):
        for call in (a.GetCredentials(LUID, A, 0, True, ""), a.DeleteCredential(LUID, A, "key")):
            status = await status_of(call)
            assert (status, status.name) == (31, "ERROR_GEN_FAILURE")
            assert status.is_success, "by its sign, which is why it is raised whatever its sign"


@pytest.mark.choice("credential_first", "newest")
@simulated
async def test_the_first_entry_may_be_the_newest() -> None:
    async with two_packages(credential_first="newest") as (a, _):
        for data in (b"1", b"2", b"3"):
            await a.AddCredential(LUID, A, "alice", data)
        assert await walk(a, A) == [("alice", b"3"), ("alice", b"2"), ("alice", b"1")]
        await a.DeleteCredential(LUID, A, "alice")
        assert await walk(a, A) == [("alice", b"2"), ("alice", b"1")]


@pytest.mark.choice("credential_size", "max_cred_size")
@pytest.mark.parametrize("size", ["unlimited", "max_cred_size"])
@simulated
async def test_a_credential_may_be_as_long_as_a_string_or_as_the_header_says(size: str) -> None:
    async with two_packages(credential_size=size) as (a, _):
        await a.AddCredential(LUID, A, "key", bytes(constants.MAX_CRED_SIZE))
        longer = a.AddCredential(LUID, A, "key", bytes(0xFFFF))
        if size == "max_cred_size":
            assert await status_of(longer) == STATUS_INVALID_PARAMETER
        else:
            await longer
        assert len(await walk(a, A)) == (1 if size == "max_cred_size" else 2)


@pytest.mark.choice("credential_foreign_package", "STATUS_SUCCESS")
@pytest.mark.parametrize("status", [STATUS_INVALID_PARAMETER, STATUS_SUCCESS])
@simulated
async def test_an_id_that_is_another_packages_is_refused_or_taken(status: lsart.NTSTATUS) -> None:
    async with two_packages(credential_foreign_package=status) as (a, b):
        await b.AddCredential(LUID, B, "key", b"of b")
        calls = [
            a.AddCredential(LUID, B, "key", b"of a"),
            a.GetCredentials(LUID, B, 0, True, ""),
            a.DeleteCredential(LUID, B, "key"),
        ]
        if not status.is_success:
            assert [await status_of(each) for each in calls] == [status] * 3
            assert await walk(b, B) == [("key", b"of b")]
            return
        await calls[0]
        _, _, _, copy = await a.GetCredentials(LUID, B, 0, True, "")
        assert await value(a, copy) == b"of b"
        calls[1].close()
        await calls[2]
        assert await walk(b, B) == [("key", b"of a")]


@simulated
async def test_a_package_may_store_from_the_moment_it_has_its_table_under_the_id_that_it_was_given() -> None:
    """An authentication package gets its id and table in LsaApInitializePackage, before it is listed anywhere."""

    class Early(Scripted):
        async def LsaApInitializePackage(self, number: int, table: FunctionTable, *rest: object) -> str:
            await table.CreateLogonSession(LUID)
            await table.AddCredential(LUID, number, "key", b"early")
            await table.DeleteLogonSession(LUID)
            return "early"

    settings = LsaSettings(choices=Choices(package_id_everywhere="separate"), watchdog=None)
    async with lsart.open_lsa(Early("early"), settings=settings) as lsa:
        assert lsa.refusals == ()


@simulated
async def test_no_event_shows_a_secret(log: Log) -> None:
    async with two_packages(log) as (a, _):
        await a.AddCredential(LUID, A, "alice", b"correct horse")
        assert await walk(a, A) == [("alice", b"correct horse")]
    assert any("<13 bytes>" in describe(each) for each in log.events)
    assert [each for each in log.events if "correct horse" in repr(each) or b"correct horse".hex() in repr(each)] == []
