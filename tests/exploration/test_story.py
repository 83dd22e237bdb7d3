"""Stories: who ran which steps, what of it matters to others, why each one stopped, and how it ended."""

from typing import Any

import pytest
import trio
from models import BUGS, always_fails, two_bugs

from lsart import Exploration, explore
from lsart.engine import CLOCK, EVERYTHING, Label, Trace, point
from lsart.exploration import Symptom
from lsart.exploration._story import names_of_tasks, operations_of, tell

READ, WRITE = Label("box", "r", "read box"), Label("box", "w", "write box")
FAILED = Symptom("ValueError", "a.py, main", "too late")

LOST_UPDATE = """\
main runs (step 2), starts clerk-1 and clerk-2, waits for them
clerk-1 runs (steps 3 to 4), `read balance`, and is STOPPED before `write balance`
clerk-2 runs (steps 5 to 7), `read balance`, `write balance`, ends
clerk-1 resumes (step 8), `write balance`, ends
main resumes (step 9), raises
=> AssertionError: the balance is 1, not 2"""

LOCK_ORDER = """\
main runs (step 2), starts cashier and guard, waits for them
cashier runs (steps 3 to 5), `acquire Lock 'door'`, and is STOPPED before `acquire Lock 'safe'`
guard runs (steps 6 to 9), `acquire Lock 'safe'`, has to wait for Lock 'door', held by cashier
cashier resumes (step 10), has to wait for Lock 'safe', held by guard
=> deadlock: cashier and guard wait for each other
     cashier waits for Lock 'safe', held by guard
     guard waits for Lock 'door', held by cashier
     main waits for the end of its nursery 'nursery', held by cashier, guard"""

HANDOVER = """\
main runs (step 2), starts user, takes and frees, waits for them
user runs (steps 3 to 4), `read slot`, and is STOPPED before `read slot`
frees runs (steps 5 to 6), `write slot`, ends
takes runs (steps 7 to 8), `write slot`, and is STOPPED before `write slot`
user resumes (step 9), `read slot`, raises
takes resumes (step 10), `write slot`, ends
=> AssertionError: the slot is another's by now"""


def trace(numbers: list[int], ends: dict[int, str] | None = None, **parts: Any) -> Trace:
    """A run of tasks with the names of fruit."""
    names = {0: "<init>", 1: "main", 2: "bank.run.<locals>.apple", 3: "bank.pear", 4: "plum"}
    return Trace(numbers=numbers, ends=ends or {}, **{"names": names, **parts})


def lines(numbers: list[int], ends: dict[int, str] | None = None, **parts: Any) -> list[str]:
    return told_of(trace(numbers, ends, **parts)).splitlines()


def told_of(run: Trace, symptom: Symptom | None = None, *, labelled: bool = True) -> str:
    """The story of a run of a model that promises to announce whatever it shares."""
    return tell(run, symptom, labelled=labelled)


def story(model: Any, **options: Any) -> str:
    told: Exploration = explore(model, **options)
    assert told.failure is not None
    return told.failure.story


# ---------------------------------------------------------------------- whole stories


@pytest.mark.parametrize(
    ("name", "text"),
    [("lost update", LOST_UPDATE), ("lock order", LOCK_ORDER), ("handover", HANDOVER)],
)
def test_a_whole_story_reads_like_this(name: str, text: str) -> None:
    assert story(BUGS[name], strategy="dfs") == text


def test_a_run_without_a_failure_has_a_story_without_an_end() -> None:
    assert lines([0, 1, 0], {0: "b", 1: "e", 2: "e"}) == ["main runs (step 2), ends"]


def test_an_empty_run_has_an_empty_story() -> None:
    assert told_of(Trace()) == ""
    assert told_of(Trace(), FAILED) == "=> ValueError: too late"


# ---------------------------------------------------------------------- each line


