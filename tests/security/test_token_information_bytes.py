"""What tokens are made of, and text, as they lie in memory."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsart.contract import (
    LSA_TOKEN_INFORMATION_NULL,
    LSA_TOKEN_INFORMATION_V1,
    LUID_AND_ATTRIBUTES,
    SID_AND_ATTRIBUTES,
    Pointer,
    enumerations,
)
from lsart.security import (
    pack_token_groups,
    pack_token_information,
    pack_unicode_string,
    sid_bytes,
    unpack_token_information,
    unpack_unicode_string,
)

FORMS = enumerations.LSA_TOKEN_INFORMATION_TYPE
BASE = 0x5000
SIDS = st.lists(st.integers(0, 0xFFFF_FFFF), max_size=15).map(lambda parts: "-".join(["S-1-5", *map(str, parts)]))
GROUPS = st.builds(SID_AND_ATTRIBUTES, SIDS, st.integers(0, 0xFFFF_FFFF))
ACLS = st.binary(max_size=40).map(lambda data: struct.pack("<BBHHH", 2, 0, 8 + len(data), 0, 0) + data)
INFORMATION = st.builds(
    LSA_TOKEN_INFORMATION_V1,
    user=GROUPS,
    primary_group=SIDS,
    groups=st.lists(GROUPS, max_size=4).map(tuple),
    privileges=st.lists(st.builds(LUID_AND_ATTRIBUTES, st.integers(0, 99), st.integers(0, 3)), max_size=4).map(tuple),
    owner=st.none() | SIDS,
    default_dacl=st.none() | ACLS,
    expiration_time=st.integers(0, 0x7FFF_FFFF_FFFF_FFFF),
)


class Blocks:
    """Memory of blocks, and which of them somebody found."""

    def __init__(self) -> None:
        self._blocks: dict[int, bytes] = {}
        self._next = BASE
        self.found: list[int] = []

    def put(self, data: bytes | Callable[[int], bytes]) -> int:
        """A new block."""
        address = self._next
        self._blocks[address] = data if isinstance(data, bytes) else data(address)
        self._next += 0x1000
        return address

    def read(self, address: int, length: int) -> bytes:
        for start, data in self._blocks.items():
            if start <= address <= address + length <= start + len(data):
                return data[address - start : address - start + length]
        raise LookupError(f"{address:#x}")

    def extent(self, address: int) -> int:
        if address not in self._blocks:
            raise ValueError(f"{address:#x} is no block")
        self.found.append(address)
        return len(self._blocks[address])


@pytest.mark.rule("TI1-2")
@given(INFORMATION)
def test_a_v2_is_one_block_with_everything_in_it(information: LSA_TOKEN_INFORMATION_V1) -> None:
    blocks = Blocks()
    address = blocks.put(lambda base: pack_token_information(information, base))
    found = unpack_token_information(FORMS.LsaTokenInformationV2, address, blocks.read, blocks.extent)
    assert found == information
    assert blocks.found == [address]


@pytest.mark.rule("TI1-1")
def test_a_v1_leads_to_a_block_for_each_sid_and_each_list() -> None:
    blocks = Blocks()
    acl = struct.pack("<BBHHH", 2, 0, 8, 0, 0)
    group = blocks.put(sid_bytes("S-1-5-32-544"))
    user, primary, owner = (blocks.put(sid_bytes(each)) for each in ("S-1-5-21-1", "S-1-5-32-545", "S-1-5-18"))
    groups = blocks.put(struct.pack("<I4xQI4x", 1, group, 7))
    privileges = blocks.put(struct.pack("<IQI", 1, 23, 3))
    dacl = blocks.put(acl)
    head = blocks.put(struct.pack("<QQI4xQQQQQ", 99, user, 1, groups, primary, privileges, owner, dacl))
    found = unpack_token_information(FORMS.LsaTokenInformationV1, head, blocks.read, blocks.extent)
    assert found == LSA_TOKEN_INFORMATION_V1(
        user=SID_AND_ATTRIBUTES("S-1-5-21-1", 1),
        primary_group="S-1-5-32-545",
        groups=(SID_AND_ATTRIBUTES("S-1-5-32-544", 7),),
        privileges=(LUID_AND_ATTRIBUTES(23, 3),),
        owner="S-1-5-18",
        default_dacl=acl,
        expiration_time=99,
    )
    assert sorted(blocks.found) == sorted([head, user, primary, owner, groups, group, privileges, dacl])


@pytest.mark.rule("TI1-1")
def test_a_v2_that_leads_out_of_its_block_is_none_and_a_v1_must_lead_to_blocks() -> None:
    blocks = Blocks()
    data = pack_token_information(
        LSA_TOKEN_INFORMATION_V1(user=SID_AND_ATTRIBUTES("S-1-5-18"), primary_group="S-1-5-18"), BASE
    )
    one = blocks.put(data)
    with pytest.raises(ValueError, match="is no block"):
        unpack_token_information(FORMS.LsaTokenInformationV1, one, blocks.read, blocks.extent)
    two = blocks.put(data)  # its addresses are those of the first
    with pytest.raises(ValueError, match="outside of the one block"):
        unpack_token_information(FORMS.LsaTokenInformationV2, two, blocks.read, blocks.extent)


@pytest.mark.rule("TI1-3")
def test_the_third_form_exists_and_no_token_is_made_of_it() -> None:
    assert int(FORMS.LsaTokenInformationV3) == 3
    blocks = Blocks()
    address = blocks.put(bytes(200))
    with pytest.raises(ValueError, match="no token is made of form 3"):
        unpack_token_information(FORMS.LsaTokenInformationV3, address, blocks.read, blocks.extent)


def test_the_form_of_nobody_has_a_time_and_groups() -> None:
    blocks = Blocks()
    groups = (SID_AND_ATTRIBUTES("S-1-5-2", 7),)
    listed = blocks.put(lambda base: pack_token_groups(groups, base))
    address = blocks.put(struct.pack("<QQ", 5, listed))
    found = unpack_token_information(FORMS.LsaTokenInformationNull, address, blocks.read, blocks.extent)
    assert found == LSA_TOKEN_INFORMATION_NULL(groups=groups, expiration_time=5)
    assert blocks.found == [address, listed]


@given(INFORMATION, st.integers(0, 200), st.binary(min_size=1, max_size=8))
def test_bytes_that_are_broken_are_refused_and_nothing_else_is_read(
    information: LSA_TOKEN_INFORMATION_V1, place: int, junk: bytes
) -> None:
    blocks = Blocks()
    data = pack_token_information(information, BASE)
    blocks.put((data[:place] + junk + data[place + len(junk) :])[: len(data)])
    for form in FORMS:
        try:
            unpack_token_information(form, BASE, blocks.read, blocks.extent)
        except (ValueError, LookupError):
            continue


@given(st.text(max_size=50), st.booleans())
def test_text_lies_behind_its_structure_or_in_a_block_of_its_own(text: str, apart: bool) -> None:
    blocks = Blocks()
    if apart:
        data = text.encode("utf-16-le", "surrogatepass")
        characters = blocks.put(data or b"..")
        address = blocks.put(struct.pack("<HH4xQ", len(data), len(data), characters))
    else:
        address = blocks.put(lambda base: pack_unicode_string(text, base))
    assert unpack_unicode_string(address, blocks.read, blocks.extent) == text
    assert blocks.found == ([address, characters] if apart else [address])


def test_text_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="holds 65534 bytes"):
        pack_unicode_string("x" * 32768, BASE)
    blocks = Blocks()
    elsewhere = blocks.put(b"ab")
    for structure in (
        struct.pack("<HH4xQ", 4, 4, elsewhere),
        struct.pack("<HH4xQ", 4, 2, elsewhere),
        struct.pack("<HH4xQ", 1, 2, elsewhere),
        b"short",
    ):
        with pytest.raises(ValueError, match=r"UNICODE_STRING|its text"):
            unpack_unicode_string(blocks.put(structure), blocks.read, blocks.extent)


def test_groups_that_are_elsewhere_do_not_go_into_one_block() -> None:
    information = LSA_TOKEN_INFORMATION_V1(
        user=SID_AND_ATTRIBUTES("S-1-5-18"), primary_group="S-1-5-18", groups=Pointer(8, "lsass")
    )
    with pytest.raises(ValueError, match="another place"):
        pack_token_information(information, BASE)
