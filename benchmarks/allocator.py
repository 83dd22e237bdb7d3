"""How fast and how tight the section allocator is, against `multiprocessing.heap.Heap`, libc and best fit.

    python benchmarks/allocator.py [--smoke] [--check] [TRACE.rep ...]

Without files the generated traces of `_traces.py` are used. Each contestant replays the same decoded operations
in the same loop; within a round they run one after the other, so that a slow spell of the machine hits all of
them. Times are the best of the rounds; a ratio is the median over the rounds of the ratio within the round.

Ours starts with one page, passes an owner that is kept until the free, and grows by pages as a section does.
The order changes from round to round, and each starts with an empty garbage collector.
libc is called through ctypes with argtypes and restype set. Utilisation is the peak of live bytes (each block
rounded up to 16) divided by the peak extent; best fit is the plain implementation in `_traces.py`.
"""

import argparse
import ctypes
import ctypes.util
import gc
import math
import statistics
import sys
from collections.abc import Callable, Sequence
from multiprocessing.heap import Heap
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import attrs
from _traces import (
    ALLOCATE,
    FREE,
    REALLOCATE,
    Trace,
    TraceError,
    best_fit_extent,
    generated_traces,
    read_trace,
)

from lsart.memory import Allocator

PAGE = 4096
LIMIT = 1 << 32

HEAP_BAR = 3.0  # at least so many times faster than Heap
MALLOC_BAR = 2.0  # at most so many times the time of malloc and free
UTILISATION_BAR = 0.02  # at most so far below best fit, on every trace

ROUNDS = 21
SMOKE_ROUNDS = 2


@attrs.frozen
class Owner:
    """What the ledger keeps for a block; here one for all, as making it is the caller's work."""

    name: str


