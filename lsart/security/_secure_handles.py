"""Handles of credentials and contexts: what a client process has of them, and nobody else can use.

A handle is two words: a number, and a check that only this table can compute. So a handle of another process, of
another kind, or made up is no handle here, and one that was given once is known as such for ever without a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Generic, TypeVar

from lsart.contract import SecHandle

__all__ = ["SecureHandles"]

_T = TypeVar("_T")
_STEP = 4


class SecureHandles(Generic[_T]):
    """The handles of one kind that one process has.

    Args:
        kind: what they name, "credential" or "context". key: 16 bytes of chance that only this table has.
    """

    __slots__ = ("_entries", "_key", "_next", "kind")

    def __init__(self, kind: str, key: bytes) -> None:
        self.kind = kind
        self._key = key
        self._entries: dict[SecHandle, _T] = {}
        self._next = _STEP

    def open(self, target: _T) -> SecHandle:
        """A handle that no other ever was or will be."""
        handle = self._handle(self._next)
        self._next += _STEP
        self._entries[handle] = target
        return handle

    def find(self, handle: object) -> _T | None:
        """What the handle names; None for whatever is no live handle of this process and kind."""
        return self._entries.get(handle) if isinstance(handle, SecHandle) else None

    def close(self, handle: object) -> _T | None:
        """Take the handle back: what it named, or None as `find` does."""
        return self._entries.pop(handle, None) if isinstance(handle, SecHandle) else None

    def was_given(self, handle: object) -> bool:
        """Whether the process got this handle at some time, closed or not."""
        if not isinstance(handle, SecHandle):
            return False
        number = handle.lower
        return number % _STEP == 0 and 0 < number < self._next and handle == self._handle(number)

    def targets(self) -> tuple[_T, ...]:
        """All that its handles name, oldest first."""
        return tuple(self._entries.values())

    def close_all(self) -> tuple[_T, ...]:
        """The process ends: all that its handles named, oldest first."""
        targets = self.targets()
        self._entries.clear()
        return targets

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[SecHandle]:
        return iter(tuple(self._entries))

    def check(self) -> list[str]:
        """Every invariant; [] when sound."""
        return [
            f"{self.kind} handle {each} is open, but was never given"
            for each in self._entries
            if not self.was_given(each)
        ]

    def _handle(self, number: int) -> SecHandle:
        check = blake2b(number.to_bytes(8, "little"), digest_size=8, key=self._key)
        return SecHandle(number, int.from_bytes(check.digest(), "little"))
