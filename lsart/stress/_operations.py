"""The messages that clients can send: OPERATIONS of the package's module, and random bytes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from random import Random
from types import ModuleType
from typing import Any

from lsart.contract import ConfigurationError
from lsart.runtime import Resolved

__all__ = ["RAW", "MessageMaker", "OperationError", "make_message", "offered_operations"]

MessageMaker = Callable[[Random, int], bytes]
RAW = "raw"
_LARGEST = 256 << 20


class OperationError(ConfigurationError):
    """An entry of a package's OPERATIONS is no function that makes a message."""


def offered_operations(resolved: Resolved) -> dict[str, MessageMaker]:
    """Every operation that clients of a package can send, by name; ``"raw"`` is always among them.

    Raises:
        OperationError: OPERATIONS is not a mapping of names to functions.
    """
    target = resolved.target
    found: Any = getattr(target, "OPERATIONS", None)
    if found is None and not isinstance(target, ModuleType):
        owner = target if isinstance(target, type) or hasattr(target, "__qualname__") else type(target)
        found = getattr(sys.modules.get(owner.__module__), "OPERATIONS", None)
    operations: dict[str, MessageMaker] = {RAW: _raw}
    if found is None:
        return operations
    if not isinstance(found, Mapping) or not all(isinstance(n, str) and callable(f) for n, f in found.items()):
        raise OperationError(
            f"OPERATIONS of {resolved.label} is {found!r}; expected a mapping of names to functions "
            "(random, size) -> bytes"
        )
    return operations | dict(found)


def make_message(name: str, maker: MessageMaker, random: Random, size: int) -> bytes:
    """One message.

    Raises:
        OperationError: the function raised, or returned no bytes; or the size is beyond 256 MiB.
    """
    if size > _LARGEST:
        raise OperationError(
            f"operation {name!r} would make a message of {size:,} bytes; messages are held in memory and end at "
            f"{_LARGEST:,} bytes, so give it a smaller size"
        )
    try:
        message: object = maker(random, size)
    except Exception as error:
        raise OperationError(
            f"operation {name!r} cannot make a message of size {size}: it raised {type(error).__name__}: {error}"
        ) from error
    if not isinstance(message, bytes):
        raise OperationError(f"operation {name!r} returned {type(message).__name__} {message!r}; expected bytes")
    return message


def _raw(random: Random, size: int) -> bytes:
    return random.randbytes(size)
