"""Slots that make bytes of LSASS unreadable and readable again: LsaProtectMemory and LsaUnprotectMemory."""

from __future__ import annotations

from collections.abc import Callable

from lsart.contract import AccessViolation, Pointer
from lsart.engine import current
from lsart.events import Bus, Origin, SlotMisused
from lsart.memory import LsaMemory
from lsart.runtime._memory_view import MemoryView
from lsart.runtime._pacer import Pacer
from lsart.security import MemoryCipher

__all__ = ["ProtectServices"]


class ProtectServices:
    """Both are VOID: bytes that cannot be reached, or a length that is not allowed, become an event."""

    def __init__(self, memory: LsaMemory, pacer: Pacer, bus: Bus) -> None:
        self._memory = memory
        self._pacer = pacer
        self._bus = bus
        self._cipher: MemoryCipher | None = None

    async def LsaProtectMemory(self, origin: Origin, buffer: Pointer, buffer_size: int) -> None:
        await self._change(origin, buffer, buffer_size, self._key().protect)

    async def LsaUnprotectMemory(self, origin: Origin, buffer: Pointer, buffer_size: int) -> None:
        await self._change(origin, buffer, buffer_size, self._key().unprotect)

    def _key(self) -> MemoryCipher:
        if self._cipher is None:
            self._cipher = MemoryCipher(current().random("lsa", "protected memory"))
        return self._cipher

    async def _change(self, origin: Origin, buffer: Pointer, size: int, change: Callable[[bytes], bytes]) -> None:
        multiple = self._memory.environment.choices.protect_multiple
        if size % multiple:
            self._bus.emit(
                SlotMisused(
                    time_ns=origin.time_ns,
                    slot=origin.function,
                    parameter="buffer_size",
                    problem=f"is {size}, which is no multiple of {multiple}",
                    origin=origin,
                )
            )
            return
        # Read and write are two steps, as in Windows: a thread that writes in between loses what it wrote.
        view = MemoryView(self._memory.space, self._pacer, self._bus, lambda function: origin)
        try:
            await view.write(buffer, change(await view.read(buffer, size)))
        except AccessViolation:
            return  # the view has told of it
