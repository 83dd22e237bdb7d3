"""The screen: what it says, that it fits, and that it reads without colour."""

from __future__ import annotations

import io
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from summaries import Outcome, Result, full_summary

from lsart.report import ReportInput, text_report
from lsart.stress import StressResult
from lsart.watch import Percentiles, SectionTotals, StatusCount

GOLDEN = Path(__file__).with_name("screen.txt")

EVERYTHING = Result(
    summary=full_summary(),
    thresholds=(Outcome("p99<5ms", "31.2 \u00b5s", True), Outcome("exhaustion==0", "5,015", False)),
    exit_code=1,
    replay_line="lsart stress ticketcache --seed 0 --clients 200 --threshold 'p99 < 5ms' --threshold exhaustion==0",
    refusals=("package 'echo' did not start: SpInitialize: STATUS_NO_MEMORY: no section",),
    problems=("package ticketcache was disabled: CallPackageUntrusted raised KeyError: 7 (call 11000)",),
)
QUIET = attrs.evolve(
    full_summary(), locks=(), warnings=(), warnings_total=0, notices=(), misuse=(), leaks=(), calls_delivered=12_000
)


def lines(result: ReportInput, width: int = 80) -> list[str]:
    return text_report(result, width=width).plain.split("\n")


def accepts_what_stress_makes(result: StressResult) -> ReportInput:
    """Checked by the type checker alone: a stress result is what a report takes."""
    return result


def test_the_screen_is_this_screen() -> None:
    assert text_report(EVERYTHING).plain + "\n" == GOLDEN.read_text("utf-8")


def test_the_screen_fits_an_80_column_terminal_of_45_lines() -> None:
    shown = lines(EVERYTHING)
    assert max(len(line) for line in shown) <= 80
    assert len(shown) <= 45


@pytest.mark.parametrize("width", [60, 72, 80, 100, 132])
def test_no_line_is_wider_than_asked_for(width: int) -> None:
    assert max(len(line) for line in lines(EVERYTHING, width)) <= width


@given(st.text(min_size=1, max_size=200), st.sampled_from([60, 80]))
def test_no_name_or_reason_breaks_out_of_the_page(anything: str, width: int) -> None:
    summary = full_summary()
    summary = attrs.evolve(
        summary,
        by_status=(StatusCount(anything, anything, anything, 1, False),),
        locks=tuple(attrs.evolve(each, name=anything, longest_holder=anything) for each in summary.locks),
        sections=tuple(attrs.evolve(each, name=anything) for each in summary.sections),
        warnings=tuple(
            attrs.evolve(each, cause=anything, subject=anything, message=anything, worst_offender=anything)
            for each in summary.warnings
        ),
    )
    result = Result(
        summary=summary,
        scenario_name=anything,
        thresholds=(Outcome(anything, anything, True),),
        refusals=(anything,),
        problems=(anything,),
    )
    shown = lines(result, width)
    assert max(cell_len(line) for line in shown) <= width
    assert all(character.isprintable() for line in shown for character in line)


def test_a_terminal_of_latin_1_can_show_it() -> None:
    text_report(EVERYTHING).plain.encode("latin-1")


def test_colour_changes_no_character() -> None:
    out = io.StringIO()
    Console(file=out, width=80, no_color=True, force_terminal=False).print(text_report(EVERYTHING))
    assert out.getvalue() == GOLDEN.read_text("utf-8")
    coloured = io.StringIO()
    Console(file=coloured, width=80, force_terminal=True, color_system="standard").print(text_report(EVERYTHING))
    assert "\x1b[" in coloured.getvalue()


def test_the_last_lines_are_the_command_to_paste() -> None:
    shown = lines(EVERYTHING)
    first = next(index for index, line in enumerate(shown) if line.startswith("  lsart stress"))
    command = " ".join(line.removesuffix("\\").strip() for line in shown[first:])
    assert command == EVERYTHING.replay_line
    assert all(line.endswith(" \\") for line in shown[first:-1])


