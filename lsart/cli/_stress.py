"""`lsart stress`: run, show, write, judge."""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import attrs
from rich.console import Console

from lsart.cli._failures import FAILED, SHOWS_WHERE, OutputError, say, wants_tracebacks, width
from lsart.cli._files import ResultFile
from lsart.cli._progress import LiveProgress, somebody_watches
from lsart.cli._reminder import Reminder
from lsart.cli._terminating import terminating_is_interrupting
from lsart.contract import ConfigurationError
from lsart.events import Bus, Event
from lsart.report import events_line, json_report, text_report
from lsart.stress import ExitCode, StressResult, stress
from lsart.watch import ContentionWarning, ExhaustionWarning

__all__ = ["Options", "run_stress"]

STANDARD_OUTPUT = Path("-")
HOW_TO_INSIST = "stopping at the next turn of the loop; press Ctrl-C again to insist"


@attrs.frozen(kw_only=True)
class Options:
    """What was asked for; see the help of the command."""

    source: str
    seed: int
    clock: Literal["virtual", "real"]
    clients: int | None
    calls: int | None
    workers: int | Literal["unlimited"] | None
    duration: str | None
    contain: bool
    hostile: int | None
    thresholds: tuple[str, ...]
    json: Path | None
    events: Path | None
    warnings: Literal["error", "ignore"] | None
    quiet: bool


def run_stress(options: Options) -> int:
    """Run the scenario, show the result; the exit code.

    Raises:
        ConfigurationError: there is nothing to run. OutputError: a file cannot be written; the screen was shown.
    """
    json_to_stdout = options.json == STANDARD_OUTPUT
    if options.events == STANDARD_OUTPUT:
        raise ConfigurationError("--events needs the name of a file, as the result goes to standard output")
    if options.events is not None and not json_to_stdout and options.json is not None:
        _must_differ(options.json, options.events)
    for option, path in (("--json", options.json), ("--events", options.events)):
        if path is not None and path != STANDARD_OUTPUT:
            _must_not_replace_source(option, path, options.source)
    if wants_tracebacks():
        logging.basicConfig(format="%(message)s")
        logging.getLogger("lsart.packages").setLevel(logging.DEBUG)
    with ExitStack() as stack:
        stack.enter_context(terminating_is_interrupting())
        json_file = events_file = None
        if options.json is not None and not json_to_stdout:
            json_file = stack.enter_context(ResultFile("--json", options.json))
        if options.events is not None:
            events_file = stack.enter_context(ResultFile("--events", options.events))
        log = _EventLog(events_file)
        result = _run(options, log)
        # A run that never began has nothing to show but the reason.
        shows_screen = not options.quiet and not json_to_stdout and result.exit_code != ExitCode.NOT_STARTED
        if json_to_stdout:
            print(_as_json(result))
        elif shows_screen:
            _show(result, hides_warnings=options.warnings == "ignore")
        sys.stdout.flush()  # before anything on standard error
        if not shows_screen:
            _say_what_is_wrong(result)
        if any(" raised " in each for each in (*result.refusals, *result.problems)) and not wants_tracebacks():
            say(SHOWS_WHERE, kind="")
        # Files come last, so that a full disk costs the file and not the screen.
        if json_file is not None:
            json_file.write(_as_json(result) + "\n")
            json_file.complete()
        log.complete()
    return _exit_code(result, options)


def _must_differ(json_path: Path, events_path: Path) -> None:
    """Of two results under one name the later would take the place of the earlier."""
    target = os.path.realpath(json_path)
    is_replaced = os.path.isfile(target) or not os.path.exists(target)  # /dev/null may well be both
    if is_replaced and target == os.path.realpath(events_path):
        raise ConfigurationError(f"--json {json_path} and --events {events_path} are the same file; name two")


def _must_not_replace_source(option: str, path: Path, source: str) -> None:
    """A result must not take the place of the scenario or the package that it is the result of."""
    file = source if os.path.isfile(source) else source.rpartition(":")[0]
    if os.path.isfile(file) and os.path.realpath(file) == os.path.realpath(path):
        raise ConfigurationError(f"{option} {path} would overwrite what is run; name another file")


class _EventLog:
    """Events to a file, a line each. A full disk ends the log, not the run; `complete` tells."""

    def __init__(self, file: ResultFile | None) -> None:
        self.bus = Bus()
        self._file = file
        self._error: OutputError | None = None
        if file is not None:
            self._subscription = self.bus.subscribe(self._write)

    def _write(self, event: Event) -> None:
        assert self._file is not None
        try:
            self._file.write(events_line(event) + "\n")
        except OutputError as error:
            self._error = error
            self._subscription.cancel()

    def complete(self) -> None:
        """Give the file its name; raises the OutputError that the log met."""
        if self._error is not None:
            raise self._error
        if self._file is not None:
            self._file.complete()


def _run(options: Options, log: _EventLog) -> StressResult:
    with warnings.catch_warnings():
        # They are on the screen, with more than a line of text.
        for category in (ContentionWarning, ExhaustionWarning):
            warnings.simplefilter("ignore", category)
        shown = somebody_watches() and not options.quiet
        with LiveProgress(options.source, shown=shown) as progress, Reminder(HOW_TO_INSIST) as reminder:
            return stress(
                options.source,
                seed=options.seed,
                clock=options.clock,
                bus=log.bus,
                on_progress=progress.update if shown else None,
                clients=options.clients,
                calls=options.calls,
                workers=options.workers,
                duration=options.duration,
                hostile=options.hostile,
                thresholds=options.thresholds,
                contain_faults=options.contain,
                on_interrupt=reminder.start,
            )


def _show(result: StressResult, *, hides_warnings: bool) -> None:
    if hides_warnings:
        result = attrs.evolve(result, summary=attrs.evolve(result.summary, warnings=()))
    # The report has its line breaks already; rich must only colour it, and only on a terminal.
    Console(highlight=False, soft_wrap=True).print(text_report(result, width=width()))


def _say_what_is_wrong(result: StressResult) -> None:
    for message in (*result.refusals, *result.problems):
        say(message)
    for each in result.thresholds:
        if not each.passed and result.exit_code != ExitCode.NOT_STARTED:
            say(f"threshold crossed: {each.text}, measured {each.measured}")
    if result.interrupted:
        say("stopped; this is the run so far", kind="")


def _exit_code(result: StressResult, options: Options) -> int:
    code = result.exit_code
    if options.warnings == "error" and result.summary.warnings and code in (ExitCode.FINE, ExitCode.THRESHOLD):
        found = ", ".join(dict.fromkeys(each.category for each in result.summary.warnings))
        say(f"-W error makes these warnings a failure: {found}")
        return FAILED
    return code


def _as_json(result: StressResult) -> str:
    return json.dumps(json_report(result), indent=2)
