"""What a run does, and how it is judged."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
from runs import MILLISECOND, Package, Shared, Slow, calls_of, scenario

import lsart
from lsart import CallPackageReply, ClientRequest, ConfigurationError, FunctionTable, Scenario
from lsart.events import CallFinished, ClientConnected, HostileWrite
from lsart.stress import (
    Constant,
    ExitCode,
    HostileGroup,
    Operation,
    Progress,
    RunLimits,
    StressResult,
    run_scenario,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore::lsart.ContentionWarning"),
    pytest.mark.filterwarnings("ignore::lsart.ExhaustionWarning"),
]


class Buggy(Package):
    async def LsaApCallPackageUntrusted(self, *args: Any) -> None:
        raise RuntimeError("a bug")


class Refusing(Package):
    def SpInitialize(self, package_id: int, parameters: object, table: FunctionTable) -> None:
        raise lsart.StatusError(lsart.STATUS_INSUFFICIENT_RESOURCES)


class WithStrayTask(Package):
    async def LsaApCallPackageUntrusted(self, *args: Any) -> None:
        async def fails() -> None:
            raise ValueError("no one hears")

        trio.lowlevel.spawn_system_task(fails)


class NeverUp(Package):
    async def SpInitialize(  # type: ignore[override]  # both kinds of entry point are welcome
        self, package_id: int, parameters: object, table: FunctionTable
    ) -> None:
        await trio.sleep_forever()


class GoingDown(Shared):
    async def SpInitialize(  # type: ignore[override]  # both kinds of entry point are welcome
        self, package_id: int, parameters: object, table: FunctionTable
    ) -> None:
        await super().SpInitialize(package_id, parameters, table)
        block = await table.AllocateSharedMemory(self.section, 16)
        await table.FreeSharedMemory(self.section, block)
        await table.FreeSharedMemory(self.section, block)


class Failing(Package):
    """Says no, as documented."""

    async def LsaApCallPackageUntrusted(self, *args: Any) -> None:
        raise lsart.StatusError(lsart.STATUS_ACCESS_DENIED)


class Leaking(Shared):
    async def SpShutdown(self) -> None:
        pass


class FreeingTwice(Shared):
    async def LsaApCallPackageUntrusted(self, *args: Any) -> None:
        block = await self.table.AllocateSharedMemory(self.section, 16)
        await self.table.FreeSharedMemory(self.section, block)
        await self.table.FreeSharedMemory(self.section, block)


class Lying(Package):
    """Claims a longer reply than it sends."""

    async def LsaApCallPackageUntrusted(self, client_request: ClientRequest, *args: Any) -> CallPackageReply:
        reply = await self.table.reply(client_request, b"short")
        return CallPackageReply(reply.protocol_return_buffer, 1 << 30, 0)


class Stuck(Package):
    async def LsaApCallPackageUntrusted(self, *args: Any) -> None:
        await trio.Event().wait()


class BadEnd(Package):
    def SpShutdown(self) -> None:
        raise OSError("the disk is full")


# ---------------------------------------------------------------------- the samples


@pytest.fixture(scope="module")
def ticketcache() -> StressResult:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return lsart.stress("ticketcache")


def test_ticketcache_contends_and_runs_out_and_survives(ticketcache: StressResult) -> None:
    summary = ticketcache.summary
    assert summary.section_totals.created == 1
    assert {(each.category, each.subject) for each in summary.warnings} == {
        ("contention", "heap lock of section-1"),
        ("exhaustion", "section-1"),
    }
    assert ticketcache.exit_code == ExitCode.FINE
    assert ticketcache.problems == ()
    assert summary.calls_lost == 0
    assert summary.calls_finished == summary.calls_delivered > 5000
    assert summary.latency.p99 > 0


def test_ticketcache_issues_both_warnings() -> None:
    with pytest.warns() as caught:
        lsart.stress("ticketcache", duration="20ms")
    assert {each.category for each in caught} == {lsart.ContentionWarning, lsart.ExhaustionWarning}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", range(4))
def test_minimal_raises_no_warning(seed: int) -> None:
    result = lsart.stress("minimal", seed=seed)
    assert (result.exit_code, result.summary.warnings) == (0, ())
    assert result.summary.calls_finished == 1000


def test_ticketcache_withstands_hostile_writers() -> None:
    bus = lsart.Bus()
    writes: list[HostileWrite] = []
    bus.subscribe(writes.append, HostileWrite)
    base = lsart.load_scenario("ticketcache")
    hostile = (
        HostileGroup(name="patient", count=2, probability=0.2),
        HostileGroup(name="precise", probability=0.2, aim="access", size="1B"),
        HostileGroup(name="random", rate="poisson(20000/s)"),
    )
    result = lsart.stress(
        Scenario(name="siege", lsa=base.lsa, clients=base.clients, hostile=hostile), duration="40ms", bus=bus
    )
    assert (result.exit_code, result.problems) == (0, ())
    assert {each.client for each in writes} == {"patient-1", "patient-2", "precise-1", "random-1"}
    answers = {each.protocol_status for each in result.summary.by_status}
    assert "SEC_E_MESSAGE_ALTERED" in answers
    assert "STATUS_SUCCESS" in answers


# ---------------------------------------------------------------------- exit codes


def test_documented_failures_are_results() -> None:
    result = lsart.stress(scenario(Failing))
    (count,) = result.summary.by_status
    assert (count.status, count.count, count.is_success) == ("STATUS_ACCESS_DENIED", 3, False)
    assert (result.exit_code, result.problems) == (ExitCode.FINE, ())


def test_a_package_that_raises_fails_the_run() -> None:
    result = lsart.stress(scenario(Buggy))
    assert result.exit_code == ExitCode.FAILED
    disabled, unserved = result.problems
    assert "RuntimeError: a bug" in disabled
    assert unserved == "2 calls met a package that was disabled"


def test_a_package_that_raises_may_stay_in_use_and_fails_the_run_all_the_same() -> None:
    contained = scenario(Buggy)
    result = lsart.stress(attrs.evolve(contained, lsa=attrs.evolve(contained.lsa, contain_faults=True)))
    assert result.exit_code == ExitCode.FAILED
    (problem,) = result.problems
    assert problem.startswith("misuse: 3 x FaultContained, first ")
    assert "a bug" in problem
    assert sum(each.count for each in result.summary.by_status) == 3


def test_a_leak_fails_the_run() -> None:
    result = lsart.stress(scenario(Leaking))
    assert result.exit_code == ExitCode.FAILED
    assert "left 1 section behind (64.0 KiB)" in result.problems[0]


def test_misuse_fails_the_run() -> None:
    result = lsart.stress(scenario(FreeingTwice))
    assert result.exit_code == ExitCode.FAILED
    assert result.problems[0].startswith("misuse: 3 x DoubleFree")


def test_a_reply_that_is_not_there_fails_the_run() -> None:
    result = lsart.stress(scenario(Lying))
    assert result.exit_code == ExitCode.FAILED
    assert result.problems[0].startswith("a reply could not be read: operation 'raw' of client-1: access violation")


def test_a_deadlock_fails_the_run_and_is_named() -> None:
    result = lsart.stress(scenario(Stuck))
    assert result.exit_code == ExitCode.FAILED
    assert "deadlock" in result.problems[0]
    assert "client-1" in result.problems[0]


def test_a_system_task_of_a_package_that_fails_fails_the_run_and_leaves_its_summary() -> None:
    result = lsart.stress(scenario(WithStrayTask, calls=3))
    assert result.exit_code == ExitCode.FAILED
    assert any("a system task raised ValueError: no one hears" in each for each in result.problems)


def test_a_shutdown_that_fails_fails_the_run() -> None:
    result = lsart.stress(scenario(BadEnd))
    assert result.exit_code == ExitCode.FAILED
    (problem,) = result.problems
    assert re.search(r"SpShutdown.*the disk is full", problem)


def test_an_lsass_that_goes_down_fails_the_run() -> None:
    whole = scenario(FreeingTwice)
    choices = lsart.Choices(shared_double_free="terminate")
    result = lsart.stress(Scenario(lsa=whole.lsa, clients=whole.clients, choices=choices))
    assert result.exit_code == ExitCode.FAILED
    assert result.problems[0].startswith("LSASS went down: heap corruption: double free")


def test_a_package_that_refuses_lets_no_client_come() -> None:
    bus = lsart.Bus()
    clients: list[ClientConnected] = []
    bus.subscribe(clients.append, ClientConnected)
    result = lsart.stress(scenario(Refusing), bus=bus)
    assert result.exit_code == ExitCode.NOT_STARTED
    assert "STATUS_INSUFFICIENT_RESOURCES" in result.refusals[0]
    assert clients == []


@pytest.mark.parametrize(
    ("package", "reason"),
    [
        (NeverUp, "the packages did not start: deadlock at virtual time 0 ns: nothing can ever happen again\n"),
        (GoingDown, "the packages did not start: LSASS went down: heap corruption: double free"),
    ],
)
def test_a_run_that_ends_while_the_packages_start_never_started(package: type, reason: str) -> None:
    whole = scenario(package)
    choices = lsart.Choices(shared_double_free="terminate")
    result = lsart.stress(Scenario(lsa=whole.lsa, clients=whole.clients, choices=choices))
    assert result.exit_code == ExitCode.NOT_STARTED
    (refusal,) = result.refusals
    assert refusal.startswith(reason)


def test_a_crossed_threshold_decides_the_exit_code() -> None:
    limits = RunLimits(thresholds=("p99<3ms", "calls==3"))
    result = lsart.stress(scenario(Slow, limits=limits))
    assert [(each.text, each.passed) for each in result.thresholds] == [("p99<3ms", False), ("calls==3", True)]
    assert result.exit_code == ExitCode.THRESHOLD
    assert lsart.stress(scenario(Slow), thresholds=["p99<=3ms"]).exit_code == ExitCode.FINE


def test_a_failed_package_outweighs_a_crossed_threshold() -> None:
    assert lsart.stress(scenario(Buggy), thresholds=["failures==0"]).exit_code == ExitCode.FAILED


# ---------------------------------------------------------------------- the function


def test_overrides_change_the_run_and_are_in_the_line_that_replays_it() -> None:
    result = lsart.stress("minimal", seed=5, clients=4, calls=10, workers=2, thresholds=["p99<5ms"])
    assert result.summary.calls_finished == 40
    assert result.replay_line == (
        "lsart stress minimal --seed 5 --clients 4 --calls 10 --workers 2 --threshold 'p99<5ms'"
    )


def test_duration_given_alone_takes_the_place_of_calls() -> None:
    result = lsart.stress("minimal", duration="50ms")
    assert 40 * MILLISECOND <= result.summary.duration_ns < 60 * MILLISECOND
    both = lsart.stress("minimal", duration="10s", calls=2)
    assert both.summary.calls_finished == 40


def test_clients_of_several_groups_keep_their_proportions() -> None:
    _, started, _ = calls_of("ticketcache", clients=12, duration="20ms")
    assert {each.client for each in started} == {"logon-1", "logon-2"} | {f"user-{number}" for number in range(1, 11)}


def test_a_path_with_a_space_is_quoted_in_the_line(tmp_path: Path) -> None:
    path = tmp_path / "my scenario.toml"
    path.write_text('[lsa]\npackages = ["minimal"]\n[[clients]]\ncalls = 1\n')
    assert lsart.stress(path).replay_line == f"lsart stress '{path}' --seed 0"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"clients": 0}, "clients: expected a whole number of 1 or more, got 0"),
        ({"calls": -1}, "calls: expected"),
        ({"workers": 0}, "workers: expected"),
        ({"duration": "5"}, "duration: '5' is no duration"),
        ({"thresholds": ["p99"]}, "threshold: 'p99' is no threshold"),
    ],
)
def test_an_override_that_cannot_be_is_told_by_its_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        lsart.stress("minimal", **options)


def test_progress_is_told_now_and_then_and_at_the_end() -> None:
    seen: list[Progress] = []
    result = lsart.stress("minimal", calls=30, on_progress=seen.append)
    assert [(each.calls_done, each.calls_total) for each in seen] == [(200, 600), (400, 600), (600, 600), (600, 600)]
    assert seen == sorted(seen, key=lambda each: each.time_ns)
    assert seen[-1].time_ns <= result.summary.duration_ns


def test_a_run_that_only_time_ends_has_no_total() -> None:
    seen: list[Progress] = []
    lsart.stress("minimal", duration="200ms", on_progress=seen.append)
    assert {each.calls_total for each in seen} == {None}


def test_time_on_the_real_clock_is_real() -> None:
    result = lsart.stress(scenario(Package, calls=20, think_time="1ms"), clock="real")
    assert (result.clock, result.exit_code, result.summary.calls_finished) == ("real", 0, 20)
    assert result.summary.duration_ns >= 19 * MILLISECOND
    assert "clock='real'" in result.replay_line


def test_a_scenario_can_be_run_inside_a_run() -> None:
    inside = lsart.run(run_scenario, "minimal", seed=3)
    outside = lsart.stress("minimal", seed=3)
    assert inside == outside


def test_the_callers_bus_is_given_back_as_it_was() -> None:
    bus = lsart.Bus()
    lsart.stress("minimal", clients=1, calls=1, bus=bus)
    assert not bus.wants(CallFinished)


def test_the_floor_can_be_called_like_the_function() -> None:
    import lsart.stress as floor

    assert floor("minimal", clients=1, calls=1).exit_code == 0  # type: ignore[operator]  # a module, made callable


def test_sizes_are_passed_to_the_operation() -> None:
    class Measuring(Package):
        lengths: list[int] = []  # noqa: RUF012  # shared on purpose: the instance is LSA's

        async def LsaApCallPackageUntrusted(self, client_request: Any, submit: bytes, base: Any, length: int) -> None:
            self.lengths.append(length)

    lsart.stress(scenario(Measuring, operations=(Operation(name="raw", size=Constant(77)),)))
    assert Measuring.lengths == [77, 77, 77]
