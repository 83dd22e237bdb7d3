"""A run where nothing can ever happen again ends, and says who waits for what."""

import pickle
from collections.abc import Awaitable, Callable

import attrs
import pytest
import trio
from deadlocks import deadlock_of, wait_of

from lsart.engine import DeadlockError, DescribesWait, Ready, Wait, labelled_primitives, run, run_schedule, sleep_ns


def test_two_locks_taken_crosswise_name_both_tasks_and_both_holders() -> None:
    async def one(a: trio.Lock, b: trio.Lock) -> None:
        async with a:
            await sleep_ns(1_250_000)
            async with b:
                raise AssertionError

    async def two(a: trio.Lock, b: trio.Lock) -> None:
        async with b:
            await sleep_ns(1_250_000)
            async with a:
                raise AssertionError

    async def main() -> None:
        a, b = trio.Lock(), trio.Lock()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(one, a, b, name="one")
            nursery.start_soon(two, a, b, name="two")

    found = deadlock_of(main)
    assert found.time_ns == 1_250_000
    assert found.waits[1:] == (Wait("one", "Lock 'b'", "two"), Wait("two", "Lock 'a'", "one"))
    assert str(found).splitlines() == [
        "deadlock at virtual time 1.250 ms: nothing can ever happen again",
        f"  {__name__}.test_two_locks_taken_crosswise_name_both_tasks_and_both_holders.<locals>.main"
        " waits for the end of its nursery 'nursery', held by one, two",
        "  one waits for Lock 'b', held by two",
        "  two waits for Lock 'a', held by one",
    ]


def test_a_main_that_waits_for_itself_is_named() -> None:
    async def main() -> None:
        done = trio.Event()
        await done.wait()

    wait = wait_of(main)
    assert wait.task.endswith("test_a_main_that_waits_for_itself_is_named.<locals>.main")
    assert (wait.waits_for, wait.held_by) == ("Event 'done'", None)


async def _sleep_forever() -> None:
    await trio.sleep_forever()


async def _sleep_to_the_end_of_time() -> None:
    await trio.sleep(float("inf"))


async def _receive() -> None:
    _send, inbox = trio.open_memory_channel[int](0)
    await inbox.receive()


async def _iterate() -> None:
    _send, inbox = trio.open_memory_channel[int](0)
    async for _ in inbox:
        raise AssertionError


async def _send() -> None:
    outbox, _receive = trio.open_memory_channel[int](0)
    await outbox.send(1)


async def _take_semaphore() -> None:
    slots = trio.Semaphore(0)
    async with slots:
        raise AssertionError


async def _wait_for_condition() -> None:
    changed = trio.Condition()
    async with changed:
        await changed.wait()


async def _park() -> None:
    await trio.lowlevel.ParkingLot().park()


async def _wait_in_the_raw() -> None:
    await trio.lowlevel.wait_task_rescheduled(lambda _: trio.lowlevel.Abort.SUCCEEDED)


@pytest.mark.parametrize(
    ("main", "waits_for"),
    [
        (_sleep_forever, "sleep_forever"),
        (_sleep_to_the_end_of_time, "sleep(inf)"),
        (_receive, "memory channel receive 'inbox'"),
        (_iterate, "memory channel receive 'inbox'"),
        (_send, "memory channel send 'outbox'"),
        (_take_semaphore, "Semaphore 'slots'"),
        (_wait_for_condition, "Condition 'changed'"),
    ],
)
def test_each_kind_of_wait_is_named(main: Callable[[], Awaitable[None]], waits_for: str) -> None:
    assert wait_of(main) == Wait(f"{__name__}.{main.__name__}", waits_for, None)


@pytest.mark.parametrize("main", [_park, _wait_in_the_raw])
def test_a_wait_that_nobody_names_is_told_by_its_place(main: Callable[[], Awaitable[None]]) -> None:
    assert f"a wake-up in {__name__}.{main.__name__}, line " in wait_of(main).waits_for


def test_a_notified_waiter_waits_for_the_lock_of_its_condition() -> None:
    async def waiter(changed: trio.Condition) -> None:
        async with changed:
            await changed.wait()

    async def main() -> None:
        changed = trio.Condition()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(waiter, changed, name="notified")
            await sleep_ns(1)
            nursery.start_soon(waiter, changed, name="not notified")
            await sleep_ns(1)
            await changed.acquire()
            changed.notify()
            trio.lowlevel.current_task().name = "owner"
            await trio.sleep_forever()

    assert set(deadlock_of(main).waits) == {
        Wait("owner", "sleep_forever"),
        Wait("notified", "Lock of Condition 'changed'", "owner"),
        Wait("not notified", "Condition 'changed'"),
    }


