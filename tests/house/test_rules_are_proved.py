"""Every testable rule of what is built has a test or a waiver, and no mark names a rule that is not there."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import mutants
import pytest
from rule_marks import marks_in, names_of_tests, rule_marks

from lsart.contract import rules, rules_of
from lsart.report import TABLES, slot_state
from lsart.runtime import implemented

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"

SERVED = implemented()
# Each testable rule must be proved, of whatever subject; what is our own inference is not asked for.
BUILT = [(name, source) for source, names in SERVED.items() for name in sorted(names)]
# Advice has no test as a rule, but this piece of advice is one of our two first screens.
ALSO = {"CSM-6"}

MARKS = rule_marks(TESTS, ROOT)
WAIVERS = tomllib.loads((TESTS / "waivers.toml").read_text("utf-8")).get("waiver", [])
MUTANTS = mutants.load()
REQUIRED = ALSO | {each.id for each in rules().values() if each.testable and each.basis != "derived"}


def test_every_function_that_is_served_has_rules() -> None:
    assert [name for name, source in BUILT if not rules_of(name, source)] == []


def test_every_function_that_has_a_page_is_served_but_those_that_lsa_never_calls() -> None:
    others = {slot_state(slot, source, SERVED) for source, slots in TABLES.items() for slot in slots} - {"served"}
    assert others == {"declared only", "never called"}


def test_a_rule_is_proved_or_waived() -> None:
    waived = {each["id"] for each in WAIVERS}
    missing = {rule: rules()[rule].text for rule in sorted(REQUIRED) if rule not in MARKS and rule not in waived}
    assert missing == {}, (
        'Mark the test that shows it: @pytest.mark.rule("ID"); or waive it in tests/waivers.toml with the reason.'
    )


def test_every_mark_names_a_rule() -> None:
    assert {rule: tests for rule, tests in MARKS.items() if rule not in rules()} == {}


def test_a_waiver_names_a_rule_once_says_why_and_is_needed() -> None:
    ids = [each["id"] for each in WAIVERS]
    assert len(ids) == len(set(ids))
    assert [each for each in ids if each not in rules()] == []
    assert [each["id"] for each in WAIVERS if len(each["reason"]) < 40] == []
    assert [each for each in ids if each in MARKS] == [], "proved by a test, so the waiver can go"


def test_a_mutant_changes_one_place_and_names_a_test_of_its_rule() -> None:
    assert len(MUTANTS) > 300
    assert [fault for each in MUTANTS for fault in (*mutants.faults_of(each), *faults_of_its_test(each))] == []


def faults_of_its_test(mutant: mutants.Mutant) -> list[str]:
    test = mutant.test.partition("[")[0]
    file, _, name = test.partition("::")
    if not (ROOT / file).is_file():
        return [f"{mutant.rule}: {file} does not exist"]
    if name not in names_in(file):
        return [f"{mutant.rule}: {file} has no {name}"]
    return [] if test in MARKS.get(mutant.rule, []) else [f"{mutant.rule}: {test} is not marked with it"]


@cache
def names_in(file: str) -> set[str]:
    return names_of_tests((ROOT / file).read_text("utf-8"))


def test_a_rule_that_a_test_marks_has_a_mutant_that_breaks_it() -> None:
    broken = {each.rule for each in MUTANTS}
    unbroken = {rule: tests for rule, tests in MARKS.items() if rule not in broken}
    assert unbroken == {}, (
        "nothing shows that these tests would notice: add to tests/mutants.d a one-line change, of the code or of a "
        "generated table, that breaks the rule"
    )


EXAMPLE = """
import pytest

@pytest.mark.rule("A-1")
@given(x=1)
async def test_plain(): ...

@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.rule("A-2"))])
def test_parameters(x): ...

@pytest.mark.rule("A-3", "A-4")
class TestClass:
    pytestmark = pytest.mark.rule("A-5")
    def test_method(self): ...

TestStates = Machine.TestCase
TestStates.pytestmark = [pytest.mark.rule("A-6")]

@pytest.mark.rule("A-7")
def helper(): ...
"""


def test_marks_are_found_wherever_pytest_takes_them() -> None:
    found: dict[str, set[str]] = {}
    for test, rule in marks_in(EXAMPLE, "t.py"):
        found.setdefault(rule, set()).add(test)
    in_class = {"t.py::TestClass", "t.py::TestClass::test_method"}
    assert found == {
        "A-1": {"t.py::test_plain"},
        "A-2": {"t.py::test_parameters"},
        "A-3": in_class,
        "A-4": in_class,
        "A-5": in_class,
        "A-6": {"t.py::TestStates"},
    }


def test_a_mark_on_the_whole_module_marks_all_its_tests() -> None:
    source = 'pytestmark = pytest.mark.rule("A-1")\ndef test_one(): ...\ndef test_two(): ...\n'
    assert list(marks_in(source, "t.py")) == [("t.py::test_one", "A-1"), ("t.py::test_two", "A-1")]


def test_a_rule_that_is_not_a_plain_string_is_refused() -> None:
    with pytest.raises(ValueError, match="plain string"):
        list(marks_in("@pytest.mark.rule(NAME)\ndef test_one(): ...\n", "t.py"))
