"""What a report is made from. `lsart.stress.StressResult` has these attributes; so may anything else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from lsart.watch import RunSummary

__all__ = ["ReportInput", "ThresholdOutcome"]


class ThresholdOutcome(Protocol):
    """What became of a threshold: as it was written, what was measured, and whether it was kept."""

    @property
    def text(self) -> str: ...
    @property
    def measured(self) -> str: ...
    @property
    def passed(self) -> bool: ...


class ReportInput(Protocol):
    """A finished run.

    Attributes:
        clock: ``"virtual"`` or ``"real"``. replay_line: the command that shows exactly this run again.
        refusals: why packages did not start. problems: why the exit code is 1.
        interrupted: the run was stopped from outside; the summary covers what there was.
    """

    @property
    def scenario_name(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def clock(self) -> str: ...
    @property
    def summary(self) -> RunSummary: ...
    @property
    def thresholds(self) -> Sequence[ThresholdOutcome]: ...
    @property
    def exit_code(self) -> int: ...
    @property
    def replay_line(self) -> str: ...
    @property
    def refusals(self) -> Sequence[str]: ...
    @property
    def problems(self) -> Sequence[str]: ...
    @property
    def interrupted(self) -> bool: ...
