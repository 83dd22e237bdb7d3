"""Accounts and groups of one domain, as they stand before a run: what a SAM database holds.

*Account*: somebody who may log on. *Group*: a SID that its members have besides their own; groups may be nested. What
changes during a run, such as lockout, is kept by `Sam`, so that one `Accounts` may serve any number of runs.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from lsart.contract import ConfigurationError
from lsart.security._names import fault_of_distinguished_name
from lsart.security._passwords import HashCost, hash_password

__all__ = ["GUEST_RID", "Account", "Accounts", "AccountsError", "Group", "LockoutPolicy"]

GUEST_RID = 501
"""The last part of Guest's SID, in every domain."""

_SID = re.compile(r"S-1-\d+(-\d+){1,15}")
_FORBIDDEN = re.compile(r'["/\\\[\]:;|=,+*?<>@\x00-\x1f]')  # what a SAM name cannot hold
_PRINCIPAL = re.compile(r"[^@\s]{1,512}@[^@\s]{1,512}")
_LONGEST = 256  # characters of a name


def _texts(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(given)


def _secrets(given: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> tuple[tuple[str, bytes], ...]:
    pairs = {name: bytes(data) for name, data in dict(given).items()}
    return tuple(sorted(pairs.items()))


class AccountsError(ConfigurationError):
    """Accounts cannot be as written; the message lists every fault. No fault repeats a password or a hash.

    Likely causes: two accounts of one name or SID, a group that does not exist, a misspelt key in the file.
    """

    def __init__(self, source: str, faults: Sequence[str]) -> None:
        self.source = source
        self.faults = tuple(faults)
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__("\n  ".join([f"{source} has {count}:", *self.faults]))


@attrs.frozen(kw_only=True)
class LockoutPolicy:
    """When an account is locked because of wrong passwords. Times are nanoseconds of the run's clock.

    Args:
        threshold: so many wrong passwords lock the account; 0 for never.
        window_ns: a wrong password counts that long. duration_ns: the lock lasts that long; 0 for the rest of the run.

    Raises:
        ValueError: a number is negative.
    """

    threshold: int = 0
    window_ns: int = 1_800_000_000_000
    duration_ns: int = 1_800_000_000_000

    def __attrs_post_init__(self) -> None:
        if min(self.threshold, self.window_ns, self.duration_ns) < 0:
            raise ValueError(f"{self}: none of the three can be negative")


@attrs.frozen(kw_only=True)
class Group:
    """A group of the domain.

    Args:
        name: unique among groups. rid: last part of its SID. member_of: names of groups that this one is in.
    """

    name: str
    rid: int
    member_of: tuple[str, ...] = attrs.field(default=(), converter=_texts)


@attrs.frozen(kw_only=True)
class Account:
    """A user of the domain. Its text shows no credentials: not the hash, nor what packages saved.

    Args:
        name: the SAM name, ``"alice"``. rid: last part of the SID; 501 is Guest's.
        password_hash: as `hash_password` makes it; empty for an account that no password opens.
        distinguished_name: ``"CN=alice,CN=Users,DC=contoso,DC=test"``, made from name and domain unless given.
        user_principal_name: ``"alice@contoso.test"``, if it has one. display_name: for people.
        service_principal_names: services that run under the account.
        alternate_ids: names of other systems with their prefix, as CrackSingleName and OpenSamUser put it before.
        sid_history: SIDs that the account had elsewhere. groups: names of groups that it is a member of itself.
        disabled: whether logons are refused. expires_ns: time of the run's clock from which they are, if any.
        password_expires_ns: likewise, until the password is changed.
        supplemental_credentials: what packages saved with the account, by the package's name; a mapping will do.
    """

    name: str
    rid: int
    password_hash: str = attrs.field(default="", repr=False)
    distinguished_name: str = ""
    user_principal_name: str | None = None
    display_name: str = ""
    service_principal_names: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    alternate_ids: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    sid_history: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    groups: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    disabled: bool = False
    expires_ns: int | None = None
    password_expires_ns: int | None = None
    supplemental_credentials: tuple[tuple[str, bytes], ...] = attrs.field(default=(), converter=_secrets, repr=False)


@attrs.frozen(kw_only=True)
class Accounts:
    """A domain with its accounts and groups.

    Args:
        domain: the flat name, ``"CONTOSO"``. dns_domain: ``"contoso.test"``. sid: of the domain, as text.
        cost: what new hashes cost, and the check of a password of nobody.

    Raises:
        AccountsError: with every fault.
    """

    domain: str = "LSART"
    dns_domain: str = "lsart.test"
    sid: str = "S-1-5-21-1-2-3"
    accounts: tuple[Account, ...] = ()
    groups: tuple[Group, ...] = ()
    lockout: LockoutPolicy = attrs.field(factory=LockoutPolicy)
    cost: HashCost = attrs.field(factory=HashCost)

    def __attrs_post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise AccountsError(f"domain {self.domain!r}", faults)

    def with_account(self, name: str, password: str | None = None, **fields: Any) -> Accounts:
        """These and one more account.

        Args:
            password: hashed at once and not kept; None for an account that no password opens.
            fields: further fields of `Account`; `rid` is the next free one from 1001 on unless given.

        Raises:
            AccountsError: as for Accounts.
        """
        if "rid" not in fields:
            taken = _rids(self)
            fields["rid"] = max([1000, *taken]) + 1
        hashed = "" if password is None else hash_password(password, self.salt_of(name), self.cost)
        return attrs.evolve(self, accounts=(*self.accounts, Account(name=name, password_hash=hashed, **fields)))

    def with_group(self, name: str, rid: int, member_of: Iterable[str] = ()) -> Accounts:
        """These and one more group; raises AccountsError as for Accounts."""
        return attrs.evolve(self, groups=(*self.groups, Group(name=name, rid=rid, member_of=tuple(member_of))))

    def salt_of(self, name: str) -> bytes:
        """Salt for a new hash of an account's password: another for each name, the same in each run.

        A salt only has to differ; here it must not be drawn, as the same accounts give the same hashes everywhere.
        """
        return hashlib.sha256(f"lsart salt {self.domain}\\{name}".encode("utf-8", "surrogatepass")).digest()[:16]

    def sid_of(self, member: Account | Group) -> str:
        """The SID of an account or a group, as text."""
        return f"{self.sid}-{member.rid}"

    def distinguished_name_of(self, account: Account) -> str:
        """What the account says, or a name in the container Users."""
        parts = ",".join(f"DC={each}" for each in self.dns_domain.split("."))
        return account.distinguished_name or f"CN={account.name},CN=Users,{parts}"


def _faults(accounts: Accounts) -> Iterable[str]:
    for what, name in (("domain", accounts.domain), ("dns_domain", accounts.dns_domain)):
        if not name or len(name) > _LONGEST or _FORBIDDEN.search(name):
            yield f"{what}: {name!r} is no name of a domain"
    if not _SID.fullmatch(accounts.sid):
        yield f"sid: {accounts.sid!r} is no SID; write it like S-1-5-21-1-2-3"
    groups = {each.name for each in accounts.groups}
    for group in accounts.groups:
        yield from _faults_of_member("group", group.name, group.rid, group.member_of, groups)
    for account in accounts.accounts:
        yield from _faults_of_member("account", account.name, account.rid, account.groups, groups)
        yield from _faults_of_names(account)
    yield from _doubles(accounts)


def _faults_of_member(kind: str, name: str, rid: int, member_of: Iterable[str], groups: set[str]) -> Iterable[str]:
    if not name or len(name) > _LONGEST or _FORBIDDEN.search(name):
        yield f'{kind} {name!r}: a name has 1 to {_LONGEST} characters and none of " / \\ [ ] : ; | = , + * ? < > @'
    if not 0 < rid <= 0xFFFF_FFFF:
        yield f"{kind} {name!r}: rid is {rid}; it has 32 bits and is not zero"
    for each in member_of:
        if each not in groups:
            yield f"{kind} {name!r}: there is no group {each!r}"


def _faults_of_names(account: Account) -> Iterable[str]:
    if account.distinguished_name and fault_of_distinguished_name(account.distinguished_name):
        yield f"account {account.name!r}: {account.distinguished_name!r} is no distinguished name"
    principal = account.user_principal_name
    if principal is not None and (not _PRINCIPAL.fullmatch(principal)):
        yield f"account {account.name!r}: {principal!r} is no user principal name; write it like alice@contoso.test"
    for each in account.sid_history:
        if not _SID.fullmatch(each):
            yield f"account {account.name!r}: {each!r} in its SID history is no SID"


def _rids(accounts: Accounts) -> list[int]:
    return [each.rid for each in accounts.accounts] + [each.rid for each in accounts.groups]


def _doubles(accounts: Accounts) -> Iterable[str]:
    members = accounts.accounts
    for what, names in (
        ("accounts", [each.name for each in members]),
        ("groups", [each.name for each in accounts.groups]),
        ("user principal names", [each.user_principal_name for each in members if each.user_principal_name]),
        ("distinguished names", [accounts.distinguished_name_of(each) for each in members]),
        ("service principal names", [name for each in members for name in each.service_principal_names]),
        ("alternate ids", [name for each in members for name in each.alternate_ids]),
        ("rids", [str(each) for each in _rids(accounts)]),
    ):
        for name, count in Counter(each.casefold() for each in names).items():
            if count > 1:
                yield f"{what}: {name!r} is there {count} times"
