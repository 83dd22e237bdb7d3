"""Names of accounts: the forms they take, and translation from one into another.

Names are compared without regard to case. A distinguished name is compared part by part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from lsart.contract import DS_NAME_ERROR, DS_NAME_FORMAT, enumerations

if TYPE_CHECKING:
    from lsart.security._accounts import Account, Accounts

__all__ = ["CrackError", "Names", "fault_of_distinguished_name", "parts_of"]

_Format = DS_NAME_FORMAT
_FORMS = {
    enumerations.SECPKG_NAME_TYPE.SecNameSamCompatible: _Format.DS_NT4_ACCOUNT_NAME,
    enumerations.SECPKG_NAME_TYPE.SecNameFlat: _Format.DS_USER_PRINCIPAL_NAME,
    enumerations.SECPKG_NAME_TYPE.SecNameDN: _Format.DS_FQDN_1779_NAME,
    enumerations.SECPKG_NAME_TYPE.SecNameSPN: _Format.DS_SERVICE_PRINCIPAL_NAME,
}


class CrackError(Exception):
    """A name could not be translated; `error` says why."""

    def __init__(self, error: DS_NAME_ERROR) -> None:
        super().__init__(error.name)
        self.error = error


class Names:
    """Finds the accounts of a domain by any of their names."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._found: dict[DS_NAME_FORMAT, dict[str, list[Account]]] = {form: {} for form in _WRITERS}
        self._alternate: dict[str, Account] = {}
        for account in accounts.accounts:
            for form, written in _WRITERS.items():
                for name in written(accounts, account):
                    self._found[form].setdefault(_key(form, name), []).append(account)
            for name in account.alternate_ids:
                self._alternate[name.casefold()] = account
        # name@domain finds an account too, unless it is the principal name of another.
        principals = self._found[_Format.DS_USER_PRINCIPAL_NAME]
        for account in accounts.accounts:
            principals.setdefault(f"{account.name}@{accounts.dns_domain}".casefold(), [account])

    def find(self, name: str, form: enumerations.SECPKG_NAME_TYPE, prefix: str | None) -> Account | None:
        """The account of this name; a prefix, if there is one, is put before an alternate id."""
        if form is enumerations.SECPKG_NAME_TYPE.SecNameAlternateId:
            return self._alternate.get(f"{prefix or ''}{name}".casefold())
        ds_form = _FORMS[form]
        found = self._found[ds_form].get(_key(ds_form, name), ())
        return found[0] if len(found) == 1 else None

    def crack(self, offered: int, name: str, requested: int) -> str:
        """The name in the form requested.

        Raises:
            CrackError: nobody or several have the name, or the account has none of the form requested.
        """
        account = self._sole(offered, name)
        if requested == _Format.DS_DNS_DOMAIN_NAME:
            return self._accounts.dns_domain
        readable = requested != _Format.DS_SID_OR_SID_HISTORY_NAME  # accounts are found by it, never named (CSN-2)
        writer = next((each for form, each in _WRITERS.items() if form == requested and readable), None)
        written = [] if writer is None else list(writer(self._accounts, account))
        if not written:
            raise CrackError(DS_NAME_ERROR.DS_NAME_ERROR_NO_MAPPING)
        if len(written) > 1:
            raise CrackError(DS_NAME_ERROR.DS_NAME_ERROR_NOT_UNIQUE)
        return written[0]

    def _sole(self, offered: int, name: str) -> Account:
        # By SAM name, which no two share: an account that several forms find is still one.
        found = {
            account.name: account
            for form in _WRITERS
            if offered in (_Format.DS_UNKNOWN_NAME, form)
            for account in self._found[form].get(_key(form, name), ())
        }
        if not found:
            raise CrackError(DS_NAME_ERROR.DS_NAME_ERROR_NOT_FOUND)
        if len(found) > 1:
            raise CrackError(DS_NAME_ERROR.DS_NAME_ERROR_NOT_UNIQUE)
        return next(iter(found.values()))


def parts_of(distinguished_name: str) -> list[tuple[str, str]]:
    """Attribute and value of each part, the innermost first; a backslash keeps a comma within its part.

    Raises:
        ValueError: a part has no attribute or no value.
    """
    texts = [""]
    escaped = False
    for each in distinguished_name:
        if each == "," and not escaped:
            texts.append("")
        elif each == "\\" and not escaped:
            escaped = True
            continue
        else:
            texts[-1] += each
        escaped = False
    parts = []
    for text in texts:
        attribute, equals, value = text.partition("=")
        if escaped or not equals or not attribute.strip() or not value.strip():
            raise ValueError(f"{distinguished_name!r} is no distinguished name")
        parts.append((attribute.strip(), value.strip()))
    return parts


def fault_of_distinguished_name(name: str) -> bool:
    """Whether a name is no distinguished one."""
    try:
        parts_of(name)
    except ValueError:
        return True
    return False


def _key(form: DS_NAME_FORMAT, name: str) -> str:
    if form is _Format.DS_FQDN_1779_NAME:
        try:
            return "\0".join(f"{attribute}={value}" for attribute, value in parts_of(name)).casefold()
        except ValueError:
            return ""  # nobody's
    return name.casefold()


def _canonical(accounts: Accounts, account: Account, last: str) -> str:
    parts = parts_of(accounts.distinguished_name_of(account))
    domain = ".".join(value for attribute, value in parts if attribute.upper() == "DC")
    *containers, own = [value for attribute, value in reversed(parts) if attribute.upper() != "DC"] or [""]
    return "/".join([domain, *containers]) + last + own


_WRITERS: dict[DS_NAME_FORMAT, Callable[[Accounts, Account], Iterable[str]]] = {
    _Format.DS_FQDN_1779_NAME: lambda accounts, account: [accounts.distinguished_name_of(account)],
    _Format.DS_NT4_ACCOUNT_NAME: lambda accounts, account: [f"{accounts.domain}\\{account.name}"],
    _Format.DS_DISPLAY_NAME: lambda accounts, account: [account.display_name] if account.display_name else [],
    _Format.DS_CANONICAL_NAME: lambda accounts, account: [_canonical(accounts, account, "/")],
    _Format.DS_USER_PRINCIPAL_NAME: lambda accounts, account: (
        [account.user_principal_name] if account.user_principal_name else []
    ),
    _Format.DS_CANONICAL_NAME_EX: lambda accounts, account: [_canonical(accounts, account, "\n")],
    _Format.DS_SERVICE_PRINCIPAL_NAME: lambda accounts, account: account.service_principal_names,
    _Format.DS_SID_OR_SID_HISTORY_NAME: lambda accounts, account: [accounts.sid_of(account), *account.sid_history],
}
"""The names that an account has of each form; SIDs are only ever looked up by."""
