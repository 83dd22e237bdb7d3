"""Protected memory and accounts, while schedules are explored."""

from __future__ import annotations

import pytest
import trio
from accounts import CONTOSO, PASSWORD, contoso
from explored import explored, makes_a_section, sections, settings
from lsas import scripted

import lsart
from lsart.contract import ClientRequest, FunctionTable, enumerations
from lsart.security import LockoutPolicy


def test_protecting_memory_reads_and_writes_it_in_two_steps() -> None:
    async def protects(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        block = await table.AllocateSharedMemory(sections[0], 16)
        assert block is not None
        await table.LsaProtectMemory(block, 16)
        await table.FreeSharedMemory(sections[0], block)

    async def main() -> None:
        package = scripted("cache", initialize=makes_a_section, call=protects)
        async with lsart.open_lsa(package, settings=settings()) as lsa, lsa.connect("alice") as alice:
            await alice.call("cache", b"")

    told = [str(label) for label in explored(main).labels.values()]
    at = told.index("read section-1[0:16]")
    assert told[at : at + 2] == ["read section-1[0:16]", "write section-1[0:16]"]


def test_accounts_are_announced_and_what_is_read_of_them_goes_to_the_lsa_heap() -> None:
    form = enumerations.SECPKG_NAME_TYPE.SecNameSamCompatible

    async def checks(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        handle = await table.OpenSamUser("CONTOSO\\alice", form, None, False, 0)
        assert handle is not None
        await table.verify_password(handle, PASSWORD)
        await table.save_supplemental_credential(handle, "cache", b"key")
        await table.user_credentials(handle)
        block, _ = await table.GetUserAuthData(handle)
        await table.CloseSamUser(handle)
        assert block is not None
        await table.FreeLsaHeap(block)
        await table.CrackSingleName(2, False, "CONTOSO\\alice", None, 8)

    async def main() -> None:
        package = scripted("cache", call=checks)
        async with lsart.open_lsa(package, settings=settings(accounts=CONTOSO)) as lsa, lsa.connect("alice") as alice:
            await alice.call("cache", b"")

    trace = explored(main)
    told = [str(label) for label in trace.labels.values()]
    at = told.index("open an account of the accounts of LSA")
    assert told[at : at + 8] == [
        "open an account of the accounts of LSA",
        "check a password of the accounts of LSA",
        "save a credential in the accounts of LSA",
        "read credentials in the accounts of LSA",
        "read an account of the accounts of LSA",
        "close an account of the accounts of LSA",
        "free to the LSA heap",
        "look names up in the accounts of LSA",
    ]
    kinds = [label.kind for label in trace.labels.values() if label.resource == "the accounts of LSA"]
    assert kinds == ["w", "w", "w", "r", "r", "w", "r"]
    assert "allocate from the LSA heap" in [str(label) for _, label in trace.touched]


@pytest.mark.parametrize("strategy", ["dfs", "dpor"])
def test_two_clients_that_guess_at_once_lock_an_account_in_one_order_or_the_other(strategy: str) -> None:
    """A right password that comes before the last wrong one opens; labels must not hide that order."""
    form = enumerations.SECPKG_NAME_TYPE.SecNameSamCompatible
    accounts = contoso(LockoutPolicy(threshold=1))

    async def checks(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        handle = await table.OpenSamUser("CONTOSO\\alice", form, None, False, 0)
        try:
            await table.verify_password(handle, message.decode())
        finally:
            if handle is not None:
                await table.CloseSamUser(handle)

    async def main() -> None:
        package = scripted("cache", call=checks)
        async with (
            lsart.open_lsa(package, settings=settings(accounts=accounts)) as lsa,
            lsa.connect("alice") as alice,
            lsa.connect("mallory") as mallory,
            trio.open_nursery() as nursery,
        ):

            async def guesses() -> None:
                with pytest.raises(lsart.StatusError):
                    await mallory.call("cache", b"guess")

            nursery.start_soon(guesses)
            await alice.call("cache", PASSWORD.encode())

    found = lsart.explore(main, strategy=strategy, labelled=True, schedules=2000, shrink=False)
    assert found.failure is not None
    assert "STATUS_ACCOUNT_RESTRICTION" in str(found.failure.symptom)
