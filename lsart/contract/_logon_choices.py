"""Choices for logons and the credentials of their users, where the pages are silent."""

from __future__ import annotations

from typing import Literal

import attrs

from lsart.contract._caller_choices import CallerChoices
from lsart.contract._choice import choice

__all__ = ["LogonChoices"]


@attrs.frozen
class LogonChoices(CallerChoices):
    """See `Choices`."""

    update_credentials_caller: Literal["left_out", "included"] = choice(
        "left_out",
        "included",
        gap="UpdateCredentials/1",
        reason="The caller has the credentials already; one that holds a lock while it calls would wait for itself.",
    )
    update_credentials_failure: Literal["go_on", "stop"] = choice(
        "go_on",
        "stop",
        gap="UpdateCredentials/1",
        reason="What one package cannot use, the others still need; the first failure is the status in either case.",
    )
    sessions_after_deregister: Literal["live_on"] = choice(
        "live_on",
        gap="LsaDeregisterLogonProcess/1",
        reason="A token is an object of its process; nothing ties it to the connection that it came by.",
    )
