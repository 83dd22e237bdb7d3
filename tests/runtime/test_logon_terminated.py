"""LsaApLogonTerminated: who hears of a logon session that ended, when, and how often."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import trio
from lsas import Log, Scripted, in_use, scripted, simulated, status_of
from tokens import LUID, create

import lsart
from lsart.contract import (
    STATUS_ACCESS_DENIED,
    STATUS_NO_SUCH_LOGON_SESSION,
    Choices,
    LsassTerminated,
    StatusError,
)
from lsart.events import (
    CredentialLeaked,
    Event,
    LogonSessionEnded,
    LogonTerminationTold,
    PackageDisabled,
    PackageUnloaded,
    SlotCalled,
)
from lsart.runtime import LsaSettings

SECOND = 1_000_000_000
QUIET = LsaSettings(watchdog=None)
Heard = list[tuple[str, int]]
Then = Callable[["Hears", int], Any] | None


class BoomError(Exception):
    pass


class Hears(Scripted):
    """A package that notes which sessions it hears of, in a list that packages may share."""

    def __init__(self, name: str, heard: Heard, then: Then = None) -> None:
        super().__init__(name)
        self.heard = heard
        self.then = then

    async def LsaApLogonTerminated(self, logon_id: int) -> Any:
        self.heard.append((self.name, logon_id))
        result: Any = None if self.then is None else self.then(self, logon_id)
        return await result if inspect.isawaitable(result) else result


def hears(name: str, heard: Heard, then: Then = None) -> Hears:
    """One of a class of its own, so that events call it by its name."""
    kind: type[Hears] = type(name, (Hears,), {})
    return kind(name, heard, then)


async def owned_session(lsa: lsart.Lsa, package: Scripted, luid: int = LUID) -> int:
    """A session that is LSA's, and the one token of it, which the package holds."""
    await package.table.CreateLogonSession(luid)
    handle, _ = await create(package.table, logon_id=luid)
    lsa.security.sessions.hand_over(lsa.security.sessions.get(luid), lsart.now_ns())
    return handle


@pytest.mark.rule("SES-2", "DLS-5", "LLT-1")
@simulated
async def test_when_the_last_token_goes_the_session_ends_and_then_every_package_hears_once_in_load_order(
    log: Log,
) -> None:
    heard: Heard = []

    async def is_gone(package: Hears, logon_id: int) -> None:
        assert await status_of(create(package.table, logon_id=logon_id)) == STATUS_NO_SUCH_LOGON_SESSION

    packages = [hears("a", heard, is_gone), scripted("deaf"), hears("b", heard), hears("c", heard)]
    async with lsart.open_lsa(*packages, bus=log.bus, settings=QUIET) as lsa:
        first = await owned_session(lsa, packages[0])
        win32 = packages[0].table.win32
        second = await packages[0].table.OpenTokenByLogonId(LUID)
        other, _ = await create(packages[0].table)
        for handle in (first, second):
            win32.CloseHandle(handle)
            await lsa.terminations.settle()
        assert heard == []
        assert lsa.security.sessions.get(LUID).references == 1
        win32.CloseHandle(other)
        assert (lsa.security.sessions.find(LUID), heard) == (None, [])
        await lsa.terminations.settle()
        assert heard == [("a", LUID), ("b", LUID), ("c", LUID)]
        assert log.one(LogonSessionEnded).logon_id == LUID
        told = log.of(LogonTerminationTold)
        assert [(each.logon_id, each.package, each.reason) for each in told] == [(LUID, each, "") for each in "abc"]
    assert len(heard) == 3
    assert log.of(PackageDisabled) == []


@pytest.mark.rule("DLS-6", "LLT-2")
@simulated
async def test_nobody_hears_of_a_session_that_its_package_deletes() -> None:
    heard: Heard = []
    packages = [hears("a", heard), hears("b", heard)]
    async with lsart.open_lsa(*packages, settings=QUIET) as lsa:
        table = packages[0].table
        await table.CreateLogonSession(LUID)
        handle, _ = await create(table)
        table.win32.CloseHandle(handle)
        await table.DeleteLogonSession(LUID)
        assert lsa.security.sessions.find(LUID) is None
        await lsa.terminations.settle()
    assert heard == []


