"""Floor 8: results for people and for programs. Pure data in, text out."""

from lsart.report._contract import (
    CONTRACT_SCHEMA,
    TABLES,
    ContractLine,
    contract_json,
    contract_lines,
    contract_overview,
    gap_report,
    rule_report,
    slot_report,
    slot_state,
    table_report,
)
from lsart.report._exploration import exploration_report, failure_report, replay_report
from lsart.report._input import ReportInput, ThresholdOutcome
from lsart.report._json import SCHEMA, events_line, json_report
from lsart.report._text import text_report

__all__ = [
    "CONTRACT_SCHEMA",
    "SCHEMA",
    "TABLES",
    "ContractLine",
    "ReportInput",
    "ThresholdOutcome",
    "contract_json",
    "contract_lines",
    "contract_overview",
    "events_line",
    "exploration_report",
    "failure_report",
    "gap_report",
    "json_report",
    "replay_report",
    "rule_report",
    "slot_report",
    "slot_state",
    "table_report",
    "text_report",
]
