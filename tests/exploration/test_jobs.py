"""Several processes: they find just what one finds, and say why when they cannot."""

import contextlib
import functools
import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
from models import BUGS, crowd, draws_chance, handover, never_fails, several_increments, two_bugs

from lsart import Model, explore
from lsart.contract import ConfigurationError
from lsart.engine import point
from lsart.exploration import BATCH


async def ends_its_process() -> None:
    """Not in the process of the test itself."""
    if multiprocessing.parent_process() is not None:
        os._exit(1)
    await point()


async def interrupts_its_process() -> None:
    """As Ctrl-C in a terminal does, which goes to all processes. Not in the process of the test itself."""
    if multiprocessing.parent_process() is not None:
        signal.raise_signal(signal.SIGINT)
    await point()


async def takes_long(runs: str) -> None:
    """Notes in a file that it ran."""
    with open(runs, "a", encoding="ascii") as file:
        file.write("x")
    async with trio.open_nursery() as nursery:
        for _ in range(2):
            nursery.start_soon(takes_steps, 1500)


_runs = 0


async def fails_and_has_its_campaign_interrupted(asked: str) -> None:
    """In a process of the campaign: the second schedule fails, the fifth of the first process asks it to end."""
    global _runs
    async with trio.open_nursery() as nursery:
        for _ in range(2):
            nursery.start_soon(takes_steps, 1500)
    if multiprocessing.parent_process() is not None:
        _runs += 1
        if _runs == 5:
            with contextlib.suppress(FileExistsError):
                os.mkdir(asked)
                os.kill(os.getppid(), signal.SIGINT)
        if _runs == 2:
            raise ValueError("found")


async def takes_steps(count: int) -> None:
    for _ in range(count):
        await point("shared")


@pytest.mark.slow
@pytest.mark.parametrize("schedules", [BATCH - 1, BATCH + 1, 4 * BATCH + 50])
def test_two_processes_find_what_one_finds(schedules: int) -> None:
    one, two = (explore(two_bugs, jobs=jobs, schedules=schedules, stop_after=9) for jobs in (1, 2))
    assert one == two
    assert len(one.failures) == 2


@pytest.mark.parametrize("name", ["handover", "timeout race"])
def test_two_processes_see_the_same_orders_whatever_the_settings_of_the_model(name: str) -> None:
    one, two = (explore(BUGS[name], jobs=jobs, schedules=250, seed=7, stop_after=9) for jobs in (1, 2))
    assert one == two
    assert one.coverage.orders > 10


@pytest.mark.slow
def test_two_processes_stop_at_the_same_schedule() -> None:
    """Batches beyond the one that had enough may have run; nothing of them is told."""
    one, two = (explore(BUGS["handover"], strategy="pct", depth=1, jobs=jobs, schedules=300) for jobs in (1, 2))
    assert one == two
    one, two = (explore(handover, strategy="urw", jobs=jobs) for jobs in (1, 2))
    assert one == two
    assert one.failures


def test_bound_arguments_travel_along() -> None:
    model = functools.partial(several_increments, 3)
    one, two = (explore(model, jobs=jobs, schedules=120, stop_after=9) for jobs in (1, 2))
    assert one == two
    assert one.failures


@pytest.mark.parametrize("strategy", ["dfs", "dpor"])
def test_trying_everything_takes_one_process_however_many_there_may_be(strategy: str) -> None:
    """So it may be a model that cannot travel."""

    async def main() -> None:
        await point()

    assert explore(main, strategy=strategy, jobs=2).is_exhausted


def test_a_model_inside_a_function_cannot_travel_and_is_told_so() -> None:
    async def main() -> None:
        await point()

    with pytest.raises(ConfigurationError, match=r"cannot be sent to other processes.*at the top of a module, or"):
        explore(main, jobs=2)


def test_a_model_of_a_lambda_cannot_travel_and_is_told_so() -> None:
    model = Model(main=lambda: never_fails(), name="by lambda")
    with pytest.raises(ConfigurationError, match="the model by lambda cannot be sent to other processes"):
        explore(model, jobs=2)


def test_a_model_whose_smaller_versions_cannot_travel_is_told_so() -> None:
    with pytest.raises(ConfigurationError, match="the model crowd-3 cannot be sent"):
        explore(crowd(3), jobs=2)


def test_what_cannot_be_explored_is_refused_before_a_process_is_started() -> None:
    with pytest.raises(ConfigurationError, match="one schedule run twice differs"):
        explore(draws_chance, jobs=2)


@pytest.mark.slow
def test_a_process_that_ends_is_told_with_what_to_try() -> None:
    with pytest.raises(ConfigurationError, match="a process that ran schedules ended; run with --jobs 1 to see why"):
        explore(ends_its_process, jobs=2)


@pytest.mark.slow
def test_ctrl_c_ends_the_processes_with_the_campaign() -> None:
    def hears(progress: Any) -> None:
        if progress.doing == "exploring":
            signal.raise_signal(signal.SIGINT)

    told = explore(two_bugs, jobs=2, schedules=20 * BATCH, stop_after=9, on_progress=hears)
    assert told.is_interrupted
    assert BATCH <= told.schedules <= 5 * BATCH, "those that were under way are counted"
    assert len(told.failures) == 2


@pytest.mark.slow
def test_ctrl_c_in_the_processes_is_left_to_the_campaign() -> None:
    told = explore(interrupts_its_process, jobs=2, schedules=150)
    assert told.schedules == 150
    assert not told.is_interrupted


@pytest.mark.slow
def test_a_budget_ends_the_processes_between_two_batches() -> None:
    told = explore(attrs.evolve(BUGS["lock order"], main=never_fails), jobs=2, budget=1e-9, schedules=9 * BATCH)
    assert told.schedules == BATCH


@pytest.mark.slow
def test_ctrl_c_does_not_wait_for_the_batches_of_other_processes(tmp_path: Path) -> None:
    heard: list[int] = []

    def hears(progress: Any) -> None:
        heard.append(progress.schedules)
        if len(heard) == 1:
            signal.raise_signal(signal.SIGINT)

    runs = tmp_path / "runs"
    runs.touch()
    told = explore(functools.partial(takes_long, str(runs)), jobs=2, schedules=50 * BATCH, on_progress=hears)
    assert told.is_interrupted
    assert told.schedules >= BATCH
    # One batch each is over by then, or nearly so; those that were just begun are not run to their end.
    assert runs.stat().st_size < 3 * BATCH


@pytest.mark.slow
def test_what_other_processes_had_found_when_ctrl_c_came_is_kept(tmp_path: Path) -> None:
    model = functools.partial(fails_and_has_its_campaign_interrupted, str(tmp_path / "asked"))
    told = explore(model, jobs=2, schedules=50 * BATCH, stop_after=5)
    assert told.is_interrupted
    assert 2 <= told.schedules < 2 * BATCH
    assert [each.symptom.kind for each in told.failures] == ["ValueError"]
    assert not multiprocessing.active_children()
