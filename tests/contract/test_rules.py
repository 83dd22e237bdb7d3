"""The rules and gaps are all there, each under one id."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import lsart.contract
from lsart.contract._rules import gaps, gaps_of, rules, rules_of

DATA = Path(lsart.contract.__path__[0]) / "data"


def ids_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["id"]] if "id" in value else []
        return own + [found for each in value.values() for found in ids_in(each)]
    return [found for each in value for found in ids_in(each)] if isinstance(value, list) else []


def test_every_id_of_the_data_is_a_rule_or_a_gap_exactly_once() -> None:
    written = [found for file in DATA.glob("*.toml") for found in ids_in(tomllib.loads(file.read_text("utf-8")))]
    assert len(written) == len(set(written))
    known = [*rules(), *(each.id for each in gaps() if each.id.startswith("GAP-"))]
    assert sorted(known) == sorted(written)


def test_there_are_as_many_rules_as_the_contract_was_written_with() -> None:
    assert len(rules()) == 628
    assert [each.id for each in gaps() if each.id.startswith("GAP-")] == [f"GAP-{n}" for n in range(1, 11)]


def test_a_rule_knows_what_it_is_about_and_where_it_stands() -> None:
    rule = rules()["CSM-1"]
    assert (rule.subject, rule.source) == ("CreateSharedMemory", "LSA_SECPKG_FUNCTION_TABLE")
    assert rules()["LST-1"].subject == "LSA_SECPKG_FUNCTION_TABLE"
    assert rules()["STS-1"].subject == "statuses"
    assert {each.subject for each in rules().values() if not each.subject.strip()} == set()


def test_advice_and_availability_cannot_be_tested_and_all_else_can() -> None:
    kinds = {each.kind: each.testable for each in rules().values()}
    assert {kind for kind, testable in kinds.items() if not testable} == {"advice", "availability"}


def test_slots_of_one_name_in_two_tables_are_told_apart() -> None:
    both = rules_of("CallPackage")
    lsa = rules_of("CallPackage", "LSA_SECPKG_FUNCTION_TABLE")
    package = rules_of("CallPackage", "SECPKG_FUNCTION_TABLE")
    assert lsa
    assert package
    assert both == lsa + package


def test_gaps_have_ids_by_subject_and_number() -> None:
    texts = gaps_of("CreateSharedMemory")
    named = {each.id: each.text for each in gaps()}
    assert texts
    assert [named[f"CreateSharedMemory/{n}"] for n in range(1, len(texts) + 1)] == list(texts)
    assert len(named) == len(gaps())


def test_an_unknown_subject_has_no_rules_and_no_gaps() -> None:
    assert rules_of("NoSuchFunction") == ()
    assert gaps_of("NoSuchFunction") == ()
