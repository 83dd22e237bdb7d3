"""What must hold of an allocator between two calls, checked by walking all of it. For tests and for diagnosis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lsart.memory._allocator import Allocator
    from lsart.memory._runs import Run


def broken_invariants(allocator: Allocator, *, lazy_bins: int) -> Iterator[str]:
    """One message for each breach. Looks only at private state and changes none."""
    runs = [run for _, run in sorted(allocator._runs.items())]
    yield from _broken_runs(allocator, runs)
    yield from _broken_ring(allocator, runs)
    yield from _broken_bins(allocator, runs, lazy_bins)
    live = sum(run.end - run.start for run in runs if run.size)
    if allocator._live_bytes != live:
        yield f"{live} bytes are live, but the count says {allocator._live_bytes}"
    blocks = sum(1 for run in runs if run.size)
    if allocator.live_blocks != blocks:
        yield f"{blocks} blocks are live, but runs without holes makes {allocator.live_blocks}"


def _broken_runs(allocator: Allocator, runs: list[Run]) -> Iterator[str]:
    """Every run by itself, then that they tile the bytes below the top, and the top lies in the extent."""
    mask = allocator._mask
    for start, run in allocator._runs.items():
        if run.start != start:
            yield f"the run filed under {start} says that it starts at {run.start}"
        if run.start & mask:
            yield f"the run at {run.start} is not aligned to {mask + 1}"
        if run.size and run.end - run.start != (run.size + mask) & ~mask:
            yield f"the block at {run.start} asked for {run.size} bytes and has {run.end - run.start}"
        if not run.size and run.owner is not None:
            yield f"the hole at {run.start} still has an owner"
    reached, after_hole = 0, False
    for run in runs:
        if run.start < reached:
            yield f"the run at {run.start} overlaps the one that ends at {reached}"
        elif run.start > reached:
            yield f"the bytes from {reached} to {run.start} belong to nobody"
        elif after_hole and not run.size:
            yield f"two holes touch at {run.start}; they should be one"
        reached, after_hole = max(reached, run.end), not run.size
    if after_hole:
        yield f"the last hole touches the top at {reached}; it should be part of the tail"
    if not reached <= allocator.extent <= allocator.limit:
        yield f"top {reached}, extent {allocator.extent} and limit {allocator.limit} are not in ascending order"


def _broken_ring(allocator: Allocator, runs: list[Run]) -> Iterator[str]:
    """The ring is the runs by address and the edge, linked both ways."""
    ring = [allocator._edge, *runs]
    for left, right in zip(ring, [*ring[1:], ring[0]], strict=True):
        if left.after is not right:
            yield f"the run that ends at {left.end} is not followed by the one at {right.start}"
        if right.before is not left:
            yield f"the run at {right.start} does not follow the one that ends at {left.end}"


def _broken_bins(allocator: Allocator, runs: list[Run], lazy_bins: int) -> Iterator[str]:
    """Every hole but the fresh one is in the bin of its size, in order; few bins are empty."""
    fresh = allocator._fresh
    if fresh is not allocator._no_hole and allocator._runs.get(fresh.start) is not fresh:
        yield f"the fresh hole at {fresh.start} is none of the runs"
    if fresh.size:
        yield f"the fresh hole at {fresh.start} is a block"
    binned = sorted((start, start + size) for size, holes in allocator._bins.items() for start in holes)
    holes = [(run.start, run.end) for run in runs if not run.size and run is not fresh]
    if binned != holes:
        yield f"the bins hold {binned}, the ring {holes}; they should name the same holes"
    for size, starts in allocator._bins.items():
        if starts != sorted(starts):
            yield f"the bin of {size} bytes is out of order: {starts}"
    if allocator._sizes != sorted(allocator._bins):
        yield f"the list of sizes is {allocator._sizes}, the bins are {sorted(allocator._bins)}"
    if sum(not starts for starts in allocator._bins.values()) > lazy_bins:
        yield f"more than {lazy_bins} bins are empty"
