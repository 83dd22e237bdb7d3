"""The heap of a client process from which the user-mode halves of packages allocate."""

from __future__ import annotations

from lsart.contract import Pointer
from lsart.events import Origin
from lsart.memory._backing import Backing
from lsart.memory._environment import Environment
from lsart.memory._heap import Heap
from lsart.memory._kinds import process_heap_kind
from lsart.memory._ledger import Ledger
from lsart.memory._machine import PAGE_SIZE, Machine, round_up
from lsart.memory._space import AddressSpace

__all__ = ["ProcessHeap"]


class ProcessHeap:
    """Behind AllocateHeap and FreeHeap of SECPKG_DLL_FUNCTIONS; its blocks belong to the process and end with it.

    Args:
        space: the process. It may hold as much here as it may in buffers of LSA.
    """

    __slots__ = ("_heap", "_ledger")

    def __init__(self, space: AddressSpace, machine: Machine, environment: Environment) -> None:
        quota = machine.limits.client_quota
        self._heap = Heap(
            f"heap of {space.name}",
            process_heap_kind(environment.choices),
            limit=quota,
            backing=Backing(max(round_up(quota, PAGE_SIZE), PAGE_SIZE), shared=False),
            space=space,
            machine=machine,
            environment=environment,
            owner=space.name,
        )
        self._ledger = Ledger(environment, space.name)
        self._ledger.add(self._heap)

    @property
    def committed(self) -> int:
        """Bytes committed."""
        return self._heap.backing.committed

    def allocate(self, length: int, origin: Origin) -> Pointer | None:
        """A block of `length` bytes; None when the process or the machine can have no more."""
        address = self._heap.allocate(length, origin)
        return None if address is None else Pointer(address, self._heap.space.name)

    def has(self, address: int) -> bool:
        """Whether a live block starts there."""
        return self._heap.block_at(address) is not None

    def free(self, address: int, origin: Origin) -> bool:
        """Take a block back; False when none starts there."""
        if not self._heap.free(address, origin):
            return False
        if not self._heap.allocator.top:
            self._heap.trim()
        return True

    def free_or_tell(self, base: Pointer, origin: Origin) -> None:
        """Take a block back; what is none is told."""
        if base.space != self._heap.space.name or not self.free(base.address, origin):
            self._ledger.report_wrong_free(self._heap, base.address, base.space, origin)

    def check(self) -> list[str]:
        """Every invariant, one message each; [] when sound."""
        return self._heap.check()

    def release(self) -> None:
        """The process ends."""
        self._heap.release()
