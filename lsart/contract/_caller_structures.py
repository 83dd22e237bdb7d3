"""Structures that say who makes a call, as frozen values.

Attributes are the Windows members in snake_case: ``CallCount`` is ``call_count``.
Pages: sdk-api ns-ntsecpkg-secpkg_call_info, ns-ntsecpkg-secpkg_client_info.
"""

from __future__ import annotations

import attrs

from lsart.contract._pointer import Pointer

__all__ = ["SECPKG_CALL_INFO", "SECPKG_CLIENT_INFO"]


@attrs.frozen
class SECPKG_CALL_INFO:
    """The call that is being served, as GetCallInfo describes it.

    Args:
        process_id, thread_id: who made it. attributes: SECPKG_CALL bits.
        call_count: how many calls LSA had been asked for when it came, itself included.
        mech_oid: the mechanism that was negotiated; None where none was.
    """

    process_id: int
    thread_id: int
    attributes: int
    call_count: int
    mech_oid: Pointer | None = None


@attrs.frozen
class SECPKG_CLIENT_INFO:
    """Who makes the call that is being served, as GetClientInfo describes it.

    Args:
        logon_id: the LUID of the session that the caller acts in. process_id, thread_id: who it is.
        has_tcb_privilege: whether the process holds SeTcbPrivilege. impersonating: whether the thread acts by another
            token than its process's. restricted: whether it is limited in what its user may do.
        client_flags: SECPKG_CLIENT bits, of what has ended. impersonation_level: SECURITY_IMPERSONATION_LEVEL.
        client_token: a handle of LSASS to the caller's token, until the call ends; None where there is no token.
            The mingw-w64 declaration ends before it.
    """

    logon_id: int
    process_id: int
    thread_id: int
    has_tcb_privilege: bool
    impersonating: bool
    restricted: bool
    client_flags: int
    impersonation_level: int
    client_token: int | None = None
