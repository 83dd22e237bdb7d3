"""Models by the text that names them: on the command line, and in tokens.

A package or a scenario with options, ``ticketcache?clients=4&calls=3``, or an async function of one's own,
``module:function`` or ``path/file.py:function``.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl

import attrs

from lsart.contract import ConfigurationError
from lsart.exploration import Model, as_model
from lsart.runtime import PackageSpec, resolve
from lsart.stress._model import scenario_model

__all__ = ["find_model"]

_OPTIONS = ("clients", "calls", "workers", "torn", "contain")


@attrs.define
class _ByName:
    """An async function that is looked up where it is needed, so that another process finds it too."""

    reference: str
    _function: Callable[[], Awaitable[object]] | None = attrs.field(default=None, eq=False)

    def __call__(self) -> Awaitable[object]:
        if self._function is None:
            self._function = _target(self.reference)
        assert self._function is not None
        return self._function()

    def __reduce__(self) -> tuple[Any, ...]:
        return _ByName, (self.reference,)


def find_model(
    text: str,
    *,
    clients: int | None = None,
    calls: int | None = None,
    workers: int | None = None,
    torn_writes: bool = False,
    contain_faults: bool = False,
) -> Model:
    """The model that a text names; options given here win over those in the text.

    Raises:
        ConfigurationError: it names nothing, or nothing that can be explored.
    """
    source, _, query = text.partition("?")
    options = _options(text, query)
    given = {
        "clients": clients,
        "calls": calls,
        "workers": workers,
        "torn": 1 if torn_writes else None,
        "contain": 1 if contain_faults else None,
    }
    options |= {key: value for key, value in given.items() if value is not None}
    target = None if source.endswith(".toml") else _target(source)
    if isinstance(target, Model):
        return target
    if inspect.iscoroutinefunction(target):
        if options:
            raise ConfigurationError(
                f"{source} is an async function; only packages and scenarios take {', '.join(map(_option, options))}"
            )
        model = as_model(target, name=source)
        return attrs.evolve(model, main=_ByName(source, target))
    functions = [name for name, each in vars(target).items() if _is_model(each)] if _is_bare(target) else []
    if functions:
        raise ConfigurationError(
            f"{source} has no class that is a package, but async functions: {', '.join(functions)}. To explore one: "
            f"lsart explore {source}:{functions[0]}"
        )
    return scenario_model(
        source,
        clients=options.get("clients"),
        calls=options.get("calls"),
        workers=options.get("workers"),
        torn_writes=bool(options.get("torn")),
        contain_faults=bool(options.get("contain")),
    )


def _option(key: str) -> str:
    return "--torn-writes" if key == "torn" else f"--{key}"


def _target(source: str) -> Any:
    """What is found under the name; the async test behind one that `explore` has decorated."""
    target = resolve(PackageSpec(source)).target
    return getattr(target, "__wrapped_model__", target)


def _is_bare(target: Any) -> bool:
    """Whether it is a module without a package in it."""
    entries = ("SpInitialize", "LsaApInitializePackage", "SpLsaModeInitialize")
    return isinstance(target, ModuleType) and not any(
        hasattr(each, name) for each in [target, *vars(target).values()] for name in entries
    )


def _is_model(found: Any) -> bool:
    return inspect.iscoroutinefunction(found) and not inspect.signature(found).parameters


def _options(text: str, query: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key not in _OPTIONS:
            raise ConfigurationError(f"{text!r} has the unknown option {key!r}; there are {', '.join(_OPTIONS)}")
        if not value.isascii() or not value.isdigit():
            raise ConfigurationError(f"{text!r}: {key} is a whole number, not {value!r}")
        found[key] = int(value)
    return found
