"""Choices for the NDIS shared-memory provider, where its pages are silent."""

from __future__ import annotations

import attrs

from lsart.contract._load_choices import LoadChoices

__all__ = ["NdisChoices"]


@attrs.frozen
class NdisChoices(LoadChoices):
    """See `Choices`."""
