"""Events of logons. Secrets never appear in one."""

from __future__ import annotations

import attrs

from lsart.events._base import Event, Origin

__all__ = ["AccountNameMissing", "CredentialsOffered", "LogonSessionLeft", "SubStatusMisplaced"]


@attrs.frozen(kw_only=True)
class AccountNameMissing(Event):
    """A package returned no account name from a logon, which ended with this status."""

    package: str
    status: int
    origin: Origin


@attrs.frozen(kw_only=True)
class SubStatusMisplaced(Event):
    """A package set SubStatus beside a status that has none; nobody is told of it."""

    package: str
    status: int
    sub_status: int
    origin: Origin


@attrs.frozen(kw_only=True)
class LogonSessionLeft(Event):
    """A logon failed with this status, and its package did not delete the session that it had created for it."""

    logon_id: int
    status: int
    created: Origin


@attrs.frozen(kw_only=True)
class CredentialsOffered(Event):
    """A package was given the credentials of a user of this session, and answered with this status."""

    package: str
    logon_id: int
    status: int
    is_update: bool
