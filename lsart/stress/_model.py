"""A scenario as a model: a small population against a package, run again under one schedule after another.

Work costs no virtual time, and nobody thinks or waits to arrive: what is to be found is an order, and times would
settle most of it. What counts as a failure is what fails a run of `stress`; the first sign of it ends the run.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlencode

import attrs
import trio

from lsart.contract import ConfigurationError
from lsart.engine import end_run
from lsart.events import (
    Bus,
    ClientCrashed,
    FaultContained,
    ImpersonationLeft,
    LockOrphaned,
    LogonSessionLeft,
    MisuseEvent,
    Origin,
    OutputNotFromHeap,
    PackageDisabled,
    describe,
)
from lsart.exploration import Model
from lsart.memory import LSASS, Access, Section
from lsart.runtime import Costs, Lsa
from lsart.stress._fingerprint import fingerprint
from lsart.stress._load import find_scenario
from lsart.stress._overrides import Overrides
from lsart.stress._scenario import ClientGroup, Scenario
from lsart.stress._session import Session

__all__ = ["DEFAULT_CALLS", "DEFAULT_CLIENTS", "PackageFault", "UseAfterFree", "scenario_model"]

DEFAULT_CLIENTS = 4
DEFAULT_CALLS = 3


class PackageFault(Exception):  # noqa: N818  (what a package did, not an error of ours)
    """A package failed, or left something behind; the message says which and how.

    `symptom` is the message without what differs from schedule to schedule: numbers of calls and clients, offsets.
    """

    def __init__(self, message: str, symptom: str = "") -> None:
        super().__init__(message)
        self.symptom = symptom or re.sub(r"\d[\d,.]*", "#", message)


class UseAfterFree(PackageFault):
    """A package touched a block that had been freed; the message names all three ends."""


def scenario_model(
    source: Any,
    *,
    clients: int | None = None,
    calls: int | None = None,
    workers: int | None = None,
    torn_writes: bool = False,
    contain_faults: bool = False,
) -> Model:
    """The model of a package under few clients.

    Args:
        source: a package or a scenario; see `load_scenario`. clients: how many in all, 4 if not given.
        calls: for each of them, 3 if not given. workers: calls served at once; as in the scenario if not given.
        torn_writes: see `LsaSettings`. contain_faults: likewise; a run goes on after a fault of a package then, and
            fails by it at its end, unless something worse comes first. Where the scenario says so the fault ends it.

    Raises:
        ConfigurationError: no such package or scenario, or a scenario with faults.
    """
    overrides = Overrides(
        clients=DEFAULT_CLIENTS if clients is None else clients,
        calls=DEFAULT_CALLS if calls is None else calls,
        workers=workers,
        contain_faults=contain_faults,
    )
    scenario = find_scenario(source, lambda found: _without_times(overrides.apply(found)))
    run = _Run(source, scenario, overrides, torn_writes)
    return Model(
        main=run,
        name=run.name,
        labelled=True,
        fingerprint=fingerprint(scenario, run.name),
        smaller=run.smaller,
    )


def _without_times(scenario: Scenario) -> Scenario:
    """The same clients and messages, but for everything that takes time."""
    groups = tuple(
        attrs.evolve(group, arrivals=None, think_time=None, duration=None, patience=None, start=ClientGroup().start)
        for group in scenario.clients
    )
    run = attrs.evolve(scenario.run, duration=None, thresholds=())
    costs = Costs(heap_lock=0, commit_page=0, create_section=0)
    return attrs.evolve(scenario, clients=groups, costs=costs, run=run, hostile=())


@attrs.define(eq=False)
class _Run:
    """The model's main, and what it is made from. Can be sent to another process when its source can."""

    source: Any
    scenario: Scenario
    overrides: Overrides
    torn_writes: bool

    async def __call__(self) -> None:
        bus = Bus()
        watch = _Watch(bus, goes_on=self.overrides.contain_faults)
        settings = attrs.evolve(self.scenario.settings(), watchdog=None, torn_writes=self.torn_writes)
        session = Session(self.scenario, bus=bus, settings=settings, on_lsa=watch.look_at)
        try:
            await session.run()
        finally:
            session.close()
        for refusal in session.refusals:
            raise ConfigurationError(refusal)
        for problem in session.problems():
            raise PackageFault(problem)

    @property
    def name(self) -> str:
        """The text that leads here again: source and options, as in an address."""
        options = {
            "clients": self.overrides.clients,
            "calls": self.overrides.calls,
            "workers": self.overrides.workers,
            "torn": 1 if self.torn_writes else None,
            "contain": 1 if self.overrides.contain_faults else None,
        }
        query = urlencode({key: value for key, value in options.items() if value is not None})
        source = os.fspath(self.source) if isinstance(self.source, str | os.PathLike) else self.scenario.name
        return f"{source}?{query}"

    def __reduce__(self) -> tuple[Any, ...]:
        """As what it was made from: another process finds the package by its name."""
        overrides = self.overrides
        numbers = overrides.clients, overrides.calls, overrides.workers
        return _run_of, (self.source, *numbers, self.torn_writes, overrides.contain_faults)

    def smaller(self) -> Iterable[Model]:
        """One client fewer, then one call fewer each."""
        clients, calls = self.overrides.clients, self.overrides.calls
        if clients is not None:
            for fewer in range(2, clients):
                yield self._with(attrs.evolve(self.overrides, clients=fewer))
        if calls is not None:
            for fewer in range(1, calls):
                yield self._with(attrs.evolve(self.overrides, calls=fewer))

    def _with(self, overrides: Overrides) -> Model:
        return scenario_model(
            self.source,
            clients=overrides.clients,
            calls=overrides.calls,
            workers=overrides.workers if isinstance(overrides.workers, int) else None,
            torn_writes=self.torn_writes,
            contain_faults=overrides.contain_faults,
        )


