"""The call of one package into another: which request it is, and where the buffers of its reply come from."""

from __future__ import annotations

from contextvars import ContextVar

from lsart.contract import ClientRequest, Pointer
from lsart.engine import exploring, touch
from lsart.events import Origin
from lsart.memory import LSASS, LsaMemory
from lsart.runtime._package import Package

__all__ = ["InnerCall", "ReturnBuffers", "current_inner_call", "return_buffer_resource"]


def return_buffer_resource(memory: LsaMemory) -> str:
    """What allocating and freeing of return buffers touch, as schedules are explored."""
    shared = memory.environment.choices.return_buffer_free == "lsa_heap_too"
    return "the LSA heap" if shared else "the return buffers of LSA"


class ReturnBuffers:
    """What stands for the client in an inner call: packages share a process, so the reply is put into LSASS.

    It has the members of a client and of its process that the slots for client buffers ask for.
    """

    is_alive = True

    def __init__(self, memory: LsaMemory, caller: str) -> None:
        self.name = f"package {caller}"
        self.space = memory.space
        self._memory = memory
        self._explores = exploring()
        self._allocated: dict[int, Origin] = {}

    @property
    def process(self) -> ReturnBuffers:
        """LSASS as this call sees it."""
        return self

    def allocate(self, length: int, origin: Origin) -> Pointer | None:
        """A buffer, or None when LSA's memory does not allow it. Until it is delivered it is the callee's."""
        self._touch("allocate from")
        heap = self._memory.return_heap
        address = None if heap is None else heap.allocate(max(length, 1), origin)
        if address is None:
            return None
        self._allocated[address] = origin
        return Pointer(address, LSASS)

    def free_buffer(self, buffer: Pointer, origin: Origin) -> bool:
        """Take a buffer back; False when it is none of this call."""
        self._touch("free to")
        heap = self._memory.return_heap
        return heap is not None and self._is_own(buffer) and heap.free(buffer.address, origin)

    def deliver(self, buffer: object, origin: Origin) -> None:
        """The caller has the reply now and answers for it, if the callee did allocate it as one should."""
        heap = self._memory.return_heap
        if heap is not None and isinstance(buffer, Pointer) and self._is_own(buffer):
            self._allocated[buffer.address] = origin  # so that it can be freed for a caller that waits no longer
            heap.hand_over(buffer.address, origin)

    def _is_own(self, buffer: Pointer) -> bool:
        """Whether it is allocated still, and not by now again for somebody else."""
        heap = self._memory.return_heap
        block = heap.block_at(buffer.address) if heap is not None and buffer.space == LSASS else None
        return block is not None and block.owner is self._allocated.get(buffer.address)

    def _touch(self, verb: str) -> None:
        if self._explores:
            what = return_buffer_resource(self._memory)
            touch(what, "w", f"{verb} {what}")


class InnerCall:
    """One call of a package into a package.

    Args:
        request: what the callee is given to name the call. package: the callee. client: where its reply goes.
        outer: the inner call that the caller is in, if it was called by a package itself.
    """

    __slots__ = ("client", "depth", "is_finished", "outer", "package", "request")

    def __init__(
        self, request: ClientRequest, package: Package, client: ReturnBuffers, outer: InnerCall | None
    ) -> None:
        self.request = request
        self.package = package
        self.client = client
        self.outer = outer
        self.depth: int = 1 if outer is None else outer.depth + 1
        self.is_finished = False

    def serves(self, package: str) -> bool:
        """Whether the package of this key is in the call: the callee, or one that came in its place before it began."""
        callee: Package | None = self.package
        while callee is not None and callee.key != package:
            callee = callee.successor
        return callee is not None

    def find(self, request: ClientRequest) -> InnerCall | None:
        """This call, or the one around it that `request` names."""
        call: InnerCall | None = self
        while call is not None and call.request.number != request.number:
            call = call.outer
        return call


current_inner_call: ContextVar[InnerCall | None] = ContextVar("lsart_current_inner_call", default=None)
"""The call of another package that this task is in; tasks that a package starts inherit it."""
