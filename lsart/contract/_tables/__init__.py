"""The tables of the contract, whole.

Written by tools/generate_contract.py from lsart/contract/data/*.toml; do not edit.
"""

from __future__ import annotations

from lsart.contract._rows import Slot
from lsart.contract._tables._client_00_08 import CLIENT_0_TO_8
from lsart.contract._tables._client_09_17 import CLIENT_9_TO_17
from lsart.contract._tables._dispatch_protocol import LSA_DISPATCH_TABLE
from lsart.contract._tables._dll_00_03 import DLL_0_TO_3
from lsart.contract._tables._lsa_secpkg_00_15 import LSA_SECPKG_0_TO_15
from lsart.contract._tables._lsa_secpkg_16_31 import LSA_SECPKG_16_TO_31
from lsart.contract._tables._lsa_secpkg_32_47 import LSA_SECPKG_32_TO_47
from lsart.contract._tables._lsa_secpkg_48_63 import LSA_SECPKG_48_TO_63
from lsart.contract._tables._ndis_00_04 import NDIS_0_TO_4
from lsart.contract._tables._secpkg_00_10 import SECPKG_0_TO_10
from lsart.contract._tables._secpkg_11_21 import SECPKG_11_TO_21
from lsart.contract._tables._secpkg_22_32 import SECPKG_22_TO_32
from lsart.contract._tables._secpkg_33_42 import SECPKG_33_TO_42
from lsart.contract._tables._secpkg_protocol import LSA_SECPKG_FUNCTION_TABLE
from lsart.contract._tables._user_00_14 import USER_0_TO_14

__all__ = [
    "CLIENT_FUNCTIONS",
    "LSA_DISPATCH_SLOTS",
    "LSA_DISPATCH_TABLE",
    "LSA_SECPKG_FUNCTION_TABLE",
    "LSA_SECPKG_SLOTS",
    "NDIS_FUNCTIONS",
    "SECPKG_DLL_SLOTS",
    "SECPKG_SLOTS",
    "SECPKG_USER_SLOTS",
]

LSA_SECPKG_SLOTS: tuple[Slot, ...] = (
    *LSA_SECPKG_0_TO_15,
    *LSA_SECPKG_16_TO_31,
    *LSA_SECPKG_32_TO_47,
    *LSA_SECPKG_48_TO_63,
)
LSA_DISPATCH_SLOTS: tuple[Slot, ...] = LSA_SECPKG_SLOTS[:11]  # LST-2: the same functions, so the same rows
SECPKG_SLOTS: tuple[Slot, ...] = (*SECPKG_0_TO_10, *SECPKG_11_TO_21, *SECPKG_22_TO_32, *SECPKG_33_TO_42)
SECPKG_USER_SLOTS: tuple[Slot, ...] = USER_0_TO_14
SECPKG_DLL_SLOTS: tuple[Slot, ...] = DLL_0_TO_3
CLIENT_FUNCTIONS: tuple[Slot, ...] = (*CLIENT_0_TO_8, *CLIENT_9_TO_17)
NDIS_FUNCTIONS: tuple[Slot, ...] = NDIS_0_TO_4
