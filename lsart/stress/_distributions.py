"""How long clients think and how much they send: distributions over whole nanoseconds or whole bytes."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from random import Random

import attrs

from lsart.stress import _units
from lsart.stress._calls import split_call
from lsart.stress._faults import did_you_mean

__all__ = [
    "Constant",
    "Distribution",
    "Exponential",
    "OneOf",
    "Pareto",
    "Uniform",
    "duration_distribution",
    "size_distribution",
]

_SHAPE = 1.5


class Distribution(ABC):
    """Whole numbers of 0 or more: bytes or nanoseconds."""

    @abstractmethod
    def sample(self, random: Random) -> int:
        """One value."""

    @property
    @abstractmethod
    def mean(self) -> float:
        """The mean of many."""


@attrs.frozen
class Constant(Distribution):
    """Always `value`."""

    value: int

    def sample(self, random: Random) -> int:
        return self.value

    @property
    def mean(self) -> float:
        return float(self.value)


@attrs.frozen
class Uniform(Distribution):
    """Every whole number from `low` to `high`, both included, with the same chance."""

    low: int
    high: int

    def __attrs_post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"uniform: the lower bound {self.low} is above the upper bound {self.high}")

    def sample(self, random: Random) -> int:
        return random.randint(self.low, self.high)

    @property
    def mean(self) -> float:
        return (self.low + self.high) / 2


@attrs.frozen
class Exponential(Distribution):
    """Memoryless with this mean, rounded to whole numbers."""

    average: int

    def sample(self, random: Random) -> int:
        return round(-math.log(1.0 - random.random()) * self.average)

    @property
    def mean(self) -> float:
        return float(self.average)


@attrs.frozen
class Pareto(Distribution):
    """Many small, few large: the Pareto distribution cut off at `cap`, rounded down.

    Args:
        scale: the smallest value. cap: the largest. shape: the tail index; smaller is heavier. Values beyond the cap
            are not gathered at it but left out: this is the truncated distribution.
    """

    scale: int
    cap: int
    shape: float = _SHAPE

    def __attrs_post_init__(self) -> None:
        if not 0 < self.scale < self.cap:
            raise ValueError(f"pareto: expected 0 < scale < cap, got scale {self.scale} and cap {self.cap}")
        if not (self.shape > 0 and math.isfinite(self.shape)):
            raise ValueError(f"pareto: the shape is {self.shape:g}, expected a number above 0")

    def sample(self, random: Random) -> int:
        below_cap = 1.0 - math.pow(self.scale / self.cap, self.shape)
        return min(self.cap, int(self.scale * math.pow(1.0 - random.random() * below_cap, -1.0 / self.shape)))

    @property
    def mean(self) -> float:
        ratio, shape = self.scale / self.cap, self.shape
        if shape == 1:
            return self.scale * -math.log(ratio) / (1 - ratio)
        return self.scale * shape / (shape - 1) * (1 - math.pow(ratio, shape - 1)) / (1 - math.pow(ratio, shape))


@attrs.frozen
class OneOf(Distribution):
    """One of these values, each with the same chance; a value given twice comes twice as often."""

    values: tuple[int, ...]

    def __attrs_post_init__(self) -> None:
        if not self.values:
            raise ValueError("choice: expected at least one value")

    def sample(self, random: Random) -> int:
        return random.choice(self.values)

    @property
    def mean(self) -> float:
        return sum(self.values) / len(self.values)


def duration_distribution(value: object) -> Distribution:
    """``"5ms"``, ``"exponential(2ms)"``: nanoseconds. A Distribution passes through.

    Raises:
        ValueError: it is none; the message says what one looks like.
    """
    return _distribution(value, _units.duration, "5ms", "exponential(2ms)")


def size_distribution(value: object) -> Distribution:
    """``"1KiB"``, ``"uniform(16B, 512B)"``: bytes. A Distribution passes through.

    Raises:
        ValueError: it is none; the message says what one looks like.
    """
    return _distribution(value, _units.size, "1KiB", "uniform(16B, 512B)")


def _distribution(value: object, unit: Callable[[object], int], plain: str, shaped: str) -> Distribution:
    if isinstance(value, Distribution):
        return value
    if not isinstance(value, str):
        return Constant(unit(value))
    call = split_call(value)
    if call is None:
        if "(" in value:
            raise ValueError(f"{value!r} is no distribution; write {plain!r} or {shaped!r}")
        return Constant(unit(value))
    name, arguments = call
    if name not in _KINDS:
        raise ValueError(f"{value!r}: unknown distribution {name!r}; {did_you_mean(name, _KINDS)}")
    signature, least, most = _KINDS[name]
    if not least <= len(arguments) <= most:
        raise ValueError(f"{value!r}: expected {signature}, got {len(arguments)} arguments")
    try:
        return _make(name, arguments, unit)
    except ValueError as error:
        raise ValueError(f"in {value!r}: {error}") from None


_KINDS = {
    "uniform": ("uniform(low, high)", 2, 2),
    "exponential": ("exponential(mean)", 1, 1),
    "pareto": ("pareto(scale, cap) or pareto(scale, cap, shape)", 2, 3),
    "choice": ("choice(value, value, ...)", 1, 1000),
}


def _make(name: str, arguments: list[str], unit: Callable[[object], int]) -> Distribution:
    if name == "pareto" and len(arguments) == 3:
        return Pareto(unit(arguments[0]), unit(arguments[1]), _shape(arguments[2]))
    values = [unit(argument) for argument in arguments]
    if name == "uniform":
        return Uniform(*values)
    if name == "exponential":
        return Exponential(*values)
    return OneOf(tuple(values)) if name == "choice" else Pareto(*values)


def _shape(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no shape; write a number such as {_SHAPE}") from None