def test_steps_are_counted_from_one_and_joined_while_one_task_runs() -> None:
    assert lines([2, 2, 2, 3, 2], {3: "b"}) == [
        "apple runs (steps 1 to 3), and is STOPPED",
        "pear runs (step 4), waits",
        "apple resumes (step 5), and the run ends here",
    ]


def test_a_task_that_waits_and_goes_on_at_once_is_told_twice() -> None:
    told = lines([2, 2], {0: "b", 1: "e"}, labels={1: WRITE}, touched=[(0, READ)], woken=[(-1, 2)])
    assert told == ["apple runs (step 1), waits", "apple resumes (step 2), ends"]


@pytest.mark.parametrize(
    ("end", "words"), [("b", "waits"), ("x", "raises"), (None, "and is STOPPED before `write box`")]
)
def test_a_line_ends_with_why_the_task_stopped(end: str | None, words: str) -> None:
    told = lines([2, 3, 2], {0: end} if end else {}, labels={1: WRITE, 2: WRITE})
    assert told[0] == f"apple runs (step 1), {words}"


def test_a_task_that_ends_after_it_had_a_part_is_told_to_end() -> None:
    told = lines([2, 3], {0: "e"}, labels={0: WRITE, 1: WRITE})
    assert told[0] == "apple runs (step 1), `write box`, ends"


def test_a_task_that_has_to_wait_is_told_with_what_it_waits_for() -> None:
    waits = {0: "Lock 'door', held by pear"}
    told = lines([2, 3], {0: "b"}, labels={0: WRITE, 1: WRITE}, waits=waits)
    assert told[0] == "apple runs (step 1), `write box`, has to wait for Lock 'door', held by pear"
    unknown = lines([2, 3], {0: "b"}, labels={0: WRITE, 1: WRITE})
    assert unknown[0] == "apple runs (step 1), `write box`, waits"


def test_who_waits_for_those_it_has_just_started_is_told_so_and_at_other_times_with_their_names() -> None:
    waits = dict.fromkeys((0, 2), "the end of its nursery, held by apple")
    told = lines([1, 2, 1, 2], {0: "b", 2: "b", 3: "e"}, woken=[(-1, 1), (0, 2), (1, 1)], waits=waits)
    assert told[0] == "main runs (step 1), starts apple, waits for it"
    assert told[2] == "main resumes (step 3), has to wait for the end of its nursery, held by apple"


def test_the_last_task_is_told_to_be_at_the_end_of_the_run_if_it_was_not_at_its_own() -> None:
    told = lines([2, 3], labels={0: WRITE, 1: WRITE})
    assert told[0].endswith("and is STOPPED")
    assert told[1].endswith("and the run ends here")


def test_a_task_that_is_renamed_is_called_by_the_name_that_says_most() -> None:
    told = lines([2, 3, 2, 3, 2], renamed=[(2, 2, "apple for client-7"), (3, 2, "apple")])
    assert [line.split(" r")[0] for line in told] == ["apple", "pear", "apple for client-7", "pear", "apple"]


def test_operations_are_told_if_another_task_has_a_part_in_them() -> None:
    own = Label("drawer", "w", "write drawer")
    shared = {0: WRITE, 1: own, 2: READ}
    assert lines([2, 2, 3], labels=shared) == [
        "apple runs (steps 1 to 2), `write box`, and is STOPPED",
        "pear runs (step 3), `read box`, and the run ends here",
    ]
    assert operations_of(trace([2, 2, 3], labels=shared)) == {0: [WRITE], 2: [READ]}


def test_reading_what_all_only_read_is_not_told() -> None:
    assert operations_of(trace([2, 3], labels={0: READ, 1: READ})) == {}


def test_operations_on_parts_that_do_not_overlap_are_not_told() -> None:
    low = Label("section", "w", "write section[0:8]", 0, 8)
    high = Label("section", "w", "write section[8:16]", 8, 16)
    across = Label("section", "r", "read section[4:12]", 4, 12)
    assert operations_of(trace([2, 3], labels={0: low, 1: high})) == {}
    assert operations_of(trace([2, 3, 4], labels={0: low, 1: high, 2: across})) == {0: [low], 1: [high], 2: [across]}


