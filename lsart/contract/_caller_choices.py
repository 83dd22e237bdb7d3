"""Choices for what packages learn of their callers and give them, where the pages are silent."""

from __future__ import annotations

from typing import Literal

import attrs

from lsart.contract._choice import choice
from lsart.contract._credential_manager_choices import CredentialManagerChoices

__all__ = ["CallerChoices"]


@attrs.frozen
class CallerChoices(CredentialManagerChoices):
    """See `Choices`."""

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
