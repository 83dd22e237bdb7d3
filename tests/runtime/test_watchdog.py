"""A package that holds the loop is named, from outside, while it does."""

from __future__ import annotations

import logging
import time

import pytest
from lsas import scripted, simulated

import lsart
from lsart.contract import SECPKG_SLOTS, FunctionTable
from lsart.runtime import LsaSettings

BUSY_S = 0.6  # the one real wait of these tests: nothing virtual can hold a loop


def busy() -> None:
    end = time.monotonic() + BUSY_S
    while time.monotonic() < end:
        pass


def reports(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.name == "lsart.watchdog"]


def test_a_package_that_holds_the_loop_is_named_with_the_call_and_the_place(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        package = scripted("spinner", call=lambda *_: busy())
        async with lsart.open_lsa(package, settings=LsaSettings(watchdog=0.2)) as lsa, lsa.connect("alice") as client:
            await client.call("spinner", b"")

    with caplog.at_level(logging.WARNING, "lsart.watchdog"):
        lsart.run(main, clock="real")
    (report,) = reports(caplog)  # once per stall
    assert report.startswith("package 'spinner', serving call 1 of alice, has held the event loop for 0.")
    assert "in busy" in report


def test_a_package_that_holds_the_loop_while_it_starts_is_named_too(caplog: pytest.LogCaptureFixture) -> None:
    def initialize(table: FunctionTable) -> None:
        busy()

    async def main() -> None:
        async with lsart.open_lsa(scripted("spinner", initialize=initialize), settings=LsaSettings(watchdog=0.2)):
            pass

    with caplog.at_level(logging.WARNING, "lsart.watchdog"):
        lsart.run(main)
    (report,) = reports(caplog)
    assert report.startswith("package 'spinner', in SpInitialize, has held the event loop for 0.")


def test_a_package_that_was_entered_from_another_is_the_one_that_is_named(caplog: pytest.LogCaptureFixture) -> None:
    class Inner:
        def SpInitialize(self, *_: object) -> None: ...

        def SpAcceptCredentials(self, *_: object) -> None:
            busy()

    async def main() -> None:
        async def call(*_: object) -> None:
            slot = next(each for each in SECPKG_SLOTS if each.name == "AcceptCredentials")
            await lsa.entrance.enter(lsa.find_package("inner"), slot)

        packages = scripted("outer", call=call), Inner
        async with lsart.open_lsa(*packages, settings=LsaSettings(watchdog=0.2)) as lsa, lsa.connect("bob") as bob:
            await bob.call("outer", b"")

    with caplog.at_level(logging.WARNING, "lsart.watchdog"):
        lsart.run(main)
    (report,) = reports(caplog)
    assert report.startswith("package 'inner', in SpAcceptCredentials, serving call 1 of bob, has held the event loop")


@simulated
async def test_waiting_in_virtual_time_is_no_stall(caplog: pytest.LogCaptureFixture) -> None:
    async with lsart.open_lsa(settings=LsaSettings(watchdog=0.2)):
        await lsart.sleep_ns(10**18)
    assert reports(caplog) == []
