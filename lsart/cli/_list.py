"""`lsart list`: which packages are installed, what they say of themselves, where they come from."""

from __future__ import annotations

import textwrap
from typing import TextIO

import attrs

from lsart.cli._failures import width
from lsart.contract import PackageLoadError, SecPkgInfo
from lsart.runtime import PackageSpec, installed_packages, package_groups, resolve

__all__ = ["show_packages"]


@attrs.frozen
class _Entry:
    """One installed package."""

    name: str
    comment: str
    target: str
    has_scenario: bool


def show_packages(out: TextIO, shows_all: bool = False) -> int:
    """Print the installed packages; 0 always, as an empty list is an answer.

    Large groups, as the names before a dot make them, are counted at the end, unless all shall be shown.
    """
    installed = installed_packages()
    if not installed:
        print("No packages are installed. `lsart new mypackage` writes one.", file=out)
        return 0
    groups = {} if shows_all else package_groups(installed)
    folded = {name for names in groups.values() for name in names}
    entries = [_examine(name, target) for name, target in installed.items() if name not in folded]
    # Without groups at first, as they are for those who look for more than a sample.
    entries.sort(key=lambda each: "." in each.name)
    indent = 2 + max(len(each) for each in (*(entry.name for entry in entries), *(f"{each}.*" for each in groups)))
    for entry in entries:
        print(_filled(entry.comment, entry.name.ljust(indent), " " * indent), file=out)
        scenario = ", with a scenario" if entry.has_scenario else ""
        print(_filled(f"{entry.target}{scenario}", " " * indent, " " * indent), file=out)
    for group, names in groups.items():
        what = f"{len(names)} packages, from {names[0]} to {names[-1]}; `lsart list --all` shows each"
        print(_filled(what, f"{group}.*".ljust(indent), " " * indent), file=out)
    print(f"\nTry one with: lsart stress {entries[0].name if entries else next(iter(installed))}", file=out)
    return 0


def _examine(name: str, target: str) -> _Entry:
    """What a package says of itself. One that does not load is listed with the reason: that is why people look."""
    try:
        resolved = resolve(PackageSpec(name))
    except PackageLoadError as error:
        return _Entry(name, f"does not load: {error}", target, False)
    scenario = resolved.directory is not None and (resolved.directory / "scenario.toml").is_file()
    return _Entry(name, _comment(resolved.target) or "(says nothing about itself)", target, scenario)


def _comment(target: object) -> str:
    """The comment that SpGetInfo gives before the package is started, else the first line of its documentation.

    Asking takes an object; a package that cannot be made without options, or whose SpGetInfo needs SpInitialize to
    have run, is not an error here.
    """
    members = vars(target).values() if hasattr(target, "__path__") or hasattr(target, "__file__") else [target]
    for each in members:
        if isinstance(each, type) and hasattr(each, "SpGetInfo"):
            try:
                info = each().SpGetInfo()
            except Exception:
                continue
            if isinstance(info, SecPkgInfo) and info.comment:
                return info.comment
    return (getattr(target, "__doc__", None) or "").strip().partition("\n")[0]


def _filled(text: str, first: str, rest: str) -> str:
    return textwrap.fill(text, width(), initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
