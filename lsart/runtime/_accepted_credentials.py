"""SpAcceptCredentials of every package: what a user logged on with, on its way to whoever can use it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar

import attrs

from lsart.contract import (
    LSA_STRING,
    SECPKG_PRIMARY_CRED,
    SECPKG_SUPPLEMENTAL_CRED,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_SUCCESS,
    Pointer,
    StatusError,
    constants,
)
from lsart.engine import now_ns
from lsart.events import Bus, CredentialsOffered
from lsart.memory import LsaMemory
from lsart.runtime._enter import Entrance, entry
from lsart.runtime._package import Package
from lsart.runtime._secret_block import SecretBlock, secret_block

__all__ = ["CredentialOffice"]

_ROW = entry("AcceptCredentials")
_LONGEST = 0xFFFE  # bytes that a UNICODE_STRING counts
# Packages that hand on what they are given can go on for ever. Python's stack ends at a depth that depends on who runs
# the model, so the model's ends before it, as in `_call_services`.
_DEEPEST = 48
_MOST = 512  # times in all that credentials are handed on in answer to one: several packages branch at each depth


@attrs.define
class _Cascade:
    """What one giving of credentials leads to, until it is through."""

    given: int = 0
    is_over: bool = False


_NO_CASCADE = _Cascade(is_over=True)
# The cascade that this task is in, and how deep. A thread that a package starts may live longer than the cascade.
_inside: ContextVar[tuple[_Cascade, int]] = ContextVar("lsart_cascade_of_credentials", default=(_NO_CASCADE, 0))


class CredentialOffice:
    """Gives credentials to packages; one per LSA.

    Args:
        packages: those that are in use now, in load order.
    """

    def __init__(
        self, memory: LsaMemory, bus: Bus, entrance: Entrance, packages: Callable[[], tuple[Package, ...]]
    ) -> None:
        self._memory = memory
        self._bus = bus
        self._entrance = entrance
        self._packages = packages

    def taken(self, primary: SECPKG_PRIMARY_CRED | None) -> list[SecretBlock]:
        """The passwords that a package returned in memory, which are LSA's from now on: to be given back."""
        values = () if primary is None else (primary.password, primary.old_password)
        pointers = [each.buffer for each in values if isinstance(each, LSA_STRING)]
        return [SecretBlock(self._memory, each, _ROW.entry_name) for each in pointers if isinstance(each, Pointer)]

    async def give(
        self,
        logon_type: int,
        account_name: str,
        primary: SECPKG_PRIMARY_CRED,
        supplemental: Iterable[SECPKG_SUPPLEMENTAL_CRED],
        *,
        without: str = "",
        stops: bool = False,
    ) -> StatusError | None:
        """Enter SpAcceptCredentials of each package that has one; the first failure, if there was one.

        Passwords that are text are in the LSA heap for as long as that takes, and wiped afterwards (PRC-1). Those that
        are there already stay their owner's.

        Args:
            without: key of a package that is left out. stops: whether the first failure is the end of it.

        Raises:
            StatusError: STATUS_INSUFFICIENT_RESOURCES: the LSA heap has no room for the passwords;
                STATUS_INVALID_PARAMETER: one is longer than Windows can say, or where LSA cannot read it.
            RecursionError: packages answer credentials with credentials, too deep or too often.
        """
        cascade, depth = _inside.get()
        if cascade.is_over:
            cascade, depth = _Cascade(), 0
        if depth >= _DEEPEST:
            raise RecursionError(f"packages have handed credentials on {_DEEPEST} deep")
        if cascade.given >= _MOST:
            raise RecursionError(f"packages have handed credentials on {_MOST} times in answer to one")
        cascade.given += 1
        by_name = {each.package_name: each for each in supplemental}
        secrets: list[SecretBlock] = []
        failure: StatusError | None = None
        token = _inside.set((cascade, depth + 1))
        try:
            password = await self._secret(primary.password, secrets)
            old_password = await self._secret(primary.old_password, secrets)
            given = attrs.evolve(primary, password=password, old_password=old_password)
            for each in self._packages():
                package = each.latest()  # it may be loaded again, or be gone, while others get them
                if each.key == without or not package.state.is_available or _ROW.name not in package.entries:
                    continue
                own = by_name.get(package.name) or by_name.get(package.key)
                error = await self._offer(package, logon_type, account_name, given, own)
                failure = failure or error
                if error is not None and stops:
                    break
        finally:
            _inside.reset(token)
            if not depth:
                cascade.is_over = True
            for secret in secrets:
                secret.give_back()
        return failure

    async def _offer(
        self,
        package: Package,
        logon_type: int,
        account_name: str,
        primary: SECPKG_PRIMARY_CRED,
        own: SECPKG_SUPPLEMENTAL_CRED | None,
    ) -> StatusError | None:
        failure: StatusError | None = None
        try:
            await self._entrance.enter(package, _ROW, logon_type, account_name, primary, own)
        except StatusError as error:
            failure = error
        self._bus.emit(
            CredentialsOffered(
                time_ns=now_ns(),
                package=package.key,
                logon_id=primary.logon_id,
                status=int(STATUS_SUCCESS if failure is None else failure.status),
                is_update=bool(primary.flags & constants.PRIMARY_CRED_UPDATE),
            )
        )
        return failure

    async def _secret(self, value: str | LSA_STRING, secrets: list[SecretBlock]) -> str | LSA_STRING:
        """The value as it is given to packages: empty, or in the LSA heap."""
        text = value.buffer if isinstance(value, LSA_STRING) else value
        if isinstance(text, Pointer):
            assert isinstance(value, LSA_STRING)
            block = SecretBlock(self._memory, text, _ROW.entry_name)
            if block.size < max(value.length, 1):
                raise StatusError(STATUS_INVALID_PARAMETER, f"{text!r} is no password in a block of the LSA heap")
            return value
        data = text.encode("utf-16-le", "surrogatepass")
        if not data:
            return ""
        if len(data) > _LONGEST:
            raise StatusError(STATUS_INVALID_PARAMETER, f"a password has at most {_LONGEST} bytes, not {len(data)}")
        made = await secret_block(self._memory, data, _ROW.entry_name)
        if made is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES, "the LSA heap has no room for a password")
        secrets.append(made)
        return LSA_STRING(made.pointer, len(data))