def replay_ours(trace: Trace) -> tuple[int, Allocator]:
    """Returns nanoseconds and the allocator as the trace left it."""
    allocator = Allocator(limit=LIMIT, extent=PAGE)
    allocate, free = allocator.allocate, allocator.free
    owner = Owner("benchmark")

    def allocate_growing(size: int) -> int:
        extent = allocator.growth_for(size)
        if extent is None:
            raise MemoryError(f"trace {trace.name} needs more than {LIMIT} bytes")
        allocator.grow(-(-extent // PAGE) * PAGE)
        offset = allocate(size, owner)
        assert offset is not None, "growth_for named an extent that is too small"
        return offset

    where = [-1] * trace.slots
    begin = perf_counter_ns()
    for kind, slot, size in trace.operations:
        if kind == ALLOCATE:
            offset = allocate(size, owner)
            where[slot] = offset if offset is not None else allocate_growing(size)
        elif kind == FREE:
            free(where[slot])
        elif kind == REALLOCATE:
            offset = allocate(size, owner)
            if offset is None:
                offset = allocate_growing(size)
            free(where[slot])
            where[slot] = offset
        else:
            free(-1)
    return perf_counter_ns() - begin, allocator


def replay_heap(trace: Trace) -> int:
    heap = Heap()
    malloc, free = heap.malloc, heap.free
    where: list[Any] = [None] * trace.slots  # Heap's blocks, of a type it keeps to itself
    begin = perf_counter_ns()
    for kind, slot, size in trace.operations:
        if kind == ALLOCATE:
            where[slot] = malloc(size)
        elif kind == FREE:
            free(where[slot])
        elif kind == REALLOCATE:
            block = malloc(size)
            free(where[slot])
            where[slot] = block
        # Heap cannot free NULL, so it is spared that.
    return perf_counter_ns() - begin


def bind_libc() -> tuple[Callable[[int], int | None], Callable[[int | None], None]]:
    """malloc and free, or OSError where the C library cannot be loaded by name."""
    name = ctypes.util.find_library("msvcrt" if sys.platform == "win32" else "c")
    libc = ctypes.CDLL(name)
    malloc, free = libc.malloc, libc.free
    malloc.argtypes, malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
    free.argtypes, free.restype = [ctypes.c_void_p], None
    return malloc, free


malloc_of_libc, free_of_libc = bind_libc()


def replay_libc(trace: Trace) -> int:
    malloc, free = malloc_of_libc, free_of_libc
    where: list[int | None] = [None] * trace.slots
    alive: set[int] = set()
    begin = perf_counter_ns()
    for kind, slot, size in trace.operations:
        if kind == ALLOCATE:
            where[slot] = malloc(size)
        elif kind == FREE:
            free(where[slot])
        elif kind == REALLOCATE:
            block = malloc(size)
            free(where[slot])
            where[slot] = block
        else:
            free(None)
    elapsed = perf_counter_ns() - begin
    # What the trace leaves alive would otherwise pile up from round to round.
    for kind, slot, _ in trace.operations:
        if kind == ALLOCATE:
            alive.add(slot)
        elif kind == FREE:
            alive.discard(slot)
    for slot in sorted(alive):
        free(where[slot])
    return elapsed


CONTESTANTS: tuple[tuple[str, Callable[[Trace], int]], ...] = (
    ("libc", replay_libc),
    ("ours", lambda trace: replay_ours(trace)[0]),
    ("heap", replay_heap),
)


@attrs.frozen
class Row:
    """What was measured on one trace."""

    name: str
    operations: int
    ours_ns: float  # per pair of allocation and free
    heap_ratio: float  # Heap's time / ours
    malloc_ratio: float  # ours / libc's time
    utilisation: float
    best_fit: float

    @property
    def difference(self) -> float:
        return self.utilisation - self.best_fit


def measure(trace: Trace, rounds: int) -> Row:
    ours: list[int] = []
    heap_ratios: list[float] = []
    malloc_ratios: list[float] = []
    for number in range(rounds):
        elapsed: dict[str, int] = {}
        for index in range(len(CONTESTANTS)):
            name, replay = CONTESTANTS[(number + index) % len(CONTESTANTS)]
            gc.collect()
            elapsed[name] = replay(trace)
        ours.append(elapsed["ours"])
        heap_ratios.append(elapsed["heap"] / elapsed["ours"])
        malloc_ratios.append(elapsed["ours"] / elapsed["libc"])
    return Row(
        name=trace.name,
        operations=len(trace.operations),
        ours_ns=min(ours) / trace.pairs,
        heap_ratio=statistics.median(heap_ratios),
        malloc_ratio=statistics.median(malloc_ratios),
        utilisation=trace.peak_live / replay_ours(trace)[1].statistics().peak_extent,
        best_fit=trace.peak_live / best_fit_extent(trace),
    )


def print_row(row: Row) -> None:
    print(
        f"{row.name:<16} {row.operations:>7,} {row.ours_ns:>9,.0f} {row.heap_ratio:>11.2f} {row.malloc_ratio:>13.2f}"
        f" {row.utilisation:>9.4f} {row.best_fit:>9.4f} {row.difference:>+10.4f}",
        flush=True,
    )


def means(values: Sequence[float]) -> tuple[float, float]:
    """Arithmetic and geometric."""
    return math.fsum(values) / len(values), math.exp(math.fsum(map(math.log, values)) / len(values))


def verdict(rows: Sequence[Row]) -> tuple[list[str], bool]:
    """A line per bar, and whether all of them hold. A mean holds if the arithmetic and the geometric one do."""
    heap = means([row.heap_ratio for row in rows])
    malloc = means([row.malloc_ratio for row in rows])
    worst = min(rows, key=lambda row: row.difference)
    outcomes = (
        (
            min(heap) >= HEAP_BAR,
            f"faster than Heap: mean {heap[0]:.2f} (geometric {heap[1]:.2f}), bar >= {HEAP_BAR:.1f}",
        ),
        (
            max(malloc) <= MALLOC_BAR,
            f"time of malloc: mean {malloc[0]:.2f} (geometric {malloc[1]:.2f}), bar <= {MALLOC_BAR:.1f}",
        ),
        (
            worst.difference >= -UTILISATION_BAR,
            f"utilisation: worst {worst.difference:+.4f} on {worst.name}, bar >= -{UTILISATION_BAR}",
        ),
    )
    lines = [f"{'PASS' if held else 'FAIL'}  {text}" for held, text in outcomes]
    return lines, all(held for held, _ in outcomes)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure the section allocator against others.")
    parser.add_argument("files", nargs="*", type=Path, metavar="TRACE", help="recorded traces; none: generated ones")
    parser.add_argument("--smoke", action="store_true", help="few rounds: shows that it runs, not how fast it is")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bar is missed")
    options = parser.parse_args(arguments)
    try:
        traces = [read_trace(path) for path in options.files] or list(generated_traces())
    except (OSError, TraceError) as error:
        parser.error(f"{error}")
    print(
        f"{'trace':<16} {'ops':>7} {'ns/pair':>9} {'Heap/ours':>11} {'ours/malloc':>13}"
        f" {'used':>9} {'best fit':>9} {'difference':>10}"
    )
    rows = []
    for trace in traces:
        rows.append(measure(trace, SMOKE_ROUNDS if options.smoke else ROUNDS))
        print_row(rows[-1])
    lines, held = verdict(rows)
    print()
    print("\n".join(lines))
    return 1 if options.check and not held else 0


if __name__ == "__main__":
    sys.exit(main())
