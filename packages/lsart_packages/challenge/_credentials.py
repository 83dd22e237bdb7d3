"""What a client passes to AcquireCredentialsHandle: an account and its password.

A caller that accepts contexts passes nothing, as the server's side knows the accounts.
"""

from __future__ import annotations

import struct

__all__ = ["HEAD_SIZE", "LIMIT", "account_and_password", "identity"]

_HEAD = struct.Struct("<HH")
HEAD_SIZE = _HEAD.size
LIMIT = 512
"""Bytes of account and password together."""


def identity(account: str, password: str) -> bytes:
    """The authorization data for an account.

    Raises:
        ValueError: account and password are longer than `LIMIT` bytes together.
    """
    parts = account.encode(), password.encode()
    if sum(map(len, parts)) > LIMIT:
        raise ValueError(f"account and password have at most {LIMIT} bytes together")
    return _HEAD.pack(*map(len, parts)) + b"".join(parts)


def account_and_password(head: bytes) -> tuple[int, int]:
    """How many bytes of each follow the first `HEAD_SIZE`, as the client says: nothing that may be trusted."""
    account, password = _HEAD.unpack(head)
    return account, password
