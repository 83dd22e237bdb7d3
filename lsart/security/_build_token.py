"""From what a package says of a user to what a token holds: what the package gave, then what LSA adds.

LSA adds the groups that follow from the logon and not from the account, and privileges by policy (sdk-api
ns-ntsecpkg-lsa_token_information_v1; which groups: win32 SecAuthZ/well-known-sids).
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from lsart.contract import (
    LSA_TOKEN_INFORMATION_NULL,
    LSA_TOKEN_INFORMATION_V1,
    LUID_AND_ATTRIBUTES,
    SID_AND_ATTRIBUTES,
    STATUS_INVALID_PARAMETER,
    TOKEN_SOURCE,
    Pointer,
    StatusError,
)
from lsart.security._privileges import PRIVILEGES, SE_PRIVILEGE_ENABLED, SE_PRIVILEGE_ENABLED_BY_DEFAULT
from lsart.security._sid import ANONYMOUS_LOGON, AUTHENTICATED_USERS, EVERYONE, logon_sid, sid_bytes

__all__ = ["DEFAULT_POLICY", "TokenContent", "build_token"]

_MANDATORY_ENABLED = 0x7  # SE_GROUP_MANDATORY | SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_ENABLED
_ENABLED = 0x4
_LOGON_ID = 0xC000_0000

# By SECURITY_LOGON_TYPE: the groups that say how somebody is logged on.
_BY_LOGON_TYPE = {
    2: ("S-1-5-4",),  # Interactive
    3: ("S-1-5-2",),  # Network
    4: ("S-1-5-3",),  # Batch
    5: ("S-1-5-6",),  # Service
    7: ("S-1-5-4",),  # Unlock
    8: ("S-1-5-2",),  # NetworkCleartext
    10: ("S-1-5-14", "S-1-5-4"),  # RemoteInteractive
    11: ("S-1-5-4",),  # CachedInteractive
}

_NETWORK = (3, 8)  # Network, NetworkCleartext

DEFAULT_POLICY: Mapping[str, tuple[str, ...]] = {EVERYONE: ("SeChangeNotifyPrivilege",)}
"""Privileges that LSA gives by group or user: everybody may pass through folders, as on a fresh machine."""


@attrs.frozen(kw_only=True)
class TokenContent:
    """What a token says, for its whole life. SIDs are text, privileges LUIDs."""

    token_id: int
    logon_id: int
    source: TOKEN_SOURCE
    logon_type: int
    impersonation_level: int
    user: str
    groups: tuple[SID_AND_ATTRIBUTES, ...]
    privileges: tuple[LUID_AND_ATTRIBUTES, ...]
    primary_group: str
    owner: str
    default_dacl: bytes | None
    expiration_time: int
    account_name: str
    authority_name: str
    workstation: str
    profile_path: str

    @property
    def is_primary(self) -> bool:
        """Whether a process can run by it: not those of network logons, which are to be impersonated (LLG-2)."""
        return self.logon_type not in _NETWORK

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody is logged on with it."""
        return self.user == ANONYMOUS_LOGON

    def has(self, privilege: str) -> bool:
        """Whether it holds this privilege and the privilege is on."""
        luid = PRIVILEGES.get(privilege)
        return any(each.luid == luid and each.attributes & SE_PRIVILEGE_ENABLED for each in self.privileges)

    def may(self, allowed: frozenset[str] | None) -> bool:
        """Whether it opens a resource that these SIDs may use; None is a resource without protection, for everybody."""
        if allowed is None:
            return True
        if self.is_anonymous:  # whatever its groups say (TI0-1)
            return False
        return self.user in allowed or any(each.sid in allowed and each.attributes & _ENABLED for each in self.groups)


