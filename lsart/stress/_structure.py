"""From the tables of a TOML file to a `Scenario`, or to every fault in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import attrs
import cattrs
from cattrs.errors import BaseValidationError, ClassValidationError, ForbiddenExtraKeysError, IterableValidationError
from cattrs.gen import make_dict_structure_fn, override

from lsart.contract import Choices
from lsart.memory import MachineLimits
from lsart.runtime import Costs, PackageSpec
from lsart.stress import _fields
from lsart.stress._faults import ScenarioFault, did_you_mean
from lsart.stress._scenario import AccountsFile, ClientGroup, HostileGroup, LsaSetup, Operation, RunLimits, Scenario
from lsart.stress._thresholds import Threshold, threshold

__all__ = ["structure"]

_Parsers = Mapping[str, Callable[[Any], Any]]


def structure(data: Mapping[str, Any], name: str) -> tuple[Scenario, list[ScenarioFault]]:
    """The scenario that the tables describe, and what is wrong with them.

    For a part with faults there is one that raises no further questions, so that the rest can still be checked.
    """
    converter = _converter()
    faults: list[ScenarioFault] = []

    def part(value: Any, kind: Any, path: str, stand_in: Any) -> Any:
        try:
            return converter.structure(value, kind)
        except (BaseValidationError, ValueError) as error:
            faults.extend(_faults(error, path))
            return stand_in

    found: dict[str, Any] = {"name": name}
    for key, value in data.items():
        path = f"$.{key}"
        if key in _TABLES:
            found[key] = part(value, _TABLES[key], path, _STAND_INS[key]())
        elif key not in _ARRAYS:
            faults.append(ScenarioFault(path, _unknown(key, (*_TABLES, *_ARRAYS))))
        elif isinstance(value, list):
            found[key] = tuple(
                part(each, _ARRAYS[key], f"{path}[{index}]", _stand_in(key, index)) for index, each in enumerate(value)
            )
        else:
            faults.append(ScenarioFault(path, f"expected a list; write its header in double brackets, [[{key}]]"))
            found[key] = (_stand_in(key, 0),)
    return Scenario(**found), faults


_TABLES: dict[str, Any] = {
    "lsa": LsaSetup,
    "machine": MachineLimits,
    "costs": Costs,
    "choices": Choices,
    "accounts": AccountsFile,
    "run": RunLimits,
}
_STAND_INS: dict[str, Callable[[], Any]] = {**_TABLES, "accounts": lambda: None, "run": lambda: RunLimits(calls=1)}
_ARRAYS: dict[str, Any] = {"clients": ClientGroup, "hostile": HostileGroup}


def _stand_in(key: str, index: int) -> ClientGroup | HostileGroup:
    name = f"{key}[{index}]"
    return ClientGroup(name=name, calls=1) if key == "clients" else HostileGroup(name=name, probability=1)


@cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=True)
    converter.register_structure_hook(PackageSpec, lambda value, _: _package(value))
    converter.register_structure_hook(Threshold, lambda value, _: threshold(value))
    # Parts before wholes: the function for a class is made from those of its fields.
    for element in (PackageSpec, Threshold):
        _register_array(converter, element)
    _register(converter, Operation, _own_parsers(Operation))
    _register_array(converter, Operation)
    for part in (AccountsFile, ClientGroup, HostileGroup, LsaSetup, RunLimits):
        _register(converter, part, _own_parsers(part))
    _register(converter, MachineLimits, _fields.limits_parsers())
    _register(converter, Costs, _fields.costs_parsers())
    _register(converter, Choices, _fields.choices_parsers())
    return converter


def _own_parsers(part: type) -> _Parsers:
    """How the fields are written. Lists are left to cattrs, which knows the index of a faulty element."""
    found = {field.name: field.metadata.get(_fields.PARSER) for field in attrs.fields(part)}
    return {name: parser for name, parser in found.items() if parser is not None}


def _register(converter: cattrs.Converter, part: type, parsers: _Parsers) -> None:
    overrides: dict[str, Any] = {name: override(struct_hook=_hook(parser)) for name, parser in parsers.items()}
    inner: Callable[[Any, Any], Any] = make_dict_structure_fn(
        part, converter, _cattrs_forbid_extra_keys=True, **overrides
    )

    def hook(value: Any, kind: Any) -> Any:
        if not isinstance(value, Mapping):
            raise ValueError(f"expected a table of {', '.join(_names(part))}, got {value!r}")
        return inner(value, kind)

    converter.register_structure_hook(part, hook)


def _hook(parser: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda value, _: parser(value)


def _register_array(converter: cattrs.Converter, part: type) -> None:
    wanted = tuple[part, ...]  # type: ignore[valid-type]  # a type made at run time
    inner = converter.get_structure_hook(wanted)

    def hook(value: Any, kind: Any) -> Any:
        if not isinstance(value, list):
            raise ValueError(f"expected a list, got {value!r}")
        return inner(value, kind)

    converter.register_structure_hook_func(lambda kind: kind == wanted, hook)


def _package(value: Any) -> PackageSpec:
    if isinstance(value, PackageSpec):
        return value
    if isinstance(value, str):
        return PackageSpec(_fields.text(value))
    if not isinstance(value, Mapping) or not isinstance(value.get("source"), str):
        raise ValueError(f"expected a package's name, or a table with source and options, got {value!r}")
    for key in value:
        if key not in ("source", "options"):
            raise ValueError(f"unknown key {key!r}; {did_you_mean(key, ('source', 'options'))}")
    options = value.get("options", {})
    if not isinstance(options, Mapping):
        raise ValueError(f"options: expected a table, got {options!r}")
    return PackageSpec(_fields.text(value["source"]), options)


def _faults(error: Exception, path: str) -> list[ScenarioFault]:
    """The leaves of cattrs' tree of errors, each with its path."""
    if isinstance(error, ClassValidationError):
        named, rest = error.group_exceptions()
        found = [fault for each, note in named for fault in _faults(each, f"{path}.{note.name}")]
        return found + [fault for each in rest for fault in _faults(each, path)]
    if isinstance(error, IterableValidationError):
        indexed, rest = error.group_exceptions()
        found = [fault for each, place in indexed for fault in _faults(each, f"{path}[{place.index}]")]
        return found + [fault for each in rest for fault in _faults(each, path)]
    if isinstance(error, ForbiddenExtraKeysError):
        known = _names(error.cl)
        return [ScenarioFault(f"{path}.{key}", _unknown(key, known)) for key in sorted(error.extra_fields)]
    if isinstance(error, KeyError):
        return [ScenarioFault(path, "required, and not there")]
    return [ScenarioFault(path, str(error))]


def _unknown(key: str, known: Iterable[str]) -> str:
    """What is wrong with a key: misspelt, or in the wrong table, as happens below the wrong header."""
    parts = [*_TABLES.items(), *_ARRAYS.items()]
    homes = [f"[[{each}]]" if each in _ARRAYS else f"[{each}]" for each, part in parts if key in _names(part)]
    return (
        f"unknown key here; it belongs to {' or '.join(homes)}" if homes else f"unknown key; {did_you_mean(key, known)}"
    )


def _names(part: type) -> list[str]:
    return [field.name for field in attrs.fields(part)]
