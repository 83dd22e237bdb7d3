"""The screens of `lsart explore`, `replay` and `shrink`: what failed, how it came about, how to see it again."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from lsart.exploration import Coverage, Exploration, Failure, Moment, Replay
from lsart.report._page import INDENT, Page

__all__ = ["exploration_report", "failure_report", "replay_report"]

_ENOUGH_TO_JUDGE = 40  # schedules


def exploration_report(result: Exploration, tokens: Sequence[str], *, width: int = 80) -> Text:
    """What a campaign came to.

    Args:
        tokens: for each failure what to hand to ``lsart replay``: the token or the file that holds it.
    """
    page = Page(max(width, 60))
    page.paragraph("", f"{result.model}  {result.strategy}, seed {result.seed}", hanging=INDENT)
    if result.is_interrupted:
        page.line(("interrupted: this is the campaign so far", "bold yellow"))
    if result.broken_off:
        page.paragraph("broken off: ", result.broken_off, style="bold yellow")
    page.blank()
    for failure, token in zip(result.failures, tokens, strict=True):
        _failure(page, failure, made_from=result.model)
        _again(page, token)
        page.blank()
    _campaign(page, result)
    return page.text()


def failure_report(failure: Failure, token: str, *, width: int = 80) -> Text:
    """One failure, as small as it could be made."""
    page = Page(max(width, 60))
    _failure(page, failure)
    _again(page, token)
    return page.text()


def replay_report(replay: Replay, *, width: int = 80) -> Text:
    """What a replay showed, or the moment at which it was stopped."""
    page = Page(max(width, 60))
    if replay.moment is not None:
        _moment(page, replay.model, replay.moment)
    else:
        page.line((replay.model, "bold"), f"  {replay.steps} steps")
        page.blank()
        _story(page, replay.story, tells_end=True)
        if replay.symptom is None:
            page.line(("It did not fail.", "bold green"))
    if replay.differences:
        page.blank()
        page.line(("Not the run of the token", "bold yellow"))
        for each in replay.differences:
            page.paragraph("", each, indent=INDENT)
    return page.text()


def _failure(page: Page, failure: Failure, made_from: str = "") -> None:
    page.paragraph("FAILURE  ", str(failure.symptom), style="bold red")
    size = f"{_counted(failure.tasks, 'task')}, {_counted(failure.steps, 'step')}"
    smaller = f"; made smaller from {made_from}" if made_from not in ("", failure.model) else ""
    page.paragraph("In       ", f"{failure.model}: {size}{smaller}")
    page.blank()
    _story(page, failure.story, tells_end=False)
    page.blank()
    if failure.schedule is not None:
        where = f"schedule {failure.schedule:,}, {failure.strategy}"
        page.paragraph("Found        ", where if failure.schedule else "known from an earlier campaign")
    page.paragraph("Preemptions  ", _preemptions(failure))
    if failure.recheck.is_stable:
        page.paragraph("Rechecked    ", "ran again, every step the same")
    else:
        for line in str(failure.recheck).splitlines():
            page.paragraph("Rechecked    ", line)
    page.blank()


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _preemptions(failure: Failure) -> str:
    now, found = failure.preemptions, failure.preemptions_found
    if not failure.is_shrunk:
        return f"{now}; not shrunk"
    shrunk = f"{now}" if now == found else f"{now} ({found} as found)"
    if failure.turns_from is not None:
        return f"{shrunk} before step {failure.turns_from + 1}; from there on tasks took turns"
    if now == 0:
        return f"{shrunk}; it is enough who goes first"
    if failure.is_minimal:
        fewer = "without any" if now == 1 else "with fewer"
        return f"{shrunk}; every schedule of this size {fewer} was tried, and none fails like this"
    return f"{shrunk}; fewer may do, as not all of them could be tried"


def _story(page: Page, story: str, *, tells_end: bool) -> None:
    lines = story.splitlines()
    for number, line in enumerate(lines, 1):
        if line.startswith("=>") and not tells_end and line == lines[-1]:
            continue  # it stands above the story, and here nothing more comes of it
        is_event = not line.startswith(("=>", " "))
        page.paragraph(f"{number:>2}  " if is_event else "    ", line.strip(), indent=INDENT, style="", hanging=INDENT)


def _again(page: Page, token: str) -> None:
    page.line(("To see exactly this again:", "dim"))
    # A token is one word and must stay on one line to be copied; a line of its own keeps it whole.
    page.whole_line(" " * INDENT + f"lsart replay {token}")


def _campaign(page: Page, result: Exploration) -> None:
    if not result.schedules and result.failures:
        return  # it was known before
    seen, speed = result.coverage, result.schedules / result.seconds if result.seconds else 0.0
    steps = f", about {result.steps / result.schedules:.0f} steps each" if result.schedules else ""
    page.paragraph("Schedules  ", f"{result.schedules:,}{steps}, {speed:,.0f}/s")
    page.paragraph("Orders     ", _orders(seen, result))
    if result.long:
        page.paragraph("Long       ", _long(result))
    if not result.failures:
        page.paragraph("Verdict    ", _verdict(result))


def _orders(seen: Coverage, result: Exploration) -> str:
    text = f"{seen.orders:,} different"
    if result.is_exhausted:
        return f"{text}, and there are no others within what was searched"
    lately = f"the last quarter of the schedules added {seen.new_lately:,}"
    if seen.schedules < _ENOUGH_TO_JUDGE:
        return f"{text}; too few schedules to say how many more there are"
    if seen.is_flat:
        return f"{text}; {lately}: more of the same will hardly show anything new"
    return f"{text}; {lately}: the next schedule is a new one with a chance of about {seen.chance_of_a_new_one:.0%}"


def _long(result: Exploration) -> str:
    return (
        f"{_counted(result.long, 'schedule')} had taken half of the step limit, and went on in turns. Does a task "
        "poll? Otherwise raise --step-limit"
    )


def _verdict(result: Exploration) -> str:
    if result.is_sound:
        return "no schedule fails: every order between two checkpoints was tried"
    if result.is_exhausted and result.long:
        which = "no schedule within the bound" if result.is_bounded else "no schedule"
        return f"{which} fails of those that fit into half of the step limit; longer ones went on in turns"
    if result.is_exhausted and result.is_bounded:
        return "no schedule within the bound fails"
    return "no failure found; that is no proof that there is none"


def _moment(page: Page, model: str, moment: Moment) -> None:
    doing = f", which would {moment.next}" if moment.next else ""
    page.paragraph("", f"{model}  stopped before step {moment.step}, of {moment.task}{doing}", hanging=INDENT)
    page.blank()
    page.line(("Tasks", "bold"))
    for each in moment.waits:
        page.paragraph("", each, indent=INDENT, hanging=INDENT)
    if moment.primitives:
        page.blank()
        page.line(("What they share", "bold"))
        # One long name must not leave the others without room for their states.
        widest = min(max(len(name) for name, _ in moment.primitives), page.width // 3)
        for name, state in moment.primitives:
            if len(name) > widest:
                page.paragraph("", name, indent=INDENT, style="")
                page.paragraph(" " * (widest + 2), state, indent=INDENT)
            else:
                page.paragraph(f"{name}  ", state, indent=INDENT, label_width=widest + 2, style="")
