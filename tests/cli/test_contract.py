"""`lsart contract`: each table, function, rule and gap can be looked up, and the sums are right."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from lsart.cli import main
from lsart.contract import gaps, rules
from lsart.report import TABLES, contract_lines
from lsart.runtime import implemented


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["contract", *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert [line for line in out.splitlines() if len(line) > 80 and "proved by" not in line] == []
    return " ".join(out.split())


def test_the_overview_has_a_line_for_each_table_and_their_sum(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(capsys)
    for source, slots in TABLES.items():
        assert f"{source} {len(slots)} " in told
    assert f"all 149 {sum(map(len, implemented().values()))} " in told
    assert "of 628 rules" in told


def test_the_lines_add_up() -> None:
    lines = contract_lines(implemented())
    assert sum(each.rules for each in lines) == len(rules()) == 628
    assert sum(each.testable for each in lines) == 604
    for each in lines:
        assert each.served <= each.slots
        assert each.proved + each.waived + each.missing <= each.testable <= each.rules
    (ndis,) = (each for each in lines if each.source == "ndis_shared_memory")
    assert (ndis.slots, ndis.served, ndis.missing) == (5, 5, 0)


def test_a_rule_is_shown_with_its_page_and_its_tests(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(capsys, "csm-5")
    assert "CSM-5 return, LSA_SECPKG_FUNCTION_TABLE, CreateSharedMemory" in told
    assert rules()["CSM-5"].text in told
    assert "nc-ntsecpkg-lsa_create_shared_memory" in told
    assert "proved by tests/memory/test_section_rules.py::test_null_when" in told
    assert "waived The page's sign of success" in shown(capsys, "FLH-4")
    assert "our own inference" in shown(capsys, "DFT-2")


def test_every_rule_gap_table_and_function_can_be_looked_up(capsys: pytest.CaptureFixture[str]) -> None:
    names = [*list(rules())[::40], *[each.id for each in gaps()][::10], *TABLES, "statuses"]
    names += [slots[0].name for slots in TABLES.values()]
    for name in names:
        assert name in shown(capsys, name)


def test_a_function_is_shown_with_what_lsart_chose_where_no_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(capsys, "CreateSharedMemory")
    assert "max_size (in ULONG), initial_size (in ULONG)" in told
    assert "on failure NULL pointer" in told
    assert "CSM-5 The result is NULL when the block was not reserved. (2 tests)" in told
    assert "lsart: " in told


def test_a_name_in_two_tables_shows_both_and_an_entry_is_found_by_its_own_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    both = shown(capsys, "CallPackage")
    assert "CallPackage LSA_SECPKG_FUNCTION_TABLE 22," in both
    assert "CallPackage SECPKG_FUNCTION_TABLE 2, served" in both
    assert "SECPKG_FUNCTION_TABLE 8, served" in shown(capsys, "SpInitialize")
    assert "declared only" in shown(capsys, "GetAppModeInfo")
    assert "never called" in shown(capsys, "ApplyControlToken")


def test_what_there_is_not_is_refused_with_what_is_near(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contract", "CreateSharedMemry"]) == 2
    assert "Did you mean CreateSharedMemory" in " ".join(capsys.readouterr().err.split())
    assert main(["contract", "zzz"]) == 2
    assert "lists the tables" in " ".join(capsys.readouterr().err.split())
    assert main(["contract", "CSM-5", "--json"]) == 2
    assert main(["contract", "zzz", "--missing"]) == 2


def test_json_has_everything_and_its_sums_are_those_of_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contract", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "lsart.contract/1"
    assert len(found["rules"]) == 628
    assert len(found["slots"]) == 149
    assert len(found["gaps"]) == len(gaps())
    (rule,) = (each for each in found["rules"] if each["id"] == "CSM-5")
    assert len(rule["tests"]) == 2
    missing = [each for each in found["rules"] if each["testable"] and each["basis"] != "derived"]
    missing = [each for each in missing if not each["tests"] and not each["waived"]]
    assert len(missing) == sum(each["missing"] for each in found["tables"])


def test_missing_lists_those_rules_by_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contract", "--missing"]) == 0
    listed = capsys.readouterr().out.splitlines()
    lines = contract_lines(implemented())
    assert len(listed) == sum(each.missing for each in lines)
    assert main(["contract", "ndis_shared_memory", "--missing"]) == 0
    assert capsys.readouterr().out == ""


def test_the_json_has_the_fields_that_are_documented(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contract", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    page = (Path(__file__).resolve().parents[2] / "docs" / "json.md").read_text("utf-8").partition("## The contract")[2]
    assert list(found) == re.findall(r"^\| `(\w+)(?:\[\])?` ", page, re.MULTILINE)
    assert list(found["tables"][0]) == re.findall(r"^\| `tables\[\]\.(\w+)` ", page, re.MULTILINE)
    for name in ("slots", "rules", "gaps"):
        (line,) = (each for each in page.splitlines() if each.startswith(f"| `{name}[]`"))
        fields = re.findall(r"`(\w+)(?:\[\])?`", line.split("|")[3])
        assert [each for each in fields if each not in ("served",)] == list(found[name][0])
