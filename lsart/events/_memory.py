"""Events of the memory floor: sections, heaps, blocks, the machine's resources, and misuse.

`heap` names the heap a block belongs to: ``"section-1"``, ``"lsa-heap"``, ``"private-heap"``.
Sizes and offsets are bytes.
"""

from __future__ import annotations

from typing import Literal

import attrs

from lsart.events._base import Event, Origin

__all__ = [
    "AccessViolated",
    "AllocationRefused",
    "BlockAllocated",
    "BlockFreed",
    "BlockLeaked",
    "Cause",
    "DoubleFree",
    "ForeignFree",
    "MisuseEvent",
    "NullFree",
    "ResourceRefused",
    "SectionCreated",
    "SectionDeleted",
    "SectionGrew",
    "SectionLeaked",
    "SectionMapped",
    "SectionRefused",
    "SectionReleased",
    "SectionUnmapped",
    "WrongPair",
]

Cause = Literal[
    "maximum size reached",
    "fragmented",
    "machine commit limit",
    "growth switched off",
    "bad section",
    "bad size",
]


@attrs.frozen(kw_only=True)
class SectionCreated(Event):
    """CreateSharedMemory reserved `max_size` bytes and committed `committed` of them."""

    section: str
    max_size: int
    committed: int
    origin: Origin


@attrs.frozen(kw_only=True)
class SectionRefused(Event):
    """CreateSharedMemory returned NULL. `resource` names what ran out, empty when the sizes were at fault."""

    max_size: int
    initial_size: int
    resource: str
    reason: str
    origin: Origin


@attrs.frozen(kw_only=True)
class SectionGrew(Event):
    """A section or heap committed more pages: `committed` of `max_size` bytes now."""

    heap: str
    committed: int
    max_size: int
    origin: Origin


@attrs.frozen(kw_only=True)
class SectionDeleted(Event):
    """DeleteSharedMemory ended the package's ownership; `views` processes still have it mapped."""

    section: str
    live_blocks: int
    views: int
    origin: Origin


@attrs.frozen(kw_only=True)
class SectionReleased(Event):
    """The last view of a deleted section is gone, and its pages with it."""

    section: str


@attrs.frozen(kw_only=True)
class SectionMapped(Event):
    """A client process has the section at this address of its own space."""

    section: str
    space: str
    address: int


@attrs.frozen(kw_only=True)
class SectionUnmapped(Event):
    """A client process no longer has the section mapped."""

    section: str
    space: str


@attrs.frozen(kw_only=True)
class BlockAllocated(Event):
    """A block was given out: `size` bytes asked for, at `address` in LSA's space."""

    heap: str
    address: int
    size: int
    origin: Origin


@attrs.frozen(kw_only=True)
class BlockFreed(Event):
    """A block came back."""

    heap: str
    address: int
    size: int
    origin: Origin


@attrs.frozen(kw_only=True)
class AllocationRefused(Event):
    """An allocation returned NULL, and why.

    Args:
        cause: *maximum size reached*: the free bytes together would not do and the heap may not grow further.
            *fragmented*: they would, but no gap is large enough. *machine commit limit*: the heap might grow, the
            machine has no pages to promise.
        largest_free: the largest block that would have fitted, growth up to the maximum included.
        free_bytes: all gaps together, likewise.
    """

    heap: str
    size: int
    cause: Cause
    largest_free: int
    free_bytes: int
    committed: int
    max_size: int
    live_blocks: int
    origin: Origin


@attrs.frozen(kw_only=True)
class ResourceRefused(Event):
    """The machine refused a charge: `wanted` more than `in_use` of `limit` (bytes, or a count for handles)."""

    resource: str
    wanted: int
    in_use: int
    limit: int
    owner: str


@attrs.frozen(kw_only=True)
class MisuseEvent(Event):
    """Base of the events that name both ends of a wrong free."""

    heap: str
    address: int
    freed: Origin


@attrs.frozen(kw_only=True)
class DoubleFree(MisuseEvent):
    """A block was freed that had been freed before: by whom, and by whom it had been allocated."""

    allocated: Origin
    freed_before: Origin


@attrs.frozen(kw_only=True)
class ForeignFree(MisuseEvent):
    """A pointer was freed that is no block of this heap. `inside` says what it points into, if anything is known."""

    inside: str


@attrs.frozen(kw_only=True)
class WrongPair(MisuseEvent):
    """A live block was given to a function that does not free blocks of its kind, or to another section."""

    allocated: Origin
    belongs_to: str


@attrs.frozen(kw_only=True)
class NullFree(Event):
    """NULL was freed, which Choices asked to report."""

    heap: str
    freed: Origin


@attrs.frozen(kw_only=True)
class BlockLeaked(Event):
    """A block was still live when its package was unloaded."""

    heap: str
    address: int
    size: int
    allocated: Origin


@attrs.frozen(kw_only=True)
class SectionLeaked(Event):
    """A section was still there when its package was unloaded: who created it."""

    section: str
    max_size: int
    committed: int
    created: Origin


@attrs.frozen(kw_only=True)
class AccessViolated(Event):
    """Somebody touched memory that was not theirs to touch."""

    space: str
    address: int
    length: int
    kind: str
    reason: str
    origin: Origin
