"""Floor 3: what LSA knows of security. No event loop, no clock of its own."""

from lsart.security._accounts import GUEST_RID, Account, Accounts, AccountsError, Group, LockoutPolicy
from lsart.security._accounts_file import accounts_text, parse_accounts, read_accounts
from lsart.security._auth_data import AuthData, pack_auth_data, unpack_auth_data
from lsart.security._names import CrackError, Names, parts_of
from lsart.security._passwords import HashCost, hash_password, is_password
from lsart.security._protect import MemoryCipher
from lsart.security._sam import OpenAccount, PasswordVerdict, Sam

__all__ = [
    "GUEST_RID",
    "Account",
    "Accounts",
    "AccountsError",
    "AuthData",
    "CrackError",
    "Group",
    "HashCost",
    "LockoutPolicy",
    "MemoryCipher",
    "Names",
    "OpenAccount",
    "PasswordVerdict",
    "Sam",
    "accounts_text",
    "hash_password",
    "is_password",
    "pack_auth_data",
    "parse_accounts",
    "parts_of",
    "read_accounts",
    "unpack_auth_data",
]
