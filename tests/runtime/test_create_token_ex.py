"""CreateTokenEx, and token information that lies in LSASS's memory."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest
from lsas import Log, in_use, scripted, simulated, status_of
from tokens import ADMINS, LUID, USER, USERS, V1, create, create_ex

import lsart
from lsart.contract import (
    LSA_TOKEN_INFORMATION_V1,
    LUID_AND_ATTRIBUTES,
    NTSTATUS,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_NO_SUCH_LOGON_SESSION,
    STATUS_SUCCESS,
    Choices,
    FunctionTable,
    Pointer,
    StatusError,
)
from lsart.events import BlockFreed, HandleLeaked, OutputNotFromHeap, TokenCreated, TokenSourceForeign, describe
from lsart.memory import LSASS, MachineLimits
from lsart.runtime import LsaSettings
from lsart.security import AccessToken, TokenContent, pack_token_information, sid_bytes

FULL = attrs.evolve(
    V1,
    groups=(USERS, ADMINS),
    privileges=(LUID_AND_ATTRIBUTES(20, 3),),
    owner=ADMINS.sid,
    default_dacl=struct.pack("<BBHHH", 2, 0, 8, 0, 0),
    expiration_time=77,
)


@asynccontextmanager
async def session(
    log: Log | None = None, *, handles: int = 1000, **choices: Any
) -> AsyncIterator[tuple[lsart.Lsa, FunctionTable]]:
    """An LSA with the package "cache", which made the session LUID."""
    package = scripted("cache")
    settings = LsaSettings(choices=Choices(**choices), machine=MachineLimits(handles=handles), watchdog=None)
    async with lsart.open_lsa(package, settings=settings, bus=None if log is None else log.bus) as lsa:
        await package.table.CreateLogonSession(LUID)
        yield lsa, package.table
        assert lsa.check() == []


def content(lsa: lsart.Lsa, table: FunctionTable, handle: int) -> TokenContent:
    """What the token says without the LUIDs of its own; it is closed."""
    found = lsa.security.handles.find(handle)
    assert isinstance(found, AccessToken)
    table.win32.CloseHandle(handle)
    groups = tuple(each for each in found.content.groups if not each.sid.startswith("S-1-5-5-"))
    return attrs.evolve(found.content, token_id=0, groups=groups)


class Packs:
    """Puts token information into blocks."""

    def __init__(self, table: FunctionTable, allocate: Callable[[int], Any] | None = None) -> None:
        self.table = table
        self.allocate = allocate or table.AllocatePrivateHeap
        self.blocks: list[Pointer] = []

    async def put(self, data: bytes) -> int:
        block = await self.allocate(len(data))
        assert block is not None
        await self.table.memory.write(block, data)
        self.blocks.append(block)
        return int(block.address)

    async def sid(self, text: str) -> int:
        return await self.put(sid_bytes(text))

    async def apart(self, given: LSA_TOKEN_INFORMATION_V1, **replaced: int) -> Pointer:
        """Form V1: each SID and each list in a block of its own; `replaced` are addresses to be written instead."""
        assert isinstance(given.groups, tuple)
        assert given.owner is not None
        assert given.default_dacl is not None
        sids = [await self.sid(each.sid) for each in given.groups]
        entries = (struct.pack("<QI4x", sid, each.attributes) for sid, each in zip(sids, given.groups, strict=True))
        privileges = (struct.pack("<QI", each.luid, each.attributes) for each in given.privileges)
        places = {
            "user": await self.sid(given.user.sid),
            "groups": await self.put(b"".join([struct.pack("<I4x", len(sids)), *entries])),
            "primary_group": await self.sid(given.primary_group),
            "privileges": await self.put(b"".join([struct.pack("<I", len(given.privileges)), *privileges])),
            "owner": await self.sid(given.owner),
            "dacl": await self.put(given.default_dacl),
        } | replaced
        user, *rest = places.values()
        head = struct.pack("<QQI4xQQQQQ", given.expiration_time, user, given.user.attributes, *rest)
        return Pointer(await self.put(head), LSASS)

    async def together(self, given: LSA_TOKEN_INFORMATION_V1) -> Pointer:
        """Form V2: one block."""
        size = len(pack_token_information(given, 0))
        address = await self.put(bytes(size))
        await self.table.memory.write(self.blocks[-1], pack_token_information(given, address))
        return self.blocks[-1]


@pytest.mark.rule("CTX-1")
@simulated
async def test_the_token_is_that_of_create_token_with_the_names_of_the_primary_credentials(log: Log) -> None:
    async with session(log) as (lsa, table):
        given: dict[str, Any] = {"token_groups": (ADMINS,), "workstation": "WS", "profile_path": "C:\\alice"}
        by_names, _ = await create(table, **given)
        by_credentials, _ = await create_ex(table, **given)
        first, second = content(lsa, table, by_names), content(lsa, table, by_credentials)
        assert first == second
        assert (second.account_name, second.authority_name) == ("alice", "CONTOSO")
        handle, _ = await create_ex(table, token_source=lsart.TOKEN_SOURCE("User32"))
        table.win32.CloseHandle(handle)
        assert log.one(TokenSourceForeign).origin.function == "CreateTokenEx"
    assert [text for text in map(describe, log.events) if "hunter2" in text] == []


@pytest.mark.rule("CTX-2")
@simulated
async def test_the_session_information_must_be_primary_credentials_and_say_so() -> None:
    async with session() as (lsa, table):
        assert await status_of(create_ex(table, session_information_type=1)) == STATUS_INVALID_PARAMETER
        for wrong in (None, "hunter2", ("alice", "hunter2")):
            with pytest.raises(TypeError, match="expected a SECPKG_PRIMARY_CRED") as caught:
                await create_ex(table, session_information=wrong)
            assert "hunter2" not in str(caught.value)
        assert list(lsa.security.handles) == []


@pytest.mark.rule("CTX-3")
@simulated
async def test_the_caller_closes_it_or_it_is_told_that_it_did_not(log: Log) -> None:
    async with session(log) as (lsa, table):
        held = lsa.security.sessions.get(LUID)
        closed, _ = await create_ex(table)
        assert (held.references, in_use(lsa)["handles"]) == (1, 1)
        assert table.win32.CloseHandle(closed) is True
        assert (held.references, "handles" in in_use(lsa)) == (0, False)
        left, _ = await create_ex(table)
    told = log.one(HandleLeaked)
    assert (told.kind, told.handle, told.opened.function) == ("token", left, "CreateTokenEx")
    assert in_use(lsa) == {}


@pytest.mark.rule("CTX-4")
@simulated
async def test_success_gives_a_token_and_success_and_a_failure_another_status(log: Log) -> None:
    async with session(log, handles=1) as (lsa, table):
        handle, sub_status = await create_ex(table)
        assert sub_status == STATUS_SUCCESS
        told = log.one(TokenCreated)
        assert (told.logon_id, told.handle, told.user, told.origin.function) == (LUID, handle, USER, "CreateTokenEx")
        strange = LSA_TOKEN_INFORMATION_V1(user=V1.user, primary_group=ADMINS.sid)
        failures: list[tuple[dict[str, Any], NTSTATUS]] = [
            ({}, STATUS_INSUFFICIENT_RESOURCES),
            ({"logon_id": 5}, STATUS_NO_SUCH_LOGON_SESSION),
            ({"token_information": strange}, STATUS_INVALID_PARAMETER),
            ({"token_information_type": 3}, STATUS_INVALID_PARAMETER),
            ({"token_information_type": 4}, STATUS_INVALID_PARAMETER),
        ]
        for given, status in failures:
            with pytest.raises(StatusError) as caught:
                await create_ex(table, **given)
            assert (caught.value.status, caught.value.sub_status) == (status, status)
        assert list(lsa.security.handles) == [handle]
        table.win32.CloseHandle(handle)


@pytest.mark.parametrize("freed_by", ["lsa", "package"])
@pytest.mark.parametrize("form", [1, 2])
@simulated
async def test_information_in_memory_makes_the_same_token_and_lsa_frees_each_block(
    form: int, freed_by: str, log: Log
) -> None:
    async with session(log, token_information_freed_by=freed_by) as (lsa, table):
        at_hand, _ = await create_ex(table, token_information=FULL)
        packs = Packs(table)
        place = await (packs.apart(FULL) if form == 1 else packs.together(FULL))
        assert len(packs.blocks) == (9 if form == 1 else 1)
        packed, _ = await create_ex(table, token_information=place, token_information_type=form)
        first, second = content(lsa, table, at_hand), content(lsa, table, packed)
        assert first == second
        assert (second.expiration_time, second.default_dacl) == (77, FULL.default_dacl)
        freed = sorted(each.address for each in log.of(BlockFreed))
        assert freed == (sorted(each.address for each in packs.blocks) if freed_by == "lsa" else [])
        if freed_by == "package":
            for block in packs.blocks:
                await table.FreePrivateHeap(block)
        assert list(lsa.memory.ledger.live_blocks("cache")) == []


@simulated
async def test_information_that_is_not_in_blocks_of_the_private_heap_makes_no_token_and_stays(log: Log) -> None:
    async with session(log) as (lsa, table):
        packs, elsewhere = Packs(table), Packs(table, table.AllocateLsaHeap)
        whole = await packs.together(V1)
        lsa_heap = await elsewhere.together(V1)
        foreign = await elsewhere.sid(USER)
        shared = await packs.sid(USER)
        wrong: list[tuple[int, Pointer, str]] = [
            (2, lsa_heap, "OutputNotFromHeap"),
            (2, Pointer(whole.address, "alice"), "OutputNotFromHeap"),
            (2, whole + 8, "OutputNotFromHeap"),
            (1, whole, "OutputNotFromHeap"),  # its SIDs are no blocks
            (1, await packs.apart(FULL, user=foreign), "OutputNotFromHeap"),
            (1, await packs.apart(FULL, user=0), "OutputNotFromHeap"),
            (1, await packs.apart(FULL, user=shared, owner=shared), "is there twice"),
            (2, await packs.apart(FULL), "outside of the one block"),
        ]
        for form, place, why in wrong:
            told = len(log.of(OutputNotFromHeap))
            with pytest.raises(StatusError) as caught:
                await create_ex(table, token_information=place, token_information_type=form)
            assert (caught.value.status, caught.value.sub_status) == (STATUS_INVALID_PARAMETER,) * 2
            assert len(log.of(OutputNotFromHeap)) - told == (why == "OutputNotFromHeap")
            assert why in str(caught.value) or why == "OutputNotFromHeap"
        assert {each.output for each in log.of(OutputNotFromHeap)} == {"TokenInformation"}
        assert list(lsa.security.handles) == []
        assert log.of(BlockFreed) == []
        # CreateToken takes the forms that its page names, and memory as well.
        assert await status_of(create(table, token_information=whole, token_information_type=2)) == (
            STATUS_INVALID_PARAMETER
        )
        handle, _ = await create(table, token_information=await packs.apart(FULL))
        assert content(lsa, table, handle).owner == ADMINS.sid
