"""TOKEN_GROUPS as bytes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsart.contract import SID_AND_ATTRIBUTES
from lsart.security import pack_token_groups, unpack_token_groups

BASE = 0x1_0000_0000
SIDS = st.lists(st.integers(0, 0xFFFF_FFFF), max_size=15).map(lambda parts: "-".join(["S-1-5", *map(str, parts)]))
GROUPS = st.lists(st.builds(SID_AND_ATTRIBUTES, SIDS, st.integers(0, 0xFFFF_FFFF)), max_size=6).map(tuple)


def reader(data: bytes) -> Callable[[int, int], bytes]:
    """Memory that holds these bytes and zeros behind them."""
    return lambda address, length: (data[address - BASE :] + bytes(length))[:length]


@given(groups=GROUPS)
def test_groups_are_the_same_as_values_and_as_bytes(groups: tuple[SID_AND_ATTRIBUTES, ...]) -> None:
    data = pack_token_groups(groups, BASE)
    assert unpack_token_groups(BASE, len(data), reader(data)) == groups


def test_the_layout_is_that_of_windows_on_x64() -> None:
    data = pack_token_groups((SID_AND_ATTRIBUTES("S-1-1-0", 7),), BASE)
    head = "01000000 00000000" + "1800000001000000" + "07000000 00000000"
    assert data == bytes.fromhex(head + "0101000000000001 00000000")


def test_a_list_that_is_longer_than_its_block_or_holds_no_sid_is_refused() -> None:
    data = pack_token_groups((SID_AND_ATTRIBUTES("S-1-1-0", 7),), BASE)
    for size in (4, 23):
        with pytest.raises(ValueError, match="TOKEN_GROUPS"):
            unpack_token_groups(BASE, size, reader(data))
    with pytest.raises(ValueError, match="is no SID"):
        unpack_token_groups(BASE, len(data), reader(data[:24]))


@given(data=st.binary(max_size=64))
def test_any_bytes_are_a_list_or_refused(data: bytes) -> None:
    memory = data

    def read(address: int, length: int) -> bytes:
        return (memory[(address - BASE) % 64 :] + bytes(length))[:length]

    try:
        groups = unpack_token_groups(BASE, len(data), read)
    except ValueError:
        return
    assert len(groups) == int.from_bytes(data[:4], "little")
