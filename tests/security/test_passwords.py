"""Hashes of passwords, and the accounts that hold them: nothing that was a password shows anywhere."""

from __future__ import annotations

import pytest
from accounts import CHEAP, CONTOSO, PASSWORD
from hypothesis import given, settings
from hypothesis import strategies as st

from lsart.security import Account, HashCost, hash_password, is_password

SALT = b"sixteen bytes...."


@settings(max_examples=30)
@given(st.text(st.characters()), st.text(st.characters()))
def test_a_hash_is_that_of_its_password_and_of_no_other(password: str, other: str) -> None:
    hashed = hash_password(password, SALT, CHEAP)
    assert is_password(password, hashed)
    assert is_password(other, hashed) is (other == password)


def test_lone_surrogates_are_a_password_too() -> None:
    assert is_password("\udc80", hash_password("\udc80", SALT, CHEAP))


def test_salt_and_cost_are_in_the_hash_and_decide_it() -> None:
    hashed = hash_password("x", SALT, HashCost(time_cost=2, memory_kib=16))
    assert hashed.startswith("$argon2id$v=19$m=16,t=2,p=1$")
    assert hashed == hash_password("x", SALT, HashCost(time_cost=2, memory_kib=16))
    assert hashed != hash_password("x", b"another salt", HashCost(time_cost=2, memory_kib=16))


def test_a_salt_that_is_too_short_and_a_cost_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 8 bytes"):
        hash_password("x", b"short", CHEAP)
    for cost in ({"time_cost": 0}, {"parallelism": 0}, {"memory_kib": 7}, {"memory_kib": 8, "parallelism": 2}):
        with pytest.raises(ValueError, match="8 KiB for each lane"):
            HashCost(**cost)


def test_no_text_of_an_account_shows_its_password_or_its_hash() -> None:
    alice = CONTOSO.accounts[0]
    for text in (repr(alice), str(alice), repr(CONTOSO)):
        assert "alice" in text
        assert "argon2" not in text
        assert PASSWORD not in text
    assert PASSWORD not in alice.password_hash


def test_two_accounts_with_one_password_have_different_hashes() -> None:
    both = CONTOSO.with_account("carol", "same").with_account("dave", "same")
    carol, dave = both.accounts[-2:]
    assert carol.password_hash != dave.password_hash
    assert is_password("same", carol.password_hash)


def test_an_account_without_a_password_has_no_hash() -> None:
    assert Account(name="web", rid=1).password_hash == ""
