"""The pages on exploration: their programs run, their screens are the real ones, their commands exist.

``python tests/docs/test_exploration_pages.py`` writes the screens anew after one has changed on purpose. Speeds differ
from run to run and tokens with the versions of trio and Python, so they are not compared.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import runpy
import shlex
import sys
import tempfile
from pathlib import Path

import pytest

import lsart
from lsart.cli import main
from lsart.cli._app import app
from lsart.exploration import STRATEGIES

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*(DOCS / "exploration").glob("*.md"), DOCS / "engine.md", DOCS / "commands.md"])
WITH_SCREENS = [page for page in PAGES if "```console" in page.read_text(encoding="utf-8")]
README = DOCS / "exploration" / "README.md"

_TOKEN = re.compile(r"lsart1:[\w-]{20,}")
_SAVED = re.compile(r"as `(\w+\.py)`:\n\n```python\n(.*?)```", re.DOTALL)
_METHOD = re.compile(r"In `(\w+\.py)`, let `(\w+)` be:\n\n```python\n(.*?)```", re.DOTALL)
_SCREEN = re.compile(r"```console\n(.*?)```", re.DOTALL)
_MODULES = ("cache", "test_cache")


def _save_programs(text: str) -> None:
    for name, source in _SAVED.findall(text):
        Path(name).write_text(source, encoding="utf-8")


def _change_method(file: str, method: str, source: str) -> None:
    before = Path(file).read_text(encoding="utf-8")
    old = re.compile(rf"    async def {method}\(.*?(?=\n    async def )", re.DOTALL)
    after, count = old.subn(lambda _: source, before)
    assert count == 1, f"{file} has no method {method}"
    Path(file).write_text(after, encoding="utf-8")


def _run(command: str) -> str:
    """What a command prints, run in this process."""
    program, *arguments = shlex.split(command)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        if program == "python":
            runpy.run_path(arguments[0], run_name="__main__")
        else:
            assert program == "lsart", command
            assert main(arguments) in (0, 1), command
    for name in _MODULES:
        sys.modules.pop(name, None)
    return out.getvalue().rstrip() + "\n"


def with_real_screens(page: Path) -> str:
    """The page with what its commands print now. To be called in an empty directory, which is on the path."""
    text = page.read_text(encoding="utf-8")
    _save_programs(README.read_text(encoding="utf-8"))
    if page != README and "mended cache" in text:
        for change in _METHOD.findall(README.read_text(encoding="utf-8")):
            _change_method(*change)
    _save_programs(text)
    token = ""

    def screen(match: re.Match[str]) -> str:
        nonlocal token
        shown = ""
        for command in re.findall(r"^\$ (.*)$", match[1], re.MULTILINE):
            for change in _METHOD.findall(text[: match.start()]):
                _change_method(*change)
            own = _TOKEN.sub(token, command)  # the one of the screen before, as the page may be of another trio
            printed = _run(own)
            token = next(iter(_TOKEN.findall(printed)), token)
            shown += f"$ {own}\n{printed}"
        return f"```console\n{shown}```"

    return _SCREEN.sub(screen, text)


def _masked(text: str) -> str:
    return re.sub(r"[\d,]+/s$", "N/s", _TOKEN.sub("TOKEN", text), flags=re.MULTILINE)


def _commands(text: str) -> list[str]:
    indented = re.findall(r"^(?:    |\$ )(lsart (?:explore|replay|shrink)\b.*)$", text, re.MULTILINE)
    quoted = re.findall(r"`(lsart (?:explore|replay|shrink) [^`]*)`", text)
    return [*indented, *quoted]


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("LSART_CACHE", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.mark.parametrize("page", WITH_SCREENS, ids=lambda page: page.name)
@pytest.mark.usefixtures("empty")
def test_the_screens_on_a_page_are_the_real_ones(page: Path) -> None:
    assert _masked(page.read_text(encoding="utf-8")) == _masked(with_real_screens(page))


def test_the_test_on_the_first_page_fails_with_the_story_that_is_shown(empty: Path) -> None:
    text = README.read_text(encoding="utf-8")
    _save_programs(text)
    source = next(each for each in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "@lsart.explore" in each)
    (empty / "test_cache.py").write_text(source, encoding="utf-8")
    shown = next(each for each in re.findall(r"```text\n(.*?)```", text, re.DOTALL) if "lsart.explore(replay" in each)
    test = next(value for name, value in runpy.run_path("test_cache.py").items() if name.startswith("test_"))
    with pytest.raises(lsart.ScheduleFailure) as caught:
        test()
    sys.modules.pop("cache", None)
    assert re.sub(r"lsart1:[\w.-]+", "TOKEN", shown).strip() == _masked(str(caught.value))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_strategy_has_a_page_that_names_its_paper_or_says_that_there_is_none(strategy: str) -> None:
    page = DOCS / "exploration" / f"{'pct' if strategy == 'fair-pct' else strategy}.md"
    text = page.read_text(encoding="utf-8")
    assert strategy in text
    paper = re.search(r"\*\*Paper\.\*\*(.*?)\n\n", text, re.DOTALL)
    assert paper is not None
    assert "There is none" in paper[1] or re.search(r"[A-Z]\w+.*?\b(19|20)\d\d\b", paper[1], re.DOTALL)
    for part in ("**Finds well**", "**Misses**", "**When**", "**Options**"):
        assert part in text, f"{page.name} lacks {part}"
    assert f"]({page.name})" in README.read_text(encoding="utf-8")
    assert f"--strategy {strategy}" in text or strategy == "portfolio"  # the default


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_on_a_page_exist_and_so_do_their_options(page: Path) -> None:
    for command in _commands(page.read_text(encoding="utf-8")):
        app.parse_args(shlex.split(command)[1:], print_error=False, exit_on_error=False)


@pytest.mark.parametrize("command", ["explore", "replay", "shrink"])
def test_every_option_of_a_command_is_on_the_page_of_commands(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    section = text.partition(f"## lsart {command} ")[2].partition("\n## ")[0]
    main([command, "--help"])
    options = re.findall(r"^\W*(--[a-z-]+)", capsys.readouterr().out, re.MULTILINE)
    assert options or command == "shrink"
    assert [each for each in options if f"`{each}" not in section] == []


@pytest.mark.parametrize("page", sorted((DOCS / "exploration").glob("*.md")), ids=lambda page: page.name)
def test_links_from_the_pages_on_exploration_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


if __name__ == "__main__":
    os.environ["COLUMNS"] = "80"
    os.environ.pop("LSART_CACHE", None)
    for each in WITH_SCREENS:
        with tempfile.TemporaryDirectory() as directory, contextlib.chdir(directory):
            sys.path.insert(0, directory)
            written = with_real_screens(each)
            sys.path.remove(directory)
            if _masked(written) != _masked(each.read_text(encoding="utf-8")):
                each.write_text(written, encoding="utf-8")
                print("wrote", each.relative_to(ROOT))
