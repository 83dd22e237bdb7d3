"""Structures of logon sessions and credentials."""

from __future__ import annotations

from typing import Any

import pytest

from lsart.contract import LSA_STRING, Pointer


def test_a_string_counts_the_bytes_of_its_text() -> None:
    string = LSA_STRING("grüße")
    assert (string.length, string.maximum_length) == (7, 7)
    assert LSA_STRING("\ud800").length == 3
    assert LSA_STRING("", maximum_length=4) == LSA_STRING("", 0, 4)


def test_a_string_elsewhere_says_how_long_it_is() -> None:
    assert LSA_STRING(Pointer(8, "lsass"), 3).maximum_length == 3
    with pytest.raises(TypeError, match="say how many bytes are there"):
        LSA_STRING(Pointer(8, "lsass"))


@pytest.mark.parametrize("given", [{"length": -1}, {"maximum_length": 1}, {"maximum_length": 65536}, {"length": 65536}])
def test_lengths_that_the_structure_cannot_carry_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="0 <= length <= maximum_length <= 65535"):
        LSA_STRING("key", **given)
