"""The parts of the screen, each from the summary alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from lsart.report._input import ReportInput
from lsart.report._page import INDENT, Page
from lsart.watch import (
    ResourceSummary,
    RunSummary,
    SectionSummary,
    StatusCount,
    show_bytes,
    show_count,
    show_share,
    show_time,
)

__all__ = ["answers", "calls", "locks", "machine", "sections", "troubles", "warnings"]

_LABEL = 10  # width of the labels of the first part
_ANSWERS = 5  # statuses shown
_ROWS = 3  # sections, and locks, shown
_WARNINGS = 4
_SAID_BY_CAUSE = ("machine", "worker pool", "reply buffers")  # subjects that the cause of a warning names already
_WORTH_A_LINE = 0.01  # share of a limit at its peak, below which a resource other than commit is not shown


def calls(page: Page, summary: RunSummary, clock: str) -> None:
    """How many, how fast, how long they took."""
    told = f"{show_count(summary.calls_finished)} finished in {show_time(summary.duration_ns)} ({clock}), "
    told += f"{show_count(round(summary.rate))}/s, "
    told += f"{show_count(summary.calls_lost)} LOST" if summary.calls_lost else "none lost"
    page.paragraph("Calls", told, label_width=_LABEL, style="bold")
    dropped = summary.calls_finished - summary.calls_delivered
    if dropped:
        page.paragraph("", f"{show_count(dropped)} of them for a client that had gone", label_width=_LABEL)
    latency = summary.latency
    figures = (("p50", latency.p50), ("p95", latency.p95), ("p99", latency.p99), ("max", latency.max))
    shown = "   ".join(f"{name} {show_time(value)}" for name, value in figures)
    page.paragraph("Latency", f"{shown}   ({clock})", label_width=_LABEL, style="bold")


def answers(page: Page, summary: RunSummary) -> None:
    """Statuses, most frequent first. A status that a page documents is a result like any other."""
    by_name: Counter[str] = Counter()
    operations: dict[str, list[str]] = {}
    for row in summary.by_status:
        by_name[_status(row)] += row.count
        names = operations.setdefault(_status(row), [])
        if row.operation and row.operation not in names:
            names.append(row.operation)
    ordered = sorted(by_name, key=lambda name: (-by_name[name], name))
    if len(ordered) > _ANSWERS:
        ordered, rest = ordered[: _ANSWERS - 1], ordered[_ANSWERS - 1 :]
        others = f"{len(rest)} other statuses"
        by_name[others] = sum(by_name[name] for name in rest)
        ordered.append(others)
    number = max((len(show_count(by_name[name])) for name in ordered), default=0)
    longest = max((len(name) for name in ordered), default=0)
    for index, name in enumerate(ordered):
        page.line(
            (("Answers" if index == 0 else "").ljust(_LABEL), "bold"),
            f"{show_count(by_name[name]):>{number}}  {show_share(by_name[name], summary.calls_finished):>6}  ",
            name.ljust(longest),
            (f"  {', '.join(operations.get(name, ()))}", "dim"),
        )


def sections(page: Page, summary: RunSummary) -> None:
    """Sizes and how the free bytes lie."""
    totals = summary.section_totals
    if not totals.created:
        return
    header = ["Sections", "size", "committed", "peak live", "largest free", "fragmented"]
    shown = summary.sections if totals.live <= _ROWS else summary.sections[:1]
    rows = [_section_row(each) for each in shown]
    if totals.live > len(shown):
        sums = [show_bytes(each) for each in (totals.max_size, totals.committed)]
        rows.append([f"all {show_count(totals.live)}", *sums, "", "", ""])
    if not rows:
        rows.append([f"none left of {show_count(totals.created)}", *[""] * 5])
    page.table(header, rows, right=frozenset(range(1, 6)))


def locks(page: Page, summary: RunSummary) -> None:
    """Who waited for a heap lock, and who let them wait."""
    header = ["Heap locks", "calls", "waited", "wait p99", "wait max", "deepest queue", "longest hold"]
    rows = [
        [
            each.name.removeprefix("heap lock of "),
            show_count(each.calls),
            show_share(each.calls_that_waited, each.calls),
            show_time(each.wait.p99),
            show_time(each.wait.max),
            show_count(each.deepest_queue),
            show_time(each.longest_hold_ns),
        ]
        for each in summary.locks[:_ROWS]
    ]
    if not rows:
        return
    page.table(header, rows, right=frozenset(range(1, 7)))
    if summary.lock_totals.count > len(rows):
        page.line(" " * INDENT, (f"and {show_count(summary.lock_totals.count - len(rows))} more", "dim"))
    first = summary.locks[0]
    if first.longest_holder and not any(each.subject == first.name for each in summary.warnings[:_WARNINGS]):
        page.paragraph("held longest by ", first.longest_holder, indent=INDENT)


def machine(page: Page, summary: RunSummary) -> None:
    """What is in use of what may run out, and by whom."""
    rows = []
    for each in summary.machine:
        if each.resource != "commit limit" and each.peak < _WORTH_A_LINE * each.limit:
            continue
        show = show_count if each.resource == "handles" else show_bytes
        figures = [show(value) for value in (each.in_use, each.peak, each.limit)]
        rows.append([each.resource, *figures, _most(each, show)])
    if rows:
        page.table(["Machine", "in use", "peak", "limit", "used most by"], rows, right=frozenset({1, 2, 3}))


def warnings(page: Page, summary: RunSummary) -> None:
    """What deserves attention: why, since when, who, and what to do."""
    if not summary.warnings:
        left_out = f"{show_count(summary.warnings_total)}, not shown" if summary.warnings_total else "none"
        page.line(("Warnings", "bold"), (f"  {left_out}", "dim"))
        return
    page.line(("Warnings", "bold"))
    for each in summary.warnings[:_WARNINGS]:
        times = f", {show_count(each.count)} times" if each.count > 1 else ""
        where = "" if each.subject in _SAID_BY_CAUSE else f", {each.subject.removeprefix('heap lock of ')}"
        page.line(
            " " * INDENT,
            (f"{each.category}: {each.cause}{where}", "yellow"),
            (f"  first at {show_time(each.first_ns)}{times}", "dim"),
        )
        for label, content in (("what", each.message), ("who", each.worst_offender), ("remedy", each.remedy)):
            page.paragraph(label, content, indent=2 * INDENT, label_width=8)
    if summary.warnings_total > _WARNINGS:
        page.line(" " * INDENT, (f"and {show_count(summary.warnings_total - _WARNINGS)} more, see --json", "dim"))


def troubles(page: Page, result: ReportInput) -> None:
    """What failed, and what deserves a look; nothing at all in a good run."""
    summary = result.summary
    found = [*result.refusals, *result.problems]
    if found:
        page.line(("Failed", "bold red"))
        for each in found:
            page.passage("- ", each, indent=INDENT)
    if summary.notices:
        page.line(("Noticed", "bold"))
        for notice in summary.notices:
            page.paragraph("- ", f"{show_count(notice.count)} {notice.kind}, first: {notice.example}", indent=INDENT)


def _status(row: StatusCount) -> str:
    """The package's own result; where there is none, the status of the call itself."""
    return row.protocol_status or row.status


def _section_row(each: SectionSummary) -> list[str]:
    sizes = (each.max_size, each.committed, each.peak_live, each.largest_free)
    return [each.name, *(show_bytes(size) for size in sizes), show_share(round(each.fragmentation * 1000), 1000)]


def _most(resource: ResourceSummary, show: Callable[[int], str]) -> str:
    if not resource.owners:
        return "nobody"
    first = resource.owners[0]
    return first.owner if first.amount == resource.in_use else f"{first.owner} ({show(first.amount)})"
