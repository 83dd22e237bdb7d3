"""Floor 2: real bytes, who owns them, and what the machine has left. No event loop, no clock of its own."""

from lsart.memory._allocator import Allocator
from lsart.memory._backing import Backing, Export
from lsart.memory._client_memory import ClientMemory
from lsart.memory._environment import Environment
from lsart.memory._heap import Heap, HeapKind, HeapStatistics
from lsart.memory._ledger import Ledger
from lsart.memory._lsa_memory import LSASS, LsaMemory
from lsart.memory._machine import (
    ALLOCATION_GRANULARITY,
    PAGE_SIZE,
    PROTOTYPE_ENTRY_SIZE,
    SECTION_OBJECT_SIZE,
    Machine,
    MachineLimits,
    MachineStatistics,
    Refusal,
    Resource,
    round_up,
    section_cost,
)
from lsart.memory._runs import AllocatorStatistics, Block
from lsart.memory._section import Section
from lsart.memory._space import Access, AddressSpace, Protection, Region

__all__ = [
    "ALLOCATION_GRANULARITY",
    "LSASS",
    "PAGE_SIZE",
    "PROTOTYPE_ENTRY_SIZE",
    "SECTION_OBJECT_SIZE",
    "Access",
    "AddressSpace",
    "Allocator",
    "AllocatorStatistics",
    "Backing",
    "Block",
    "ClientMemory",
    "Environment",
    "Export",
    "Heap",
    "HeapKind",
    "HeapStatistics",
    "Ledger",
    "LsaMemory",
    "Machine",
    "MachineLimits",
    "MachineStatistics",
    "Protection",
    "Refusal",
    "Region",
    "Resource",
    "Section",
    "round_up",
    "section_cost",
]
