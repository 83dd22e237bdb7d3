"""Traces for the allocator benchmark: reading recorded ones, generating others, and what best fit needs.

A recorded trace is text: four header lines (heap size hint, ids, operations, weight), then one operation a
line: `a id size` allocates, `r id size` reallocates, `f id` frees, `f -1` frees NULL.
"""

import bisect
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

HEADER_LINES = 4
ALIGNMENT = 16

# Kinds of a decoded operation. The replay loops test them in this order, the most frequent first.
ALLOCATE, FREE, REALLOCATE, FREE_NULL = range(4)

Operation = tuple[int, int, int]  # kind, slot, size


class TraceError(ValueError):
    """A trace that cannot be replayed; the message names the file, the line and what was expected there."""


@attrs.frozen
class Trace:
    """A trace decoded once, so that replaying it costs every contestant the same small loop."""

    name: str
    operations: list[Operation]
    slots: int  # how many ids are used, numbered from 0
    pairs: int  # how many blocks are allocated in all
    peak_live: int  # bytes, each block rounded up to ALIGNMENT


def rounded(size: int) -> int:
    return (size + ALIGNMENT - 1) & -ALIGNMENT


class _Decoder:
    """Resolves ids and what is alive, so that `r` of a dead id is an allocation before anyone is timed."""

    def __init__(self) -> None:
        self._slots: dict[int, int] = {}
        self._sizes: dict[int, int] = {}  # slot -> rounded size while alive
        self._live = 0
        self._peak = 0
        self._pairs = 0
        self._operations: list[Operation] = []

    def allocate(self, ident: int, size: int) -> None:
        if self._slots.get(ident) in self._sizes:
            raise TraceError(f"id {ident} is allocated while it is still alive; free it first")
        slot = self._slots.setdefault(ident, len(self._slots))
        self._begin(slot, size)
        self._operations.append((ALLOCATE, slot, max(size, 1)))

    def reallocate(self, ident: int, size: int) -> None:
        slot = self._slots.get(ident)
        if slot is None or slot not in self._sizes:
            self.allocate(ident, size)
            return
        old = self._sizes[slot]
        self._begin(slot, size)
        self._live -= old  # after the new block began: for a moment both are alive, as in a copy
        self._operations.append((REALLOCATE, slot, max(size, 1)))

    def free(self, ident: int) -> None:
        slot = self._slots.get(ident)
        if slot is None or slot not in self._sizes:
            self._operations.append((FREE_NULL, 0, 0))
            return
        self._live -= self._sizes.pop(slot)
        self._operations.append((FREE, slot, 0))

    def trace(self, name: str) -> Trace:
        return Trace(name, self._operations, len(self._slots), self._pairs, self._peak)

    def _begin(self, slot: int, size: int) -> None:
        self._sizes[slot] = rounded(max(size, 1))
        self._live += self._sizes[slot]
        self._peak = max(self._peak, self._live)
        self._pairs += 1


def read_trace(path: Path) -> Trace:
    """Read a recorded trace. Raises OSError, or TraceError naming the first line that is wrong."""
    decoder = _Decoder()
    lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    for number, line in enumerate(lines[HEADER_LINES:], start=HEADER_LINES + 1):
        try:
            match line.split():
                case []:
                    continue
                case ["a", ident, size]:
                    decoder.allocate(int(ident), int(size))
                case ["r", ident, size]:
                    decoder.reallocate(int(ident), int(size))
                case ["f", ident]:
                    decoder.free(int(ident))
                case _:
                    raise TraceError(f"{line!r} is none of 'a id size', 'r id size', 'f id'")
        except ValueError as error:
            raise TraceError(f"{path}:{number}: {error}") from None
    return decoder.trace(path.stem)


def generated_traces(seed: int = 0) -> Iterator[Trace]:
    """The generated traces, each from its own stream of the seed, so that adding one changes no other.

    Sizes run from a few bytes to tens of kilobytes: what a section holds is messages and tickets.
    """
    generators: dict[str, Callable[[_Decoder, random.Random], None]] = {
        "uniform-small": _uniform_small,
        "power-law": _power_law,
        "lifo": _lifo,
        "fifo": _fifo,
        "ramp": _ramp,
        "two-size": _two_size,
        "phases": _phases,
        "growing": _growing,
        "calls": _calls,
        "ticket-cache": _ticket_cache,
    }
    for name, generate in generators.items():
        decoder = _Decoder()
        generate(decoder, random.Random(f"{seed}/{name}"))
        yield decoder.trace(name)


