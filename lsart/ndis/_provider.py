"""A provider of shared memory with real bytes: what a virtual switch's driver would register.

Each block is a mapping of its own in the kernel's address space, charged to the machine's commit limit, page by page,
under the provider's name: it owns the memory until NetFreeSharedMemory. Nothing else is charged. The block lies in no
process, its page-table entries are the system's own, and it is no section object. The frames come from the machine's
memory nodes, which all providers share.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import attrs

from lsart.contract import (
    NDIS_STATUS_FAILURE,
    NDIS_STATUS_INVALID_PARAMETER,
    NDIS_STATUS_RESOURCES,
    NTSTATUS,
    Pointer,
    StatusError,
)
from lsart.events import DoubleFree, ForeignFree, NdisNodeMissed, Origin
from lsart.memory import PAGE_SIZE, Backing, Region, Resource, round_up
from lsart.ndis._allocations import stop_if
from lsart.ndis._constants import (
    MM_ANY_NODE_OK,
    NDIS_SHARED_MEM_PARAMETERS_CONTIGOUS,
    NDIS_SHARED_MEMORY_PROVIDER_CHAR_SUPPORTS_PF_VPORTS,
)
from lsart.ndis._faults import flags_fault, header_fault, length_fault, list_fault, node_fault, usage_fault
from lsart.ndis._kernel import Kernel
from lsart.ndis._physical import Run, elements_of, list_capacity, list_size
from lsart.ndis._structures import (
    NDIS_HANDLE,
    NDIS_SHARED_MEMORY_PARAMETERS,
    NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS,
)

__all__ = ["SharedMemoryProvider"]

_FIRST_HANDLE = 0x7000_0000  # far from NDIS's own handles, so that mixing them up shows (NDAS-9)
_REMEMBERED = 4096


@attrs.frozen(eq=False)
class _Block:
    """One allocation: its bytes, its frames, and who asked when."""

    handle: int
    region: Region
    node: int
    runs: tuple[Run, ...]
    allocated: Origin

    @property
    def size(self) -> int:
        """Bytes charged: whole pages."""
        return self.region.backing.size


class SharedMemoryProvider:
    """Serves NetAllocateSharedMemory and NetFreeSharedMemory.

    Args:
        name: the provider's driver; the machine charges it under this name.
        quotas: bytes that the provider may hold on each of the machine's nodes; None for all that there is.
        supports_pf_vports: what it says in its characteristics (NSPC-4).

    Raises:
        ValueError: there is not one quota per node, or one is negative.
    """

    def __init__(
        self, kernel: Kernel, name: str, *, quotas: Sequence[int] | None = None, supports_pf_vports: bool = False
    ) -> None:
        if quotas is not None and (len(quotas) != len(kernel.nodes) or min(quotas) < 0):
            raise ValueError(
                f"SharedMemoryProvider(quotas={list(quotas)!r}): expected a number of bytes for each of "
                f"{len(kernel.nodes)} nodes"
            )
        self.kernel = kernel
        self.name = name
        self.is_halted = False
        self._choices = kernel.environment.choices
        self._quotas = tuple(each.size for each in kernel.nodes) if quotas is None else tuple(quotas)
        self._flags = NDIS_SHARED_MEMORY_PROVIDER_CHAR_SUPPORTS_PF_VPORTS if supports_pf_vports else 0
        self._numbers = itertools.count(_FIRST_HANDLE, 0x10)
        self._blocks: dict[int, _Block] = {}
        self._freed: dict[int, tuple[_Block, Origin]] = {}

    def characteristics(self) -> NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS:
        """What to hand to NdisSetOptionalHandlers. The provider's context is the provider itself."""
        return NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS(
            provider_context=self,
            allocate_shared_memory_handler=self.NetAllocateSharedMemory,
            free_shared_memory_handler=self.NetFreeSharedMemory,
            flags=self._flags,
        )

    def NetAllocateSharedMemory(
        self,
        provider_context: NDIS_HANDLE,
        shared_memory_parameters: NDIS_SHARED_MEMORY_PARAMETERS,
        shared_memory_provider_context: NDIS_HANDLE = None,
    ) -> NDIS_HANDLE:
        """Allocate memory with the requested attributes; the handle that identifies it.

        The address goes into ``shared_memory_parameters.virtual_address``, the physical runs into its list.

        Args:
            shared_memory_provider_context: what the place for the handle holds before the call. It is not read.

        Raises:
            StatusError: NDIS_STATUS_INVALID_PARAMETER: the context is not this provider's, or header, flags, length,
                usage, node or list do not hold. NDIS_STATUS_RESOURCES: the machine's commit limit, the nodes' frames or
                the provider's quotas do not suffice. NDIS_STATUS_FAILURE: the provider is halted.
            BugCheck: called above PASSIVE_LEVEL.
        """
        origin = self.kernel.origin(self.name, "NetAllocateSharedMemory")
        self.kernel.require_passive(origin)
        if provider_context is not self:
            raise StatusError(NDIS_STATUS_INVALID_PARAMETER, f"provider_context is not the one of {self.name}")
        if self.is_halted:
            raise StatusError(NDIS_STATUS_FAILURE, f"{self.name} is halted")
        self._check(shared_memory_parameters)
        length = shared_memory_parameters.length or PAGE_SIZE
        node, runs = self._take_frames(shared_memory_parameters, round_up(length, PAGE_SIZE))
        try:
            elements = elements_of(runs, length, per_page=self._choices.ndis_sg_list_elements == "one_per_page")
            used = self._check_room(shared_memory_parameters, len(elements))
            region = self._map(round_up(length, PAGE_SIZE), origin)
        except StatusError:
            self.kernel.physical[node].give_back(self.name, runs)
            raise
        block = _Block(next(self._numbers), region, node, runs, origin)
        self._blocks[block.handle] = block
        self._tell_missed_node(shared_memory_parameters, node, origin)
        shared_memory_parameters.virtual_address = Pointer(region.base, self.kernel.space.name)
        if shared_memory_parameters.sg_list_buffer is not None:
            shared_memory_parameters.sg_list_buffer.elements = elements
            if self._choices.ndis_sg_list_length_after == "used":
                shared_memory_parameters.sg_list_buffer_length = used
        return block.handle

    def NetFreeSharedMemory(self, provider_context: NDIS_HANDLE, shared_memory_provider_context: NDIS_HANDLE) -> None:
        """Free the memory that the handle names. A wrong handle, or a call above PASSIVE_LEVEL, becomes an event.

        Raises:
            BugCheck: only if Choices ask for it.
        """
        origin = self.kernel.origin(self.name, "NetFreeSharedMemory")
        if not self.kernel.is_passive(origin):
            return
        handle = shared_memory_provider_context
        block = None
        if provider_context is self and isinstance(handle, int):
            block = self._blocks.pop(handle, None)
        if block is None:
            self._tell_wrong_free(provider_context, handle, origin)
            return
        self._release(block)
        self._freed[block.handle] = (block, origin)
        if len(self._freed) > _REMEMBERED:
            del self._freed[next(iter(self._freed))]

    # ------------------------------------------------------------------ what is ours

    def halt(self) -> None:
        """Give nothing out any more; what is out can still be freed."""
        self.is_halted = True

    def close(self) -> int:
        """Halt, and give back what nobody freed; how many blocks that were."""
        self.halt()
        left = tuple(self._blocks.values())
        self._blocks.clear()
        for block in left:
            self._release(block)
        return len(left)

    @property
    def committed(self) -> int:
        """Bytes that the machine is charged for live blocks."""
        return sum(block.size for block in self._blocks.values())

    def check(self) -> list[str]:
        """One message per broken invariant: the machine's books, the frames, the mappings; [] when sound."""
        nodes = self.kernel.physical
        messages = [message for node in nodes for message in node.check()]
        charged = self.kernel.machine.statistics().by_owner.get((self.name, Resource.COMMIT), 0)
        if charged != self.committed:
            messages.append(f"{self.name}: {charged} bytes charged, live blocks account for {self.committed}")
        for number, node in enumerate(nodes):
            live = sum(block.size for block in self._blocks.values() if block.node == number)
            taken = node.held_by(self.name)
            if taken != live:
                messages.append(f"{self.name}: {taken} bytes of node {number} taken, live blocks hold {live}")
            if live > self._quotas[number]:
                messages.append(f"{self.name}: {live} bytes of node {number} held, {self._quotas[number]} allowed")
        for block in self._blocks.values():
            if self.kernel.space.find(block.region.base) is not block.region:
                messages.append(f"{self.name}: block {block.handle:#x} is not mapped")
        return messages

    def _check(self, parameters: NDIS_SHARED_MEMORY_PARAMETERS) -> None:
        choices = self._choices
        if fault := header_fault(parameters):
            raise StatusError(choices.ndis_bad_header, fault)
        fault = (
            flags_fault(parameters, choices)
            or length_fault(parameters, choices)
            or usage_fault(parameters, choices)
            or node_fault(parameters, len(self._quotas), choices)
            or list_fault(parameters)
        )
        if fault:
            raise StatusError(NDIS_STATUS_INVALID_PARAMETER, fault)

    def _take_frames(self, parameters: NDIS_SHARED_MEMORY_PARAMETERS, size: int) -> tuple[int, tuple[Run, ...]]:
        """Frames on the preferred node, else on the first other one that has them: it is a preference only."""
        contiguous = bool(parameters.flags & NDIS_SHARED_MEM_PARAMETERS_CONTIGOUS)
        order = list(range(len(self._quotas)))
        if parameters.preferred_node != MM_ANY_NODE_OK and parameters.preferred_node < len(order):
            order.insert(0, order.pop(parameters.preferred_node))
        for node in order:
            frames = self.kernel.physical[node]
            if frames.held_by(self.name) + size > self._quotas[node]:
                continue
            runs = frames.take(self.name, size, contiguous=contiguous)
            if runs is not None:
                return node, runs
        what = "one run of" if contiguous else "frames for"
        raise StatusError(NDIS_STATUS_RESOURCES, f"no node of {self.name} has {what} {size} bytes left")

    def _check_room(self, parameters: NDIS_SHARED_MEMORY_PARAMETERS, elements: int) -> int:
        """The bytes that the scatter/gather list takes in the caller's buffer."""
        with_header = self._choices.ndis_sg_list_room == "with_header"
        room = list_capacity(parameters.sg_list_buffer_length, with_header=with_header)
        wants_none = parameters.sg_list_buffer is None and self._choices.ndis_sg_list_absent == "no_list"
        if room < elements and not wants_none:
            status: NTSTATUS = self._choices.ndis_sg_list_too_small
            fault = f"the scatter/gather list buffer holds {room} elements and the block needs {elements}"
            raise StatusError(status, fault)
        return list_size(elements, with_header=with_header)

    def _map(self, size: int, origin: Origin) -> Region:
        """Real bytes, paid for."""
        cost = {Resource.COMMIT: size}
        refusal = self.kernel.machine.charge(self.name, cost)
        if refusal is not None:
            self.kernel.environment.tell_refused(refusal, self.name, origin.time_ns)
            reason = f"{refusal.resource.value}: {refusal.in_use} of {refusal.limit} in use, {size} more wanted"
            raise StatusError(NDIS_STATUS_RESOURCES, reason)
        try:
            backing = Backing(size, shared=True)
        except (OSError, MemoryError) as error:
            # The computer that lsart runs on is out of something, not the machine it models.
            self.kernel.machine.release(self.name, cost)
            raise StatusError(NDIS_STATUS_RESOURCES, f"this computer refused the mapping: {error}") from error
        backing.commit(size)
        return self.kernel.space.map(backing, f"{self.name} {size} bytes")

    def _release(self, block: _Block) -> None:
        self.kernel.machine.release(self.name, {Resource.COMMIT: block.size})
        self.kernel.space.unmap(block.region)
        self.kernel.physical[block.node].give_back(self.name, block.runs)
        block.region.backing.close()

    def _tell_missed_node(self, parameters: NDIS_SHARED_MEMORY_PARAMETERS, node: int, origin: Origin) -> None:
        """The driver cannot see from the structure that its preference was not met."""
        if parameters.preferred_node not in (MM_ANY_NODE_OK, node):
            self.kernel.environment.bus.emit(
                NdisNodeMissed(
                    time_ns=origin.time_ns,
                    provider=self.name,
                    preferred_node=parameters.preferred_node,
                    node=node,
                    length=parameters.length,
                    origin=origin,
                )
            )

    def _tell_wrong_free(self, context: NDIS_HANDLE, handle: NDIS_HANDLE, freed: Origin) -> None:
        bus = self.kernel.environment.bus
        heap = f"ndis provider {self.name}"
        known = self._freed.get(handle) if context is self and isinstance(handle, int) else None
        if known is not None:
            block, before = known
            bus.emit(
                DoubleFree(
                    time_ns=freed.time_ns,
                    heap=heap,
                    address=block.region.base,
                    freed=freed,
                    allocated=block.allocated,
                    freed_before=before,
                )
            )
            stop_if(self._choices.ndis_provider_double_free, f"{freed} freed handle {handle}, as {before} had before")
        else:
            inside = "another provider's context" if context is not self else f"{handle!r} is no handle it remembers"
            number = handle if isinstance(handle, int) else 0
            bus.emit(ForeignFree(time_ns=freed.time_ns, heap=heap, address=number, freed=freed, inside=inside))
