"""Authorization data: what comes back is what went in, and nothing else is taken for it."""

from __future__ import annotations

import attrs
import pytest
from accounts import CONTOSO
from hypothesis import given
from hypothesis import strategies as st

from lsart.security import AuthData, Sam, pack_auth_data, unpack_auth_data

KEY = b"k" * 32
TEXT = st.text(st.characters(), max_size=20)
DATA = st.builds(
    AuthData,
    sid=TEXT,
    domain=TEXT,
    account_name=TEXT,
    user_principal_name=st.none() | TEXT,
    groups=st.lists(TEXT, max_size=4).map(tuple),
    is_expanded=st.booleans(),
)


@given(DATA)
def test_it_comes_back_as_it_was(data: AuthData) -> None:
    assert unpack_auth_data(pack_auth_data(data, KEY), KEY) == data


def test_every_flipped_bit_is_noticed() -> None:
    packed = Sam(CONTOSO, KEY).auth_data(CONTOSO.accounts[0])
    for bit in range(len(packed) * 8):
        changed = bytearray(packed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ValueError, match="not authorization data"):
            unpack_auth_data(bytes(changed), KEY)


@given(st.binary(max_size=100))
def test_bytes_that_somebody_made_up_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not authorization data"):
        unpack_auth_data(data, KEY)


def test_a_part_of_it_and_the_data_of_another_run_are_refused() -> None:
    packed = Sam(CONTOSO, KEY).auth_data(CONTOSO.accounts[0])
    for wrong in (packed[:-1], packed + b"\0", packed[1:], b""):
        with pytest.raises(ValueError, match="not authorization data"):
            unpack_auth_data(wrong, KEY)
    with pytest.raises(ValueError, match="not authorization data"):
        unpack_auth_data(packed, b"another key")


def test_expanding_adds_groups_of_groups_once_and_twice_is_as_once() -> None:
    sam = Sam(CONTOSO, KEY)
    packed = sam.auth_data(CONTOSO.accounts[0])
    expanded = sam.expand(packed)
    first, second = sam.read_auth_data(packed), sam.read_auth_data(expanded)
    assert first.groups == ("S-1-5-21-1-2-3-1100",)
    assert second.groups == tuple(f"S-1-5-21-1-2-3-{rid}" for rid in (1100, 1101, 1102))
    assert attrs.evolve(second, groups=first.groups, is_expanded=False) == first
    assert sam.expand(expanded) == expanded


def test_groups_that_are_in_each_other_are_expanded_too() -> None:
    circle = CONTOSO.with_group("Loop", 1200)
    groups = (*circle.groups[:-1], attrs.evolve(circle.groups[-1], member_of=["Loop"]))
    accounts = attrs.evolve(circle, groups=groups).with_account("carol", groups=["Loop"])
    sam = Sam(accounts, KEY)
    assert len(sam.read_auth_data(sam.expand(sam.auth_data(accounts.accounts[-1]))).groups) == 1
