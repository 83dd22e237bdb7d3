"""Numbers as people read them: three significant digits, a unit that fits.

Only characters of Latin-1 are used, so that any terminal can show them.
"""

from __future__ import annotations

__all__ = ["show_bytes", "show_count", "show_share", "show_time"]

_TIMES = ("ns", "\u00b5s", "ms", "s")
_SIZES = ("B", "KiB", "MiB", "GiB", "TiB")


def show_count(count: int) -> str:
    """``1,234``"""
    return f"{count:,}"


def show_time(time_ns: int) -> str:
    """``300 ns``, ``1.25 ms``, ``3,600 s``"""
    return _scaled(time_ns, 1000, _TIMES)


def show_bytes(size: int) -> str:
    """``512 B``, ``12.3 KiB``, ``64.0 MiB``"""
    return _scaled(size, 1024, _SIZES)


def show_share(part: int, whole: int) -> str:
    """``12.3 %``; what is not nothing never shows as nothing, and what is not all never shows as all."""
    if not part:
        return "0 %"
    if part == whole:
        return "100 %"
    percent = 100 * part / whole
    if part and percent < 0.1:
        return "<0.1 %"
    return f"{min(percent, 99.9):.1f} %"


def _scaled(value: int, step: int, units: tuple[str, ...]) -> str:
    if value < step:
        return f"{value} {units[0]}"
    scaled = float(value)
    for unit in units:
        # Compare as it will be rounded: 999.9 us is 1.00 ms, not 1000 us.
        if round(scaled) < step or unit == units[-1]:
            break
        scaled /= step
    for decimals in (2, 1):
        text = f"{scaled:.{decimals}f}"
        if len(text) == 4:  # three digits and the point
            return f"{text} {unit}"
    return f"{scaled:,.0f} {unit}"
