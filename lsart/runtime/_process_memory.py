"""The memory of a client process as it sees it itself."""

from __future__ import annotations

from collections.abc import Callable

from lsart.contract import STATUS_NO_MEMORY, Pointer, StatusError
from lsart.engine import touch
from lsart.events import Bus, Origin
from lsart.memory import ClientMemory
from lsart.runtime._memory_view import MemoryView
from lsart.runtime._pacer import Pacer, touch_commit

__all__ = ["ProcessMemory"]


class ProcessMemory(MemoryView):
    """What a client process can reach, and memory of its own to build messages in.

    What LSA puts there for it is given back with `LsaFreeReturnBuffer`, its own with `free`; neither takes the other's.
    """

    __slots__ = ("_process",)

    def __init__(self, process: ClientMemory, pacer: Pacer, bus: Bus, origin: Callable[[str], Origin]) -> None:
        super().__init__(process.space, pacer, bus, origin)
        self._process = process

    def allocate(self, length: int) -> Pointer | None:
        """`length` bytes, up to 64 MiB together; None when there is no more or the process has ended."""
        self._touch("allocate")
        return self._process.allocate_own(length, self._origin("memory.allocate"))

    def free(self, pointer: Pointer) -> bool:
        """Give back what `allocate` or `place` gave; False when no such block starts there."""
        self._touch("free")
        if pointer.space != self._space.name:
            return False
        return self._process.free_own(pointer.address, self._origin("memory.free"))

    async def place(self, data: bytes) -> Pointer:
        """Memory that holds `data`, so that a message can point at it.

        Raises:
            StatusError: STATUS_NO_MEMORY.
        """
        pointer = self.allocate(len(data))
        if pointer is None:
            raise StatusError(STATUS_NO_MEMORY, f"{self._space.name} gets no {len(data)} bytes")
        await self.write(pointer, data)
        return pointer

    def _touch(self, what: str) -> None:
        if self._pacer.explores:
            touch(f"memory of {self._space.name}", "w", f"{what} memory of {self._space.name}", is_told=False)
            touch_commit()
