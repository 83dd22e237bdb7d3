"""One seed, one run: who goes first, what leaks, what is refused."""

import os
import random
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from functools import partial
from typing import Literal

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from lsart.engine import current, now_ns, run, sleep_ns

# Tasks that meet at the same instants, through everything in trio that keeps tasks in sets.
CROWD = """if True:
    import trio
    from lsart.engine import current, now_ns, run, sleep_ns

    log = []

    async def member(number, gate, lock, limiter):
        chance = current().random("member", number)
        for _ in range(3):
            await sleep_ns(chance.randrange(3))
            log.append((now_ns(), number))
        await gate.wait()
        log.append(("gate", number))
        async with lock, limiter:
            with trio.move_on_after(1e-9):
                await trio.sleep_forever()
            log.append((now_ns(), number))

    async def crowd():
        gate, lock, limiter = trio.Event(), trio.Lock(), trio.CapacityLimiter(2)
        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(member, number, gate, lock, limiter)
            await sleep_ns(100)
            gate.set()
            await sleep_ns(15)
            nursery.cancel_scope.cancel()
        return log
"""
_names: dict[str, object] = {}
exec(CROWD, _names)


def crowd_order(seed: int) -> list[tuple[object, int]]:
    log = _names["log"]
    assert isinstance(log, list)
    log.clear()
    run(_names["crowd"], seed=seed)  # type: ignore[arg-type]  # it comes out of exec
    return list(log)


def test_one_seed_gives_one_order() -> None:
    assert crowd_order(3) == crowd_order(3)


def test_other_seeds_give_other_orders() -> None:
    assert len({tuple(crowd_order(seed)) for seed in range(10)}) == 10


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_the_seed_alone_decides_who_goes_first(clock: Literal["virtual", "real"]) -> None:
    async def main() -> list[int]:
        order: list[int] = []

        async def member(number: int) -> None:
            await trio.lowlevel.checkpoint()
            order.append(number)

        async with trio.open_nursery() as nursery:
            for number in range(30):
                nursery.start_soon(member, number)
        return order

    orders = [run(main, seed=seed, clock=clock) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]


def test_processes_with_other_hash_seeds_take_the_same_steps() -> None:
    program = CROWD + "    import hashlib\n    print(run(crowd, seed=5))\n"
    said = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        for hash_seed in ("0", "1", "4711")
    ]
    assert said[0].count("gate") == 20
    assert said[0] == said[1] == said[2] == f"{crowd_order(5)}\n"


# random.Random("lsart/0"), ("lsart/0/client/3"), ("lsart/0/client/4"), ("lsart/0/client%2F3"), 32 bits each
GOLDEN_0 = [4098027129, 2008367279, 1196745333, 2475591105]
GOLDEN_1 = [3493669582, 2970651183, 120807575, 1858033478]


def test_streams_of_chance_are_what_they_have_always_been() -> None:
    async def main() -> list[int]:
        engine = current()
        names: list[tuple[str | int, ...]] = [(), ("client", 3), ("client", 4), ("client/3",)]
        return [engine.random(*name).getrandbits(32) for name in names]

    assert run(main) == GOLDEN_0
    assert run(main, seed=1) == GOLDEN_1
    assert run(main, clock="real") == GOLDEN_0
    assert len({*GOLDEN_0, *GOLDEN_1}) == 8


def test_a_stream_starts_anew_each_time_it_is_asked_for() -> None:
    async def main() -> None:
        first, second = current().random("a"), current().random("a")
        assert first is not second
        assert first.random() == second.random()
        assert current().random("a", 3).random() == current().random("a", "3").random()

    run(main)


@given(st.lists(st.text("ab/%2F"), max_size=3), st.lists(st.text("ab/%2F"), max_size=3))
def test_streams_of_other_names_are_other_streams(one: list[str], other: list[str]) -> None:
    async def main() -> bool:
        return current().random(*one).getstate() == current().random(*other).getstate()

    # No name and one empty name differ too: "lsart/0" and "lsart/0/".
    assert run(main) == (one == other)


def test_a_stream_named_by_an_address_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(TypeError, match="cannot be named by object"):
            current().random(object())  # type: ignore[arg-type]  # what the test is about

    run(main)


