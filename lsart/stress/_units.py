"""Sizes, durations and rates as people write them. Inside, sizes are bytes and times are nanoseconds, both integers.

Durations are parsed here because the library for them, durationpy, returns a timedelta: that holds nothing below a
microsecond, and most of our costs are below one.
"""

from __future__ import annotations

import re
from fractions import Fraction

import bitmath  # type: ignore[import-untyped]  # it ships no types

from lsart.stress._faults import did_you_mean

__all__ = ["NS_PER_S", "duration", "rate", "size"]

NS_PER_S = 1_000_000_000
_NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": NS_PER_S,
    "m": 60 * NS_PER_S,
    "h": 3600 * NS_PER_S,
}
_SIZES = ("B", "KiB", "MiB", "GiB", "TiB", "kB", "MB", "GB", "TB")
_NUMBER = r"[0-9][0-9_]*(?:\.[0-9]+)?"
_DURATION_PART = re.compile(rf"\s*({_NUMBER})\s*([^\W\d_]+)")
_MEASURE = re.compile(rf"\s*(-?{_NUMBER})\s*(\S*)\s*")
_RATE = re.compile(rf"\s*({_NUMBER})\s*/\s*([^\W\d_]+)\s*")


def size(value: object) -> int:
    """Bytes of ``"64KiB"``, or of a bare integer.

    Raises:
        ValueError: not a size of 0 bytes or more; the message says what is.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 0:
            raise ValueError(f"{value} is negative; a size is 0 bytes or more")
        return value
    if not isinstance(value, str):
        raise ValueError(f"expected a size such as '64KiB', got {_shown(value)}")
    match = _MEASURE.fullmatch(value)
    if match is None:
        raise ValueError(f"{value!r} is no size; write a number and a unit, such as '64KiB'")
    number, unit = match[1].replace("_", ""), match[2]
    if not unit:
        raise ValueError(f"{value!r} has no unit; write '{number}B' or '{number}KiB'")
    try:
        measured = bitmath.parse_string(f"{number}{unit}")
    except ValueError:
        raise ValueError(f"{value!r} is no size: unknown unit {unit!r}; {did_you_mean(unit, _SIZES)}") from None
    if not isinstance(measured, bitmath.Byte):
        raise ValueError(f"{value!r} counts bits; sizes are in bytes, written with a capital B")
    # The unit's factor is exact, the library's product is a float that is not.
    exact = Fraction(number) * Fraction(type(measured)(1).bytes)
    if exact < 0:
        raise ValueError(f"{value!r} is negative; a size is 0 bytes or more")
    if exact.denominator != 1:
        raise ValueError(f"{value!r} is {float(exact):g} bytes, which is not a whole number of bytes")
    return int(exact)


def duration(value: object) -> int:
    """Nanoseconds of ``"1.5ms"`` or ``"2m30s"``; units are ns, us, ms, s, m, h.

    Raises:
        ValueError: not a duration of 0 or more, or not a whole number of nanoseconds.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if value == 0:
            return 0
        raise ValueError(f"{value} has no unit; write '{value}ms' or '{value}s'")
    if not isinstance(value, str):
        raise ValueError(f"expected a duration such as '5ms', got {_shown(value)}")
    if value.strip() == "0":
        return 0
    if value.strip().startswith("-"):
        raise ValueError(f"{value!r} is negative; a duration is 0 or more")
    total, position = Fraction(0), 0
    while match := _DURATION_PART.match(value, position):
        total += Fraction(match[1].replace("_", "")) * _unit(match[2], value)
        position = match.end()
    if not position or value[position:].strip():
        raise ValueError(f"{value!r} is no duration; write a number and a unit, such as '300ns', '5ms' or '2m30s'")
    if total.denominator != 1:
        raise ValueError(f"{value!r} is not a whole number of nanoseconds")
    return int(total)


def rate(value: object) -> Fraction:
    """Events per second of ``"1000/s"``.

    Raises:
        ValueError: not a rate.
    """
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{_shown(value)} is no rate; write a number of events per unit of time, such as '1000/s'")
    return Fraction(match[1].replace("_", "")) * NS_PER_S / _unit(match[2], match[0])


def _unit(unit: str, whole: str) -> int:
    unit = unit.replace("\u03bc", "\u00b5")  # the Greek letter and the micro sign look alike
    if unit not in _NANOSECONDS:
        raise ValueError(f"{whole!r}: unknown unit of time {unit!r}; {did_you_mean(unit, _NANOSECONDS)}")
    return _NANOSECONDS[unit]


def _shown(value: object) -> str:
    return f"{type(value).__name__} {value!r}"
