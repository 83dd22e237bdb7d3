"""An address as a value: where it points, and in whose address space it means anything."""

from __future__ import annotations

from typing import overload

import attrs

__all__ = ["Pointer"]


@attrs.frozen(order=True, repr=False)
class Pointer:
    """An address in one address space.

    A pointer is a value, not a door: it reads and writes nothing. Bytes are reached with
    ``await memory.read(pointer, length)``, and only a process that has the address mapped gets there.
    The NULL pointer is ``None``.

    A section is mapped at a different address in each process. A pointer stored in shared memory is therefore
    wrong in every other process; an offset from the section's start is right everywhere.

    Args:
        address: byte address, 0 < address < 2**64.
        space: name of the address space, ``"lsass"`` for the LSA's own.
    """

    address: int
    space: str

    def __add__(self, offset: int) -> Pointer:
        return Pointer(self.address + offset, self.space)

    @overload
    def __sub__(self, other: Pointer) -> int: ...
    @overload
    def __sub__(self, other: int) -> Pointer: ...
    def __sub__(self, other: Pointer | int) -> Pointer | int:
        if isinstance(other, Pointer):
            if other.space != self.space:
                raise ValueError(
                    f"cannot subtract {other!r} from {self!r}: the distance between two address spaces has no "
                    "meaning. Subtract each from its own section's base and compare the offsets."
                )
            return self.address - other.address
        return Pointer(self.address - other, self.space)

    def __int__(self) -> int:
        return self.address

    def __repr__(self) -> str:
        return f"Pointer({self.address:#x} in {self.space})"
