"""Campaigns: the same seed finds the same, everything has an end, and the summary says which."""

import itertools
import signal
from collections.abc import Callable
from typing import Any

import pytest
import trio
from models import BUGS, always_fails, handover, lock_order, lost_update, never_fails, two_bugs

from lsart import Exploration, Model, ScheduleFailure, explore, replay
from lsart.engine import current, point
from lsart.exploration import BATCH, STRATEGIES, as_model

SAMPLING = [name for name in STRATEGIES if name not in ("dfs", "dpor")]


def on_run(number: int, act: Callable[[], object]) -> Callable[[], Any]:
    """A model of two tasks that never fails and does something once, in the run of that number, from 1."""
    runs = itertools.count(1)

    async def main() -> None:
        if next(runs) == number:
            act()
        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(point, "shared")

    return main


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


# ---------------------------------------------------------------------- the same again


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("name", ["handover", "lock order", "timeout race"])
def test_one_seed_finds_the_same_twice(strategy: str, name: str) -> None:
    one, other = (
        explore(BUGS[name], strategy=strategy, schedules=120, seed=3, stop_after=9, shrink=False) for _ in range(2)
    )
    assert one == other
    assert (one.seed, one.strategy, one.model) == (3, strategy, BUGS[name].name)


def test_other_seeds_try_other_schedules() -> None:
    seen = {explore(never_fails, seed=seed, schedules=20, strategy="random").coverage for seed in range(8)}
    assert len(seen) > 1


def test_the_chance_that_a_model_draws_follows_from_the_seed_and_is_the_same_in_every_schedule() -> None:
    def drawn(seed: int) -> set[int]:
        numbers: list[int] = []

        async def main() -> None:
            numbers.append(current().random("dice").randrange(10**9))

        explore(main, seed=seed, schedules=20)
        return set(numbers[-20:])

    assert len(drawn(1)) == 1
    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_more_schedules_begin_with_those_of_fewer() -> None:
    few = explore(two_bugs, schedules=30, stop_after=9)
    many = explore(two_bugs, schedules=BATCH + 30, stop_after=9)
    assert many.failures[: len(few.failures)] == few.failures
    assert many.coverage.orders >= few.coverage.orders


def test_a_second_batch_tries_other_schedules_than_the_first() -> None:
    one, two = (
        explore(handover, strategy="random", schedules=batches * BATCH, stop_after=9).coverage for batches in (1, 2)
    )
    assert two.orders > one.orders


def test_a_campaign_changes_nothing_for_those_after_it() -> None:
    before = explore(lock_order, seed=1)
    explore(two_bugs, seed=2, stop_after=2)
    explore(lock_order, strategy="dfs")
    after = explore(lock_order, seed=1)
    assert before == after


# ---------------------------------------------------------------------- how it ends


@pytest.mark.parametrize("schedules", [1, BATCH - 1, BATCH, BATCH + 1, 3 * BATCH])
def test_as_many_schedules_run_as_were_asked_for(schedules: int) -> None:
    told = explore(never_fails, schedules=schedules)
    assert told.schedules == told.coverage.schedules == schedules
    assert told.failures == ()
    assert told.failure is None
    assert not told.is_interrupted
    assert not told.is_exhausted
    assert not told.is_sound
    assert told.steps >= schedules * 3


def test_a_thousand_schedules_run_if_nothing_else_was_asked_for() -> None:
    assert explore(always_fails, stop_after=2).schedules == 1000


def test_a_campaign_ends_with_the_first_failure_unless_more_were_asked_for() -> None:
    one = explore(two_bugs)
    assert len(one.failures) == 1
    assert one.schedules == one.failures[0].schedule
    two = explore(two_bugs, stop_after=2)
    assert {failure.symptom.kind for failure in two.failures} == {"AssertionError", "LookupError"}
    assert two.failures[0] == one.failures[0]
    assert two.schedules == two.failures[1].schedule
    assert two.schedules > one.schedules
    three = explore(two_bugs, stop_after=3, schedules=150)
    assert three.failures == two.failures
    assert three.schedules == 150


@pytest.mark.parametrize("strategy", SAMPLING)
def test_sampling_never_claims_to_have_tried_everything(strategy: str) -> None:
    told = explore(always_fails, strategy=strategy, schedules=50, stop_after=2)
    assert not told.is_exhausted
    assert not told.is_sound