def test_the_holders_of_a_full_limiter_are_listed() -> None:
    limiter = trio.CapacityLimiter(5)

    async def hold() -> None:
        async with limiter:
            await trio.sleep_forever()

    async def late() -> None:
        await sleep_ns(1)
        await limiter.acquire()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for number in range(5):
                nursery.start_soon(hold, name=f"worker {number}")
            nursery.start_soon(late, name="late")

    assert deadlock_of(main).waits[-1] == Wait(
        "late", "CapacityLimiter 'limiter'", "worker 0, worker 1, worker 2 and 2 more"
    )


@attrs.define(eq=False)
class Turnstile:
    lot: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)

    def describe_wait(self, task: trio.lowlevel.Task) -> tuple[str, str | None] | None:
        return f"turnstile for {task.name}", "the guard"

    async def pass_through(self) -> None:
        await self.lot.park()


def test_a_primitive_of_our_own_describes_its_wait() -> None:
    async def main() -> None:
        trio.lowlevel.current_task().name = "visitor"
        await Turnstile().pass_through()

    assert isinstance(Turnstile(), DescribesWait)
    assert wait_of(main) == Wait("visitor", "turnstile for visitor", "the guard")


def test_a_primitive_that_disclaims_a_wait_leaves_it_to_the_next_frame() -> None:
    class Modest(Turnstile):
        def describe_wait(self, task: trio.lowlevel.Task) -> tuple[str, str | None] | None:
            return None

        async def pass_through(self) -> None:
            await trio.Event().wait()

    async def main() -> None:
        await Modest().pass_through()

    assert wait_of(main).waits_for == "Event"


def test_a_primitive_that_fails_to_describe_does_not_hide_the_deadlock() -> None:
    class Broken(Turnstile):
        def describe_wait(self, task: trio.lowlevel.Task) -> tuple[str, str | None] | None:
            raise ZeroDivisionError

    async def main() -> None:
        await Broken().pass_through()

    assert wait_of(main).waits_for == "Broken (its describe_wait raised ZeroDivisionError())"


def test_a_lock_kept_in_an_attribute_is_known_by_the_attribute() -> None:
    class Slotted:
        __slots__ = ("heap_lock",)

        def __init__(self) -> None:
            self.heap_lock = trio.Lock()

        async def enter(self) -> None:
            await sleep_ns(1)
            async with self.heap_lock:
                raise AssertionError

    async def main() -> None:
        section = Slotted()
        async with section.heap_lock, trio.open_nursery() as nursery:
            trio.lowlevel.current_task().name = "owner"
            nursery.start_soon(section.enter, name="second")

    assert deadlock_of(main).waits[-1] == Wait("second", "Lock 'heap_lock'", "owner")


def test_a_finite_wait_is_no_deadlock() -> None:
    async def enter(lock: trio.Lock) -> None:
        async with lock:
            await sleep_ns(1)

    async def main() -> None:
        with trio.move_on_after(10**6):
            await trio.sleep_forever()
        lock = trio.Lock()
        async with trio.open_nursery() as nursery, lock:
            nursery.start_soon(enter, lock)
            await sleep_ns(10)

    run(main)


def test_a_deadlock_of_thousands_is_told_by_its_first_lines() -> None:
    waits = [Wait(f"client {number}", "Event") for number in range(5000)]
    lines = str(DeadlockError(12, waits)).splitlines()
    assert lines[0] == "deadlock at virtual time 12 ns: nothing can ever happen again"
    assert lines[-1] == "  and 4980 more tasks"
    assert len(lines) == 22


@pytest.mark.parametrize(
    ("time_ns", "text"),
    [(0, "0 ns"), (999, "999 ns"), (1500, "1.500 us"), (999_999_999, "999.999 ms"), (61 * 10**9, "61.000 s")],
)
def test_the_time_of_a_deadlock_is_readable(time_ns: int, text: str) -> None:
    assert str(DeadlockError(time_ns, [])) == f"deadlock at virtual time {text}: nothing can ever happen again"


def test_a_deadlock_error_survives_pickling() -> None:
    error = DeadlockError(5, [Wait("a", "Lock 'x'", "b")])
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.time_ns, copy.waits, str(copy)) == (5, error.waits, str(error))


def test_a_wait_in_a_lot_names_the_users_code_while_schedules_are_explored() -> None:
    async def waits_in_a_lot() -> None:
        await trio.lowlevel.ParkingLot().park()

    with labelled_primitives():
        error = run_schedule(waits_in_a_lot, Ready.canonical).error
    assert isinstance(error, DeadlockError)
    assert "waits_in_a_lot" in error.waits[0].waits_for
