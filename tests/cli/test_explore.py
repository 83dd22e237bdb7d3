"""`lsart explore`, `replay` and `shrink` as a person meets them: screens, exit codes, messages, files."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lsart.cli import main

MODEL = """
import os
import trio
import lsart

async def lost_update():
    balance = 0

    async def deposit():
        nonlocal balance
        await lsart.point("balance", "r")
        seen = balance
        await lsart.point("balance", "w")
        balance = seen + 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(deposit, name="ann")
        nursery.start_soon(deposit, name="bob")
    assert balance == 2, f"the balance is {balance}, not 2"

async def fine():
    await trio.sleep(1)

async def stray():
    async def fails():
        raise ValueError("no one hears")

    trio.lowlevel.spawn_system_task(fails)
    await trio.sleep(1)

async def long():
    if os.path.exists("started"):
        with open("started", "w"):
            os.unlink("started")

    async def spins():
        for _ in range(300):
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(spins)
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the models, in which the command is given."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "models.py").write_text(MODEL, encoding="utf-8")
    return tmp_path


def token_in(screen: str) -> str:
    found = re.search(r"lsart replay (\S+)", screen)
    assert found is not None, screen
    return found[1]


def found_token(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main(["explore", "models.py:lost_update", *options]) == 1
    return token_in(capsys.readouterr().out)


def test_a_failure_is_told_within_eighty_columns_and_is_exit_code_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "models.py:lost_update"]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    assert "FAILURE  AssertionError: the balance is 1, not 2" in out
    assert re.search(r"(ann|bob) runs .*is STOPPED", " ".join(out.split()))
    assert [line for line in out.splitlines() if len(line) > 80 and "lsart replay" not in line] == []


def test_the_line_shows_the_same_story_in_another_process(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    assert main(["explore", "models.py:lost_update"]) == 1
    screen = capsys.readouterr().out
    environment = {**os.environ, "PYTHONHASHSEED": "77"}
    start = "import sys; from lsart.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", start, "replay", token_in(screen)]
    again = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=here, check=False)
    assert (again.returncode, again.stderr) == (1, "")
    story = [line for line in screen.splitlines() if re.match(r" +\d+  ", line)]
    assert story
    assert [line for line in again.stdout.splitlines() if re.match(r" +\d+  ", line)] == story


def test_nothing_found_is_exit_code_zero_and_says_what_that_means(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "models.py:fine", "--strategy", "dfs"]) == 0
    assert "no schedule fails: every order between two checkpoints was tried" in capsys.readouterr().out
    assert main(["explore", "models.py:fine", "--schedules", "5"]) == 0
    assert "no failure found; that is no proof that there is none" in capsys.readouterr().out


def test_known_failures_are_listed_tried_first_and_forgotten_on_request(
    capsys: pytest.CaptureFixture[str], here: Path
) -> None:
    token = found_token(capsys)
    assert main(["explore", "--list"]) == 0
    assert token in capsys.readouterr().out
    assert main(["explore", "models.py:fine", "--list"]) == 0
    assert capsys.readouterr().out == "no failures of models.py:fine are known in .lsart_cache\n"
    assert main(["explore", "models.py:lost_update", "--schedules", "1"]) == 1
    assert "known from an earlier campaign" in capsys.readouterr().out
    found_token(capsys, "--forget")
    assert {each.name for each in here.iterdir()} <= {"models.py", ".lsart_cache", "__pycache__"}


def test_quiet_leaves_the_failure_and_the_line_to_paste(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "models.py:lost_update", "--quiet"]) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first == "FAILURE AssertionError: the balance is 1, not 2"
    assert second.startswith("  lsart replay lsart1:")


def test_two_jobs_find_what_one_finds(capsys: pytest.CaptureFixture[str]) -> None:
    one = found_token(capsys, "--forget")
    assert found_token(capsys, "--forget", "--jobs", "2") == one


def test_a_replay_stops_before_a_step_and_shows_who_waits(capsys: pytest.CaptureFixture[str]) -> None:
    token = found_token(capsys)
    assert main(["replay", token, "--break", "step 5"]) == 0
    out = capsys.readouterr().out
    assert "stopped before step 5, of" in out
    assert re.search(r"(ann|bob) can go on: next it would", out)


def test_shrink_tells_the_failure_with_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    token = found_token(capsys, "--no-shrink")
    assert main(["shrink", token]) == 1
    out = capsys.readouterr().out
    assert "Preemptions  1" in out
    assert main(["replay", token_in(out)]) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["explore"], "name what to explore"),
        (["explore", "nosuch"], "there is no package 'nosuch'"),
        (["explore", "models.py"], "async functions: lost_update"),
        (["explore", "models.py:lost_update", "--budget", "0s"], "leaves no time for a single schedule"),
        (["explore", "models.py:lost_update", "--budget", "soon"], "--budget: "),
        (["explore", "models.py:lost_update", "--strategy", "selectiv"], "Did you mean 'selective'?"),
        (["explore", "models.py:lost_update", "--clients", "3"], "only packages and scenarios take --clients"),
        (["replay", "nonsense"], "neither a token"),
        (["replay", "lsart9:AAAA"], "reads 'lsart1:' only"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_to_do(
    capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in " ".join(err.split())
    assert "Traceback" not in err


def test_a_token_that_was_cut_off_or_is_stale_is_refused(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    token = found_token(capsys)
    for cut in (1, 3, 4):
        assert main(["replay", token[:-cut]]) == 2
        assert "was cut off or changed" in " ".join(capsys.readouterr().err.split())
    assert main(["replay", token, "--break", "xyz"]) == 2
    assert "--break takes a step" in capsys.readouterr().err
    (here / "models.py").write_text(MODEL.replace("seen + 1", "seen + 2"), encoding="utf-8")
    assert main(["replay", token]) == 2
    assert "has changed since" in " ".join(capsys.readouterr().err.split())
    main(["replay", token, "--best-effort"])
    assert "runs (step" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_ends_a_campaign_with_the_summary_so_far(here: Path, jobs: str) -> None:
    code = "import sys; from lsart.cli import main\nif __name__ == '__main__': sys.exit(main(sys.argv[1:]))"
    (here / "start.py").write_text(code, encoding="utf-8")
    os.mkfifo(here / "started")
    process = subprocess.Popen(
        [sys.executable, "start.py", "explore", "models.py:long", "--budget", "1h", "--jobs", jobs],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=here,
    )
    with (here / "started").open():
        pass  # it was opened for writing: the model runs
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    assert process.returncode == 130, err
    assert "interrupted: this is the campaign so far" in out


def test_a_system_task_that_fails_is_a_failure_of_the_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "models.py:stray", "--forget"]) == 1
    out, err = capsys.readouterr()
    assert "a system task raised ValueError: no one hears" in " ".join(out.split())
    assert err == ""
