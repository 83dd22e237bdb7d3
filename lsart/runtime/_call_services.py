"""Slots for packages among themselves: CallPackage, its two sisters, and FreeReturnBuffer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from lsart.contract import (
    NTSTATUS,
    STATUS_UNSUCCESSFUL,
    AccessViolation,
    ClientRequest,
    Pointer,
    Slot,
    StatusError,
)
from lsart.engine import Label, announce, exploring, now_ns, touch
from lsart.events import InnerCallCancelled, Origin
from lsart.memory import LSASS, Access, LsaMemory
from lsart.runtime._current import current_request
from lsart.runtime._enter import Entrance, entry
from lsart.runtime._inner_call import InnerCall, ReturnBuffers, current_inner_call, return_buffer_resource
from lsart.runtime._pacer import Pacer
from lsart.runtime._package import Package
from lsart.runtime._results import Returned

if TYPE_CHECKING:
    from lsart.runtime._dispatch import Dispatcher
    from lsart.runtime._request import Request

__all__ = ["CallServices"]

_ENTRIES = {each.name: each for each in (entry("CallPackage"), entry("CallPackageUntrusted"))}
_PASSTHROUGH = entry("CallPackagePassthrough")
# The stack of a thread ends somewhere. Python's ends at a depth that depends on who runs the model, so the model's ends
# before it: a level takes seven frames of ours.
_DEEPEST = 64
_Result = tuple[Pointer | None, int, NTSTATUS]
_FIRST_REQUEST = 1 << 32  # beyond the numbers of clients' calls, so that neither passes for the other


class CallServices:
    """Calls from within LSA. The client stays the one whose call is under way, if there is one."""

    def __init__(
        self,
        memory: LsaMemory,
        pacer: Pacer,
        find_package: Callable[[str], Package],
        entrance: Entrance,
        dispatcher: Dispatcher,
    ) -> None:
        self._memory = memory
        self._pacer = pacer
        self._find_package = find_package
        self._entrance = entrance
        self._dispatcher = dispatcher
        self._choices = memory.environment.choices
        self._bus = memory.environment.bus
        self._explores = exploring()
        self._next_request = _FIRST_REQUEST

    async def CallPackage(
        self,
        origin: Origin,
        authentication_package: str,
        protocol_submit_buffer: Pointer | bytes,
        submit_buffer_length: int,
    ) -> _Result:
        package = self._target(origin, authentication_package)
        message = await self._message(protocol_submit_buffer, submit_buffer_length)
        slot = _ENTRIES[self._choices.call_package_entry]
        return await self._call(origin, package, slot, message, None, submit_buffer_length)

    async def CallPackageEx(
        self,
        origin: Origin,
        authentication_package: str,
        client_buffer_base: Pointer | None,
        protocol_submit_buffer: Pointer | bytes,
        submit_buffer_length: int,
    ) -> _Result:
        package = self._target(origin, authentication_package)
        message = await self._message(protocol_submit_buffer, submit_buffer_length)
        slot = _ENTRIES[self._choices.call_package_entry]
        return await self._call(origin, package, slot, message, client_buffer_base, submit_buffer_length)

    async def CallPackagePassthrough(
        self,
        origin: Origin,
        authentication_package: str,
        client_buffer_base: Pointer | None,
        protocol_submit_buffer: Pointer | bytes | None,
        submit_buffer_length: int,
    ) -> _Result:
        package = self._target(origin, authentication_package)
        return await self._call(
            origin, package, _PASSTHROUGH, protocol_submit_buffer, client_buffer_base, submit_buffer_length
        )

    async def FreeReturnBuffer(self, origin: Origin, base: Pointer | None) -> None:
        if self._explores:
            what = return_buffer_resource(self._memory)
            await announce(Label(what, "w", f"free to {what}"))
        self._memory.FreeReturnBuffer(base, origin)

    def _target(self, origin: Origin, name: str) -> Package:
        package = self._find_package(name)
        status = self._choices.call_package_self
        if package.key == origin.package and not status.is_success:
            raise StatusError(status, f"{origin.function}: {name!r} is the caller itself")
        return package

    async def _message(self, buffer: Pointer | bytes, length: int) -> bytes:
        """The message, read where it lies. A package that lies about it faults in LSASS, so this may raise
        AccessViolation into the package."""
        if not isinstance(buffer, Pointer):
            if len(buffer) < length:
                reason = f"ProtocolSubmitBuffer holds only {len(buffer)} bytes"
                raise AccessViolation(space=LSASS, address=0, length=length, kind="read", reason=reason)
            return bytes(buffer[:length])
        if buffer.space != LSASS:
            reason = f"ProtocolSubmitBuffer is an address of {buffer.space}, not of LSASS"
            raise AccessViolation(space=LSASS, address=buffer.address, length=length, kind="read", reason=reason)
        if self._pacer.armed:
            await self._pacer.step(self._memory.space, Access(LSASS, buffer.address, length, "read", ""))
        return self._memory.space.read(buffer.address, length)

    def _call(
        self,
        origin: Origin,
        package: Package,
        slot: Slot,
        message: Pointer | bytes | None,
        base: Pointer | None,
        length: int,
    ) -> Awaitable[_Result]:
        outer = current_inner_call.get()
        if outer is not None and outer.is_finished:  # this is a task that a package started in it, and outlived it
            outer = None
        if outer is not None and outer.depth >= _DEEPEST:
            raise RecursionError(f"{origin.function}: packages have called each other {_DEEPEST} deep")
        if self._explores:
            touch("the calls of LSA", "w", "number a request", is_told=False)
        client_request = ClientRequest(self._next_request)
        self._next_request += 1
        inner = InnerCall(client_request, package, ReturnBuffers(self._memory, origin.package), outer)
        given = (client_request, message, base, length)
        request = current_request.get()
        # What no client's call leads to runs in no worker, so there is none to wait for another.
        if self._choices.call_package_worker == "another" and request is not None and not request.is_finished:
            return self._by_another_worker(origin, request, package, slot, inner, given)
        return self._by_this_task(origin, package, slot, inner, given)

    async def _by_this_task(
        self, origin: Origin, package: Package, slot: Slot, inner: InnerCall, given: tuple[object, ...]
    ) -> _Result:
        token = current_inner_call.set(inner)
        try:
            with package.visit(f"{slot.name} of {origin.package}") as visit:
                try:
                    returned = await self._entrance.enter(package, slot, *given)
                except StatusError:
                    raise
                except BaseException:  # a cancellation, or Ctrl-C: the function was ended midway
                    is_going = visit.cancel_called
                    reason = f"package {package.name!r} is being unloaded" if is_going else "its caller was cancelled"
                    self._bus.emit(
                        InnerCallCancelled(
                            time_ns=now_ns(), package=package.key, slot=slot.name, reason=reason, origin=origin
                        )
                    )
                    raise
                inner.client.deliver(returned.outs[0], origin)
                return _result_of(returned)
        finally:
            inner.is_finished = True
            current_inner_call.reset(token)
        raise StatusError(STATUS_UNSUCCESSFUL, f"{origin.function}: package {package.name!r} was unloaded meanwhile")

    async def _by_another_worker(
        self,
        origin: Origin,
        request: Request,
        package: Package,
        slot: Slot,
        inner: InnerCall,
        given: tuple[object, ...],
    ) -> _Result:
        async def serve(_: Request) -> Returned:
            current_inner_call.set(inner)
            try:
                returned = await self._entrance.enter(package, slot, *given)
                inner.client.deliver(returned.outs[0], origin)  # here: if the callee is going, it goes with this call
                return returned
            finally:
                inner.is_finished = True
                current_inner_call.set(None)

        def undo(_: Request, returned: Returned) -> None:
            reply = returned.outs[0]
            if isinstance(reply, Pointer):
                inner.client.free_buffer(reply, origin)

        return _result_of(
            await self._dispatcher.call(request.client, package, slot.name, serve, undo, origin.function, outer=request)
        )


def _result_of(returned: Returned) -> _Result:
    reply: _Result = returned.outs
    return reply
