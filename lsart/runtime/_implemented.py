"""Which functions of the contract this version serves: read off the code, so that no list can be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lsart.contract import CLIENT_FUNCTIONS, LSA_SECPKG_SLOTS, NDIS_FUNCTIONS, SECPKG_DLL_SLOTS
from lsart.ndis import Ndis, SharedMemoryProvider
from lsart.runtime._client import Client
from lsart.runtime._dll_services import DllServices
from lsart.runtime._enter import entered
from lsart.runtime._services import SERVICES
from lsart.runtime._user_entrance import user_entered

__all__ = ["implemented"]


def implemented() -> Mapping[str, frozenset[str]]:
    """Names of the served functions, by what `Rule.source` calls their table. Of a package's table: those that LSA
    enters."""
    return MappingProxyType(
        {
            "LSA_SECPKG_FUNCTION_TABLE": _offered(SERVICES, [each.name for each in LSA_SECPKG_SLOTS]),
            "SECPKG_FUNCTION_TABLE": entered(),
            "SECPKG_USER_FUNCTION_TABLE": user_entered(),
            "SECPKG_DLL_FUNCTIONS": _offered((DllServices,), [each.name for each in SECPKG_DLL_SLOTS]),
            "client_api": _offered((Client,), [each.name for each in CLIENT_FUNCTIONS]),
            "ndis_shared_memory": _offered((Ndis, SharedMemoryProvider), [each.name for each in NDIS_FUNCTIONS]),
        }
    )


def _offered(owners: tuple[type[object], ...], names: list[str]) -> frozenset[str]:
    return frozenset(name for name in names if any(hasattr(owner, name) for owner in owners))
