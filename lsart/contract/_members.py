"""What the members of a structure may be: checked where it is made, so that a wrong one is the fault of who made it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["member"]


def member(*kinds: type, each: type | None = None) -> Callable[[Any, Any, Any], None]:
    """A validator of attrs: the value is of one of these types.

    Args:
        each: of what type the items are, if the value is a tuple.

    Raises:
        TypeError: (the validator) it is of another type. The message does not show it, as it may be a secret.
    """
    expected = " or ".join("None" if kind is type(None) else kind.__name__ for kind in kinds)
    if each is not None:
        expected = expected.replace("tuple", f"tuple of {each.__name__}")

    def check(instance: Any, attribute: Any, value: Any) -> None:
        if not isinstance(value, kinds):
            found = type(value).__name__
        elif each is not None and isinstance(value, tuple):
            others = [type(item).__name__ for item in value if not isinstance(item, each)]
            if not others:
                return
            found = f"tuple with {others[0]}"
        else:
            return
        raise TypeError(f"{type(instance).__name__}: {attribute.name} is {expected}, not {found}")

    return check
