"""docs/scenarios.md says all there is to say, and what it shows works."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest

import lsart
from lsart.stress import (
    METRICS,
    ClientGroup,
    HostileGroup,
    LsaSetup,
    Operation,
    RunLimits,
    Scenario,
    ScenarioError,
    load_scenario,
)

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "scenarios.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


@pytest.mark.parametrize(
    "part", [LsaSetup, ClientGroup, HostileGroup, RunLimits, lsart.MachineLimits, lsart.Costs], ids=lambda p: p.__name__
)
def test_every_key_is_on_the_page(part: type) -> None:
    assert [field.name for field in attrs.fields(part) if f"`{field.name}`" not in PAGE] == []


def test_every_table_is_on_the_page() -> None:
    names = [field.name for field in attrs.fields(Scenario) if field.name != "name"]
    assert [name for name in names if f"[{name}]" not in PAGE] == []
    assert all(f"{field.name}" in PAGE for field in attrs.fields(Operation))


def test_every_metric_is_on_the_page() -> None:
    assert [name for name in METRICS if f"`{name}`" not in PAGE] == []


def test_the_scenario_on_the_page_loads(tmp_path: Path) -> None:
    path = tmp_path / "shown.toml"
    path.write_text(block("toml"), encoding="utf-8")
    scenario = load_scenario(path)
    assert [group.name for group in scenario.clients] == ["user", "logon"]


def test_the_faults_on_the_page_are_the_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.toml").write_text(
        '[lsa]\npackages = ["minimal"]\n[machine]\ncommit = "64Kippers"\n'
        '[[clients]]\nthinktime = "1ms"\n[[clients]]\nname = "b"\n',
        encoding="utf-8",
    )
    with pytest.raises(ScenarioError) as caught:
        load_scenario("bad.toml")
    assert str(caught.value) == block("text").strip()


@pytest.mark.filterwarnings("ignore::lsart.ContentionWarning")
def test_the_python_on_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(block("python"), "scenarios.md", "exec"), {})
    assert capsys.readouterr().out == "0 50\n"
