"""Into a package and out again: the call of its entry point, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsart.contract import STATUS_NOT_IMPLEMENTED, CallPackageReply, ClientRequest, Pointer, StatusError
from lsart.engine import Label, announce, own
from lsart.runtime._invoke import invoke
from lsart.runtime._package import Package

if TYPE_CHECKING:
    from lsart.runtime._dispatch import Request

__all__ = ["call_entry", "come_in", "own_state"]


def own_state(package: Package, entry: str) -> Label:
    """What a package does between two points counts as touching all of its plain attributes, as nobody announces
    those; unless its class says that it announces them itself, with `lsart.point`. Returns what entering it touches."""
    function = package.entries.get(entry)
    owner = getattr(function, "__self__", None)
    state = Label(
        f"package {package.key}", "w", f"enter {getattr(function, '__name__', entry)} of {package.name}", is_told=False
    )
    if not getattr(owner, "announces_its_state", False):
        own(state)
    return state


async def come_in(package: Package, entry: str) -> None:
    """Before a call: others can come first."""
    await announce(own_state(package, entry))


async def call_entry(request: Request) -> CallPackageReply:
    function = request.package.entries.get(request.entry)
    if function is None:
        raise StatusError(STATUS_NOT_IMPLEMENTED, f"{request.package.name} has no {request.entry}")
    result: Any = await invoke(function, ClientRequest(request.number), request.submit, None, len(request.submit))
    if result is None:
        return CallPackageReply()
    if isinstance(result, CallPackageReply):
        reply = result
    else:
        try:
            buffer, length, protocol_status = result
        except (TypeError, ValueError):
            raise TypeError(
                f"it returned {result!r}; expected None, a CallPackageReply, or (protocol_return_buffer, "
                "return_buffer_length, protocol_status)"
            ) from None
        reply = CallPackageReply(buffer, length, protocol_status)
    status: object = reply.protocol_status
    buffer = reply.protocol_return_buffer
    if not isinstance(status, int) or not -0x8000_0000 <= status <= 0xFFFF_FFFF:
        raise TypeError(f"it returned the protocol_status {status!r}; expected a number of 32 bits")
    if not (buffer is None or isinstance(buffer, Pointer)) or type(reply.return_buffer_length) is not int:
        raise TypeError(f"it returned {reply!r}; the buffer is a Pointer or None, its length an int")
    return reply
