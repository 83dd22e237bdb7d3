"""One run of a scenario inside an event loop: everything in this floor leads here.

Load the packages, let the clients and their enemies loose, note the state before the LSA closes, then judge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Literal, TypeVar

import trio

from lsart.contract import ConfigurationError, LsassTerminated
from lsart.engine import now_ns
from lsart.events import Bus, PackageShutDown
from lsart.memory import Resource
from lsart.runtime import Lsa, LsaSettings, Resolved, open_lsa
from lsart.stress._faults import ScenarioError, ScenarioFault, did_you_mean
from lsart.stress._hostile import Attack
from lsart.stress._operations import Doing, offered_operations
from lsart.stress._population import Population, Tally
from lsart.stress._result import ExitCode, Progress, StressResult
from lsart.stress._scenario import ClientGroup, HostileGroup, Scenario
from lsart.watch import LeakSummary, Monitor, RunSummary, show_bytes

__all__ = ["Session"]

_CALLS_BETWEEN_PROGRESS = 200
_Group = TypeVar("_Group")


class Session:
    """A run of a scenario, from before it begins until after it ended, however it ended.

    Args:
        scenario: as `load_scenario` gives it. on_progress: told now and then; it cannot change the run.
        settings: of the LSA, the scenario's own if not given. on_lsa: given the LSA when it is up.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        bus: Bus | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        settings: LsaSettings | None = None,
        on_lsa: Callable[[Lsa], None] | None = None,
    ) -> None:
        self.scenario = scenario
        self._settings = settings or scenario.settings()
        self._on_lsa = on_lsa
        self.bus = Bus() if bus is None else bus
        self.monitor = Monitor(self.bus)
        self.interrupted = False
        self._problems: list[str] = []
        self._outcomes: list[str] = []
        self._refusals: tuple[str, ...] = ()
        self._is_up = False  # every package had its chance to start
        self._on_progress = on_progress
        self._total = scenario.total_calls
        self._tally = Tally(self._tell_progress)
        self._token: trio.lowlevel.TrioToken | None = None
        self._scope = trio.CancelScope()
        self._subscription = self.bus.subscribe(self._package_shut_down, PackageShutDown)

    async def run(self) -> None:
        """Run it to its end, or to Ctrl-C.

        Raises:
            ScenarioError: clients call a package that did not load under that name.
        """
        self._token = trio.lowlevel.current_trio_token()
        setup = self.scenario.lsa
        try:
            with trio.CancelScope() as self._scope:
                async with open_lsa(
                    *setup.packages,
                    authentication_packages=setup.authentication_packages,
                    settings=self._settings,
                    bus=self.bus,
                ) as lsa:
                    self._is_up = True
                    self._refusals = lsa.refusals
                    if self._on_lsa is not None:
                        self._on_lsa(lsa)
                    if not self._refusals:
                        await self._drive_and_look(lsa)
                self._check_books(lsa)
        except LsassTerminated as error:
            self.fail(f"LSASS went down: {error}")
        except (KeyboardInterrupt, BaseExceptionGroup) as error:
            self._sort_out(error)

    def interrupt(self) -> bool:
        """Ask the run to end, from a signal handler; False when that was asked before, or there is no run to end."""
        if self._token is None or self.interrupted:
            return False
        self.interrupted = True
        # Signal handlers run between any two instructions; the loop's own queue is the only safe way in.
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(self._stop)
        return True

    def _stop(self) -> None:
        # While clients are about, they alone are stopped: LSA then finishes what its workers are at, as at any end.
        self._scope.cancel()

    def fail(self, problem: str, *, is_outcome: bool = False) -> None:
        """Note why the run did not go well. Until LSA is up only a package that starts can be the reason.

        Args:
            is_outcome: it may have come of what packages did, as a deadlock does of a lock that one left locked, and
                is told below that.
        """
        if self._is_up:
            (self._outcomes if is_outcome else self._problems).append(problem)
        else:
            self._refusals = (*self._refusals, f"the packages did not start: {problem}")

    def close(self) -> None:
        """Stop listening to the bus, which may be the caller's."""
        self.monitor.close()
        self._subscription.cancel()

    def result(self, *, seed: int, clock: Literal["virtual", "real"], replay_line: str) -> StressResult:
        """Judge the run, after it ended."""
        summary = self.monitor.summary()
        problems = self._all_problems(summary)
        thresholds = tuple(each.judge(summary) for each in self.scenario.run.thresholds)
        if self.interrupted:
            code = ExitCode.INTERRUPTED
        elif self._refusals:
            code = ExitCode.NOT_STARTED
        elif problems:
            code = ExitCode.FAILED
        elif not all(each.passed for each in thresholds):
            code = ExitCode.THRESHOLD
        else:
            code = ExitCode.FINE
        return StressResult(
            scenario_name=self.scenario.name,
            seed=seed,
            clock=clock,
            summary=summary,
            thresholds=thresholds,
            problems=problems,
            refusals=self._refusals,
            interrupted=self.interrupted,
            exit_code=int(code),
            replay_line=replay_line,
        )

    def problems(self) -> tuple[str, ...]:
        """What went wrong, after the run ended, besides packages that did not start."""
        return self._all_problems(self.monitor.summary())

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why packages did not start."""
        return self._refusals

    def _all_problems(self, summary: RunSummary) -> tuple[str, ...]:
        return (*self._problems, *self._faults_of_packages(summary), *self._outcomes)

    # ------------------------------------------------------------------ the run

    async def _drive_and_look(self, lsa: Lsa) -> None:
        whole = self._scope
        try:
            with trio.CancelScope() as self._scope:
                await self._drive(lsa)
        finally:
            self._scope = whole
            self.monitor.snapshot(lsa.memory.sections(), lsa.machine.statistics())
        self._problems += [f"invariant broken: {message}" for message in lsa.check()]

    async def _drive(self, lsa: Lsa) -> None:
        start = now_ns()
        makers = _makers(self.scenario)
        populations = [
            Population(lsa, group, self._package(lsa, group, path), makers, self._tally, start)
            for path, group in _placed("clients", self.scenario.groups())
        ]
        attacks = [
            Attack(lsa, group, self._package(lsa, group, path), makers, start)
            for path, group in _placed("hostile", self.scenario.hostile)
        ]
        async with trio.open_nursery() as enemies:
            try:
                for attack in attacks:
                    attack.begin(enemies)
                async with trio.open_nursery() as nursery:
                    for population in populations:
                        population.begin(nursery)
                    for attack in attacks:
                        attack.begin_calls(nursery)
                enemies.cancel_scope.cancel()
            finally:
                for attack in attacks:
                    attack.end()
        self._report_progress(self._tally.done)

    def _package(self, lsa: Lsa, group: ClientGroup | HostileGroup, path: str) -> str:
        """The name of the package that a group has to do with."""
        names = [package.name for package in lsa.packages]
        if not group.package:
            return names[0]
        if group.package in names:
            return group.package
        problem = f"no package that loaded is called {group.package!r}; {did_you_mean(group.package, names)}"
        raise ScenarioError(f"scenario {self.scenario.name!r}", [ScenarioFault(f"{path}.package", problem)])

    def _tell_progress(self, done: int) -> None:
        if done % _CALLS_BETWEEN_PROGRESS == 0:
            self._report_progress(done)

    def _report_progress(self, done: int) -> None:
        if self._on_progress is not None:
            self._on_progress(Progress(done, self._total, now_ns()))

    # ------------------------------------------------------------------ how it ended

    def _sort_out(self, error: BaseException) -> None:
        """Ctrl-C ends the run and is no error; of anything else, what a person can act on comes out bare."""
        if not isinstance(error, BaseExceptionGroup):
            self.interrupted = True
            return
        interrupts, others = error.split(KeyboardInterrupt)
        if interrupts is not None:
            # What else went wrong may have gone wrong because of it, and must not hide the summary.
            self.interrupted = True
            if others is not None:
                self._problems += [f"while stopping: {type(leaf).__name__}: {leaf}" for leaf in _leaves(others)]
            return
        mistakes = [leaf for leaf in _leaves(error) if isinstance(leaf, ConfigurationError)]
        if mistakes:
            raise mistakes[0] from None
        raise error

    def _package_shut_down(self, event: PackageShutDown) -> None:
        if event.reason:
            self._problems.append(f"package {event.package!r}: SpShutdown failed: {event.reason}")

    def _check_books(self, lsa: Lsa) -> None:
        for resource in Resource:
            left = lsa.machine.in_use(resource)
            if left:
                self._problems.append(f"invariant broken: {left} of {resource.value} still charged after shutdown")

    def _faults_of_packages(self, summary: RunSummary) -> list[str]:
        found = [
            f"package {each.name!r} was disabled: {each.reason}"
            for each in summary.packages
            if each.state == "disabled"
        ]
        found += [f"misuse: {each.count} x {each.kind}, first {each.example}" for each in summary.misuse]
        found += [_leak(each) for each in summary.leaks]
        if self._tally.unserved:
            found.append(f"{_counted(self._tally.unserved, 'call')} met a package that was disabled")
        if self._tally.unreadable:
            found.append(f"a reply could not be read: {self._tally.unreadable}")
        if summary.calls_lost and not self.interrupted:
            found.append(f"{_counted(summary.calls_lost, 'call')} began and never ended")
        return found


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count:,} {what}s"


def _leak(leak: LeakSummary) -> str:
    if leak.where in ("sections", "logon sessions", "handles", "credentials"):
        what = _counted(leak.count, leak.where.removesuffix("s"))
    else:
        what = f"{_counted(leak.count, 'block')} in {leak.where}"
    return f"package {leak.package!r} left {what} behind ({show_bytes(leak.bytes)}); the first: {leak.example}"


def _placed(key: str, groups: Sequence[_Group]) -> list[tuple[str, _Group]]:
    return [(f"$.{key}[{index}]", group) for index, group in enumerate(groups)]


def _makers(scenario: Scenario) -> dict[str, Doing]:
    """Every operation of every package; of two with one name the earlier package's."""
    makers: dict[str, Doing] = {}
    for spec in scenario.lsa.specs:
        resolved = spec.source
        assert isinstance(resolved, Resolved)
        makers = offered_operations(resolved) | makers
    return makers


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for each in error.exceptions for leaf in _leaves(each)]
    return [error]
