"""Floor 3: what LSA knows of security. No event loop, no clock of its own."""

from lsart.security._accounts import GUEST_RID, Account, Accounts, AccountsError, Group, LockoutPolicy
from lsart.security._accounts_file import accounts_text, parse_accounts, read_accounts
from lsart.security._auth_data import AuthData, pack_auth_data, unpack_auth_data
from lsart.security._build_token import DEFAULT_POLICY, TokenContent, build_token
from lsart.security._credential_manager import CredentialManager
from lsart.security._credential_text import is_packed, pack_string, unpack_string
from lsart.security._credentials import Credential, Credentials
from lsart.security._handles import HandleTable, KernelObject
from lsart.security._luid import (
    ANONYMOUS_LUID,
    LOCALSERVICE_LUID,
    NETWORKSERVICE_LUID,
    SYSTEM_LUID,
    SYSTEM_LUIDS,
    Luids,
)
from lsart.security._names import CrackError, Names, parts_of
from lsart.security._package_info import pack_package_infos, package_infos_size, unpack_package_infos
from lsart.security._passwords import HashCost, hash_password, is_password
from lsart.security._privileges import (
    PRIVILEGES,
    SE_PRIVILEGE_ENABLED,
    SE_PRIVILEGE_ENABLED_BY_DEFAULT,
    privilege_name,
)
from lsart.security._protect import MemoryCipher
from lsart.security._sam import OpenAccount, PasswordVerdict, Sam
from lsart.security._secure_handles import SecureHandles
from lsart.security._security import Security
from lsart.security._sessions import LOGON_SESSION_SIZE, LogonSession, Sessions, SessionState
from lsart.security._sid import (
    ANONYMOUS_LOGON,
    AUTHENTICATED_USERS,
    EVERYONE,
    LOCAL_SYSTEM,
    logon_sid,
    sid_bytes,
    sid_text,
)
from lsart.security._token_bytes import pack_token_groups, unpack_token_groups
from lsart.security._token_information_bytes import (
    pack_token_information,
    pack_unicode_string,
    unpack_token_information,
    unpack_unicode_string,
)
from lsart.security._tokens import AccessToken, Tokens
from lsart.security._user_data import pack_user_data, unpack_user_data, user_data_size
from lsart.security._wait_event import WaitEvent

__all__ = [
    "ANONYMOUS_LOGON",
    "ANONYMOUS_LUID",
    "AUTHENTICATED_USERS",
    "DEFAULT_POLICY",
    "EVERYONE",
    "GUEST_RID",
    "LOCALSERVICE_LUID",
    "LOCAL_SYSTEM",
    "LOGON_SESSION_SIZE",
    "NETWORKSERVICE_LUID",
    "PRIVILEGES",
    "SE_PRIVILEGE_ENABLED",
    "SE_PRIVILEGE_ENABLED_BY_DEFAULT",
    "SYSTEM_LUID",
    "SYSTEM_LUIDS",
    "AccessToken",
    "Account",
    "Accounts",
    "AccountsError",
    "AuthData",
    "CrackError",
    "Credential",
    "CredentialManager",
    "Credentials",
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
    "SecureHandles",
    "Security",
    "SessionState",
    "Sessions",
    "TokenContent",
    "Tokens",
    "WaitEvent",
    "accounts_text",
    "build_token",
    "hash_password",
    "is_packed",
    "is_password",
    "logon_sid",
    "pack_auth_data",
    "pack_package_infos",
    "pack_string",
    "pack_token_groups",
    "pack_token_information",
    "pack_unicode_string",
    "pack_user_data",
    "package_infos_size",
    "parse_accounts",
    "parts_of",
    "privilege_name",
    "read_accounts",
    "sid_bytes",
    "sid_text",
    "unpack_auth_data",
    "unpack_package_infos",
    "unpack_string",
    "unpack_token_groups",
    "unpack_token_information",
    "unpack_unicode_string",
    "unpack_user_data",
    "user_data_size",
]
