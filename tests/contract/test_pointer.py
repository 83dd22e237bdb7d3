"""A pointer is a value in one address space: it adds, it compares, and it never crosses into another space."""

from __future__ import annotations

import copy
import pickle

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsart.contract import Pointer

ADDRESSES = st.integers(1, 2**64 - 1)
OFFSETS = st.integers(-(2**32), 2**32)


@given(address=ADDRESSES, offset=OFFSETS)
def test_going_forth_and_back_leads_home(address: int, offset: int) -> None:
    start = Pointer(address, "lsass")
    assert start + offset - offset == start
    assert (start + offset) - start == offset
    assert start - (start + offset) == -offset


@given(left=ADDRESSES, right=ADDRESSES)
def test_pointers_of_one_space_order_as_their_addresses_do(left: int, right: int) -> None:
    assert (Pointer(left, "lsass") < Pointer(right, "lsass")) == (left < right)
    assert (Pointer(left, "lsass") == Pointer(right, "lsass")) == (left == right)


def test_the_same_address_in_another_space_is_another_pointer() -> None:
    here, there = Pointer(0x1000, "lsass"), Pointer(0x1000, "alice")
    assert here != there
    assert len({here, there, Pointer(0x1000, "lsass")}) == 2


def test_the_distance_between_two_spaces_is_refused_and_the_message_says_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"Pointer\(0x20 in alice\).*compare the offsets"):
        Pointer(0x10, "lsass") - Pointer(0x20, "alice")


def test_a_pointer_stays_as_it_is() -> None:
    pointer = Pointer(0x1000, "lsass")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        pointer.address = 0  # type: ignore[misc]  # that it cannot be done is the point
    assert pointer + 16 is not pointer
    assert int(pointer) == 0x1000


def test_a_pointer_is_no_door() -> None:
    public = {name for name in dir(Pointer) if not name.startswith("_")}
    assert public == {"address", "space"}, "bytes are reached through memory.read and memory.write only"


def test_a_pointer_travels_by_value() -> None:
    pointer = Pointer(0x1000, "lsass")
    assert pickle.loads(pickle.dumps(pointer)) == copy.copy(pointer) == pointer
    assert repr(pointer) == "Pointer(0x1000 in lsass)"