def _run_of(source: Any, clients: int, calls: int, workers: int | None, torn_writes: bool, contain_faults: bool) -> Any:
    model = scenario_model(
        source,
        clients=clients,
        calls=calls,
        workers=workers,
        torn_writes=torn_writes,
        contain_faults=contain_faults,
    )
    return model.main


_MISUSE = (ClientCrashed, ImpersonationLeft, LockOrphaned, LogonSessionLeft, MisuseEvent, OutputNotFromHeap)


class _Watch:
    """Ends the run at the first sign of a failure, where the story of it is short."""

    def __init__(self, bus: Bus, *, goes_on: bool) -> None:
        self._lsa: Lsa | None = None
        bus.subscribe(self._on_trouble, PackageDisabled, *_MISUSE)
        if not goes_on:
            bus.subscribe(self._on_trouble, FaultContained)

    def look_at(self, lsa: Lsa) -> None:
        """Watch the accesses of this LSA's packages."""
        self._lsa = lsa
        lsa.pacer.add(self._before_access)

    def _on_trouble(self, event: Any) -> None:
        if isinstance(event, PackageDisabled | FaultContained):
            during = "" if event.call is None else f" in call {event.call}"
            end_run(PackageFault(f"package {event.package!r}: {event.entry_point} raised {event.reason}{during}"))
        else:
            end_run(PackageFault(describe(event)))

    def _before_access(self, access: Access) -> None:
        assert self._lsa is not None
        if access.space != LSASS:
            return
        for section in self._lsa.memory.sections():
            if 0 <= access.address - section.base < section.max_size:
                stray = _first_stray(section, access)
                if stray is not None:
                    end_run(_use_after_free(access, section, stray))
                return


def _first_stray(section: Section, access: Access) -> int | None:
    """The address of the first byte of an access that is in no block."""
    address = access.address
    while address < access.address + access.length:
        block = section.block_containing(address)
        if block is None:
            return address
        address = section.base + block.offset + block.rounded
    return None


def _use_after_free(access: Access, section: Section, stray: int) -> UseAfterFree:
    who = trio.lowlevel.current_task().name
    place = f"{access.kind} of {access.length} bytes at {section.name}[{access.address - section.base}] by {who}"
    place += f" ({_line_of_package()})"
    if stray != access.address:
        place += f", from byte {stray - access.address} on"
    ends = section.ends_of_freed_over(stray)
    if ends is None:
        return UseAfterFree(f"{place}, where there is no block", f"{access.kind} outside of blocks")
    allocated, freed = ends
    return UseAfterFree(
        f"{place}, a block that was freed: allocated {_by(allocated)}, freed {_by(freed)}",
        f"{access.kind} of a block of {allocated.package} that {freed.package} freed",
    )


def _line_of_package() -> str:
    """Where the code under way is, outside of lsart and trio."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] not in ("lsart", "trio"):
            path = Path(frame.f_code.co_filename)
            return f"{path.parent.name}/{path.name}, line {frame.f_lineno}"
        frame = frame.f_back
    return "no package"


def _by(origin: Origin) -> str:
    during = "outside of calls" if origin.call is None else f"in call {origin.call} of {origin.client}"
    return f"by {origin.package} with {origin.function} {during}"
