"""`@lsart.explore(...)` makes an async test a plain one, fixtures and all."""

import functools
import inspect
from typing import Any

import pytest
import trio
from models import lock_order, lost_update, several_increments

import lsart
from lsart.contract import ConfigurationError
from lsart.engine import point
from lsart.exploration import FailureDatabase, ReplayedFailure

pytest_plugins = ["pytester"]

TESTS = """
import lsart, pytest, trio
from lsart.engine import point

@pytest.fixture
def clerks():
    return 2

@lsart.explore(strategy="dfs")
async def test_no_update_is_lost(clerks):
    balance = 0

    async def clerk():
        nonlocal balance
        await point("balance", "r")
        seen = balance
        await point("balance", "w")
        balance = seen + 1

    async with trio.open_nursery() as nursery:
        for _ in range(clerks):
            nursery.start_soon(clerk)
    assert balance == clerks, f"{balance} of {clerks}"

@lsart.explore(schedules=50)
async def test_nothing_is_lost_under_a_lock(clerks, tmp_path):
    assert clerks == 2 and tmp_path.exists()
    async with trio.Lock():
        await point("balance")

class TestInAClass:
    @pytest.mark.parametrize("number", [1, 2])
    @lsart.explore(schedules=5)
    async def test_with_parameters(self, number):
        await point("number")
        assert number == 1

async def test_that_is_not_explored():
    await trio.sleep(0)
"""


@pytest.fixture
def clerks() -> int:
    return 2


@lsart.explore(schedules=60, seed=4)
async def test_a_decorated_test_runs_here_with_a_fixture(clerks: int) -> None:
    seen: list[int] = []
    async with trio.open_nursery() as nursery:
        for number in range(clerks):
            nursery.start_soon(_notes, number, seen)
    assert sorted(seen) == [0, 1]


async def _notes(number: int, seen: list[int]) -> None:
    await point("seen")
    seen.append(number)


decorated_lost_update = lsart.explore(strategy="dfs")(lost_update)


def test_decorated_tests_pass_and_fail_under_pytest(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\ntrio_mode = true\n")
    pytester.makepyfile(test_bank=TESTS)
    result = pytester.runpytest_inprocess("-q")
    result.assert_outcomes(passed=3, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*AssertionError: 1 of 2*",
            "*main runs (step 2), starts * and *",
            "*`read balance`, and is STOPPED before `write balance`",
            "*to see exactly this again:",
            "*@lsart.explore(replay='lsart1:*",
        ]
    )


def test_a_decorated_test_is_a_plain_function_with_the_name_and_the_fixtures_of_the_test() -> None:
    async def test_bank(first: int, second: str) -> None:
        """Says what it tests."""

    found: Any = lsart.explore(schedules=5)(test_bank)
    assert not inspect.iscoroutinefunction(found)
    assert (found.__name__, found.__doc__) == ("test_bank", "Says what it tests.")
    assert list(inspect.signature(found).parameters) == ["first", "second"]
    assert found(1, second="b") is None


def test_every_schedule_gets_the_same_arguments() -> None:
    seen = []

    @lsart.explore(schedules=30)
    async def test_bank(thing: object, *, name: str) -> None:
        await point()
        seen.append((thing, name))

    thing = object()
    test_bank(thing, name="x")
    assert len(seen) > 30
    assert set(seen) == {(thing, "x")}


def test_a_failing_one_raises_with_the_story_and_the_token() -> None:
    with pytest.raises(lsart.ScheduleFailure) as caught:
        decorated_lost_update()
    said = str(caught.value)
    failure = caught.value.failure
    assert said.splitlines()[0] == "AssertionError: the balance is 1, not 2"
    assert "clerk-1 runs (steps 3 to 4), `read balance`, and is STOPPED before `write balance`" in said
    assert said.endswith(f"@lsart.explore(replay={failure.line!r})")


