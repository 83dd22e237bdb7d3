"""The machine's finite resources. It charges and it refuses; nothing is ever over-promised.

*Commit charge*: bytes that the machine has promised to back with memory or page file.
*Paged pool*: kernel memory; a section costs it an object and the prototype page-table entries of all its pages.
*Handles*: entries of LSASS's handle table. *Address space*: what LSASS can map.

The sizes are a model. Page size, 64 KiB allocation granularity and 8 bytes per prototype entry are public
(Windows Internals, memory management); the object's size is our assumption. See docs/model.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import attrs

__all__ = [
    "ALLOCATION_GRANULARITY",
    "PAGE_SIZE",
    "PROTOTYPE_ENTRY_SIZE",
    "SECTION_OBJECT_SIZE",
    "Machine",
    "MachineLimits",
    "MachineStatistics",
    "Refusal",
    "Resource",
    "round_up",
    "section_cost",
]

PAGE_SIZE = 4096
ALLOCATION_GRANULARITY = 65536
PROTOTYPE_ENTRY_SIZE = 8
SECTION_OBJECT_SIZE = 512


def round_up(size: int, unit: int) -> int:
    """`size` rounded up to a multiple of `unit`, both in bytes."""
    return -(-size // unit) * unit


class Resource(Enum):
    """What a machine can run out of."""

    COMMIT = "commit limit"
    PAGED_POOL = "paged pool"
    HANDLES = "handles"
    ADDRESS_SPACE = "address space"

    # A member is equal only to itself. Enum's own hash is a Python function, which every charge would call ten times.
    __hash__ = object.__hash__


@attrs.frozen(kw_only=True)
class MachineLimits:
    """How much there is of everything.

    Args:
        commit: bytes the machine can promise (memory plus page file).
        paged_pool: bytes of kernel paged pool left for sections.
        handles: handles LSASS may hold; the default is the limit that Windows documents per process.
        address_space: bytes LSASS can map.
        lsa_heap: budget of the LSA heap in bytes. private_heap: likewise.
        client_quota: bytes of reply buffers that one client may hold.
    """

    commit: int = 8 << 30
    paged_pool: int = 512 << 20
    handles: int = 16_711_680
    address_space: int = 128 << 40
    lsa_heap: int = 64 << 20
    private_heap: int = 64 << 20
    client_quota: int = 1 << 20

    def __attrs_post_init__(self) -> None:
        for field in attrs.fields(MachineLimits):
            value = getattr(self, field.name)
            if value < 0:
                raise ValueError(f"MachineLimits({field.name}={value}): a limit cannot be negative")

    def of(self, resource: Resource) -> int:
        """The limit of a resource."""
        return int(getattr(self, resource.name.lower()))


@attrs.frozen
class Refusal:
    """Why a charge was refused: `wanted` more than `in_use` of `limit`."""

    resource: Resource
    wanted: int
    in_use: int
    limit: int


@attrs.frozen
class MachineStatistics:
    """A snapshot: per resource what is in use, the most there ever was, the limit, and who uses how much."""

    in_use: Mapping[Resource, int]
    peak: Mapping[Resource, int]
    limit: Mapping[Resource, int]
    by_owner: Mapping[tuple[str, Resource], int]


class Machine:
    """Charges resources to owners, all of a charge or nothing."""

    def __init__(self, limits: MachineLimits | None = None) -> None:
        self.limits = limits or MachineLimits()
        self._limit = {resource: self.limits.of(resource) for resource in Resource}
        self._in_use = dict.fromkeys(Resource, 0)
        self._peak = dict.fromkeys(Resource, 0)
        self._by_owner: dict[tuple[str, Resource], int] = {}

    def charge(self, owner: str, amounts: Mapping[Resource, int]) -> Refusal | None:
        """Charge all of `amounts` (bytes, or a count of handles) to `owner`, or nothing and say what ran out."""
        for resource, amount in amounts.items():
            in_use, limit = self._in_use[resource], self._limit[resource]
            if in_use + amount > limit:
                return Refusal(resource, amount, in_use, limit)
        for resource, amount in amounts.items():
            if amount:
                total = self._in_use[resource] = self._in_use[resource] + amount
                self._peak[resource] = max(self._peak[resource], total)
                key = (owner, resource)
                self._by_owner[key] = self._by_owner.get(key, 0) + amount
        return None

    def release(self, owner: str, amounts: Mapping[Resource, int]) -> None:
        """Give back what `charge` took.

        Raises:
            ValueError: the owner holds less than that; the books would no longer close.
        """
        for resource, amount in amounts.items():
            key = (owner, resource)
            held = self._by_owner.get(key, 0)
            if amount > held:
                raise ValueError(f"{owner} gives back {amount} of {resource.value} but holds {held}")
        for resource, amount in amounts.items():
            key = (owner, resource)
            left = self._by_owner.get(key, 0) - amount
            self._in_use[resource] -= amount
            if left:
                self._by_owner[key] = left
            else:
                self._by_owner.pop(key, None)

    def in_use(self, resource: Resource) -> int:
        """What is charged of a resource now."""
        return self._in_use[resource]

    def statistics(self) -> MachineStatistics:
        """A frozen snapshot."""
        return MachineStatistics(dict(self._in_use), dict(self._peak), dict(self._limit), dict(self._by_owner))


def section_cost(max_size: int, committed: int) -> dict[Resource, int]:
    """What a section of these sizes (bytes) costs the machine: the arithmetic that predicts exhaustion."""
    return {
        Resource.COMMIT: committed,
        Resource.PAGED_POOL: SECTION_OBJECT_SIZE + PROTOTYPE_ENTRY_SIZE * (round_up(max_size, PAGE_SIZE) // PAGE_SIZE),
        Resource.HANDLES: 1,
        Resource.ADDRESS_SPACE: round_up(max_size, ALLOCATION_GRANULARITY),
    }
