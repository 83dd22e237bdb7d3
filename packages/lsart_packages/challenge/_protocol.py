"""What the two sides tell each other: three messages, of which the last two prove that the sender knows the key.

    client -> server  NEGOTIATE  flags, client's nonce, account name
    server -> client  CHALLENGE  flags, server's nonce, proof of the server
    client -> server  RESPONSE   proof of the client

A proof covers both nonces, the account and the flags that both will keep to, and says whose it is: a message that is
sent back to its sender, sent again later, or changed on its way proves nothing.
"""

from __future__ import annotations

import hmac
import struct

import attrs

__all__ = [
    "CLIENT",
    "NAME_LIMIT",
    "NONCE_SIZE",
    "SERVER",
    "Challenge",
    "Negotiate",
    "Response",
    "proof_of",
    "read_challenge",
    "read_negotiate",
    "read_response",
]

CLIENT, SERVER = b"client", b"server"
NONCE_SIZE = 16
NAME_LIMIT = 64
_PROOF_SIZE = 32
_NEGOTIATE, _CHALLENGE, _RESPONSE = b"LSC1", b"LSC2", b"LSC3"
_HEAD = struct.Struct("<4sI")


@attrs.frozen
class Negotiate:
    """The client's first message: what it asks for, and for whom."""

    flags: int
    nonce: bytes
    account: str

    def encode(self) -> bytes:
        """The bytes that travel."""
        return _HEAD.pack(_NEGOTIATE, self.flags) + self.nonce + self.account.encode()


@attrs.frozen
class Challenge:
    """The server's answer: what both will keep to, and that it knows the key."""

    flags: int
    nonce: bytes
    proof: bytes

    def encode(self) -> bytes:
        """The bytes that travel."""
        return _HEAD.pack(_CHALLENGE, self.flags) + self.nonce + self.proof


@attrs.frozen
class Response:
    """The client's second message: that it knows the key, too."""

    proof: bytes

    def encode(self) -> bytes:
        """The bytes that travel."""
        return _RESPONSE + self.proof


def read_negotiate(message: bytes) -> Negotiate | None:
    """The message; None for anything that is none."""
    name_at = _HEAD.size + NONCE_SIZE
    if not name_at < len(message) <= name_at + NAME_LIMIT or not message.startswith(_NEGOTIATE):
        return None
    try:
        account = message[name_at:].decode()
    except UnicodeDecodeError:
        return None
    return Negotiate(_HEAD.unpack_from(message)[1], message[_HEAD.size : name_at], account)


def read_challenge(message: bytes) -> Challenge | None:
    """The message; None for anything that is none."""
    proof_at = _HEAD.size + NONCE_SIZE
    if len(message) != proof_at + _PROOF_SIZE or not message.startswith(_CHALLENGE):
        return None
    return Challenge(_HEAD.unpack_from(message)[1], message[_HEAD.size : proof_at], message[proof_at:])


def read_response(message: bytes) -> Response | None:
    """The message; None for anything that is none."""
    if len(message) != len(_RESPONSE) + _PROOF_SIZE or not message.startswith(_RESPONSE):
        return None
    return Response(message[len(_RESPONSE) :])


def proof_of(side: bytes, key: bytes, account: str, flags: int, client_nonce: bytes, server_nonce: bytes) -> bytes:
    """What only somebody can make who knows the account's key. Compare it with `hmac.compare_digest`.

    Args:
        side: CLIENT or SERVER, whoever proves it. flags: those that the server chose.
    """
    said = b"".join((side, struct.pack("<I", flags), client_nonce, server_nonce, account.encode()))
    return hmac.digest(key, said, "sha256")
