"""Functions LSA offers to a package (SpInitialize, third parameter), all 64 slots.

Written by tools/generate_contract.py from lsart/contract/data/lsa_secpkg_function_table.toml; do not edit.
"""

from __future__ import annotations

from typing import Protocol

from lsart.contract._tables._dispatch_protocol import LSA_DISPATCH_TABLE
from lsart.contract._tables._slots_11_28_protocol import Slots11To28
from lsart.contract._tables._slots_29_45_protocol import Slots29To45
from lsart.contract._tables._slots_46_63_protocol import Slots46To63

__all__ = ["LSA_SECPKG_FUNCTION_TABLE"]


class LSA_SECPKG_FUNCTION_TABLE(LSA_DISPATCH_TABLE, Slots11To28, Slots29To45, Slots46To63, Protocol):
    """Functions LSA offers to a package (SpInitialize, third parameter), all 64 slots."""
