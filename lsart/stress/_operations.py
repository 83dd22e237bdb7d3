"""What clients can do: OPERATIONS of the package's module, and random bytes.

An operation is a message, or a visit: an async function that makes as many calls as it likes, as a client that logs on,
works and logs off does.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from types import ModuleType
from typing import Any, TypeGuard, cast

from lsart.contract import AccessViolation, ConfigurationError, ProcessTerminated, StatusError
from lsart.runtime import Client, Resolved

__all__ = [
    "RAW",
    "Doing",
    "MessageMaker",
    "OperationError",
    "Visit",
    "is_visit",
    "make_message",
    "messages_of",
    "offered_operations",
    "pay",
    "visits_of",
]

MessageMaker = Callable[[Random, int], bytes]
Visit = Callable[[Client, Random, int], Awaitable[None]]
Doing = MessageMaker | Visit
"""One entry of OPERATIONS."""
RAW = "raw"
_LARGEST = 256 << 20


class OperationError(ConfigurationError):
    """An entry of a package's OPERATIONS is no function that makes a message or a visit."""


def offered_operations(resolved: Resolved) -> dict[str, Doing]:
    """Every operation that clients of a package can send, by name; ``"raw"`` is always among them.

    Raises:
        OperationError: OPERATIONS is not a mapping of names to functions.
    """
    target = resolved.target
    found: Any = getattr(target, "OPERATIONS", None)
    if found is None and not isinstance(target, ModuleType):
        owner = target if isinstance(target, type) or hasattr(target, "__qualname__") else type(target)
        found = getattr(sys.modules.get(owner.__module__), "OPERATIONS", None)
    operations: dict[str, Doing] = {RAW: _raw}
    if found is None:
        return operations
    if not isinstance(found, Mapping) or not all(isinstance(n, str) and callable(f) for n, f in found.items()):
        raise OperationError(
            f"OPERATIONS of {resolved.label} is {found!r}; expected a mapping of names to functions "
            "(random, size) -> bytes, or async functions (client, random, size)"
        )
    return operations | dict(found)


def is_visit(doing: Doing) -> TypeGuard[Visit]:
    """Whether an operation is an async function, which makes its calls itself."""
    return inspect.iscoroutinefunction(doing)


def messages_of(operations: Mapping[str, Doing]) -> dict[str, MessageMaker]:
    """Those operations that make a message: what can be sent damaged, too."""
    return {name: cast("MessageMaker", each) for name, each in operations.items() if not is_visit(each)}


def visits_of(operations: Mapping[str, Doing]) -> dict[str, Visit]:
    """Those operations that make their calls themselves."""
    return {name: each for name, each in operations.items() if is_visit(each)}


async def pay(name: str, visit: Visit, client: Client, random: Random, size: int) -> None:
    """One visit. What can come of a call comes out of it, too: a status, or the end of the client.

    Raises:
        OperationError: it raised anything else.
    """
    try:
        await visit(client, random, size)
    except (StatusError, ProcessTerminated, AccessViolation, OperationError):
        raise
    except Exception as error:
        raise OperationError(f"operation {name!r} raised {type(error).__name__}: {error}") from error


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
