"""The small notation of scenario values: ``uniform(1ms, 3ms)``, ``burst(50 every 10ms)``."""

from __future__ import annotations

import re

__all__ = ["split_call"]

_CALL = re.compile(r"\s*([a-z_]+)\s*\((.*)\)\s*", re.DOTALL)


def split_call(text: str) -> tuple[str, list[str]] | None:
    """Name and arguments of ``name(argument, argument)``; None for anything else."""
    match = _CALL.fullmatch(text)
    if match is None:
        return None
    inside = match[2].strip()
    return match[1], [part.strip() for part in inside.split(",")] if inside else []
