"""The profile that a user gets at logon: when that was, which logon of the account it was, and what people call it.

Laid out like the beginning of MSV1_0_INTERACTIVE_PROFILE: numbers, then one counted text.
"""

from __future__ import annotations

import struct

import attrs

__all__ = ["Profile", "pack_profile", "unpack_profile"]

_INTERACTIVE_PROFILE = 2  # MsV1_0InteractiveProfile
_HEAD = struct.Struct("<IHHqH")


@attrs.frozen
class Profile:
    """What the client may know of the user.

    Args:
        logon_count: logons of this account since the package started, this one included.
        logon_time: nanoseconds of the run's clock. name: domain and account.
    """

    logon_count: int
    logon_time: int
    name: str


def pack_profile(profile: Profile) -> bytes:
    """As bytes."""
    name = profile.name.encode("utf-16-le")
    count = min(profile.logon_count, 0xFFFF)
    return _HEAD.pack(_INTERACTIVE_PROFILE, count, 0, profile.logon_time, len(name)) + name


def unpack_profile(data: bytes) -> Profile:
    """What the client reads.

    Raises:
        ValueError: it is no profile.
    """
    if len(data) < _HEAD.size:
        raise ValueError(f"{len(data)} bytes are no profile")
    kind, count, _, time, length = _HEAD.unpack_from(data)
    if kind != _INTERACTIVE_PROFILE or len(data) != _HEAD.size + length:
        raise ValueError("no profile of an interactive logon")
    return Profile(count, time, data[_HEAD.size :].decode("utf-16-le"))
