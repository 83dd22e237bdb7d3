"""Each way a command can end: its exit code, and one message that says what, where and what to do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lsart import ConfigurationError, InternalError
from lsart.cli import main

PACKAGES = """
import signal
import trio
import lsart

class Fine:
    async def SpInitialize(self, package_id, parameters, table):
        self.table = table
    async def LsaApCallPackageUntrusted(self, client_request, submit_buffer, client_base, length):
        return None

class Raises(Fine):
    async def SpInitialize(self, package_id, parameters, table):
        raise ValueError("no configuration")

class Returns(Fine):
    async def SpInitialize(self, package_id, parameters, table):
        return lsart.STATUS_INSUFFICIENT_RESOURCES

class NoFunction(Fine):
    SpInitialize = 5

class Yields(Fine):
    async def SpInitialize(self, package_id, parameters, table):
        yield

class Hangs(Fine):
    async def SpInitialize(self, package_id, parameters, table):
        await trio.sleep_forever()

class Takes(Fine):
    def SpGetInfo(self):
        return lsart.SecPkgInfo("minimal")

class Faults(Fine):
    async def LsaApCallPackageUntrusted(self, client_request, submit_buffer, client_base, length):
        raise KeyError("ticket")

class Interrupts(Fine):
    def __init__(self, number=signal.SIGINT):
        self.number, self.calls = number, 0
    async def LsaApCallPackageUntrusted(self, client_request, submit_buffer, client_base, length):
        self.calls += 1
        if self.calls == 30:
            signal.raise_signal(self.number)

class Terminates(Interrupts):
    def __init__(self):
        super().__init__(signal.SIGTERM)
"""


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty directory with packages.py, a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("LSART_TRACEBACK", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "packages.py").write_text(PACKAGES, encoding="utf-8")


Ending = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ending(capsys: pytest.CaptureFixture[str]) -> Ending:
    """Run a command; exit code, standard output, and standard error with its lines joined."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        assert [line for line in (out + err).splitlines() if len(line) > 80] == []
        return code, out, " ".join(err.split())

    return run


def test_an_unknown_package_is_a_usage_error_with_the_nearest_name(ending: Ending) -> None:
    code, out, err = ending("stress", "tiketcache")
    assert (code, out) == (2, "")
    assert err.startswith("lsart: error: there is no package 'tiketcache'. Did you mean 'ticketcache'? Installed: ")


def test_an_unknown_command_names_the_nearest_and_the_help(ending: Ending) -> None:
    code, _, err = ending("stres", "minimal")
    assert code == 2
    assert 'Did you mean "stress"?' in err
    assert err.endswith("Try: lsart --help")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--clients", "0"], "--clients. Must be >= 1."),
        (["--calls", "many"], 'unable to convert "many" into int'),
        (["--clock", "sundial"], 'Choose from: "virtual", "real".'),
        (["--sed", "1"], "Did you mean --seed?"),
        (["-W", "loudly"], 'Choose from: "error", "ignore".'),
        (["--duration", "5 parsecs"], "unknown unit of time 'parsecs'"),
        (["--threshold", "p98<5ms"], "did you mean 'p99'?"),
    ],
)
def test_a_wrong_option_says_what_is_expected(ending: Ending, arguments: list[str], said: str) -> None:
    code, out, err = ending("stress", "minimal", *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_a_broken_package_toml_is_named_with_the_place_of_the_fault(ending: Ending, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "package.toml").write_text("[package\n", encoding="utf-8")
    code, _, err = ending("stress", "mine")
    assert code == 2
    assert "mine/package.toml is not valid TOML" in err.replace(os.sep, "/")
    assert "line 1" in err


def test_a_bad_scenario_lists_every_fault_with_its_path(ending: Ending, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(
        '[lsa]\npackages = ["minimal"]\nworkrs = 3\n[machine]\ncommit = "64Kippers"\n'
        "[[clients]]\ncount = -3\ncalls = 1\n",
        encoding="utf-8",
    )
    code, _, err = ending("stress", "bad.toml")
    assert code == 2
    assert "$.lsa.workrs: unknown key; did you mean 'workers'?" in err
    assert "$.machine.commit" in err
    assert "64Kippers" in err
    assert "$.clients[0].count" in err


def test_a_scenario_that_is_not_there_is_a_usage_error(ending: Ending) -> None:
    code, _, err = ending("stress", "nowhere.toml")
    assert code == 2
    assert "there is no scenario file nowhere.toml" in err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Raises", "SpInitialize: it raised ValueError: no configuration"),
        ("Returns", "SpInitialize: it returned STATUS_INSUFFICIENT_RESOURCES (0xC000009A)"),
        ("NoFunction", "SpInitialize is int 5; expected a function"),
        ("Yields", "contains a yield"),
        ("Hangs", "deadlock at virtual time 0 ns: nothing can ever happen again"),
    ],
)
def test_a_package_that_does_not_start_is_exit_code_3_and_no_empty_screen(ending: Ending, name: str, said: str) -> None:
    code, out, err = ending("stress", f"packages.py:{name}", "--threshold", "p99<5ms")
    assert (code, out) == (3, "")
    assert "did not start" in err
    assert said in err
    assert "threshold" not in err


