"""Virtual time: where it starts, when it moves, how exact it is."""

import math
import time

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from lsart.engine import VirtualClock, current, now_ns, run, sleep_ns


def test_time_starts_at_zero_on_both_clocks() -> None:
    async def main() -> int:
        return now_ns()

    assert run(main) == 0
    assert 0 <= run(main, clock="real") < 10**9


def test_a_virtual_hour_costs_no_real_time() -> None:
    async def main() -> int:
        for _ in range(60):
            await trio.sleep(60)
        return now_ns()

    began = time.perf_counter()
    assert run(main) == 3600 * 10**9
    assert time.perf_counter() - began < 5


def test_a_real_sleep_takes_real_time() -> None:
    async def main() -> int:
        await sleep_ns(2_000_000)
        return now_ns()

    began = time.perf_counter_ns()
    assert run(main, clock="real") >= 2_000_000
    assert time.perf_counter_ns() - began >= 2_000_000


def test_single_nanoseconds_stay_exact_after_eleven_virtual_days() -> None:
    async def main() -> None:
        await sleep_ns(10**15)
        for step in range(1, 5001):
            await sleep_ns(1)
            assert now_ns() == 10**15 + step
            assert round(trio.current_time() * 10**9) == now_ns()

    run(main)


def test_single_nanoseconds_are_exact_even_where_floats_are_not() -> None:
    async def main() -> None:
        await sleep_ns(10**20)
        before = trio.current_time()
        for step in range(1, 100):
            await sleep_ns(1)
            assert now_ns() == 10**20 + step
            assert trio.current_time() >= before

    run(main)


@given(st.lists(st.integers(1, 2**22 * 10**9 - 1), min_size=1, max_size=8))
def test_trio_deadlines_land_on_the_nanosecond_in_the_documented_range(times: list[int]) -> None:
    async def main() -> None:
        for at in sorted(times):
            await trio.sleep_until(at / 10**9)
            assert now_ns() == at

    run(main)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=20))
def test_sleepers_wake_when_a_sorted_list_says(naps: list[tuple[int, int]]) -> None:
    woken: list[tuple[int, int]] = []

    async def napper(number: int, first: int, second: int) -> None:
        await sleep_ns(first)
        woken.append((now_ns(), number))
        await trio.sleep(second / 10**9)
        woken.append((now_ns(), number))

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for number, (first, second) in enumerate(naps):
                nursery.start_soon(napper, number, first, second)

    run(main)
    expected = [(first, n) for n, (first, _) in enumerate(naps)]
    expected += [(first + second, n) for n, (first, second) in enumerate(naps)]
    assert sorted(woken) == sorted(expected)
    assert [at for at, _ in woken] == sorted(at for at, _ in woken)


def test_a_deadline_between_two_nanoseconds_is_reached() -> None:
    async def main() -> float:
        await trio.sleep_until(0.1234567891234)
        return trio.current_time()

    assert run(main) >= 0.1234567891234


def test_timeouts_work_in_virtual_time() -> None:
    async def main() -> None:
        with trio.move_on_after(3600) as scope:
            await sleep_ns(2 * 3600 * 10**9)
        assert scope.cancelled_caught
        assert now_ns() == 3600 * 10**9
        with pytest.raises(trio.TooSlowError), trio.fail_after(1):
            await trio.sleep_forever()
        with trio.move_on_after(1) as scope:
            await sleep_ns(999_999_999)
        assert not scope.cancelled_caught

    run(main)


def test_a_timer_and_a_deadline_of_one_instant_both_come() -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(sleep_ns, 300_000_000)
            for _ in range(3):
                await trio.sleep(0.1)  # 0.30000000000000004 in floats
            assert now_ns() == 300_000_000

    run(main)


def test_a_timer_and_a_deadline_of_one_instant_have_no_fixed_order() -> None:
    async def main() -> str:
        order = ""

        async def timer() -> None:
            nonlocal order
            await sleep_ns(300_000_000)
            order += "t"

        async with trio.open_nursery() as nursery:
            nursery.start_soon(timer)
            await trio.sleep_until(0.1 + 0.2)
            order += "d"
        return order

    assert {run(main, seed=seed) for seed in range(20)} == {"td", "dt"}


def test_many_cancelled_sleeps_do_not_pile_up_or_disturb_the_others() -> None:
    clock = VirtualClock()

    async def main() -> int:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(sleep_ns, 10**12)
            for _ in range(3000):
                with trio.move_on_after(1e-9):
                    await sleep_ns(10**15)
            assert now_ns() == 3000
            assert len(clock._timers) < 1100
        return now_ns()

    assert trio.run(main, clock=clock) == 10**12


def test_sleeping_zero_is_a_checkpoint_and_takes_no_time() -> None:
    async def main() -> None:
        with trio.testing.assert_checkpoints():
            await sleep_ns(0)
        assert now_ns() == 0
        with trio.CancelScope() as scope:
            scope.cancel()
            await sleep_ns(5)
        assert scope.cancelled_caught

    run(main)


def test_a_sleep_that_is_no_count_of_nanoseconds_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="cannot sleep for -1 ns"):
            await sleep_ns(-1)
        with pytest.raises(TypeError):
            await sleep_ns(0.5)  # type: ignore[arg-type]  # what the test is about

    run(main)


@pytest.mark.parametrize("cushion", [0.0, 0.001])
def test_tasks_waiting_for_idleness_go_before_time_does(cushion: float) -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(sleep_ns, 10)
            nursery.start_soon(trio.sleep, 5e-9)
            await trio.testing.wait_all_tasks_blocked(cushion)
            assert now_ns() == 0

    run(main)


def test_the_clock_works_under_plain_trio_run_and_starts_afresh_each_time() -> None:
    clock = VirtualClock()

    async def main() -> int:
        await sleep_ns(7)
        assert current().is_virtual
        assert current().seed == 0
        return now_ns()

    assert trio.run(main, clock=clock) == 7
    assert repr(clock) == "<VirtualClock at 7 ns>"
    assert trio.run(main, clock=clock) == 7


def test_a_plain_trio_run_on_the_real_clock_counts_from_the_first_question() -> None:
    async def main() -> None:
        assert 0 <= now_ns() < 10**9
        assert not current().is_virtual
        await sleep_ns(1_000_000)
        assert now_ns() >= 1_000_000

    trio.run(main)


async def test_the_engine_works_in_a_pytest_trio_test(autojump_clock: trio.testing.MockClock) -> None:
    assert current().is_virtual
    assert current() is current()
    assert now_ns() == 0
    for step in range(1, 1001):
        await sleep_ns(1_000_000_001)
        assert now_ns() == step * 1_000_000_001
    assert math.isclose(autojump_clock.current_time(), 1000.000001)


async def test_short_sleeps_do_not_drift_on_a_float_clock(autojump_clock: trio.testing.MockClock) -> None:
    await sleep_ns(10**15)
    for step in range(1, 101):
        await sleep_ns(1)
        assert now_ns() == 10**15 + step