@pytest.mark.parametrize("strategy", ["dfs", "dpor"])
@pytest.mark.parametrize("name", ["lost update", "lock order", "timeout race"])
def test_trying_everything_ends_by_itself_and_says_so(strategy: str, name: str) -> None:
    told = explore(BUGS[name], strategy=strategy, stop_after=9, schedules=5000)
    assert told.is_exhausted
    assert told.is_sound
    assert told.schedules < 5000
    assert len(told.failures) == 1
    clean = explore(as_model(never_fails, labelled=True), strategy=strategy)
    assert (clean.is_sound, clean.failures) == (True, ())


def test_orders_that_do_not_matter_are_tried_once_by_dpor() -> None:
    model = as_model(handover, labelled=True)
    everything = explore(model, strategy="dfs", stop_after=9)
    reduced = explore(model, strategy="dpor", stop_after=9)
    assert reduced.coverage.orders == everything.coverage.orders
    assert reduced.schedules < everything.schedules / 2


def test_what_was_tried_within_a_bound_proves_nothing_beyond_it() -> None:
    told = explore(BUGS["handover"], strategy="dfs", preemptions=1)
    assert told.failures == ()
    assert told.is_exhausted
    assert not told.is_sound


def test_a_search_that_was_cut_short_is_neither_exhausted_nor_sound() -> None:
    told = explore(BUGS["handover"], strategy="dfs", schedules=10)
    assert not told.is_exhausted
    assert not told.is_sound
    failed = explore(BUGS["lost update"], strategy="dfs")
    assert failed.failures
    assert not failed.is_exhausted


def test_a_budget_of_time_ends_a_campaign_between_two_batches() -> None:
    told = explore(never_fails, budget=1e-9, schedules=3 * BATCH)
    assert told.schedules == BATCH
    assert told.seconds > 0


def test_a_budget_is_no_reason_to_stop_before_the_schedules_that_were_asked_for() -> None:
    assert explore(never_fails, budget=3600, schedules=30).schedules == 30


# ---------------------------------------------------------------------- Ctrl-C


def was_interrupted(told: Exploration) -> bool:
    """Whether it says so, and left the handling of Ctrl-C as it was."""
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    return told.is_interrupted


def test_ctrl_c_in_a_schedule_ends_the_campaign_after_that_schedule() -> None:
    told = explore(on_run(53, interrupt))
    assert was_interrupted(told)
    assert told.schedules == 50, "three runs come before the campaign's first"
    assert not told.is_exhausted


@pytest.mark.parametrize("run", [1, 2, 3])
def test_ctrl_c_before_the_first_schedule_ends_the_campaign_without_any(run: int) -> None:
    told = explore(on_run(run, interrupt))
    assert was_interrupted(told)
    assert told.schedules == 0
    assert told.coverage.orders == 0


