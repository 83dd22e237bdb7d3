"""Into a package and out again: every call of an entry point but those of loading and unloading passes here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import trio

from lsart.contract import (
    SECPKG_SLOTS,
    STATUS_NO_SUCH_PACKAGE,
    STATUS_NOT_IMPLEMENTED,
    CallPackageReply,
    ClientRequest,
    EntryPoint,
    InternalError,
    Pointer,
    Slot,
    StatusError,
)
from lsart.engine import Label, announce, exploring, now_ns, own, owner
from lsart.events import Bus, Origin, OutputNotFromHeap
from lsart.runtime._current import current_request
from lsart.runtime._faults import Faults
from lsart.runtime._invoke import invoke, returned_status
from lsart.runtime._package import Package
from lsart.runtime._results import Returned, read, shape_of

if TYPE_CHECKING:
    from lsart.runtime._request import Request

__all__ = ["Entrance", "discard_reply", "entered", "entry", "own_state"]

_entered: dict[str, Slot] = {}

# Where a package that was loaded again is followed by whoever came in its place. Elsewhere numbers go in or come out
# that mean something to one package alone: credentials and contexts of another must not be reached by them.
_FOLLOWS = frozenset(
    {
        "LsaApCallPackage",
        "LsaApCallPackageUntrusted",
        "LsaApCallPackagePassthrough",
        "LsaApLogonUser",
        "LsaApLogonUserEx",
        "LsaApLogonUserEx2",
        "LsaApLogonTerminated",
        "SpAcceptCredentials",
        "SpGetInfo",
    }
)


def entry(name: str) -> Slot:
    """The row of a slot that LSA enters. A module says so when it is imported, so that `implemented` knows.

    Raises:
        InternalError: no page says when LSA would enter it.
    """
    row = next(each for each in SECPKG_SLOTS if each.name == name)
    if row.declared_only:
        raise InternalError(f"{name} is known from its declaration only, so LSA never enters it")
    return _entered.setdefault(name, row)


def entered() -> frozenset[str]:
    """Names of the slots of a package's table that LSA enters."""
    return frozenset(_entered)


def own_state(package: Package, slot: str) -> Label:
    """What a package does between two points counts as touching all of its plain attributes, as nobody announces
    those; unless its class says that it announces them itself, with `lsart.point`. Returns what entering it touches."""
    function = package.entries.get(slot)
    implementation = getattr(function, "__self__", None)
    state = Label(
        f"package {package.key}", "w", f"enter {getattr(function, '__name__', slot)} of {package.name}", is_told=False
    )
    if not getattr(implementation, "announces_its_state", False):
        own(state)
    return state


