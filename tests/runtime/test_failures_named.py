"""A deadlock that an abandoned lock causes names lock and package, wherever it is read."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from lsas import Log
from rich.console import Console

import lsart
from lsart.contract import FunctionTable, SecPkgInfo
from lsart.events import LockOrphaned
from lsart.report import text_report
from lsart.runtime import LsaSettings
from lsart.stress import stress

HOLDER = "package 'careless', which left careless.lock locked when CallPackageUntrusted raised in call 1 of {}"


class Careless:
    """Its first call takes the lock and fails; others wait for the lock."""

    def __init__(self) -> None:
        self.lock = trio.Lock()
        self.calls = 0

    def SpInitialize(self, package_id: int, parameters: object, table: FunctionTable) -> None:
        self.table = table

    def SpGetInfo(self) -> SecPkgInfo:
        return SecPkgInfo("careless")

    async def LsaApCallPackageUntrusted(self, *_: object) -> None:
        self.calls += 1
        is_first = self.calls == 1
        await self.lock.acquire()
        if is_first:
            await trio.sleep(1)
            raise KeyError("boom")
        self.lock.release()


async def two_clients(bus: lsart.Bus, *, contains: bool = False) -> None:
    async def client(name: str, later: float) -> None:
        async with lsa.connect(name) as each:
            await trio.sleep(later)
            try:
                await each.call("careless", b"")
            except lsart.StatusError:
                await trio.sleep_forever()

    settings = LsaSettings(contain_faults=contains)
    async with lsart.open_lsa(Careless, bus=bus, settings=settings) as lsa, trio.open_nursery() as nursery:
        nursery.start_soon(client, "alice", 0, name="alice")
        nursery.start_soon(client, "bob", 0.5, name="bob")


@pytest.mark.parametrize("contains", [False, True])
def test_whoever_waits_for_it_is_told_which_package_left_it_locked(contains: bool, log: Log) -> None:
    with pytest.raises(lsart.DeadlockError) as caught:
        lsart.run(lambda: two_clients(log.bus, contains=contains))
    (wait,) = [each for each in caught.value.waits if each.waits_for == "Lock 'lock'"]
    assert wait.held_by == HOLDER.format("alice")
    assert f"waits for Lock 'lock', held by {HOLDER.format('alice')}" in str(caught.value)
    assert caught.value.cycle == ()
    assert log.one(LockOrphaned).lock == "careless.lock"


class Forgiving(Careless):
    """The worker that left the lock locked meets it again and gives it back: nothing stops it."""

    async def LsaApCallPackageUntrusted(self, *_: object) -> None:
        self.calls += 1
        if self.calls == 2:
            self.lock.release()
            return
        await self.lock.acquire()
        if self.calls == 1:
            raise KeyError("boom")


def test_a_lock_that_was_given_back_is_held_by_whoever_has_it_then(log: Log) -> None:
    package = Forgiving()

    async def main() -> None:
        settings = LsaSettings(contain_faults=True)
        async with lsart.open_lsa(package, bus=log.bus, settings=settings) as lsa, lsa.connect("alice") as alice:
            with pytest.raises(lsart.StatusError):
                await alice.call("careless", b"")
            await alice.call("careless", b"")
            await package.lock.acquire()
            await alice.call("careless", b"")

    with pytest.raises(lsart.DeadlockError) as caught:
        lsart.run(main)
    (wait,) = [each for each in caught.value.waits if each.waits_for == "Lock 'lock'"]
    assert wait.held_by is not None
    assert wait.held_by.endswith("main")


def screen(result: Any) -> str:
    console = Console(width=200, record=True, file=None, no_color=True)
    with console.capture() as shown:
        console.print(text_report(result, width=200))
    return shown.get()


def test_the_screen_of_a_run_shows_the_orphaned_lock_and_below_it_the_deadlock() -> None:
    result = stress(Careless, clients=2, calls=2)
    kinds = [each.split(":")[0] for each in result.problems]
    assert kinds[0] == "package 'careless' was disabled"
    assert kinds[1] == "misuse"
    assert "LockOrphaned" in result.problems[1]
    assert result.problems[-1].startswith("deadlock at virtual time 1.")
    assert HOLDER.partition(" in call")[0] in result.problems[-1]
    text = screen(result)
    assert text.index("LockOrphaned") < text.index("deadlock at virtual time") < text.index("careless.lock locked when")
