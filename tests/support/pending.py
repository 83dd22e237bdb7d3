"""Rules and gaps of functions that are served, which still wait for their proof. This list only gets shorter."""

from __future__ import annotations

__all__ = ["PENDING"]

PENDING: dict[str, str] = {}
"""By id, what they wait for."""
