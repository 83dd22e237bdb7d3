"""What can be explored, what is refused with what to write instead, and when a model is the same one."""

import functools
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from models import (
    always_fails,
    connects,
    crowd,
    lost_update,
    never_fails,
    not_async,
    several_increments,
    sleeps_for_real,
    takes_arguments,
    uses_a_thread_of_trios,
)

from lsart import Model, explore
from lsart.contract import ConfigurationError
from lsart.engine import point
from lsart.exploration import as_model


def refusal(model: Any, **options: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        explore(model, schedules=5, **options)
    return str(caught.value)


def fingerprint(model: Any) -> int:
    return as_model(model).fingerprint


class Bank:
    """What models of methods belong to."""

    def __init__(self, clerks: int = 2) -> None:
        self.clerks = clerks

    async def opens(self) -> None:
        await several_increments(self.clerks)

    def closes(self) -> None:
        """Not async."""

    async def __call__(self) -> None:
        await self.opens()


# ---------------------------------------------------------------------- what is refused


def test_a_coroutine_is_told_to_be_the_function_itself_and_leaves_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        said = refusal(lost_update())
    assert "explore(lost_update), not explore(lost_update())" in said


def test_a_function_that_is_not_async_is_told_to_become_so() -> None:
    assert refusal(not_async) == "the model models:not_async is not async; define it with 'async def'"
    assert "is not async" in refusal(functools.partial(not_async))


def test_a_function_that_takes_arguments_is_told_of_partial() -> None:
    for model in (takes_arguments, functools.partial(takes_arguments, 1), functools.partial(takes_arguments, second=1)):
        said = refusal(model)
        assert "models:takes_arguments takes arguments" in said
        assert "functools.partial" in said


@pytest.mark.parametrize("thing", [3, "lost_update", [lost_update]])
def test_what_cannot_be_called_is_told_what_a_model_is(thing: object) -> None:
    said = refusal(thing)
    assert said == f"a model is an async function, not {type(thing).__name__} {thing!r}"


@pytest.mark.parametrize("limit", [0, -5])
def test_a_limit_of_no_steps_is_refused(limit: int) -> None:
    with pytest.raises(ConfigurationError, match=f"step_limit must be 1 or more, not {limit}"):
        as_model(lost_update, step_limit=limit)


@pytest.mark.parametrize(
    ("model", "call", "remedy"),
    [
        (uses_a_thread_of_trios, "trio.to_thread.run_sync", "call the function directly"),
        (connects, "trio.lowlevel.wait_readable", "use a memory channel"),
    ],
)
def test_what_reaches_for_the_real_world_is_refused_with_the_call_and_a_remedy(
    model: Any, call: str, remedy: str
) -> None:
    said = refusal(model)
    assert said.startswith(f"the model models:{model.__name__} cannot be explored: ")
    assert call in said
    assert remedy in said


def test_a_real_sleep_is_refused_with_its_place() -> None:
    line = sleeps_for_real.__code__.co_firstlineno
    said = refusal(sleeps_for_real)
    assert re.search(rf"time\.sleep called in sleeps_for_real \(models\.py:{line + 3}\)", said)


@pytest.mark.parametrize("model", [Bank().closes, dict], ids=["method", "class"])
def test_methods_and_classes_that_are_not_async_are_refused_like_functions(model: Any) -> None:
    assert "async" in refusal(model)


# ---------------------------------------------------------------------- what is a model


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (lost_update, "models:lost_update"),
        (functools.partial(several_increments, 2), "models:several_increments"),
        (functools.partial(functools.partial(several_increments), 2), "models:several_increments"),
        (Bank().opens, f"{__name__}:Bank.opens"),
        (Bank(), f"{__name__}:Bank"),
    ],
    ids=["function", "partial", "partial of a partial", "method", "callable object"],
)
def test_a_model_is_called_as_its_function_is(model: Any, name: str) -> None:
    told = explore(model)
    assert told.model == name
    assert told.failure is not None
    assert told.failure.symptom.message == "the balance is 1, not 2"


def test_a_command_may_call_it_by_another_name() -> None:
    assert as_model(lost_update, name="bank.py:lost_update").name == "bank.py:lost_update"


def test_a_model_made_by_hand_keeps_what_it_was_given() -> None:
    model = Model(main=never_fails, name="mine", labelled=True, time_is_a_choice=True, step_limit=7, fingerprint=5)
    assert as_model(model) == model
    changed = as_model(model, labelled=False, time_is_a_choice=False, step_limit=8)
    assert (changed.labelled, changed.time_is_a_choice, changed.step_limit) == (False, False, 8)
    assert (changed.name, changed.fingerprint, changed.main) == ("mine", 5, never_fails)


