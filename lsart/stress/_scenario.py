"""What a run is made of: the scenario and its parts.

Values can be given as people write them (``think_time="exponential(2ms)"``, ``max_size="64KiB"``) or finished. What a
field alone cannot know, whether the parts fit together, is decided by `check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import attrs
from attrs.converters import optional

from lsart.contract import Choices
from lsart.memory import MachineLimits
from lsart.runtime import Costs, LsaSettings, PackageSpec
from lsart.security import Accounts
from lsart.stress import _fields, _units
from lsart.stress._arrivals import Arrivals, Start, arrivals, start
from lsart.stress._distributions import Constant, Distribution, Uniform, duration_distribution, size_distribution
from lsart.stress._faults import ScenarioFault
from lsart.stress._thresholds import Threshold, threshold

_BY_ELEMENT = {_fields.PARSER: None}
_DURATION = {_fields.PARSER: _units.duration}

__all__ = ["AccountsFile", "ClientGroup", "HostileGroup", "LsaSetup", "Operation", "RunLimits", "Scenario"]


def _specs(sources: Iterable[Any]) -> tuple[PackageSpec, ...]:
    if isinstance(sources, str):
        raise ValueError(f"expected several packages, got the one text {sources!r}; write ({sources!r},)")
    return tuple(each if isinstance(each, PackageSpec) else PackageSpec(each) for each in sources)


def _thresholds(values: Iterable[Any]) -> tuple[Threshold, ...]:
    return tuple(map(threshold, values))


@attrs.frozen(kw_only=True, field_transformer=_fields.named)
class LsaSetup:
    """What LSA loads and how it serves.

    Args:
        packages: the "Security Packages" list, as names, paths or `PackageSpec`. A scenario that lies beside a package
            may leave it out: then it is that package.
        authentication_packages: the "Authentication Packages" list.
        workers: calls served at once, None (in a file ``"unlimited"``) for no limit.
        grace: how long calls in flight, and each SpShutdown, get at the end before they are cancelled.
        contain_faults: whether a package that raises an exception stays in use. The run has failed all the same.
    """

    packages: tuple[PackageSpec, ...] = attrs.field(default=(), converter=_specs, metadata=_BY_ELEMENT)
    authentication_packages: tuple[PackageSpec, ...] = attrs.field(default=(), converter=_specs, metadata=_BY_ELEMENT)
    workers: int | None = attrs.field(default=64, converter=_fields.workers)
    grace: int = attrs.field(default=5 * _units.NS_PER_S, converter=_fields.nanoseconds, metadata=_DURATION)
    contain_faults: bool = attrs.field(default=False, converter=_fields.yes_or_no)

    @property
    def specs(self) -> tuple[PackageSpec, ...]:
        """All packages, in load order."""
        return self.packages + self.authentication_packages


@attrs.frozen(kw_only=True, field_transformer=_fields.named)
class AccountsFile:
    """Who may log on.

    Args:
        file: a file of accounts; in a scenario file its path is meant from where the scenario lies.
    """

    file: str = attrs.field(converter=_fields.text)


@attrs.frozen(kw_only=True, field_transformer=_fields.named)
class Operation:
    """A kind of message that clients send.

    Args:
        name: a key of OPERATIONS of the package's module, or ``"raw"`` for random bytes.
        weight: how often, relative to the others of the group.
        size: passed to the function that makes the message, which may mean it as it likes; bytes.
    """

    name: str = attrs.field(converter=_fields.text)
    weight: float = attrs.field(default=1, converter=_fields.weight)
    size: Distribution = attrs.field(default=Constant(64), converter=size_distribution)


@attrs.frozen(kw_only=True, field_transformer=_fields.named)
class ClientGroup:
    """Clients that are alike.

    A closed loop (the default): each client calls, waits for the reply, thinks, and calls again. An open loop
    (`arrivals`): calls arrive whether or not earlier ones have ended, and the group's clients take them in turn.

    Args:
        name: clients are called name-1, name-2, ... package: whom they call; the first package that loaded, if empty.
        count: how many clients.
        calls: after how many calls they stop: each of them in a closed loop, all of them together in an open one.
        duration: after how long they start no further call, in nanoseconds. With both, whichever comes first.
        think_time: pause after each reply, in nanoseconds; none if absent. arrivals: makes it an open loop.
        start: when each client of a closed loop begins.
        operations: what they send; every operation that the package offers, if empty.
        patience: how long a client waits for a reply before it gives up, in nanoseconds; for ever if absent.
        trusted: connect as a logon process with SeTcbPrivilege. map_section: map the package's first section.
    """

    name: str = attrs.field(default="client", converter=_fields.text)
    package: str = attrs.field(default="", metadata={_fields.PARSER: _fields.text})
    count: int = attrs.field(default=1, converter=_fields.positive)
    calls: int | None = attrs.field(default=None, converter=optional(_fields.positive))
    duration: int | None = attrs.field(default=None, converter=optional(_fields.nanoseconds), metadata=_DURATION)
    think_time: Distribution | None = attrs.field(default=None, converter=optional(duration_distribution))
    arrivals: Arrivals | None = attrs.field(default=None, converter=optional(arrivals))
    start: Start = attrs.field(default=Start(), converter=start)
    operations: tuple[Operation, ...] = ()
    patience: int | None = attrs.field(default=None, converter=optional(_fields.nanoseconds), metadata=_DURATION)
    trusted: bool = attrs.field(default=False, converter=_fields.yes_or_no)
    map_section: bool = attrs.field(default=False, converter=_fields.yes_or_no)

    @property
    def total_calls(self) -> int | None:
        """Calls that the group makes unless time ends it first; None when only time ends it."""
        if self.calls is None:
            return None
        return self.calls if self.arrivals is not None else self.calls * self.count


@attrs.frozen(kw_only=True, field_transformer=_fields.named)
class HostileGroup:
    """Clients that map the package's sections and write where they should not, until the others have ended; and
    processes that make hostile calls.

    Args:
        name, count, package: as of `ClientGroup`.
        probability: of a write before each access that anybody makes to shared bytes: between any two loads.
        rate: writes at moments of their own, as arrivals are written (``"poisson(1000/s)"``), by the group.
        calls: of every function that a process has, with whatever it can pass (see `Battery`), made by `count`
            processes together; the run ends no earlier.
        size: bytes of one write. aim: ``"anywhere"`` in the committed part of a section, or ``"access"``: at the
            very bytes that are about to be accessed (needs `probability`).
    """

    name: str = attrs.field(default="hostile", converter=_fields.text)
    package: str = attrs.field(default="", metadata={_fields.PARSER: _fields.text})
    count: int = attrs.field(default=1, converter=_fields.positive)
    probability: float | None = attrs.field(default=None, converter=optional(_fields.probability))
    rate: Arrivals | None = attrs.field(default=None, converter=optional(arrivals))
    calls: int | None = attrs.field(default=None, converter=optional(_fields.positive))
    size: Distribution = attrs.field(default=Uniform(1, 8), converter=size_distribution)
    aim: str = attrs.field(default="anywhere", converter=_fields.aim)


@attrs.frozen(kw_only=True, field_transformer=_fields.named)
class RunLimits:
    """When the run ends and what decides its exit code.

    Args:
        calls, duration: for every group of clients that has neither. thresholds: ``"p99<5ms"`` and its like.
    """

    calls: int | None = attrs.field(default=None, converter=optional(_fields.positive))
    duration: int | None = attrs.field(default=None, converter=optional(_fields.nanoseconds), metadata=_DURATION)
    thresholds: tuple[Threshold, ...] = attrs.field(default=(), converter=_thresholds, metadata=_BY_ELEMENT)


@attrs.frozen(kw_only=True, field_transformer=_fields.named)
class Scenario:
    """A whole run, but for the seed.

    Args:
        name: what reports call it.
        lsa, machine, costs, choices: how the LSA is set up; see `LsaSettings`.
        accounts: who may log on; nobody if absent. A file is read when the scenario is loaded.
        clients, hostile: who uses it. run: when it ends, and its thresholds.
    """

    name: str = "scenario"
    lsa: LsaSetup = attrs.field(factory=LsaSetup)
    machine: MachineLimits = attrs.field(factory=MachineLimits)
    costs: Costs = attrs.field(factory=Costs)
    choices: Choices = attrs.field(factory=Choices)
    accounts: Accounts | AccountsFile | None = None
    clients: tuple[ClientGroup, ...] = ()
    hostile: tuple[HostileGroup, ...] = ()
    run: RunLimits = attrs.field(factory=RunLimits)

    def settings(self) -> LsaSettings:
        """How to open the LSA."""
        return LsaSettings(
            machine=self.machine,
            choices=self.choices,
            costs=self.costs,
            workers=self.lsa.workers,
            grace=self.lsa.grace,
            contain_faults=self.lsa.contain_faults,
            accounts=self.accounts if isinstance(self.accounts, Accounts) else Accounts(),
        )

    def groups(self) -> tuple[ClientGroup, ...]:
        """The client groups, with the limits of the run where they have none of their own."""
        return tuple(
            group
            if group.calls is not None or group.duration is not None
            else attrs.evolve(group, calls=self.run.calls, duration=self.run.duration)
            for group in self.clients
        )

    @property
    def total_calls(self) -> int | None:
        """Calls of all groups; None when one of them is ended by time alone."""
        totals = [group.total_calls for group in self.groups()]
        return None if None in totals else sum(total for total in totals if total is not None)


def check(scenario: Scenario) -> Iterator[ScenarioFault]:
    """What does not fit together."""
    if not scenario.lsa.specs:
        yield ScenarioFault("$.lsa.packages", 'required: name at least one package, such as ["ticketcache"]')
    if not scenario.clients:
        yield ScenarioFault("$.clients", "required: at least one group of clients, written [[clients]]")
    for index, group in enumerate(scenario.groups()):
        path = f"$.clients[{index}]"
        if group.calls is None and group.duration is None:
            yield ScenarioFault(path, "it would never end; give it calls or duration, or [run] one of them")
        if group.arrivals is not None and group.think_time is not None:
            yield ScenarioFault(f"{path}.arrivals", "calls either arrive or follow a think_time; remove one of them")
        if group.arrivals is not None and group.start != Start():
            yield ScenarioFault(f"{path}.start", "is for clients that think; when calls arrive is said by arrivals")
        timed = group.duration is not None and group.calls is None and group.arrivals is None
        if timed and (group.think_time is None or not group.think_time.mean):
            yield ScenarioFault(
                f"{path}.think_time",
                "required when only duration ends the group: calls that take no time would never let time pass",
            )
    for index, hostile in enumerate(scenario.hostile):
        path = f"$.hostile[{index}]"
        if hostile.probability is None and hostile.rate is None and hostile.calls is None:
            yield ScenarioFault(path, "it would do nothing; give it a probability or a rate of writes, or calls")
        if hostile.aim == "access" and hostile.probability is None:
            yield ScenarioFault(f"{path}.aim", "'access' needs a probability: a rate knows of no access to aim at")
    names = [group.name for group in scenario.clients] + [group.name for group in scenario.hostile]
    paths = [f"$.clients[{i}].name" for i in range(len(scenario.clients))]
    paths += [f"$.hostile[{i}].name" for i in range(len(scenario.hostile))]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield ScenarioFault(paths[index], f"{name!r} is the name of another group too; names are unique")
