"""The one screen after a run: what was served, what was scarce, what to do about it, how to see it again."""

from __future__ import annotations

import shlex

from rich.text import Text

from lsart.report._input import ReportInput
from lsart.report._page import INDENT, Page
from lsart.report._parts import answers, calls, locks, machine, sections, troubles, warnings

__all__ = ["text_report"]


def text_report(result: ReportInput, *, width: int = 80) -> Text:
    """The report as lines of at most `width` columns (at least 60).

    Print it with a rich console for colour, or take ``.plain``. The last line is the command that shows exactly this
    run again; one too long for the page goes on over lines that end in a backslash, as a shell expects.
    """
    page = Page(max(width, 60))
    _title(page, result)
    page.blank()
    calls(page, result.summary, result.clock)
    answers(page, result.summary)
    for part in (sections, locks, machine, warnings):
        page.blank()
        part(page, result.summary)
    page.blank()
    troubles(page, result)
    page.blank()
    _thresholds(page, result)
    page.blank()
    _again(page, result)
    return page.text()


def _title(page: Page, result: ReportInput) -> None:
    page.line(
        (result.scenario_name, "bold"),
        f"  seed {result.seed}, {result.clock} clock",
        ("  interrupted: this is the run so far" if result.interrupted else "", "bold yellow"),
    )


def _thresholds(page: Page, result: ReportInput) -> None:
    if not result.thresholds:
        return
    longest = max(len(each.text) for each in result.thresholds)
    page.line(("Thresholds", "bold"))
    for each in result.thresholds:
        verdict = ("kept     ", "green") if each.passed else ("CROSSED  ", "bold red")
        page.line(" " * INDENT, verdict, each.text.ljust(longest), f"  measured {each.measured}")


def _again(page: Page, result: ReportInput) -> None:
    page.line(("To see exactly this run again:" if result.clock == "virtual" else "To run this again:", "dim"))
    words = [shlex.quote(word) for word in shlex.split(result.replay_line)]
    line = " " * INDENT + words[0]
    for word in words[1:]:
        if len(line) + 1 + len(word) + 2 > page.width:
            page.line((line + " \\", "bold"))
            line = " " * INDENT * 2 + word
        else:
            line += " " + word
    page.line((line, "bold"))
