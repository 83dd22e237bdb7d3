"""Blocks of the LSA heap that packages hand to LSA in out-parameters, and that LSA frees."""

from __future__ import annotations

from lsart.contract import SEC_E_INTERNAL_ERROR, Pointer, StatusError
from lsart.engine import now_ns
from lsart.events import SYSTEM, Origin, OutputNotFromHeap
from lsart.memory import LSASS, LsaMemory
from lsart.runtime._package import Package

__all__ = ["take_output"]


def take_output(memory: LsaMemory, package: Package, output: str, pointer: Pointer) -> bytes:
    """The bytes of a block that a package allocated with AllocateLsaHeap; the block is freed.

    Args:
        output: what the page calls it.

    Raises:
        StatusError: SEC_E_INTERNAL_ERROR when it is no such block. It is told, and left alone.
    """
    heap = memory.lsa_heap
    block = heap.block_at(pointer.address) if heap is not None and pointer.space == LSASS else None
    if block is None:
        environment = memory.environment
        environment.bus.emit(
            OutputNotFromHeap(time_ns=now_ns(), package=package.key, output=output, address=pointer.address)
        )
        raise StatusError(SEC_E_INTERNAL_ERROR, f"{output} of {package.name}: {pointer!r} is no block of the LSA heap")
    data = memory.space.read(pointer.address, block.size)
    memory.FreeLsaHeap(pointer, Origin(SYSTEM, function=output, time_ns=now_ns()))
    return data
