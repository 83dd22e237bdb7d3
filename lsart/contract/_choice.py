"""How one choice is declared: its default, what else a real system could show, the gap it fills, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

__all__ = ["ChoiceInfo", "choice"]


@attrs.frozen
class ChoiceInfo:
    """One field of `Choices`, as the documentation prints it.

    Args:
        name: field name.
        default: what lsart does unless told otherwise.
        alternatives: other values that the field accepts.
        gaps: the gaps it fills, as ``subject/number``: the number counts the gaps that the contract lists
            for that function from 1; load-sequence gaps are ``GAP-n``.
        reason: why the default is the default.
    """

    name: str
    default: object
    alternatives: tuple[object, ...]
    gaps: tuple[str, ...]
    reason: str


def choice(default: Any, *alternatives: Any, gap: str | Sequence[str], reason: str) -> Any:
    """Declare a field of a choices class."""
    gaps = (gap,) if isinstance(gap, str) else tuple(gap)
    allowed = (default, *alternatives)

    def as_declared(value: object) -> object:
        """A plain number becomes the status it equals, so that nobody meets a status without its methods."""
        return next((each for each in allowed if each == value), value)

    def validate(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if value not in allowed:
            expected = ", ".join(repr(each) for each in allowed)
            raise ValueError(f"Choices({attribute.name}={value!r}): expected one of {expected}")

    metadata = {"alternatives": tuple(alternatives), "gaps": gaps, "reason": reason}
    return attrs.field(default=default, converter=as_declared, validator=validate, kw_only=True, metadata=metadata)
