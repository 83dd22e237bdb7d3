"""A reload that does not come to its end, and packages that are in trouble when they are loaded again."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from lsas import Log, Scripted, in_use, simulated, status_of
from reloadable import writes
from tokens import LUID, create

import lsart
from lsart.contract import (
    SECPKG_SLOTS,
    STATUS_NO_SUCH_PACKAGE,
    STATUS_UNSUCCESSFUL,
    FunctionTable,
    PackageLoadError,
    StatusError,
)
from lsart.events import (
    PackageDisabled,
    PackageReloaded,
    PackageUnloaded,
)


@pytest.mark.parametrize(
    ("version", "error", "text"),
    [
        ("refused", StatusError, "STATUS_LOGON_FAILURE.*package 'cache' was not loaded again: SpInitialize"),
        ("renamed", StatusError, "it calls itself 'renamed', and clients know it as 'cache'"),
        (None, PackageLoadError, "does not import: SyntaxError"),
        ("", PackageLoadError, "has no 'Cache'"),
    ],
)
@simulated
async def test_if_the_new_one_does_not_come_up_the_old_one_stays(
    version: str | None, error: type[Exception], text: str, log: Log, file: Path
) -> None:
    async with lsart.open_lsa(f"{file}:Cache", bus=log.bus) as lsa, lsa.connect() as client:
        (before,) = lsa.packages
        if version:
            writes(file, version)
        else:
            file.write_text("def (" if version is None else "x = 1", "utf-8")
        with pytest.raises(error, match=text):
            await lsa.reload("cache")
        assert lsa.packages == (before,)
        assert (await client.call("cache", b"")).data.startswith(b"1 ")
        assert log.of(PackageReloaded) == []
        assert in_use(lsa)["handles"] == 2  # a section and a thread of the old one
        writes(file, 2)
        await lsa.reload("cache")
        assert (await client.call("cache", b"")).data.startswith(b"2 ")
    assert in_use(lsa) == {}


@simulated
async def test_a_package_that_is_disabled_is_replaced_by_one_that_works(log: Log, file: Path) -> None:
    async with lsart.open_lsa(f"{file}:Cache", bus=log.bus) as lsa, lsa.connect() as client:
        assert await status_of(client.call("cache", b"fail")) == STATUS_UNSUCCESSFUL
        assert await status_of(client.call("cache", b"")) == STATUS_NO_SUCH_PACKAGE
        writes(file, 2)
        await lsa.reload("cache")
        assert (await client.call("cache", b"")).data.startswith(b"2 ")
    assert len(log.of(PackageDisabled)) == 1


@simulated
async def test_of_two_of_one_name_the_one_in_use_is_meant(log: Log) -> None:
    class First(Scripted):
        def __init__(self) -> None:
            super().__init__("twice", initialize=self.fails)

        async def fails(self, table: FunctionTable) -> None:
            await table.CreateThread(None, 0, lambda _: 1 // 0, None, 0)
            await trio.sleep(1)

    class Second(Scripted):
        def __init__(self) -> None:
            super().__init__("twice")

    async with lsart.open_lsa(First, Second, bus=log.bus) as lsa:
        assert log.one(PackageDisabled).package == "first"
        assert (await lsa.reload("twice")).key == "second-2"


@simulated
async def test_a_reload_that_is_cancelled_leaves_the_old_one_and_nothing_of_the_new(log: Log, file: Path) -> None:
    async with lsart.open_lsa(f"{file}:Cache", bus=log.bus) as lsa, lsa.connect() as client:
        before, used = lsa.packages, in_use(lsa)
        writes(file, 2)
        with trio.move_on_after(0.25) as scope:
            await lsa.reload("cache")
        assert scope.cancelled_caught
        await trio.sleep(1)
        assert (lsa.packages, in_use(lsa)) == (before, used)
        assert (await client.call("cache", b"")).data.startswith(b"1 ")


@simulated
async def test_an_lsa_that_ends_meanwhile_takes_no_new_one(log: Log, file: Path) -> None:
    async with trio.open_nursery() as nursery, lsart.open_lsa(f"{file}:Cache", bus=log.bus) as lsa:

        async def reloads() -> None:
            with pytest.raises(StatusError, match="the LSA is shutting down"):
                await lsa.reload("cache")

        nursery.start_soon(reloads)
        await trio.sleep(0.25)
    assert in_use(lsa) == {}
    assert [each.package for each in log.of(PackageUnloaded)] == ["cache-2", "cache"]


@simulated
async def test_two_reloads_at_once_are_two_generations(log: Log, file: Path) -> None:
    async with lsart.open_lsa(f"{file}:Cache", bus=log.bus) as lsa:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lsa.reload, "cache")
            nursery.start_soon(lsa.reload, "cache")
        await trio.sleep(1)
        assert [each.key for each in lsa.packages] == ["cache-3"]
    assert in_use(lsa) == {}


@simulated
async def test_a_session_that_ends_meanwhile_is_told_to_the_new_one() -> None:
    heard: list[str] = []

    class Slow(Scripted):
        def __init__(self) -> None:
            super().__init__("slow")

        async def LsaApLogonTerminated(self, logon_id: int) -> None:
            await trio.sleep(1)
            heard.append("slow")

    class Hears(Scripted):
        made = 0

        def __init__(self) -> None:
            super().__init__("hears")
            Hears.made += 1
            self.generation = Hears.made

        async def LsaApLogonTerminated(self, logon_id: int) -> None:
            heard.append(f"generation {self.generation}")

    maker = Scripted("maker")
    async with lsart.open_lsa(Slow, Hears, maker) as lsa:
        await maker.table.CreateLogonSession(LUID)
        handle, _ = await create(maker.table)
        lsa.security.sessions.hand_over(lsa.security.sessions.get(LUID), lsart.now_ns())
        maker.table.win32.CloseHandle(handle)
        await trio.sleep(0.5)
        await lsa.reload("hears")
        await trio.sleep(1)
    assert heard == ["slow", "generation 2"]


@simulated
async def test_numbers_of_the_old_one_do_not_reach_the_new_one() -> None:
    """A context of the one may have the number that another context has in the other."""
    rows = {each.name: each for each in SECPKG_SLOTS}
    entered: list[str] = []

    class Contexts(Scripted):
        def __init__(self) -> None:
            super().__init__("contexts")

        def SpDeleteContext(self, context_handle: int) -> None:
            entered.append("SpDeleteContext")

        def LsaApLogonTerminated(self, logon_id: int) -> None:
            entered.append("LsaApLogonTerminated")

    async with lsart.open_lsa(Contexts) as lsa:
        (old,) = lsa.packages
        await lsa.reload("contexts")
        assert await status_of(lsa.entrance.enter(old, rows["DeleteContext"], 1)) == STATUS_NO_SUCH_PACKAGE
        await lsa.entrance.enter(old, rows["LogonTerminated"], LUID)
    assert entered == ["LsaApLogonTerminated"]
