"""Operations that are visits: async functions that make calls themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

import lsart
import lsart.events
from lsart.stress import ScenarioError, load_scenario

PACKAGE = """
import lsart
import lsart.events
import trio

class Tiny:
    def SpInitialize(self, package_id, parameters, table):
        self.table = table
    def SpGetInfo(self):
        return lsart.SecPkgInfo("tiny")
    async def LsaApCallPackageUntrusted(self, client_request, submit_buffer, client_base, length):
        return await self.table.reply(client_request, submit_buffer)

async def visit(client, random, size):
    for number in range(2):
        data = random.randbytes(size)
        assert (await client.call("tiny", data, operation=f"step {number}")).data == data

async def idle(client, random, size):
    raise lsart.StatusError(lsart.STATUS_UNSUCCESSFUL)

async def breaks(client, random, size):
    return {}["nothing"]

async def waits(client, random, size):
    await trio.sleep_forever()

OPERATIONS = {"visit": visit, "idle": idle, "breaks": breaks, "waits": waits, "greet": lambda random, size: b"hi"}
"""


def scenario(directory: Path, clients: str) -> Path:
    (directory / "tiny.py").write_text(PACKAGE)
    path = directory / "calm.toml"
    path.write_text(f'[lsa]\npackages = ["tiny.py:Tiny"]\n[[clients]]\n{clients}')
    return path


def operations_of(path: Path, seed: int = 0) -> list[tuple[str, int]]:
    """What clients did, and when."""
    bus = lsart.Bus()
    found: list[tuple[str, int]] = []
    bus.subscribe(lambda event: found.append((event.operation, event.time_ns)), lsart.events.CallFinished)
    assert lsart.stress(path, seed=seed, bus=bus).exit_code == 0
    return found


@pytest.mark.parametrize("shape", ["", 'arrivals = "burst(2 every 1ms)"\n'])
def test_a_visit_makes_its_calls_and_counts_as_one_of_what_the_client_does(tmp_path: Path, shape: str) -> None:
    path = scenario(tmp_path, f'count = 2\ncalls = 3\n{shape}operations = [{{ name = "visit", size = "9B" }}]')
    found = [each for each, _ in operations_of(path)]
    visits = 3 if shape else 6  # of an open loop all together
    assert (found.count("step 0"), found.count("step 1"), len(found)) == (visits, visits, 2 * visits)


def test_visits_and_messages_go_together_and_a_seed_is_a_run(tmp_path: Path) -> None:
    path = scenario(
        tmp_path,
        'count = 3\ncalls = 10\nthink_time = "exponential(1ms)"\noperations = [{ name = "visit" }, { name = "greet" }]',
    )
    first = operations_of(path)
    assert {each for each, _ in first} == {"step 0", "step 1", "greet"}
    assert operations_of(path) == first
    assert operations_of(path, seed=1) != first


def test_a_visit_that_ends_with_a_status_is_a_result_and_lets_others_run(tmp_path: Path) -> None:
    path = scenario(tmp_path, 'count = 2\nduration = "1ms"\nthink_time = "100us"\noperations = [{ name = "idle" }]')
    assert operations_of(path) == []


def test_a_client_that_loses_patience_leaves_its_visit(tmp_path: Path) -> None:
    path = scenario(tmp_path, 'calls = 3\npatience = "1ms"\noperations = [{ name = "waits" }]')
    assert operations_of(path) == []


def test_a_visit_that_fails_otherwise_ends_the_run_with_its_name(tmp_path: Path) -> None:
    path = scenario(tmp_path, 'calls = 1\noperations = [{ name = "breaks" }]')
    with pytest.raises(lsart.ConfigurationError, match="operation 'breaks' raised KeyError: 'nothing'"):
        lsart.stress(path)


def test_what_operations_may_be_is_said_when_they_are_none(tmp_path: Path) -> None:
    path = scenario(tmp_path, "calls = 1")
    (tmp_path / "tiny.py").write_text(PACKAGE + "OPERATIONS = {'visit': 5}\n")
    with pytest.raises(ScenarioError, match=r"or async functions \(client, random, size\)"):
        load_scenario(path)


def test_schedules_of_visits_are_explored(tmp_path: Path) -> None:
    path = scenario(tmp_path, 'count = 2\ncalls = 1\noperations = [{ name = "visit" }]')
    result = lsart.explore(lsart.scenario_model(path, clients=2, calls=1), schedules=30)
    assert result.failure is None
    assert result.coverage.orders > 1
