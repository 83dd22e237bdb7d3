"""Finding a package by what a person typed: an entry point's name, module:attr, file.py:attr, or a directory.

The result is not loaded into LSA yet; a mistake here is a usage error that names what was found instead.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs

from lsart.contract import PackageLoadError
from lsart.runtime._run_file import run_file

__all__ = ["PackageSpec", "Resolved", "installed_packages", "package_groups", "resolve", "resolve_again"]

ENTRY_POINT_GROUP = "lsart.packages"
_ENTRIES = ("SpInitialize", "LsaApInitializePackage")
_FEW = 3  # packages that are named one by one
_FORMS = "module:Class or path/file.py:Class"


@attrs.frozen
class PackageSpec:
    """A package to load, and the options its class is constructed with.

    Args:
        source: name of an installed package, ``module:attr``, ``path/file.py:attr``, a directory with a
            ``package.toml``, a module, a class, a finished package object, or what `resolve` made of one of these.
        options: keyword arguments for the class.
    """

    source: Any
    options: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.frozen
class Resolved:
    """What a source turned out to be.

    Args:
        label: how messages and the event log call it. name: what it is called until it says otherwise.
        target: the module or object found. options: keyword arguments for its class.
        directory: where it lies, None for an object of this program.
        spec: what it was found by, if that was a text: `resolve_again` finds what is there now.
    """

    label: str
    name: str
    target: Any
    options: Mapping[str, Any]
    directory: Path | None = None
    spec: PackageSpec | None = None


def installed_packages() -> dict[str, str]:
    """Name and target of every package that an installed distribution offers, by name."""
    from importlib.metadata import entry_points  # slow to import, and a class needs no look-up

    found = entry_points(group=ENTRY_POINT_GROUP)
    return {each.name: each.value for each in sorted(found, key=lambda each: each.name)}


def package_groups(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Names that have the same word before their first dot, by that word, where there are more than three."""
    groups: dict[str, list[str]] = {}
    for name in names:
        group, dot, _ = name.partition(".")
        if dot:
            groups.setdefault(group, []).append(name)
    return {group: tuple(found) for group, found in groups.items() if len(found) > _FEW}


def resolve(spec: PackageSpec) -> Resolved:
    """Find what a spec means.

    Raises:
        PackageLoadError: nothing there, or it does not import; the message says what was found.
    """
    source = spec.source
    if isinstance(source, Resolved):  # found before: its module is not imported again
        again = source.spec and attrs.evolve(source.spec, options={**source.spec.options, **spec.options})
        return attrs.evolve(source, options={**source.options, **spec.options}, spec=again)
    if not isinstance(source, str | os.PathLike):
        label = getattr(source, "__qualname__", None) or getattr(source, "__name__", None) or type(source).__name__
        return Resolved(label, _snake(label), source, spec.options)
    return attrs.evolve(_find(os.fspath(source), spec.options, is_again=False), spec=spec)


def resolve_again(found: Resolved) -> Resolved:
    """What a spec means now, its file or module run again under a name of its own: what was found before stays whole.

    A module that it imports from elsewhere is the one that was imported before; submodules of a package are new. A
    class or function of this program means the same as before.

    Raises:
        PackageLoadError: as `resolve`; or it is a finished object, which cannot be made again.
    """
    if found.spec is not None:
        text = os.fspath(found.spec.source)
        return attrs.evolve(_find(text, found.spec.options, is_again=True), spec=found.spec)
    if not callable(found.target) and not isinstance(found.target, ModuleType):
        raise PackageLoadError(f"{found.label} is a finished object, which cannot be made again; give its class")
    return found


def _find(text: str, options: Mapping[str, Any], *, is_again: bool) -> Resolved:
    if not text:
        raise PackageLoadError("the name of a package is empty; `lsart list` shows what is installed")
    is_directory = os.path.isdir(text)
    # An installed name wins over a folder that happens to be called so, unless that folder is a package.
    if is_directory and text in installed_packages() and not os.path.isfile(os.path.join(text, "package.toml")):
        is_directory = False
    if is_directory:
        return _from_directory(Path(text), options, is_again)
    where, colon, attribute = text.rpartition(":")
    if not colon or (len(where) == 1 and attribute[:1] in ("/", "\\")):  # a drive letter's colon names no attribute
        where, colon, attribute = text, "", ""
    if colon and not (where and attribute):
        missing = "class after" if where else "module or file before"
        raise PackageLoadError(f"{text!r} names no {missing} the colon; write {_FORMS}.", package=text)
    if where.endswith(".py") or os.sep in where:
        return _from_file(Path(where), attribute, options, text, is_again)
    if not colon:
        installed = installed_packages()
        if text in installed:
            module, _, attribute = installed[text].partition(":")
            return attrs.evolve(_from_module(module, attribute, options, text, is_again), name=text)
        if "." not in text and not _is_module(text):
            raise PackageLoadError(_unknown(text, installed), package=text)
    if "" in where.split("."):
        raise PackageLoadError(f"{text!r} is no name of a module; write {_FORMS}.", package=text)
    return _from_module(where, attribute, options, text, is_again)


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ValueError:  # a module without a spec, as __main__ is when it was run as a script
        return name in sys.modules


