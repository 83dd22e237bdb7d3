"""Thresholds: ``p99<5ms``, ``failures<1%``, ``exhaustion==0``. Each compares one number of the summary with a limit."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Literal

import attrs

from lsart.stress import _units
from lsart.stress._faults import did_you_mean
from lsart.watch import RunSummary, show_count, show_time

__all__ = ["METRICS", "JudgedThreshold", "Metric", "Threshold", "threshold"]

_EXPRESSION = re.compile(r"\s*([a-z][a-z0-9_.]*)\s*(<=|>=|==|!=|<|>)\s*(\S.*?)\s*")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@attrs.frozen
class Metric:
    """A number that a threshold can name.

    Args:
        kind: what its limit looks like: ``"duration"`` (``5ms``), ``"count"`` (``0``, or a share such as ``1%`` if
            there is an `out_of`), ``"rate"`` (``1000/s``).
        meaning: for people. measure: takes it from the summary. out_of: what a share is a share of.
        of_calls: it says something about calls that ended; without any, no limit on it is kept, as a run that tried
            nothing must not pass for a good one.
    """

    kind: Literal["duration", "count", "rate"]
    meaning: str
    measure: Callable[[RunSummary], float]
    out_of: Callable[[RunSummary], int] | None = None
    of_calls: bool = True


def _finished(summary: RunSummary) -> int:
    return summary.calls_finished


METRICS = {
    "p50": Metric("duration", "median latency of a call", lambda s: s.latency.p50),
    "p95": Metric("duration", "95th percentile of the latency", lambda s: s.latency.p95),
    "p99": Metric("duration", "99th percentile of the latency", lambda s: s.latency.p99),
    "max": Metric("duration", "the longest latency", lambda s: s.latency.max),
    "queue.p99": Metric("duration", "99th percentile of the wait for a worker", lambda s: s.workers.wait.p99),
    "queue.max": Metric("duration", "the longest wait for a worker", lambda s: s.workers.wait.max),
    "lock.p99": Metric(
        "duration",
        "99th percentile of the wait for a heap lock, of the worst lock",
        lambda s: max((each.wait.p99 for each in s.locks), default=0),
    ),
    "lock.max": Metric(
        "duration",
        "the longest wait for a heap lock",
        lambda s: max((each.wait.max for each in s.locks), default=0),
    ),
    "calls": Metric("count", "calls that ended, whatever their status", _finished, of_calls=False),
    "failures": Metric(
        "count",
        "calls that ended with a status of failure, LSA's or the package's own",
        lambda s: sum(each.count for each in s.by_status if not each.is_success),
        _finished,
    ),
    "abandoned": Metric(
        "count",
        "calls whose client had given up or ended before the reply",
        lambda s: s.calls_finished - s.calls_delivered,
        _finished,
    ),
    "waited": Metric(
        "count",
        "calls that waited for a heap lock",
        lambda s: s.lock_totals.calls_that_waited,
        lambda s: s.lock_totals.calls,
    ),
    "lost": Metric("count", "calls that began and never ended", lambda s: s.calls_lost, of_calls=False),
    "exhaustion": Metric("count", "times that something ran out", lambda s: s.exhaustions, of_calls=False),
    "contention": Metric(
        "count",
        "waits for what somebody else held, once they are worth a warning",
        lambda s: s.contentions,
        of_calls=False,
    ),
    "leaks": Metric(
        "count", "what packages left behind", lambda s: sum(each.count for each in s.leaks), of_calls=False
    ),
    "misuse": Metric(
        "count",
        "what packages did that the pages forbid",
        lambda s: sum(each.count for each in s.misuse),
        of_calls=False,
    ),
    "rate": Metric("rate", "calls that ended, per second of the run's clock", lambda s: s.rate, of_calls=False),
}
"""What thresholds can name."""


@attrs.frozen
class JudgedThreshold:
    """A threshold after the run.

    Args:
        text: as it was written. measured: what it was compared with, for people. passed: whether it holds.
    """

    text: str
    measured: str
    passed: bool


@attrs.frozen
class Threshold:
    """A limit that decides the exit code.

    Args:
        text: as it was written. metric: a key of `METRICS`. comparison: ``"<"`` and its like.
        limit: nanoseconds, a count, a rate per second, or, if `is_share`, a share from 0 to 1.
    """

    text: str
    metric: str
    comparison: str
    limit: Fraction
    is_share: bool = False

    def judge(self, summary: RunSummary) -> JudgedThreshold:
        """Compare."""
        metric = METRICS[self.metric]
        if metric.of_calls and not summary.calls_finished:
            return JudgedThreshold(self.text, "nothing: no call ended", passed=False)
        measured: float | Fraction = metric.measure(summary)
        shown = _shown(metric.kind, measured)
        if metric.out_of is not None:
            whole = metric.out_of(summary)
            share = Fraction(int(measured), whole) if whole else Fraction(0)
            shown = f"{shown} ({float(share):.2%})"
            measured = share if self.is_share else measured
        return JudgedThreshold(self.text, shown, _COMPARE[self.comparison](measured, self.limit))


def threshold(value: object) -> Threshold:
    """``"p99<5ms"`` as a `Threshold`; one passes through.

    Raises:
        ValueError: no comparison, an unknown metric, or a limit that does not suit the metric.
    """
    if isinstance(value, Threshold):
        return value
    match = _EXPRESSION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is no threshold; write a metric, a comparison and a limit, such as 'p99<5ms'")
    name, comparison, limit = match.groups()
    metric = METRICS.get(name)
    if metric is None:
        raise ValueError(f"{match[0]!r}: unknown metric {name!r}; {did_you_mean(name, METRICS)}")
    try:
        number, is_share = _limit(metric, limit)
    except ValueError as error:
        raise ValueError(f"in {match[0]!r}: {error}") from None
    return Threshold(match[0].strip(), name, comparison, number, is_share)


def _limit(metric: Metric, text: str) -> tuple[Fraction, bool]:
    if metric.kind == "duration":
        return Fraction(_units.duration(text)), False
    if metric.kind == "rate":
        return _units.rate(text), False
    if text.endswith("%"):
        if metric.out_of is None:
            raise ValueError(f"{text!r} is a share, and this metric is a plain count")
        return _number(text.removesuffix("%")) / 100, True
    return _number(text), False


def _number(text: str) -> Fraction:
    try:
        return Fraction(text.strip().replace("_", ""))
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{text!r} is no number") from None


def _shown(kind: str, measured: float | Fraction) -> str:
    if kind == "rate":
        return f"{float(measured):,.1f}/s"
    return show_time(int(measured)) if kind == "duration" else show_count(int(measured))
