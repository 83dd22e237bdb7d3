"""Slots for accounts: OpenSamUser to CrackSingleName, and the check of a password, which is lsart's own."""

from __future__ import annotations

from typing import Literal

from lsart.contract import (
    NTSTATUS,
    SECPKG_SUPPLEMENTAL_CRED,
    STATUS_ACCOUNT_DISABLED,
    STATUS_ACCOUNT_RESTRICTION,
    STATUS_INVALID_HANDLE,
    STATUS_INVALID_PARAMETER,
    STATUS_LOGON_FAILURE,
    STATUS_NO_MEMORY,
    STATUS_NO_SUCH_USER,
    STATUS_PASSWORD_EXPIRED,
    STATUS_UNSUCCESSFUL,
    Pointer,
    StatusError,
    UserCredentials,
    enumerations,
)
from lsart.engine import Label, announce, current, exploring, touch
from lsart.events import AccountHandleLeaked, AccountLocked, Bus, Origin, PasswordChecked
from lsart.memory import LsaMemory
from lsart.runtime._memory_view import MemoryView
from lsart.runtime._pacer import Pacer, touch_commit
from lsart.security import Account, Accounts, AuthData, CrackError, OpenAccount, PasswordVerdict, Sam

__all__ = ["AccountServices"]

# Two that no page of the contract names.
_STATUS_ACCOUNT_EXPIRED = NTSTATUS(0xC0000193, "STATUS_ACCOUNT_EXPIRED")
_STATUS_ACCOUNT_LOCKED_OUT = NTSTATUS(0xC0000234, "STATUS_ACCOUNT_LOCKED_OUT")

_RESTRICTIONS = {
    PasswordVerdict.LOCKED_OUT: _STATUS_ACCOUNT_LOCKED_OUT,
    PasswordVerdict.DISABLED: STATUS_ACCOUNT_DISABLED,
    PasswordVerdict.EXPIRED: _STATUS_ACCOUNT_EXPIRED,
    PasswordVerdict.PASSWORD_EXPIRED: STATUS_PASSWORD_EXPIRED,
}
_STORE = "the accounts of LSA"


