"""Whatever is not decided by the schedule is found out, with the step, the call and its place."""

import datetime
import os
import random
import secrets
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio
from models import (
    BUGS,
    draws_chance,
    draws_chance_in_its_label,
    keeps_state,
    never_fails,
    reads_the_clock,
    sleeps_for_real,
    starts_a_thread,
)

from lsart import Model, explore
from lsart.contract import ConfigurationError
from lsart.engine import current, point
from lsart.exploration import FailureDatabase, Recheck, as_model
from lsart.exploration._attempt import follow, labelled
from lsart.exploration._failure import Symptom
from lsart.exploration._recheck import check_repeats, recheck, suspects


def refusal(model: Any) -> str:
    """Why a model cannot be explored."""
    with pytest.raises(ConfigurationError) as caught:
        explore(model, schedules=5)
    return str(caught.value)


def announcing(value: Callable[[], object]) -> Callable[[], Any]:
    """A model whose only step is announced with what is drawn for it."""

    async def main() -> None:
        await point(f"{value()}")

    return main


def now_and_then(first: int) -> Callable[[], Any]:
    """A model that fails when the other task comes first; from that run on in every other one after another step."""
    runs = [0]

    async def main() -> None:
        order: list[str] = []

        async def comes(name: str) -> None:
            await point("order")
            order.append(name)

        runs[0] += 1
        async with trio.open_nursery() as nursery:
            nursery.start_soon(comes, "one", name="one")
            nursery.start_soon(comes, "other", name="other")
        if runs[0] >= first and order[0] == "other":
            if runs[0] % 2:
                await point("more")
            raise ValueError("the other came first")

    return main


def test_a_model_that_repeats_is_said_to() -> None:
    for model in BUGS.values():
        with labelled():
            found = check_repeats(model, 0)
        assert found == Recheck(True)
        assert str(found) == "run again, step by step the same"


def test_chance_of_the_engine_repeats() -> None:
    async def main() -> None:
        for _ in range(current().random("dice").randrange(10)):
            await point(f"number {current().random('dice').random()}")

    explore(main, schedules=20).check()


