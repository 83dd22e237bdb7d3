"""When calls of an open loop arrive, and when clients of a closed loop begin.

Times are offsets in nanoseconds from the start of the run. They are computed from the arrival's number, or summed as
integers, so no error adds up over a long run.
"""

from __future__ import annotations

import itertools
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from fractions import Fraction
from random import Random

import attrs

from lsart.stress import _units
from lsart.stress._calls import split_call
from lsart.stress._faults import did_you_mean
from lsart.stress._units import NS_PER_S

__all__ = ["Arrivals", "Burst", "Poisson", "Ramp", "Start", "Steady", "arrivals", "start"]

_BURST = re.compile(r"(\S+)\s+every\s+(.+)")
_RAMP = re.compile(r"(.+?)\s+to\s+(.+?)\s+over\s+(.+)")
_KINDS = ("poisson", "burst", "ramp")


class Arrivals(ABC):
    """A pattern of arrivals."""

    @abstractmethod
    def times(self, random: Random) -> Iterator[int]:
        """Nanoseconds from the start of the run, never falling, without end unless the rate falls to 0."""


@attrs.frozen
class Steady(Arrivals):
    """One arrival every 1/`rate` seconds, the first at once.

    Args:
        rate: arrivals per second.
    """

    rate: Fraction

    def times(self, random: Random) -> Iterator[int]:
        numerator, denominator = self.rate.numerator, NS_PER_S * self.rate.denominator
        for number in itertools.count():
            yield number * denominator // numerator


@attrs.frozen
class Poisson(Arrivals):
    """Independent arrivals, `rate` per second on average: exponential gaps."""

    rate: Fraction

    def times(self, random: Random) -> Iterator[int]:
        mean = float(NS_PER_S / self.rate)
        time = 0
        while True:
            time += round(-math.log(1.0 - random.random()) * mean)
            yield time


@attrs.frozen
class Burst(Arrivals):
    """`count` arrivals at one instant, again every `period` nanoseconds; the first ones at once."""

    count: int
    period: int

    def times(self, random: Random) -> Iterator[int]:
        for number in itertools.count():
            for _ in range(self.count):
                yield number * self.period


@attrs.frozen
class Ramp(Arrivals):
    """A rate that changes evenly from `first` to `last` (per second) over `period` nanoseconds and then stays.

    The k-th arrival comes in the first nanosecond by which the integral of the rate has reached k.
    """

    first: Fraction
    last: Fraction
    period: int

    def times(self, random: Random) -> Iterator[int]:
        in_ramp = (self.first + self.last) * self.period / (2 * NS_PER_S)
        for number in itertools.count(1):
            if number <= in_ramp:
                yield self._inside(number)
            elif self.last:
                yield self.period + math.ceil((number - in_ramp) * NS_PER_S / self.last)
            else:
                return

    def _inside(self, number: int) -> int:
        """Smallest t with (first t + (last - first) t**2 / 2 period) / 1e9 >= number, in exact integers."""
        scale = math.lcm(self.first.denominator, self.last.denominator)
        begin, slope = int(self.first * scale), int((self.last - self.first) * scale)
        goal = 2 * number * self.period * NS_PER_S * scale

        def reached(time: int) -> int:
            return 2 * self.period * begin * time + slope * time * time

        if slope == 0:
            return -(-goal // (2 * self.period * begin))
        root = math.isqrt(max(0, (self.period * begin) ** 2 + slope * goal))
        time = (root - self.period * begin) // slope
        while reached(time) < goal and time < self.period:
            time += 1
        while time > 0 and reached(time - 1) >= goal:
            time -= 1
        return time


@attrs.frozen
class Start:
    """When the clients of a closed loop begin.

    Args:
        kind: ``"together"``, ``"apart"`` (one after the other), or ``"within"`` (each at a moment of its own).
        spacing: nanoseconds between two clients, or within which all begin.
    """

    kind: str = "together"
    spacing: int = 0

    def delay(self, index: int, random: Random) -> int:
        """Nanoseconds after the start of the run at which client `index`, from 0, begins."""
        if self.kind == "within":
            return random.randint(0, self.spacing)
        return index * self.spacing


def start(value: object) -> Start:
    """``"together"``, ``"1ms apart"``, ``"within 10ms"``.

    Raises:
        ValueError: none of these.
    """
    if isinstance(value, Start):
        return value
    text = value.strip() if isinstance(value, str) else ""
    if text == "together":
        return Start()
    if text.endswith(" apart"):
        return Start("apart", _units.duration(text.removesuffix(" apart")))
    if text.startswith("within "):
        return Start("within", _units.duration(text.removeprefix("within ")))
    raise ValueError(f"{value!r} is no way to start; write 'together', '1ms apart' or 'within 10ms'")


def arrivals(value: object) -> Arrivals:
    """``"1000/s"``, ``"poisson(1000/s)"``, ``"burst(50 every 10ms)"``, ``"ramp(10/s to 1000/s over 5s)"``.

    Raises:
        ValueError: none of these.
    """
    if isinstance(value, Arrivals):
        return value
    if not isinstance(value, str):
        raise ValueError(f"expected arrivals such as '1000/s', got {type(value).__name__} {value!r}")
    call = split_call(value)
    if call is None:
        return Steady(_positive(value))
    name, arguments = call
    if name not in _KINDS:
        raise ValueError(f"{value!r}: unknown arrivals {name!r}; {did_you_mean(name, _KINDS)}")
    inside = ", ".join(arguments)
    try:
        if name == "poisson":
            return Poisson(_positive(inside))
        return _burst(inside) if name == "burst" else _ramp(inside)
    except ValueError as error:
        raise ValueError(f"in {value!r}: {error}") from None


def _burst(inside: str) -> Burst:
    match = _BURST.fullmatch(inside)
    if match is None or not match[1].isdecimal() or int(match[1]) < 1:
        raise ValueError("expected a count and a period, such as burst(50 every 10ms)")
    period = _units.duration(match[2])
    if not period:
        raise ValueError("a burst every 0 ns would never let time pass")
    return Burst(int(match[1]), period)


def _ramp(inside: str) -> Ramp:
    match = _RAMP.fullmatch(inside)
    if match is None:
        raise ValueError("expected two rates and a period, such as ramp(10/s to 1000/s over 5s)")
    first, last, period = _rate(match[1]), _rate(match[2]), _units.duration(match[3])
    if not period or not (first or last):
        raise ValueError("a ramp needs a period above 0 and a rate above 0")
    return Ramp(first, last, period)


def _positive(text: str) -> Fraction:
    found = _rate(text)
    if not found:
        raise ValueError(f"{text!r}: at a rate of 0 nothing ever arrives")
    return found


def _rate(text: str) -> Fraction:
    found = _units.rate(text)
    if found > NS_PER_S:  # gaps would be rounded to nothing, and time would never pass
        raise ValueError(f"{text!r} is more than one per nanosecond, the resolution of time here")
    return found
