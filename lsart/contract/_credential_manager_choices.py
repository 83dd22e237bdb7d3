"""Choices for the credential manager, where the pages are silent."""

from __future__ import annotations

from typing import Literal

import attrs

from lsart.contract._call_choices import CallChoices
from lsart.contract._choice import choice
from lsart.contract._status import NTSTATUS

__all__ = ["CredentialManagerChoices"]

_STATUS_SUCCESS = NTSTATUS(0)
_STATUS_UNSUCCESSFUL = NTSTATUS(0xC0000001)
_STATUS_OBJECT_NAME_NOT_FOUND = NTSTATUS(0xC0000034)


@attrs.frozen
class CredentialManagerChoices(CallChoices):
    """See `Choices`."""

    credential_missing: NTSTATUS = choice(
        _STATUS_OBJECT_NAME_NOT_FOUND,
        _STATUS_UNSUCCESSFUL,
        gap="CrediRead/1",
        reason="A credential is asked for by name, and this is the status for a name that names nothing.",
    )
    domain_credentials_missing: NTSTATUS = choice(
        _STATUS_OBJECT_NAME_NOT_FOUND,
        _STATUS_UNSUCCESSFUL,
        _STATUS_SUCCESS,
        gap="CrediReadDomainCredentials/1",
        reason="What a single read answers; with STATUS_SUCCESS the call returns no credentials.",
    )
    decoded_string_freed_with: Literal["FreeLsaHeap", "FreePrivateHeap"] = choice(
        "FreeLsaHeap",
        "FreePrivateHeap",
        gap="CrediUnmarshalandDecodeString/1",
        reason="Other bytes that LSA hands to a package, as those of GetCredentials, are freed with FreeLsaHeap.",
    )
