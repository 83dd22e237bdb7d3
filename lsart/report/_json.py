"""Reports for programs. docs/json.md describes every field; a test holds the two together."""

from __future__ import annotations

import json
from typing import Any

import attrs

from lsart._version import __version__
from lsart.events import Event, event_record
from lsart.report._input import ReportInput

__all__ = ["SCHEMA", "events_line", "json_report"]

SCHEMA = "lsart.stress/1"
"""Name and version of the schema. The number changes when a field goes or changes its meaning, not when one comes."""


def json_report(result: ReportInput) -> dict[str, Any]:
    """The whole result as plain data in a stable order, for ``json.dumps``: the same run gives the same text."""
    return {
        "schema": SCHEMA,
        "lsart": __version__,
        "scenario": result.scenario_name,
        "seed": result.seed,
        "clock": result.clock,
        "replay": result.replay_line,
        "exit_code": result.exit_code,
        "interrupted": result.interrupted,
        "refusals": list(result.refusals),
        "problems": list(result.problems),
        "thresholds": [
            {"text": each.text, "measured": each.measured, "passed": each.passed} for each in result.thresholds
        ],
        "summary": attrs.asdict(result.summary, value_serializer=lambda _, __, value: _plain(value)),
    }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def events_line(event: Event) -> str:
    """The event as one line of JSON without its line end: ``event`` and ``time_ns`` first, then its own fields.

    Only ASCII is used, so the line is the same in any encoding.
    """
    return json.dumps(event_record(event), separators=(",", ":"))
