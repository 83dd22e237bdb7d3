"""--json and --events: complete under their name, or not there at all."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lsart.cli import main

SMALL = ["stress", "minimal", "--clients", "3", "--calls", "2"]
FULL = Path("/dev/full")
needs_full_disk = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
needs_posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")

TELLS = """
import sys
class Tells:
    async def SpInitialize(self, package_id, parameters, table):
        pass
    async def LsaApCallPackageUntrusted(self, client_request, submit_buffer, client_base, length):
        if client_request.number == 50:
            print("serving", file=sys.stderr, flush=True)
"""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "import sys; from lsart.cli import main; sys.exit(main())", *arguments]


def test_both_files_appear_under_their_names_and_nothing_else(tmp_path: Path) -> None:
    report, log = tmp_path / "run.json", tmp_path / "run.jsonl"
    assert main([*SMALL, "--quiet", "--json", str(report), "--events", str(log)]) == 0
    assert json.loads(report.read_text("utf-8"))["scenario"] == "minimal"
    events = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert events[0]["event"] == "PackageLoaded"
    assert events[-1]["event"] == "PackageUnloaded"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["run.json", "run.jsonl"]


def test_the_same_run_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        main([*SMALL, "-q", "--json", str(tmp_path / f"{name}.json"), "--events", str(tmp_path / f"{name}.jsonl")])
    assert (tmp_path / "first.jsonl").read_bytes() == (tmp_path / "second.jsonl").read_bytes()
    assert (tmp_path / "first.json").read_bytes() == (tmp_path / "second.json").read_bytes()


def test_events_do_not_mix_with_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--events=-"]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("option", ["--json", "--events"])
@pytest.mark.parametrize("source", ["own.py:Own", "own.py", "own.toml"])
def test_a_result_never_overwrites_what_is_run(
    tmp_path: Path, option: str, source: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / source.partition(":")[0]
    file.write_text("as it was", encoding="utf-8")
    assert main(["stress", source, option, file.name]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert f"{option} {file.name} would overwrite what is run; name another file" in said
    assert file.read_text(encoding="utf-8") == "as it was"


@pytest.mark.parametrize("other", ["run.json", "absent/../run.json", "link.json"])
def test_one_file_for_both_is_refused_before_the_run(
    tmp_path: Path, other: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if other == "link.json":
        Path(other).symlink_to("run.json")
    before = sorted(tmp_path.iterdir())
    assert main([*SMALL, "--json", "run.json", "--events", other]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    said = f"lsart: error: --json run.json and --events {other} are the same file; name two"
    assert " ".join(err.split()) == said
    assert sorted(tmp_path.iterdir()) == before


@needs_posix
def test_both_may_go_to_nowhere() -> None:
    assert main([*SMALL, "-q", "--json", os.devnull, "--events", os.devnull]) == 0


@needs_posix
def test_a_replaced_file_keeps_its_mode_and_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("old", encoding="utf-8")
    real.chmod(0o640)
    link.symlink_to(real)
    assert main([*SMALL, "-q", "--json", str(link)]) == 0
    assert link.is_symlink()
    assert json.loads(real.read_text("utf-8"))["exit_code"] == 0
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


@pytest.mark.parametrize("option", ["--json", "--events"])
def test_a_directory_is_told_before_the_run(tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, option, str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{option} {tmp_path} cannot be written: Is a directory." in " ".join(err.split())


@pytest.mark.parametrize("option", ["--json", "--events"])
def test_a_missing_directory_is_told_before_the_run(
    tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*SMALL, option, str(tmp_path / "absent" / "x.json")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Create the directory first" in " ".join(err.split())


@needs_posix
def test_a_place_without_permission_is_told_before_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    if os.access(closed, os.W_OK):  # the superuser is refused by very few places
        closed = Path("/sys")
        if not closed.is_dir():
            pytest.skip("nothing is closed to the superuser here")
    assert main([*SMALL, "--json", str(closed / "x.json")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Choose a place that you may write to." in " ".join(err.split())


@needs_full_disk
@pytest.mark.parametrize("option", ["--json", "--events"])
def test_a_full_disk_costs_the_file_and_not_the_screen(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, option, str(FULL)]) == 2
    out, err = capsys.readouterr()
    assert "To see exactly this run again" in out
    assert f"lsart: error: {option} {FULL} cannot be written: No space left on device." in " ".join(err.split())
    assert FULL.is_char_device()


@needs_posix
def test_a_log_that_outgrows_its_disk_is_not_left_half_written(tmp_path: Path) -> None:
    import resource

    done = subprocess.run(
        command("stress", "minimal", "--json", str(tmp_path / "run.json"), "--events", str(tmp_path / "run.jsonl")),
        capture_output=True,
        text=True,
        encoding="utf-8",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536)),
    )
    assert done.returncode == 2
    assert "To see exactly this run again" in done.stdout
    assert "run.jsonl cannot be written" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["run.json"]


@needs_full_disk
def test_a_full_disk_under_standard_output_is_one_message() -> None:
    with FULL.open("w") as full:
        done = subprocess.run(command(*SMALL), stdout=full, stderr=subprocess.PIPE, text=True, encoding="utf-8")
    assert done.returncode == 2
    assert done.stderr.startswith("lsart: error: standard output: No space left on device.")
    assert len(done.stderr.splitlines()) <= 2


@needs_posix
def test_a_reader_that_goes_away_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command("list"), stdout=writing, stderr=subprocess.PIPE, text=True, encoding="utf-8")
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


@needs_posix
@pytest.mark.parametrize(
    ("number", "at_ctrl_c"),
    [
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGTERM, signal.default_int_handler),
        # As in a command that a shell which runs a script puts into the background.
        (signal.SIGTERM, signal.SIG_IGN),
    ],
    ids=["SIGINT", "SIGTERM", "SIGTERM while SIGINT is ignored"],
)
def test_a_signal_from_outside_ends_the_run_with_the_summary_and_complete_files(
    tmp_path: Path, number: signal.Signals, at_ctrl_c: Any
) -> None:
    package = tmp_path / "tells.py"
    package.write_text(TELLS, encoding="utf-8")
    files = tmp_path / "files"
    files.mkdir()
    arguments = ["--duration", "1h", "--json", str(files / "run.json"), "--events", str(files / "run.jsonl")]
    process = subprocess.Popen(
        command("stress", f"{package}:Tells", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, at_ctrl_c),  # what the tests have would be inherited
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "serving\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted: this is the run so far" in out
    assert json.loads((files / "run.json").read_text("utf-8"))["interrupted"] is True
    assert "PackageUnloaded" in (files / "run.jsonl").read_text("utf-8").splitlines()[-1]
    assert sorted(each.name for each in files.iterdir()) == ["run.json", "run.jsonl"]