@pytest.mark.rule("LLT-3")
@simulated
async def test_a_package_deletes_what_it_stored_under_the_session_as_lsa_does_not(log: Log) -> None:
    heard: Heard = []

    async def delete(package: Hears, logon_id: int) -> None:
        await package.table.DeleteCredential(logon_id, package.package_id, "key")

    tidy, untidy = hears("tidy", heard, delete), hears("untidy", heard)
    async with lsart.open_lsa(tidy, untidy, bus=log.bus, settings=QUIET) as lsa:
        handle = await owned_session(lsa, tidy)
        for package in (tidy, untidy):
            await package.table.AddCredential(LUID, package.package_id, "key", b"secret")
        tidy.table.win32.CloseHandle(handle)
        assert len(list(lsa.memory.ledger.live_blocks("LSA"))) == 2
        await lsa.terminations.settle()
        assert len(list(lsa.memory.ledger.live_blocks("LSA"))) == 1
        # Whoever gets the LUID next has nothing of it.
        await tidy.table.CreateLogonSession(LUID)
        assert (await status_of(untidy.table.GetCredentials(LUID, 1, 0, True, ""))).name == "STATUS_UNSUCCESSFUL"
        await tidy.table.DeleteLogonSession(LUID)
        assert lsa.check() == []
        assert log.of(CredentialLeaked) == []
    told = log.one(CredentialLeaked)
    assert (told.logon_id, told.stored.package, told.stored.function) == (LUID, "untidy", "AddCredential")
    assert in_use(lsa) == {}


def fails(package: Hears, logon_id: int) -> Any:
    raise BoomError("at the end")


def refuses(package: Hears, logon_id: int) -> Any:
    raise StatusError(STATUS_ACCESS_DENIED)


@pytest.mark.rule("LLT-4")
@pytest.mark.parametrize(
    ("then", "reason", "disabled"),
    [
        (fails, "BoomError: at the end", ["first"]),
        (lambda *_: 0, "it returned int; expected None", ["first"]),
        (refuses, "STATUS_ACCESS_DENIED", []),
        (lambda *_: None, "", []),
    ],
)
@simulated
async def test_what_it_gives_back_or_raises_reaches_nobody_and_the_others_hear(
    then: Any, reason: str, disabled: list[str], log: Log
) -> None:
    heard: Heard = []
    packages = [hears("first", heard, then), hears("second", heard)]
    async with lsart.open_lsa(*packages, bus=log.bus, settings=QUIET) as lsa:
        for luid in (LUID, LUID + 1):
            handle = await owned_session(lsa, packages[1], luid)
            assert packages[1].table.win32.CloseHandle(handle) is True
            await lsa.terminations.settle()
    told = log.of(LogonTerminationTold)
    assert reason in told[0].reason
    assert bool(told[0].reason) is bool(reason)
    assert [each.package for each in log.of(PackageDisabled)] == disabled
    assert [name for name, luid in heard if luid == LUID] == ["first", "second"]
    again = ["second"] if disabled else ["first", "second"]
    assert [name for name, luid in heard if luid == LUID + 1] == again


@simulated
async def test_a_package_that_hangs_is_waited_for_once_per_session_and_once_in_all_while_closing(log: Log) -> None:
    heard: Heard = []
    hangs = hears("hangs", heard, lambda *_: trio.sleep_forever())
    other = hears("other", heard)
    settings = LsaSettings(grace=5 * SECOND, watchdog=None)
    async with lsart.open_lsa(hangs, other, bus=log.bus, settings=settings) as lsa:
        held = [await owned_session(lsa, other, LUID + each) for each in range(4)]
        for handle in held[:2]:
            other.table.win32.CloseHandle(handle)
        await lsa.terminations.settle()
        assert lsart.now_ns() == 10 * SECOND
        for handle in held[2:]:
            other.table.win32.CloseHandle(handle)
        await trio.lowlevel.checkpoint()
    assert lsart.now_ns() == 15 * SECOND
    assert [luid - LUID for name, luid in heard if name == "other"] == [0, 1, 2, 3]
    reasons = [each.reason for each in log.of(LogonTerminationTold) if each.package == "hangs"]
    late = "it did not end within 5 s"
    assert reasons == [late, late, late, "it did not end in time before, and the LSA is closing"]


