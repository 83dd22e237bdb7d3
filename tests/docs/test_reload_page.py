"""The program on the page about reloading does what is printed below it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "reload.md"


def test_the_program_prints_what_is_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program, shown = re.findall(r"```\w+\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    exec(compile(program, str(PAGE), "exec"), {"__name__": "page"})  # it is the page's own
    for name in set(sys.modules) - before:
        del sys.modules[name]
    assert capsys.readouterr().out == shown
