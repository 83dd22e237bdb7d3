"""`lsart explore`, `lsart replay` and `lsart shrink`: find, show again, make small."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import attrs
from rich.console import Console
from rich.text import Text

from lsart.cli._failures import FAILED, say, width
from lsart.cli._files import ResultFile
from lsart.cli._progress import somebody_watches
from lsart.cli._terminating import terminating_is_interrupting
from lsart.contract import ConfigurationError
from lsart.exploration import (
    LONGEST,
    CampaignProgress,
    Exploration,
    Failure,
    FailureDatabase,
    ReplayDiverged,
    Token,
    decode,
    explore,
    replay,
)
from lsart.exploration import shrink as shrink_schedule
from lsart.report import exploration_report, failure_report, replay_report
from lsart.stress import duration, find_model

__all__ = ["ExploreOptions", "list_failures", "run_explore", "run_replay", "run_shrink"]

INTERRUPTED = 130


@attrs.frozen(kw_only=True)
class ExploreOptions:
    """What was asked for; see the help of the command."""

    source: str
    strategy: str
    schedules: int | None
    budget: str | None
    seed: int
    clients: int | None
    calls: int | None
    workers: int | None
    depth: int | None
    preemptions: int | None
    jobs: int
    stop_after: int
    step_limit: int | None
    time_limit: str | None
    shrinks: bool
    time_is_a_choice: bool
    labelled: bool
    torn_writes: bool
    contain: bool
    remembers: bool
    quiet: bool


def run_explore(options: ExploreOptions, out: TextIO) -> int:
    """Run a campaign and show what it came to; 1 if a schedule failed.

    Raises:
        ConfigurationError: there is nothing to explore, or not as asked.
    """
    model = find_model(
        options.source,
        clients=options.clients,
        calls=options.calls,
        workers=options.workers,
        torn_writes=options.torn_writes,
        contain_faults=options.contain,
    )
    database = FailureDatabase() if options.remembers else None
    with terminating_is_interrupting(), _progress(options) as on_progress:
        result = explore(
            model,
            strategy=options.strategy,
            schedules=options.schedules,
            seed=options.seed,
            budget=None if options.budget is None else _nanoseconds("--budget", options.budget) / 1e9,
            depth=options.depth,
            preemptions=options.preemptions,
            jobs=options.jobs,
            stop_after=options.stop_after,
            shrink=options.shrinks,
            time_is_a_choice=options.time_is_a_choice or None,
            labelled=options.labelled or None,
            step_limit=options.step_limit,
            time_limit_ns=None if options.time_limit is None else _nanoseconds("--time-limit", options.time_limit),
            database=database,
            on_progress=on_progress,
        )
    tokens = [_token(failure) for failure in result.failures]
    if options.quiet:
        for failure, token in zip(result.failures, tokens, strict=True):
            print(f"FAILURE {failure.symptom}\n  lsart replay {token}", file=out)
    else:
        _show(exploration_report(result, tokens, width=width()), out)
    return _exit_code(result)


def run_replay(token: str, break_at: str | None, best_effort: bool, out: TextIO) -> int:
    """Show a schedule again; 1 if it fails, as it did.

    Raises:
        TokenError: the token cannot be used. ConfigurationError: the model cannot be found.
    """
    known = decode(token)
    model = find_model(known.model)
    step = None if break_at is None else _step(break_at)
    try:
        result = replay(model, known, break_at=step, best_effort=best_effort)
    except ReplayDiverged as diverged:
        _show(replay_report(diverged.replay, width=width()), out)
        out.flush()
        say(f"{diverged}\n--best-effort accepts that")
        return FAILED
    _show(replay_report(result, width=width()), out)
    return FAILED if result.symptom is not None else 0


def run_shrink(token: str, out: TextIO) -> int:
    """Make a schedule small and show it; 1, as it fails.

    Raises:
        TokenError: the token cannot be used. ConfigurationError: the model cannot be found.
    """
    known = decode(token)
    failure = shrink_schedule(find_model(known.model), known)
    _show(failure_report(failure, _token(failure), width=width()), out)
    return FAILED


def list_failures(model: str | None, out: TextIO) -> int:
    """Show the failures that earlier campaigns have left in the cache directory here, of one model or of all."""
    database = FailureDatabase()
    known = [
        each for each in database.all() if model is None or each[1].model.partition("?")[0] == model.partition("?")[0]
    ]
    if not known:
        whose = "" if model is None else f" of {model}"
        print(f"no failures{whose} are known in {database.directory}", file=out)
        return 0
    for model in dict.fromkeys(token.model for _, token in known):
        print(model, file=out)
        for text, token in known:
            if token.model == model:
                file = _file_of(token)
                what = file if len(text) > LONGEST and file.is_file() else text
                print(f"  {token.steps} steps, found by {token.strategy}\n    lsart replay {what}", file=out)
    return 0


def _exit_code(result: Exploration) -> int:
    if result.failures:
        return FAILED
    return INTERRUPTED if result.is_interrupted else 0


def _token(failure: Failure) -> str:
    """What to hand to `lsart replay`: the token, or a file that holds it where it is too long to be copied."""
    line = failure.line
    if failure.fits_a_line:
        return line
    path = _file_of(failure.token)
    with ResultFile("the token", path) as file:
        file.write(line + "\n")
        file.complete()
    return str(path)


def _file_of(token: Token) -> Path:
    return Path(f"failure-{token.trace:08x}.lsart")


def _show(text: Text, out: TextIO) -> None:
    # The report has its line breaks already; rich must only colour it, and only on a terminal.
    Console(file=out, highlight=False, soft_wrap=True).print(text)


def _nanoseconds(option: str, text: str) -> int:
    try:
        return duration(text)
    except ValueError as error:
        raise ConfigurationError(f"{option}: {error}") from None


def _step(text: str) -> int:
    found = re.fullmatch(r"(?:step\s*)?(\d+)", text.strip())
    if found is None:
        raise ConfigurationError(f"--break takes a step, as 'step 17' or 17; {text!r} is none")
    return int(found[1])


@contextmanager
def _progress(options: ExploreOptions) -> Iterator[Callable[[CampaignProgress], None] | None]:
    """One line that is written over, while somebody looks."""
    if options.quiet or not somebody_watches():
        yield None
        return

    def show(stage: CampaignProgress) -> None:
        print(
            f"\r{stage.doing}: {stage.schedules:,} schedules, {stage.orders:,} orders\x1b[K",
            end="",
            file=sys.stderr,
            flush=True,
        )

    try:
        yield show
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
