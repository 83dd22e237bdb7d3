"""What can be wrong with a scenario, told all at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

import attrs

from lsart.contract import ConfigurationError

__all__ = ["ScenarioError", "ScenarioFault", "did_you_mean"]


@attrs.frozen
class ScenarioFault:
    """One thing that is wrong.

    Args:
        path: where, from the root of the scenario: ``$.clients[0].think_time``.
        problem: what is there, what is expected instead.
    """

    path: str
    problem: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class ScenarioError(ConfigurationError):
    """A scenario cannot be run as written. The message lists every fault with its path.

    Likely causes: a misspelt key, a size or a duration without its unit, ``calls`` and ``duration`` both missing, an
    operation that the package does not offer.
    """

    def __init__(self, source: str, faults: Sequence[ScenarioFault]) -> None:
        self.source = source
        self.faults = tuple(faults)
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__("\n  ".join([f"{source} has {count}:", *map(str, self.faults)]))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence that offers the nearest known word, or lists all of them."""
    by_lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(word.lower(), by_lower, 1)
    return f"did you mean {by_lower[near[0]]!r}?" if near else f"known are {', '.join(by_lower.values()) or 'none'}"
