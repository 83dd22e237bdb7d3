"""The screens of exploring: each wording for what it stands for, and that nothing breaks out of the page."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lsart.exploration import Coverage, Exploration, Failure, Moment, Recheck, Replay, Symptom, Token
from lsart.report import exploration_report, failure_report, replay_report

TOKEN = Token(model="cache.py:main", fingerprint=1, symptom=2, trace=3, script=(), steps=12)
STORY = """main runs (step 2), starts reader and janitor, waits for them
reader runs (steps 3 to 4), `read entries`, and is STOPPED before `read entries`
janitor runs (steps 5 to 9), `write entries`, ends
reader resumes (step 10), `read entries`, raises
=> KeyError: 'ann'
   reader waits for nobody"""
FAILURE = Failure(
    symptom=Symptom("KeyError", "cache.py, get", "KeyError: 'ann'"),
    token=TOKEN,
    story=STORY,
    schedule=1234,
    strategy="pct",
    preemptions=1,
    preemptions_found=3,
    model="cache.py:main",
    tasks=3,
    steps=12,
    is_shrunk=True,
    is_minimal=True,
    shrink_runs=5,
    proof_runs=7,
    recheck=Recheck(True),
)
NOTHING_FOUND = Exploration(
    model="cache.py:main",
    strategy="pct",
    seed=7,
    schedules=1000,
    steps=12_400,
    failures=(),
    coverage=Coverage(schedules=1000, orders=600, new_lately=90, seen_once=250),
    is_exhausted=False,
    is_interrupted=False,
    is_sound=False,
    seconds=2.0,
)
MOMENT = Moment(
    step=10,
    task="reader",
    next="read entries",
    waits=("main waits for the end of its nursery", "reader can go on: next it would read entries"),
    primitives=(("Lock 'shelf'", "held by reader"), ("Event 'answer'", "not set")),
)
STOPPED = Replay(model="cache.py:main", symptom=None, story="", is_exact=True, differences=(), moment=MOMENT, steps=9)
REPLAYED = attrs.evolve(STOPPED, symptom=FAILURE.symptom, story=STORY, moment=None, steps=12)


def campaign(**changed: Any) -> list[str]:
    return exploration_report(attrs.evolve(NOTHING_FOUND, **changed), []).plain.split("\n")


def covered(**changed: Any) -> str:
    return " ".join(" ".join(campaign(coverage=attrs.evolve(NOTHING_FOUND.coverage, **changed))).split())


def of_failure(**changed: Any) -> str:
    text = failure_report(attrs.evolve(FAILURE, **changed), FAILURE.line).plain
    return " ".join(text.split())


def test_a_failure_in_a_smaller_model_names_the_one_that_it_was_made_from() -> None:
    told = attrs.evolve(NOTHING_FOUND, model="cache.py:main?size=4", failures=(FAILURE,))
    text = " ".join(exploration_report(told, ["lsart1:AAAA"]).plain.split())
    assert "In cache.py:main: 3 tasks, 12 steps; made smaller from cache.py:main?size=4" in text


def test_a_campaign_that_found_nothing_is_this_screen() -> None:
    assert campaign() == [
        "cache.py:main  pct, seed 7",
        "",
        "Schedules  1,000, about 12 steps each, 500/s",
        "Orders     600 different; the last quarter of the schedules added 90: the next",
        "           schedule is a new one with a chance of about 25%",
        "Verdict    no failure found; that is no proof that there is none",
    ]


def test_a_failure_is_this_screen() -> None:
    shown = failure_report(FAILURE, "lsart1:AAAA").plain.split("\n")
    assert shown == [
        "FAILURE  KeyError: 'ann'",
        "In       cache.py:main: 3 tasks, 12 steps",
        "",
        "   1  main runs (step 2), starts reader and janitor, waits for them",
        "   2  reader runs (steps 3 to 4), `read entries`, and is STOPPED before",
        "        `read entries`",
        "   3  janitor runs (steps 5 to 9), `write entries`, ends",
        "   4  reader resumes (step 10), `read entries`, raises",
        "      => KeyError: 'ann'",
        "      reader waits for nobody",
        "",
        "Found        schedule 1,234, pct",
        "Preemptions  1 (3 as found); every schedule of this size without any was tried,",
        "             and none fails like this",
        "Rechecked    ran again, every step the same",
        "",
        "To see exactly this again:",
        "  lsart replay lsart1:AAAA",
    ]


@pytest.mark.parametrize(
    ("is_exhausted", "is_sound", "verdict"),
    [
        (True, True, "no schedule fails: every order between two checkpoints was tried"),
        (False, False, "no failure found; that is no proof that there is none"),
    ],
)
def test_the_verdict_claims_no_more_than_was_searched(is_exhausted: bool, is_sound: bool, verdict: str) -> None:
    shown = campaign(is_exhausted=is_exhausted, is_sound=is_sound)
    assert shown[-1] == f"Verdict    {verdict}"


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({"is_bounded": True}, "no schedule within the bound fails"),
        ({"long": 3}, "no schedule fails of those that fit into half of the step limit; longer ones went on in turns"),
        ({"is_bounded": True, "long": 3}, "no schedule within the bound fails of those that fit into half of the step"),
        ({}, "no failure found; that is no proof"),  # on a trio without our loop
    ],
)
def test_a_search_that_ended_short_of_everything_says_so(changed: dict[str, Any], verdict: str) -> None:
    shown = " ".join(" ".join(campaign(is_exhausted=True, is_sound=False, **changed)).split())
    assert f"Verdict {verdict}" in shown


def test_a_campaign_that_failed_has_no_verdict_and_each_failure_its_own_line_to_paste() -> None:
    other = attrs.evolve(FAILURE, symptom=Symptom("deadlock", "Lock", "deadlock: a and b wait for each other"))
    result = attrs.evolve(NOTHING_FOUND, failures=(FAILURE, other))
    shown = exploration_report(result, ["lsart1:AAAA", "failure-00000003.lsart"]).plain.split("\n")
    assert [line for line in shown if line.startswith("FAILURE")] == [
        "FAILURE  KeyError: 'ann'",
        "FAILURE  deadlock: a and b wait for each other",
    ]
    pasted = [line.strip() for line in shown if "lsart replay" in line]
    assert pasted == ["lsart replay lsart1:AAAA", "lsart replay failure-00000003.lsart"]
    assert not [line for line in shown if line.startswith("Verdict")]


def test_an_interrupted_campaign_says_so_below_its_name_and_any_other_does_not() -> None:
    assert campaign(is_interrupted=True)[1] == "interrupted: this is the campaign so far"
    assert "interrupted" not in "\n".join(campaign())


def test_orders_are_judged_by_what_the_last_quarter_showed() -> None:
    assert "more of the same will hardly show anything new" in covered(new_lately=2)
    assert "with a chance of about 25%" in covered(new_lately=3)
    assert "too few schedules to say how many more there are" in covered(schedules=39, new_lately=0)
    assert "more of the same" in covered(schedules=40, new_lately=0)


def test_an_exhausted_search_says_that_there_are_no_other_orders() -> None:
    shown = campaign(is_exhausted=True)
    assert "Orders     600 different, and there are no others within what was searched" in shown


def test_a_campaign_that_never_got_to_a_schedule_divides_by_nothing() -> None:
    shown = campaign(schedules=0, steps=0, seconds=0.0, coverage=Coverage(0, 0, 0, 0), is_interrupted=True)
    assert "Schedules  0, 0/s" in shown
    assert shown[-1] == "Verdict    no failure found; that is no proof that there is none"


def test_a_failure_known_from_before_has_no_numbers_of_a_campaign_that_did_not_run() -> None:
    known = attrs.evolve(NOTHING_FOUND, schedules=0, steps=0, failures=(attrs.evolve(FAILURE, schedule=0),))
    text = exploration_report(known, ["lsart1:AAAA"]).plain
    assert "Found        known from an earlier campaign" in text
    assert "Schedules" not in text
    assert "Orders" not in text


def test_a_failure_from_a_token_was_not_found_by_a_campaign() -> None:
    assert "Found" not in of_failure(schedule=None)
    assert "schedule 1,234, pct" in of_failure()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"is_shrunk": False, "preemptions": 3}, "Preemptions 3; not shrunk"),
        ({"preemptions": 0}, "0 (3 as found); it is enough who goes first"),
        ({"preemptions_found": 1}, "Preemptions 1; every schedule of this size without any was tried"),
        ({"preemptions": 2}, "2 (3 as found); every schedule of this size with fewer was tried"),
        ({"is_minimal": None}, "1 (3 as found); fewer may do, as not all of them could be tried"),
    ],
)
def test_preemptions_are_called_the_fewest_only_where_that_is_proved(changed: dict[str, Any], told: str) -> None:
    assert told in of_failure(**changed)


def test_one_task_and_one_step_are_no_plurals() -> None:
    assert "cache.py:main: 1 task, 1 step Found" in of_failure(tasks=1, steps=1, story="=> KeyError: 'ann'")
    assert "cache.py:main: 3 tasks, 1,200 steps" in of_failure(steps=1200)


def test_a_failure_that_does_not_repeat_names_the_difference_and_the_suspects() -> None:
    unsure = Recheck(False, "step 3 was ann's, then bob's", ("time.time called in get (cache.py:7)",))
    told = of_failure(recheck=unsure)
    assert "NOT REPEATABLE: step 3 was ann's, then bob's" in told
    assert "suspect: time.time called in get (cache.py:7)" in told
    assert "every step the same" not in told
    assert "usual suspects" in of_failure(recheck=attrs.evolve(unsure, suspects=()))


def test_a_replay_tells_how_it_ended() -> None:
    shown = replay_report(REPLAYED).plain.split("\n")
    assert shown[0] == "cache.py:main  12 steps"
    assert "      => KeyError: 'ann'" in shown
    assert "It did not fail." not in shown
    fine = attrs.evolve(REPLAYED, symptom=None, story="main runs (step 2), ends")
    assert replay_report(fine).plain.split("\n")[-1] == "It did not fail."


def test_a_replay_that_went_another_way_lists_where() -> None:
    differences = ("at step 4 reader was to go on instead of janitor, and could not run", "it took 9 steps")
    shown = replay_report(attrs.evolve(REPLAYED, is_exact=False, differences=differences)).plain.split("\n")
    at = shown.index("Not the run of the token")
    assert [line.strip() for line in shown[at + 1 :]] == list(differences)
    assert "Not the run of the token" not in replay_report(REPLAYED).plain


def test_a_moment_is_this_screen() -> None:
    assert replay_report(STOPPED).plain.split("\n") == [
        "cache.py:main  stopped before step 10, of reader, which would read entries",
        "",
        "Tasks",
        "  main waits for the end of its nursery",
        "  reader can go on: next it would read entries",
        "",
        "What they share",
        "  Lock 'shelf'    held by reader",
        "  Event 'answer'  not set",
    ]


def test_a_moment_leaves_out_what_nobody_knows() -> None:
    bare = attrs.evolve(STOPPED, moment=attrs.evolve(MOMENT, next="", primitives=()))
    shown = replay_report(bare).plain.split("\n")
    assert shown[0] == "cache.py:main  stopped before step 10, of reader"
    assert "What they share" not in shown


@pytest.mark.parametrize("width", [60, 80])
def test_only_the_line_to_paste_may_be_wider_than_the_page(width: int) -> None:
    token = "lsart1:" + "A" * 190
    result = attrs.evolve(NOTHING_FOUND, failures=(FAILURE,))
    shown = exploration_report(result, [token], width=width).plain.split("\n")
    assert [line for line in shown if len(line) > width] == [f"  lsart replay {token}"]
    for replayed in (REPLAYED, STOPPED):
        assert max(map(len, replay_report(replayed, width=width).plain.split("\n"))) <= width


@given(st.text(min_size=1, max_size=200), st.sampled_from([60, 80]))
def test_no_name_or_message_breaks_out_of_the_page(anything: str, width: int) -> None:
    failure = attrs.evolve(
        FAILURE,
        symptom=Symptom(anything, anything, anything),
        story=f"{anything}\n=> {anything}\n   {anything}",
        strategy=anything,
        model=anything,
        recheck=Recheck(False, anything, (anything,)),
    )
    found = attrs.evolve(NOTHING_FOUND, model=anything, strategy=anything, failures=(failure,))
    moment = Moment(step=1, task=anything, next=anything, waits=(anything,), primitives=((anything, anything),))
    stopped = attrs.evolve(STOPPED, model=anything, moment=moment, differences=(anything,))
    told = attrs.evolve(REPLAYED, model=anything, story=failure.story, differences=(anything,))
    pages = [
        exploration_report(found, ["TOKEN"], width=width),
        failure_report(failure, "TOKEN", width=width),
        replay_report(stopped, width=width),
        replay_report(told, width=width),
    ]
    for line in "\n".join(page.plain for page in pages).split("\n"):
        assert cell_len(line) <= width
        assert line.isprintable()