def build_token(
    information: LSA_TOKEN_INFORMATION_NULL | LSA_TOKEN_INFORMATION_V1,
    *,
    token_id: int,
    logon_luid: int,
    logon_id: int,
    source: TOKEN_SOURCE,
    logon_type: int,
    impersonation_level: int,
    token_groups: tuple[SID_AND_ATTRIBUTES, ...] = (),
    account_name: str = "",
    authority_name: str = "",
    workstation: str = "",
    profile_path: str = "",
    policy: Mapping[str, tuple[str, ...]] = DEFAULT_POLICY,
) -> TokenContent:
    """What the token holds.

    Args:
        token_id: LUID of the token. logon_luid: LUID that its logon SID is made of. logon_id: LUID of its session.
        token_groups: follow the groups of `information` (CTK-6); those that LSA adds follow them.

    Raises:
        StatusError: STATUS_INVALID_PARAMETER: text that is no SID, a privilege that is none, or a primary group or
            owner that is neither the user nor one of the groups.
    """
    assert not isinstance(information.groups, Pointer)  # whoever has the memory has read them
    groups = (*information.groups, *token_groups)
    if isinstance(information, LSA_TOKEN_INFORMATION_V1):
        user, given = information.user.sid, information.privileges
        primary, owner, dacl = information.primary_group, information.owner or user, information.default_dacl
        by_logon = (EVERYONE, AUTHENTICATED_USERS, *_BY_LOGON_TYPE.get(logon_type, ()))
        added = [SID_AND_ATTRIBUTES(sid, _MANDATORY_ENABLED) for sid in by_logon]
        added.append(SID_AND_ATTRIBUTES(logon_sid(logon_luid), _MANDATORY_ENABLED | _LOGON_ID))
        present = {each.sid for each in groups}
        groups = (*groups, *(each for each in added if each.sid not in present))
    else:
        user, given, added = ANONYMOUS_LOGON, (), []
        primary = owner = user
        dacl = None
    _check(user, groups, given, (primary, owner))
    return TokenContent(
        token_id=token_id,
        logon_id=logon_id,
        source=source,
        logon_type=logon_type,
        impersonation_level=impersonation_level,
        user=user,
        groups=groups,
        privileges=_with_policy(user, groups, given, policy) if added else (),
        primary_group=primary,
        owner=owner,
        default_dacl=dacl,
        expiration_time=information.expiration_time,
        account_name=account_name,
        authority_name=authority_name,
        workstation=workstation,
        profile_path=profile_path,
    )


def _check(
    user: str,
    groups: tuple[SID_AND_ATTRIBUTES, ...],
    privileges: tuple[LUID_AND_ATTRIBUTES, ...],
    named: tuple[str, str],
) -> None:
    known = {user, *(each.sid for each in groups)}
    try:
        for sid in (user, *(each.sid for each in groups)):
            sid_bytes(sid)
    except ValueError as error:
        raise StatusError(STATUS_INVALID_PARAMETER, str(error)) from None
    for sid in named:
        if sid not in known:
            raise StatusError(STATUS_INVALID_PARAMETER, f"{sid} is neither the user nor one of the groups")
    for each in privileges:
        if each.luid not in PRIVILEGES.values():
            raise StatusError(STATUS_INVALID_PARAMETER, f"{each.luid:#x} is the LUID of no privilege")


def _with_policy(
    user: str,
    groups: tuple[SID_AND_ATTRIBUTES, ...],
    given: tuple[LUID_AND_ATTRIBUTES, ...],
    policy: Mapping[str, tuple[str, ...]],
) -> tuple[LUID_AND_ATTRIBUTES, ...]:
    """The privileges given, then those of policy in the order of user and groups; policy turns on what it names."""
    found = {each.luid: each for each in given}
    for sid in (user, *(each.sid for each in groups)):
        for name in policy.get(sid, ()):
            luid = PRIVILEGES[name]
            found[luid] = LUID_AND_ATTRIBUTES(luid, SE_PRIVILEGE_ENABLED | SE_PRIVILEGE_ENABLED_BY_DEFAULT)
    return tuple(found.values())