def _churn(decoder: _Decoder, rng: random.Random, size: Callable[[], int], *, count: int, alive: int) -> None:
    """Allocate `count` blocks, freeing a random one whenever `alive` are alive; free the rest at the end."""
    live: list[int] = []
    for ident in range(count):
        if len(live) >= alive:
            index = rng.randrange(len(live))
            live[index], live[-1] = live[-1], live[index]
            decoder.free(live.pop())
        decoder.allocate(ident, size())
        live.append(ident)
    for ident in live:
        decoder.free(ident)


def _uniform_small(decoder: _Decoder, rng: random.Random) -> None:
    _churn(decoder, rng, lambda: rng.randint(1, 256), count=4000, alive=600)


def _power_law(decoder: _Decoder, rng: random.Random) -> None:
    _churn(decoder, rng, lambda: min(int(16 * rng.paretovariate(1.1)), 65536), count=4000, alive=500)


def _lifo(decoder: _Decoder, rng: random.Random) -> None:
    stack: list[int] = []
    for ident in range(4000):
        while stack and rng.random() < 0.48:
            decoder.free(stack.pop())
        decoder.allocate(ident, rng.randint(16, 4096))
        stack.append(ident)
    while stack:
        decoder.free(stack.pop())


def _fifo(decoder: _Decoder, rng: random.Random) -> None:
    for ident in range(4000):
        decoder.allocate(ident, rng.randint(64, 4096))
        if ident >= 300:
            decoder.free(ident - 300)
    for ident in range(3700, 4000):
        decoder.free(ident)


def _ramp(decoder: _Decoder, rng: random.Random) -> None:
    """Fill, drain in random order to a residue, fill with larger blocks: what is left splits the space."""
    live: list[int] = []
    ident = 0
    for round_number in range(6):
        for _ in range(600):
            decoder.allocate(ident, rng.randint(16, 256 << round_number))
            live.append(ident)
            ident += 1
        rng.shuffle(live)
        while len(live) > 60:
            decoder.free(live.pop())
    for ident in live:
        decoder.free(ident)


def _two_size(decoder: _Decoder, rng: random.Random) -> None:
    """Small and large alternate, the small ones are freed, then blocks that need two neighbours merged."""
    ident = 0
    for _ in range(8):
        small = [ident + 2 * index for index in range(150)]
        large = [ident + 2 * index + 1 for index in range(150)]
        for low, high in zip(small, large, strict=True):
            decoder.allocate(low, 64)
            decoder.allocate(high, 448)
        for gone in (*small, *large[::2]):
            decoder.free(gone)
        merged = range(ident + 300, ident + 375)
        for new in merged:
            decoder.allocate(new, 512)
        for gone in (*large[1::2], *merged):
            decoder.free(gone)
        ident += 375


def _phases(decoder: _Decoder, rng: random.Random) -> None:
    """The sizes in demand change from phase to phase while a tenth of each phase's blocks outlives it."""
    live: list[int] = []
    ident = 0
    for sizes in ((24, 40), (100, 200), (32, 48), (900, 1500), (16, 2048), (64, 128)):
        for _ in range(600):
            if len(live) > 400 and rng.random() < 0.6:
                decoder.free(live.pop(rng.randrange(len(live))))
            decoder.allocate(ident, rng.randint(*sizes))
            live.append(ident)
            ident += 1
        rng.shuffle(live)
        while len(live) > 60:
            decoder.free(live.pop())
    for ident in live:
        decoder.free(ident)


def _growing(decoder: _Decoder, rng: random.Random) -> None:
    """A hundred buffers at a time, each doubled whenever it is full and freed at a size of its own."""
    capacity: dict[int, int] = {}
    begun = 0
    for _ in range(4000):
        if len(capacity) < 100:
            decoder.allocate(begun, 32)
            capacity[begun] = 32
            begun += 1
            continue
        chosen = rng.choice(list(capacity))
        if capacity[chosen] >= 32768 or rng.random() < 0.15:
            del capacity[chosen]
            decoder.free(chosen)
        else:
            capacity[chosen] *= 2
            decoder.reallocate(chosen, capacity[chosen])
    for ident in capacity:
        decoder.free(ident)