def test_what_was_touched_without_an_announcement_is_told_too() -> None:
    event = Label("event", "w", "set Event 'done'")
    told = lines([2, 3], labels={1: Label("event", "r", "wait for Event 'done'")}, touched=[(0, event)])
    assert told[0] == "apple runs (step 1), `set Event 'done'`, and is STOPPED"


def test_one_operation_done_often_is_told_once_and_many_in_short() -> None:
    often = lines([2, 2, 2, 3], labels=dict.fromkeys(range(4), WRITE))
    assert often[0].count("write box") == 1
    labels = {step: Label(f"box {step % 9}", "w", f"write box {step % 9}") for step in range(18)}
    many = lines([2] * 9 + [3] * 9, labels=labels)
    assert many[0] == (
        "apple runs (steps 1 to 9), `write box 0`, `write box 1`, `write box 2`, `write box 3`, 1 more, "
        "`write box 5`, `write box 6`, `write box 7`, `write box 8`, and is STOPPED"
    )


def test_everything_is_no_operation_that_a_person_wants_to_read() -> None:
    told = lines([2, 3], labels={0: WRITE, 1: WRITE}, touched=[(0, EVERYTHING), (1, EVERYTHING)])
    assert told[0] == "apple runs (step 1), `write box`, and is STOPPED"


def test_who_is_stopped_before_a_step_that_nobody_knows_is_told_so() -> None:
    told = lines([2, 3, 2], labels={1: WRITE, 2: EVERYTHING})
    assert told[0] == "apple runs (step 1), and is STOPPED before a step that may touch anything"


def test_who_is_started_is_told_once() -> None:
    told = lines([1, 2, 1], {0: "b", 1: "e"}, woken=[(-1, 1), (0, 2), (0, 3), (1, 1)], touched=[(1, READ), (2, WRITE)])
    assert told[0] == "main runs (step 1), starts apple and pear, waits"
    assert told[2] == "main resumes (step 3), `write box`, and the run ends here"


def test_time_that_moves_has_a_line_of_its_own() -> None:
    told = lines([2, CLOCK, 3], {0: "b"})
    assert told[1] == "time moves to what is due next (step 2)"


def test_the_root_task_has_no_part_in_a_story() -> None:
    assert all("init" not in line for line in told_of(trace([0, 1, 2, 0]), FAILED).splitlines())


# ---------------------------------------------------------------------- bystanders and names


def test_bystanders_are_summed_up_in_one_line() -> None:
    told = lines([1, 2, 3, 4, 1], {0: "b", 1: "e", 2: "e", 3: "e", 4: "e"})
    assert told[1] == "apple, pear and plum run to their ends, touching nothing that others do"
    assert len(told) == 3


def test_nobody_is_called_a_bystander_where_nothing_was_promised() -> None:
    told = told_of(trace([1, 2, 1], {0: "b", 1: "e", 2: "e"}), labelled=False).splitlines()
    assert told[1] == "apple runs (step 2), ends"


def test_one_bystander_is_told_in_the_singular() -> None:
    told = lines([1, 2, 1], {0: "b", 1: "e", 2: "e"})
    assert told[1] == "apple runs to its end, touching nothing that others do"


def test_who_touches_shared_things_waits_or_raises_is_no_bystander() -> None:
    for ends, labels in (({1: "e"}, {1: WRITE, 2: READ}), ({1: "b"}, {}), ({1: "x"}, {}), ({}, {})):
        told = lines([1, 2, 3], {0: "b", **ends}, labels=labels)
        assert told[1].startswith("apple runs (step 2)")


