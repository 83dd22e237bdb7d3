"""Events: frozen, plain enough to be written as JSON, and readable in one line."""

from __future__ import annotations

import inspect
import json
import types
import typing
from typing import Any

import attrs
import pytest

import lsart.events
from lsart.events import AllocationRefused, CallFinished, Event, MisuseEvent, Origin, describe, event_record

TYPES = [
    each
    for name in lsart.events.__all__
    if inspect.isclass(each := getattr(lsart.events, name)) and issubclass(each, Event)
]
ORIGIN = Origin("ticketcache", 7, "alice", "AllocateSharedMemory", 1_500_000)


def example(annotation: Any, name: str) -> Any:
    """A value of a field's type."""
    if annotation is Origin:
        return ORIGIN
    if isinstance(annotation, types.UnionType):
        return example(typing.get_args(annotation)[0], name)
    if typing.get_origin(annotation) is typing.Literal:
        return typing.get_args(annotation)[0]
    if typing.get_origin(annotation) is tuple:
        return ("64", "'text'")
    if annotation is Any or annotation is object:
        return 1
    return {int: 4096, str: f"some {name}", bool: True}[annotation]


def made(kind: type[Event]) -> Event:
    hints = typing.get_type_hints(kind)
    return kind(**{field.name: example(hints[field.name], field.name) for field in attrs.fields(kind)})


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
def test_an_event_is_frozen_has_a_time_and_survives_json(kind: type[Event]) -> None:
    event = made(kind)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        event.time_ns = 0  # type: ignore[misc]  # that it cannot be done is the point
    record = event_record(event)
    assert next(iter(record)) == "event"
    assert record["event"] == kind.__name__
    assert json.loads(json.dumps(record)).keys() == record.keys()
    assert made(kind) == event


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
def test_an_event_is_one_readable_line_without_the_time_twice(kind: type[Event]) -> None:
    line = describe(made(kind))
    assert "\n" not in line
    assert line.startswith(f"       0.004 ms  {kind.__name__}(")
    assert "time_ns" not in line


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
def test_an_event_says_what_it_means(kind: type[Event]) -> None:
    assert kind.__doc__
    assert len(kind.__doc__) > 15


def test_every_misuse_names_who_did_it_and_the_other_end_where_there_is_one() -> None:
    kinds = [each for each in TYPES if issubclass(each, MisuseEvent) and each is not MisuseEvent]
    ends = {
        each.__name__: [name for name, hint in typing.get_type_hints(each).items() if hint is Origin] for each in kinds
    }
    assert {name: "freed" in found for name, found in ends.items()} == dict.fromkeys(ends, True)
    assert ends["DoubleFree"] == ["freed", "allocated", "freed_before"]
    assert ends["WrongPair"] == ["freed", "allocated"]


def test_the_line_of_a_refusal_is_what_a_person_needs() -> None:
    event = AllocationRefused(
        time_ns=12_345_678,
        heap="section-1",
        size=600,
        cause="fragmented",
        largest_free=512,
        free_bytes=9000,
        committed=65536,
        max_size=65536,
        live_blocks=40,
        origin=ORIGIN,
    )
    assert describe(event) == (
        "      12.346 ms  AllocationRefused(heap=section-1, size=600, cause=fragmented, largest_free=512, "
        "free_bytes=9000, committed=65536, max_size=65536, live_blocks=40, "
        "origin=ticketcache by AllocateSharedMemory in call 7 of alice at 1.500 ms)"
    )


def test_empty_fields_are_left_out_and_zeros_are_not() -> None:
    event = CallFinished(
        time_ns=0,
        call=1,
        client="alice",
        package="cache",
        operation="",
        status=0,
        protocol_status=None,
        latency_ns=0,
        delivered=False,
    )
    assert describe(event) == (
        "       0.000 ms  CallFinished(call=1, client=alice, package=cache, status=0, latency_ns=0, delivered=False)"
    )


@pytest.mark.parametrize(
    ("origin", "text"),
    [
        (Origin("LSA"), "LSA by itself at 0.000 ms"),
        (Origin("cache", function="FreeLsaHeap", time_ns=2_000_000), "cache by FreeLsaHeap at 2.000 ms"),
        (ORIGIN, "ticketcache by AllocateSharedMemory in call 7 of alice at 1.500 ms"),
        (Origin("cache", 0, "bob"), "cache by itself in call 0 of bob at 0.000 ms"),
    ],
)
def test_an_origin_reads_as_a_sentence(origin: Origin, text: str) -> None:
    assert str(origin) == text
