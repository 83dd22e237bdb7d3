"""A package is loaded again while clients use it: nobody is without it, and what was begun ends as it began."""

from __future__ import annotations

import inspect
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest
import trio
from lsas import Log, Scripted, in_use, scripted, simulated
from reloadable import CACHE, writes

import lsart
from lsart.contract import (
    PackageLoadError,
    PackageState,
    Pointer,
    StatusError,
    constants,
)
from lsart.events import (
    CallFinished,
    PackageReloaded,
    PackageShutDown,
    PackageUnloaded,
    SectionLeaked,
    ThreadEnded,
)
from lsart.runtime import LsaSettings

SECOND = 1_000_000_000
NOTHING = LsaSettings(costs=lsart.Costs(heap_lock=0, commit_page=0, create_section=0))


@pytest.mark.parametrize("workers", [2, None])
@simulated
async def test_calls_under_way_end_in_the_old_code_and_later_ones_enter_the_new_without_a_gap(
    workers: int | None, log: Log, file: Path
) -> None:
    """With two workers calls also wait in the queue when the package changes."""
    begun: list[tuple[int, bytes]] = []

    async def client(lsa: lsart.Lsa, number: int) -> None:
        async with lsa.connect() as each:
            identifier = await each.LsaLookupAuthenticationPackage(each.handle, "cache")
            while lsart.now_ns() < 8 * SECOND:
                start = lsart.now_ns()
                if number % 2:
                    data = (await each.call("cache", b"0.3")).data
                else:  # by the id that it looked up once
                    reply = await each.LsaCallAuthenticationPackage(each.handle, identifier, b"0.2")
                    assert isinstance(reply.protocol_return_buffer, Pointer)
                    data = await each.memory.read(reply.protocol_return_buffer, reply.return_buffer_length)
                    await each.LsaFreeReturnBuffer(reply.protocol_return_buffer)
                begun.append((start, data))

    async with lsart.open_lsa(f"{file}:Cache", bus=log.bus, settings=LsaSettings(workers=workers)) as lsa:
        (first,) = lsa.packages
        async with trio.open_nursery() as nursery:
            for number in range(6):
                nursery.start_soon(client, lsa, number)
                await trio.sleep(0.07)
            for version in (2, 3):
                await trio.sleep(1.5)
                writes(file, version)
                package = await lsa.reload("cache")
                assert lsa.packages == (package,)
                assert (package.package_id, package.authentication_id) == (first.package_id, first.authentication_id)
    assert {each.status for each in log.of(CallFinished)} == {0}
    versions = [data.split()[:2] for _, data in begun]
    assert all(one == other for one, other in versions)  # no call saw two codes
    swaps = [each.time_ns for each in log.of(PackageReloaded)]
    for start, data in begun:
        newest = 1 + sum(start > swap for swap in swaps)
        assert int(data.split()[0]) >= newest
    assert {one for one, _ in versions} == {b"1", b"2", b"3"}
    assert len({data.split()[2] for _, data in begun}) == 1
    assert [(each.package, each.replaces) for each in log.of(PackageReloaded)] == [
        ("cache-2", "cache"),
        ("cache-3", "cache-2"),
    ]
    assert in_use(lsa) == {}