def test_a_quiet_run_says_that_there_are_no_warnings_and_leaves_out_what_is_empty() -> None:
    text = text_report(Result(summary=QUIET)).plain
    assert "Warnings  none" in text
    for absent in ("Heap locks", "Failed", "Noticed", "Thresholds", "client that had gone", "LOST"):
        assert absent not in text


def test_lost_calls_are_shouted() -> None:
    assert "3 LOST" in text_report(Result(summary=attrs.evolve(QUIET, calls_lost=3))).plain


def test_the_clock_is_named_beside_the_latency() -> None:
    assert "max 111 \u00b5s   (virtual)" in text_report(Result(summary=QUIET)).plain
    real = text_report(Result(summary=QUIET, clock="real")).plain
    assert "max 111 \u00b5s   (real)" in real
    assert "exactly" not in real  # a real run is never quite the same again


def test_a_problem_of_several_lines_keeps_them_and_how_far_they_are_set_in() -> None:
    long = "LSA worker 1 waits for Lock 'directory', held by LSA worker 2, and will never have it again"
    shown = lines(Result(summary=QUIET, problems=(f"deadlock at virtual time 3 ms:\n  {long}\n  b waits for Event",)))
    first = shown.index("Failed") + 1
    assert shown[first : first + 5] == [
        "  - deadlock at virtual time 3 ms:",
        "      LSA worker 1 waits for Lock 'directory', held by LSA worker 2, and will",
        "        never have it again",
        "      b waits for Event",
        "",
    ]


def test_an_interrupted_run_says_so_first() -> None:
    assert "interrupted" in lines(Result(summary=QUIET, interrupted=True))[0]


def test_a_resource_that_is_far_from_its_limit_is_not_shown_but_commit_always_is() -> None:
    shown = text_report(Result(summary=full_summary())).plain
    assert "commit limit" in shown
    assert "handles" in shown
    assert "paged pool" not in shown


def test_thousands_of_sections_are_one_row_and_their_sum() -> None:
    totals = SectionTotals(
        created=1024, deleted=0, live=1024, max_size=1 << 28, committed=1 << 26, live_blocks=0, live_bytes=0
    )
    shown = lines(Result(summary=attrs.evolve(QUIET, section_totals=totals, sections=QUIET.sections * 16)))
    row = shown.index(next(line for line in shown if line.startswith("Sections")))
    assert shown[row + 2].split() == ["all", "1,024", "256", "MiB", "64.0", "MiB"]
    assert shown[row + 3] == ""


def test_many_statuses_end_in_one_line_for_the_rest() -> None:
    rows = tuple(StatusCount(f"STATUS_{n:02}", "", "op", 100 - n, False) for n in range(9))
    shown = text_report(Result(summary=attrs.evolve(QUIET, by_status=rows))).plain
    assert "5 other statuses" in shown
    assert "STATUS_03" in shown
    assert "STATUS_04" not in shown


def test_more_warnings_than_fit_are_counted() -> None:
    summary = full_summary()
    many = attrs.evolve(summary, warnings=summary.warnings * 4, warnings_total=31)
    assert "and 27 more, see --json" in text_report(Result(summary=many)).plain


def test_a_run_of_nothing_has_a_screen_too() -> None:
    empty = attrs.evolve(
        QUIET,
        duration_ns=0,
        calls_started=0,
        calls_finished=0,
        calls_delivered=0,
        rate=0.0,
        by_status=(),
        latency=Percentiles(),
        sections=(),
        section_totals=SectionTotals(
            created=0, deleted=0, live=0, max_size=0, committed=0, live_blocks=0, live_bytes=0
        ),
        machine=(),
    )
    assert lines(Result(summary=empty)) == [
        "ticketcache  seed 0, virtual clock",
        "",
        "Calls     0 finished in 0 ns (virtual), 0/s, none lost",
        "Latency   p50 0 ns   p95 0 ns   p99 0 ns   max 0 ns   (virtual)",
        "",
        "Warnings  none",
        "",
        "To see exactly this run again:",
        "  lsart stress ticketcache --seed 0",
    ]
