"""A package under few clients as a model: what it is made of, what counts as its failure, and how it is named."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

import lsart
from lsart.contract import ConfigurationError
from lsart.exploration import Model, explore
from lsart.stress import find_model, scenario_model

CACHE = """
import lsart

class Cache:
    async def SpInitialize(self, package_id, parameters, table):
        self.table = table
        self.section = await table.CreateSharedMemory(65536, 4096)

    def SpGetInfo(self):
        return lsart.SecPkgInfo("cache")

    async def LsaApCallPackageUntrusted(self, client_request, submit_buffer, client_base, length):
        block = await self.table.AllocateSharedMemory(self.section, 32)
        await self.table.memory.write(block, b"0" * 32)
        {body}
        await self.table.FreeSharedMemory(self.section, block)
        return None

    async def SpShutdown(self):
        await self.table.DeleteSharedMemory(self.section)
"""


def package(tmp_path: Path, body: str) -> str:
    path = tmp_path / "cache.py"
    path.write_text(CACHE.format(body=body), encoding="utf-8")
    return f"{path}:Cache"


def failure_of(model: Model) -> lsart.Failure:
    found = explore(model, schedules=100).failure
    assert found is not None
    return found


def test_four_clients_make_three_calls_each_unless_told_otherwise() -> None:
    assert scenario_model("ticketcache").name == "ticketcache?clients=4&calls=3"
    assert (
        scenario_model("ticketcache", clients=2, calls=1, workers=1).name == "ticketcache?clients=2&calls=1&workers=1"
    )


def test_a_model_is_found_again_by_its_name() -> None:
    model = scenario_model("minimal", clients=3, calls=2, torn_writes=True)
    again = find_model(model.name)
    assert (again.name, again.fingerprint) == (model.name, model.fingerprint)


def test_options_beside_the_name_win_over_those_in_it() -> None:
    assert find_model("minimal?clients=9&calls=9", clients=2).name == "minimal?clients=2&calls=9"


@pytest.mark.parametrize(
    ("text", "told"),
    [("minimal?users=3", "unknown option 'users'"), ("minimal?clients=few", "clients is a whole number, not 'few'")],
)
def test_an_option_that_makes_no_sense_is_refused(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        find_model(text)


def test_smaller_models_have_fewer_clients_or_fewer_calls() -> None:
    names = [each.name for each in scenario_model("minimal", clients=3, calls=2).smaller()]
    assert names == ["minimal?clients=2&calls=2", "minimal?clients=3&calls=1"]


def test_a_model_is_sent_to_another_process_by_name() -> None:
    model = scenario_model("minimal", clients=2, calls=1)
    assert pickle.loads(pickle.dumps(model)).name == model.name


def test_the_fingerprint_changes_with_the_source_of_the_package_and_with_the_clients(tmp_path: Path) -> None:
    first = scenario_model(package(tmp_path, "pass"))
    assert scenario_model(package(tmp_path, "pass")).fingerprint == first.fingerprint
    assert scenario_model(package(tmp_path, "pass  # mended")).fingerprint != first.fingerprint
    assert scenario_model(package(tmp_path, "pass"), clients=2).fingerprint != first.fingerprint


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("raise RuntimeError('broken')", "raised RuntimeError: broken"),
        ("await self.table.FreeSharedMemory(self.section, block)", "DoubleFree"),
        ("await self.table.AllocateLsaHeap(8)", "left .* behind"),
        ("await self.table.CreateSharedMemory(4096, 4096)", "left .* behind"),
    ],
)
def test_what_fails_a_run_of_stress_fails_a_schedule(tmp_path: Path, body: str, told: str) -> None:
    found = failure_of(scenario_model(package(tmp_path, body), clients=2, calls=1))
    assert found.symptom.kind == "PackageFault"
    assert re.search(told, found.symptom.message)


def test_a_fault_that_is_contained_fails_a_schedule_too(tmp_path: Path) -> None:
    path = tmp_path / "scenario.toml"
    cache = package(tmp_path, "raise RuntimeError('broken')")
    path.write_text(f'[lsa]\npackages = ["{cache}"]\ncontain_faults = true\n[[clients]]\ncount = 2\ncalls = 1\n')
    found = failure_of(scenario_model(str(path)))
    assert found.symptom.message.startswith("package 'cache': CallPackageUntrusted raised RuntimeError: broken in call")


def test_a_package_that_keeps_the_contract_fails_no_schedule(tmp_path: Path) -> None:
    assert not explore(scenario_model(package(tmp_path, "pass"), clients=2, calls=1), schedules=50).failures


def test_a_use_after_free_names_who_touched_the_block_where_and_who_freed_it(tmp_path: Path) -> None:
    body = "await self.table.FreeSharedMemory(self.section, block); await self.table.memory.read(block, 8)"
    found = failure_of(scenario_model(package(tmp_path, body), clients=1, calls=1))
    assert found.symptom.kind == "UseAfterFree"
    told = (
        r"read of 8 bytes at section-1\[0\] by LSA worker 1 for client-1 \(.*/cache.py, line \d+\), "
        "a block that was freed: allocated by cache with AllocateSharedMemory in call 1 of client-1, "
        "freed by cache with FreeSharedMemory in call 1 of client-1"
    )
    assert re.fullmatch(told, found.symptom.message)


@pytest.mark.parametrize(
    ("touch", "place"),
    [
        ("read(block + 8, 4)", r"read of 4 bytes at section-1\[8\]"),
        ("write(block + 15, b'x')", r"write of 1 bytes at section-1\[15\]"),
        ("read(before, 40)", r"read of 40 bytes at section-1\[0\]"),
    ],
)
def test_a_use_after_free_is_seen_at_any_byte_of_the_block(tmp_path: Path, touch: str, place: str) -> None:
    free = "await self.table.FreeSharedMemory(self.section, block)"
    if "before" in touch:  # a block that lives, and the next one was freed
        free = "before = block; block = await self.table.AllocateSharedMemory(self.section, 16); " + free
    body = free
    body += f"; await self.table.memory.{touch}"
    found = failure_of(scenario_model(package(tmp_path, body), clients=1, calls=1))
    assert found.symptom.kind == "UseAfterFree"
    assert re.match(place, found.symptom.message)
    assert "a block that was freed: allocated by cache" in found.symptom.message
    assert ("from byte 32 on" in found.symptom.message) == ("before" in touch)


def test_a_package_that_does_not_start_is_no_failure_of_a_schedule(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("class Broken:\n    async def SpInitialize(self, *_):\n        raise OSError('x')\n", "utf-8")
    with pytest.raises(ConfigurationError, match=r"did not start: .*OSError: x"):
        explore(scenario_model(f"{path}:Broken"))


FUNCTIONS = """
import lsart, trio
from lsart import Model

async def works():
    await trio.sleep(1)

@lsart.explore(schedules=3)
async def test_works():
    await works()

MODEL = Model(main=works, name="by hand")

def plain():
    pass
"""


def test_async_functions_decorated_tests_and_models_are_found_by_file_and_name(tmp_path: Path) -> None:
    path = tmp_path / "functions.py"
    path.write_text(FUNCTIONS, encoding="utf-8")
    for name in ("works", "test_works"):
        model = find_model(f"{path}:{name}")
        assert model.name == f"{path}:{name}"
        assert explore(model, schedules=3).schedules == 3
    assert find_model(f"{path}:MODEL").name == "by hand"
    with pytest.raises(ConfigurationError, match="only packages and scenarios take --clients"):
        find_model(f"{path}:works", clients=2)
    with pytest.raises(ConfigurationError, match=r"async functions: works.*lsart explore .*functions.py:works"):
        find_model(str(path))


def test_every_order_of_two_small_calls_can_be_tried() -> None:
    model = scenario_model("minimal", clients=1, calls=1)
    found = explore(model, strategy="dfs", schedules=5000)
    assert found.is_exhausted
    assert not found.failures
