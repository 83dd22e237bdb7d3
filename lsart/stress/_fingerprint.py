"""A number for what a scenario does: a token that was made with other code or other clients is stale."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from zlib import crc32

from lsart.runtime import Resolved
from lsart.security import Accounts, accounts_text
from lsart.stress._scenario import Scenario

__all__ = ["fingerprint"]


def fingerprint(scenario: Scenario, name: str) -> int:
    """Of 32 bits: from the sources of the packages, the clients, the accounts, and the name: what was asked for."""
    parts = [name.encode(), *(repr(each).encode() for each in scenario.clients)]
    if isinstance(scenario.accounts, Accounts):
        parts.append(accounts_text(scenario.accounts).encode())
    for spec in scenario.lsa.specs:
        resolved = spec.source
        assert isinstance(resolved, Resolved)
        parts.append(repr(sorted(resolved.options.items(), key=str)).encode())
        owner = resolved.target if isinstance(resolved.target, type) else type(resolved.target)
        for each in (resolved.target, *owner.__mro__[1:]):  # a class may be little more than its base
            parts += [file.read_bytes() for file in _sources(each)]
    return crc32(b"\0".join(parts))


def _sources(target: Any) -> list[Path]:
    """The file in which a package is written, and those of its directory if it has one of its own.

    Not those of Python and of lsart itself: their versions are in the token, or change nothing.
    """
    home = _home(target)
    if home.partition(".")[0] in sys.stdlib_module_names or home.partition(".")[0] == "lsart":
        return []
    module = target if isinstance(target, ModuleType) else sys.modules.get(home)
    try:
        file = Path(inspect.getfile(module if module is not None else target))
    except (TypeError, OSError):
        return []
    files = sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" else [file]
    return [each for each in files if each.is_file()]


def _home(target: Any) -> str:
    return str(getattr(target, "__module__", None) or type(target).__module__)
