"""The cipher of protected memory: bytes change, come back, and keep their length."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsart.security import MemoryCipher

CIPHER = MemoryCipher(Random(1))


@given(st.binary(min_size=1, max_size=200))
def test_bytes_of_any_length_change_and_come_back(data: bytes) -> None:
    protected = CIPHER.protect(data)
    assert protected != data
    assert len(protected) == len(data)
    assert CIPHER.unprotect(protected) == data


@given(st.binary(min_size=1, max_size=200))
def test_what_is_protected_twice_is_unprotected_twice(data: bytes) -> None:
    twice = CIPHER.protect(CIPHER.protect(data))
    assert twice != data
    assert CIPHER.unprotect(CIPHER.unprotect(twice)) == data


@pytest.mark.parametrize("length", [8, 16, 100])
def test_the_key_follows_from_the_chance_alone(length: int) -> None:
    data = b"s" * length
    assert MemoryCipher(Random(1)).protect(data) == CIPHER.protect(data)
    assert MemoryCipher(Random(2)).protect(data) != CIPHER.protect(data)


def test_no_bytes_stay_no_bytes() -> None:
    assert CIPHER.protect(b"") == CIPHER.unprotect(b"") == b""


def test_every_byte_of_a_short_secret_changes() -> None:
    for length in range(1, 16):
        data = bytes(length)
        assert all(new != old for new, old in zip(CIPHER.protect(data), data, strict=True))
