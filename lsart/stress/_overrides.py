"""What a caller changes of a scenario without editing it, and how that is written on the command line."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from itertools import count
from typing import Any, Literal

import attrs

from lsart.contract import ConfigurationError
from lsart.runtime import PackageSpec
from lsart.stress import _fields, _units
from lsart.stress._scenario import ClientGroup, HostileGroup, Scenario
from lsart.stress._thresholds import threshold

__all__ = ["Overrides", "replay_line"]

_PROCESSES = 6  # hostile ones at once


@attrs.frozen(kw_only=True)
class Overrides:
    """Changes to a scenario; None leaves it as it is.

    Args:
        clients: clients in all; several groups keep their proportions, each keeps at least one.
        calls: for each group, as `ClientGroup.calls`. workers: calls served at once, or ``"unlimited"``.
        duration: for each group, as text or nanoseconds; unless `calls` is given too, it alone ends the groups.
        hostile: calls of hostile processes beside the clients, by a group of their own.
        thresholds: added to those of the scenario.
        contain_faults: whether a package that raises an exception stays in use; False leaves that to the scenario.
    """

    clients: int | None = None
    calls: int | None = None
    workers: int | Literal["unlimited"] | None = None
    duration: str | None = None
    hostile: int | None = None
    thresholds: tuple[str, ...] = ()
    contain_faults: bool = False

    def apply(self, scenario: Scenario) -> Scenario:
        """The scenario with these changes.

        Raises:
            ConfigurationError: a value that cannot be; the message names the option.
        """
        clients = _read("clients", _fields.positive, self.clients)
        calls = _read("calls", _fields.positive, self.calls)
        duration = _read("duration", _units.duration, self.duration)
        groups = scenario.groups()
        if clients is not None:
            counts = _shares(clients, [group.count for group in groups])
            groups = tuple(attrs.evolve(group, count=each) for group, each in zip(groups, counts, strict=True))
        if calls is not None or duration is not None:
            groups = tuple(_limited(group, calls, duration) for group in groups)
        enemies = scenario.hostile
        if self.hostile is not None:
            taken = {each.name for each in groups} | {each.name for each in enemies}
            name = next(each for each in (f"enemies-{number}" for number in count(1)) if each not in taken)
            number = _read("hostile", _fields.positive, self.hostile)
            enemies += (HostileGroup(name=name, count=_PROCESSES, calls=number),)
        setup = scenario.lsa
        if self.workers is not None:
            setup = attrs.evolve(setup, workers=_read("workers", _fields.workers, self.workers))
        if self.contain_faults:
            setup = attrs.evolve(setup, contain_faults=True)
        more = tuple(_read("threshold", threshold, each) for each in self.thresholds)
        limits = attrs.evolve(scenario.run, thresholds=(*scenario.run.thresholds, *more))
        return attrs.evolve(scenario, clients=groups, hostile=enemies, lsa=setup, run=limits)

    def arguments(self) -> list[str]:
        """The options of ``lsart stress`` that say the same."""
        found: list[str] = []
        for name in ("clients", "calls", "workers", "duration", "hostile"):
            value = getattr(self, name)
            if value is not None:
                found += [f"--{name}", str(value)]
        for each in self.thresholds:
            found += ["--threshold", each]
        return [*found, "--contain"] if self.contain_faults else found


def replay_line(source: Any, scenario: Scenario, seed: int, clock: str, overrides: Overrides) -> str:
    """What to paste to see a run again: a command, or Python where the source is an object of the program."""
    arguments = ["--seed", str(seed), *(["--clock", clock] if clock != "virtual" else []), *overrides.arguments()]
    if isinstance(source, str | os.PathLike):
        return shlex.join(["lsart", "stress", os.fspath(source), *arguments])
    given = {name: value for name, value in attrs.asdict(overrides).items() if value not in (None, (), False)}
    options = {"seed": seed, **({"clock": clock} if clock != "virtual" else {}), **given}
    what = source.source if isinstance(source, PackageSpec) else source
    name = getattr(what, "__qualname__", None) or scenario.name
    return f"lsart.stress({name}, {', '.join(f'{key}={value!r}' for key, value in options.items())})"


def _limited(group: ClientGroup, calls: int | None, duration: int | None) -> ClientGroup:
    if duration is None:
        return attrs.evolve(group, calls=calls)
    return attrs.evolve(group, calls=calls, duration=duration)


def _read(name: str, parser: Any, value: Any) -> Any:
    if value is None:
        return None
    try:
        return parser(value)
    except ValueError as error:
        raise ConfigurationError(f"{name}: {error}") from None


def _shares(total: int, counts: Iterable[int]) -> list[int]:
    """`total` split in proportion, every part at least 1, by largest remainder."""
    counts = list(counts)
    whole = sum(counts)
    shares = [max(1, total * each // whole) for each in counts]
    order = sorted(range(len(counts)), key=lambda i: (-(total * counts[i] % whole), i))
    for index in order:
        if sum(shares) < total:
            shares[index] += 1
    return shares
