"""Floor 3: what LSA knows of security. No event loop, no clock of its own."""

from lsart.security._protect import MemoryCipher

__all__ = [
    "MemoryCipher",
]
