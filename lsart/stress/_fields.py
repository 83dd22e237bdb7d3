"""Values of a scenario's fields: each takes what a person wrote, or the finished value, and gives the finished value.

The same function serves TOML and Python: as an attrs converter, and, through `parsed`, for the reader of files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from lsart.contract import choice_infos
from lsart.memory import MachineLimits
from lsart.runtime import Costs
from lsart.stress import _units
from lsart.stress._faults import did_you_mean

__all__ = [
    "PARSER",
    "aim",
    "choices_parsers",
    "costs_parsers",
    "count",
    "limits_parsers",
    "named",
    "nanoseconds",
    "positive",
    "probability",
    "text",
    "weight",
    "workers",
    "yes_or_no",
]

PARSER = "parser"
"""Key of a field's metadata: the function that takes what a file says."""
Parser = Callable[[Any], Any]


def named(cls: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    """A field transformer: an error of a converter says which field it is about.

    The converter as it was, or what the field's metadata name instead, is kept for the reader of files, which says
    where in the file.
    """
    return [
        field
        if field.converter is None
        else field.evolve(
            converter=_naming(field.converter, cls, field.name),
            metadata={PARSER: field.converter, **field.metadata},
        )
        for field in fields
    ]


def _naming(converter: Any, cls: type, name: str) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        try:
            return converter(value)
        except ValueError as error:
            raise ValueError(f"{cls.__name__}({name}={value!r}): {error}") from None

    return convert


def nanoseconds(value: object) -> int:
    """A duration from Python, where a whole number means nanoseconds; in a file it would lack its unit."""
    return count(value) if isinstance(value, int) else _units.duration(value)


def text(value: object) -> str:
    """Text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"expected a text that is not empty, got {value!r}")
    return value


def count(value: object) -> int:
    """A whole number of 0 or more."""
    return _whole(value, 0)


def positive(value: object) -> int:
    """A whole number of 1 or more."""
    return _whole(value, 1)


def _whole(value: object, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"expected a whole number of {least} or more, got {value!r}")
    return value


def weight(value: object) -> float:
    """A number above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ValueError(f"expected a number above 0, got {value!r}")
    return value


def probability(value: object) -> float:
    """A number above 0, at most 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise ValueError(f"expected a probability above 0 and at most 1, got {value!r}")
    return float(value)


def aim(value: object) -> str:
    """Where a hostile client writes."""
    if value not in ("anywhere", "access"):
        raise ValueError(f"expected 'anywhere' or 'access', got {value!r}")
    return str(value)


def yes_or_no(value: object) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, got {value!r}")
    return value


def workers(value: object) -> int | None:
    """How many calls are served at once; None (``"unlimited"`` in a file) for no limit."""
    if value is None or value == "unlimited":
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"expected a whole number of 1 or more, or 'unlimited', got {value!r}")
    return value


def limits_parsers() -> Mapping[str, Parser]:
    """How the fields of `MachineLimits` are written."""
    return {field.name: count if field.name == "handles" else _units.size for field in attrs.fields(MachineLimits)}


def costs_parsers() -> Mapping[str, Parser]:
    """How the fields of `Costs` are written."""
    return {field.name: _units.duration for field in attrs.fields(Costs)}


def choices_parsers() -> Mapping[str, Parser]:
    """How the fields of `Choices` are written: a value that the field offers, statuses by name."""
    return {info.name: _choice((info.default, *info.alternatives)) for info in choice_infos()}


def _choice(offered: tuple[object, ...]) -> Parser:
    # A status is a number with a name, and a file gives the name.
    by_name = {str(getattr(value, "name", value)): value for value in offered}

    def parse(value: object) -> object:
        for each in offered:
            if type(value) is type(each) and value == each:
                return each
        if str(value) in by_name and isinstance(value, str):
            return by_name[value]
        expected = " or ".join(repr(name) for name in by_name)
        hint = did_you_mean(value, by_name) if isinstance(value, str) else ""
        near = f"; {hint}" if hint.startswith("did") else ""
        raise ValueError(f"{value!r} is not offered; expected {expected}{near}")

    return parse
