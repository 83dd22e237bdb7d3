"""One leg of a context in LSA: into the package, and what it gave back into the order that the client gets it in.

A leg holds its credential and its context while a worker serves it, so that a client that deletes them meanwhile, or
dies, takes nothing away from under the package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from lsart.contract import (
    NTSTATUS,
    SEC_E_BUFFER_TOO_SMALL,
    SEC_E_INTERNAL_ERROR,
    SEC_I_COMPLETE_AND_CONTINUE,
    SEC_I_CONTINUE_NEEDED,
    SEC_I_INCOMPLETE_CREDENTIALS,
    Pointer,
    SecBuffer,
    SecBufferDesc,
    StatusError,
    constants,
)
from lsart.engine import now_ns
from lsart.events import SYSTEM, Origin, OutputNotFromHeap
from lsart.memory import LSASS, LsaMemory
from lsart.runtime._contexts import ClientContext, ClientCredential, Contexts
from lsart.runtime._enter import Entrance, entry
from lsart.runtime._package import Package

if TYPE_CHECKING:
    from lsart.runtime._request import Request

__all__ = ["Leg", "LegResult", "Legs", "output_fault"]

_INIT, _ACCEPT = entry("InitLsaModeContext"), entry("AcceptLsaModeContext")
_NOTHING = SecBuffer(constants.SECBUFFER_EMPTY)
_UNFINISHED = frozenset({SEC_I_CONTINUE_NEEDED, SEC_I_COMPLETE_AND_CONTINUE, SEC_I_INCOMPLETE_CREDENTIALS})


@attrs.frozen
class Leg:
    """What a client asks for.

    Args:
        credential, context: its own, live ones; at least one of them.
        is_initiator: whether it is InitializeSecurityContext, which alone has a target name.
        input: bytes from the peer, None on a first leg. output: what the client has room for.
        allocates: whether the output is allocated for the client, of any size.
    """

    package: Package
    credential: ClientCredential | None
    context: ClientContext | None
    is_initiator: bool
    target_name: str | None
    requirements: int
    data_rep: int
    input: SecBufferDesc | None
    output: SecBufferDesc
    allocates: bool

    @property
    def slot(self) -> str:
        """The entry point that serves it."""
        return (_INIT if self.is_initiator else _ACCEPT).name


@attrs.frozen
class LegResult:
    """What came of it. `packed` is ContextData as bytes, None unless the context is to be mapped."""

    status: NTSTATUS
    context: ClientContext
    output: SecBufferDesc
    attributes: int
    expiry: int | None
    packed: SecBuffer | None


class Legs:
    """Serves legs; one per LSA."""

    def __init__(self, entrance: Entrance, contexts: Contexts, memory: LsaMemory) -> None:
        self._entrance = entrance
        self._contexts = contexts
        self._memory = memory

    async def serve(self, leg: Leg, request: Request) -> LegResult:
        """Enter the package. Runs in a worker.

        Raises:
            StatusError: the package's, or what is wrong with what it gave back. No context is made then.
        """
        with self._contexts.holding(*(each for each in (leg.context, leg.credential) if each is not None)):
            return await self._enter(leg, request)

    def undo(self, request: Request, result: LegResult, leg: Leg) -> None:
        """Nobody takes the result: what it made goes again."""
        self._discard(request, result.output)
        if result.context is not leg.context:
            self._contexts.drop(result.context)

    async def _enter(self, leg: Leg, request: Request) -> LegResult:
        numbers = [None if each is None else each.handle for each in (leg.credential, leg.context)]
        if leg.is_initiator:
            given: tuple[Any, ...] = (leg.target_name, leg.requirements, leg.data_rep, leg.input, leg.output)
            returned = await self._entrance.enter(leg.package, _INIT, *numbers, *given)
        else:
            given = (leg.input, leg.requirements, leg.data_rep, leg.output)
            returned = await self._entrance.enter(leg.package, _ACCEPT, *numbers, *given)
        number, output, attributes, expiry, is_mapped, data = returned.outs
        packed, fault = self._take(data, leg)
        filled = SecBufferDesc() if output is None else output
        try:
            context = self._contexts.follow(leg.credential, leg.context, number)
        except StatusError:
            self._discard(request, filled)
            raise
        result = LegResult(
            returned.status,
            context,
            filled,
            attributes,
            expiry or None,
            packed if is_mapped else None,
        )
        fault = fault or self._address_fault(request, filled, leg)
        failure = (
            StatusError(SEC_E_INTERNAL_ERROR, fault)
            if fault
            else output_fault(filled, leg.output, leg.package.name, allocates=leg.allocates)
        )
        if failure is not None:
            self.undo(request, result, leg)
            raise failure
        context.is_complete = result.status not in _UNFINISHED
        return result

    def _discard(self, request: Request, output: SecBufferDesc) -> None:
        client = request.client
        for each in output.buffers:
            if isinstance(each.buffer, Pointer) and client.is_alive:
                client.free_buffer(each.buffer, Origin(SYSTEM, request.number, client.name, "discard", now_ns()))

    def _address_fault(self, request: Request, output: SecBufferDesc, leg: Leg) -> str:
        """What is wrong with addresses in the output: the client could free none that is no buffer of its own."""
        process, bus, fault = request.client.process, self._memory.environment.bus, ""
        for each in output.buffers if request.client.is_alive else ():
            at = each.buffer
            if isinstance(at, Pointer) and not (at.space == process.space.name and process.has_buffer(at.address)):
                bus.emit(
                    OutputNotFromHeap(
                        time_ns=now_ns(), package=leg.package.key, output="OutputBuffers", address=at.address
                    )
                )
                fault = f"{leg.package.name} has output at {at!r}, which is no buffer of {request.client.name}"
        return fault

    def _take(self, data: SecBuffer | None, leg: Leg) -> tuple[SecBuffer, str]:
        """ContextData as bytes, and what is wrong with it. A block of the LSA heap is freed: it is LSA's (SIC-6)."""
        if data is None:
            return _NOTHING, ""
        if not isinstance(data.buffer, Pointer):
            return SecBuffer(data.buffer_type, data.data), ""
        base, heap = data.buffer, self._memory.lsa_heap
        block = heap.block_at(base.address) if heap is not None and base.space == LSASS else None
        if block is None:
            bus = self._memory.environment.bus
            bus.emit(
                OutputNotFromHeap(time_ns=now_ns(), package=leg.package.key, output="ContextData", address=base.address)
            )
            return SecBuffer(data.buffer_type), f"ContextData at {base!r} is no block of the LSA heap"
        content = self._memory.space.read(base.address, min(data.length, block.size))
        self._memory.FreeLsaHeap(base, Origin(SYSTEM, function=leg.slot, time_ns=now_ns()))
        fault = f"ContextData has {block.size} bytes, not {data.length}" if data.length > block.size else ""
        return SecBuffer(data.buffer_type, content), fault


def output_fault(
    output: SecBufferDesc, room: SecBufferDesc, package: str, *, allocates: bool = False
) -> StatusError | None:
    """Why the client cannot have this output of a package where it has this room."""
    if len(output.buffers) > len(room.buffers):
        return StatusError(
            SEC_E_INTERNAL_ERROR, f"{package} filled {len(output.buffers)} buffers of {len(room.buffers)}"
        )
    if allocates:
        return None
    for got, place in zip(output.buffers, room.buffers, strict=False):
        if isinstance(got.buffer, Pointer):
            return StatusError(SEC_E_INTERNAL_ERROR, f"{package} allocated output that nobody asked for")
        if got.length > place.length:
            text = f"{package} has {got.length} bytes for a buffer of {place.length}"
            return StatusError(SEC_E_BUFFER_TOO_SMALL, text)
    return None
