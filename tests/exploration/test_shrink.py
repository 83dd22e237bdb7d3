"""Shrinking: the same failure with the fewest preemptions, and no proof that is none."""

import functools
from collections.abc import Callable, Iterable
from typing import Any

import attrs
import pytest
import trio
from models import BUGS, always_fails, crowd, lost_update, never_fails, several_increments, two_bugs

from lsart import Failure, Model, TokenError, explore, replay, shrink
from lsart.engine import point
from lsart.exploration import DFS, as_model
from lsart.exploration._attempt import attempt, labelled
from lsart.exploration._failure import Symptom, symptom_of
from lsart.exploration._shrink import Shrunk, shrink_script

each_bug = pytest.mark.parametrize("model", BUGS.values(), ids=BUGS)
# Under these seeds the failure is first met in ways that differ much.
SEEDS = range(4)


def found(model: Model, seed: int = 0, strategy: str = "random") -> Failure:
    """A failure as it was met."""
    failure = explore(model, seed=seed, strategy=strategy, shrink=False).failure
    assert failure is not None
    return failure


@functools.cache
def fewest_preemptions(name: str) -> int:
    """Of all schedules that fail as the bug does, by trying every one with none, then with one, and so on."""
    model = BUGS[name]
    symptom = found(model).symptom
    for bound in range(10):
        search = DFS(bound)
        costs = set()
        with labelled():
            while search.begin(0):
                trace = attempt(model, search, 0)
                search.end(trace)
                if symptom_of(trace) == symptom:
                    costs.add(trace.preemptions)
        if costs:
            return min(costs)
    raise AssertionError("it never fails")


def shrunk(model: Model, failure: Failure, **options: Any) -> Shrunk:
    with labelled():
        result = shrink_script(model, failure.token.script, failure.token.seed, **options)
    assert result is not None
    return result


@pytest.mark.parametrize("name", BUGS)
def test_a_shrunk_failure_has_the_fewest_preemptions_there_are(name: str) -> None:
    for seed in SEEDS:
        failure = explore(BUGS[name], seed=seed, strategy="random").failure
        assert failure is not None
        assert failure.preemptions == fewest_preemptions(name)
        assert failure.preemptions <= failure.preemptions_found
        assert failure.is_minimal is True
        assert failure.shrink_runs <= 100


@pytest.mark.parametrize("name", ["lost update", "handover", "lock order", "livelock"])
def test_shrinking_alone_does_as_well_as_with_the_proof(name: str) -> None:
    """The proof finds what the greedy part overlooks, at a price; the greedy part is to overlook nothing here."""
    model = BUGS[name]
    for seed in SEEDS:
        failure = found(model, seed)
        result = shrunk(model, failure, proves=False)
        assert result.found.preemptions == fewest_preemptions(name)
        assert result.is_minimal is None
        assert result.proof_runs == 0
        assert result.runs == shrunk(model, failure).runs <= 100


@each_bug
def test_a_shrunk_failure_is_the_same_failure(model: Model) -> None:
    for seed in SEEDS:
        before = found(model, seed)
        after = shrink(model, before.token)
        assert after.symptom == before.symptom
        assert after.is_shrunk
        assert after.token.is_shrunk
        assert after.preemptions_found == before.preemptions
        again = replay(model, after.line)
        assert again.is_exact
        assert again.symptom == before.symptom


def test_what_is_small_already_stays_as_it_is() -> None:
    model = BUGS["handover"]
    once = shrink(model, found(model).line)
    assert shrink(model, once.line).token == once.token


def test_a_failure_without_preemptions_needs_no_proof() -> None:
    failure = explore(always_fails).failure
    assert failure is not None
    assert (failure.preemptions, failure.is_minimal, failure.proof_runs) == (0, True, 0)


def test_one_of_two_failures_is_not_shrunk_into_the_other() -> None:
    failures = explore(two_bugs, stop_after=2).failures
    assert {failure.symptom.kind for failure in failures} == {"AssertionError", "LookupError"}
    for failure in failures:
        assert shrink(two_bugs, failure.line).symptom == failure.symptom


def test_a_failure_is_made_small_though_every_simpler_schedule_fails_in_another_way() -> None:
    async def main() -> None:
        await lost_update()
        raise LookupError("nothing was lost")

    model = as_model(main, labelled=True)
    failures = explore(model, strategy="random", stop_after=2, schedules=200, shrink=False).failures
    costs = {each.symptom.kind: shrunk(model, each, proves=False).found.preemptions for each in failures}
    assert costs == {"AssertionError": 1, "LookupError": 0}


# ---------------------------------------------------------------------- what is claimed


def after(count: int) -> Callable[[], bool]:
    """Stop when asked for the next time after so many questions."""
    left = [count]

    def stop() -> bool:
        left[0] -= 1
        return left[0] < 0

    return stop


@pytest.mark.parametrize("name", ["lost update", "handover", "lock order"])
def test_nothing_is_claimed_to_be_minimal_that_is_not_wherever_it_is_stopped(name: str) -> None:
    failure = found(BUGS[name])
    best = []
    for runs in range(0, 120, 5):
        result = shrunk(BUGS[name], failure, stop=after(runs))
        if result.is_minimal:
            assert result.found.preemptions == fewest_preemptions(name)
        best.append(result.found.preemptions)
    assert best == sorted(best, reverse=True), "a later stop is never worse"
    assert best[-1] == fewest_preemptions(name)


