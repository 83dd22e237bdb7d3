"""A package that does not come up is unlisted, says why, and gives back what it had."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from lsas import Log, Scripted, in_use, scripted, simulated, status_of

import lsart
from lsart.contract import (
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_NO_SUCH_PACKAGE,
    STATUS_UNSUCCESSFUL,
    FunctionTable,
    PackageLoadError,
    PackageState,
    StatusError,
)
from lsart.events import BlockLeaked, PackageRefused, PackageShutDown, PackageUnloaded, SectionLeaked


def raising(error: BaseException) -> Any:
    async def initialize(table: FunctionTable) -> None:
        raise error

    return initialize


def nested(error: Exception) -> Exception:
    return ExceptionGroup("outer", [ExceptionGroup("inner", [error])])


FAILURES = {
    "a status": (raising(StatusError(STATUS_INSUFFICIENT_RESOURCES)), STATUS_INSUFFICIENT_RESOURCES, "it returned"),
    "a status in groups": (
        raising(nested(StatusError(STATUS_INSUFFICIENT_RESOURCES))),
        STATUS_INSUFFICIENT_RESOURCES,
        "it returned",
    ),
    "a returned status": (
        lambda table: STATUS_INSUFFICIENT_RESOURCES,
        STATUS_INSUFFICIENT_RESOURCES,
        "it returned STATUS_INSUFFICIENT_RESOURCES",
    ),
    "a returned negative long": (lambda table: -0x3FFFFFFF, STATUS_UNSUCCESSFUL, "it returned STATUS_UNSUCCESSFUL"),
    "an exception": (raising(KeyError("x")), STATUS_UNSUCCESSFUL, "it raised KeyError: 'x'"),
    "an exit": (raising(SystemExit(3)), STATUS_UNSUCCESSFUL, "it raised SystemExit: 3"),
    "a number too large": (lambda table: 1 << 40, STATUS_UNSUCCESSFUL, "expected None or an NTSTATUS"),
    "text": (lambda table: "fine", STATUS_UNSUCCESSFUL, "it returned str; expected None or an NTSTATUS"),
    "a truth": (lambda table: True, STATUS_UNSUCCESSFUL, "it returned bool; expected None or an NTSTATUS"),
}


@pytest.mark.rule("LSQ-19", "SPI-5", "SPI-6")
@pytest.mark.parametrize("case", FAILURES)
@simulated
async def test_a_package_that_fails_to_initialize_is_unloaded_and_unlisted(case: str, log: Log) -> None:
    initialize, status, reason = FAILURES[case]
    bad, good = scripted("bad", initialize=initialize), scripted("good")
    async with lsart.open_lsa(bad, good, bus=log.bus) as lsa, lsa.connect() as client:
        assert [each.name for each in lsa.packages] == ["good"]
        looked_up = client.LsaLookupAuthenticationPackage(client.handle, "bad")
        assert await status_of(looked_up) == STATUS_NO_SUCH_PACKAGE
        assert await status_of(client.LsaCallAuthenticationPackage(client.handle, bad.package_id, b"")) == (
            STATUS_NO_SUCH_PACKAGE
        )
        (refusal,) = lsa.refusals
        assert refusal.startswith("package 'bad' did not start: SpInitialize: ")
    refused = log.one(PackageRefused)
    assert (refused.package, refused.stage, refused.status) == ("bad", "SpInitialize", status)
    assert reason in refused.reason
    assert [each.package for each in log.of(PackageShutDown)] == []


@simulated
async def test_an_entry_point_that_is_a_generator_is_told_that_calling_it_runs_nothing(log: Log) -> None:
    class Odd:
        def SpInitialize(self, *args: object) -> Any:
            yield

    async with lsart.open_lsa(Odd, bus=log.bus):
        assert "Odd.SpInitialize contains a yield, so calling it runs nothing" in log.one(PackageRefused).reason


@simulated
async def test_an_awaitable_of_any_kind_is_awaited() -> None:
    class Awaitable:
        def __await__(self) -> Any:
            yield from trio.lowlevel.checkpoint().__await__()
            return None

    async with lsart.open_lsa(scripted("a", initialize=lambda table: Awaitable())) as lsa:
        assert [each.name for each in lsa.packages] == ["a"]


@pytest.mark.rule("SPI-4")
@pytest.mark.parametrize("how", ["returned", "raised"])
@pytest.mark.parametrize("status", [0, 1, 0x4000_0001])
@simulated
async def test_success_and_informational_statuses_mean_success(status: int, how: str) -> None:
    initialize = raising(StatusError(status)) if how == "raised" else lambda table: status
    async with lsart.open_lsa(scripted("a", initialize=initialize)) as lsa:
        assert [each.name for each in lsa.packages] == ["a"]
        assert lsa.refusals == ()


@simulated
async def test_what_a_refused_package_leaves_behind_is_reported_and_given_back(log: Log) -> None:
    async def initialize(table: FunctionTable) -> None:
        section = await table.CreateSharedMemory(65536, 4096)
        assert section is not None
        await table.AllocateSharedMemory(section, 100)
        await table.AllocateLsaHeap(50)
        raise StatusError(STATUS_INSUFFICIENT_RESOURCES)

    async with lsart.open_lsa(scripted("bad", initialize=initialize), bus=log.bus) as lsa:
        assert sorted(each.size for each in log.of(BlockLeaked)) == [50, 100]
        assert {each.allocated.package for each in log.of(BlockLeaked)} == {"bad"}
        assert log.one(SectionLeaked).created.package == "bad"
        assert lsa.memory.sections() == ()
    assert in_use(lsa) == {}


@simulated
async def test_a_taken_name_refuses_the_second_package_and_shuts_it_down(log: Log) -> None:
    ends: list[str] = []
    first = scripted("first", shutdown=lambda: ends.append("first"))
    second = scripted("second", shutdown=lambda: ends.append("second"))
    second.name = "first"
    async with lsart.open_lsa(first, second, bus=log.bus) as lsa:
        (package,) = lsa.packages
        assert package.key == "first"
        assert ends == ["second"]
        assert "the name 'first' is taken by the package from first; rename one" in lsa.refusals[0]
        assert [each.state for each in lsa.loader.refused] == [PackageState.UNLOADED]
        assert [each.package for each in log.of(PackageUnloaded)] == ["second"]
    assert ends == ["second", "first"]


@simulated
async def test_get_info_that_gives_something_else_refuses_the_package(log: Log) -> None:
    class Odd(Scripted):
        def SpGetInfo(self) -> Any:
            return "odd"

    async with lsart.open_lsa(Odd("odd"), bus=log.bus) as lsa:
        assert lsa.packages == ()
    assert "it returned str; expected a SecPkgInfo" in log.one(PackageRefused).reason


@simulated
async def test_a_source_that_leads_nowhere_is_the_users_mistake_and_others_are_shut_down() -> None:
    ends: list[str] = []
    with pytest.raises(PackageLoadError, match=r"no package 'minimall'\. Did you mean 'minimal'"):
        async with lsart.open_lsa(scripted("a", shutdown=lambda: ends.append("a")), "minimall"):
            raise AssertionError("nobody comes here")
    assert ends == ["a"]
