"""Fixtures of the running LSA."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsas import Log
from reloadable import writes


@pytest.fixture
def log() -> Log:
    """A bus that is listened to."""
    return Log()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """A file with version 1 of a package; its modules are forgotten in the end."""
    before = set(sys.modules)
    path = tmp_path / "cache.py"
    writes(path, 1)
    yield path
    for name in set(sys.modules) - before:
        del sys.modules[name]