def test_the_token_is_replayed_with_the_decorated_test_and_with_the_bare_one() -> None:
    with pytest.raises(lsart.ScheduleFailure) as caught:
        decorated_lost_update()
    line = caught.value.failure.line
    assert lsart.replay(decorated_lost_update, line).is_exact  # type: ignore[arg-type]
    assert lsart.replay(lost_update, line).is_exact
    assert lsart.shrink(decorated_lost_update, line).line == line  # type: ignore[arg-type]


def test_the_token_of_a_test_with_fixtures_is_replayed_with_their_values_bound() -> None:
    decorated = lsart.explore(schedules=60)(several_increments)
    with pytest.raises(lsart.ScheduleFailure) as caught:
        decorated(2)
    line = caught.value.failure.line
    assert lsart.replay(functools.partial(decorated, 2), line).is_exact  # type: ignore[arg-type]


def test_a_token_of_a_test_with_fixtures_is_replayed_with_the_bare_test_and_their_values_bound() -> None:
    with pytest.raises(lsart.ScheduleFailure) as caught:
        lsart.explore(schedules=60)(several_increments)(2)
    line = caught.value.failure.line
    assert lsart.replay(functools.partial(several_increments, 2), line).is_exact
    with pytest.raises(lsart.TokenError, match="has changed since"):
        lsart.replay(functools.partial(several_increments, 3), line)


def test_the_printed_line_replays_the_test_with_new_fixtures() -> None:
    class Clerks:
        def __init__(self, mark: str) -> None:
            self.mark = mark  # differs from run to run, as a path or a port does

    async def test_bank(clerks: Clerks, count: int) -> None:
        await several_increments(count)

    with pytest.raises(lsart.ScheduleFailure) as caught:
        lsart.explore(schedules=60)(test_bank)(Clerks("a"), 2)
    line = caught.value.failure.line
    runs: list[int] = []

    async def counts_runs(clerks: Clerks, count: int) -> None:
        runs.append(1)
        await test_bank(clerks, count)

    counts_runs.__qualname__ = test_bank.__qualname__
    with pytest.raises(ReplayedFailure) as again:
        lsart.explore(replay=line)(counts_runs)(Clerks("b"), 2)
    assert len(runs) == 1
    assert str(again.value).splitlines()[0] == str(caught.value).splitlines()[0]
    assert "STOPPED" in str(again.value)


def test_a_token_that_a_mended_test_does_not_follow_fails_it() -> None:
    with pytest.raises(lsart.ScheduleFailure) as caught:
        decorated_lost_update()

    async def mended() -> None:
        await point("balance", "r")

    mended.__module__, mended.__qualname__ = lost_update.__module__, lost_update.__qualname__
    with pytest.raises(lsart.ReplayDiverged):
        lsart.explore(replay=caught.value.failure.line)(mended)()
    with pytest.raises(lsart.TokenError, match="belongs to the test 'models:lost_update'"):
        lsart.explore(replay=caught.value.failure.line)(lock_order)()


def test_what_a_decorated_test_cannot_do_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="runs in one process, not in 2"):
        lsart.explore(jobs=2)
    with pytest.raises(ConfigurationError, match=r"call lsart\.replay"):
        lsart.explore(lost_update, replay="lsart1:x")  # type: ignore[call-overload]


def test_the_options_of_the_decorator_are_those_of_a_campaign(tmp_path: Any) -> None:
    database = FailureDatabase(tmp_path)
    heard: list[Any] = []
    decorated = lsart.explore(
        strategy="dfs", seed=3, schedules=40, shrink=False, database=database, on_progress=heard.append
    )(lock_order)
    with pytest.raises(lsart.ScheduleFailure) as caught:
        decorated()
    token = caught.value.failure.token
    assert (token.seed, token.is_shrunk) == (3, False)
    assert token.strategy.startswith("dfs")
    assert heard
    assert [each for _, each in database.all()] == [token]


def test_a_decorated_function_that_is_not_async_is_refused_when_it_is_called() -> None:
    def test_bank() -> None:
        """Not async."""

    decorated: Any = lsart.explore(schedules=5)(test_bank)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="test_bank is not async"):
        decorated()
