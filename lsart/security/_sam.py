"""The account store of one running LSA: accounts as they stand, who has one open, and wrong passwords so far.

*Handle*: what OpenSamUser gives out, an address where nothing is mapped, never given out twice. *Lock*: too many wrong
passwords; it goes by itself. Whether an account exists is for OpenSamUser to tell; the check of a password costs and
says the same for nobody's password as for a wrong one.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import attrs

from lsart.contract import Pointer, enumerations
from lsart.events import Origin
from lsart.memory import LSASS
from lsart.security._accounts import GUEST_RID, Account, Accounts
from lsart.security._auth_data import AuthData, pack_auth_data, unpack_auth_data
from lsart.security._names import Names
from lsart.security._passwords import hash_password, is_password

__all__ = ["OpenAccount", "PasswordVerdict", "Sam"]

_FIRST_HANDLE = 0x1000_0000  # below anything that is ever mapped
_HANDLE_STEP = 16


class PasswordVerdict(Enum):
    """What a check of a password found. All but the first two are told only to who knows the password, except the
    lock."""

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED_OUT = "locked out"
    DISABLED = "disabled"
    EXPIRED = "expired"
    PASSWORD_EXPIRED = "password expired"


@attrs.frozen
class OpenAccount:
    """One open handle: of which account, and who opened it."""

    account: Account
    opened: Origin


@attrs.define
class _Counter:
    """Wrong passwords of one account: how many, when the last one was, and when the account was locked, if it is."""

    wrong: int = 0
    last_ns: int = 0
    locked_ns: int | None = None


class Sam:
    """See the top of this file.

    Args:
        accounts: as they stand at the start. key: seals authorization data.
        verify: whether a hash was made of a password; handed in so that a test can count.
    """

    def __init__(self, accounts: Accounts, key: bytes, *, verify: Callable[[str, str], bool] = is_password) -> None:
        self.accounts = accounts
        self.names = Names(accounts)
        self._key = key
        self._verify = verify
        self._open: dict[int, OpenAccount] = {}
        self._next = _FIRST_HANDLE
        self._counters: dict[str, _Counter] = {}
        self._saved: dict[str, dict[str, bytes]] = {}  # by account, for those with which something was saved
        self._nobody: str | None = None
        self._groups = {accounts.sid_of(each): each for each in accounts.groups}
        self._group_sids = {each.name: accounts.sid_of(each) for each in accounts.groups}

    # ------------------------------------------------------------------ accounts and handles

    def find(
        self, name: str, form: enumerations.SECPKG_NAME_TYPE, prefix: str | None, *, allow_guest: bool = False
    ) -> Account | None:
        """The account of this name; Guest for an unknown name, if that is allowed and Guest is enabled (OSU-3)."""
        account = self.names.find(name, form, prefix)
        if account is None and allow_guest:
            guest = next((each for each in self.accounts.accounts if each.rid == GUEST_RID), None)
            return guest if guest is not None and not guest.disabled else None
        return account

    def open(self, account: Account, opened: Origin) -> Pointer:
        """A new handle to an account."""
        handle = self._next
        self._next += _HANDLE_STEP
        self._open[handle] = OpenAccount(account, opened)
        return Pointer(handle, LSASS)

    def opened(self, handle: Pointer | None) -> OpenAccount | None:
        """What a handle stands for; None for NULL and for anything that is no open handle."""
        return self._open.get(handle.address) if handle is not None and handle.space == LSASS else None

    def close(self, handle: Pointer | None) -> bool:
        """End a handle; False when it is none."""
        if self.opened(handle) is None:
            return False
        assert handle is not None
        del self._open[handle.address]
        return True

    def release(self, package: str) -> tuple[tuple[Pointer, OpenAccount], ...]:
        """End every handle that a package left open, oldest first."""
        left = {handle: each for handle, each in self._open.items() if each.opened.package == package}
        for handle in left:
            del self._open[handle]
        return tuple((Pointer(handle, LSASS), each) for handle, each in left.items())

    @property
    def handles(self) -> int:
        """How many handles are open."""
        return len(self._open)

    # ------------------------------------------------------------------ passwords

    def check_password(self, account: Account | None, password: str, now_ns: int) -> PasswordVerdict:
        """Whether a password opens an account now; a wrong one is counted. None stands for a name that nobody has."""
        if self._nobody is None:  # made at the first check of all, so that the first one of nobody takes no longer
            self._nobody = hash_password("", self.accounts.salt_of(""), self.accounts.cost)
        known = "" if account is None else account.password_hash
        is_right = self._verify(password, known or self._nobody)
        if account is None:
            return PasswordVerdict.WRONG
        if self.is_locked(account, now_ns):
            return PasswordVerdict.LOCKED_OUT
        if not is_right or not account.password_hash:
            self._count_wrong(account, now_ns)
            return PasswordVerdict.WRONG
        self._counters.pop(account.name, None)
        if account.disabled:
            return PasswordVerdict.DISABLED
        if account.expires_ns is not None and now_ns >= account.expires_ns:
            return PasswordVerdict.EXPIRED
        if account.password_expires_ns is not None and now_ns >= account.password_expires_ns:
            return PasswordVerdict.PASSWORD_EXPIRED
        return PasswordVerdict.RIGHT

    def is_locked(self, account: Account, now_ns: int) -> bool:
        """Whether wrong passwords have locked the account; a lock that has lasted long enough ends here."""
        counter = self._counters.get(account.name)
        if counter is None or counter.locked_ns is None:
            return False
        lasts = self.accounts.lockout.duration_ns
        if lasts and now_ns - counter.locked_ns >= lasts:
            del self._counters[account.name]
            return False
        return True

    def wrong_passwords(self, account: Account) -> int:
        """How many wrong passwords count against the account."""
        counter = self._counters.get(account.name)
        return 0 if counter is None else counter.wrong

    def _count_wrong(self, account: Account, now_ns: int) -> None:
        policy = self.accounts.lockout
        counter = self._counters.setdefault(account.name, _Counter())
        if counter.wrong and now_ns - counter.last_ns >= policy.window_ns:
            counter.wrong = 0
        counter.wrong += 1
        counter.last_ns = now_ns
        if policy.threshold and counter.wrong >= policy.threshold:
            counter.locked_ns = now_ns

    # ------------------------------------------------------------------ supplemental credentials

    def supplemental_credentials(self, account: Account) -> dict[str, bytes]:
        """What packages saved with an account, before or in this run, by their names, which are in order."""
        return dict(sorted(self._saved.get(account.name, dict(account.supplemental_credentials)).items()))

    def save_supplemental_credential(self, account: Account, package: str, data: bytes | None) -> None:
        """Keep it with the account instead of what is there under that name; None takes that away."""
        held = self._saved.setdefault(account.name, dict(account.supplemental_credentials))
        held.pop(package, None)
        if data is not None:
            held[package] = data

    def current(self) -> Accounts:
        """The accounts with what packages have saved by now. Locks and wrong passwords end with the run."""
        members = self.accounts.accounts
        kept = [attrs.evolve(each, supplemental_credentials=self.supplemental_credentials(each)) for each in members]
        return attrs.evolve(self.accounts, accounts=tuple(kept))

    # ------------------------------------------------------------------ authorization data

    def auth_data(self, account: Account) -> bytes:
        """Authorization data of an account, with the groups that it is a member of itself."""
        return pack_auth_data(
            AuthData(
                sid=self.accounts.sid_of(account),
                domain=self.accounts.domain,
                account_name=account.name,
                user_principal_name=account.user_principal_name,
                groups=tuple(self._group_sids[each] for each in account.groups),
            ),
            self._key,
        )

    def read_auth_data(self, data: bytes) -> AuthData:
        """What authorization data says; raises ValueError when it is not of this LSA."""
        return unpack_auth_data(data, self._key)

    def expand(self, data: bytes) -> bytes:
        """New authorization data with the groups of its groups; raises ValueError when it is not of this LSA."""
        read = self.read_auth_data(data)
        groups = list(read.groups)
        for sid in groups:  # grows meanwhile: the nearest groups come first
            group = self._groups.get(sid)
            inner = () if group is None else group.member_of
            groups += [each for name in inner if (each := self._group_sids[name]) not in groups]
        return pack_auth_data(attrs.evolve(read, groups=tuple(groups), is_expanded=True), self._key)
