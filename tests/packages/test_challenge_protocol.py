"""The protocol of the sample `challenge`, without LSA: what is changed, repeated, swapped or sent back is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsart_packages.challenge._keys import account_key, context_keys
from lsart_packages.challenge._protection import TOKEN_SIZE, Protection
from lsart_packages.challenge._protocol import (
    CLIENT,
    NAME_LIMIT,
    NONCE_SIZE,
    SERVER,
    Challenge,
    Negotiate,
    Response,
    proof_of,
    read_challenge,
    read_negotiate,
    read_response,
)

from lsart import NTSTATUS, SEC_E_MESSAGE_ALTERED, SEC_E_OUT_OF_SEQUENCE, StatusError

_KEY = account_key("alice", "correct horse")
_NONCES = (b"c" * NONCE_SIZE, b"s" * NONCE_SIZE)
_names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=NAME_LIMIT // 4)
_nonces = st.binary(min_size=NONCE_SIZE, max_size=NONCE_SIZE)
_flags = st.integers(0, 2**32 - 1)


@contextmanager
def refused(status: NTSTATUS) -> Iterator[None]:
    with pytest.raises(StatusError) as caught:
        yield
    assert caught.value.status == status


def sides(*, in_order: bool = True, flags: int = 0) -> tuple[Protection, Protection]:
    client, server = (context_keys(side, _KEY, *_NONCES, flags) for side in (CLIENT, SERVER))
    return Protection(client, in_order=in_order), Protection(server, in_order=in_order)


@given(_flags, _nonces, _names)
def test_messages_survive_their_bytes(flags: int, nonce: bytes, name: str) -> None:
    asked, answer, proof = Negotiate(flags, nonce, name), Challenge(flags, nonce, b"p" * 32), Response(b"r" * 32)
    assert read_negotiate(asked.encode()) == asked
    assert read_challenge(answer.encode()) == answer
    assert read_response(proof.encode()) == proof


@given(st.binary(max_size=200))
def test_anything_else_is_no_message(noise: bytes) -> None:
    for read, magic in ((read_negotiate, b"LSC1"), (read_challenge, b"LSC2"), (read_response, b"LSC3")):
        for message in (noise, magic + noise):
            found = read(message)
            assert found is None or found.encode() == message


@pytest.mark.parametrize("read", [read_negotiate, read_challenge, read_response])
def test_a_message_that_is_cut_short_is_none(read: object) -> None:
    whole = {
        read_negotiate: Negotiate(1, _NONCES[0], "a").encode(),
        read_challenge: Challenge(1, _NONCES[1], b"p" * 32).encode(),
        read_response: Response(b"r" * 32).encode(),
    }[read]  # type: ignore[index]  # one of three readers
    # It is one of three readers.
    assert all(read(whole[:length]) is None for length in range(len(whole)))  # type: ignore[operator]


def test_a_proof_is_of_one_side_one_key_and_all_that_was_said() -> None:
    said = (CLIENT, _KEY, "alice", 1, *_NONCES)
    others = [
        (SERVER, _KEY, "alice", 1, *_NONCES),
        (CLIENT, account_key("alice", "wrong"), "alice", 1, *_NONCES),
        (CLIENT, _KEY, "bob", 1, *_NONCES),
        (CLIENT, _KEY, "alice", 2, *_NONCES),
        (CLIENT, _KEY, "alice", 1, _NONCES[1], _NONCES[0]),
    ]
    assert proof_of(*said) not in [proof_of(*each) for each in others]


@given(st.lists(st.binary(max_size=50), max_size=3), st.integers(0, 2**32 - 1))
def test_what_one_side_signs_the_other_verifies(parts: list[bytes], sequence: int) -> None:
    client, server = sides()
    token = client.sign(parts, sequence)
    assert len(token) == TOKEN_SIZE
    server.verify(parts, token, sequence)
    with refused(SEC_E_OUT_OF_SEQUENCE):  # once
        server.verify(parts, token, sequence)


@given(st.binary(max_size=300), st.integers(0, 2**32 - 1))
def test_what_one_side_seals_the_other_unseals(data: bytes, sequence: int) -> None:
    client, server = sides()
    sealed, token = client.seal(data, sequence)
    assert len(sealed) == len(data)
    assert server.unseal(sealed, token, sequence) == data


def test_the_same_message_is_never_sealed_alike() -> None:
    client, _ = sides()
    assert client.seal(b"x" * 64, 0) != client.seal(b"x" * 64, 0)


@given(st.binary(min_size=1, max_size=40), st.data())
def test_one_changed_bit_is_seen(data: bytes, draw: st.DataObject) -> None:
    for kind in ("sign", "seal"):
        client, server = sides()
        body, token = (data, client.sign([data], 0)) if kind == "sign" else client.seal(data, 0)
        whole = bytearray(body + token)
        bit = draw.draw(st.integers(0, len(whole) * 8 - 1))
        whole[bit // 8] ^= 1 << bit % 8
        changed, its_token = bytes(whole[: len(body)]), bytes(whole[len(body) :])
        with refused(SEC_E_MESSAGE_ALTERED):
            server.verify([changed], its_token, 0) if kind == "sign" else server.unseal(changed, its_token, 0)


def test_bytes_do_not_move_from_one_buffer_to_the_next() -> None:
    client, server = sides()
    token = client.sign([b"ab", b"c"], 0)
    with refused(SEC_E_MESSAGE_ALTERED):
        server.verify([b"a", b"bc"], token, 0)


def test_what_a_side_made_is_not_taken_back_by_it() -> None:
    client, _ = sides()
    sealed, token = client.seal(b"x", 0)
    with refused(SEC_E_MESSAGE_ALTERED):
        client.unseal(sealed, token, 0)
    with refused(SEC_E_MESSAGE_ALTERED):
        client.verify([b"x"], client.sign([b"x"], 0), 0)


def test_messages_are_taken_in_their_order() -> None:
    client, server = sides()
    first, second = client.sign([b"1"], 0), client.sign([b"2"], 0)
    with refused(SEC_E_OUT_OF_SEQUENCE):
        server.verify([b"2"], second, 0)
    server.verify([b"1"], first, 0)
    server.verify([b"2"], second, 0)


def test_without_order_only_the_callers_number_counts() -> None:
    client, server = sides(in_order=False)
    first, second = client.sign([b"1"], 7), client.sign([b"2"], 8)
    server.verify([b"2"], second, 8)
    with refused(SEC_E_OUT_OF_SEQUENCE):
        server.verify([b"1"], first, 8)
    server.verify([b"1"], first, 7)


def test_other_flags_or_another_key_give_other_keys() -> None:
    client, _ = sides(flags=1)
    _, server = sides(flags=2)
    with refused(SEC_E_MESSAGE_ALTERED):
        server.verify([b"x"], client.sign([b"x"], 0), 0)
