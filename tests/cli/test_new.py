"""`lsart new`: what it writes works."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import lsart
from lsart.cli import main


@pytest.fixture(autouse=True)
def empty_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)


def test_a_new_package_passes_its_own_test(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "smart_card"]) == 0
    assert "pytest" in capsys.readouterr().out
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path / "smart_card")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


@pytest.mark.parametrize("source", ["smart_card", "smart_card/scenario.toml", "smart_card/smart_card.py:SmartCard"])
def test_a_new_package_runs_however_it_is_named(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "smart_card"]) == 0
    assert main(["stress", source, "--calls", "2", "--quiet"]) == 0, capsys.readouterr().err


def test_nothing_of_the_sample_is_left_in_it(tmp_path: Path) -> None:
    assert main(["new", "smart_card", "--directory", "deep/down"]) == 0
    written = {each.name: each.read_text("utf-8") for each in (tmp_path / "deep" / "down").iterdir()}
    assert sorted(written) == ["package.toml", "scenario.toml", "smart_card.py", "test_smart_card.py"]
    assert [name for name, text in written.items() if "minimal" in text.lower()] == []
    info = lsart.run(name_of, tmp_path / "deep" / "down")
    assert info == "smart_card"


async def name_of(directory: Path) -> str:
    async with lsart.open_lsa(directory) as lsa:
        return lsa.packages[0].info.name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("My-Card", "Did you mean 'my_card'?"),
        ("SmartCard", "Did you mean 'smart_card'?"),
        ("2fa", "Did you mean 'fa'?"),
        ("class", "no Python keyword"),
        ("random", "is a module of Python"),
        ("minimal", "is installed already"),
        ("x" * 120, "too long"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_one_that_can(
    name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", name]) == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_already_is_not_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "card").mkdir()
    (tmp_path / "card" / "notes.txt").write_text("mine", encoding="utf-8")
    assert main(["new", "card"]) == 2
    assert "card is there already" in capsys.readouterr().err
    assert [each.name for each in (tmp_path / "card").iterdir()] == ["notes.txt"]


def test_an_empty_directory_is_filled(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    assert main(["new", "card", "-d", "here"]) == 0
    assert (tmp_path / "here" / "package.toml").is_file()


@pytest.mark.skipif(os.name != "posix", reason="a path below a device")
def test_a_place_that_cannot_be_written_is_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "card", "--directory", "/dev/null/card"]) == 2
    assert "the package /dev/null/card cannot be written" in " ".join(capsys.readouterr().err.split())
