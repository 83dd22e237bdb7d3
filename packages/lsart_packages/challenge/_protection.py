"""Sign and seal messages with the keys of a context. Plain bytes in, plain bytes out, or the status of the refusal.

A token is 28 bytes: the number of the message in its direction, the caller's own sequence number, and 16 bytes of
HMAC-SHA256 or of AES-256-GCM. Numbers go up by one for signed and sealed messages together, so a nonce is never used
twice, and messages are taken in the order in which they were made.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lsart import SEC_E_MESSAGE_ALTERED, SEC_E_OUT_OF_SEQUENCE, StatusError
from lsart_packages.challenge._keys import ContextKeys

__all__ = ["TOKEN_SIZE", "Protection"]

_HEAD = struct.Struct("<QI")
_TAG_SIZE = 16
TOKEN_SIZE = _HEAD.size + _TAG_SIZE
_NONCE = struct.Struct("<4xQ")

_Bytes = bytes | bytearray | memoryview


class Protection:
    """One side of a context that signs, seals, and undoes what the other side did.

    Args:
        in_order: whether messages must come in the order in which they were made. Without, only the caller's own
            sequence numbers count.
    """

    __slots__ = ("_in_order", "_keys", "_received", "_seal", "_sent", "_unseal")

    def __init__(self, keys: ContextKeys, *, in_order: bool) -> None:
        self._keys = keys
        self._seal = AESGCM(keys.seal)
        self._unseal = AESGCM(keys.unseal)
        self._in_order = in_order
        self._sent = 0
        self._received = 0

    def sign(self, parts: Sequence[_Bytes], sequence: int) -> bytes:
        """The token of a message that travels as it is.

        Args:
            sequence: the caller's number of it, 0 when it keeps none.
        """
        self._sent += 1
        head = _HEAD.pack(self._sent, sequence)
        return head + _mac(self._keys.sign, head, parts)

    def verify(self, parts: Sequence[_Bytes], token: _Bytes, sequence: int) -> None:
        """Check a signed message.

        Raises:
            StatusError: SEC_E_MESSAGE_ALTERED, it is not what the other side made; SEC_E_OUT_OF_SEQUENCE, it is,
                and comes too early, too late, or again.
        """
        number, head = _read(token)
        if not hmac.compare_digest(_mac(self._keys.verify, head, parts), bytes(token[_HEAD.size :])):
            raise StatusError(SEC_E_MESSAGE_ALTERED)
        self._take(number, head, sequence)

    def seal(self, data: _Bytes, sequence: int, beside: Sequence[_Bytes] = ()) -> tuple[bytes, bytes]:
        """Ciphertext, as long as `data`, and token.

        Args:
            beside: what travels with it as it is, and must not change either.
        """
        self._sent += 1
        head = _HEAD.pack(self._sent, sequence)
        sealed = self._seal.encrypt(_NONCE.pack(self._sent), data, _framed(head, beside))
        return sealed[:-_TAG_SIZE], head + sealed[-_TAG_SIZE:]

    def unseal(self, data: _Bytes, token: _Bytes, sequence: int, beside: Sequence[_Bytes] = ()) -> bytes:
        """The message that was sealed.

        Raises:
            StatusError: SEC_E_MESSAGE_ALTERED, it is not what the other side made; SEC_E_OUT_OF_SEQUENCE, it is,
                and comes too early, too late, or again.
        """
        number, head = _read(token)
        try:
            opened = self._unseal.decrypt(
                _NONCE.pack(number), b"".join((data, token[_HEAD.size :])), _framed(head, beside)
            )
        except InvalidTag:
            raise StatusError(SEC_E_MESSAGE_ALTERED) from None
        self._take(number, head, sequence)
        return opened

    def _take(self, number: int, head: bytes, sequence: int) -> None:
        """Of a genuine message: whether it is its turn."""
        _, said = _HEAD.unpack(head)
        if said != sequence or (self._in_order and number != self._received + 1):
            raise StatusError(SEC_E_OUT_OF_SEQUENCE)
        self._received = max(self._received, number)


def _read(token: _Bytes) -> tuple[int, bytes]:
    if len(token) != TOKEN_SIZE:
        raise StatusError(SEC_E_MESSAGE_ALTERED)
    head = bytes(token[: _HEAD.size])
    return _HEAD.unpack(head)[0], head


def _mac(key: bytes, head: bytes, parts: Sequence[_Bytes]) -> bytes:
    return hmac.digest(key, _framed(head, parts), "sha256")[:_TAG_SIZE]


def _framed(head: bytes, parts: Sequence[_Bytes]) -> bytes:
    """Lengths are part of it: else bytes could move from one buffer into the next unseen."""
    if not parts:
        return head
    return b"".join((head, struct.pack(f"<{len(parts)}I", *map(len, parts)), *parts))