def _from_directory(directory: Path, options: Mapping[str, Any], is_again: bool) -> Resolved:
    path = directory / "package.toml"
    if not path.is_file():
        names = ", ".join(sorted(each.name for each in directory.iterdir())[:8]) or "nothing"
        raise PackageLoadError(
            f"{directory} is no package: it has no package.toml (found: {names}). Write one with "
            '[package] name = "..." and source = "file.py:Class".'
        )
    import tomllib

    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PackageLoadError(f"{path} is not valid TOML: {error}") from None
    package = data.get("package")
    problems = [f"unknown table [{key}]" for key in data if key not in ("package", "options")]
    if not isinstance(package, dict):
        problems.append("no [package] table")
        package = {}
    problems += [f"unknown key package.{key}" for key in package if key not in ("name", "source")]
    problems += [
        f"package.{key} is missing or no text" for key in ("name", "source") if not isinstance(package.get(key), str)
    ]
    problems += [f"package.{key} is empty" for key in ("name", "source") if package.get(key) == ""]
    defaults = data.get("options", {})
    if not isinstance(defaults, dict):
        problems.append("options is no table")
    if problems:
        raise PackageLoadError(
            f"{path}: {'; '.join(problems)}. Expected [package] with name and source, and [options]."
        )
    source: str = package["source"]
    where, colon, attribute = source.partition(":")
    is_module_name = not where.endswith(".py")
    if not where or (colon and not attribute) or (is_module_name and "" in where.split(".")):
        raise PackageLoadError(f"{path}: package.source is {source!r}; write {_FORMS}.")
    merged = {**defaults, **options}
    if not is_module_name:
        found = _from_file(directory / where, attribute, merged, str(path), is_again)
    else:
        found = _from_module(where, attribute, merged, str(path), is_again)
    return attrs.evolve(found, name=package["name"], directory=directory)


def _from_file(path: Path, attribute: str, options: Mapping[str, Any], label: str, is_again: bool) -> Resolved:
    if not path.is_file():
        # Without the ending, which would make any two names alike.
        near = _near(path.stem, sorted(each.stem for each in path.parent.glob("*.py")))
        hint = f" Did you mean {path.parent / near}.py?" if near else ""
        raise PackageLoadError(f"there is no file {path}.{hint}")
    name = f"lsart_loaded_{_snake(path.stem)}"
    home = str(path.parent.resolve())
    if home not in sys.path:
        sys.path.append(home)  # as for a script, so that the file can import its neighbours
    try:
        module = run_file(_unused(name) if is_again else name, path)
    except (Exception, SystemExit) as error:  # a script without a guard may call sys.exit
        raise PackageLoadError(f"{path} does not import: {type(error).__name__}: {error}") from error
    target = _attribute(module, attribute, str(path)) if attribute else module
    return Resolved(label, _snake(attribute or path.stem), target, options, path.parent)


def _from_module(name: str, attribute: str, options: Mapping[str, Any], label: str, is_again: bool) -> Resolved:
    try:
        module = importlib.import_module(name)
        if is_again and (again := getattr(module, "__file__", None)):
            module = run_file(_unused(name), Path(again))
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            raise PackageLoadError(_unknown(label, installed_packages()), package=label) from None
        raise PackageLoadError(f"module {name} does not import: {error}") from error
    except (Exception, SystemExit) as error:
        raise PackageLoadError(f"module {name} does not import: {type(error).__name__}: {error}") from error
    target = _attribute(module, attribute, f"module {name}") if attribute else module
    file = getattr(module, "__file__", None)
    directory = Path(file).parent if file else None
    return Resolved(label, _snake(attribute or name.rpartition(".")[2]), target, options, directory)


def _unused(name: str) -> str:
    """The name of the next generation: one of its own, so that objects of earlier ones still find their module."""
    generation = 2
    while f"{name}_{generation}" in sys.modules:
        generation += 1
    return f"{name}_{generation}"


def _attribute(module: ModuleType, attribute: str, where: str) -> Any:
    try:
        return getattr(module, attribute)
    except AttributeError:
        near = _near(attribute, [name for name in vars(module) if not name.startswith("_")])
        hint = f" Did you mean {near!r}?" if near else f" It offers {_offers(module)}."
        raise PackageLoadError(f"{where} has no {attribute!r}.{hint}") from None


def package_classes(module: ModuleType) -> list[type]:
    """Classes defined in a module that look like packages."""
    return [
        each
        for each in vars(module).values()
        if inspect.isclass(each)
        and each.__module__ == module.__name__
        and any(hasattr(each, name) for name in _ENTRIES)
    ]


def _offers(module: ModuleType) -> str:
    names = [each.__name__ for each in package_classes(module)]
    return ", ".join(names) if names else "no class with SpInitialize"


def _unknown(text: str, installed: Mapping[str, str]) -> str:
    near = _near(text, installed)
    hint = f"Did you mean {near!r}? " if near else ""
    groups = package_groups(installed)
    folded = {name for names in groups.values() for name in names}
    singles = [each for each in installed if each not in folded]
    names = ", ".join([*singles, *(f"{group}.* ({len(each)})" for group, each in groups.items())]) or "none"
    return (
        f"there is no package {text!r}. {hint}Installed: {names}. A package of your own is named module:Class, "
        "path/file.py:Class, or by a directory with a package.toml."
    )


def _near(text: str, known: Iterable[str]) -> str | None:
    import difflib  # needed for mistakes only

    return next(iter(difflib.get_close_matches(text, list(known), 1)), None)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.rpartition(".")[2]).lower()