class AccountServices:
    """The account store behind its slots. Every method takes the caller's origin first."""

    def __init__(self, accounts: Accounts, memory: LsaMemory, pacer: Pacer, bus: Bus) -> None:
        self.sam = Sam(accounts, current().random("lsa", "authorization data").randbytes(32))
        self._memory = memory
        self._pacer = pacer
        self._bus = bus
        self._explores = exploring()

    async def OpenSamUser(
        self,
        origin: Origin,
        name: str,
        name_type: enumerations.SECPKG_NAME_TYPE,
        prefix: str | None,
        allow_guest: bool,
        reserved: int,
    ) -> Pointer:
        if reserved != 0:
            raise StatusError(STATUS_INVALID_PARAMETER, f"OpenSamUser: Reserved is {reserved}; it must be zero")
        await self._point("w", "open an account of")
        return self.sam.open(self._found(origin, name, name_type, prefix, allow_guest), origin)

    async def GetUserAuthData(self, origin: Origin, user_handle: Pointer | None) -> tuple[Pointer, int]:
        await self._point("r", "read an account of")
        return self._given_out(origin, self.sam.auth_data(self._opened(origin, user_handle).account))

    async def CloseSamUser(self, origin: Origin, user_handle: Pointer | None) -> None:
        await self._point("w", "close an account of")
        self._opened(origin, user_handle)
        self.sam.close(user_handle)

    async def GetAuthDataForUser(
        self, origin: Origin, name: str, name_type: enumerations.SECPKG_NAME_TYPE, prefix: str | None
    ) -> tuple[Pointer, int, str | None]:
        await self._point("r", "read an account of")
        account = self._found(origin, name, name_type, prefix, allow_guest=False)
        return (*self._given_out(origin, self.sam.auth_data(account)), account.user_principal_name)

    async def ExpandAuthDataForDomain(
        self, origin: Origin, user_auth_data: Pointer | bytes, user_auth_data_size: int, reserved: object
    ) -> tuple[Pointer, int]:
        if reserved is not None:
            raise StatusError(STATUS_INVALID_PARAMETER, "ExpandAuthDataForDomain: Reserved must be NULL")
        # What the data points to may fault, as in LSASS: AccessViolation goes to the package.
        data = await self._read(origin, user_auth_data, user_auth_data_size)
        await self._point("r", "read the groups of")
        try:
            expanded = self.sam.expand(data)
        except ValueError as error:
            raise StatusError(STATUS_INVALID_PARAMETER, f"ExpandAuthDataForDomain: {error}") from None
        return self._given_out(origin, expanded)

    async def CrackSingleName(
        self,
        origin: Origin,
        format_offered: int,
        perform_at_gc: bool,  # the one domain is its own global catalog
        name_input: str,
        prefix: str | None,
        requested_format: int,
    ) -> tuple[str, str, int]:
        await self._point("r", "look names up in")
        try:
            cracked = self.sam.names.crack(format_offered, f"{prefix or ''}{name_input}", requested_format)
        except CrackError as error:
            raise StatusError(STATUS_UNSUCCESSFUL, f"CrackSingleName: {error}", sub_status=int(error.error)) from None
        return cracked, self.sam.accounts.dns_domain, 0

    async def auth_data_at(self, origin: Origin, source: Pointer | bytes, size: int) -> AuthData:
        """What authorization data of this LSA says; `source` is where its bytes lie, or these.

        Raises:
            StatusError: STATUS_INVALID_PARAMETER for anything else (CAT-2).
        """
        data = await self._read(origin, source, size)
        try:
            return self.sam.read_auth_data(data)
        except ValueError as error:
            raise StatusError(STATUS_INVALID_PARAMETER, str(error)) from None

    async def verify_password(self, origin: Origin, user_handle: Pointer | None, password: str) -> None:
        """See `FunctionTable.verify_password`."""
        if not isinstance(password, str):
            raise TypeError(f"expected a password as text, got {type(password).__name__}")  # and no more of it
        await self._point("w", "check a password of")
        account = None if user_handle is None else self._opened(origin, user_handle).account
        was_locked = account is not None and self.sam.is_locked(account, origin.time_ns)
        verdict = self.sam.check_password(account, password, origin.time_ns)
        self._tell_checked(origin, account, verdict, was_locked)
        if verdict is PasswordVerdict.WRONG:
            raise StatusError(STATUS_LOGON_FAILURE, "unknown name or wrong password")
        if verdict is not PasswordVerdict.RIGHT:
            raise StatusError(
                STATUS_ACCOUNT_RESTRICTION, f"the account is {verdict.value}", sub_status=_RESTRICTIONS[verdict]
            )

    async def user_credentials(self, origin: Origin, user_handle: Pointer | None) -> UserCredentials:
        """See `FunctionTable.user_credentials`."""
        await self._point("r", "read credentials in")
        account = self._opened(origin, user_handle).account
        saved = self.sam.supplemental_credentials(account)
        return UserCredentials(
            account.password_hash, tuple(SECPKG_SUPPLEMENTAL_CRED(name, data) for name, data in saved.items())
        )

    async def save_supplemental_credential(
        self, origin: Origin, user_handle: Pointer | None, package: str, data: bytes | None
    ) -> None:
        """See `FunctionTable.save_supplemental_credential`."""
        given: tuple[object, object] = (package, data)  # from a package, whatever the annotations say
        if not isinstance(given[0], str) or not isinstance(given[1], bytes | bytearray | None):
            types = " and ".join(type(each).__name__ for each in given)  # and no more of them
            raise TypeError(f"expected a package's name and a credential as bytes or None, got {types}")
        await self._point("w", "save a credential in")
        account = self._opened(origin, user_handle).account
        self.sam.save_supplemental_credential(account, package, None if data is None else bytes(data))

    def release_package(self, package: str, time_ns: int) -> None:
        """Tell which handles a package left open, and close them."""
        for handle, left in self.sam.release(package):
            self._bus.emit(
                AccountHandleLeaked(
                    time_ns=time_ns, account=left.account.name, address=handle.address, opened=left.opened
                )
            )

    # ------------------------------------------------------------------ parts

    async def _point(self, kind: Literal["r", "w"], verb: str) -> None:
        """Where another thread could come first, under an explorer."""
        if self._explores:
            await announce(Label(_STORE, kind, f"{verb} {_STORE}"))

    def _found(self, origin: Origin, name: str, name_type: int, prefix: str | None, allow_guest: bool) -> Account:
        try:
            form = enumerations.SECPKG_NAME_TYPE(name_type)
        except ValueError:
            raise StatusError(STATUS_INVALID_PARAMETER, f"{origin.function}: no name type {name_type!r}") from None
        if form is enumerations.SECPKG_NAME_TYPE.SecNameAlternateId and prefix is None:
            raise StatusError(STATUS_INVALID_PARAMETER, f"{origin.function}: an alternate id needs Prefix")
        account = self.sam.find(name, form, prefix, allow_guest=allow_guest)
        if account is None:
            raise StatusError(STATUS_NO_SUCH_USER, f"{origin.function}: {form.name} {name!r}")
        return account

    def _opened(self, origin: Origin, user_handle: Pointer | None) -> OpenAccount:
        found = self.sam.opened(user_handle)
        if found is None:
            raise StatusError(
                STATUS_INVALID_HANDLE, f"{origin.function}: {user_handle!r} is no open handle of OpenSamUser"
            )
        return found

    def _given_out(self, origin: Origin, data: bytes) -> tuple[Pointer, int]:
        """The bytes in a block of the LSA heap that belongs to the caller (GUA-2, GAU-3)."""
        if self._explores:
            touch("the LSA heap", "w", "allocate from the LSA heap")
            touch_commit()
        block = self._memory.AllocateLsaHeap(len(data), origin)
        if block is None:
            raise StatusError(STATUS_NO_MEMORY, f"{origin.function}: the LSA heap has no room for {len(data)} bytes")
        self._memory.space.write(block.address, data)
        return block, len(data)

    async def _read(self, origin: Origin, source: Pointer | bytes, size: int) -> bytes:
        if isinstance(source, Pointer):
            view = MemoryView(self._memory.space, self._pacer, self._bus, lambda function: origin)
            return await view.read(source, size)
        return bytes(source[:size])

    def _tell_checked(
        self, origin: Origin, account: Account | None, verdict: PasswordVerdict, was_locked: bool
    ) -> None:
        wrong = 0 if account is None else self.sam.wrong_passwords(account)
        name = "" if account is None else account.name
        now = origin.time_ns
        self._bus.emit(PasswordChecked(time_ns=now, account=name, verdict=verdict.value, wrong=wrong, origin=origin))
        if account is not None and not was_locked and self.sam.is_locked(account, now):
            lasts = self.sam.accounts.lockout.duration_ns
            until = now + lasts if lasts else None
            self._bus.emit(AccountLocked(time_ns=now, account=name, wrong=wrong, until_ns=until, origin=origin))
