"""What a function registered with RegisterNotification is given, and values of Win32 that threads need.

Pages: sdk-api ns-ntsecpkg-secpkg_event_notify, ns-ntsecpkg-secpkg_event_package_change, nc-ntsecpkg-lsa_create_thread.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import attrs

from lsart.contract._structures import SECPKG_PARAMETERS

__all__ = [
    "CREATE_SUSPENDED",
    "ERROR_ACCESS_DENIED",
    "ERROR_INVALID_HANDLE",
    "ERROR_INVALID_PARAMETER",
    "ERROR_NO_SYSTEM_RESOURCES",
    "ERROR_NO_TOKEN",
    "SECPKG_EVENT_DOMAIN_CHANGE",
    "SECPKG_EVENT_NOTIFY",
    "SECPKG_EVENT_PACKAGE_CHANGE",
    "STACK_SIZE_PARAM_IS_A_RESERVATION",
    "ThreadStart",
]

ThreadStart = Callable[[Any], object | Awaitable[object]]
"""A function that a thread runs (SEC_THREAD_START), plain or ``async def``; what it returns is the exit code."""

CREATE_SUSPENDED: Final = 0x4
STACK_SIZE_PARAM_IS_A_RESERVATION: Final = 0x10000

ERROR_ACCESS_DENIED: Final = 5
ERROR_INVALID_HANDLE: Final = 6
ERROR_INVALID_PARAMETER: Final = 87
ERROR_NO_SYSTEM_RESOURCES: Final = 1450
ERROR_NO_TOKEN: Final = 1008

SECPKG_EVENT_DOMAIN_CHANGE = SECPKG_PARAMETERS


@attrs.frozen
class SECPKG_EVENT_PACKAGE_CHANGE:
    """A package came, went, or became the preferred one.

    Args:
        change_type: a SECPKG_PACKAGE_CHANGE value. package_id, package_name: which package.
    """

    change_type: int
    package_id: int
    package_name: str


@attrs.frozen
class SECPKG_EVENT_NOTIFY:
    """What happened, for a function that was registered for it.

    Args:
        event_class: the NOTIFY_CLASS value; 0 where no event is behind the run.
        event_data_size: bytes that `event_data` has on 64-bit Windows, 0 when there is none.
        event_data: SECPKG_EVENT_PACKAGE_CHANGE or SECPKG_EVENT_DOMAIN_CHANGE, by class.
        package_parameter: the very object that was given to RegisterNotification.
    """

    event_class: int
    event_data_size: int
    event_data: SECPKG_EVENT_PACKAGE_CHANGE | SECPKG_PARAMETERS | None
    package_parameter: object
    reserved: int = 0
