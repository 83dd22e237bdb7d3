"""Events of logon sessions and handles. Secrets never appear in one."""

from __future__ import annotations

import attrs

from lsart.events._base import Event, Origin

__all__ = [
    "CredentialLeaked",
    "HandleLeaked",
    "ImpersonationLeft",
    "LogonSessionCreated",
    "LogonSessionDeleted",
    "LogonSessionEnded",
    "LogonSessionHandedOver",
    "LogonSessionLeaked",
    "LogonTerminationTold",
    "TokenCreated",
    "TokenSourceForeign",
]


@attrs.frozen(kw_only=True)
class LogonSessionCreated(Event):
    """CreateLogonSession made a session that this LUID names."""

    logon_id: int
    origin: Origin


@attrs.frozen(kw_only=True)
class LogonSessionDeleted(Event):
    """A package took its session back with DeleteLogonSession; `credentials` entries stored under it went with it."""

    logon_id: int
    credentials: int
    origin: Origin


@attrs.frozen(kw_only=True)
class LogonSessionHandedOver(Event):
    """LSA owns the session from now on: whoever created it must not delete it."""

    logon_id: int
    created: Origin


@attrs.frozen(kw_only=True)
class LogonSessionEnded(Event):
    """A session that LSA owned is gone: nothing needed it any more."""

    logon_id: int
    created: Origin


@attrs.frozen(kw_only=True)
class LogonSessionLeaked(Event):
    """A session was still its package's own when the package was unloaded: who created it."""

    logon_id: int
    created: Origin


@attrs.frozen(kw_only=True)
class LogonTerminationTold(Event):
    """LsaApLogonTerminated of a package was called for a session that ended; `reason` says why it did not go well."""

    logon_id: int
    package: str
    reason: str


@attrs.frozen(kw_only=True)
class CredentialLeaked(Event):
    """A package was unloaded and had not deleted a credential of a session that ended: who stored it."""

    logon_id: int
    stored: Origin


@attrs.frozen(kw_only=True)
class HandleLeaked(Event):
    """A handle was still open when its package was unloaded. `kind` is what it names."""

    kind: str
    handle: int
    opened: Origin


@attrs.frozen(kw_only=True)
class ImpersonationLeft(Event):
    """A call ended while its thread still acted as the client: who had begun that. LSA has ended it."""

    origin: Origin


@attrs.frozen(kw_only=True)
class TokenCreated(Event):
    """CreateToken made a token of a session, for this user."""

    logon_id: int
    handle: int
    user: str
    origin: Origin


@attrs.frozen(kw_only=True)
class TokenSourceForeign(Event):
    """A package made a token, or audited a logon, with a source that does not carry its name."""

    source: str
    origin: Origin
