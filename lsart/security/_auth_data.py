"""Authorization data: who an account is and which groups it is in, as bytes that packages carry and cannot change.

Layout, little-endian: ``b"LSAU"``, version, flags, then SID, domain, name and principal name, the count of groups and
their SIDs, each text as length (16 bits) and UTF-8; at the end an HMAC-SHA256 over all of it under a key of the run. So
LSA can tell its own data from what somebody made up (CAT-2). Windows's own layout is not public.
"""

from __future__ import annotations

import hmac
import struct

import attrs

__all__ = ["AuthData", "pack_auth_data", "unpack_auth_data"]

_HEAD = struct.Struct("<4sBB")
_LENGTH = struct.Struct("<H")
_MAGIC, _VERSION = b"LSAU", 1
_EXPANDED, _HAS_PRINCIPAL = 1, 2
_SEAL = 32  # bytes of the HMAC


@attrs.frozen(kw_only=True)
class AuthData:
    """What authorization data says.

    Args:
        sid: of the account. domain, account_name: its flat names. user_principal_name: if it has one.
        groups: SIDs. is_expanded: whether groups of groups are among them.
    """

    sid: str
    domain: str
    account_name: str
    user_principal_name: str | None = None
    groups: tuple[str, ...] = ()
    is_expanded: bool = False


def pack_auth_data(data: AuthData, key: bytes) -> bytes:
    """As bytes, sealed with the key."""
    flags = (_EXPANDED if data.is_expanded else 0) | (_HAS_PRINCIPAL if data.user_principal_name is not None else 0)
    texts = [data.sid, data.domain, data.account_name, data.user_principal_name or ""]
    body = _HEAD.pack(_MAGIC, _VERSION, flags) + b"".join(map(_packed, texts))
    body += _LENGTH.pack(len(data.groups)) + b"".join(map(_packed, data.groups))
    return body + hmac.digest(key, body, "sha256")


def unpack_auth_data(data: bytes, key: bytes | None) -> AuthData:
    """What `pack_auth_data` made these bytes of.

    Args:
        key: what they must be sealed with; None for whoever has them from LSA itself a moment ago, as packages do.

    Raises:
        ValueError: they were not sealed with this key, or have changed since.
    """
    body, seal = data[:-_SEAL], data[-_SEAL:]
    if key is not None and not hmac.compare_digest(seal, hmac.digest(key, body, "sha256")):
        raise ValueError("not authorization data of this LSA, or changed since")
    magic, version, flags = _HEAD.unpack_from(body)
    if (magic, version) != (_MAGIC, _VERSION):
        raise ValueError(f"authorization data of version {version}")
    reader = _Reader(body, _HEAD.size)
    sid, domain, account_name, principal = (reader.text() for _ in range(4))
    groups = tuple(reader.text() for _ in range(reader.number()))
    return AuthData(
        sid=sid,
        domain=domain,
        account_name=account_name,
        user_principal_name=principal if flags & _HAS_PRINCIPAL else None,
        groups=groups,
        is_expanded=bool(flags & _EXPANDED),
    )


def _packed(text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    return _LENGTH.pack(len(data)) + data


class _Reader:
    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at

    def number(self) -> int:
        (value,) = _LENGTH.unpack_from(self._data, self._at)
        self._at += _LENGTH.size
        return int(value)

    def text(self) -> str:
        length = self.number()
        self._at += length
        return self._data[self._at - length : self._at].decode("utf-8", "surrogatepass")
