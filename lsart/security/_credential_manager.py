"""The credential manager's store: what users keep for targets, whichever of their sessions they kept it in.

A user has one credential for each target and type. It outlives the session that wrote it and, as targets are names of
computers and domains, upper and lower case are one. The pages say none of this; wincred.h's functions work that way.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from lsart.contract import (
    CRED_TYPE_DOMAIN_CERTIFICATE,
    CRED_TYPE_DOMAIN_EXTENDED,
    CRED_TYPE_DOMAIN_PASSWORD,
    CRED_TYPE_DOMAIN_VISIBLE_PASSWORD,
    CREDENTIAL_TARGET_INFORMATIONW,
    ENCRYPTED_CREDENTIALW,
)

__all__ = ["CredentialManager"]

_DOMAIN_TYPES = frozenset(
    {
        CRED_TYPE_DOMAIN_PASSWORD,
        CRED_TYPE_DOMAIN_CERTIFICATE,
        CRED_TYPE_DOMAIN_VISIBLE_PASSWORD,
        CRED_TYPE_DOMAIN_EXTENDED,
    }
)


class CredentialManager:
    """Credentials by user, target and type. Users are SIDs as text."""

    def __init__(self) -> None:
        self._of_users: dict[str, dict[tuple[str, int], ENCRYPTED_CREDENTIALW]] = {}

    def write(self, user: str, credential: ENCRYPTED_CREDENTIALW) -> None:
        """Store it for the user, in the place of what this target and type had before."""
        # Bytes of its own: what a package does to its buffer later reaches nobody. A block is its reader's alone.
        kept = attrs.evolve(credential, credential_blob=bytes(credential.credential_blob), block=None)
        self._of_users.setdefault(user, {})[kept.target_name.casefold(), kept.type] = kept

    def read(self, user: str, target_name: str, type: int) -> ENCRYPTED_CREDENTIALW | None:
        """The user's credential for this target of this type, None when there is none."""
        return self._of_users.get(user, {}).get((target_name.casefold(), type))

    def for_target(self, user: str, target: CREDENTIAL_TARGET_INFORMATIONW) -> tuple[ENCRYPTED_CREDENTIALW, ...]:
        """The user's domain credentials for any name of the target and of a type that it takes, oldest target first."""
        names = frozenset(_names_of(target))
        return tuple(
            each
            for (name, type), each in self._of_users.get(user, {}).items()
            if name in names and type in _DOMAIN_TYPES and (not target.cred_types or type in target.cred_types)
        )


def _names_of(target: CREDENTIAL_TARGET_INFORMATIONW) -> Iterator[str]:
    for name in (
        target.target_name,
        target.netbios_server_name,
        target.dns_server_name,
        target.netbios_domain_name,
        target.dns_domain_name,
        target.dns_tree_name,
    ):
        if name:
            yield name.casefold()
