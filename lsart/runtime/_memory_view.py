"""Memory as one process sees it: the awaitable face over a synchronous address space."""

from __future__ import annotations

from collections.abc import Callable

from lsart.contract import AccessViolation, Pointer
from lsart.engine import now_ns
from lsart.events import AccessViolated, Bus, Origin
from lsart.memory import Access, AddressSpace
from lsart.runtime._pacer import Pacer

__all__ = ["MemoryView"]

_ATOMIC = 8  # bytes that are written at once, where they are aligned


class MemoryView:
    """Reads and writes of shared bytes by one process; see `lsart.contract.SharedBytes`."""

    __slots__ = ("_bus", "_origin", "_pacer", "_space")

    def __init__(self, space: AddressSpace, pacer: Pacer, bus: Bus, origin: Callable[[str], Origin]) -> None:
        self._space = space
        self._pacer = pacer
        self._bus = bus
        self._origin = origin

    async def read(self, pointer: Pointer, length: int) -> bytes:
        """`length` bytes at `pointer`; raises AccessViolation."""
        space = self._space
        try:
            where = pointer.space
        except AttributeError:
            raise _no_pointer(pointer) from None
        if self._pacer.armed:
            await self._pacer.step(space, Access(space.name, pointer.address, length, "read", ""))
        if where != space.name:
            self._refuse(pointer, length, "read")
        try:
            return space.read(pointer.address, length)
        except AccessViolation as error:
            self._tell(error)
            raise

    async def write(self, pointer: Pointer, data: bytes) -> None:
        """Put `data` at `pointer`; raises AccessViolation."""
        space = self._space
        try:
            where = pointer.space
        except AttributeError:
            raise _no_pointer(pointer) from None
        if self._pacer.armed:
            await self._pacer.step(space, Access(space.name, pointer.address, len(data), "write", ""))
        if where != space.name:
            self._refuse(pointer, len(data), "write")
        try:
            if self._pacer.tears and len(data) > _ATOMIC and space.writable_from(pointer.address) >= len(data):
                await self._write_torn(pointer, data)
            else:
                space.write(pointer.address, data)
        except AccessViolation as error:
            self._tell(error)
            raise

    async def _write_torn(self, pointer: Pointer, data: bytes) -> None:
        """Two writes, with time between them for somebody who reads the one without the other."""
        space, address = self._space, pointer.address
        first = _ATOMIC - address % _ATOMIC
        space.write(address, data[:first])
        await self._pacer.step(space, Access(space.name, address + first, len(data) - first, "write", ""))
        space.write(address + first, data[first:])

    def _refuse(self, pointer: Pointer, length: int, kind: str) -> None:
        reason = f"{pointer!r} is an address of another process; here it points nowhere. Send an offset instead"
        error = AccessViolation(
            space=self._space.name, address=pointer.address, length=length, kind=kind, reason=reason
        )
        self._tell(error)
        raise error

    def _tell(self, error: AccessViolation) -> None:
        if self._bus.wants(AccessViolated):
            self._bus.emit(
                AccessViolated(
                    time_ns=now_ns(),
                    space=error.space,
                    address=error.address,
                    length=error.length,
                    kind=error.kind,
                    reason=error.reason,
                    origin=self._origin(f"memory.{error.kind}"),
                )
            )


def _no_pointer(value: object) -> TypeError:
    return TypeError(f"an address is a Pointer, got {type(value).__name__} {value!r}")
