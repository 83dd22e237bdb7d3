"""Address spaces: what is mapped where, and who may touch it.

Each process has one. The same section lies at a different address in each, which is why an offset travels well and
a pointer does not.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from enum import Enum
from typing import Literal, NoReturn

import attrs

from lsart.contract import AccessViolation
from lsart.memory._backing import Backing
from lsart.memory._machine import ALLOCATION_GRANULARITY, round_up

__all__ = ["Access", "AddressSpace", "Protection", "Region"]


@attrs.frozen
class Access:
    """One read or write of memory, as the access tap sees it: before a write, after a read.

    Args:
        space: address space. address: first byte. length: bytes.
        kind: ``"read"`` or ``"write"``. region: what is mapped there, ``"section-1"``.
    """

    space: str
    address: int
    length: int
    kind: Literal["read", "write"]
    region: str


class Protection(Enum):
    """What may be done to a region."""

    READ_WRITE = "read-write"
    READ_ONLY = "read-only"
    NO_ACCESS = "no access"


@attrs.define(eq=False)
class Region:
    """A range of addresses that shows a backing.

    Only the first `backing.committed` bytes can be touched: the rest is reserved.
    """

    base: int
    backing: Backing
    name: str
    protection: Protection = Protection.READ_WRITE


class AddressSpace:
    """The memory that one process can reach.

    Args:
        name: the process, ``"lsass"`` or a client's name; it is the `space` of every `Pointer` into it.
        start: where the first region is put.
    """

    __slots__ = ("_bases", "_next", "_regions", "name", "tap")

    def __init__(self, name: str, *, start: int = 0x1_0000_0000) -> None:
        self.name = name
        self.tap: Callable[[Access], None] | None = None
        self._next = start
        # Two lists sorted alike; most spaces hold one or two regions, so nothing cleverer pays.
        self._bases: list[int] = []
        self._regions: list[Region] = []

    def map(
        self,
        backing: Backing,
        name: str,
        *,
        base: int | None = None,
        protection: Protection = Protection.READ_WRITE,
    ) -> Region:
        """Make a backing visible, at `base` if given, else after everything mapped so far.

        Raises:
            ValueError: something is mapped there already.
        """
        if base is None:
            base = self._next
        index = bisect_right(self._bases, base)
        before_overlaps = index > 0 and self._end(index - 1) > base
        after_overlaps = index < len(self._bases) and base + backing.size > self._bases[index]
        if before_overlaps or after_overlaps:
            raise ValueError(f"{self.name}: cannot map {name} at {base:#x}: addresses are taken")
        region = Region(base, backing, name, protection)
        self._bases.insert(index, base)
        self._regions.insert(index, region)
        # One granule stays unmapped behind each region, so that running off its end is caught.
        end = base + round_up(backing.size, ALLOCATION_GRANULARITY) + ALLOCATION_GRANULARITY
        self._next = max(self._next, end)
        return region

    def unmap(self, region: Region) -> None:
        """Take a region away; its addresses are not used again.

        Raises:
            ValueError: it is not mapped here.
        """
        index = bisect_left(self._bases, region.base)
        if self._regions[index : index + 1] != [region]:
            raise ValueError(f"{self.name}: {region.name} is not mapped at {region.base:#x}")
        del self._regions[index], self._bases[index]

    def regions(self) -> tuple[Region, ...]:
        """What is mapped, by address."""
        return tuple(self._regions)

    def find(self, address: int) -> Region | None:
        """The region that contains `address`."""
        index = bisect_right(self._bases, address) - 1
        if index < 0:
            return None
        region = self._regions[index]
        return region if address - region.base < region.backing.size else None

    def read(self, address: int, length: int) -> bytes:
        """`length` bytes at `address`.

        Raises:
            AccessViolation: not all of them are mapped and committed.
        """
        region = self._check(address, length, "read")
        offset = address - region.base
        data = bytes(region.backing.data[offset : offset + length])
        if self.tap is not None:
            self.tap(Access(self.name, address, length, "read", region.name))
        return data

    def write(self, address: int, data: bytes) -> None:
        """Put `data` at `address`, all of it or nothing.

        Raises:
            AccessViolation: not all of the range is mapped, committed and writable.
        """
        length = len(data)
        region = self._check(address, length, "write")
        if self.tap is not None:
            self.tap(Access(self.name, address, length, "write", region.name))
        offset = address - region.base
        region.backing.data[offset : offset + length] = data

    def writable_from(self, address: int) -> int:
        """How many bytes from `address` on can be written without a fault."""
        region = self.find(address)
        if region is None or region.protection is not Protection.READ_WRITE:
            return 0
        return max(region.base + region.backing.committed - address, 0)

    def _check(self, address: int, length: int, kind: str) -> Region:
        index = bisect_right(self._bases, address) - 1
        if index >= 0 and length >= 0:
            region = self._regions[index]
            protection = region.protection
            allowed = protection is Protection.READ_WRITE or (protection is Protection.READ_ONLY and kind == "read")
            if allowed and address - region.base + length <= region.backing.committed:
                return region
        self._refuse(address, length, kind)

    def _refuse(self, address: int, length: int, kind: str) -> NoReturn:
        region = self.find(address)
        if length < 0:
            reason = "a length cannot be negative"
        elif region is None:
            reason = "nothing is mapped there"
        elif region.protection is not Protection.READ_WRITE and (
            kind == "write" or region.protection is Protection.NO_ACCESS
        ):
            reason = f"{region.name} is {region.protection.value} in this process"
        elif address - region.base + length > region.backing.size:
            reason = (
                f"it runs {address - region.base + length - region.backing.size} bytes past the end of {region.name}"
            )
        else:
            reason = (
                f"{region.name} is committed only up to {region.backing.committed} bytes, and this ends at offset "
                f"{address - region.base + length}"
            )
        raise AccessViolation(space=self.name, address=address, length=length, kind=kind, reason=reason)

    def _end(self, index: int) -> int:
        return self._bases[index] + self._regions[index].backing.size