@pytest.mark.parametrize(
    ("model", "call"),
    [
        (draws_chance, "Random.random"),
        (draws_chance_in_its_label, "Random.getrandbits"),
        (reads_the_clock, "time.time"),
        (sleeps_for_real, "time.sleep"),
        (starts_a_thread, "time.monotonic_ns"),
        (announcing(lambda: datetime.datetime.now()), "datetime.now"),
        (announcing(lambda: uuid.uuid4()), "uuid.uuid4"),
        (announcing(lambda: secrets.token_hex()), "secrets.token_hex"),
        (announcing(lambda: random.randint(0, 10**9)), "random.randint"),
        (announcing(lambda: random.SystemRandom().random()), "random.random"),
        (announcing(lambda: os.urandom(8)), f"{os.name}.urandom"),
        (announcing(lambda: time.perf_counter()), "time.perf_counter"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_chance_from_outside_is_refused_with_the_call_and_its_place(model: Any, call: str) -> None:
    said = refusal(model)
    assert "cannot be explored, as one schedule run twice differs" in said
    assert f"suspect: {call} called in " in said
    place = said.split(f"suspect: {call} called in ")[1].splitlines()[0]
    assert place.endswith(")")
    file, line = place.rpartition("(")[2].rstrip(")").split(":")
    assert file in ("models.py", Path(__file__).name)
    assert int(line) > 1


def test_a_thread_is_refused_with_the_place_where_it_is_started() -> None:
    def number() -> int | None:
        thread = threading.Thread(target=str)
        thread.start()
        thread.join()
        return thread.native_id

    said = refusal(announcing(number))
    assert "suspect:" in said
    assert "called in number (test_recheck.py:" in said


def test_the_first_step_that_differs_is_told_with_its_task_and_what_it_was() -> None:
    said = refusal(draws_chance_in_its_label)
    assert "NOT REPEATABLE: step 3, of " in said
    assert "was announced as 'write number " in said
    assert ", then as 'write number " in said


def test_the_task_that_runs_the_model_is_called_main() -> None:
    assert "step 3, of main, was announced" in refusal(draws_chance_in_its_label)


def test_a_model_that_keeps_state_is_refused_with_the_usual_suspects() -> None:
    said = refusal(keeps_state)
    assert "NOT REPEATABLE: after step " in said
    assert "usual suspects: state left over from the run before" in said
    assert "  suspect:" not in said


def test_other_ends_of_a_step_are_told() -> None:
    runs = [0]

    async def main() -> None:
        runs[0] += 1
        if runs[0] % 2:
            await trio.sleep(1)
        await point()

    said = refusal(main)
    assert "blocked" in said
    assert "could go on" in said


def test_another_failure_after_the_same_steps_is_told() -> None:
    runs = [0]

    async def main() -> None:
        runs[0] += 1
        raise (KeyError if runs[0] % 2 else ValueError)("always")

    said = refusal(main)
    assert "the same steps ended with" in said
    assert "KeyError" in said
    assert "ValueError" in said


def test_a_run_that_is_longer_the_second_time_is_told() -> None:
    """The steps that both have are the same: one task takes them all."""
    with labelled():
        model = as_model(never_fails)
        _, trace = follow(model, (), 0)
        found, script, _ = recheck(model, trace.numbers[:-2], Symptom("KeyError", "", ""), 0)
    assert not found.is_stable
    assert f"step {len(trace.numbers) - 1} was another task's" in found.difference
    assert script == ()


def test_a_failure_that_does_not_come_back_is_told_apart_from_one_that_does() -> None:
    model = BUGS["lost update"]
    with labelled():
        _, trace = follow(model, (), 0)
        found, _, _ = recheck(model, trace.numbers, Symptom("KeyError", "", "'x'"), 0)
    assert found.difference == "the same steps ended with no failure and not with KeyError: 'x'"


def test_the_recheck_of_a_failure_that_comes_back_is_stable_and_has_its_script() -> None:
    model = BUGS["handover"]
    failure = explore(model, strategy="random", shrink=False).failure
    assert failure is not None
    with labelled():
        _, trace = follow(model, failure.token.script, 0)
        found, script, again = recheck(model, trace.numbers, failure.symptom, 0)
    assert found.is_stable
    assert script == failure.token.script
    assert again.numbers == trace.numbers


def test_a_failure_that_does_not_repeat_is_told_and_neither_made_small_nor_kept(tmp_path: Path) -> None:
    database = FailureDatabase(tmp_path)
    told = explore(now_and_then(10), database=database, strategy="random")
    failure = told.failure
    assert failure is not None
    assert not failure.recheck.is_stable
    assert str(failure.recheck).startswith("NOT REPEATABLE: ")
    assert not failure.is_shrunk
    assert failure.is_minimal is None
    assert failure.shrink_runs == 0
    assert database.all() == []


def test_the_text_of_a_failure_that_does_not_repeat_says_so() -> None:
    told = explore(now_and_then(10), strategy="random")
    assert told.failure is not None
    assert not told.failure.recheck.is_stable
    with pytest.raises(Exception, match="NOT REPEATABLE"):
        told.check()


def test_looking_for_suspects_leaves_the_profile_of_the_program_alone() -> None:
    def profile(*_: object) -> None:
        """Somebody else's."""

    sys.setprofile(profile)
    try:
        found = suspects(as_model(draws_chance), 0)
        assert sys.getprofile() is profile
    finally:
        sys.setprofile(None)
    assert any("Random.random" in each for each in found)


def test_a_call_is_a_suspect_once_however_often_it_is_made() -> None:
    (only,) = suspects(as_model(draws_chance), 0)
    line = draws_chance.__code__.co_firstlineno + 3
    assert only == f"Random.random called in draws_chance (models.py:{line})"


def test_calls_of_trio_and_of_the_standard_library_are_no_suspects() -> None:
    async def main() -> None:
        with trio.move_on_after(1):
            await trio.sleep(2)
        sorted([3, 1, 2])
        datetime.timedelta(1)

    assert suspects(as_model(main), 0) == ()


def test_a_model_may_draw_chance_that_decides_nothing() -> None:
    async def main() -> None:
        random.random()
        time.monotonic()
        await point()

    assert explore(Model(main=main, name="harmless"), schedules=20).failures == ()
