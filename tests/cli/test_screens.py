"""What commands print on 80 columns."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from lsart_packages.zoo._manifest import ZOO

from lsart import __version__
from lsart.cli import main


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--help"],
        ["stress", "--help"],
        ["new", "--help"],
        ["list", "--help"],
        ["--install-completion", "--help"],
        ["list"],
        ["list", "--all"],
        ["contract"],
        ["contract", "SECPKG_FUNCTION_TABLE"],
        ["contract", "LogonUser"],
        ["stress", "ticketcache", "--clients", "60"],
        ["stress", "section_per_client"],
        ["stress", "minimal", "--clock", "real", "--calls", "1"],
    ],
    ids=shlex.join,
)
def test_no_line_is_wider_than_the_terminal(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert [line for line in out.splitlines() if len(line) > 80] == []
    assert "\x1b" not in out  # piped: no colour, no bar


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"lsart {__version__}\n"


def test_the_list_says_what_each_package_is_and_where_it_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    assert "ticketcache one section for all clients" in " ".join(out.split())
    assert "lsart_packages.minimal, with a scenario" in out


def test_a_large_group_is_one_line_unless_all_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    assert "zoo.lock_order" not in out
    told = next(line for line in out.splitlines() if line.startswith("zoo.*"))
    assert f"{len(ZOO)} packages, from {ZOO[0].source}" in " ".join(told.split())
    assert "`lsart list --all` shows each" in " ".join(out.split())
    assert main(["list", "--all"]) == 0
    out = capsys.readouterr().out
    assert "zoo.*" not in out
    firsts = [line.split(" ")[0] for line in out.splitlines() if line and not line.startswith(" ")]
    assert [each.source for each in ZOO] == [each for each in firsts if each.startswith("zoo.")]
    assert firsts.index("ticketcache") < firsts.index(ZOO[0].source)


def test_a_package_that_does_not_load_is_listed_with_the_reason(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    information = tmp_path / "broken-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n", encoding="utf-8")
    (information / "entry_points.txt").write_text("[lsart.packages]\nbroken = absent_module:Thing\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["list"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "broken does not load: " in out
    assert "minimal echoes a message" in out


def test_the_last_line_of_the_screen_shows_the_same_run_again(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["stress", "minimal", "--seed", "7", "--clients", "5", "--calls", "3", "--threshold", "p99<1s"]
    assert main(given) == 0
    first = capsys.readouterr().out
    again = shlex.split(first.replace("\\\n", " ").splitlines()[-1])
    assert again[0] == "lsart"
    assert main(again[1:]) == 0
    assert capsys.readouterr().out == first


def test_json_takes_the_place_of_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stress", "minimal", "--calls", "1", "--json", "-"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == "lsart.stress/1"
    assert report["exit_code"] == 0


def test_completion_is_written_for_a_named_shell(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    script = tmp_path / "_lsart"
    assert main(["--install-completion", "--shell", "fish", "--output", str(script)]) == 0
    assert "stress" in script.read_text(encoding="utf-8")
    assert str(script.name) in capsys.readouterr().out
