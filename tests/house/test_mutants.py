"""The mutants tool tells a killed mutant from one that survives and from one that never ran."""

from __future__ import annotations

from pathlib import Path

import mutants
import pytest

GOOD = "def double(x):\n    return x + x\n"
TEST = "from code_under_test import double\n\ndef test_double():\n    assert double(3) == 6\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "code_under_test.py").write_text(GOOD, "utf-8")
    (tmp_path / "test_it.py").write_text(TEST, "utf-8")
    return tmp_path


def mutant(replace: str, find: str = "return x + x", test: str = "test_it.py::test_double") -> mutants.Mutant:
    return mutants.Mutant("A-1", test, "code_under_test.py", find, replace)


def test_a_noticed_change_is_killed_and_the_file_is_put_back(tree: Path) -> None:
    assert mutants.verdict(tree, mutant("return x + 1")) == (True, "killed")
    assert (tree / "code_under_test.py").read_text("utf-8") == GOOD


def test_a_change_that_nobody_notices_survives(tree: Path) -> None:
    assert mutants.verdict(tree, mutant("return 2 * x")) == (False, "SURVIVED")


def test_a_test_that_cannot_run_kills_nothing(tree: Path) -> None:
    killed, how = mutants.verdict(tree, mutant("return x + 1", test="test_it.py::test_other"))
    assert not killed
    assert how.startswith("NOT RUN (pytest exit 4)")


def test_an_endless_loop_is_noticed(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutants, "TIMEOUT_S", 0.01)
    assert mutants.verdict(tree, mutant("return x + 1")) == (True, "killed (time)")


def test_an_entry_that_matches_nothing_or_twice_or_changes_nothing_is_a_fault(tree: Path) -> None:
    assert mutants.faults_of(mutant("return 1"), tree) == []
    assert "occurs 0 times" in mutants.faults_of(mutant("y", find="return y"), tree)[0]
    assert "occurs 3 times" in mutants.faults_of(mutant("y", find="x"), tree)[0]
    assert "changes nothing" in mutants.faults_of(mutant("return x + x"), tree)[0]
    missing = mutants.Mutant("A-1", "t.py::t", "none.py", "a", "b")
    assert mutants.faults_of(missing, tree) == ["A-1: none.py does not exist"]


def test_lists_of_the_folder_beside_the_list_are_read_after_it(tmp_path: Path) -> None:
    entry = '[[mutant]]\nrule = "{}"\ntest = "t"\nfile = "f"\nfind = "a"\nreplace = "b"\n'
    (tmp_path / "mutants.d").mkdir()
    (tmp_path / "mutants.d" / "b.toml").write_text(entry.format("C-1"), "utf-8")
    (tmp_path / "mutants.d" / "a.toml").write_text(entry.format("B-1"), "utf-8")
    assert [each.rule for each in mutants.load(tmp_path / "mutants.toml")] == ["B-1", "C-1"]
    (tmp_path / "mutants.toml").write_text(entry.format("A-1"), "utf-8")
    assert [each.rule for each in mutants.load(tmp_path / "mutants.toml")] == ["A-1", "B-1", "C-1"]
