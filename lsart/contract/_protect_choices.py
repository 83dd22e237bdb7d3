"""Choices for protected memory, where the pages are silent."""

from __future__ import annotations

from typing import Literal

import attrs

from lsart.contract._choice import choice
from lsart.contract._notification_choices import NotificationChoices

__all__ = ["ProtectChoices"]


@attrs.frozen
class ProtectChoices(NotificationChoices):
    """See `Choices`."""

    protect_multiple: Literal[8, 1, 16] = choice(
        8,
        1,
        16,
        gap="LsaProtectMemory/1",
        reason="Eight bytes are a block of the older ciphers, sixteen one of AES; with 1 any length will do.",
    )
