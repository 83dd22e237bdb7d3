"""Small scenarios that show what an alternative of Choices changes, for sections and heaps alike."""

from __future__ import annotations

from collections.abc import Callable

from worlds import World

from lsart.contract import LsassTerminated, Pointer, choice_infos
from lsart.events import BlockFreed, DoubleFree, ForeignFree, NullFree

__all__ = [
    "CONTENTS",
    "FOREIGN",
    "PATTERN",
    "TWICE",
    "alignment",
    "contents",
    "distance",
    "double_free",
    "foreign_free",
    "lsa_heap",
    "null_free",
    "outcomes",
    "private_heap",
    "shared",
    "values_of",
    "zero_length",
]

PATTERN = b"\xcd"


def values_of(field: str) -> tuple[object, ...]:
    """Default first."""
    info = next(each for each in choice_infos() if each.name == field)
    return info.default, *info.alternatives


def outcomes(field: str, scenario: Callable[[World], object]) -> dict[object, object]:
    """What the scenario shows under each value of the field."""
    return {value: scenario(World({field: value})) for value in values_of(field)}


def distance(world: World, allocate: Callable[[World], Pointer | None]) -> int:
    """Between two blocks of one byte that are neighbours."""
    first, second = allocate(world), allocate(world)
    assert first is not None
    assert second is not None
    return second - first


Pair = tuple[Callable[[World, int], Pointer | None], Callable[[World, Pointer | None], None]]


def shared(world: World) -> Pair:
    section = world.create()
    return (lambda world, size: world.try_allocate(section, size)), (lambda world, block: world.free(section, block))


def lsa_heap(world: World) -> Pair:
    return (
        lambda world, size: world.memory.AllocateLsaHeap(size, world.by("AllocateLsaHeap")),
        lambda world, block: world.memory.FreeLsaHeap(block, world.by("FreeLsaHeap")),
    )


def private_heap(world: World) -> Pair:
    return (
        lambda world, size: world.memory.AllocatePrivateHeap(size, world.by("AllocatePrivateHeap")),
        lambda world, block: world.memory.FreePrivateHeap(block, world.by("FreePrivateHeap")),
    )


def double_free(pair: Callable[[World], Pair]) -> Callable[[World], object]:
    def scenario(world: World) -> object:
        allocate, free = pair(world)
        block = allocate(world, 100)
        free(world, block)
        try:
            free(world, block)
        except LsassTerminated as end:
            return str(end).partition(" at 0x")[0]
        return len(world.told(DoubleFree)), world.check()

    return scenario


def foreign_free(pair: Callable[[World], Pair]) -> Callable[[World], object]:
    def scenario(world: World) -> object:
        allocate, free = pair(world)
        block = allocate(world, 100)
        assert block is not None
        try:
            free(world, block + 16)
        except LsassTerminated as end:
            return str(end).partition(" at 0x")[0]
        return len(world.told(ForeignFree)), world.check()

    return scenario


TWICE: dict[object, object] = {"ignore": (1, []), "terminate": "heap corruption: double free"}
FOREIGN: dict[object, object] = {"ignore": (1, []), "terminate": "heap corruption: free of a foreign pointer"}


def null_free(pair: Callable[[World], Pair]) -> Callable[[World], object]:
    def scenario(world: World) -> object:
        pair(world)[1](world, None)
        return len(world.told(NullFree)), len(world.told(BlockFreed))

    return scenario


def zero_length(pair: Callable[[World], Pair]) -> Callable[[World], object]:
    return lambda world: pair(world)[0](world, 0) is not None


def alignment(pair: Callable[[World], Pair]) -> Callable[[World], object]:
    return lambda world: distance(world, lambda world: pair(world)[0](world, 1))


def contents(pair: Callable[[World], Pair]) -> Callable[[World], object]:
    """The first 16 bytes were somebody's, the other 16 nobody's."""

    def scenario(world: World) -> object:
        allocate, free = pair(world)
        block = allocate(world, 16)
        assert block is not None
        world.memory.space.write(block.address, b"s" * 16)
        free(world, block)
        assert allocate(world, 32) == block
        return world.memory.space.read(block.address, 32)

    return scenario


CONTENTS = {"previous": b"s" * 16 + bytes(16), "zero": bytes(32), "pattern": PATTERN * 32}
