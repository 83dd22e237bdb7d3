"""Floor 3: what LSA knows of security. No event loop, no clock of its own."""

from lsart.security._accounts import GUEST_RID, Account, Accounts, AccountsError, Group, LockoutPolicy
from lsart.security._accounts_file import accounts_text, parse_accounts, read_accounts
from lsart.security._auth_data import AuthData, pack_auth_data, unpack_auth_data
from lsart.security._credentials import Credential, Credentials
from lsart.security._handles import EventObject, HandleTable, KernelObject
from lsart.security._luid import (
    ANONYMOUS_LUID,
    LOCALSERVICE_LUID,
    NETWORKSERVICE_LUID,
    SYSTEM_LUID,
    SYSTEM_LUIDS,
    Luids,
)
from lsart.security._names import CrackError, Names, parts_of
from lsart.security._passwords import HashCost, hash_password, is_password
from lsart.security._protect import MemoryCipher
from lsart.security._sam import OpenAccount, PasswordVerdict, Sam
from lsart.security._security import Security
from lsart.security._sessions import LOGON_SESSION_SIZE, LogonSession, Sessions, SessionState

__all__ = [
    "ANONYMOUS_LUID",
    "GUEST_RID",
    "LOCALSERVICE_LUID",
    "LOGON_SESSION_SIZE",
    "NETWORKSERVICE_LUID",
    "SYSTEM_LUID",
    "SYSTEM_LUIDS",
    "Account",
    "Accounts",
    "AccountsError",
    "AuthData",
    "CrackError",
    "Credential",
    "Credentials",
    "EventObject",
    "Group",
    "HandleTable",
    "HashCost",
    "KernelObject",
    "LockoutPolicy",
    "LogonSession",
    "Luids",
    "MemoryCipher",
    "Names",
    "OpenAccount",
    "PasswordVerdict",
    "Sam",
    "Security",
    "SessionState",
    "Sessions",
    "accounts_text",
    "hash_password",
    "is_password",
    "pack_auth_data",
    "parse_accounts",
    "parts_of",
    "read_accounts",
    "unpack_auth_data",
]