def _calls(decoder: _Decoder, rng: random.Random) -> None:
    """Eight workers, each with a request and then a reply buffer, on top of what idle clients keep."""
    kept = 500
    for ident in range(kept):
        decoder.allocate(ident, rng.randint(64, 512))
    ident = kept
    request: dict[int, int] = {}  # worker -> ident
    for _ in range(3500):
        worker = rng.randrange(8)
        if worker not in request:
            request[worker] = ident
            decoder.allocate(ident, rng.choice((256, 512, 1536, 4096)))
        else:
            decoder.allocate(ident, rng.randint(64, 2048))
            decoder.free(ident)
            decoder.free(request.pop(worker))
        ident += 1
    for left in (*range(kept), *request.values()):
        decoder.free(left)


def _ticket_cache(decoder: _Decoder, rng: random.Random) -> None:
    """Each call takes a request and a reply buffer; tickets live until the least recent is evicted."""
    budget = 1024 * 1024
    cache: dict[int, int] = {}  # ident -> size, least recently used first
    cached = 0
    ident = 0
    for _ in range(2000):
        request, reply = ident, ident + 1
        decoder.allocate(request, rng.choice((256, 512, 1536, 4096)))
        if cache and rng.random() < 0.55:
            used = rng.choice(list(cache))
            cache[used] = cache.pop(used)
        else:
            size = min(int(rng.lognormvariate(7.6, 0.7)), 65535)  # median 2 KB, as a Kerberos ticket with groups
            while cached + size > budget:
                oldest = next(iter(cache))
                cached -= cache.pop(oldest)
                decoder.free(oldest)
            decoder.allocate(ident + 2, size)
            cache[ident + 2] = size
            cached += size
        decoder.allocate(reply, rng.randint(64, 2048))
        decoder.free(request)
        decoder.free(reply)
        ident += 3
    for left in cache:
        decoder.free(left)


class BestFit:
    """Address-ordered best fit with immediate coalescing, plainly written: the yardstick for space.

    The space beyond the last block is without end and is used when no hole fits.
    """

    def __init__(self) -> None:
        self._holes: list[tuple[int, int]] = []  # (size, offset), sorted
        self._hole_at: dict[int, int] = {}  # offset -> size
        self._hole_before: dict[int, int] = {}  # end -> offset
        self._sizes: dict[int, int] = {}
        self._top = 0
        self.peak_extent = 0

    def allocate(self, size: int) -> int:
        size = rounded(size)
        index = bisect.bisect_left(self._holes, (size, 0))
        if index == len(self._holes):
            offset = self._top
            self._top += size
            self.peak_extent = max(self.peak_extent, self._top)
        else:
            hole, offset = self._holes[index]
            self._remove(hole, offset)
            if hole > size:
                self._insert(hole - size, offset + size)
        self._sizes[offset] = size
        return offset

    def free(self, offset: int) -> None:
        size = self._sizes.pop(offset)
        if (before := self._hole_before.get(offset)) is not None:
            size += offset - before
            self._remove(offset - before, before)
            offset = before
        if (after := self._hole_at.get(offset + size)) is not None:
            self._remove(after, offset + size)
            size += after
        if offset + size == self._top:
            self._top = offset
        else:
            self._insert(size, offset)

    def _insert(self, size: int, offset: int) -> None:
        bisect.insort(self._holes, (size, offset))
        self._hole_at[offset] = size
        self._hole_before[offset + size] = offset

    def _remove(self, size: int, offset: int) -> None:
        del self._holes[bisect.bisect_left(self._holes, (size, offset))]
        del self._hole_at[offset]
        del self._hole_before[offset + size]


def best_fit_extent(trace: Trace) -> int:
    """The peak extent of best fit on this trace, in bytes."""
    heap = BestFit()
    where = [0] * trace.slots
    for kind, slot, size in trace.operations:
        if kind == ALLOCATE:
            where[slot] = heap.allocate(size)
        elif kind == FREE:
            heap.free(where[slot])
        elif kind == REALLOCATE:
            new = heap.allocate(size)
            heap.free(where[slot])
            where[slot] = new
    return heap.peak_extent
