"""Replay: the run of a token again, step by step, or the step at which it is another one."""

import functools
import os
import subprocess
import sys
from pathlib import Path

import attrs
import pytest
import trio
from models import (
    BUGS,
    always_fails,
    crowd,
    lock_order,
    lost_update,
    never_fails,
    several_increments,
    takes_arguments,
)

from lsart import Failure, Model, ReplayDiverged, TokenError, explore, replay
from lsart.contract import ConfigurationError
from lsart.engine import current, point
from lsart.exploration import Token, as_model
from lsart.exploration._script import Switch

each_bug = pytest.mark.parametrize("model", BUGS.values(), ids=BUGS)


def failure_of(model: Model) -> Failure:
    """The first one in an order that no strategy's chance decides."""
    failure = explore(model, strategy="dfs").failure
    assert failure is not None
    return failure


def divergence(model: Model, token: Token) -> str:
    """What a strict replay says; the run that it made is told all the same."""
    with pytest.raises(ReplayDiverged) as caught:
        replay(model, token)
    told = caught.value.replay
    assert not told.is_exact
    assert told.story
    assert told.differences[0] in str(caught.value)
    assert replay(model, token, best_effort=True) == told
    return str(caught.value)


@each_bug
def test_a_failure_is_replayed_exactly(model: Model) -> None:
    failure = failure_of(model)
    again = replay(model, failure.line)
    assert again.is_exact
    assert again.differences == ()
    assert again.symptom == failure.symptom
    assert again.story == failure.story
    assert again.steps == failure.steps
    assert again.moment is None


def test_a_failure_under_every_schedule_is_replayed_exactly() -> None:
    failure = explore(always_fails).failure
    assert failure is not None
    assert failure.token.script == ()
    assert replay(always_fails, failure.line).is_exact


def test_a_failure_that_was_not_made_small_is_replayed_exactly() -> None:
    failure = explore(BUGS["handover"], shrink=False).failure
    assert failure is not None
    assert not failure.token.is_shrunk
    assert replay(BUGS["handover"], failure.line).is_exact


def test_a_token_need_not_be_written_down() -> None:
    failure = failure_of(BUGS["lost update"])
    assert replay(BUGS["lost update"], failure.token) == replay(BUGS["lost update"], failure.line)


def test_a_token_brings_its_own_limits_whatever_the_model_says_now() -> None:
    failure = failure_of(BUGS["livelock"])
    longer = attrs.evolve(BUGS["livelock"], step_limit=100_000)
    assert replay(longer, failure.line).is_exact
    race = failure_of(BUGS["timeout race"])
    assert replay(attrs.evolve(BUGS["timeout race"], time_is_a_choice=False), race.line).is_exact


def test_a_token_brings_its_own_seed() -> None:
    async def draws() -> None:
        number = current().random("test").randrange(10**6)
        await point(f"number {number}")
        raise ValueError(str(number))

    failure = explore(draws, seed=11).failure
    assert failure is not None
    again = replay(draws, failure.line)
    assert again.is_exact
    assert str(again.symptom) == str(failure.symptom)
    assert "with other operations" in divergence(as_model(draws), attrs.evolve(failure.token, seed=12))


# ---------------------------------------------------------------------- where it is another run


def test_a_switch_that_cannot_be_done_is_told_with_its_step_and_both_tasks() -> None:
    model = BUGS["lost update"]
    token = attrs.evolve(failure_of(model).token, script=(Switch(2, 2, 4),))
    assert "at step 5 task 4 was to go on instead of clerk-1, and could not run" in divergence(model, token)


def test_a_switch_whose_place_never_comes_is_told_with_how_far_the_task_came() -> None:
    model = BUGS["lost update"]
    token = attrs.evolve(failure_of(model).token, script=(Switch(2, 9, 3),))
    said = divergence(model, token)
    assert "clerk-1 was to be left after its step 9, and took only 3 steps" in said
    assert "the run ended at step 10" in said


def test_a_run_that_fails_no_more_is_told_with_its_last_step() -> None:
    model = BUGS["lost update"]
    token = attrs.evolve(failure_of(model).token, script=())
    assert "it ended without a failure, at step 10" in divergence(model, token)


def test_a_run_that_fails_in_another_way_is_told_with_that_way() -> None:
    model = BUGS["lost update"]
    token = attrs.evolve(failure_of(model).token, symptom=1)
    assert "with AssertionError: the balance is 1, not 2" in divergence(model, token)


def test_a_run_of_another_length_is_told_with_both_lengths() -> None:
    model = BUGS["lost update"]
    token = attrs.evolve(failure_of(model).token, steps=12)
    assert "it took 10 steps, 12 were noted" in divergence(model, token)


def test_a_run_with_other_operations_is_told_apart_from_the_same_run() -> None:
    def model(resource: str) -> Model:
        async def main() -> None:
            await point(resource)
            raise ValueError("always")

        return Model(main=main, name="main")

    token = failure_of(model("ours")).token
    assert replay(model("ours"), token).is_exact
    assert "other operations than those that were noted" in divergence(model("theirs"), token)


def test_a_divergence_under_another_trio_says_so_and_the_same_run_does_not() -> None:
    model = BUGS["lost update"]
    token = attrs.evolve(failure_of(model).token, trio_version="0.1")
    assert replay(model, token).is_exact
    said = divergence(model, attrs.evolve(token, script=()))
    assert f"The token is of trio 0.1 on Python {token.python_version}; this is trio {trio.__version__}" in said
    assert "trio" not in divergence(model, attrs.evolve(token, script=(), trio_version=trio.__version__))


