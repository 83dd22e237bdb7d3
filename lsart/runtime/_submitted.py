"""What a client hands to LSA, captured once: what the client does to its memory later reaches no package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import trio

from lsart.contract import (
    STATUS_ACCESS_VIOLATION,
    STATUS_INVALID_PARAMETER,
    AccessViolation,
    Pointer,
    ProcessTerminated,
    StatusError,
)
from lsart.memory import Access

if TYPE_CHECKING:
    from lsart.runtime._client_connections import ClientConnections

__all__ = ["Submitted", "capture"]

_ULONG = 0xFFFF_FFFF


@attrs.frozen
class Submitted:
    """A message as LSA has it.

    Args:
        data: LSA's own copy. base: where it lies in the client, None for one that was given as bytes.
    """

    data: bytes
    base: Pointer | None


async def capture(client: ClientConnections, buffer: Any, length: int | None) -> Submitted:
    """Copy what a client submits: bytes at once, a Pointer from its memory, as LSA reads it from the process.

    A wrong type is refused here, in the client that passed it, and not in the package that would fail over it.

    Args:
        buffer: bytes, a Pointer into the client's memory, or None. length: bytes of it, a ULONG; None means all
            of a buffer that knows its length itself.

    Raises:
        StatusError: STATUS_ACCESS_VIOLATION when it is not there for all of the length,
            STATUS_INVALID_PARAMETER when the length is no ULONG.
        ProcessTerminated: the client ended meanwhile.
        TypeError: it is not made of bytes, or a Pointer came without a length.
    """
    if not isinstance(buffer, Pointer):
        data = _copy(buffer)
        if length is None:
            return Submitted(data, None)
        try:
            _check_length(length)
            if length > len(data):
                reason = f"the buffer has {len(data)} bytes"
                raise _fault(f"read of {length} bytes of {client.name} failed: {reason}")
        except StatusError:
            await trio.lowlevel.checkpoint()  # a client that tries for ever must let others run
            raise
        return Submitted(data[:length], None)
    if length is None:
        raise TypeError(f"{buffer!r} needs the length of what lies there")
    try:
        _check_length(length)
        return Submitted(await _read(client, buffer, length), buffer)
    except StatusError:
        await trio.lowlevel.checkpoint()
        raise


async def _read(client: ClientConnections, buffer: Pointer, length: int) -> bytes:
    space, pacer = client.process.space, client.pacer
    if buffer.space != space.name:
        raise _fault(f"{buffer!r} is no address of {client.name}")
    if not length:  # nothing is touched, so nothing can fault
        return b""
    if pacer.armed:
        await pacer.step(space, Access(space.name, buffer.address, length, "read", ""))
        if not client.is_alive:
            raise ProcessTerminated(f"{client.name} ended as LSA read its message")
    try:
        return space.read(buffer.address, length)
    except AccessViolation as error:
        raise _fault(str(error)) from None


def _copy(data: Any) -> bytes:
    if type(data) is bytes:
        return data
    if data is None:
        return b""
    try:
        return bytes(memoryview(data))
    except TypeError:
        raise TypeError(f"a message is bytes or None, got {type(data).__name__}") from None


def _check_length(length: object) -> None:
    if type(length) is not int:
        raise TypeError(f"a length is a number of bytes, got {type(length).__name__} {length!r}")
    if not 0 <= length <= _ULONG:
        raise StatusError(STATUS_INVALID_PARAMETER, f"a length is a ULONG, 0 to {_ULONG}, got {length}")


def _fault(reason: str) -> StatusError:
    return StatusError(STATUS_ACCESS_VIOLATION, reason)
