"""What slots answer of which only the declaration is known."""

from __future__ import annotations

import attrs

from lsart.contract._choice import choice
from lsart.contract._ndis_choices import NdisChoices
from lsart.contract._status import NTSTATUS

__all__ = ["DeclaredChoices"]

_STATUS_NOT_IMPLEMENTED = NTSTATUS(0xC0000002, "STATUS_NOT_IMPLEMENTED")
_STATUS_NOT_SUPPORTED = NTSTATUS(0xC00000BB, "STATUS_NOT_SUPPORTED")


@attrs.frozen
class DeclaredChoices(NdisChoices):
    """See `Choices`."""

    undocumented_slot: NTSTATUS = choice(
        _STATUS_NOT_IMPLEMENTED,
        _STATUS_NOT_SUPPORTED,
        gap=(
            "SaveSupplementalCredentials/1",
            "GetUserCredentials/1",
            "GetExtendedCallFlags/1",
            "DuplicateTokenHandle/1",
            "GetServiceAccountPassword/1",
            "QueryClientRequest/1",
        ),
        reason="Nobody can say what such a slot does, so it does nothing; without a status that is NULL or nothing.",
    )
