"""Rules and gaps of functions that are served, which still wait for their proof. This list only gets shorter."""

from __future__ import annotations

__all__ = ["PENDING"]

PENDING: dict[str, str] = {
    **dict.fromkeys(("LCP-6", "LIP-5", "SPG-4", "SPI-7", "SPS-3"), "a notice about missing entries"),
    **dict.fromkeys(("LRL-1", "LRL-2", "LRL-3", "LRL-6"), "marks, and a mutant each"),
    **dict.fromkeys(("SPG-1", "SPG-2"), "EnumerateSecurityPackages and contexts"),
    "LRL-4": "LsaLogonUser",
    "GUA-1": "ConvertAuthDataToToken",
    "LsaDeregisterLogonProcess/1": "LsaLogonUser",
}
"""By id, what they wait for."""