@pytest.mark.parametrize("run", [1, 53])
def test_ctrl_c_in_a_decorated_test_is_no_pass(run: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        explore(schedules=1000)(on_run(run, interrupt))()


def test_ctrl_c_in_every_run_ends_the_campaign_at_the_second_one() -> None:
    """The first one asks, the second insists."""

    async def main() -> None:
        interrupt()
        await point()

    told = explore(main)
    assert was_interrupted(told)
    assert told.schedules == 0


@pytest.mark.parametrize(("strategy", "model"), [("portfolio", two_bugs), ("dfs", handover)])
def test_ctrl_c_between_batches_keeps_what_was_found(strategy: str, model: Callable[[], Any]) -> None:
    def hears(progress: Any) -> None:
        if progress.doing == "exploring" and progress.schedules >= 2 * BATCH:
            interrupt()

    whole = explore(model, strategy=strategy, stop_after=9, schedules=2 * BATCH)
    told = explore(model, strategy=strategy, stop_after=9, schedules=5 * BATCH, on_progress=hears)
    assert was_interrupted(told)
    assert told.schedules == 2 * BATCH
    assert told.failures == whole.failures
    assert replay(model, told.failures[0].line).is_exact


def test_ctrl_c_before_shrinking_keeps_the_failure_as_it_was_met() -> None:
    def hears(progress: Any) -> None:
        if progress.doing == "shrinking":
            interrupt()

    told = explore(BUGS["handover"], strategy="random", on_progress=hears)
    failure = told.failure
    assert failure is not None
    assert failure.shrink_runs == failure.proof_runs == 0
    assert failure.preemptions == failure.preemptions_found
    assert replay(BUGS["handover"], failure.line).is_exact
    assert not was_interrupted(told), "enough was found"


def test_two_ctrl_cs_end_a_campaign_wherever_it_is() -> None:
    def insist() -> None:
        interrupt()
        interrupt()

    for run in (1, 2, 40):
        told = explore(on_run(run, insist))
        assert was_interrupted(told)


def test_a_campaign_that_is_over_anyway_was_not_interrupted() -> None:
    def hears(progress: Any) -> None:
        if progress.schedules == 40:
            interrupt()

    assert not was_interrupted(explore(never_fails, schedules=40, on_progress=hears))


def test_an_error_of_whoever_listens_is_not_swallowed() -> None:
    def fails(progress: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        explore(never_fails, on_progress=fails)
    assert explore(lost_update).failures, "and leaves everything as it was"


# ---------------------------------------------------------------------- what it came to


def test_progress_is_told_after_each_batch_and_before_each_shrinking() -> None:
    heard: list[Any] = []
    explore(two_bugs, schedules=BATCH * 2 + 1, stop_after=9, on_progress=heard.append)
    assert [each.doing for each in heard] == ["shrinking", "shrinking", "exploring", "exploring", "exploring"]
    assert [each.schedules for each in heard] == [100, 100, 100, 200, 201]
    orders = [each.orders for each in heard]
    assert orders == sorted(orders)


def test_an_exploration_is_neither_true_nor_false() -> None:
    told = explore(always_fails)
    with pytest.raises(TypeError, match=r"ask for \.failures, or call \.check\(\)"):
        bool(told)


def test_check_says_nothing_of_a_clean_campaign() -> None:
    explore(never_fails, schedules=10).check()


def test_check_raises_with_the_story_and_the_line_to_paste() -> None:
    told = explore(lock_order)
    with pytest.raises(ScheduleFailure) as caught:
        told.check()
    failure = told.failure
    assert failure is not None
    assert caught.value.failure is failure
    said = str(caught.value)
    assert said.startswith(f"{failure.symptom}\n")
    assert failure.story in said
    assert said.endswith(f"\nto see exactly this again:\n  lsart.replay(lock_order, {failure.line!r})")
    assert eval(said.splitlines()[-1], {"lsart": __import__("lsart"), "lock_order": lock_order}).is_exact


def test_a_failure_says_where_it_was_met() -> None:
    failure = explore(BUGS["handover"], strategy="random").failure
    assert failure is not None
    assert failure.schedule == explore(BUGS["handover"], strategy="random").schedules
    assert failure.strategy == "random"
    assert (failure.tasks, failure.model) == (4, "models:handover")
    assert failure.recheck.is_stable
    assert str(failure).splitlines()[0] == str(failure.symptom)
    assert str(failure).endswith(failure.line)


def test_a_failure_names_the_member_of_the_portfolio_that_met_it() -> None:
    failure = explore(BUGS["handover"]).failure
    assert failure is not None
    assert failure.strategy.startswith("portfolio")


def test_the_settings_of_a_model_can_be_replaced() -> None:
    race = BUGS["timeout race"]
    assert explore(race, time_is_a_choice=False, schedules=50).failures == ()
    assert explore(race, schedules=50).failures
    short = explore(never_fails, step_limit=5).failure
    assert short is not None
    assert short.symptom.kind == "step limit"


def test_depth_is_for_pct() -> None:
    found = {depth: explore(BUGS["handover"], strategy="pct", depth=depth, schedules=200).schedules for depth in (1, 3)}
    assert found[1] == 200, "no priority changes, no preemption"
    assert found[3] < 200


def test_a_model_may_be_given_ready_made() -> None:
    async def main() -> None:
        raise KeyError("always")

    told = explore(Model(main=main, name="ready made"), schedules=5)
    assert told.model == "ready made"
    assert told.failure is not None
    assert told.failure.token.model == "ready made"
