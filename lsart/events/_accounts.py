"""Events of the account store. No password and no hash is ever in one."""

from __future__ import annotations

import attrs

from lsart.events._base import Event, Origin

__all__ = ["AccountHandleLeaked", "AccountLocked", "PasswordChecked"]


@attrs.frozen(kw_only=True)
class PasswordChecked(Event):
    """A package had a password checked.

    Args:
        account: SAM name; empty for a name that nobody has. verdict: ``"right"``, ``"wrong"``, ``"locked out"``,
            ``"disabled"``, ``"expired"`` or ``"password expired"``. wrong: wrong passwords that count against the
            account now.
    """

    account: str
    verdict: str
    wrong: int
    origin: Origin


@attrs.frozen(kw_only=True)
class AccountLocked(Event):
    """So many wrong passwords locked an account, until `until_ns`; None is the rest of the run."""

    account: str
    wrong: int
    until_ns: int | None
    origin: Origin


@attrs.frozen(kw_only=True)
class AccountHandleLeaked(Event):
    """A handle of OpenSamUser was still open when its package was unloaded: of which account, and who opened it."""

    account: str
    address: int
    opened: Origin
