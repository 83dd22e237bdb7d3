"""Packed strings, without LSA's slot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsart.security import is_packed, pack_string, unpack_string


@given(st.binary(max_size=100))
def test_a_packed_string_gives_its_bytes_back(data: bytes) -> None:
    assert unpack_string(pack_string(data)) == data
    assert is_packed(pack_string(data))


@given(st.binary(max_size=20), st.data())
def test_a_packed_string_that_changed_in_any_character_gives_nothing(data: bytes, draw: st.DataObject) -> None:
    text = pack_string(data)
    at = draw.draw(st.integers(0, len(text) - 1))
    other = draw.draw(st.characters(codec="utf-8").filter(lambda each: each != text[at]))
    for changed in (text[:at] + other + text[at + 1 :], text[:at] + text[at + 1 :]):
        if changed != text:
            with pytest.raises(ValueError, match="packed string"):
                unpack_string(changed)


@given(st.text(max_size=20))
def test_plain_text_is_not_packed(text: str) -> None:
    if not text.startswith("@@L"):
        assert not is_packed(text)
        with pytest.raises(ValueError, match="not a packed string"):
            unpack_string(text)
