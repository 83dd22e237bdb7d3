"""Choices for entry points of SSPI in LSA, where the pages are silent."""

from __future__ import annotations

from typing import Literal

import attrs

from lsart.contract._choice import choice
from lsart.contract._logon_choices import LogonChoices

__all__ = ["SspiLsaChoices"]


@attrs.frozen
class SspiLsaChoices(LogonChoices):
    """See `Choices`."""

    set_context_attributes: Literal["dispatch", "unsupported"] = choice(
        "dispatch",
        "unsupported",
        gap="SetContextAttributes/1",
        reason="A package that has the entry point has it to be entered; one page names a package that is.",
    )
    set_credentials_attributes: Literal["dispatch", "unsupported"] = choice(
        "dispatch",
        "unsupported",
        gap="SetCredentialsAttributes/1",
        reason="A package that has the entry point has it to be entered, as its sister for contexts.",
    )
