"""Passwords: only their hashes are kept, and checking one takes as long as it was made to take."""

from __future__ import annotations

from typing import Any

import attrs

__all__ = ["HashCost", "fault_of_hash", "hash_password", "is_password"]

_HASH_BYTES = 32
_LEAST_SALT = 8  # bytes, of argon2


@attrs.frozen(kw_only=True)
class HashCost:
    """What one hash costs the computer that runs lsart. Virtual time stands still meanwhile.

    The default takes a few milliseconds, so that thousands of simulated logons stay possible; it is too cheap for
    passwords that guard something.

    Args:
        time_cost: passes, at least 1. memory_kib: KiB of memory, at least 8 per lane. parallelism: lanes, at least 1.

    Raises:
        ValueError: argon2 cannot be run so.
    """

    time_cost: int = 1
    memory_kib: int = 1024
    parallelism: int = 1

    def __attrs_post_init__(self) -> None:
        if self.time_cost < 1 or self.parallelism < 1 or self.memory_kib < 8 * self.parallelism:
            raise ValueError(f"{self}: at least one pass, one lane, and 8 KiB for each lane")


def hash_password(password: str, salt: bytes, cost: HashCost) -> str:
    """The argon2id hash of a password in its usual text form, which holds salt and cost.

    Args:
        salt: at least 8 bytes, given, as a run draws no chance but its own.

    Raises:
        ValueError: the salt is too short.
    """
    if len(salt) < _LEAST_SALT:
        raise ValueError(f"a salt has at least {_LEAST_SALT} bytes, not {len(salt)}")
    argon2 = _argon2()
    return str(
        argon2.hash_secret(
            _secret(password),
            salt,
            time_cost=cost.time_cost,
            memory_cost=cost.memory_kib,
            parallelism=cost.parallelism,
            hash_len=_HASH_BYTES,
            type=argon2.Type.ID,
        ).decode("ascii")
    )


def is_password(password: str, password_hash: str) -> bool:
    """Whether the hash was made of this password. Takes what the hash says it costs, right or wrong."""
    from argon2.exceptions import VerifyMismatchError

    argon2 = _argon2()
    try:
        return bool(argon2.verify_secret(password_hash.encode("ascii"), _secret(password), argon2.Type.ID))
    except VerifyMismatchError:
        return False


def fault_of_hash(password_hash: str) -> str:
    """What is wrong with the text of a hash, without repeating it; empty when it can be used."""
    from argon2 import extract_parameters
    from argon2.exceptions import InvalidHashError, VerificationError

    if not password_hash.startswith("$argon2id$"):
        return "is no hash of argon2id, which starts with $argon2id$"
    try:
        extract_parameters(password_hash)
        is_password("", password_hash)
    except (InvalidHashError, VerificationError, ValueError):
        return "cannot be read by argon2"
    return ""


def _secret(password: str) -> bytes:
    return password.encode("utf-16-le", "surrogatepass")  # as Windows holds it, so that no text is refused


def _argon2() -> Any:
    # Imported here, as nobody should wait for it who checks no password.
    import argon2.low_level

    return argon2.low_level
