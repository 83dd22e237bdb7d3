"""Audit records: what the security log of Windows would hold."""

from __future__ import annotations

import attrs

from lsart.events._base import Event, Origin

__all__ = ["AccountLogonAudited", "LogonAudited"]


@attrs.frozen(kw_only=True)
class LogonAudited(Event):
    """An attempt to log on, by a package that called AuditLogon, or by LSA itself after LsaLogonUser.

    Args:
        status, sub_status: how it ended. account, authority, workstation, user_sid: who, as far as it is known.
        logon_type: a SECURITY_LOGON_TYPE. source: name of the token source. logon_id: the session of a success.
        origin_name: where the client of LsaLogonUser says that the attempt comes from.
    """

    status: int
    sub_status: int
    account: str | None
    authority: str | None
    workstation: str | None
    user_sid: str | None
    logon_type: int
    source: str
    logon_id: int | None
    origin: Origin
    origin_name: str = ""


@attrs.frozen(kw_only=True)
class AccountLogonAudited(Event):
    """A package mapped a foreign principal to an account of Windows, or failed to.

    Args:
        audit_id: the package's own number for what happened. success, status: how it ended.
        source: who reports it. client_name: the foreign principal. mapped_name: the account.
    """

    audit_id: int
    success: bool
    source: str | None
    client_name: str | None
    mapped_name: str | None
    status: int
    origin: Origin
