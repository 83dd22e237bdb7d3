"""The same seed is the same run, to the byte, in every process."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import pytest

import lsart
from lsart.stress import HostileGroup, Scenario, load_scenario

RUN = """
import hashlib, json, sys, warnings
import lsart
from lsart.events import event_record
from lsart.stress import HostileGroup, Scenario, load_scenario

warnings.simplefilter("ignore")
log = hashlib.sha256()
count = 0
def tell(event):
    global count
    count += 1
    log.update(json.dumps(event_record(event), default=str).encode())
bus = lsart.Bus()
bus.subscribe(tell)
base = load_scenario(sys.argv[2])
hostile = (HostileGroup(count=3, probability=0.05, rate="poisson(5000/s)"),)
scenario = Scenario(name="x", lsa=base.lsa, clients=base.clients, accounts=base.accounts, hostile=hostile)
result = lsart.stress(scenario, seed=int(sys.argv[1]), duration="25ms", bus=bus)
print(count, log.hexdigest(), hashlib.sha256(repr(result).encode()).hexdigest())
"""


def in_a_process(seed: int, hash_seed: str, package: str = "ticketcache") -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(seed), package], capture_output=True, text=True, env=environment, check=True
    )
    return done.stdout


def test_one_seed_gives_one_event_log_in_different_processes() -> None:
    logs = [in_a_process(0, "1"), in_a_process(0, "2"), in_a_process(0, "random")]
    assert logs[0] == logs[1] == logs[2]
    assert int(logs[0].split()[0]) > 5000
    assert in_a_process(1, "1") != logs[0]


def test_one_seed_logs_the_same_people_on_in_different_processes() -> None:
    logs = [in_a_process(0, each, "password") for each in ("1", "random")]
    assert logs[0] == logs[1]
    assert int(logs[0].split()[0]) > 1000


@pytest.mark.filterwarnings("ignore::lsart.ContentionWarning")
@pytest.mark.filterwarnings("ignore::lsart.ExhaustionWarning")
def test_watching_a_run_does_not_change_it() -> None:
    def run(watched: bool) -> str:
        bus = lsart.Bus()
        if watched:
            bus.subscribe(lambda event: None)
        result = lsart.stress(
            "ticketcache", duration="25ms", bus=bus, on_progress=(lambda progress: None) if watched else None
        )
        return hashlib.sha256(repr(result).encode()).hexdigest()

    assert run(watched=True) == run(watched=False)


def test_what_one_client_draws_does_not_depend_on_the_others() -> None:
    def first_messages(clients: int) -> list[tuple[str, str]]:
        bus = lsart.Bus()
        seen: dict[str, str] = {}

        def note(event: lsart.Event) -> None:
            assert isinstance(event, lsart.events.BlockAllocated)
            seen.setdefault(event.origin.client, str(event.size))

        bus.subscribe(note, lsart.events.BlockAllocated)
        lsart.stress("minimal", clients=clients, calls=1, bus=bus)
        return sorted(seen.items())[:3]

    assert first_messages(3) == [each for each in first_messages(9) if each[0] in ("client-1", "client-2", "client-3")]


def test_a_hostile_group_does_not_change_what_the_clients_send() -> None:
    base = load_scenario("minimal")

    def sizes(hostile: tuple[HostileGroup, ...]) -> list[int]:
        bus = lsart.Bus()
        seen: list[int] = []
        bus.subscribe(lambda event: seen.append(event.size), lsart.events.BlockAllocated)
        lsart.stress(Scenario(lsa=base.lsa, clients=base.clients, hostile=hostile), calls=5, bus=bus)
        return sorted(seen)

    assert sizes(()) == sizes((HostileGroup(probability=0.5),))