def test_a_shrinking_that_is_stopped_at_once_gives_the_failure_as_it_was() -> None:
    model = BUGS["handover"]
    before = found(model)
    result = shrink(model, before.token, stop=lambda: True)
    assert result.preemptions == before.preemptions
    assert result.is_minimal is None
    assert result.shrink_runs == result.proof_runs == 0
    assert not result.token.is_minimal
    assert replay(model, result.line).is_exact


def test_a_proof_that_takes_too_long_is_given_up_and_says_so() -> None:
    """Many tasks that do nothing to each other: more schedules than anybody tries."""

    async def main() -> None:
        seen: list[int] = []

        async def client(number: int) -> None:
            for _ in range(3):
                await point("shared")
            seen.append(number)

        async with trio.open_nursery() as nursery:
            for number in range(6):
                nursery.start_soon(client, number)
            for _ in range(3):
                await point("shared")
                assert len(seen) != 1, "somebody was done early"

    failure = explore(main, strategy="random", schedules=300, labelled=True).failure
    assert failure is not None
    assert failure.preemptions > 0
    assert failure.is_minimal is None
    assert not failure.token.is_minimal
    assert failure.proof_runs >= 3000


def test_a_search_without_preemptions_tries_every_schedule_without_preemptions() -> None:
    """On this the proof rests: both sleepers wake at one moment, so neither is preempted, whoever goes first."""

    async def main() -> None:
        asleep: list[str] = []
        awake: list[str] = []

        async def sleeper(name: str) -> None:
            asleep.append(name)
            await trio.sleep(1)
            awake.append(name)

        async with trio.open_nursery() as nursery:
            for name in ("one", "other"):
                nursery.start_soon(sleeper, name)
        assert awake[0] == asleep[1]

    failure = explore(main).failure
    assert failure is not None
    assert failure.preemptions == 0
    assert explore(main, strategy="dfs", preemptions=0).failures


# ---------------------------------------------------------------------- smaller models


def test_a_model_is_made_as_small_as_still_fails() -> None:
    before = found(crowd(4))
    failure = shrink(crowd(4), before.token)
    assert failure.model == failure.token.model == "crowd-2"
    assert (failure.tasks, failure.preemptions, failure.is_minimal) == (3, 1, True)
    assert "clerk-3" not in failure.story
    assert replay(crowd(2), failure.line).is_exact


def test_a_model_is_made_no_smaller_than_what_fails_in_the_same_way() -> None:
    """The smaller one fails always, with something else."""
    broken = as_model(always_fails)
    model = attrs.evolve(crowd(2), smaller=lambda: [broken, crowd(1)])
    failure = shrink(model, found(model).token)
    assert failure.model == "crowd-2"


def test_smaller_models_are_asked_for_theirs() -> None:
    asked: list[int] = []

    def halves(clerks: int) -> Model:
        def smaller() -> Iterable[Model]:
            asked.append(clerks)
            return [halves(clerks // 2)] if clerks > 1 else []

        main = functools.partial(several_increments, clerks)
        return attrs.evolve(as_model(main, name=f"half-{clerks}", labelled=True), smaller=smaller)

    failure = shrink(halves(8), found(halves(8)).token)
    assert failure.model == "half-2"
    assert asked == [8, 4, 2]


# ---------------------------------------------------------------------- tokens that cannot be shrunk


def test_a_token_that_fails_no_more_is_refused() -> None:
    model = BUGS["lost update"]
    with pytest.raises(TokenError, match="nothing to shrink: the schedule of this token does not fail any more"):
        shrink(model, attrs.evolve(found(model).token, script=()))


def test_a_token_that_fails_in_another_way_is_refused_with_that_way() -> None:
    first, second = explore(two_bugs, stop_after=2).failures
    with pytest.raises(TokenError, match=f"fails with {first.symptom}, not as it did"):
        shrink(two_bugs, attrs.evolve(second.token, script=first.token.script))


def test_a_token_of_other_code_is_refused() -> None:
    with pytest.raises(TokenError, match="belongs to the model"):
        shrink(never_fails, found(BUGS["lost update"]).line)


def test_a_script_that_does_not_fail_cannot_be_shrunk() -> None:
    with labelled():
        assert shrink_script(BUGS["lost update"], (), 0) is None
        assert shrink_script(as_model(never_fails), (), 0) is None


def test_a_symptom_is_a_kind_and_a_place_whatever_the_message() -> None:
    assert Symptom("KeyError", "a.py, main", "1") == Symptom("KeyError", "a.py, main", "2")
    assert Symptom("KeyError", "a.py, main", "1") != Symptom("KeyError", "a.py, other", "1")
    assert Symptom("KeyError", "a.py, main", "1") != Symptom("ValueError", "a.py, main", "1")


def test_a_proof_can_be_given_up_without_giving_up_the_shrinking() -> None:
    model = BUGS["handover"]
    result = shrunk(model, found(model), stop_proof=lambda: True)
    assert result.found.preemptions == fewest_preemptions("handover")
    assert (result.proof_runs, result.is_minimal) == (0, None)


def test_a_budget_that_is_spent_ends_the_proof_only(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10**6, 100))
    monkeypatch.setattr("lsart.exploration._campaign.time.monotonic", lambda: next(clock))
    failure = explore(BUGS["handover"], budget=150).failure
    assert failure is not None
    assert failure.shrink_runs > 0
    assert (failure.proof_runs, failure.is_minimal) == (0, None)


def test_nothing_is_proved_where_preemptions_cannot_be_told_from_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    model = BUGS["handover"]
    failure = found(model)
    monkeypatch.setattr("lsart.exploration._shrink.loop_works", lambda: False)
    assert shrunk(model, failure).is_minimal is None