@simulated
async def test_a_package_that_fails_over_its_cancellation_is_disabled_and_holds_nobody_up(log: Log) -> None:
    heard: Heard = []

    async def breaks(package: Hears, logon_id: int) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            try:
                await trio.sleep_forever()
            finally:
                raise BoomError("while cleaning up")

    packages = [hears("first", heard, breaks), hears("second", heard)]
    async with lsart.open_lsa(*packages, bus=log.bus, settings=QUIET) as lsa:
        packages[1].table.win32.CloseHandle(await owned_session(lsa, packages[1]))
        await lsa.terminations.settle()
        assert [each.name for each in lsa.packages] == ["second"]
    assert heard == [("first", LUID), ("second", LUID)]
    assert log.of(LogonTerminationTold)[0].reason.startswith("it did not end within 5 s: ")


@simulated
async def test_it_is_called_in_no_call_though_a_call_let_the_session_end(log: Log) -> None:
    heard: Heard = []
    handles: list[int] = []

    async def allocates(package: Hears, logon_id: int) -> None:
        block = await package.table.AllocateLsaHeap(8)
        assert block is not None
        await package.table.FreeLsaHeap(block)

    async def closes(table: Any, *_: object) -> None:
        table.win32.CloseHandle(handles.pop())
        await trio.sleep(1)

    package = hears("a", heard, allocates)
    package.LsaApCallPackageUntrusted = package._entry(closes)
    async with lsart.open_lsa(package, bus=log.bus, settings=QUIET) as lsa, lsa.connect("alice") as alice:
        handles.append(await owned_session(lsa, package))
        await alice.call("a", b"")
    assert heard == [("a", LUID)]
    origins = [each.origin for each in log.of(SlotCalled) if each.origin.function == "AllocateLsaHeap"]
    assert [(each.call, each.client) for each in origins] == [(None, "")]


@simulated
async def test_packages_hear_of_the_sessions_of_clients_that_end_with_the_lsa_before_they_shut_down(log: Log) -> None:
    heard: Heard = []
    ends: list[str] = []
    package = hears("a", heard, lambda *_: ends.append("told"))
    package.SpShutdown = lambda: ends.append("shut down")
    async with lsart.open_lsa(package, bus=log.bus, settings=QUIET) as lsa:
        handle = await owned_session(lsa, package)
        client = lsa.start_client("left over", token=handle)
        package.table.win32.CloseHandle(handle)
        await lsa.terminations.settle()
        assert heard == []
    assert not client.is_alive
    assert ends == ["told", "shut down"]
    assert in_use(lsa) == {}


@simulated
async def test_those_that_are_still_loaded_hear_of_a_session_that_another_ones_unloading_ends(log: Log) -> None:
    heard: Heard = []
    packages = [hears("stays", heard), hears("goes", heard), hears("leaky", heard)]
    async with lsart.open_lsa(*packages, bus=log.bus, settings=QUIET) as lsa:
        await owned_session(lsa, packages[2])
        await packages[1].table.UnloadPackage()
        await lsa.unloading.settle()
        assert heard == []
    assert heard == [("stays", LUID)]
    kinds = [each for each in log.events if isinstance(each, LogonTerminationTold | PackageUnloaded)]
    assert [each.package for each in kinds] == ["goes", "leaky", "stays", "stays"]


@simulated
async def test_nobody_hears_anything_when_lsass_dies(log: Log) -> None:
    heard: Heard = []
    package = hears("a", heard)
    settings = LsaSettings(choices=Choices(lsa_heap_double_free="terminate"), watchdog=None)

    async def die() -> None:
        async with lsart.open_lsa(package, bus=log.bus, settings=settings) as lsa:
            handle = await owned_session(lsa, package)
            lsa.start_client("left over", token=handle)
            package.table.win32.CloseHandle(handle)
            block = await package.table.AllocateLsaHeap(8)
            assert block is not None
            await package.table.FreeLsaHeap(block)
            await package.table.FreeLsaHeap(block)
            await trio.sleep_forever()

    with pytest.raises(LsassTerminated):
        await die()
    told: list[Event] = [*log.of(LogonTerminationTold)]
    assert (heard, told) == ([], [])
    assert log.one(LogonSessionEnded).logon_id == LUID
