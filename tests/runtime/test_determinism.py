"""Same seed, same run, byte for byte: in other processes, under other hash seeds. Another seed, another run."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import trio
from lsart_packages.ticketcache import OPERATIONS

import lsart
from lsart.events import Bus, Event, event_record
from lsart.runtime import Costs, LsaSettings, PackageSpec

CLIENTS, CALLS = 50, 6


def event_log(seed: int) -> bytes:
    """Everything that 50 clients of a small ticket cache make happen, as JSON lines."""
    lines: list[str] = []

    def write(event: Event) -> None:
        lines.append(json.dumps(event_record(event), sort_keys=True))

    async def client(lsa: lsart.Lsa, number: int) -> None:
        chance = lsart.current().random("client", number)
        async with lsa.connect(f"client-{number}") as each:
            each.map_section("ticketcache")
            for _ in range(CALLS):
                await lsart.sleep_ns(chance.randrange(200_000))
                operation = chance.choice(["put", "put", "get", "drop"])
                message = OPERATIONS[operation](chance, chance.randrange(16, 2000))
                await each.call("ticketcache", message, operation=operation)

    async def main() -> None:
        bus = Bus()
        bus.subscribe(write)
        spec = PackageSpec("ticketcache", {"max_size": 32768, "initial_size": 4096})
        settings = LsaSettings(workers=4, costs=Costs(heap_lock=5000))
        async with lsart.open_lsa(spec, bus=bus, settings=settings) as lsa, trio.open_nursery() as nursery:
            for number in range(CLIENTS):
                nursery.start_soon(client, lsa, number)

    lsart.run(main, seed=seed)
    return "\n".join(lines).encode()


def test_three_seeds_give_three_runs_and_a_seed_gives_one() -> None:
    logs = [event_log(seed) for seed in (1, 2, 3, 1)]
    assert len(set(logs)) == 3
    assert logs[0] == logs[3]
    for name in (b"CallQueued", b"AllocationRefused", b"SectionGrew", b"LockAcquired"):
        assert name in logs[0]  # the run is worth comparing: it queued, contended, grew and ran out


def test_two_processes_with_unlike_hash_seeds_write_the_same_log() -> None:
    here = hashlib.sha256(event_log(1)).hexdigest()
    running = []
    for hash_seed in ("1", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, str(Path(__file__)), "1"]
        running.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
    assert [each.communicate(timeout=60)[0].strip() for each in running] == [here, here]


if __name__ == "__main__":
    print(hashlib.sha256(event_log(int(sys.argv[1]))).hexdigest())
