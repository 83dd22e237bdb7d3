"""Slots for shared memory and heaps: the memory floor's functions under their locks, their cost paid in time."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import attrs
import trio

from lsart.contract import Pointer
from lsart.engine import Label, announce, current, exploring, now_ns, sleep_ns, touch
from lsart.events import AllocationRefused, Bus, Origin
from lsart.memory import PAGE_SIZE, LsaMemory, Section
from lsart.runtime._locks import HeapLock
from lsart.runtime._pacer import touch_commit
from lsart.runtime._settings import Costs

__all__ = ["MemoryServices"]


class MemoryServices:
    """CreateSharedMemory to FreePrivateHeap. Every method takes the caller's origin first."""

    def __init__(self, memory: LsaMemory, bus: Bus, costs: Costs) -> None:
        self._memory = memory
        self._bus = bus
        self._explores = exploring()
        # On the real clock things cost what they cost.
        self._costs = costs if current().is_virtual else Costs(heap_lock=0, commit_page=0, create_section=0)
        # Weak, as a section can go without a call of DeleteSharedMemory: when its package is unloaded.
        self._locks: WeakKeyDictionary[Section, HeapLock] = WeakKeyDictionary()

    def lock_of(self, section: Section) -> HeapLock:
        """The lock that serialises a section's allocator."""
        lock = self._locks.get(section)
        if lock is None:
            order = self._memory.environment.choices.heap_lock_order
            lock = self._locks[section] = HeapLock(f"heap lock of {section.name}", self._bus, order)
        return lock

    async def _point(self, what: str, verb: str) -> None:
        """Where another thread could come first, under an explorer."""
        if self._explores:
            await announce(Label(what, "w", f"{verb} {what}"))

    def _touch_block(self, section: Section, block: Pointer | None, verb: str) -> None:
        """What allocating and freeing do to whoever still uses the bytes."""
        if self._explores:
            touch_commit()  # a section grows when it must
        if self._explores and block is not None:
            found = section.block_at(block.address)
            start = block.address - section.base
            stop = start + (found.size if found is not None else 1)
            touch(section.name, "w", f"{verb} {section.name}[{start}:{stop}]", start, stop)

    async def CreateSharedMemory(self, origin: Origin, max_size: int, initial_size: int) -> Pointer | None:
        await self._point("the sections of LSA", "add to")
        if self._explores:
            touch_commit()
        pointer = self._memory.CreateSharedMemory(max_size, initial_size, origin)
        section = None if pointer is None else self._memory.section_at(pointer)
        if pointer is not None and section is not None:
            pages = section.backing.committed // PAGE_SIZE
            cost = self._costs.create_section + pages * self._costs.commit_page
            if cost:
                try:
                    await sleep_ns(cost)
                except trio.Cancelled:  # the package never learns of it, so nobody would delete it
                    if not section.is_deleted:
                        self._memory.DeleteSharedMemory(pointer, attrs.evolve(origin, time_ns=now_ns()))
                    raise
        return pointer

    async def AllocateSharedMemory(self, origin: Origin, shared_mem: Pointer, size: int) -> Pointer | None:
        section = self._memory.section_at(shared_mem)
        if section is None:
            return self._memory.AllocateSharedMemory(shared_mem, size, origin)
        lock = self.lock_of(section)
        if await lock.acquire(origin):
            origin = attrs.evolve(origin, time_ns=now_ns())
        try:
            if self._memory.section_at(shared_mem) is not section:  # deleted while we waited for the lock
                self._refuse_deleted(shared_mem, size, origin)
                return None
            committed = section.backing.committed
            pointer = self._memory.AllocateSharedMemory(shared_mem, size, origin)
            self._touch_block(section, pointer, "allocate")
            pages = (section.backing.committed - committed) // PAGE_SIZE
            cost = self._costs.heap_lock + pages * self._costs.commit_page
            if cost:
                try:
                    await sleep_ns(cost)
                except trio.Cancelled:  # the package never learns of it, so nobody would free it
                    if pointer is not None and self._memory.section_at(shared_mem) is section:
                        self._memory.FreeSharedMemory(shared_mem, pointer, attrs.evolve(origin, time_ns=now_ns()))
                    raise
                if pointer is not None and self._memory.section_at(shared_mem) is not section:  # the block went with it
                    self._refuse_deleted(shared_mem, size, attrs.evolve(origin, time_ns=now_ns()))
                    return None
        finally:
            lock.release()
        return pointer

    async def FreeSharedMemory(self, origin: Origin, shared_mem: Pointer, memory: Pointer | None) -> None:
        section = self._memory.section_at(shared_mem)
        if section is None:
            self._memory.FreeSharedMemory(shared_mem, memory, origin)
            return
        lock = self.lock_of(section)
        if await lock.acquire(origin):
            origin = attrs.evolve(origin, time_ns=now_ns())
        try:
            self._touch_block(section, memory, "free")
            self._memory.FreeSharedMemory(shared_mem, memory, origin)
            if self._costs.heap_lock:
                await sleep_ns(self._costs.heap_lock)
        finally:
            lock.release()

    async def DeleteSharedMemory(self, origin: Origin, shared_mem: Pointer) -> bool:
        await self._point("the sections of LSA", "delete from")
        if self._explores and (section := self._memory.section_at(shared_mem)) is not None:
            touch(section.name, "w", f"delete {section.name}")
            touch_commit()
        return self._memory.DeleteSharedMemory(shared_mem, origin)

    async def AllocateLsaHeap(self, origin: Origin, length: int) -> Pointer | None:
        await self._point("the LSA heap", "allocate from")
        return self._memory.AllocateLsaHeap(length, origin)

    async def FreeLsaHeap(self, origin: Origin, base: Pointer | None) -> None:
        await self._point("the LSA heap", "free to")
        self._memory.FreeLsaHeap(base, origin)

    async def AllocatePrivateHeap(self, origin: Origin, length: int) -> Pointer | None:
        await self._point("the private heap", "allocate from")
        return self._memory.AllocatePrivateHeap(length, origin)

    async def FreePrivateHeap(self, origin: Origin, base: Pointer | None) -> None:
        await self._point("the private heap", "free to")
        self._memory.FreePrivateHeap(base, origin)

    def _refuse_deleted(self, shared_mem: Pointer, size: int, origin: Origin) -> None:
        """NULL, as from a section that was gone already when the call was made."""
        self._bus.emit(
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