class Entrance:
    """The one way into a package; one per LSA.

    Args:
        faults: answers for packages that raise. bus: where replies are told that come from nowhere.
    """

    def __init__(self, faults: Faults, bus: Bus) -> None:
        self._faults = faults
        self._bus = bus
        self._explores = exploring()

    async def enter(self, package: Package, slot: Slot, *arguments: object) -> Returned:
        """Call an entry point and read what it gives back by its row.

        It may be called from within another package's entry point: what is under way there goes on afterwards as
        before, whatever becomes of this package. Under an explorer others can come first.

        Args:
            package: any package, not only the one that the call under way is for.
            slot: from `entry`. arguments: the in-parameters of the row, in order.

        Raises:
            StatusError: the status that the package gave, or that of its fault, which disables this package and no
                other; STATUS_NO_SUCH_PACKAGE when it is not in use, STATUS_NOT_IMPLEMENTED when it has no such entry.
        """
        await trio.lowlevel.checkpoint_if_cancelled()  # else one that does not wait would run though LSASS is down
        name = slot.entry_name  # for the watchdog
        request = current_request.get()
        before: Label | None = None
        if self._explores:
            before = owner()
            if before is not None:
                own(None)  # what the caller has started so far is the caller's
            await announce(own_state(package.latest() if name in _FOLLOWS else package, slot.name))
        if name in _FOLLOWS:
            package = package.latest()  # it may have been loaded again since it was looked up
        package.begin_call()
        try:
            if not package.state.is_available:
                raise StatusError(STATUS_NO_SUCH_PACKAGE, f"{name} of {package.name!r}, which is {package.state.value}")
            return await _call(_function_of(package, slot.name), slot, arguments)
        except BaseException as error:
            failure = self._faults.answer(package, slot.name, error, request)
            if failure is None:
                raise
        finally:
            package.end_call()
            if self._explores:
                own(None)
                if before is not None:
                    own(before)
        raise failure  # here, so that it does not drag the package's own error along

    def refuse(self, package: Package, slot: Slot, error: TypeError) -> StatusError:
        """What an entry point gave back turned out to be nothing that its page describes: a fault, as in `enter`.
        Returns what the caller is told."""
        return self._faults.fault(package, slot.name, error, current_request.get())

    async def call_package(self, message: bytes, base: Pointer | None, request: Request) -> CallPackageReply:
        """Serve LsaCallAuthenticationPackage: `enter` for the entry points that are called most, made short.

        Args:
            message: LSA's copy. base: where it lies in the client, if it does.

        Raises:
            StatusError: the status of the call.
        """
        package, slot = request.package, request.entry
        function = _function_of(package, slot)
        if self._explores:
            await announce(own_state(package, slot))
        try:
            reply = _reply(await invoke(function, ClientRequest(request.number), message, base, len(message)))
            buffer = reply.protocol_return_buffer
            return reply if buffer is None else self._checked(reply, buffer, request)
        except BaseException as error:
            failure = self._faults.answer(package, slot, error, request)
            if failure is None:
                raise
        if failure.status.is_success:  # informational statuses too, as while loading
            return CallPackageReply()
        raise failure

    def _checked(self, reply: CallPackageReply, buffer: object, request: Request) -> CallPackageReply:
        """A reply with a buffer, as the client gets it. What AllocateClientBuffer did not give for this call is told. A
        client sees but a number: that of an address elsewhere means an address of its own, where nothing is."""
        assert isinstance(buffer, Pointer)
        space = request.client.process.space.name
        if buffer.space == space and request.buffers is not None and buffer.address in request.buffers:
            return reply
        package, output, address = request.package.key, "ProtocolReturnBuffer", buffer.address
        self._bus.emit(OutputNotFromHeap(time_ns=now_ns(), package=package, output=output, address=address))
        return attrs.evolve(reply, protocol_return_buffer=Pointer(address, space))


def discard_reply(request: Request, reply: CallPackageReply) -> None:
    """Nobody will free a reply that was never delivered, so LSA does."""
    if isinstance(reply.protocol_return_buffer, Pointer):
        origin = Origin("LSA", request.number, request.client.name, "discard", now_ns())
        request.client.free_buffer(reply.protocol_return_buffer, origin)


async def _call(function: EntryPoint, slot: Slot, arguments: tuple[object, ...]) -> Returned:
    try:
        return read(slot, await invoke(function, *arguments))
    except BaseException as error:
        raised = returned_status(error)
        if raised is None or not raised.status.is_success:
            raise
    return Returned(raised.status, read(slot, None).outs)  # informational: nothing was given back beside it


def _function_of(package: Package, slot: str) -> EntryPoint:
    function = package.entries.get(slot)
    if function is None:
        raise StatusError(STATUS_NOT_IMPLEMENTED, f"{package.name} has no {slot}")
    return function


def _reply(result: Any) -> CallPackageReply:
    """What `_results.read` does, for the one row that every call of a client reads."""
    if result is None:
        return CallPackageReply()
    if isinstance(result, CallPackageReply):
        reply = result
    else:
        try:
            buffer, length, protocol_status = result
        except (TypeError, ValueError):
            raise TypeError(
                f"it returned {shape_of(result)}; expected None, a CallPackageReply, or (protocol_return_buffer, "
                "return_buffer_length, protocol_status)"
            ) from None
        reply = CallPackageReply(buffer, length, protocol_status)
    status: object = reply.protocol_status
    buffer = reply.protocol_return_buffer
    if not isinstance(status, int) or not -0x8000_0000 <= status <= 0xFFFF_FFFF:
        raise TypeError(f"it returned {shape_of(status)} as protocol_status; expected a number of 32 bits")
    if not (buffer is None or isinstance(buffer, Pointer)) or type(reply.return_buffer_length) is not int:
        given = f"{shape_of(buffer)} and {shape_of(reply.return_buffer_length)} as buffer and length"
        raise TypeError(f"it returned {given}; the buffer is a Pointer or None, its length an int")
    return reply
