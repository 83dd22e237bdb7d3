"""Choices for what packages learn of their callers and give them, where the pages are silent."""

from __future__ import annotations

from typing import Literal

import attrs

from lsart.contract._choice import choice
from lsart.contract._credential_manager_choices import CredentialManagerChoices
from lsart.contract._status import NTSTATUS

__all__ = ["CallerChoices"]

_STATUS_UNSUCCESSFUL = NTSTATUS(0xC0000001)
_STATUS_INVALID_PARAMETER = NTSTATUS(0xC000000D)


@attrs.frozen
class CallerChoices(CredentialManagerChoices):
    """See `Choices`."""

    client_info_without_call: NTSTATUS = choice(
        _STATUS_UNSUCCESSFUL,
        _STATUS_INVALID_PARAMETER,
        gap="GetClientInfo/1",
        reason="No argument is wrong where there is none; there is only nobody to describe.",
    )
    impersonate_without_call: NTSTATUS = choice(
        _STATUS_UNSUCCESSFUL,
        _STATUS_INVALID_PARAMETER,
        gap="ImpersonateClient/1",
        reason="As GetClientInfo: no argument is wrong where there is none; there is only nobody to act as.",
    )
    map_buffer_ends: Literal["with_call"] = choice(
        "with_call",
        gap="MapBuffer/1",
        reason="The table has no slot that unmaps, and the mapping is LSA's for the duration of the call.",
    )
    duplicate_rights: Literal["same"] = choice(
        "same",
        gap="DuplicateHandle/1",
        reason="Handles of the model carry no rights, so a duplicate has none that its source lacks or has more.",
    )
    duplicate_inheritance: Literal["none"] = choice(
        "none",
        gap="DuplicateHandle/1",
        reason="Clients of the model start no processes that could inherit a handle.",
    )
