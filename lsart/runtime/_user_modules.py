"""How the module of a package comes into client processes: SpUserModeInitialize, or the Python short form of it.

The short form is an attribute ``user_mode`` on the package's class: a class (or any function without arguments) that is
called once in each process and makes the object whose methods are the user-mode half.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import attrs

__all__ = ["UserHalf", "UserModule"]


@attrs.frozen(eq=False)
class UserModule:
    """A module as client processes load it.

    Args:
        label: how messages call it. target: the module, class or object that was loaded into LSASS.
        packages: the packages of it, as objects in LSASS.
    """

    label: str
    target: Any
    packages: tuple[Any, ...]

    @property
    def initialize(self) -> Callable[..., Any] | None:
        """Its SpUserModeInitialize, if it has one."""
        found: Callable[..., Any] | None = None
        if isinstance(self.target, ModuleType) or hasattr(self.target, "SpLsaModeInitialize"):
            found = getattr(self.target, "SpUserModeInitialize", None)
        if found is None and len(self.packages) == 1:
            found = getattr(self.packages[0], "SpUserModeInitialize", None)
        return found

    @property
    def factories(self) -> tuple[Callable[[], object] | None, ...]:
        """Its short forms, one for each package."""
        return tuple(getattr(each, "user_mode", None) for each in self.packages)

    def half_of(self, index: int) -> UserHalf | None:
        """The user-mode half of a package of it; None when it offers none."""
        if self.initialize is None and self.factories[index] is None:
            return None
        return UserHalf(self, index)


@attrs.frozen(eq=False)
class UserHalf:
    """The user-mode half of one package: which table of which module."""

    module: UserModule
    index: int
