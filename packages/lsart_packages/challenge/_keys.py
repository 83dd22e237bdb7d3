"""The keys of an account and of a context.

The account's key comes from its password, slowly. From it and the two nonces come four keys for each context: one to
sign and one to seal for each direction, so that nothing that one side sent can be given back to it.
"""

from __future__ import annotations

import hashlib

import attrs
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lsart_packages.challenge._protocol import CLIENT

__all__ = ["KEYS_SIZE", "ContextKeys", "account_key", "context_keys"]

_KEY_SIZE = 32
KEYS_SIZE = 4 * _KEY_SIZE
_ROUNDS = 2_000  # of PBKDF2. A server that faces the world takes hundreds of times as many


@attrs.frozen(repr=False)
class ContextKeys:
    """One side's keys: to sign and to seal what it sends, to verify and to unseal what it receives."""

    sign: bytes
    seal: bytes
    verify: bytes
    unseal: bytes

    def pack(self) -> bytes:
        """KEYS_SIZE bytes, for the half in the client's process."""
        return self.sign + self.seal + self.verify + self.unseal

    @classmethod
    def unpack(cls, packed: bytes) -> ContextKeys:
        """The keys that `pack` packed."""
        return cls(*(packed[at : at + _KEY_SIZE] for at in range(0, KEYS_SIZE, _KEY_SIZE)))


def account_key(account: str, password: str) -> bytes:
    """The key of an account, the same wherever name and password are known."""
    salt = b"lsart challenge " + account.casefold().encode()
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ROUNDS)


def context_keys(side: bytes, key: bytes, client_nonce: bytes, server_nonce: bytes, flags: int) -> ContextKeys:
    """The keys of one context, for the side that asks.

    Args:
        side: CLIENT or SERVER. key: the account's. flags: those both keep to; others would give other keys.
    """
    info = b"lsart challenge context" + flags.to_bytes(4, "little")
    derived = HKDF(algorithm=SHA256(), length=KEYS_SIZE, salt=client_nonce + server_nonce, info=info).derive(key)
    of_client, of_server = derived[: 2 * _KEY_SIZE], derived[2 * _KEY_SIZE :]
    own, other = (of_client, of_server) if side == CLIENT else (of_server, of_client)
    return ContextKeys(own[:_KEY_SIZE], own[_KEY_SIZE:], other[:_KEY_SIZE], other[_KEY_SIZE:])