def test_a_run_leaves_trio_as_it_was() -> None:
    from trio._core import _run as internals

    before = (internals._r, internals._r.getstate(), internals._ALLOW_DETERMINISTIC_SCHEDULING)
    crowd_order(0)
    with pytest.raises(ZeroDivisionError):
        run(partial(_fail, ZeroDivisionError()))
    with pytest.raises(TypeError):
        run(_not_async)  # type: ignore[arg-type]
    after = (internals._r, internals._r.getstate(), internals._ALLOW_DETERMINISTIC_SCHEDULING)
    assert after == before
    assert after[0] is before[0]


def test_the_global_random_is_neither_used_nor_seeded() -> None:
    random.seed(1)
    state = random.getstate()
    crowd_order(0)
    assert random.getstate() == state


async def _fail(error: BaseException) -> None:
    raise error


def _not_async() -> None:
    pass


async def _add(one: int, other: int) -> int:
    await sleep_ns(1)
    return one + other


def test_the_result_and_the_errors_of_main_pass_through() -> None:
    assert run(_add, 2, 3) == 5
    assert run(partial(_add, 2), 3) == 5
    for kind in (ValueError, KeyboardInterrupt, SystemExit):
        error = kind("mine")
        with pytest.raises(kind) as caught:
            run(_fail, error)
        assert caught.value is error


def test_the_main_task_bears_the_name_of_main() -> None:
    async def main() -> str:
        return trio.lowlevel.current_task().name

    assert run(main).endswith("test_the_main_task_bears_the_name_of_main.<locals>.main")
    assert run(partial(main)) == run(main)


def test_instruments_see_the_run() -> None:
    class Steps(trio.abc.Instrument):
        count = 0

        def before_task_step(self, task: trio.lowlevel.Task) -> None:
            self.count += 1

    steps = Steps()
    run(_add, 1, 1, instruments=[steps])
    assert steps.count > 0


def test_a_main_that_is_not_an_async_function_is_refused_with_the_remedy() -> None:
    with pytest.raises(TypeError, match=r"_not_async returned NoneType; define it with 'async def'"):
        run(_not_async)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"run\(_add, \.\.\.\), not run\(_add\(\.\.\.\)\)"):
        run(_add(1, 2))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="needs an async function, not int 5"):
        run(5)  # type: ignore[arg-type]

    async def generator() -> AsyncIterator[int]:
        yield 1

    with pytest.raises(TypeError, match="returned async_generator"):
        run(generator)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", ["0", 1.5, None, True])
def test_a_seed_that_is_no_integer_is_refused(seed: object) -> None:
    with pytest.raises(TypeError, match="the seed must be an integer, not"):
        run(_add, 1, 2, seed=seed)  # type: ignore[arg-type]


def test_an_unknown_clock_is_refused() -> None:
    with pytest.raises(ValueError, match="clock must be 'virtual' or 'real', not 'wall'"):
        run(_add, 1, 2, clock="wall")  # type: ignore[arg-type]


def test_a_run_inside_a_run_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError, match="inside a run; there, await"):
            run(_add, 1, 2)
        await sleep_ns(1)
        assert now_ns() == 1

    run(main)


def test_a_run_beside_a_run_in_another_thread_is_refused() -> None:
    caught: list[BaseException] = []

    def beside() -> None:
        try:
            run(_add, 1, 2)
        except RuntimeError as error:
            caught.append(error)

    async def main() -> None:
        thread = threading.Thread(target=beside)
        thread.start()
        thread.join()

    run(main)
    assert "already going on in another thread" in str(caught[0])
    beside()
    assert len(caught) == 1


def test_there_is_no_engine_outside_a_run() -> None:
    with pytest.raises(RuntimeError, match="no current engine outside a run"):
        current()


def test_the_engine_of_a_run_is_shared_by_all_its_tasks() -> None:
    async def main() -> None:
        engines = []

        async def child() -> None:
            engines.append(current())

        trio.lowlevel.spawn_system_task(child)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)
        await sleep_ns(1)
        assert engines == [current(), current()]
        assert current().seed == 9
        assert current().is_virtual

    run(main, seed=9)
