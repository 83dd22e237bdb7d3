"""Name formats of a directory, as CrackSingleName takes them, and why a name could not be translated."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["DS_NAME_ERROR", "DS_NAME_FORMAT"]


class DS_NAME_FORMAT(IntEnum):
    """Forms that one account's name can take (win32: ntdsapi-ds_name_format)."""

    DS_UNKNOWN_NAME = 0  # whichever form finds it
    DS_FQDN_1779_NAME = 1  # CN=alice,CN=Users,DC=contoso,DC=test
    DS_NT4_ACCOUNT_NAME = 2  # CONTOSO\alice
    DS_DISPLAY_NAME = 3  # Alice Adams
    DS_UNIQUE_ID_NAME = 6  # a GUID in braces
    DS_CANONICAL_NAME = 7  # contoso.test/Users/alice
    DS_USER_PRINCIPAL_NAME = 8  # alice@contoso.test
    DS_CANONICAL_NAME_EX = 9  # canonical, a line feed before the last part
    DS_SERVICE_PRINCIPAL_NAME = 10  # http/www.contoso.test
    DS_SID_OR_SID_HISTORY_NAME = 11  # S-1-5-21-1-2-3-1001
    DS_DNS_DOMAIN_NAME = 12  # contoso.test


class DS_NAME_ERROR(IntEnum):
    """Why a name could not be translated (win32: ntdsapi-ds_name_error)."""

    DS_NAME_NO_ERROR = 0
    DS_NAME_ERROR_RESOLVING = 1
    DS_NAME_ERROR_NOT_FOUND = 2
    DS_NAME_ERROR_NOT_UNIQUE = 3
    DS_NAME_ERROR_NO_MAPPING = 4
    DS_NAME_ERROR_DOMAIN_ONLY = 5
    DS_NAME_ERROR_NO_SYNTACTICAL_MAPPING = 6
