"""What the pages show is what the code does."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import generate_choices_doc
import generate_slots_doc
import pytest

import lsart
from lsart.cli import main
from lsart.report import TABLES, slot_state, text_report
from lsart.runtime import implemented

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_page_of_choices_is_up_to_date() -> None:
    assert generate_choices_doc.render() == generate_choices_doc.PAGE.read_text(encoding="utf-8")


def test_the_page_of_functions_is_up_to_date() -> None:
    assert generate_slots_doc.render() == generate_slots_doc.PAGE.read_text(encoding="utf-8")


def test_the_page_of_functions_names_each_says_how_it_stands_and_links_only_to_what_is_there() -> None:
    page = generate_slots_doc.render()
    for source, slots in TABLES.items():
        for slot in slots:
            state = slot_state(slot, source, implemented())
            assert f"### {slot.index}. {slot.name} ({state})\n\n{generate_slots_doc.prose(slot.summary)}\n" in page
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= set(re.findall(r'<a id="([^"]+)">', page))
    assert page.count("\n### ") == 149
    assert "await client.LsaLookupAuthenticationPackage(lsa_handle, package_name) -> int\n" in page  # as in the code


def test_the_package_in_the_readme_has_fifteen_lines_and_answers(tmp_path: Path) -> None:
    source = next(block for block in blocks("python") if "class Echo" in block)
    code = [line for line in source.splitlines() if line.strip()]
    assert len(code) <= 16  # fifteen, and the import
    path = tmp_path / "echo.py"
    path.write_text(source, encoding="utf-8")

    async def main() -> bytes:
        async with lsart.open_lsa(f"{path}:Echo") as lsa, lsa.connect("alice") as alice:
            return (await alice.call("echo", b"hello")).data

    assert lsart.run(main) == b"hello"


def test_the_python_in_the_readme_runs_as_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    source = next(block for block in blocks("python") if "lsart.stress(" in block)
    assert len([line for line in source.splitlines() if line.strip()]) <= 12
    with pytest.warns(lsart.ContentionWarning), pytest.warns(lsart.ExhaustionWarning):
        exec(compile(source, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "ms, 0" in printed
    assert "STATUS_OBJECT_NAME_NOT_FOUND" in printed


def test_the_screen_in_the_readme_is_the_one_that_everyone_sees() -> None:
    with warnings.catch_warnings(action="ignore"):
        screen = text_report(lsart.stress("ticketcache")).plain
    assert blocks("text")[0].strip() == screen.strip()


def test_the_failure_in_the_readme_is_the_one_that_everyone_sees(capsys: pytest.CaptureFixture[str]) -> None:
    command, _, screen = blocks("console")[0].partition("\n")
    assert main([*command.removeprefix("$ lsart ").split(), "--forget"]) == 1
    differs = re.compile(r"[\d,]+/s|lsart1:\S+")  # by machine, and by the versions of trio and Python
    assert differs.sub("...", screen.strip()) == differs.sub("...", capsys.readouterr().out.strip())


def test_the_scenario_in_the_readme_loads_and_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "echo.py").write_text(next(b for b in blocks("python") if "class Echo" in b), encoding="utf-8")
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(blocks("toml")[0], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings(action="ignore", category=lsart.ContentionWarning):
        result = lsart.stress(str(scenario), clients=5, calls=4)
    assert result.summary.calls_finished == 20
    assert [each.text for each in result.thresholds] == ["p99<5ms", "lost==0"]


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("lsart/*.md")]))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", text):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
