"""The credential manager, while schedules are explored."""

from __future__ import annotations

import pytest
import trio
from explored import explored, settings
from lsas import scripted

import lsart
from lsart.contract import (
    CREDENTIAL_TARGET_INFORMATIONW,
    ENCRYPTED_CREDENTIALW,
    ClientRequest,
    FunctionTable,
    StatusError,
)
from lsart.security import SYSTEM_LUID


def test_the_credential_manager_is_announced_and_what_is_read_of_it_is_in_blocks_of_its_own() -> None:
    async def works(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        await table.CrediWrite(SYSTEM_LUID, 0, ENCRYPTED_CREDENTIALW("web"), 0)
        found = await table.CrediRead(SYSTEM_LUID, 0, "web", 1, 0)
        await table.CrediFreeCredentials(1, (found,))
        with pytest.raises(StatusError):
            await table.CrediReadDomainCredentials(SYSTEM_LUID, 0, CREDENTIAL_TARGET_INFORMATIONW(), 0)

    async def main() -> None:
        async with (
            lsart.open_lsa(scripted("cache", call=works), settings=settings()) as lsa,
            lsa.connect("alice") as alice,
        ):
            await alice.call("cache", b"")

    trace = explored(main)
    store, buffers = "the credential manager of LSA", "the read credentials of LSA"
    told = [(label.kind, str(label)) for label in trace.labels.values() if label.resource in (store, buffers)]
    assert told == [
        ("w", "write a credential for 'web'"),
        ("r", "read a credential for 'web'"),
        ("w", "free read credentials"),
        ("r", "read the credentials for a target"),
    ]
    assert [label.kind for _, label in trace.touched if label.resource == buffers] == ["w", "w"]


@pytest.mark.parametrize("strategy", ["dfs", "dpor"])
def test_a_reader_comes_before_or_after_a_writer(strategy: str) -> None:
    """Labels must not hide the order in which the credential is not there yet."""

    async def works(table: FunctionTable, request: ClientRequest, message: bytes) -> None:
        if message == b"write":
            await table.CrediWrite(SYSTEM_LUID, 0, ENCRYPTED_CREDENTIALW("web"), 0)
        else:
            found = await table.CrediRead(SYSTEM_LUID, 0, "web", 1, 0)
            await table.CrediFreeCredentials(1, (found,))

    async def main() -> None:
        async with (
            lsart.open_lsa(scripted("cache", call=works), settings=settings()) as lsa,
            lsa.connect("alice") as alice,
            lsa.connect("bob") as bob,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(bob.call, "cache", b"write")
            await alice.call("cache", b"read")

    found = lsart.explore(main, strategy=strategy, labelled=True, schedules=2000, shrink=False)
    assert found.failure is not None
    assert "STATUS_OBJECT_NAME_NOT_FOUND" in str(found.failure.symptom)
