"""What LsaProtectMemory does to bytes: a cipher under a key that lives as long as the run.

It keeps secrets out of a dump or a stray log line, and promises no more: whoever runs in LSASS can undo it, and equal
bytes of one length become equal bytes. Nothing is stored beside the bytes, so they keep their length, and nothing
depends on where they lie, so protected bytes may be moved before they are unprotected.
"""

from __future__ import annotations

from random import Random
from typing import Any

__all__ = ["MemoryCipher"]

_BLOCK = 16  # of AES: what XTS needs at the least


class MemoryCipher:
    """Protects and unprotects bytes.

    Protecting twice takes unprotecting twice: a stream cipher without a nonce would give the bytes back at the
    second call and hide the mistake.

    Args:
        chance: where the key comes from; the same chance gives the same key.
    """

    def __init__(self, chance: Random) -> None:
        # Imported here, as nobody should wait for a cipher who protects nothing.
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        self._cipher: Any = Cipher(algorithms.AES(chance.randbytes(64)), modes.XTS(chance.randbytes(_BLOCK)))
        # Odd, so that adding a byte of it changes every byte, and adding it twice does too.
        self._pad = bytes(each | 1 for each in chance.randbytes(_BLOCK))

    def protect(self, data: bytes) -> bytes:
        """`data` made unreadable, in as many bytes."""
        if len(data) < _BLOCK:
            return bytes((each + pad) & 0xFF for each, pad in zip(data, self._pad, strict=False))
        cipher = self._cipher.encryptor()
        return bytes(cipher.update(data) + cipher.finalize())

    def unprotect(self, data: bytes) -> bytes:
        """What `protect` made `data` of."""
        if len(data) < _BLOCK:
            return bytes((each - pad) & 0xFF for each, pad in zip(data, self._pad, strict=False))
        cipher = self._cipher.decryptor()
        return bytes(cipher.update(data) + cipher.finalize())
