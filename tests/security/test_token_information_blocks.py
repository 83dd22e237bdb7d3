"""Form V1 as packages lay it out: every SID and every list in a block of its own, in whatever order."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsart.contract import LSA_TOKEN_INFORMATION_V1, LUID_AND_ATTRIBUTES, SID_AND_ATTRIBUTES, enumerations
from lsart.security import sid_bytes, unpack_token_information

V1 = enumerations.LSA_TOKEN_INFORMATION_TYPE.LsaTokenInformationV1
ULONGS = st.integers(0, 0xFFFF_FFFF)
SIDS = st.lists(ULONGS, max_size=15).map(lambda parts: "-".join(["S-1-5", *map(str, parts)]))
GROUPS = st.builds(SID_AND_ATTRIBUTES, SIDS, ULONGS)
PRIVILEGES = st.builds(LUID_AND_ATTRIBUTES, st.integers(0, 0xFFFF_FFFF_FFFF_FFFF), ULONGS)
ACLS = st.binary(max_size=40).map(lambda data: struct.pack("<BBHHH", 2, 0, 8 + len(data), 0, 0) + data)
INFORMATION = st.builds(
    LSA_TOKEN_INFORMATION_V1,
    user=GROUPS,
    primary_group=SIDS,
    groups=st.lists(GROUPS, max_size=4).map(tuple),
    privileges=st.lists(PRIVILEGES, max_size=4).map(tuple),
    owner=st.none() | SIDS,
    default_dacl=st.none() | ACLS,
    expiration_time=st.integers(0, 0x7FFF_FFFF_FFFF_FFFF),
)


class Apart:
    """Memory in which each block begins in a page of its own, at an address that says nothing of the order."""

    def __init__(self, seed: int) -> None:
        self.pages = list(range(1, 100))
        random.Random(seed).shuffle(self.pages)
        self.blocks: dict[int, bytes] = {}
        self.found: list[int] = []

    def put(self, data: bytes) -> int:
        address = 0x1000 * self.pages.pop()
        self.blocks[address] = data
        return address

    def lay_out(self, given: LSA_TOKEN_INFORMATION_V1) -> int:
        """Write it as ntsecpkg.h and winnt.h declare it; an empty list is NULL."""
        assert isinstance(given.groups, tuple)
        listed = [struct.pack("<QI4x", self.put(sid_bytes(each.sid)), each.attributes) for each in given.groups]
        held = [struct.pack("<QI", each.luid, each.attributes) for each in given.privileges]
        return self.put(
            struct.pack(
                "<QQI4xQQQQQ",
                given.expiration_time,
                self.put(sid_bytes(given.user.sid)),
                given.user.attributes,
                self.put(struct.pack("<I4x", len(listed)) + b"".join(listed)) if listed else 0,
                self.put(sid_bytes(given.primary_group)),
                self.put(struct.pack("<I", len(held)) + b"".join(held)) if held else 0,
                0 if given.owner is None else self.put(sid_bytes(given.owner)),
                0 if given.default_dacl is None else self.put(given.default_dacl),
            )
        )

    def read(self, address: int, length: int) -> bytes:
        start = address & ~0xFFF
        assert start in self.blocks, f"{address:#x} is in no block"
        assert address + length <= start + len(self.blocks[start]), "it reads beyond the block"
        return self.blocks[start][address - start : address - start + length]

    def extent(self, address: int) -> int:
        if address not in self.blocks:
            raise ValueError(f"{address:#x} is no block")
        self.found.append(address)
        return len(self.blocks[address])


@pytest.mark.rule("TI1-1")
@given(information=INFORMATION, seed=st.integers(0, 99))
def test_what_is_laid_out_in_blocks_is_read_back_and_each_block_is_found_once(
    information: LSA_TOKEN_INFORMATION_V1, seed: int
) -> None:
    memory = Apart(seed)
    address = memory.lay_out(information)
    assert unpack_token_information(V1, address, memory.read, memory.extent) == information
    assert sorted(memory.found) == sorted(memory.blocks)


@given(information=INFORMATION, cut=st.integers(0, 20), short=st.integers(1, 12))
def test_a_block_that_is_too_short_is_refused_and_nothing_is_read_beyond_it(
    information: LSA_TOKEN_INFORMATION_V1, cut: int, short: int
) -> None:
    memory = Apart(0)
    address = memory.lay_out(information)
    place = list(memory.blocks)[cut % len(memory.blocks)]
    memory.blocks[place] = memory.blocks[place][:-short]
    with pytest.raises(ValueError, match=r"needs|fit|no SID"):
        unpack_token_information(V1, address, memory.read, memory.extent)
