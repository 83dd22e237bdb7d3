"""Floor 8: results for people and for programs. Pure data in, text out."""

from lsart.report._exploration import exploration_report, failure_report, replay_report
from lsart.report._input import ReportInput, ThresholdOutcome
from lsart.report._json import SCHEMA, events_line, json_report
from lsart.report._text import text_report

__all__ = [
    "SCHEMA",
    "ReportInput",
    "ThresholdOutcome",
    "events_line",
    "exploration_report",
    "failure_report",
    "json_report",
    "replay_report",
    "text_report",
]
