"""The memory of the LSASS process: everything in this floor revolves around this file.

The functions with Windows names are those of the table, synchronous and without checks of argument types: the host
of the table does both. Each takes the caller's `Origin`, whose `time_ns` is the time of the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from weakref import WeakSet

from lsart.contract import Pointer
from lsart.events import (
    SYSTEM,
    AllocationRefused,
    BlockLeaked,
    NullFree,
    Origin,
    SectionCreated,
    SectionDeleted,
    SectionLeaked,
    SectionRefused,
)
from lsart.memory._backing import Backing
from lsart.memory._environment import Environment
from lsart.memory._heap import Heap, HeapKind
from lsart.memory._kinds import credential_buffer_kind, heap_kind, return_buffer_kind
from lsart.memory._ledger import Ledger, origin_of
from lsart.memory._machine import PAGE_SIZE, Machine, Refusal, Resource, round_up, section_cost
from lsart.memory._section import Section, reservation
from lsart.memory._space import AddressSpace

__all__ = ["LSASS", "LsaMemory"]

LSASS = "lsass"
"""Name of the LSA's own address space."""


class LsaMemory:
    """Sections, the LSA heap and the private heap of one LSASS process on one machine."""

    def __init__(self, machine: Machine, environment: Environment) -> None:
        self.machine = machine
        self.environment = environment
        self.space = AddressSpace(LSASS)
        self.ledger = Ledger(environment)
        self._sections: dict[int, Section] = {}
        # Deleted by their package, still mapped by a client. Weak, as only their views keep them: the last client
        # to let go tells nobody here.
        self._deleted: WeakSet[Section] = WeakSet()
        self._created: dict[str, Origin] = {}
        self._count = 0
        self._lsa_heap: Heap | None = None
        self._private_heap: Heap | None = None
        self._return_heap: Heap | None = None
        self._credential_heap: Heap | None = None

    # ------------------------------------------------------------------ sections

    def CreateSharedMemory(self, max_size: int, initial_size: int, origin: Origin) -> Pointer | None:
        """Reserve a section; None when sizes or the machine do not allow it (CSM-4, CSM-5)."""
        choices = self.environment.choices
        asked = (max_size, initial_size)
        if max_size <= 0:
            if max_size < 0 or choices.zero_max_size == "fail":
                return self._refused(asked, "", "a section of no bytes holds nothing", origin)
            max_size = PAGE_SIZE
        if initial_size > max_size:
            if choices.initial_size_above_max == "fail":
                return self._refused(asked, "", "the initial size is above the maximum size", origin)
            initial_size = max_size
        if initial_size == 0 and choices.zero_initial_size == "one_page":
            initial_size = 1
        reserved = reservation(max_size, choices)
        if choices.usable_size == "rounded":
            max_size = reserved
        committed = round_up(max(initial_size, 0), PAGE_SIZE)
        cost = section_cost(reserved, committed)
        refusal = self.machine.charge(origin.package, cost)
        if refusal is not None:
            self._report_refusal(refusal, origin)
            reason = (
                f"{refusal.resource.value}: {refusal.in_use} of {refusal.limit} in use, {refusal.wanted} more wanted"
            )
            return self._refused(asked, refusal.resource.value, reason, origin)
        name = f"section-{self._count + 1}"
        try:
            section = Section(
                name,
                max_size=max_size,
                reserved=reserved,
                committed=committed,
                space=self.space,
                machine=self.machine,
                environment=self.environment,
                package=origin.package,
            )
        except (OSError, MemoryError) as error:
            # The computer that lsart runs on is out of something, not the machine it models.
            self.machine.release(origin.package, cost)
            return self._refused(asked, "this computer", f"the mapping failed: {error}", origin)
        self._count += 1
        self._sections[section.base] = section
        self._created[name] = origin
        self.ledger.add(section)
        self.environment.bus.emit(
            SectionCreated(time_ns=origin.time_ns, section=name, max_size=max_size, committed=committed, origin=origin)
        )
        return Pointer(section.base, LSASS)

    def AllocateSharedMemory(self, shared_mem: Pointer, size: int, origin: Origin) -> Pointer | None:
        """A block of the section, or None (ASM-4, ASM-5)."""
        section = self.section_at(shared_mem)
        if section is None:
            self.environment.bus.emit(
                AllocationRefused(
                    time_ns=origin.time_ns,
                    heap=repr(shared_mem),
                    size=size,
                    cause="bad section",
                    largest_free=0,
                    free_bytes=0,
                    committed=0,
                    max_size=0,
                    live_blocks=0,
                    origin=origin,
                )
            )
            return None
        return _pointer(section.allocate(size, origin))

    def FreeSharedMemory(self, shared_mem: Pointer, memory: Pointer | None, origin: Origin) -> None:
        """Take a block back. What is no block of this section becomes an event (FSM-3, FSM-4)."""
        self._free(self.section_at(shared_mem), memory, origin)

    def DeleteSharedMemory(self, shared_mem: Pointer, origin: Origin) -> bool:
        """Release a section; False when it is none (DSM-3, DSM-4)."""
        section = self.section_at(shared_mem)
        choices = self.environment.choices
        if section is None:
            if choices.delete_twice == "terminate":
                self.environment.terminate(f"heap corruption: {origin} deleted {shared_mem!r}, which is no section")
            return False
        live = section.allocator.live_blocks
        if live and choices.delete_with_live_blocks == "refuse":
            return False
        self._drop(section, live, origin)
        return True

    # ------------------------------------------------------------------ LSA heap and private heap

    def AllocateLsaHeap(self, length: int, origin: Origin) -> Pointer | None:
        """A block of the LSA heap, or None (ALH-5, ALH-6)."""
        heap = self.lsa_heap
        return None if heap is None else _pointer(heap.allocate(length, origin))

    def FreeLsaHeap(self, base: Pointer | None, origin: Origin) -> None:
        """Take back what AllocateLsaHeap gave out (FLH-1)."""
        self._free(self.lsa_heap, base, origin)

    def AllocatePrivateHeap(self, length: int, origin: Origin) -> Pointer | None:
        """A block of the private heap, or None (APH-3)."""
        heap = self.private_heap
        return None if heap is None else _pointer(heap.allocate(length, origin))

    def FreePrivateHeap(self, base: Pointer | None, origin: Origin) -> None:
        """Take back what AllocatePrivateHeap gave out (FPH-1)."""
        self._free(self.private_heap, base, origin)

    def FreeReturnBuffer(self, base: Pointer | None, origin: Origin) -> None:
        """Take back a buffer that LSA returned to a package (FRB-1)."""
        self._free(self.return_heap, base, origin)

    def CrediFreeCredentials(self, block: Pointer | None, origin: Origin) -> None:
        """Take back one credential that the credential manager gave out (CFR-1)."""
        self._free(self.credential_heap, block, origin)

    # ------------------------------------------------------------------ what the floors above ask

    @property
    def lsa_heap(self) -> Heap | None:
        """The heap behind AllocateLsaHeap; made when first used, so that an idle one costs nothing.

        None when the machine, or the computer that runs lsart, has no addresses left for it.
        """
        if self._lsa_heap is None:
            kind = heap_kind(self.environment.choices, "lsa_heap")
            self._lsa_heap = self._make_heap("lsa-heap", kind, self.machine.limits.lsa_heap)
        return self._lsa_heap

    @property
    def private_heap(self) -> Heap | None:
        """The heap behind AllocatePrivateHeap; likewise."""
        if self._private_heap is None:
            kind = heap_kind(self.environment.choices, "private_heap")
            self._private_heap = self._make_heap("private-heap", kind, self.machine.limits.private_heap)
        return self._private_heap

    @property
    def return_heap(self) -> Heap | None:
        """The heap behind what LSA returns to packages: as large as the LSA heap, or that heap itself if `Choices` let
        one function free for both; likewise."""
        if self.environment.choices.return_buffer_free == "lsa_heap_too":
            return self.lsa_heap
        if self._return_heap is None:
            kind = return_buffer_kind(self.environment.choices)
            budget = self.machine.limits.lsa_heap
            self._return_heap = self._make_heap("return-buffers", kind, budget)
        return self._return_heap

    @property
    def credential_heap(self) -> Heap | None:
        """The heap behind credentials that packages read of the credential manager; as large as the LSA heap."""
        if self._credential_heap is None:
            kind = credential_buffer_kind(self.environment.choices)
            budget = self.machine.limits.lsa_heap
            self._credential_heap = self._make_heap("read-credentials", kind, budget)
        return self._credential_heap

    def section_at(self, pointer: Pointer) -> Section | None:
        """The live section that CreateSharedMemory named with this pointer."""
        return self._sections.get(pointer.address) if pointer.space == LSASS else None

    def sections(self, package: str | None = None) -> tuple[Section, ...]:
        """The live sections, oldest first, of one package or of all."""
        return tuple(each for each in self._sections.values() if package in (None, each.package))

    def release_package(self, package: str, time_ns: int) -> None:
        """Report what a package leaves behind when it is unloaded, and give it all back."""
        bus = self.environment.bus
        origin = Origin(SYSTEM, function="unload", time_ns=time_ns)
        for heap, block in tuple(self.ledger.live_blocks(package)):
            bus.emit(
                BlockLeaked(
                    time_ns=time_ns,
                    heap=heap.name,
                    address=heap.base + block.offset,
                    size=block.size,
                    allocated=origin_of(block),
                )
            )
            if not isinstance(heap, Section):
                # It may be a copy of somebody's credentials, and must not wait there for whoever allocates next.
                self.space.write(heap.base + block.offset, bytes(block.size))
            heap.allocator.free(block.offset)
        for section in self.sections(package):
            bus.emit(
                SectionLeaked(
                    time_ns=time_ns,
                    section=section.name,
                    max_size=section.max_size,
                    committed=section.backing.committed,
                    created=self._created[section.name],
                )
            )
            self._drop(section, section.allocator.live_blocks, origin)

    def close(self) -> None:
        """Give back everything that is left. Client processes must have let go of their views."""
        for section in self.sections():
            self.ledger.remove(section)
            section.delete()
        for heap in (self._lsa_heap, self._private_heap, self._return_heap, self._credential_heap):
            if heap is not None:
                self.ledger.remove(heap)
                heap.release()
                self.machine.release(SYSTEM, {Resource.ADDRESS_SPACE: heap.backing.size})
        self._sections.clear()
        self._created.clear()
        self._lsa_heap = self._private_heap = self._return_heap = self._credential_heap = None

    def check(self, client_commit: int = 0, others: Mapping[Resource, int] | None = None) -> list[str]:
        """Every invariant of every heap, and whether the machine's books close; [] when sound.

        Args:
            client_commit: bytes that the reply buffers of client processes have committed.
            others: what is charged for objects of the floors above.
        """
        messages = [message for heap in self.ledger.heaps() for message in heap.check()]
        due = self._due()
        due[Resource.COMMIT] += client_commit
        for resource, amount in (others or {}).items():
            due[resource] += amount
        for resource, charged in due.items():
            in_use = self.machine.in_use(resource)
            if in_use != charged:
                messages.append(f"machine: {in_use} of {resource.value} charged, live objects account for {charged}")
        return messages

    def _due(self) -> dict[Resource, int]:
        """What the machine should have charged for LSASS alone, summed from the live objects."""
        due = dict.fromkeys(Resource, 0)
        for section in self._sections.values():
            for resource, amount in section_cost(section.backing.size, section.backing.committed).items():
                due[resource] += amount
        for section in (each for each in self._deleted if each.views):
            cost = section_cost(section.backing.size, section.backing.committed)
            due[Resource.COMMIT] += cost[Resource.COMMIT]
            due[Resource.PAGED_POOL] += cost[Resource.PAGED_POOL]
        for heap in (self._lsa_heap, self._private_heap, self._return_heap, self._credential_heap):
            if heap is not None:
                due[Resource.COMMIT] += heap.backing.committed
                due[Resource.ADDRESS_SPACE] += heap.backing.size
        return due

    def _free(self, heap: Heap | None, memory: Pointer | None, origin: Origin) -> None:
        if memory is None:
            if heap is not None and heap.kind.free_null == "report":
                self.environment.bus.emit(NullFree(time_ns=origin.time_ns, heap=heap.name, freed=origin))
            return
        if heap is not None and memory.space == LSASS and heap.free(memory.address, origin):
            return
        self.ledger.report_wrong_free(heap, memory.address, memory.space, origin)

    def _drop(self, section: Section, live_blocks: int, origin: Origin) -> None:
        del self._sections[section.base], self._created[section.name]
        self.ledger.remove(section)
        section.delete()
        if section.views:
            self._deleted.add(section)
        self.environment.bus.emit(
            SectionDeleted(
                time_ns=origin.time_ns,
                section=section.name,
                live_blocks=live_blocks,
                views=len(section.views),
                origin=origin,
            )
        )

    def _make_heap(self, name: str, kind: HeapKind, budget: int) -> Heap | None:
        size = max(round_up(budget, PAGE_SIZE), PAGE_SIZE)
        cost = {Resource.ADDRESS_SPACE: size}
        refusal = self.machine.charge(SYSTEM, cost)
        if refusal is not None:
            self._report_refusal(refusal, Origin(SYSTEM, function=kind.allocates, time_ns=self.environment.clock()))
            return None
        try:
            backing = Backing(size, shared=True)
        except OSError:  # the computer that lsart runs on has no addresses left; to the package it is the same
            self.machine.release(SYSTEM, cost)
            return None
        heap = Heap(
            name,
            kind,
            limit=budget,
            backing=backing,
            space=self.space,
            machine=self.machine,
            environment=self.environment,
            owner=SYSTEM,
        )
        self.ledger.add(heap)
        return heap

    def _report_refusal(self, refusal: Refusal, origin: Origin) -> None:
        self.environment.tell_refused(refusal, origin.package, origin.time_ns)

    def _refused(self, asked: tuple[int, int], resource: str, reason: str, origin: Origin) -> Pointer | None:
        self.environment.bus.emit(
            SectionRefused(
                time_ns=origin.time_ns,
                max_size=asked[0],
                initial_size=asked[1],
                resource=resource,
                reason=reason,
                origin=origin,
            )
        )
        return None


def _pointer(address: int | None) -> Pointer | None:
    return None if address is None else Pointer(address, LSASS)
