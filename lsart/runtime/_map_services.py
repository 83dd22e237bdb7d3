"""The slot that brings a client's buffer into LSASS: MapBuffer."""

from __future__ import annotations

from functools import partial

import attrs

from lsart.contract import (
    STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_PARAMETER,
    STATUS_SUCCESS,
    AccessViolation,
    Pointer,
    SecBuffer,
    StatusError,
    constants,
)
from lsart.engine import Label, announce, now_ns, touch
from lsart.events import SYSTEM, Origin
from lsart.memory import Access, LsaMemory
from lsart.runtime._caller import call_under_way
from lsart.runtime._pacer import Pacer, touch_commit

__all__ = ["MapServices"]

_HEAP = "the LSA heap"


class MapServices:
    """Buffers of the client whose call is served, copied: what the client does to its own afterwards reaches nobody,
    and what the package does to the copy does not reach the client."""

    def __init__(self, memory: LsaMemory, pacer: Pacer) -> None:
        self._memory = memory
        self._pacer = pacer

    async def MapBuffer(self, origin: Origin, input_buffer: SecBuffer) -> SecBuffer:
        if not input_buffer.buffer_type & constants.SECBUFFER_UNMAPPED:
            return input_buffer
        request = call_under_way()
        if request is None:
            raise StatusError(STATUS_INVALID_PARAMETER, "MapBuffer: no call of a client is served")
        mapped = input_buffer.buffer_type & ~constants.SECBUFFER_UNMAPPED
        address, length = input_buffer.buffer, input_buffer.length
        if not length:
            return SecBuffer(mapped)
        space = request.client.process.space
        if not isinstance(address, Pointer) or address.space != space.name:
            raise self._fault(f"{address!r} is no address of {space.name}")
        if self._pacer.armed:
            await self._pacer.step(space, Access(space.name, address.address, length, "read", ""))
        try:
            data = space.read(address.address, length)
        except AccessViolation as error:
            raise self._fault(str(error)) from None
        if self._pacer.explores:
            await announce(Label(_HEAP, "w", f"allocate from {_HEAP}"))
            touch_commit()
        block = self._memory.AllocateLsaHeap(length, attrs.evolve(origin, package=SYSTEM))
        if block is None:
            raise StatusError(STATUS_INSUFFICIENT_RESOURCES, f"MapBuffer: LSASS has no {length} bytes")
        self._memory.space.write(block.address, data)
        if request.is_finished:  # it was answered meanwhile, from another task
            self._unmap(block, origin)
            raise StatusError(STATUS_INVALID_PARAMETER, "MapBuffer: the call has ended")
        request.before_end(partial(self._unmap, block, origin))
        return SecBuffer(mapped, block, length)

    def _fault(self, reason: str) -> StatusError:
        status = self._memory.environment.choices.copy_from_client_invalid
        assert status != STATUS_SUCCESS
        return StatusError(status, f"MapBuffer: {reason}")

    def _unmap(self, block: Pointer, origin: Origin) -> None:
        if self._pacer.explores:
            touch(_HEAP, "w", f"free to {_HEAP}")
            touch_commit()
        self._memory.FreeLsaHeap(block, attrs.evolve(origin, package=SYSTEM, time_ns=now_ns()))
