"""Finding a scenario: a file, the one that lies beside a package, or a sensible default for a package without one."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs

from lsart.contract import ConfigurationError, PackageLoadError
from lsart.runtime import PackageSpec, Resolved, resolve
from lsart.security import AccountsError, read_accounts
from lsart.stress._distributions import Exponential, Uniform
from lsart.stress._faults import ScenarioError, ScenarioFault, did_you_mean
from lsart.stress._operations import RAW, OperationError, offered_operations
from lsart.stress._scenario import AccountsFile, ClientGroup, LsaSetup, Operation, Scenario, check
from lsart.stress._structure import structure

__all__ = ["find_scenario", "load_scenario"]

Change = Callable[[Scenario], Scenario]

FILE_NAME = "scenario.toml"
_DEFAULT_CLIENTS = 100
_DEFAULT_CALLS = 20
_DEFAULT_SIZE = 4096


def load_scenario(source: Any) -> Scenario:
    """The scenario that `source` stands for, checked, its packages found.

    Args:
        source: a path to a ``.toml`` file; a package (anything that `PackageSpec` takes, or a PackageSpec, whose
            options then win); or a `Scenario`, which is checked and whose packages are looked up.

    A package is run under the ``scenario.toml`` beside it. Without one, 100 clients send it all its OPERATIONS, or
    random bytes.

    Raises:
        ScenarioError: the scenario has faults; all are listed.
        PackageLoadError: the source names a package that is not there.
        ConfigurationError: the file cannot be read.
    """
    return find_scenario(source, lambda scenario: scenario)


def find_scenario(source: Any, change: Change) -> Scenario:
    """`load_scenario`, with a change to what is found before it is checked."""
    if isinstance(source, Scenario):
        return _ready(change(source), f"scenario {source.name!r}")
    if isinstance(source, str | os.PathLike) and os.fspath(source).endswith(".toml"):
        found = _from_file(Path(source), change)
        assert found is not None
        return found
    spec = source if isinstance(source, PackageSpec) else PackageSpec(source)
    resolved = resolve(spec)
    beside = None if resolved.directory is None else resolved.directory / FILE_NAME
    if beside is not None and beside.is_file():
        scenario = _from_file(beside, change, of=resolved)
        if scenario is not None:
            return attrs.evolve(scenario, name=resolved.name)
    return _ready(change(_default(resolved)), resolved.label)


def _ready(scenario: Scenario, label: str) -> Scenario:
    """The scenario with its packages resolved, and with operations for every group; raises ScenarioError."""
    setup, unresolved = _resolved(scenario.lsa, Path())
    scenario, unread = _with_accounts(attrs.evolve(scenario, lsa=setup), Path())
    return _checked(scenario, label, unresolved + unread, packages_are_known=not unresolved)


def _checked(scenario: Scenario, label: str, faults: list[ScenarioFault], *, packages_are_known: bool) -> Scenario:
    """The scenario with operations for every group, unless there are faults; raises ScenarioError."""
    faults += [fault for fault in check(scenario) if packages_are_known or not fault.path.startswith("$.lsa")]
    if packages_are_known:
        scenario, unknown = _with_operations(scenario)
        faults += unknown
    if faults:
        raise ScenarioError(label, faults)
    return scenario


def _from_file(path: Path, change: Change, of: Resolved | None = None) -> Scenario | None:
    """The scenario in a file; None if it is there for other packages than the one it is wanted for."""
    scenario, faults = structure(_read(path), path.stem)
    setup = scenario.lsa
    setup_is_broken = any(fault.path.startswith("$.lsa") for fault in faults)
    if not setup.specs and not setup_is_broken:
        home = PackageSpec(of) if of is not None else _package_of(path.parent)
        setup = attrs.evolve(setup, packages=() if home is None else (home,))
    setup, unresolved = _resolved(setup, path.parent)
    packages_are_known = not (setup_is_broken or unresolved)
    if of is not None and packages_are_known:
        if not any(_home(spec.source.target) == _home(of.target) for spec in setup.specs):
            return None
        setup = _with_options(setup, of)
    scenario, unread = _with_accounts(change(attrs.evolve(scenario, lsa=setup)), path.parent)
    return _checked(scenario, str(path), faults + unresolved + unread, packages_are_known=packages_are_known)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        near = sorted(each.name for each in path.parent.glob("*.toml")) if path.parent.is_dir() else []
        hint = f"; {did_you_mean(path.name, near)}" if near else ""
        raise ConfigurationError(f"there is no scenario file {path}{hint}") from None
    except OSError as error:
        raise ConfigurationError(f"the scenario file {path} cannot be read: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}") from None


def _default(resolved: Resolved) -> Scenario:
    group = ClientGroup(count=_DEFAULT_CLIENTS, calls=_DEFAULT_CALLS, think_time=Exponential(1_000_000))
    setup = LsaSetup(packages=(PackageSpec(resolved),))
    return Scenario(name=resolved.name, lsa=setup, clients=(group,))


def _package_of(directory: Path) -> PackageSpec | None:
    """The package that a scenario without packages lies beside."""
    return PackageSpec(str(directory)) if (directory / "package.toml").is_file() else None


def _resolved(setup: LsaSetup, directory: Path) -> tuple[LsaSetup, list[ScenarioFault]]:
    """The setup with each package found once and for all; paths are taken from `directory`."""
    faults: list[ScenarioFault] = []

    def found(specs: tuple[PackageSpec, ...], key: str) -> tuple[PackageSpec, ...]:
        done = []
        for index, spec in enumerate(specs):
            try:
                done.append(PackageSpec(resolve(PackageSpec(_located(spec.source, directory), spec.options))))
            except PackageLoadError as error:
                faults.append(ScenarioFault(f"$.lsa.{key}[{index}]", str(error)))
                done.append(spec)
        return tuple(done)

    packages = found(setup.packages, "packages")
    authentication_packages = found(setup.authentication_packages, "authentication_packages")
    return (
        attrs.evolve(setup, packages=packages, authentication_packages=authentication_packages),
        faults,
    )


def _with_accounts(scenario: Scenario, directory: Path) -> tuple[Scenario, list[ScenarioFault]]:
    """The scenario with its file of accounts read; a relative path is taken from `directory`."""
    if not isinstance(scenario.accounts, AccountsFile):
        return scenario, []
    path = directory / scenario.accounts.file
    try:
        return attrs.evolve(scenario, accounts=read_accounts(path)), []
    except AccountsError as error:
        faults = [f"{path}: {fault}" for fault in error.faults]
    except (OSError, UnicodeDecodeError) as error:
        faults = [f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"]
    return scenario, [ScenarioFault("$.accounts.file", fault) for fault in faults]


def _located(source: Any, directory: Path) -> Any:
    """A path in a scenario is meant from where the scenario lies."""
    if not isinstance(source, str):
        return source
    where, colon, attribute = source.rpartition(":")
    if not colon or len(where) == 1:
        where, colon, attribute = source, "", ""
    is_path = where.endswith(".py") or "/" in where or os.sep in where or where in (".", "..")
    return f"{directory / where}{colon}{attribute}" if is_path else source


def _with_options(setup: LsaSetup, of: Resolved) -> LsaSetup:
    """Options that the caller gave for the package win over those of the file."""
    if not of.options:
        return setup

    def merged(spec: PackageSpec) -> PackageSpec:
        resolved: Resolved = spec.source
        if _home(resolved.target) != _home(of.target):
            return spec
        return PackageSpec(attrs.evolve(resolved, options={**resolved.options, **of.options}))

    return attrs.evolve(
        setup,
        packages=tuple(map(merged, setup.packages)),
        authentication_packages=tuple(map(merged, setup.authentication_packages)),
    )


def _home(target: Any) -> object:
    """What tells packages apart, however they were named: the file of their module."""
    module = target if isinstance(target, ModuleType) else sys.modules.get(getattr(target, "__module__", ""))
    file = getattr(module, "__file__", None)
    return os.path.realpath(file) if file else target


def _with_operations(scenario: Scenario) -> tuple[Scenario, list[ScenarioFault]]:
    """The scenario with something to send for every group, and the operations that no package offers."""
    faults: list[ScenarioFault] = []
    offered: dict[str, Any] = {}
    for spec in scenario.lsa.specs:
        try:
            offered.update(offered_operations(spec.source))
        except OperationError as error:
            faults.append(ScenarioFault("$.lsa.packages", str(error)))
    for index, group in enumerate(scenario.clients):
        for place, operation in enumerate(group.operations):
            if operation.name not in offered:
                faults.append(
                    ScenarioFault(
                        f"$.clients[{index}].operations[{place}].name",
                        f"unknown operation {operation.name!r}; {did_you_mean(operation.name, offered)}",
                    )
                )
    size = Uniform(1, _DEFAULT_SIZE)
    all_of_them = tuple(Operation(name=name, size=size) for name in offered if name != RAW)
    default = all_of_them or (Operation(name=RAW, size=size),)
    groups = tuple(group if group.operations else attrs.evolve(group, operations=default) for group in scenario.clients)
    return attrs.evolve(scenario, clients=groups), faults
