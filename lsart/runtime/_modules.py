"""One module (a DLL, on Windows) and the packages in it: SpLsaModeInitialize, or the Python short forms of it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, cast

import attrs

from lsart.contract import SECPKG_SLOTS, Choices, PackageLoadError, Slot, constants
from lsart.runtime._invoke import invoke, is_fault, returned_status
from lsart.runtime._package import Package, entry_points
from lsart.runtime._resolve import Resolved, package_classes
from lsart.runtime._user_modules import UserModule

__all__ = ["Module", "last_slot_of", "open_module"]

_VERSIONS = {
    value: number
    for number in range(1, 12)
    for value in [getattr(constants, f"SECPKG_INTERFACE_VERSION{'' if number == 1 else f'_{number}'}")]
}


@attrs.frozen
class Module:
    """A loaded module: its label and its packages, not initialized yet."""

    label: str
    packages: tuple[Package, ...]


async def open_module(resolved: Resolved, choices: Choices) -> Module:
    """Get the package tables of a module.

    Raises:
        PackageLoadError: it offers no package, or its SpLsaModeInitialize failed.
    """
    target = resolved.target
    initialize = getattr(target, "SpLsaModeInitialize", None)
    if initialize is not None:
        version, found = await _ask(initialize, resolved)
        tables: Sequence[object] = found
        last_slot = last_slot_of(version, resolved.label, choices)
        if not tables:
            raise PackageLoadError(f"{resolved.label}: SpLsaModeInitialize returned no tables", package=resolved.name)
    else:
        last_slot = len(SECPKG_SLOTS) - 1
        tables = [_construct(target, resolved)]
    packages = []
    user_module = UserModule(resolved.label, target, tuple(tables))
    for index, implementation in enumerate(tables):
        name = resolved.name if len(tables) == 1 else f"{resolved.name}-{index + 1}"
        entries = entry_points(implementation, label=resolved.label, last_slot=last_slot)
        if "Initialize" not in entries and "InitializePackage" not in entries:
            kind = type(implementation).__name__
            raise PackageLoadError(
                f"{resolved.label}: {kind} is no package: it has neither SpInitialize nor LsaApInitializePackage",
                package=name,
            )
        packages.append(Package(name, resolved.label, entries, user_module.half_of(index)))
    return Module(resolved.label, tuple(packages))


async def _ask(initialize: Any, resolved: Resolved) -> tuple[int, Sequence[object]]:
    label = resolved.label
    if resolved.options:
        raise PackageLoadError(
            f"{label}: options {sorted(resolved.options)} have nowhere to go, as SpLsaModeInitialize takes none"
        )
    try:
        result = await invoke(initialize, constants.SECPKG_INTERFACE_VERSION)
    except BaseException as error:
        if not is_fault(error):
            raise
        if (status := returned_status(error)) is not None:
            raise PackageLoadError(f"{label}: SpLsaModeInitialize failed with {status}") from error
        raise PackageLoadError(f"{label}: SpLsaModeInitialize raised {type(error).__name__}: {error}") from error
    try:
        version, tables = cast("tuple[int, Sequence[object]]", result)
        return int(version), list(tables)
    except (TypeError, ValueError):
        raise PackageLoadError(
            f"{label}: SpLsaModeInitialize returned {result!r}; expected (package_version, [packages])"
        ) from None


def last_slot_of(version: int, label: str, choices: Choices, slots: Sequence[Slot] = SECPKG_SLOTS) -> int:
    """Index of the last slot of a table that is read for a returned PackageVersion (LSQ-9, LSQ-10, USQ-7).

    Raises:
        PackageLoadError: the version is unknown, and `Choices.unknown_package_version` refuses it.
    """
    number = _VERSIONS.get(version)
    if number is None:
        if choices.unknown_package_version == "refuse":
            known = ", ".join(f"{value:#x}" for value in _VERSIONS)
            raise PackageLoadError(f"{label}: PackageVersion {version:#x} is unknown; known are {known}")
        number = 1 if choices.unknown_package_version == "as_first" else max(_VERSIONS.values())
    return max(slot.index for slot in slots if slot.interface_version <= number)


def _construct(target: Any, resolved: Resolved) -> object:
    """The package object behind a module, a class, a factory or an object."""
    label = resolved.label
    if isinstance(target, ModuleType):
        classes = package_classes(target)
        if len(classes) != 1:
            found = ", ".join(each.__name__ for each in classes) or "none"
            raise PackageLoadError(
                f"{label}: expected one class with SpInitialize, found {found}. Name it ({label}:Class), or write "
                "SpLsaModeInitialize(lsa_version) that returns (package_version, [packages]).",
                package=resolved.name,
            )
        target = classes[0]
    if inspect.isclass(target) or inspect.isfunction(target):
        return _build(target, resolved.options, label)
    if resolved.options:
        raise PackageLoadError(f"{label} is a finished object and takes no options: {sorted(resolved.options)}")
    return target


def _build(factory: Any, options: Mapping[str, Any], label: str) -> object:
    accepted = "nothing that can be listed"
    try:
        signature = inspect.signature(factory)
        accepted = ", ".join(signature.parameters) or "none"
        signature.bind(**options)
    except (TypeError, ValueError) as error:
        raise PackageLoadError(
            f"{label}: options {dict(options)!r} do not fit: {error}. It accepts: {accepted}."
        ) from None
    try:
        return factory(**options)
    except (Exception, SystemExit) as error:
        raise PackageLoadError(f"{label}: constructing it raised {type(error).__name__}: {error}") from error
