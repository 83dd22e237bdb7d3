"""Scripts: any run can be written down and followed, and no switch is needed to follow the others."""

from collections.abc import Callable, Iterator
from random import Random

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from models import BUGS, always_fails, lock_order, lost_update, never_fails, two_bugs

from lsart import Model
from lsart.engine import CLOCK, Ready, Trace, run_schedule
from lsart.exploration import RandomWalk, as_model
from lsart.exploration._attempt import attempt, follow, labelled, write_down
from lsart.exploration._footprints import trace_hash
from lsart.exploration._script import Follow, ScriptWriter, Switch, schedule_of

MODELS = [
    *(as_model(each) for each in (never_fails, always_fails, two_bugs, lock_order)),
    as_model(never_fails, time_is_a_choice=True),
    *BUGS.values(),
]
models = st.sampled_from(MODELS)
chances = st.randoms(use_true_random=False)


@pytest.fixture(autouse=True, scope="module")
def labels() -> Iterator[None]:
    with labelled():
        yield


class Chooser:
    """A strategy of one function."""

    name = "chooser"
    notes_arrivals = False

    def __init__(self, choose: Callable[[Ready], int]) -> None:
        self.choose = choose

    def begin(self, schedule: int) -> bool:
        return True

    def end(self, trace: Trace) -> None:
        """Nothing is learnt."""


def once(task: int) -> Callable[[Ready], int]:
    """Choose this one at the first decision, and let nobody interfere after that."""
    wanted = [task]
    return lambda ready: wanted.pop() if wanted else ready.canonical()


def same_run(one: Trace, other: Trace) -> bool:
    return (one.numbers, one.labels, one.ends, one.touched, one.woken, trace_hash(one)) == (
        other.numbers,
        other.labels,
        other.ends,
        other.touched,
        other.woken,
        trace_hash(other),
    )


@given(models, chances)
def test_any_run_written_down_and_followed_is_the_same_run(model: Model, chance: Random) -> None:
    first = attempt(model, RandomWalk(chance), 0)
    again, writer = write_down(model, first.numbers, 0)
    assert writer.diverged_at is None
    assert same_run(again, first)
    script = tuple(writer.switches)
    follower = Follow(script)
    follower.begin(0)
    followed = attempt(model, follower, 0)
    assert same_run(followed, first)
    assert tuple(follower.done) == script
    assert not follower.missed
    assert not follower.left


@given(models, chances, st.data())
def test_any_part_of_a_script_can_be_followed(model: Model, chance: Random, data: st.DataObject) -> None:
    first = attempt(model, RandomWalk(chance), 0)
    _, writer = write_down(model, first.numbers, 0)
    script = writer.switches
    kept = data.draw(st.lists(st.booleans(), min_size=len(script), max_size=len(script)))
    part = tuple(switch for switch, keep in zip(script, kept, strict=True) if keep)
    follower = Follow(part)
    follower.begin(0)
    trace = attempt(model, follower, 0)
    assert len(follower.done) + len(follower.missed) <= len(part)
    # What was done in fact is a script of just this run.
    again = Follow(follower.done)
    again.begin(0)
    assert same_run(attempt(model, again, 0), trace)
    assert not again.missed


def test_leaving_out_one_switch_leaves_the_places_of_the_others() -> None:
    """Places are steps of a task, not of the run: the second switch is done, with and without the first."""
    model = as_model(two_bugs)
    both = (Switch(1, 1, 4), Switch(4, 2, 3))
    found, trace = follow(model, both, 0)
    assert found is not None
    assert found.script == both
    assert schedule_of(trace)[2:5] == [(4, 2), (3, 2), (2, 2)]
    found, trace = follow(model, both[:1], 0)
    assert found is not None
    assert schedule_of(trace)[2:5] == [(4, 2), (2, 2), (3, 2)]


def test_a_run_without_interference_has_an_empty_script() -> None:
    for model in MODELS:
        trace, writer = write_down(model, (), 0)
        assert writer.switches == []
        assert follow(model, (), 0)[1].numbers == trace.numbers


def test_a_switch_can_be_to_time() -> None:
    async def main() -> bool:
        with trio.move_on_after(1) as scope:
            await trio.lowlevel.checkpoint()
            await trio.lowlevel.checkpoint()
        return scope.cancelled_caught

    model = as_model(main, time_is_a_choice=True)
    trace = attempt(model, Chooser(once(CLOCK)), 0)
    assert CLOCK in trace.numbers
    _, writer = write_down(model, trace.numbers, 0)
    assert [each.then for each in writer.switches] == [CLOCK]
    _, followed = follow(model, tuple(writer.switches), 0)
    assert same_run(followed, trace)
    assert followed.result is not None
    assert followed.result.unwrap() is True


def test_time_can_move_several_times_at_one_place() -> None:
    model = BUGS["timeout race"]
    trace = attempt(model, Chooser(lambda ready: CLOCK if CLOCK in ready.places else ready.canonical()), 0)
    _, writer = write_down(model, trace.numbers, 0)
    places = [(each.task, each.steps) for each in writer.switches if each.then == CLOCK]
    assert len(places) > len(set(places)), "time was to move twice in a row"
    assert same_run(follow(model, tuple(writer.switches), 0)[1], trace)


def test_a_writer_says_at_which_step_a_run_could_not_be_followed() -> None:
    model = as_model(lost_update)
    trace, _ = write_down(model, (), 0)
    numbers = [*trace.numbers[:4], 99, *trace.numbers[5:]]
    _, writer = write_down(model, numbers, 0)
    assert writer.diverged_at == 4


def test_a_writer_goes_on_without_interference_after_the_last_step_it_knows() -> None:
    model = as_model(lost_update)
    whole, _ = write_down(model, (), 0)
    again, writer = write_down(model, whole.numbers[:3], 0)
    assert again.numbers == whole.numbers
    assert writer.diverged_at is None


def test_what_could_not_be_done_is_told_apart_from_what_was_never_reached() -> None:
    model = as_model(lost_update)
    cannot_run, never_reached = Switch(2, 2, 9), Switch(2, 50, 3)
    follower = Follow([cannot_run, never_reached])
    follower.begin(0)
    attempt(model, follower, 0)
    assert follower.done == []
    assert follower.missed == [(4, cannot_run)]
    assert follower.left == [never_reached]


def test_a_follower_begins_anew_each_time() -> None:
    model = as_model(lost_update)
    follower = Follow([Switch(2, 2, 3), Switch(2, 2, 9)])
    traces = []
    for schedule in range(2):
        assert follower.begin(schedule)
        traces.append(attempt(model, follower, 0))
        assert follower.done == [Switch(2, 2, 3)]
    assert same_run(*traces)


def test_blocks_of_a_run_join_steps_of_one_task_and_never_moves_of_time() -> None:
    trace = Trace(numbers=[0, 1, 1, 2, CLOCK, CLOCK, 2, 1, 1, 1])
    assert schedule_of(trace) == [(0, 1), (1, 2), (2, 1), (CLOCK, 1), (CLOCK, 1), (2, 1), (1, 3)]
    assert schedule_of(Trace()) == []


def test_the_writer_can_be_used_by_the_engine_alone() -> None:
    writer = ScriptWriter([0, 1, 3, 3, 3, 2])
    writer.begin(0)
    trace = run_schedule(lost_update, writer.choose)
    assert trace.numbers[:6] == [0, 1, 3, 3, 3, 2]
    assert writer.switches == [Switch(1, 1, 3)]
