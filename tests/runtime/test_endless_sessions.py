"""Packages that make a session whenever they hear that one ended."""

from __future__ import annotations

import trio
from logons import NETWORK, authenticator, log_on
from lsas import Log, in_use, simulated

import lsart
from lsart.contract import STATUS_NO_SUCH_LOGON_SESSION, TOKEN_SOURCE, StatusError, enumerations
from lsart.events import LogonSessionEnded, LogonTerminationTold
from lsart.runtime import LsaSettings

FORM = enumerations.SECPKG_NAME_TYPE.SecNameSamCompatible
LEVEL = enumerations.SECURITY_IMPERSONATION_LEVEL.SecurityImpersonation


@simulated
async def test_the_lsa_closes_though_a_package_makes_another_session_of_each_that_ended(log: Log) -> None:
    async def again(logon_id: int) -> None:
        if len(log.of(LogonTerminationTold)) > 100:
            raise StatusError(STATUS_NO_SUCH_LOGON_SESSION, "nobody ends this")
        await trio.sleep(0.5)
        table = package.table
        data, size, _ = await table.GetAuthDataForUser(r"LSART\alice", FORM, None)
        assert data is not None
        token, *_ = await table.ConvertAuthDataToToken(data, size, LEVEL, TOKEN_SOURCE("auth"), NETWORK, "LSART")
        await table.FreeLsaHeap(data)
        table.win32.CloseHandle(token)

    package = authenticator()
    package.LsaApLogonTerminated = again  # type: ignore[attr-defined]
    settings = LsaSettings(accounts=lsart.Accounts().with_account("alice", "correct horse"), watchdog=None)
    async with lsart.open_lsa(package, settings=settings, bus=log.bus) as lsa, lsa.connect("alice") as alice:
        reply = await log_on(alice)
        alice.CloseHandle(reply.token)
        await trio.sleep(5)
        told = len(log.of(LogonTerminationTold))
        assert 8 <= told <= 12  # twice a second
    # Of those that are made as the LSA closes nobody is told any more.
    assert len(log.of(LogonTerminationTold)) <= told + 2
    assert len(log.of(LogonSessionEnded)) > told
    assert in_use(lsa) == {}
