"""What the benchmarks have in common: their two switches, their bars, and the verdict at the end."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import attrs

__all__ = ["Bar", "options", "verdict"]


@attrs.frozen
class Bar:
    """A measured number that must not exceed a limit."""

    text: str
    measured: float
    limit: float

    @property
    def held(self) -> bool:
        return self.measured <= self.limit

    def __str__(self) -> str:
        return f"{'PASS' if self.held else 'FAIL'}  {self.text}: {self.measured:,.2f}, bar <= {self.limit:g}"


def options(description: str, arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The switches `smoke` and `check`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--smoke", action="store_true", help="short: shows that it runs, not how fast it is")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bar is missed")
    return parser.parse_args(arguments)


def verdict(bars: Sequence[Bar], *, check: bool) -> int:
    """Print a line per bar; the exit code."""
    print()
    for bar in bars:
        print(bar)
    return int(check and not all(bar.held for bar in bars))
