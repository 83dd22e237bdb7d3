"""`--contain`: a package that raises an exception stays in use, so that a run shows what comes after."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

import lsart
from lsart.cli import main
from lsart.exploration import explore, replay
from lsart.stress import find_model, scenario_model, stress

# Every second call fails; the fourth finds what three left behind.
PACKAGE = """
import trio

class Moody:
    def __init__(self):
        self.calls = 0
        self.is_stuck = trio.Event()

    def SpInitialize(self, package_id, parameters, table):
        self.table = table

    async def LsaApCallPackageUntrusted(self, request, message, base, length):
        self.calls += 1
        if self.calls % 2:
            raise KeyError("moody")
        if self.calls == DEADLY:
            await self.is_stuck.wait()
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "moody.py").write_text("DEADLY = 0\n" + PACKAGE, "utf-8")
    (tmp_path / "deadly.py").write_text("DEADLY = 4\n" + PACKAGE, "utf-8")
    return "moody.py:Moody"


def test_a_run_goes_on_and_has_failed_all_the_same(package: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stress", package, "--clients", "2", "--calls", "5", "--contain"]) == 1
    out = capsys.readouterr().out
    assert "5 x FaultContained" in out
    assert "disabled" not in out
    assert main(["stress", package, "--clients", "2", "--calls", "5"]) == 1
    out = capsys.readouterr().out
    assert "9 calls met a package that was disabled" in out


def test_the_line_to_see_a_run_again_says_so(package: str) -> None:
    result = stress(package, clients=2, calls=5, contain_faults=True, seed=7)
    words = shlex.split(result.replay_line)
    assert words[-1] == "--contain"
    assert "--contain" not in stress(package, clients=2, calls=5).replay_line
    in_python = stress(lsart.PackageSpec(package), clients=2, calls=5, contain_faults=True)
    assert in_python.replay_line.endswith("contain_faults=True)")


def test_exploring_goes_past_a_fault_and_finds_what_is_behind_it(package: str) -> None:
    model = scenario_model("deadly.py:Moody", clients=2, calls=3, contain_faults=True)
    assert model.name == "deadly.py:Moody?clients=2&calls=3&contain=1"
    (failure,) = explore(model, schedules=5, shrink=False).failures
    assert failure.symptom.kind == "deadlock"
    (without,) = explore(scenario_model("deadly.py:Moody", clients=2, calls=3), schedules=5, shrink=False).failures
    assert without.symptom.kind == "PackageFault"
    again = replay(find_model(failure.token.model), failure.token)
    assert again.symptom is not None
    assert again.symptom.kind == "deadlock"


def test_a_schedule_with_nothing_worse_fails_at_its_end(package: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["explore", package, "--clients", "2", "--calls", "2", "--schedules", "5", "--no-shrink", "--forget"]
    assert main([*command, "--contain"]) == 1
    assert "FaultContained" in capsys.readouterr().out
    assert main(command) == 1
    assert "FAILURE  PackageFault: package 'moody': CallPackageUntrusted raised" in capsys.readouterr().out


def test_smaller_models_contain_faults_too(package: str) -> None:
    model = scenario_model(package, clients=3, calls=2, contain_faults=True)
    assert {each.name.endswith("&contain=1") for each in model.smaller()} == {True}


def test_other_processes_contain_faults_too(package: str) -> None:
    model = scenario_model("deadly.py:Moody", clients=2, calls=3, contain_faults=True)
    (failure,) = explore(model, schedules=200, jobs=2, shrink=False).failures
    assert failure.symptom.kind == "deadlock"
