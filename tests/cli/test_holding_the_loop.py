"""A package that never gives up the loop: the first Ctrl-C cannot end it, and the person is told what can."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lsart.cli import _reminder as reminder

HOLDS = """
import sys
class Holds:
    async def SpInitialize(self, package_id, parameters, table):
        pass
    async def LsaApCallPackageUntrusted(self, client_request, submit_buffer, client_base, length):
        print("serving", file=sys.stderr, flush=True)
        while True:
            pass
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGINT to send to another process")
def test_whoever_stops_a_package_that_holds_the_loop_is_told_to_insist(tmp_path: Path) -> None:
    package = tmp_path / "holds.py"
    package.write_text(HOLDS, encoding="utf-8")
    program = "import sys; from lsart.cli import main; sys.exit(main())"
    with subprocess.Popen(
        [sys.executable, "-c", program, "stress", f"{package}:Holds", "--clients", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "serving\n"
        process.send_signal(signal.SIGINT)
        told = process.stderr.readline()
        assert told == "lsart: stopping at the next turn of the loop; press Ctrl-C again to insist\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "")
    assert "interrupted: this is the run so far" in out


def test_whoever_is_obeyed_within_a_second_is_told_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with reminder.Reminder("insist") as reminded:
        reminded.start()
    with reminder.Reminder("insist"):
        pass
    assert capsys.readouterr().err == ""
