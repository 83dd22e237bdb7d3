"""`Choices` decides every gap of what is built: no gap without a field, no field without a gap, no idle alternative."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from rule_marks import choice_marks

from lsart.contract import NTSTATUS, STATUS_SUCCESS, ChoiceInfo, Choices, choice_infos, gaps
from lsart.runtime import implemented

ROOT = Path(__file__).resolve().parents[2]

# What is served, the load sequence, and the structures of NDIS. Each of their gaps is somebody's to decide.
SERVED = {(name, source) for source, names in implemented().items() for name in names} | {
    ("load_sequence", "load_sequence"),
    ("NDIS_SHARED_MEMORY_PARAMETERS", "ndis_shared_memory"),
    ("NDIS_SHARED_MEMORY_PROVIDER_CHARACTERISTICS", "ndis_shared_memory"),
}
OPEN = [each.id for each in gaps() if (each.subject, each.source) in SERVED]
INFOS = choice_infos()
MARKS = choice_marks(ROOT / "tests", ROOT)
PAIRS = [(info, value) for info in INFOS for value in info.alternatives]


def text(value: object) -> str:
    """How a mark names a value: a status by its name, everything else as it prints."""
    return value.name if isinstance(value, NTSTATUS) else str(value)


@pytest.mark.parametrize("gap", OPEN)
def test_a_gap_of_what_is_built_is_decided_by_a_field(gap: str) -> None:
    assert [info.name for info in INFOS if gap in info.gaps], f"no field of Choices names {gap}"


@pytest.mark.parametrize("info", INFOS, ids=lambda info: info.name)
def test_a_field_names_gaps_that_the_contract_lists(info: ChoiceInfo) -> None:
    assert info.gaps
    assert set(info.gaps) <= {each.id for each in gaps()}


@pytest.mark.parametrize("info", INFOS, ids=lambda info: info.name)
def test_a_field_says_why_its_default_is_the_default(info: ChoiceInfo) -> None:
    assert len(info.reason) > 20
    assert info.reason.endswith((".", ";"))
    assert info.default not in info.alternatives
    assert len(set(info.alternatives)) == len(info.alternatives)


@pytest.mark.parametrize(("info", "value"), PAIRS, ids=lambda each: text(getattr(each, "name", each)))
def test_an_alternative_is_shown_by_a_test(info: ChoiceInfo, value: object) -> None:
    assert (info.name, text(value)) in MARKS, (
        f"no test shows what Choices({info.name}={value!r}) changes; "
        f'mark the one that does: @pytest.mark.choice("{info.name}", "{text(value)}")'
    )


def test_a_mark_names_a_field_and_one_of_its_alternatives() -> None:
    known = {(info.name, text(value)) for info, value in PAIRS}
    assert {pair: tests for pair, tests in MARKS.items() if pair not in known} == {}


@pytest.mark.parametrize(("info", "value"), PAIRS, ids=lambda each: text(getattr(each, "name", each)))
def test_an_alternative_is_accepted(info: ChoiceInfo, value: object) -> None:
    chosen: Mapping[str, Any] = {info.name: value}
    assert getattr(Choices(**chosen), info.name) == value
    assert Choices(**chosen) != Choices()


@pytest.mark.parametrize("info", INFOS, ids=lambda info: info.name)
def test_any_other_value_is_refused_and_the_message_lists_what_is_offered(info: ChoiceInfo) -> None:
    chosen: Mapping[str, Any] = {info.name: "something else"}
    with pytest.raises(ValueError, match=rf"Choices\({info.name}='something else'\): expected one of ") as caught:
        Choices(**chosen)
    for value in (info.default, *info.alternatives):
        assert repr(value) in str(caught.value)


def test_a_field_that_does_not_exist_is_refused() -> None:
    unknown: Mapping[str, Any] = {"shared_colour": "red"}
    with pytest.raises(TypeError, match="shared_colour"):
        Choices(**unknown)


def test_a_status_may_be_given_as_the_number_it_is() -> None:
    chosen: Mapping[str, Any] = {"free_client_buffer_unknown": 0}
    status = Choices(**chosen).free_client_buffer_unknown
    assert isinstance(status, NTSTATUS)
    assert status == STATUS_SUCCESS


def test_choices_are_values_with_the_defaults_that_the_documentation_prints() -> None:
    assert Choices() == Choices()
    assert {info.name: info.default for info in INFOS} == attrs.asdict(Choices())
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Choices().shared_alignment = 8  # type: ignore[misc]  # that it cannot be done is the point
