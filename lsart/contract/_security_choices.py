"""Choices for logon sessions and stored credentials, where the pages are silent."""

from __future__ import annotations

from typing import Literal

import attrs

from lsart.contract._choice import choice
from lsart.contract._declared_choices import DeclaredChoices
from lsart.contract._status import NTSTATUS

__all__ = ["SecurityChoices"]

_STATUS_SUCCESS = NTSTATUS(0)
_STATUS_UNSUCCESSFUL = NTSTATUS(0xC0000001)
_STATUS_INVALID_PARAMETER = NTSTATUS(0xC000000D)
_STATUS_NO_SUCH_LOGON_SESSION = NTSTATUS(0xC000005F)
_ERROR_GEN_FAILURE = NTSTATUS(31, "ERROR_GEN_FAILURE")


@attrs.frozen
class SecurityChoices(DeclaredChoices):
    """See `Choices`."""

    zero_logon_id: NTSTATUS = choice(
        _STATUS_INVALID_PARAMETER,
        _STATUS_SUCCESS,
        gap="CreateLogonSession/1",
        reason="Zero stands for no session elsewhere. System LUIDs name sessions already, so they collide (CLS-3).",
    )
    session_held_by: Literal["token", "token_or_credential"] = choice(
        "token",
        "token_or_credential",
        gap="DeleteLogonSession/1",
        reason="What is stored under a session goes with it; only a token elsewhere still needs it.",
    )
    credential_size: Literal["unlimited", "max_cred_size"] = choice(
        "unlimited",
        "max_cred_size",
        gap="AddCredential/1",
        reason="LSA copies what LSA_STRING carries, 65535 bytes; the header's MAX_CRED_SIZE is named by no page.",
    )
    credential_foreign_package: NTSTATUS = choice(
        _STATUS_INVALID_PARAMETER,
        _STATUS_SUCCESS,
        gap="AddCredential/1",
        reason="The pages say whose id it is: the caller's own; so it is for GetCredentials and DeleteCredential.",
    )
    credentials_exhausted: NTSTATUS = choice(
        _STATUS_UNSUCCESSFUL,
        _ERROR_GEN_FAILURE,
        gap="GetCredentials/1",
        reason="31 as printed would count as success in a caller that looks at the sign of a status.",
    )
    credential_first: Literal["oldest", "newest"] = choice(
        "oldest",
        "newest",
        gap="DeleteCredential/1",
        reason="A list that grows at its end is the simplest; enumeration has the same order.",
    )
    token_information_freed_by: Literal["lsa", "package"] = choice(
        "lsa",
        "package",
        gap="CreateToken/1",
        reason="That Groups must come from AllocatePrivateHeap (CTK-4) would be of no use if LSA did not free it.",
    )
    create_token_unknown_session: NTSTATUS = choice(
        _STATUS_NO_SUCH_LOGON_SESSION,
        _STATUS_INVALID_PARAMETER,
        gap="CreateToken/1",
        reason="The status that the slots of sessions have for the same mistake.",
    )
    open_token_unknown_session: NTSTATUS = choice(
        _STATUS_NO_SUCH_LOGON_SESSION,
        _STATUS_INVALID_PARAMETER,
        gap="OpenTokenByLogonId/1",
        reason="The status that the slots of sessions have; a session without a token has none to open either.",
    )
