"""Privileges by name and by LUID, which winnt.h and ntifs.h fix.

Page: win32 SecAuthZ/privilege-constants.
"""

from __future__ import annotations

from types import MappingProxyType

__all__ = ["PRIVILEGES", "SE_PRIVILEGE_ENABLED", "SE_PRIVILEGE_ENABLED_BY_DEFAULT", "privilege_name"]

SE_PRIVILEGE_ENABLED_BY_DEFAULT = 1
SE_PRIVILEGE_ENABLED = 2

_NAMES = (
    "CreateToken AssignPrimaryToken LockMemory IncreaseQuota MachineAccount Tcb Security TakeOwnership LoadDriver "
    "SystemProfile Systemtime ProfileSingleProcess IncreaseBasePriority CreatePagefile CreatePermanent Backup Restore "
    "Shutdown Debug Audit SystemEnvironment ChangeNotify RemoteShutdown Undock SyncAgent EnableDelegation ManageVolume "
    "Impersonate CreateGlobal TrustedCredManAccess Relabel IncreaseWorkingSet TimeZone CreateSymbolicLink"
)
PRIVILEGES = MappingProxyType({f"Se{name}Privilege": luid for luid, name in enumerate(_NAMES.split(), start=2)})
"""LUID of each privilege by its name: ``PRIVILEGES["SeTcbPrivilege"]`` is 7."""

_BY_LUID = {luid: name for name, luid in PRIVILEGES.items()}


def privilege_name(luid: int) -> str | None:
    """The name of a privilege, None when no privilege has that LUID."""
    return _BY_LUID.get(luid)