@simulated
async def test_the_old_one_is_unloaded_when_its_last_call_has_ended_and_its_leaks_are_told(
    log: Log, file: Path
) -> None:
    async with (
        lsart.open_lsa(f"{file}:Cache", bus=log.bus, settings=NOTHING) as lsa,
        lsa.connect() as client,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(client.call, "cache", b"5")
        await trio.sleep(1)
        writes(file, 2)
        await lsa.reload("cache")
        await trio.sleep(1)
        assert log.of(PackageUnloaded) == []
        assert (await client.call("cache", b"")).data.startswith(b"2 ")
        await trio.sleep(4)
        assert [(each.package, each.time_ns) for each in log.of(PackageUnloaded)] == [("cache", 5_750_000_000)]
        assert [each.package for each in log.of(PackageShutDown)] == ["cache"]
        assert [each.created.package for each in log.of(SectionLeaked)] == ["cache"]
        assert [each.package for each in log.of(ThreadEnded)] == ["cache"]
        assert len(lsa.memory.sections("cache-2")) == 1
    assert [each.created.package for each in log.of(SectionLeaked)] == ["cache", "cache-2"]


@simulated
async def test_a_call_that_waited_for_a_worker_counts_for_the_one_that_serves_it(log: Log, file: Path) -> None:
    settings = LsaSettings(workers=1, costs=NOTHING.costs)
    async with (
        lsart.open_lsa(f"{file}:Cache", bus=log.bus, settings=settings) as lsa,
        lsa.connect() as one,
        lsa.connect() as two,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(one.call, "cache", b"4.5")
        await trio.sleep(0.1)
        nursery.start_soon(two.call, "cache", b"5")  # until 10
        await trio.sleep(0.9)
        await lsa.reload("cache")
        await trio.sleep(4.5)
        assert [each.package for each in log.of(PackageUnloaded)] == ["cache"]
        await lsa.reload("cache")
        await trio.sleep(3)
        assert [each.package for each in log.of(PackageUnloaded)] == ["cache"]
        await trio.sleep(2)
        assert [each.package for each in log.of(PackageUnloaded)] == ["cache", "cache-2"]
    assert {each.status for each in log.of(CallFinished)} == {0}


@simulated
async def test_every_generation_keeps_its_own_module(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    boxes = []
    async with lsart.open_lsa(f"{file}:Cache") as lsa:
        for version in (2, 3):
            boxes.append(lsa.packages[0].entries["Initialize"].__self__.box)  # type: ignore[attr-defined]
            assert f"VERSION = {version - 1}" in inspect.getsource(sys.modules[type(boxes[-1]).__module__])
            writes(file, version)
            await lsa.reload("cache")
        boxes.append(lsa.packages[0].entries["Initialize"].__self__.box)  # type: ignore[attr-defined]
    assert [type(each).__module__ for each in boxes] == [
        "lsart_loaded_cache",
        "lsart_loaded_cache_2",
        "lsart_loaded_cache_3",
    ]
    assert [each.version for each in boxes] == [1, 2, 3]
    assert [type(pickle.loads(pickle.dumps(each))) for each in boxes] == [type(each) for each in boxes]
    assert "VERSION = 3" in inspect.getsource(sys.modules["lsart_loaded_cache_3"])


@simulated
async def test_a_module_is_run_again_too_with_its_relative_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    home = tmp_path / "changing"
    home.mkdir()
    (home / "__init__.py").write_text("from changing.cache import Cache\n", "utf-8")
    (home / "limits.py").write_text("SIZE = 7\n", "utf-8")
    module = home / "cache.py"
    module.write_text("from .limits import SIZE\n" + CACHE.format(version="1"), "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    async with lsart.open_lsa("changing.cache:Cache") as lsa, lsa.connect() as client:
        module.write_text("from .limits import SIZE\n" + CACHE.format(version="SIZE"), "utf-8")
        await lsa.reload("cache")
        assert (await client.call("cache", b"")).data.startswith(b"7 ")


@simulated
async def test_the_packages_of_a_module_are_loaded_again_together(tmp_path: Path, file: Path) -> None:
    pair = file.read_text("utf-8") + (
        "class Other(Cache):\n    def SpGetInfo(self):\n        return SecPkgInfo('other')\n"
        "def SpLsaModeInitialize(version):\n    return 0x10000, [Cache(), Other()]\n"
    )
    both = tmp_path / "both.py"
    both.write_text(pair, "utf-8")
    async with lsart.open_lsa(scripted("x"), str(both)) as lsa, lsa.connect() as client:
        assert [each.name for each in lsa.packages] == ["x", "cache", "other"]
        both.write_text(pair.replace("VERSION = 1", "VERSION = 2"), "utf-8")
        assert (await lsa.reload("other")).name == "other"
        assert [each.name for each in lsa.packages] == ["x", "cache", "other"]
        for name in ("cache", "other"):
            assert (await client.call(name, b"")).data.startswith(b"2 ")
        both.write_text(pair.replace("[Cache(), Other()]", "[Cache()]"), "utf-8")
        with pytest.raises(PackageLoadError, match="does not offer"):
            await lsa.reload("cache")
        assert (await client.call("other", b"")).data.startswith(b"2 ")


@simulated
async def test_a_class_is_made_again_and_an_object_cannot_be(log: Log) -> None:
    made: list[object] = []

    class Counted(Scripted):
        def __init__(self) -> None:
            super().__init__("counted")
            made.append(self)

    async with lsart.open_lsa(Counted, scripted("finished"), bus=log.bus) as lsa:
        await lsa.reload("counted")
        assert len(made) == 2
        with pytest.raises(PackageLoadError, match="finished object"):
            await lsa.reload("finished")
        with pytest.raises(StatusError, match="none of that name is up"):
            await lsa.reload("nobody")


@simulated
async def test_the_preferred_package_and_the_extender_stay_what_they_are(file: Path) -> None:
    flag = constants.SECPKG_FLAG_NEGO_EXTENDER
    file.write_text(
        CACHE.format(version="1").replace('else "cache"', f'else "cache", capabilities={flag}'),
        "utf-8",
    )
    async with lsart.open_lsa(f"{file}:Cache") as lsa:
        lsa.prefer("cache")
        package = await lsa.reload("cache")
        assert lsa.preferred is package
        assert package.info.capabilities == flag
        await trio.sleep(1)
        assert package.state is PackageState.READY


@pytest.mark.parametrize(("strategy", "worker"), [("dpor", "same"), ("random", "another")])
def test_no_schedule_leaves_a_client_or_a_calling_package_without_it(strategy: str, worker: Any) -> None:
    class Callee(Scripted):
        def __init__(self) -> None:
            super().__init__("b")
            self.is_up = False

        async def SpInitialize(self, *given: Any) -> Any:
            await super().SpInitialize(*given)
            self.is_up = True

        def SpShutdown(self) -> None:
            self.is_up = False

        async def LsaApCallPackage(self, *_: object) -> None:
            assert self.is_up
            await trio.lowlevel.checkpoint()
            assert self.is_up

        LsaApCallPackageUntrusted = LsaApCallPackage

    async def asks(table: Any, request: object, message: bytes) -> None:
        await table.CallPackage("b", b"", 0)

    async def main() -> None:
        settings = LsaSettings(watchdog=None, choices=lsart.Choices(call_package_worker=worker))

        async def client(name: str, package: str) -> None:
            async with lsa.connect(name) as each:
                await each.call(package, b"")

        async with (
            lsart.open_lsa(Callee, scripted("a", call=asks), settings=settings) as lsa,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(client, "x", "a", name="x")
            nursery.start_soon(client, "y", "b", name="y")
            await lsa.reload("b")
        assert lsa.memory.check() == []

    found = lsart.explore(main, strategy=strategy, labelled=True, schedules=60, shrink=False)
    assert found.failure is None, found.failure
    assert found.schedules > 20
