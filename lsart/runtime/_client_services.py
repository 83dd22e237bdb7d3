"""Slots for memory of the client that made the call: AllocateClientBuffer to CopyFromClientBuffer."""

from __future__ import annotations

from lsart.contract import (
    SECPKG_SLOTS,
    STATUS_INVALID_PARAMETER,
    STATUS_NO_MEMORY,
    AccessViolation,
    ClientRequest,
    Pointer,
    StatusError,
)
from lsart.events import Origin
from lsart.memory import LSASS, Access, LsaMemory
from lsart.runtime._caller import call_under_way
from lsart.runtime._inner_call import InnerCall, current_inner_call
from lsart.runtime._pacer import Pacer, touch_commit
from lsart.runtime._request import Request

__all__ = ["ClientServices"]


class ClientServices:
    """The client's address space, reached through the call being served (ACB-2)."""

    def __init__(self, memory: LsaMemory, pacer: Pacer) -> None:
        self._memory = memory
        self._pacer = pacer

    async def AllocateClientBuffer(
        self, origin: Origin, client_request: ClientRequest | None, length_required: int
    ) -> Pointer:
        request = _serving(origin, client_request)
        choices = self._memory.environment.choices
        if length_required == 0 and choices.client_buffer_zero_length == "invalid_parameter":
            raise StatusError(STATUS_INVALID_PARAMETER, "AllocateClientBuffer: LengthRequired is zero")
        if self._pacer.explores:
            touch_commit()
        if not request.client.is_alive:
            raise StatusError(STATUS_NO_MEMORY, f"{request.client.name} has ended")
        pointer = request.client.process.allocate(length_required, origin)
        if pointer is None:
            raise StatusError(STATUS_NO_MEMORY, f"the quota of {request.client.name} does not allow it")
        if isinstance(request, Request):
            if request.buffers is None:
                request.buffers = set()
            request.buffers.add(pointer.address)
            if request.entry in _REQUESTLESS:  # SSPI's: FreeContextBuffer frees it
                request.client.mark_buffer(pointer)
        return pointer

    async def FreeClientBuffer(
        self, origin: Origin, client_request: ClientRequest | None, client_base_address: Pointer | None
    ) -> None:
        request = _serving(origin, client_request)
        choices = self._memory.environment.choices
        if client_base_address is None:
            status = choices.free_client_buffer_null
        elif request.client.free_buffer(client_base_address, origin):
            if isinstance(request, Request) and request.buffers is not None:
                request.buffers.discard(client_base_address.address)
            return
        else:
            status = choices.free_client_buffer_unknown
        if not status.is_success:
            raise StatusError(status, f"FreeClientBuffer: {client_base_address!r} is no buffer of this client")

    async def CopyToClientBuffer(
        self,
        origin: Origin,
        client_request: ClientRequest | None,
        length: int,
        client_base_address: Pointer,
        buffer_to_copy: Pointer | bytes,
    ) -> None:
        request = _serving(origin, client_request)
        choices = self._memory.environment.choices
        space = request.client.process.space
        if self._pacer.armed and isinstance(buffer_to_copy, Pointer):
            await self._pacer.step(
                self._memory.space, Access(buffer_to_copy.space, buffer_to_copy.address, length, "read", "")
            )
        data = self._local(buffer_to_copy, length)
        if self._pacer.armed:
            await self._pacer.step(
                space, Access(client_base_address.space, client_base_address.address, length, "write", "")
            )
        try:
            _must_be_in(request, client_base_address)
            address = client_base_address.address
            if choices.copy_to_client_partial == "up_to_fault":
                fits = space.writable_from(address)
                if 0 < fits < length:
                    space.write(address, data[:fits])
            space.write(address, data)
        except AccessViolation as error:
            raise StatusError(choices.copy_to_client_invalid, str(error)) from None

    async def CopyFromClientBuffer(
        self, origin: Origin, client_request: ClientRequest | None, length: int, client_base_address: Pointer
    ) -> bytes:
        request = _serving(origin, client_request)
        space = request.client.process.space
        if self._pacer.armed:
            await self._pacer.step(
                space, Access(client_base_address.space, client_base_address.address, length, "read", "")
            )
        try:
            _must_be_in(request, client_base_address)
            return space.read(client_base_address.address, length)
        except AccessViolation as error:
            raise StatusError(self._memory.environment.choices.copy_from_client_invalid, str(error)) from None

    def _local(self, source: Pointer | bytes, length: int) -> bytes:
        """The bytes on LSA's side. A package that lies about them faults in LSASS, so this may raise
        AccessViolation into the package."""
        if isinstance(source, Pointer):
            if source.space != LSASS:
                raise AccessViolation(
                    space=LSASS,
                    address=source.address,
                    length=length,
                    kind="read",
                    reason=f"BufferToCopy is an address of {source.space}, not of LSASS",
                )
            return self._memory.space.read(source.address, length)
        if len(source) < length:
            raise AccessViolation(
                space=LSASS,
                address=0,
                length=length,
                kind="read",
                reason=f"BufferToCopy holds only {len(source)} bytes",
            )
        return bytes(source[:length])


_REQUESTLESS = frozenset(
    each.name for each in SECPKG_SLOTS if all(of.type != "PLSA_CLIENT_REQUEST" for of in each.parameters)
)


def _serving(origin: Origin, client_request: ClientRequest | None) -> Request | InnerCall:
    """The call that the record names, if it is being served and LSA gave the record to the package that uses it. NULL
    names the call that an entry point serves which is given no record, as those of SSPI."""
    inner = current_inner_call.get()
    request = call_under_way()
    if client_request is None:
        is_inner = inner is not None and not inner.is_finished
        is_own = request is not None and request.package.key == origin.package and request.entry in _REQUESTLESS
        if request is not None and is_own and not is_inner:
            return request
    elif (found := None if inner is None else inner.find(client_request)) is not None:
        if found.serves(origin.package) and not found.is_finished:
            return found
    elif request is not None and request.number == client_request.number and request.package.key == origin.package:
        return request
    raise StatusError(
        STATUS_INVALID_PARAMETER, f"{origin.function}: {client_request!r} is no call that {origin.package} serves"
    )


def _must_be_in(request: Request | InnerCall, pointer: Pointer) -> None:
    name = request.client.process.space.name
    if pointer.space != name:
        raise AccessViolation(
            space=name,
            address=pointer.address,
            length=0,
            kind="access",
            reason=f"{pointer!r} is not an address of {name}",
        )
