"""Fixtures of the comparisons with theory."""

from __future__ import annotations

import pytest
from lsas import Log


@pytest.fixture
def log() -> Log:
    """A bus that is listened to."""
    return Log()
