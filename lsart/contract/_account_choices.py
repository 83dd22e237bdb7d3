"""Choices for the account store, where the pages are silent."""

from __future__ import annotations

from typing import Literal

import attrs

from lsart.contract._choice import choice
from lsart.contract._protect_choices import ProtectChoices

__all__ = ["AccountChoices"]

_AT_HAND = "The text is a Python value at hand, so there is no buffer that anybody could free."


@attrs.frozen
class AccountChoices(ProtectChoices):
    """See `Choices`."""

    flat_name_buffer: Literal["text"] = choice("text", gap="GetAuthDataForUser/1", reason=_AT_HAND)
    cracked_name_buffers: Literal["text"] = choice("text", gap="CrackSingleName/1", reason=_AT_HAND)
    converted_account_name_buffer: Literal["text"] = choice("text", gap="ConvertAuthDataToToken/1", reason=_AT_HAND)
    expanded_auth_data_freed_with: Literal["FreeLsaHeap"] = choice(
        "FreeLsaHeap",
        gap="ExpandAuthDataForDomain/1",
        reason="It is authorization data like any other, and that is freed with FreeLsaHeap (GUA-2, GAU-3).",
    )
