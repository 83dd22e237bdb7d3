"""Hostile clients reach what they aim at, and nothing that they do is a fault of the package."""

from __future__ import annotations

from typing import Any

import pytest
from runs import Shared

import lsart
from lsart import Scenario
from lsart.events import HostileWrite
from lsart.stress import ClientGroup, ExitCode, HostileGroup, LsaSetup, StressResult


class Reader(Shared):
    """Reads its section at each call: `length` bytes from `offset` on."""

    offset, length = 0, 100

    def SpGetInfo(self) -> lsart.SecPkgInfo:
        return lsart.SecPkgInfo(type(self).__name__.lower())

    async def LsaApCallPackageUntrusted(self, *args: Any) -> None:
        try:
            await self.table.memory.read(self.section + self.offset, self.length)
        except lsart.AccessViolation:
            raise lsart.StatusError(lsart.STATUS_ACCESS_VIOLATION) from None


class Other(Reader):
    """A second package, with a section of its own."""


class BelowNothing(Reader):
    length = -3


class BeyondTheCommit(Reader):
    offset = 8192


class AcrossTheCommit(Reader):
    offset = 4095


class Nothing(Reader):
    length = 0


def attack(*packages: type, called: str = "", attacked: str = "") -> tuple[StressResult, list[HostileWrite]]:
    """Everybody calls one package; each access of a package has a hostile write before it."""
    bus = lsart.Bus()
    writes: list[HostileWrite] = []
    bus.subscribe(writes.append, HostileWrite)
    whole = Scenario(
        lsa=LsaSetup(packages=packages),
        clients=(ClientGroup(count=2, calls=10, package=called),),
        hostile=(HostileGroup(probability=1.0, aim="access", package=attacked),),
    )
    return lsart.stress(whole, bus=bus), writes


@pytest.mark.parametrize("package", [BelowNothing, BeyondTheCommit, AcrossTheCommit, Nothing])
def test_an_access_that_cannot_be_is_the_packages_own_affair(package: type) -> None:
    result, writes = attack(package)
    calm = lsart.stress(Scenario(lsa=LsaSetup(packages=(package,)), clients=(ClientGroup(count=2, calls=10),)))
    assert (result.exit_code, result.problems) == (ExitCode.FINE, ())
    assert result.summary.by_status == calm.summary.by_status
    assert {each.offset for each in writes} == ({4095} if package is AcrossTheCommit else set())


def test_writes_at_an_access_stay_within_its_bytes() -> None:
    _, writes = attack(Reader)
    assert len(writes) == 20
    assert {each.section for each in writes} == {"section-1"}
    assert all(0 <= each.offset < Reader.length for each in writes)


def test_writes_at_an_access_are_for_the_package_under_attack_alone() -> None:
    _, writes = attack(Reader, Other, called="other", attacked="reader")
    assert writes == []
    _, writes = attack(Reader, Other, called="other", attacked="other")
    assert {each.section for each in writes} == {"section-2"}
