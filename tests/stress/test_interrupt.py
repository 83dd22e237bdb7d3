"""Ctrl-C ends a run early, in order, with the summary so far."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from typing import Any

import pytest

import lsart
from lsart import Scenario
from lsart.events import (
    AllocationRefused,
    BlockAllocated,
    BlockFreed,
    CallFinished,
    CallStarted,
    LockAcquired,
    LockReleased,
    PackageShutDown,
)
from lsart.stress import ClientGroup, ExitCode, LsaSetup, Progress, run_scenario

pytestmark = [
    pytest.mark.filterwarnings("ignore::lsart.ContentionWarning"),
    pytest.mark.filterwarnings("ignore::lsart.ExhaustionWarning"),
]


class Interrupting:
    """Its 50th call is when somebody presses Ctrl-C: inside a worker, in the package's own code."""

    number = signal.SIGINT
    served = 0

    def SpInitialize(self, package_id: int, parameters: object, table: object) -> None:
        pass

    async def LsaApCallPackageUntrusted(self, *args: Any) -> None:
        self.served += 1
        if self.served == 50:
            signal.raise_signal(self.number)
        await lsart.sleep_ns(1000)

    def SpShutdown(self) -> None:
        pass


def endless(package: Any) -> Scenario:
    return Scenario(lsa=LsaSetup(packages=(package,)), clients=(ClientGroup(count=5, duration="1h", think_time="1ms"),))


def test_ctrl_c_in_a_package_ends_the_run_with_the_summary_so_far() -> None:
    bus = lsart.Bus()
    ends: list[PackageShutDown] = []
    bus.subscribe(ends.append, PackageShutDown)
    result = lsart.stress(endless(Interrupting), bus=bus)
    assert result.interrupted
    assert result.exit_code == ExitCode.INTERRUPTED
    assert result.problems == ()
    assert 45 <= result.summary.calls_finished <= 50
    assert [(each.package, each.reason) for each in ends] == [("interrupting", "")]
    assert result.summary.machine != ()


def test_ctrl_c_in_a_client_ends_the_run_with_the_summary_so_far() -> None:
    def press(progress: Progress) -> None:
        if progress.calls_done == 400:
            signal.raise_signal(signal.SIGINT)

    result = lsart.stress("ticketcache", duration="1h", on_progress=press)
    assert (result.interrupted, result.exit_code) == (True, ExitCode.INTERRUPTED)
    assert 400 <= result.summary.calls_finished < 600
    assert result.summary.sections != ()
    assert result.problems == ()


def test_ctrl_c_while_an_event_is_told_ends_the_run_too() -> None:
    bus = lsart.Bus()
    seen = 0

    def press(event: CallFinished) -> None:
        nonlocal seen
        seen += 1
        if seen == 30:
            signal.raise_signal(signal.SIGINT)

    bus.subscribe(press, CallFinished)
    result = lsart.stress("minimal", duration="1h", bus=bus)
    assert (result.interrupted, result.exit_code) == (True, ExitCode.INTERRUPTED)


@pytest.mark.parametrize(
    "event", [LockAcquired, LockReleased, BlockAllocated, BlockFreed, CallStarted, CallFinished, AllocationRefused]
)
def test_ctrl_c_in_the_middle_of_any_step_leaves_everything_in_order(event: type[lsart.Event]) -> None:
    bus = lsart.Bus()
    seen = 0

    def press(event: lsart.Event) -> None:
        nonlocal seen
        seen += 1
        if seen == 150:
            signal.raise_signal(signal.SIGINT)

    bus.subscribe(press, event)
    result = lsart.stress("ticketcache", duration="1h", bus=bus)
    assert (result.interrupted, result.exit_code, result.problems) == (True, ExitCode.INTERRUPTED, ())
    assert result.summary.calls_lost == 0


class Insisting(Interrupting):
    """Never gives up the loop, so that the first Ctrl-C waits for ever and somebody presses it again."""

    async def LsaApCallPackageUntrusted(self, *args: Any) -> None:
        self.served += 1
        if self.served == 50:
            while True:
                signal.raise_signal(signal.SIGINT)


def test_a_second_ctrl_c_gets_a_package_out_of_the_loop_that_it_holds() -> None:
    result = lsart.stress(endless(Insisting))
    assert (result.interrupted, result.exit_code) == (True, ExitCode.INTERRUPTED)
    assert result.summary.calls_started == 50


def test_ctrl_c_inside_the_run_of_another_program_gives_the_summary_too() -> None:
    def press(progress: Progress) -> None:
        if progress.calls_done == 200:
            signal.raise_signal(signal.SIGINT)

    result = lsart.run(partial(run_scenario, "minimal", on_progress=press))
    assert (result.interrupted, result.exit_code) == (True, ExitCode.INTERRUPTED)
    assert 200 <= result.summary.calls_finished < 1000


def test_whoever_wants_to_know_is_told_of_the_first_ctrl_c_alone() -> None:
    told: list[str] = []
    lsart.stress(endless(Insisting), on_interrupt=lambda: told.append("asked"))
    assert told == ["asked"]
    lsart.stress("minimal", clients=1, calls=1, on_interrupt=lambda: told.append("not asked"))
    assert told == ["asked"]


def test_sigterm_that_means_ctrl_c_ends_a_run_even_while_sigint_is_ignored() -> None:
    class Terminating(Interrupting):
        number = signal.SIGTERM

    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        result = lsart.stress(endless(Terminating))
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert (result.interrupted, result.exit_code, result.problems) == (True, ExitCode.INTERRUPTED, ())


def test_pythons_own_handler_is_back_after_the_run() -> None:
    lsart.stress("minimal", clients=1, calls=1)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


RUN = """
import sys, warnings
import lsart
warnings.simplefilter("ignore")
told = []
def tell(progress):
    if not told:
        told.append(progress)
        print("running", flush=True)
result = lsart.stress("ticketcache", duration="10h", on_progress=tell)
print(result.interrupted, result.exit_code, result.summary.calls_finished > 0, len(result.summary.sections))
sys.exit(result.exit_code)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to another process")
def test_ctrl_c_from_outside_ends_the_process_with_130() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", RUN], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert output == "True 130 True 1\n"
    assert errors == ""
    assert process.returncode == 130
