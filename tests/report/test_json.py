"""The JSON report has exactly the documented fields, in a stable order, and survives the trip through text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import attrs
import pytest
from summaries import Outcome, Result, full_summary

import lsart.events
from lsart.events import BlockFreed, Event, HostileWrite, Origin, SlotCalled
from lsart.report import SCHEMA, events_line, json_report

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "json.md").read_text("utf-8").partition("## The contract")[0]
RESULT = Result(
    summary=full_summary(),
    thresholds=(Outcome("p99<5ms", "31.2 \u00b5s", True),),
    refusals=("package 'echo' did not start",),
    problems=("package ticketcache was disabled",),
)
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "count": (int,),
    "ns": (int,),
    "bytes": (int,),
    "bytes or count": (int,),
    "number": (float, int),
}


def documented() -> dict[str, str]:
    """Path to type, from the rows of the page's tables."""
    rows = re.findall(r"^\| `([a-z_.\[\]0-9]+)` \| ([a-z ]+) \|", PAGE, re.MULTILINE)
    return dict(rows)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each, f"{path}[]")
    else:
        yield path, value


def test_the_report_has_the_documented_fields_in_the_documented_order() -> None:
    found = list(dict.fromkeys(path for path, _ in leaves(json_report(RESULT))))
    assert found == list(documented())


def test_each_field_has_its_documented_type() -> None:
    types = documented()
    for path, value in leaves(json_report(RESULT)):
        assert type(value) in TYPES[types[path]], f"{path} is {value!r}, documented as {types[path]}"


def test_each_documented_type_says_what_it_is() -> None:
    assert set(documented().values()) <= set(TYPES)


def test_it_survives_the_trip_through_text() -> None:
    report = json_report(RESULT)
    assert json.loads(json.dumps(report)) == report
    assert json.dumps(report) == json.dumps(json_report(RESULT))


def test_the_schema_is_named_first_and_on_the_page() -> None:
    assert next(iter(json_report(RESULT).items())) == ("schema", SCHEMA)
    assert f"`{SCHEMA}`" in PAGE


def test_the_summary_has_every_field_of_the_run_summary() -> None:
    assert list(json_report(RESULT)["summary"]) == [field.name for field in attrs.fields(type(full_summary()))]


ORIGIN = Origin("ticketcache", 7, "client-3", "FreeSharedMemory", 1200)
FREED = BlockFreed(time_ns=1200, heap="section-1", address=65_536, size=200, origin=ORIGIN)


def test_an_event_is_the_line_that_the_page_shows() -> None:
    assert f"    {events_line(FREED)}\n" in PAGE


def test_an_event_is_one_ascii_line_whatever_is_in_it() -> None:
    event = SlotCalled(time_ns=0, slot="AllocateLsaHeap", arguments=("a\nb", "\u00e9", "\ud800"), origin=ORIGIN)
    line = events_line(event)
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line)["arguments"] == ["a\nb", "\u00e9", "\ud800"]


def test_an_event_starts_with_its_name_and_time() -> None:
    written = HostileWrite(time_ns=5, client="mallory", section="section-1", offset=0, data="ff")
    assert events_line(written).startswith('{"event":"HostileWrite","time_ns":5,')


EVENTS = [
    each
    for each in (getattr(lsart.events, name) for name in lsart.events.__all__)
    if isinstance(each, type) and issubclass(each, Event)
]


def is_plain(hint: Any) -> bool:
    """Whether JSON can carry every value of a type."""
    if get_origin(hint) is Literal:
        return all(isinstance(each, str | int) for each in get_args(hint))
    if get_args(hint):  # tuple[str, ...], int | None
        return get_origin(hint) in (tuple, UnionType) and all(is_plain(e) for e in get_args(hint) if e is not ...)
    return hint in (str, int, bool, float, NoneType, Origin)


def test_the_check_of_types_knows_what_json_cannot_carry() -> None:
    assert [is_plain(each) for each in (int | None, tuple[str, ...], Literal["a"], Origin)] == [True] * 4
    assert [is_plain(each) for each in (bytes, object, int | bytes, tuple[bytes, ...], dict[str, int])] == [False] * 5


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_every_event_holds_only_what_json_can_carry(kind: type[Event]) -> None:
    hints = get_type_hints(kind)
    assert [name for name, hint in hints.items() if not is_plain(hint)] == []