def test_a_taken_name_is_exit_code_3_and_names_both(ending: Ending, tmp_path: Path) -> None:
    (tmp_path / "taken.toml").write_text(
        '[lsa]\npackages = ["minimal", "packages.py:Takes"]\n'
        '[[clients]]\ncount = 1\ncalls = 1\noperations = [{ name = "echo" }]\n',
        encoding="utf-8",
    )
    code, _, err = ending("stress", "taken.toml")
    assert code == 3
    assert "the name 'minimal' is taken by the package from minimal; rename one" in err


def test_a_package_that_faults_is_exit_code_1_with_the_screen_and_a_way_to_see_where(ending: Ending) -> None:
    code, out, err = ending("stress", "packages.py:Faults")
    assert code == 1
    assert "CallPackageUntrusted raised KeyError: 'ticket'" in " ".join(out.split())
    assert err == "lsart: LSART_TRACEBACK=1 shows where."


def test_the_traceback_of_a_package_is_shown_to_whoever_asks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LSART_TRACEBACK", "1")
    assert main(["stress", "packages.py:Raises", "--quiet"]) == 3
    assert 'raise ValueError("no configuration")' in caplog.text
    assert "shows where" not in capsys.readouterr().err


def test_a_crossed_threshold_is_exit_code_99(ending: Ending) -> None:
    code, out, _ = ending("stress", "minimal", "--calls", "2", "--threshold", "p99<1ns", "--threshold", "lost==0")
    assert code == 99
    assert "p99<1ns" in out
    code, out, err = ending("stress", "minimal", "--calls", "2", "--threshold", "p99<1ns", "--quiet")
    assert (code, out) == (99, "")
    assert err.startswith("lsart: error: threshold crossed: p99<1ns, measured ")


def test_a_quiet_run_that_is_fine_says_nothing(ending: Ending) -> None:
    assert ending("stress", "minimal", "--calls", "2", "--quiet") == (0, "", "")


def test_warnings_fail_a_run_only_with_w_error(ending: Ending) -> None:
    few = ("stress", "section_per_client", "--clients", "1030")
    code, out, err = ending(*few)
    assert (code, err) == (0, "")
    assert "exhaustion: machine commit limit" in out
    code, shown, err = ending(*few, "-W", "error")
    assert code == 1
    assert shown == out
    assert err == "lsart: error: -W error makes these warnings a failure: exhaustion"
    code, out, err = ending(*few, "-W", "ignore")
    assert (code, err) == (0, "")
    assert "Warnings  1, not shown" in out


def test_w_error_passes_a_run_without_warnings(ending: Ending) -> None:
    assert ending("stress", "minimal", "--calls", "1", "--clients", "1", "-Werror", "-q") == (0, "", "")


@pytest.mark.parametrize("name", ["Interrupts", "Terminates"])
def test_a_run_that_is_stopped_shows_the_summary_so_far_and_is_exit_code_130(ending: Ending, name: str) -> None:
    code, out, err = ending("stress", f"packages.py:{name}")
    assert (code, err) == (130, "")
    assert "interrupted: this is the run so far" in out
    assert "lsart stress packages.py:" in out


def test_an_error_of_our_own_asks_for_a_report_and_is_exit_code_70(
    ending: Ending, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise ExceptionGroup("tasks", [InternalError("books do not close\nat all")])

    monkeypatch.setattr("lsart.cli._list.show_packages", broken)
    code, _, err = ending("list")
    assert code == 70
    assert err.startswith("lsart: internal error: InternalError: books do not close at all. ")
    assert "please report it" in err
    assert "LSART_TRACEBACK=1" in err


def test_ctrl_c_outside_a_run_is_exit_code_130(ending: Ending, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("lsart.cli._list.show_packages", stopped)
    assert ending("list") == (130, "", "lsart: stopped")


def test_an_error_with_a_cause_tells_how_to_see_it(ending: Ending, monkeypatch: pytest.MonkeyPatch) -> None:
    def caused(*_: object) -> int:
        raise ConfigurationError("it does not import") from ImportError("x")

    monkeypatch.setattr("lsart.cli._list.show_packages", caused)
    assert ending("list") == (2, "", "lsart: error: it does not import LSART_TRACEBACK=1 shows where.")
