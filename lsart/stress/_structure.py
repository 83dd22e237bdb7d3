"""From the tables of a TOML file to a `Scenario`, or to every fault in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import cattrs
from cattrs.errors import ClassValidationError, ForbiddenExtraKeysError, IterableValidationError
from cattrs.gen import make_dict_structure_fn, override

from lsart.contract import Choices
from lsart.memory import MachineLimits
from lsart.runtime import Costs, PackageSpec
from lsart.stress import _fields
from lsart.stress._faults import ScenarioFault, did_you_mean
from lsart.stress._scenario import ClientGroup, HostileGroup, LsaSetup, Operation, RunLimits, Scenario
from lsart.stress._thresholds import Threshold, threshold

__all__ = ["structure"]

_Parsers = Mapping[str, Callable[[Any], Any]]


def structure(data: Mapping[str, Any], name: str) -> tuple[Scenario | None, list[ScenarioFault]]:
    """The scenario that the tables describe, or None and what is wrong with them."""
    faults: list[ScenarioFault] = []
    if "name" in data:
        faults.append(ScenarioFault("$.name", "unknown key; a scenario is called after its file or its package"))
        data = {key: value for key, value in data.items() if key != "name"}
    try:
        scenario = _converter().structure(data, Scenario)
    except (ClassValidationError, IterableValidationError) as error:
        return None, faults + list(_faults(error, "$"))
    return attrs.evolve(scenario, name=name), faults


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=True)
    converter.register_structure_hook(PackageSpec, lambda value, _: _package(value))
    converter.register_structure_hook(Threshold, lambda value, _: threshold(value))
    _register_array(converter, PackageSpec)
    _register_array(converter, Threshold)
    # Parts before wholes: the function for a class is made from those of its fields.
    for part in (Operation, ClientGroup, HostileGroup, LsaSetup, RunLimits):
        _register(converter, part, _own_parsers(part))
        _register_array(converter, part)
    _register(converter, MachineLimits, _fields.limits_parsers())
    _register(converter, Costs, _fields.costs_parsers())
    _register(converter, Choices, _fields.choices_parsers())
    _register(converter, Scenario, {"name": _fields.text})
    return converter


def _own_parsers(part: type) -> _Parsers:
    return {
        field.name: field.metadata[_fields.PARSER] for field in attrs.fields(part) if _fields.PARSER in field.metadata
    }


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
        if not isinstance(value, list | tuple):
            hint = "; write its header in double brackets, [[...]]" if isinstance(value, Mapping) else ""
            raise ValueError(f"expected a list, got {value!r}{hint}")
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
        return [
            ScenarioFault(f"{path}.{key}", f"unknown key; {did_you_mean(key, known)}")
            for key in sorted(error.extra_fields)
        ]
    if isinstance(error, KeyError):
        return [ScenarioFault(path, "required, and not there")]
    return [ScenarioFault(path, str(error))]


def _names(part: type) -> list[str]:
    return [field.name for field in attrs.fields(part) if not (part is Scenario and field.name == "name")]
