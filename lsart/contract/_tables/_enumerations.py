"""C enumerations of the contract.

Written by tools/generate_contract.py from lsart/contract/data/structures.toml; do not edit.
"""

# fmt: off
from __future__ import annotations

from enum import IntEnum

__all__ = [
    "CRED_FETCH", "LSA_TOKEN_INFORMATION_TYPE", "SECPKG_EXTENDED_INFORMATION_CLASS",
    "SECPKG_NAME_TYPE", "SECPKG_SESSIONINFO_TYPE", "SECURITY_IMPERSONATION_LEVEL",
    "SECURITY_LOGON_TYPE"
]

class LSA_TOKEN_INFORMATION_TYPE(IntEnum):
    """sdk-api: ne-ntsecpkg-lsa_token_information_type"""

    LsaTokenInformationNull = 0  # Anonymous or null session.
    LsaTokenInformationV1 = 1  # Separate blocks.
    LsaTokenInformationV2 = 2  # One block, V1 layout.
    LsaTokenInformationV3 = 3  # V1 layout plus claims and device groups.


class SECPKG_NAME_TYPE(IntEnum):
    """sdk-api: ne-ntsecpkg-secpkg_name_type"""

    SecNameSamCompatible = 0  # Domain and user.
    SecNameAlternateId = 1  # Alternate id, needs a prefix.
    SecNameFlat = 2  # Name like a user principal name.
    SecNameDN = 3  # Distinguished name.
    SecNameSPN = 4  # Service principal name.


class SECPKG_SESSIONINFO_TYPE(IntEnum):
    """sdk-api: ne-ntsecpkg-_secpkg_sessioninfo_type"""

    SecSessionPrimaryCred = 0  # Session information is SECPKG_PRIMARY_CRED.


class SECPKG_EXTENDED_INFORMATION_CLASS(IntEnum):
    """sdk-api: ne-ntsecpkg-secpkg_extended_information_class"""

    SecpkgGssInfo = 1  # GSS object identifier.
    SecpkgContextThunks = 2  # Attributes that LSA mode answers.
    SecpkgMutualAuthLevel = 3  # Mutual authentication level; can only be read.
    SecpkgWowClientDll = 4  # 32-bit client DLL.
    SecpkgExtraOids = 5  # Further object identifiers.
    SecpkgMaxInfo = 6  # End of the list; not a valid request.
    SecpkgNego2Info = 7  # Negotiation information; numbered after the end value.


class SECURITY_LOGON_TYPE(IntEnum):
    """sdk-api: ne-ntsecapi-security_logon_type"""

    UndefinedLogonType = 0  # Undefined.
    Interactive = 2  # Local interactive.
    Network = 3  # Network.
    Batch = 4  # Batch.
    Service = 5  # Service.
    Proxy = 6  # Not supported.
    Unlock = 7  # Unlock.
    NetworkCleartext = 8  # Network with plain credentials.
    NewCredentials = 9  # Same token, other outbound credentials.
    RemoteInteractive = 10  # Terminal session.
    CachedInteractive = 11  # Cached interactive.
    CachedRemoteInteractive = 12  # Cached remote interactive.
    CachedUnlock = 13  # Cached unlock.


class SECURITY_IMPERSONATION_LEVEL(IntEnum):
    """sdk-api: ne-winnt-security_impersonation_level"""

    SecurityAnonymous = 0  # Anonymous.
    SecurityIdentification = 1  # Identification.
    SecurityImpersonation = 2  # Impersonation.
    SecurityDelegation = 3  # Delegation.


class CRED_FETCH(IntEnum):
    """none (SDK header only)"""

    CredFetchDefault = 0  # Default.
    CredFetchDPAPI = 1  # Data protection.
    CredFetchForced = 2  # Forced.