def test_what_was_not_promised_is_not_assumed() -> None:
    model = as_model(lost_update)
    assert not model.labelled
    assert not model.time_is_a_choice
    assert model.step_limit == 20_000
    assert tuple(model.smaller()) == ()


def test_smaller_models_come_smallest_first() -> None:
    assert [each.name for each in crowd(4).smaller()] == ["crowd-1", "crowd-2", "crowd-3"]


# ---------------------------------------------------------------------- fingerprints


def test_other_code_is_another_fingerprint() -> None:
    async def one() -> None:
        await point("a")

    async def other() -> None:
        await point("b")

    assert fingerprint(one) != fingerprint(other)
    assert len({fingerprint(each) for each in (lost_update, never_fails, always_fails)}) == 3


async def takes_anything(*args: object, **named: object) -> None:
    """To be bound to arguments."""


def bound(*args: object, **named: object) -> int:
    """The fingerprint of a model that is bound to arguments."""
    return fingerprint(functools.partial(takes_anything, *args, **named))


def test_other_arguments_are_another_fingerprint() -> None:
    values = [(), (1,), (2,), (1, 2), (2, 1), ("1",), (1.5,), (b"1",), (True,), (None,), (object(),)]
    assert len({bound(*each) for each in values}) == len(values)
    assert len({bound(number=1), bound(number=2), bound()}) == 3
    assert bound(1, name="a") == bound(1, name="a")


def test_other_values_around_it_are_another_fingerprint() -> None:
    def made(number: int) -> Callable[[], Any]:
        async def main() -> None:
            await several_increments(number)

        return main

    assert fingerprint(made(2)) == fingerprint(made(2))
    assert fingerprint(made(2)) != fingerprint(made(3))


def test_other_code_of_a_helper_around_it_is_another_fingerprint() -> None:
    def made(helper: Callable[[], object]) -> Callable[[], Any]:
        async def main() -> None:
            helper()

        return main

    def one() -> int:
        return 1

    def other() -> int:
        return 2

    assert fingerprint(made(one)) != fingerprint(made(other))


def test_where_objects_lie_does_not_matter() -> None:
    def made() -> Callable[[], Any]:
        thing = object()

        async def main() -> None:
            repr(thing)

        return main

    kept = [made() for _ in range(20)]
    assert len({fingerprint(each) for each in kept}) == 1


def test_a_model_that_refers_to_itself_has_a_fingerprint() -> None:
    async def main(again: bool = True) -> None:
        if again:
            await main(False)

    assert fingerprint(main) == fingerprint(main)


def test_code_without_a_source_has_a_fingerprint_of_its_instructions() -> None:
    def made(body: str) -> Callable[[], Any]:
        scope: dict[str, Any] = {}
        exec(f"async def main():\n    {body}\n", scope)
        main: Callable[[], Any] = scope["main"]
        return main

    assert fingerprint(made("return len(())")) == fingerprint(made("return len(())"))
    assert fingerprint(made("return len(())")) != fingerprint(made("return repr(())"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda: bound(1, 1), lambda: bound(1)),
        (lambda: bound(a=1), lambda: bound(b=1)),
        (lambda: bound([1]), lambda: bound([2])),
        (lambda: bound((1, 2)), lambda: bound((3,))),
        (lambda: bound({"a": 1}), lambda: bound({"a": 2})),
        (lambda: fingerprint(Bank(2).opens), lambda: fingerprint(Bank(3).opens)),
    ],
    ids=["twice the same", "names", "list", "tuple", "dict", "method"],
)
def test_any_other_arguments_are_another_fingerprint(one: Callable[[], int], other: Callable[[], int]) -> None:
    assert one() != other()


def test_equal_arguments_are_one_fingerprint_whether_or_not_they_are_one_object() -> None:
    number = 7000
    assert bound(number, number) == bound(number, int("7000"))


PROGRAM = """
import functools, models
from lsart.exploration import as_model
kept = [object() for _ in range({junk})]
for each in (*models.BUGS.values(), models.crowd(3), functools.partial(models.several_increments, clerks=2)):
    print(as_model(each).fingerprint)
"""


def test_another_process_with_another_hash_seed_sees_the_same_fingerprints() -> None:
    support = Path(__file__).parents[1] / "support"
    said = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM.format(junk=junk)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join([str(support), *sys.path])},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        for seed, junk in (("1", 0), ("4711", 1000))
    }
    assert len(said) == 1
    assert len(set(said.pop().split())) == 7
