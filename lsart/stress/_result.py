"""What a run came to: the summary, whether it is good enough, and how to see it again."""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

import attrs

from lsart.stress._thresholds import JudgedThreshold
from lsart.watch import RunSummary

__all__ = ["ExitCode", "Progress", "StressResult"]


class ExitCode(IntEnum):
    """Exit codes of ``lsart stress``. Statuses that a page documents are results and leave it 0."""

    FINE = 0
    FAILED = 1  # a package or an invariant failed
    USAGE = 2
    NOT_STARTED = 3  # a package refused, or the run ended while the packages started
    THRESHOLD = 99
    INTERRUPTED = 130


@attrs.frozen
class Progress:
    """How far a run is.

    Args:
        calls_done: calls that their clients have behind them. calls_total: None when only time ends the run.
        time_ns: nanoseconds on the run's clock.
    """

    calls_done: int
    calls_total: int | None
    time_ns: int


@attrs.frozen(kw_only=True)
class StressResult:
    """The outcome of a run.

    Args:
        scenario_name, seed, clock: which run it was. summary: everything counted.
        thresholds: each with what was measured. problems: why a package or an invariant failed; then the exit code
            is 1. refusals: why packages did not start; then it is 3 and no client came.
        interrupted: it was ended by Ctrl-C; the summary goes as far as the run did.
        exit_code: see `ExitCode`. replay_line: what to paste to see this run again.
    """

    scenario_name: str
    seed: int
    clock: Literal["virtual", "real"]
    summary: RunSummary
    thresholds: tuple[JudgedThreshold, ...]
    problems: tuple[str, ...]
    refusals: tuple[str, ...]
    interrupted: bool
    exit_code: int
    replay_line: str
