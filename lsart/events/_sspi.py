"""Events of credentials and contexts."""

from __future__ import annotations

import attrs

from lsart.events._base import Event, Origin

__all__ = ["ContextLeft", "CredentialInUse", "ExpiryMissing", "SlotOutOfPlace"]


@attrs.frozen(kw_only=True)
class ContextLeft(Event):
    """A client process ended with a context or a credential that it had not given back. LSA gives it back.

    Args:
        kind: "context" or "credential". handle: the package's own number of it.
    """

    client: str
    package: str
    kind: str
    handle: int


@attrs.frozen(kw_only=True)
class CredentialInUse(Event):
    """A client freed a credential before the contexts made with it. Its package hears of it after the last of them."""

    client: str
    package: str
    handle: int


@attrs.frozen(kw_only=True)
class ExpiryMissing(Event):
    """SpAcquireCredentialsHandle said of no time when the credential expires."""

    package: str
    handle: int


@attrs.frozen(kw_only=True)
class SlotOutOfPlace(Event):
    """A slot works, but was called where no page says that it is meant to be.

    Args:
        slot: the slot. rule: the rule that says where.
    """

    slot: str
    rule: str
    origin: Origin
