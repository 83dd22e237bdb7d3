"""The product's own list of proofs is that of the marks in the tests."""

from __future__ import annotations

import generate_proofs

from lsart.contract import proofs, rules


def test_the_list_is_what_the_marks_say() -> None:
    assert generate_proofs.FILE.read_text("utf-8") == generate_proofs.generate(), "run python tools/generate_proofs.py"


def test_each_proof_is_of_a_rule_and_is_a_test_or_a_reason() -> None:
    assert set(proofs()) <= set(rules())
    assert all(bool(each.tests) != bool(each.waived) for each in proofs().values())
    assert "tests/memory/test_section_rules.py::" in proofs()["CSM-5"].tests[0]
