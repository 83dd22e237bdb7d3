"""The store of credentials: what it keeps, in which order, and what it leaves behind."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import World

from lsart.contract import (
    LSA_STRING,
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_UNSUCCESSFUL,
    Pointer,
    StatusError,
)
from lsart.events import BlockAllocated
from lsart.security import SYSTEM_LUID, Security


class Store:
    """The credentials of one session, as package 7 sees them."""

    def __init__(self, choices: dict[str, Any] | None = None, **limits: int) -> None:
        self.world = World(choices, **limits)
        self.security = Security(self.world.memory)
        self.store = self.security.credentials

    def add(self, key: str, data: bytes, package: int = 7) -> None:
        self.store.add(SYSTEM_LUID, package, key, data, self.world.by("AddCredential"))

    def delete(self, key: str) -> None:
        self.store.delete(SYSTEM_LUID, 7, key, self.world.by("DeleteCredential"))

    def next(self, cursor: int, key: str | None = None, room: int | None = None) -> tuple[int, str, bytes]:
        """The next entry, whose block is freed at once."""
        cursor, found, _, copy = self.store.next(SYSTEM_LUID, 7, cursor, key, room, self.world.by("GetCredentials"))
        data = self.bytes_of(copy)
        assert isinstance(copy.buffer, Pointer)
        self.world.memory.FreeLsaHeap(copy.buffer, self.world.by("FreeLsaHeap"))
        return cursor, found, data

    def bytes_of(self, copy: LSA_STRING) -> bytes:
        assert isinstance(copy.buffer, Pointer)
        return self.world.memory.space.read(copy.buffer.address, copy.length)

    def all(self) -> list[tuple[str, bytes]]:
        found: list[tuple[str, bytes]] = []

        def go_on() -> None:
            cursor = 0
            while True:
                cursor, key, data = self.next(cursor)
                found.append((key, data))

        with pytest.raises(StatusError) as caught:
            go_on()
        assert caught.value.status == STATUS_UNSUCCESSFUL
        return found


@pytest.mark.rule("ADC-5")
@given(key=st.text(st.characters(codec=None), max_size=20), data=st.binary(max_size=64))
def test_key_and_credential_may_be_anything_and_come_back_as_they_were(key: str, data: bytes) -> None:
    store = Store()
    for each in (key, key + "\0", "\udc80\ud800" + key):
        store.add(each, data + b"\0\xff")
        assert store.next(0, each)[1:] == (each, data + b"\0\xff")
    assert len(store.all()) == 3


def test_an_enumeration_skips_nothing_and_repeats_nothing_whatever_is_deleted_meanwhile() -> None:
    store = Store()
    for key in "abcde":
        store.add(key, key.encode())
    cursor, first, _ = store.next(0)
    cursor, second, _ = store.next(cursor)
    store.delete("a")
    store.delete("b")
    store.delete("c")
    store.add("f", b"f")
    cursor, third, _ = store.next(cursor)
    assert (first, second, third) == ("a", "b", "d")
    assert [store.next(cursor)[1], store.all()[-1][0]] == ["e", "f"]


def test_what_is_deleted_leaves_no_bytes_and_no_block_behind() -> None:
    store = Store()
    store.add("key", b"a secret of some length")
    address = store.world.last(BlockAllocated).address
    assert store.world.memory.space.read(address, 23) == b"a secret of some length"
    store.delete("key")
    assert store.world.memory.space.read(address, 23) == bytes(23)
    assert list(store.world.memory.ledger.live_blocks("LSA")) == []


def test_credentials_go_with_their_session() -> None:
    store = Store()
    store.security.sessions.create(0x1000, store.world.by())
    store.store.add(0x1000, 7, "key", b"secret", store.world.by("AddCredential"))
    address = store.world.last(BlockAllocated).address
    store.security.sessions.delete(0x1000, store.world.by())
    assert store.world.memory.space.read(address, 6) == bytes(6)
    store.security.sessions.create(0x1000, store.world.by())
    with pytest.raises(StatusError, match="no more credentials"):
        store.store.next(0x1000, 7, 0, None, None, store.world.by())
    assert store.security.check() == []


def test_a_full_heap_stores_nothing_and_gives_nothing_out() -> None:
    store = Store(lsa_heap=4096)
    store.add("key", bytes(3000))
    for attempt in (lambda: store.add("other", bytes(3000)), lambda: store.next(0)):
        with pytest.raises(StatusError) as caught:
            attempt()
        assert caught.value.status == STATUS_INSUFFICIENT_RESOURCES
    assert store.security.check() == []
    assert store.security.sessions.get(SYSTEM_LUID).stored == 1


def test_an_empty_credential_is_one_too() -> None:
    store = Store({"lsa_heap_zero_length": "null"})
    store.add("", b"")
    assert store.all() == [("", b"")]
    store.delete("")
    assert store.all() == []


@pytest.mark.parametrize("first", ["oldest", "newest"])
def test_a_cursor_that_nobody_gave_leads_nowhere(first: str) -> None:
    """Not even one that looks like one: it names an entry that never was."""
    store = Store({"credential_first": first})
    store.add("key", b"secret")
    stride, _, _ = store.next(0)
    for cursor in (2 * stride, 1000 * stride, stride + 1, 1):
        with pytest.raises(StatusError, match="no more credentials"):
            store.next(cursor)
