"""Rules and gaps of functions that are served, which still wait for their proof. This list only gets shorter."""

from __future__ import annotations

__all__ = ["PENDING"]

PENDING: dict[str, str] = {
    **dict.fromkeys(("CLS-6", "DLS-7"), "LsaLogonUser"),
    **dict.fromkeys(("CIC-2", "SIC-4"), "the user-mode half"),
    "GUA-1": "ConvertAuthDataToToken",
    "LsaDeregisterLogonProcess/1": "LsaLogonUser",
}
"""By id, what they wait for."""
