"""Packages that come and go while the credentials of a logon are on their way to each."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import trio
from logons import authenticator, create, log_on
from lsas import Log, scripted, simulated

import lsart
from lsart.contract import SECPKG_PRIMARY_CRED, FunctionTable, LogonUserResult
from lsart.events import CredentialsOffered
from lsart.runtime import LsaSettings

ALICE = SECPKG_PRIMARY_CRED(downlevel_name="alice", password="correct horse")

LATE = """
from lsart import SecPkgInfo

class Cache:
    async def SpInitialize(self, package_id, parameters, table):
        pass

    def SpGetInfo(self):
        return SecPkgInfo("cache")
"""
ACCEPTS = """
    def SpAcceptCredentials(self, logon_type, account_name, primary, supplemental):
        pass
"""


def writes(path: Path, accepts: bool) -> None:
    path.write_text(LATE + ACCEPTS * accepts, "utf-8")
    os.utime(path, (1, 1))


async def answer(table: FunctionTable, ask: Any) -> LogonUserResult:
    return await create(table, ask, primary_credentials=ALICE)


@pytest.mark.parametrize("accepts", [True, False])
@simulated
async def test_a_package_that_is_loaded_again_meanwhile_gets_them_if_the_new_one_takes_any(
    accepts: bool, log: Log, file: Path
) -> None:
    writes(file, not accepts)
    slow = authenticator(answer=answer, accepts=lambda table, given: trio.sleep(5))
    async with lsart.open_lsa(slow, f"{file}:Cache", bus=log.bus) as lsa, lsa.connect("alice") as alice:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(log_on, alice)
            await trio.sleep(1)
            writes(file, accepts)
            await lsa.reload("cache")
        keys = [each.package for each in log.of(CredentialsOffered)]
        assert keys == ["auth", lsa.find_package("cache").key][: 1 + accepts]
        (session,) = [each for each in lsa.security.sessions if each.user and each.created.package == "auth"]
        await slow.table.UpdateCredentials(SECPKG_PRIMARY_CRED(logon_id=session.logon_id), None)


@simulated
async def test_a_package_that_is_unloaded_meanwhile_is_no_failure_of_who_hands_them_on(log: Log) -> None:
    auth = authenticator("auth")
    slow = authenticator("slow", accepts=lambda table, given: trio.sleep(5))
    going = authenticator("going", accepts=lambda table, given: None)
    async with lsart.open_lsa(auth, slow, going, bus=log.bus) as lsa, lsa.connect("alice") as alice:
        reply = await log_on(alice)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(auth.table.UpdateCredentials, SECPKG_PRIMARY_CRED(logon_id=reply.logon_id), None)
            await trio.sleep(1)
            await going.table.UnloadPackage()
        assert [each.package for each in log.of(CredentialsOffered)] == ["slow"]


@simulated
async def test_a_worker_that_is_started_in_the_middle_of_them_is_no_deeper_in_them_afterwards() -> None:
    async def accepts(table: FunctionTable, given: Any) -> None:
        await table.CallPackage("other", b"", 0)  # each time another worker has to be started

    async def call(table: FunctionTable, request: Any, message: bytes) -> None:
        await trio.sleep(1000 if message else 0.1)

    auth, other = authenticator(answer=answer, accepts=accepts), scripted("other", call=call, trusted=call)
    settings = LsaSettings(watchdog=None, choices=lsart.Choices(call_package_worker="another"))
    async with lsart.open_lsa(auth, other, settings=settings) as lsa, lsa.connect("alice") as alice:
        async with trio.open_nursery() as nursery:
            for _ in range(60):
                await log_on(alice)
                nursery.start_soon(alice.call, "other", b"keep a worker")
                await trio.sleep(0.1)
        assert lsa.check() == []
