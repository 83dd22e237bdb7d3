"""Events of NDIS shared memory: providers, allocations, calls at the wrong IRQL.

In the origins of these events `package` is the name of a driver. Wrong frees are told with the events of all heaps
(`DoubleFree`, `ForeignFree`, `WrongPair`), whose `heap` is then ``"ndis"`` or ``"ndis provider NAME"``.
Handles are the numbers that NDIS gave out; lengths and sizes are bytes.
"""

from __future__ import annotations

import attrs

from lsart.events._base import Event, Origin

__all__ = [
    "IrqlTooHigh",
    "NdisMemoryAllocated",
    "NdisMemoryFreed",
    "NdisMemoryLeaked",
    "NdisMemoryRefused",
    "NdisMemoryRevoked",
    "NdisMemoryStranded",
    "NdisNodeMissed",
    "NdisVPortCreated",
    "NdisVPortDeleted",
    "ProviderFaulted",
    "ProviderRefused",
    "ProviderRegistered",
    "ProviderUnregistered",
]


@attrs.frozen(kw_only=True)
class ProviderRegistered(Event):
    """NdisSetOptionalHandlers took a driver's shared-memory entry points; `replaces` its earlier ones or not."""

    provider: str
    flags: int
    replaces: bool


@attrs.frozen(kw_only=True)
class ProviderRefused(Event):
    """NdisSetOptionalHandlers refused a driver's shared-memory entry points, with which status and why."""

    driver: str
    status: int
    reason: str


@attrs.frozen(kw_only=True)
class ProviderUnregistered(Event):
    """A provider is gone; `live_allocations` of its blocks were still in use."""

    provider: str
    live_allocations: int


@attrs.frozen(kw_only=True)
class ProviderFaulted(Event):
    """A provider's handler did something that its contract does not allow."""

    provider: str
    handler: str
    problem: str
    origin: Origin


@attrs.frozen(kw_only=True)
class NdisMemoryAllocated(Event):
    """NdisAllocateSharedMemory gave memory out.

    Args:
        handle: the allocation handle. provider: whose memory it is.
        address: first byte in the kernel's space. length: bytes asked for.
        queue_id, usage: as asked for. elements: of the scatter/gather list, 0 when no list was asked for.
    """

    handle: int
    provider: str
    address: int
    length: int
    queue_id: int
    usage: int
    elements: int
    origin: Origin


@attrs.frozen(kw_only=True)
class NdisMemoryRefused(Event):
    """NdisAllocateSharedMemory failed. `provider` is empty when none was asked."""

    provider: str
    length: int
    status: int
    reason: str
    origin: Origin


@attrs.frozen(kw_only=True)
class NdisMemoryFreed(Event):
    """NdisFreeSharedMemory took memory back."""

    handle: int
    provider: str
    address: int
    length: int
    origin: Origin


@attrs.frozen(kw_only=True)
class NdisMemoryLeaked(Event):
    """A driver let go of the handle it had allocated with, and its memory was still allocated (NDFS-4)."""

    handle: int
    provider: str
    address: int
    length: int
    allocated: Origin


@attrs.frozen(kw_only=True)
class NdisMemoryRevoked(Event):
    """A provider left, and NDIS gave back to it first what this driver still uses."""

    handle: int
    provider: str
    address: int
    length: int
    allocated: Origin


@attrs.frozen(kw_only=True)
class NdisMemoryStranded(Event):
    """Memory that nobody can free any more: its provider left or has no entry point for that."""

    handle: int
    provider: str
    address: int
    length: int
    allocated: Origin


@attrs.frozen(kw_only=True)
class NdisNodeMissed(Event):
    """A block lies on `node`, since the node that its driver prefers had no room for it."""

    provider: str
    preferred_node: int
    node: int
    length: int
    origin: Origin


@attrs.frozen(kw_only=True)
class NdisVPortCreated(Event):
    """An adapter has another virtual port."""

    adapter: str
    vport_id: int
    origin: Origin


@attrs.frozen(kw_only=True)
class NdisVPortDeleted(Event):
    """A virtual port is gone; `live_allocations` that drivers made for it are still theirs to free."""

    adapter: str
    vport_id: int
    live_allocations: int
    origin: Origin


@attrs.frozen(kw_only=True)
class IrqlTooHigh(Event):
    """A function that runs at PASSIVE_LEVEL only was called at `irql`. It did nothing."""

    function: str
    irql: int
    origin: Origin