def test_names_are_short_and_no_two_are_alike() -> None:
    names = {0: "<init>", 1: "lsart.entry", 2: "a.f.<locals>.client", 3: "b.client", 4: "other", 5: "main"}
    found = names_of_tasks(Trace(names=names))
    assert found[CLOCK] == "time"
    assert found[4] == "other"
    assert found[1].startswith("main")
    assert found[3] == "client (3)"
    assert len(set(found.values())) == len(found)


def test_names_are_unique_in_the_story_of_a_real_run() -> None:
    async def main() -> None:
        done: list[int] = []

        async def client() -> None:
            await point("door")
            done.append(1)
            if len(done) == 2:
                raise ValueError("both were in")

        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(client)

    told = story(main).splitlines()
    first, second = (line.split(" runs")[0] for line in told[1:3])
    assert first != second
    assert f"starts {first} and {second}" in told[0]
    assert told[-1] == "=> ValueError: both were in"


# ---------------------------------------------------------------------- how it ends


def test_the_failure_comes_last_with_its_kind() -> None:
    assert told_of(trace([1], {0: "x"}), FAILED).splitlines() == [
        "main runs (step 1), raises",
        "=> ValueError: too late",
    ]
    assert story(always_fails) == "main runs (step 2), raises\n=> RuntimeError: always"


def test_a_message_of_many_lines_is_indented() -> None:
    told = told_of(trace([1]), Symptom("ValueError", "", "one\ntwo\nthree"))
    assert told.splitlines()[1:] == ["=> ValueError: one", "   two", "   three"]


def test_a_failure_without_a_message_is_told_by_its_kind() -> None:
    async def main() -> None:
        raise ValueError

    assert story(main).splitlines()[-1].startswith("=> ValueError")


def test_who_passes_an_error_on_is_not_told_to_raise() -> None:
    async def main() -> None:
        async def inner() -> None:
            await point("a")
            raise ValueError("inside")

        async with trio.open_nursery() as outer, trio.open_nursery() as nursery:
            outer.start_soon(trio.sleep_forever)
            nursery.start_soon(inner)

    told = story(main).splitlines()
    (raises,) = (line for line in told if line.endswith("raises"))
    assert raises.startswith("inner ")


def test_a_story_of_a_failure_after_the_tasks_ended_names_main() -> None:
    assert story(two_bugs).splitlines()[-2] == "main resumes (step 9), raises"


def test_a_deadlock_s_story_ends_with_who_waits_for_what() -> None:
    async def main() -> None:
        never = trio.Event()

        async def waits() -> None:
            await never.wait()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(waits)

    assert story(main).splitlines()[-3:] == [
        "=> deadlock: nobody can ever go on",
        "     main waits for the end of its nursery 'nursery', held by waits",
        "     waits waits for Event 'never'",
    ]


def test_a_run_that_does_not_end_says_which_limit_it_met() -> None:
    told = story(BUGS["livelock"]).splitlines()
    assert "the run was not over after 100 steps; raise step_limit" in told[-1]
    assert "to 100)" in told[-2]


def test_a_task_that_ran_until_the_limit_was_not_stopped_for_another() -> None:
    assert "STOPPED" not in story(BUGS["livelock"]).splitlines()[-2]


# ---------------------------------------------------------------------- where stories mislead


def test_a_task_that_sleeps_does_not_wait_for_ever() -> None:
    async def main() -> None:
        await trio.sleep(1)
        raise ValueError("always")

    told = story(main).splitlines()[0]
    assert told.startswith("main runs")
    assert "sleep_forever" not in told


def test_the_task_that_raises_in_the_body_of_its_nursery_is_told_to() -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever, name="idle")
            await trio.sleep(1)
            raise ValueError("by main")

    (raises,) = (line for line in story(main).splitlines() if line.endswith("raises"))
    assert raises.startswith("main ")


def test_time_that_moves_when_nobody_can_run_is_not_told_to_come_early() -> None:
    async def main() -> None:
        await trio.sleep(1)
        raise ValueError("always")

    assert "though tasks could run" not in story(main, time_is_a_choice=True)