def test_a_best_effort_replay_goes_on_after_what_it_cannot_do() -> None:
    model = BUGS["lost update"]
    token = failure_of(model).token
    longer = attrs.evolve(token, script=(Switch(1, 1, 77), *token.script, Switch(3, 99, 2)))
    told = replay(model, longer, best_effort=True)
    assert told.symptom is not None
    assert told.symptom.number == token.symptom
    assert len(told.differences) == 2
    assert not told.is_exact


# ---------------------------------------------------------------------- tokens of other models


def test_a_token_of_another_model_is_refused_with_both_names() -> None:
    failure = failure_of(BUGS["lost update"])
    with pytest.raises(TokenError, match=r"'models:lost_update'.*this model is 'models:lock_order'"):
        replay(lock_order, failure.line)


def test_a_token_of_other_code_is_refused_unless_best_effort_will_do() -> None:
    failure = explore(functools.partial(several_increments, 2)).failure
    assert failure is not None
    changed = functools.partial(several_increments, 3)
    with pytest.raises(TokenError, match="the code of this model has changed since"):
        replay(changed, failure.line)
    told = replay(changed, failure.line, best_effort=True)
    assert told.differences == ("it took 13 steps, 10 were noted",)
    assert told.symptom == failure.symptom


def test_a_best_effort_replay_says_when_the_changed_code_does_not_fail() -> None:
    failure = failure_of(BUGS["lost update"])
    told = replay(never_fails, failure.line, best_effort=True)
    assert told.symptom is None
    assert any("without a failure" in each for each in told.differences)
    assert "=>" not in told.story


def test_what_is_no_model_is_refused_before_anything_runs() -> None:
    line = failure_of(BUGS["lost update"]).line
    with pytest.raises(ConfigurationError, match=r"functools\.partial"):
        replay(takes_arguments, line)  # type: ignore[arg-type]


@pytest.mark.parametrize("token", ["lsart1:", "lsart0:AAAA", "nothing", ""])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(TokenError):
        replay(lost_update, token)


def test_the_token_of_a_smaller_model_is_replayed_with_that_model() -> None:
    failure = failure_of(crowd(3))
    assert failure.model == "crowd-2"
    assert replay(crowd(2), failure.line).is_exact
    assert replay(crowd(3), failure.line).model == "crowd-2"


# ---------------------------------------------------------------------- stopping at a step


def test_a_run_stopped_before_a_step_lists_who_waits_and_who_holds_what() -> None:
    model = BUGS["lock order"]
    failure = failure_of(model)
    told = replay(model, failure.line, break_at=failure.steps)
    moment = told.moment
    assert moment is not None
    assert (moment.step, told.steps, told.is_exact, told.symptom) == (10, 9, True, None)
    assert moment.task == "cashier"
    assert moment.next == "acquire Lock 'safe'"
    assert moment.waits == (
        "main waits for the end of its nursery 'nursery', held by cashier, guard",
        "cashier can go on: next it would acquire Lock 'safe'",
        "guard waits for Lock 'door', held by cashier",
    )
    assert moment.primitives == (("Lock 'door'", "held by cashier, 1 task waits"), ("Lock 'safe'", "held by guard"))


@each_bug
def test_a_run_can_be_stopped_before_each_of_its_steps_and_no_other(model: Model) -> None:
    failure = failure_of(model)
    for step in range(1, failure.steps + 1):
        moment = replay(model, failure.line, break_at=step).moment
        assert moment is not None
        assert moment.step == step
    for step in (failure.steps + 1, 10**9):
        with pytest.raises(
            ConfigurationError, match=f"has {failure.steps} steps, so it cannot stop before step {step}"
        ):
            replay(model, failure.line, break_at=step)


def test_a_run_stopped_before_time_moves_says_so() -> None:
    model = BUGS["timeout race"]
    moments = [replay(model, failure_of(model).line, break_at=step).moment for step in (3, 4)]
    assert [moment and moment.task for moment in moments] == ["server", "time"]


@pytest.mark.parametrize("step", [0, -1])
def test_steps_are_counted_from_one(step: int) -> None:
    with pytest.raises(ConfigurationError, match=f"counted from 1, so a run cannot stop before step {step}"):
        replay(lost_update, explore(lost_update).failures[0].line, break_at=step)


def test_stopping_runs_the_finally_blocks_of_the_model() -> None:
    ended: list[str] = []

    async def main() -> None:
        try:
            await point("a")
            await point("b")
            raise ValueError("always")
        finally:
            ended.append("main")

    failure = explore(main).failure
    assert failure is not None
    ended.clear()
    assert replay(main, failure.line, break_at=3).moment is not None
    assert ended == ["main"]


def test_a_run_that_had_left_its_token_before_it_was_stopped_says_so() -> None:
    model = BUGS["lost update"]
    token = attrs.evolve(failure_of(model).token, script=(Switch(2, 2, 4),))
    told = replay(model, token, break_at=8)
    assert told.moment is not None
    assert not told.is_exact
    assert "at step 5" in told.differences[0]


# ---------------------------------------------------------------------- in another process

PROGRAM = """
import sys
from models import BUGS
from lsart import explore, replay
for name, line in zip(BUGS, sys.argv[1:], strict=True):
    print(replay(BUGS[name], line), explore(BUGS[name], strategy="dfs").failure.line == line)
"""


def test_another_process_with_another_hash_seed_sees_the_same_run() -> None:
    lines = [failure_of(model).line for model in BUGS.values()]
    expected = "".join(f"{replay(model, line)} True\n" for model, line in zip(BUGS.values(), lines, strict=True))
    support = Path(__file__).parents[1] / "support"
    for hash_seed in ("1", "4711"):
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM, *lines],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join([str(support), *sys.path])},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert ran.stdout == expected
