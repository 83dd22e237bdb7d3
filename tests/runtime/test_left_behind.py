"""What a package stored or read of credentials is no longer anywhere when it is gone; and whose a session is."""

from __future__ import annotations

import pytest
from lsas import Log, in_use, scripted, simulated, status_of

import lsart
from lsart.contract import (
    LSA_STRING,
    STATUS_BAD_LOGON_SESSION_STATE,
    ClientRequest,
    FunctionTable,
    Pointer,
)
from lsart.events import BlockAllocated, BlockLeaked, CredentialLeaked, LogonSessionDeleted
from lsart.runtime import LsaSettings

LUID = 0x1000
QUIET = LsaSettings(watchdog=None)


@simulated
async def test_what_a_package_stored_under_a_session_of_another_goes_when_it_is_unloaded(log: Log) -> None:
    owner, guest = scripted("owner"), scripted("guest")
    async with lsart.open_lsa(owner, guest, bus=log.bus, settings=QUIET) as lsa:
        await owner.table.CreateLogonSession(LUID)
        await owner.table.AddCredential(LUID, owner.package_id, "key", b"mine")
        await guest.table.AddCredential(LUID, guest.package_id, "key", b"secret")
        address = log.of(BlockAllocated)[-1].address
        await guest.table.UnloadPackage()
        await lsa.unloading.settle()
        assert lsa.security.sessions.get(LUID).stored == 1
        assert lsa.memory.space.read(address, 6) == bytes(6)
        assert log.of(CredentialLeaked) == [], "the session lives, so it was right to keep it"
        _, _, _, copy = await owner.table.GetCredentials(LUID, owner.package_id, 0, True, "")
        assert isinstance(copy.buffer, Pointer)
        await owner.table.FreeLsaHeap(copy.buffer)
        await owner.table.DeleteCredential(LUID, owner.package_id, "key")
        assert list(lsa.memory.ledger.live_blocks("LSA")) == []
        await owner.table.DeleteLogonSession(LUID)
        assert lsa.check() == []
    assert in_use(lsa) == {}


@simulated
async def test_a_leaked_copy_of_a_credential_is_wiped_before_somebody_gets_its_block(log: Log) -> None:
    leaky, next_one = scripted("leaky"), scripted("next")
    async with lsart.open_lsa(leaky, next_one, bus=log.bus, settings=QUIET) as lsa:
        await leaky.table.CreateLogonSession(LUID)
        await leaky.table.AddCredential(LUID, leaky.package_id, "key", b"secret")
        _, _, _, copy = await leaky.table.GetCredentials(LUID, leaky.package_id, 0, True, "")
        assert isinstance(copy, LSA_STRING)
        assert isinstance(copy.buffer, Pointer)
        assert await next_one.table.memory.read(copy.buffer, 6) == b"secret"
        await leaky.table.UnloadPackage()
        await lsa.unloading.settle()
        assert log.one(BlockLeaked).address == copy.buffer.address
        assert lsa.memory.space.read(copy.buffer.address, 6) == bytes(6)


@simulated
async def test_a_package_cannot_delete_a_session_that_another_one_made(log: Log) -> None:
    maker, other = scripted("maker"), scripted("other")
    async with lsart.open_lsa(maker, other, bus=log.bus, settings=QUIET) as lsa:
        await maker.table.CreateLogonSession(LUID)
        assert await status_of(other.table.DeleteLogonSession(LUID)) == STATUS_BAD_LOGON_SESSION_STATE
        assert lsa.security.sessions.get(LUID).created.package == "maker"
        await maker.table.DeleteLogonSession(LUID)
        assert log.one(LogonSessionDeleted).origin.package == "maker"


@pytest.mark.parametrize("deleter", ["maker", "other"])
@simulated
async def test_who_deletes_in_a_call_of_another_package_is_who_runs(deleter: str) -> None:
    """The package whose entry point runs, and not the one that the client called."""

    async def delete(table: FunctionTable, *_: object) -> None:
        await table.DeleteLogonSession(LUID)

    async def pass_on(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await table.CallPackage(deleter, b"", 0)

    maker, other, first = (
        scripted("maker", trusted=delete),
        scripted("other", trusted=delete),
        scripted("a", call=pass_on),
    )
    async with lsart.open_lsa(maker, other, first, settings=QUIET) as lsa, lsa.connect() as client:
        await maker.table.CreateLogonSession(LUID)
        expected = deleter == "maker"
        if expected:
            await client.call("a", b"")
        else:
            assert await status_of(client.call("a", b"")) == STATUS_BAD_LOGON_SESSION_STATE
        assert (lsa.security.sessions.find(LUID) is None) is expected
        if not expected:
            await maker.table.DeleteLogonSession(LUID)
