"""Defects of the zoo that concern memory: a driver makes each of them strike, and the twin goes through it unharmed."""

from __future__ import annotations

from contextlib import suppress

import pytest
from lsart_packages.zoo.client_buffer_to_lsa_heap import seal
from zoos import Drive, assert_harmless, assert_harms

import lsart
from lsart.events import BlockLeaked, DoubleFree, Event, ForeignFree, PackageDisabled, SectionLeaked, WrongPair
from lsart.memory import MachineLimits

QUIET = lsart.LsaSettings(watchdog=None)
NO_KEYS = lsart.LsaSettings(watchdog=None, machine=MachineLimits(private_heap=4096))


async def forge(lsa: lsart.Lsa, name: str) -> None:
    async with lsa.connect("alice") as alice:
        assert (await alice.call(name, b"\2" + seal(b"hello"))).data == b"hello"
        with pytest.raises(lsart.StatusError, match="SEC_E_MESSAGE_ALTERED"):
            await alice.call(name, b"\2" + bytes(32) + b"hello")


async def forget_and_lock(lsa: lsart.Lsa, name: str) -> None:
    async with lsa.connect("alice") as alice:
        await alice.call(name, b"\1\7" + b"12345678")
        assert (await alice.call(name, b"\2\7" + b"12345678")).protocol_status == lsart.STATUS_SUCCESS
        assert (await alice.call(name, b"\2\7" + b"87654321")).protocol_status == lsart.SEC_E_LOGON_DENIED
        await alice.call(name, b"\3\7")
        await alice.call(name, b"\4")


async def name_no_realm(lsa: lsart.Lsa, name: str) -> None:
    async with lsa.connect("alice") as alice:
        assert len((await alice.call(name, b"contoso:text")).data) == 32
        with pytest.raises(lsart.StatusError, match="STATUS_OBJECT_NAME_NOT_FOUND"):
            await alice.call(name, b"nowhere:text")


async def start_without_memory(lsa: lsart.Lsa, name: str) -> None:
    (refusal,) = lsa.refusals
    assert "STATUS_INSUFFICIENT_RESOURCES" in refusal


async def bring_many_claims(lsa: lsart.Lsa, name: str) -> None:
    async with lsa.connect("alice") as alice:
        assert (await alice.call(name, b"memberOf=admins")).data == b"role=admins"
        many = b"memberOf=" + b"x" * 5000
        assert (await alice.call(name, many)).data == b"role=" + b"x" * 5000


async def ask_for_many_tickets(lsa: lsart.Lsa, name: str) -> None:
    async with lsa.connect("alice") as alice:
        for number in range(9):
            assert (await alice.call(name, b"\1\x09")).data == number.to_bytes(4, "little") + b"\x09"


async def count_a_late_service(lsa: lsart.Lsa, name: str) -> None:
    async with lsa.connect("alice") as alice:
        assert (await alice.call(name, b"\1\7\0")).data == b"\1\0"
        assert (await alice.call(name, b"\1\0\1")).data == b"\1\0"
        assert (await alice.call(name, b"\2\7\0")).data == b"\1\0"


async def leave_many_notes(lsa: lsart.Lsa, name: str) -> None:
    async with lsa.connect("alice") as alice:
        for _ in range(3):
            assert (await alice.call(name, b"\1" + b"n" * 1024)).protocol_status == lsart.STATUS_SUCCESS
        with suppress(lsart.StatusError):  # LSASS is gone
            last = [await alice.call(name, b"\1" + b"n" * 1024) for _ in range(2)][-1]
            assert last.protocol_status == lsart.STATUS_INSUFFICIENT_RESOURCES


CASES: dict[str, tuple[Drive, type[Event], lsart.LsaSettings]] = {
    "client_buffer_to_lsa_heap": (forge, ForeignFree, QUIET),
    "double_free": (forget_and_lock, DoubleFree, QUIET),
    "error_path_leak": (name_no_realm, BlockLeaked, QUIET),
    "failed_init_leak": (start_without_memory, SectionLeaked, NO_KEYS),
    "lsa_heap_to_shared": (bring_many_claims, WrongPair, QUIET),
    "null_unchecked": (leave_many_notes, PackageDisabled, QUIET),
    "other_section": (ask_for_many_tickets, WrongPair, QUIET),
    "section_leak": (count_a_late_service, SectionLeaked, QUIET),
}


@pytest.mark.parametrize("name", CASES)
def test_the_defect_strikes_and_names_its_ends(name: str) -> None:
    drive, event, settings = CASES[name]
    assert_harms(name, drive, event, settings)


@pytest.mark.parametrize("name", CASES)
def test_the_twin_goes_through_the_same_unharmed(name: str) -> None:
    drive, _, settings = CASES[name]
    assert_harmless(name, drive, settings)
