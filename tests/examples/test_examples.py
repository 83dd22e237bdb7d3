"""Each example prints what the file beside it says, in a process of its own and from another directory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("[0-9]*.py"))


def test_the_examples_are_numbered_without_a_gap() -> None:
    assert [int(each.name[:2]) for each in EXAMPLES] == list(range(1, len(EXAMPLES) + 1))
    assert len(EXAMPLES) >= 7


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_what_the_file_beside_it_says(example: Path, tmp_path: Path) -> None:
    search = os.pathsep.join([str(ROOT), str(ROOT / "packages")])
    result = subprocess.run(
        [sys.executable, str(example)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": search, "PYTHONHASHSEED": "random"},
        timeout=60,
        check=False,
    )
    assert result.stderr == ""
    assert result.stdout == example.with_suffix(".out").read_text(encoding="utf-8")
    assert result.returncode == 0
