"""What a client of SSPI is told when something failed in LSA: a code of SSPI.

The pages of the client functions have SEC_E_INTERNAL_ERROR for an error without a code of SSPI, so others are put
into those codes where one says the same.
"""

from __future__ import annotations

from lsart.contract import (
    NTSTATUS,
    SEC_E_INSUFFICIENT_MEMORY,
    SEC_E_INTERNAL_ERROR,
    SEC_E_INVALID_HANDLE,
    SEC_E_LOGON_DENIED,
    SEC_E_NO_AUTHENTICATING_AUTHORITY,
    SEC_E_SECPKG_NOT_FOUND,
    SEC_E_UNSUPPORTED_FUNCTION,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_HANDLE,
    STATUS_LOGON_FAILURE,
    STATUS_NO_LOGON_SERVERS,
    STATUS_NO_MEMORY,
    STATUS_NO_SUCH_PACKAGE,
    STATUS_NOT_IMPLEMENTED,
    STATUS_NOT_SUPPORTED,
    StatusError,
)

__all__ = ["sspi_error"]

_FACILITY_SSPI = 0x0009
_SAME = {
    STATUS_NO_SUCH_PACKAGE: SEC_E_SECPKG_NOT_FOUND,
    STATUS_NOT_IMPLEMENTED: SEC_E_UNSUPPORTED_FUNCTION,
    STATUS_NOT_SUPPORTED: SEC_E_UNSUPPORTED_FUNCTION,
    STATUS_NO_MEMORY: SEC_E_INSUFFICIENT_MEMORY,
    STATUS_INSUFFICIENT_RESOURCES: SEC_E_INSUFFICIENT_MEMORY,
    STATUS_INVALID_HANDLE: SEC_E_INVALID_HANDLE,
    STATUS_LOGON_FAILURE: SEC_E_LOGON_DENIED,
    STATUS_NO_LOGON_SERVERS: SEC_E_NO_AUTHENTICATING_AUTHORITY,
}


def sspi_error(error: StatusError) -> StatusError:
    """The error as a client of SSPI sees it; its text says what it was."""
    status = error.status
    if _is_of_sspi(status):
        return error
    return StatusError(_SAME.get(status, SEC_E_INTERNAL_ERROR), str(error))


def _is_of_sspi(status: NTSTATUS) -> bool:
    return int(status) >> 16 & 0x7FFF == _FACILITY_SSPI
