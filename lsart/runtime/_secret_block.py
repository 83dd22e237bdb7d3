"""A secret of LSA's in the LSA heap, which is wiped before it is freed: freed blocks keep their bytes."""

from __future__ import annotations

from lsart.contract import Pointer
from lsart.engine import Label, announce, exploring, now_ns, touch
from lsart.events import SYSTEM, Origin
from lsart.memory import LSASS, Block, LsaMemory

__all__ = ["SecretBlock", "secret_block"]


class SecretBlock:
    """A block that LSA wipes and frees.

    Args:
        pointer: where it begins. function: on whose account it is there.
    """

    def __init__(self, memory: LsaMemory, pointer: Pointer, function: str) -> None:
        self.pointer = pointer
        self._memory = memory
        self._function = function
        self._block = self._at()

    @property
    def size(self) -> int:
        """Bytes of the block; 0 when there is none, and it will not be freed either."""
        return 0 if self._block is None else self._block.size

    def give_back(self) -> None:
        """Wipe it and free it. A package may have freed it, though it was not its own: that is told as what it is, and
        what lies there by now is left alone."""
        if self._block is None:
            return
        if exploring():
            touch("the LSA heap", "w", "free to the LSA heap", is_told=False)
        found = self._at()
        if found is None or found.owner is self._block.owner:
            if found is not None:
                self._memory.space.write(self.pointer.address, bytes(self._block.size))
            self._memory.FreeLsaHeap(self.pointer, Origin(SYSTEM, function=self._function, time_ns=now_ns()))

    def _at(self) -> Block | None:
        heap = self._memory.lsa_heap
        return heap.block_at(self.pointer.address) if heap is not None and self.pointer.space == LSASS else None


async def secret_block(memory: LsaMemory, data: bytes, function: str) -> SecretBlock | None:
    """A new block with these bytes; None when the LSA heap is full. Under an explorer others can come first."""
    if exploring():
        await announce(Label("the LSA heap", "w", "allocate from the LSA heap"))
    origin = Origin(SYSTEM, function=function, time_ns=now_ns())
    pointer = memory.AllocateLsaHeap(max(len(data), 1), origin)  # no block of no bytes: that is a gap of the slot's
    if pointer is None:
        return None
    memory.space.write(pointer.address, data)
    return SecretBlock(memory, pointer, function)
