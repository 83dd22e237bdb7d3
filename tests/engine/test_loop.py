"""trio's own primitives do in our loop what they do in trio's."""

import contextvars
from math import inf

import pytest
import trio
import trio.testing
from loops import Log, Seen, same_in_both

from lsart.engine import run


def test_a_lock_is_held_by_one_task_at_a_time() -> None:
    async def main(log: Log) -> list[bool]:
        lock = trio.Lock()
        order: list[int] = []

        async def member(number: int) -> None:
            async with lock:
                order.append(number)
                await trio.lowlevel.checkpoint()
                order.append(number)
            log.append(number)

        async with trio.open_nursery() as nursery:
            for number in range(5):
                nursery.start_soon(member, number)
        return [order[at] == order[at + 1] for at in range(0, 10, 2)]

    assert same_in_both(main) == Seen([True] * 5, [0, 1, 2, 3, 4])


def test_a_fair_lock_is_taken_in_the_order_of_the_queue() -> None:
    async def main(log: Log) -> list[int]:
        lock = trio.StrictFIFOLock()
        order: list[int] = []

        async def member(number: int) -> None:
            async with lock:
                order.append(number)

        async with trio.open_nursery() as nursery:
            await lock.acquire()
            for number in range(5):
                nursery.start_soon(member, number)
                await trio.testing.wait_all_tasks_blocked()
            lock.release()
        return order

    assert same_in_both(main).result == [0, 1, 2, 3, 4]


def test_misused_locks_say_so() -> None:
    async def main(log: Log) -> None:
        lock = trio.Lock()
        for misuse in (lock.release, lambda: (lock.acquire_nowait(), lock.acquire_nowait())):
            try:
                misuse()
            except RuntimeError as error:
                log.append(str(error))

    assert len(same_in_both(main).log) == 2


def test_an_event_wakes_all_who_wait() -> None:
    async def main(log: Log) -> float:
        event = trio.Event()

        async def member(number: int) -> None:
            await event.wait()
            log.append((number, trio.current_time()))

        async with trio.open_nursery() as nursery:
            for number in range(3):
                nursery.start_soon(member, number)
            await trio.sleep(2)
            event.set()
        await event.wait()
        return trio.current_time()

    assert same_in_both(main) == Seen(2.0, [(0, 2.0), (1, 2.0), (2, 2.0)])


def test_a_limiter_and_a_semaphore_let_so_many_in() -> None:
    async def main(log: Log) -> tuple[float, int]:
        for gate in (trio.CapacityLimiter(2), trio.Semaphore(2)):
            inside: list[int] = []

            async def member(number: int, gate: trio.CapacityLimiter | trio.Semaphore, inside: list[int]) -> None:
                async with gate:
                    inside.append(number)
                    log.append(len(inside) <= 2)
                    await trio.sleep(1)
                    inside.remove(number)

            async with trio.open_nursery() as nursery:
                for number in range(6):
                    nursery.start_soon(member, number, gate, inside)
        return trio.current_time(), len(log)

    assert same_in_both(main) == Seen((6.0, 12), [True] * 12)


def test_a_limiter_that_grows_lets_more_in() -> None:
    async def main(log: Log) -> float:
        limiter = trio.CapacityLimiter(1)

        async def member() -> None:
            async with limiter:
                await trio.sleep(1)

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(member)
            await trio.sleep(0.5)
            limiter.total_tokens = inf
        return trio.current_time()

    assert same_in_both(main).result == 1.5


def test_a_condition_wakes_as_many_as_it_is_told() -> None:
    async def main(log: Log) -> int:
        condition, semaphore = trio.Condition(), trio.Semaphore(0)

        async def member(number: int) -> None:
            async with condition:
                await condition.wait()
                log.append(number)
            semaphore.release()

        async with trio.open_nursery() as nursery:
            for number in range(4):
                nursery.start_soon(member, number)
                await trio.testing.wait_all_tasks_blocked()
            async with condition:
                condition.notify(2)
            for _ in range(2):
                await semaphore.acquire()
            woken = len(log)
            async with condition:
                condition.notify_all()
        return woken

    assert same_in_both(main) == Seen(2, [0, 1, 2, 3])


@pytest.mark.parametrize("size", [0, 1, inf])
def test_all_that_is_sent_is_received_and_the_end_is_seen(size: float) -> None:
    async def main(log: Log) -> None:
        send, receive = trio.open_memory_channel[tuple[int, int]](size)

        async def producer(number: int, channel: trio.MemorySendChannel[tuple[int, int]]) -> None:
            async with channel:
                for item in range(3):
                    await channel.send((number, item))

        async def consumer(channel: trio.MemoryReceiveChannel[tuple[int, int]]) -> None:
            async with channel:
                async for item in channel:
                    log.append(item)

        async with trio.open_nursery() as nursery, send, receive:
            for number in range(3):
                nursery.start_soon(producer, number, send.clone())
                nursery.start_soon(consumer, receive.clone())

    assert same_in_both(main).log == [(number, item) for number in range(3) for item in range(3)]


def test_a_channel_whose_receiver_is_gone_is_broken() -> None:
    async def main(log: Log) -> None:
        send, receive = trio.open_memory_channel[int](0)

        async def sender() -> None:
            try:
                await send.send(1)
            except trio.BrokenResourceError:
                log.append("broken")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(sender)
            await trio.testing.wait_all_tasks_blocked()
            receive.close()

    assert same_in_both(main).log == ["broken"]


def test_timeouts_come_when_they_are_due() -> None:
    async def main(log: Log) -> float:
        with trio.move_on_after(5) as scope:
            await trio.sleep_forever()
        log.append((scope.cancelled_caught, trio.current_time()))
        try:
            with trio.fail_after(3):
                await trio.sleep(100)
        except trio.TooSlowError:
            log.append(trio.current_time())
        with trio.move_on_after(10) as outer, trio.move_on_after(1) as inner:
            await trio.sleep_forever()
        log.append((outer.cancelled_caught, inner.cancelled_caught))
        with trio.move_on_after(0) as scope:
            await trio.lowlevel.checkpoint()
        log.append(scope.cancelled_caught)
        with trio.move_on_after(1) as scope:
            scope.deadline += 1
            await trio.sleep(1.5)
        log.append(scope.cancelled_caught)
        return trio.current_time()

    assert same_in_both(main).result == 10.5


def test_many_are_cancelled_and_each_cleans_up() -> None:
    async def main(log: Log) -> float:
        async def member(number: int) -> None:
            try:
                await trio.sleep_forever()
            except trio.Cancelled:
                with trio.CancelScope(shield=True):
                    await trio.sleep(number)
                log.append((number, trio.current_time()))
                raise

        async with trio.open_nursery() as nursery:
            for number in range(5):
                nursery.start_soon(member, number)
            await trio.sleep(1)
            nursery.cancel_scope.cancel()
        return trio.current_time()

    assert same_in_both(main) == Seen(5.0, [(number, number + 1.0) for number in range(5)])


def test_a_shield_keeps_cancellation_off_until_it_ends() -> None:
    async def main(log: Log) -> bool:
        with trio.move_on_after(1) as scope:
            with trio.CancelScope(shield=True):
                await trio.sleep(3)
            log.append(trio.current_time())
            await trio.sleep(3)
            log.append("never")
        return scope.cancelled_caught

    assert same_in_both(main) == Seen(True, [3.0])


def test_the_errors_of_many_tasks_come_as_one_group() -> None:
    async def main(log: Log) -> None:
        async def fail(number: int) -> None:
            try:
                await trio.sleep_forever()
            finally:
                raise ValueError(number)

        async with trio.open_nursery() as nursery:
            for number in range(3):
                nursery.start_soon(fail, number)
            await trio.testing.wait_all_tasks_blocked()
            raise KeyError("main")

    result = same_in_both(main).result
    assert result == "ExceptionGroup(KeyError: 'main', ValueError: 0, ValueError: 1, ValueError: 2)"


def test_a_task_that_is_started_hands_its_value_over() -> None:
    async def main(log: Log) -> int:
        async def service(task_status: trio.TaskStatus[int]) -> None:
            await trio.sleep(1)
            task_status.started(7)
            await trio.sleep(1)
            log.append(trio.current_time())

        async def fails(task_status: trio.TaskStatus[int]) -> None:
            await trio.sleep(1)
            raise ValueError("not started")

        async with trio.open_nursery() as nursery:
            value: int = await nursery.start(service)
            log.append(trio.current_time())
            try:
                await nursery.start(fails)
            except ValueError as error:
                log.append(str(error))
        return value

    assert same_in_both(main) == Seen(7, ["not started", 1.0, 2.0])


def test_each_task_has_context_variables_of_its_own() -> None:
    variable = contextvars.ContextVar("variable", default="nobody's")
    variable.set("outer")

    async def main(log: Log) -> str:
        async def member(number: int) -> None:
            inherited = variable.get()
            variable.set(str(number))
            await trio.lowlevel.checkpoint()
            log.append((number, inherited, variable.get()))

        variable.set("main's")
        async with trio.open_nursery() as nursery:
            for number in range(3):
                nursery.start_soon(member, number)
        return variable.get()

    expected = [(number, "main's", str(number)) for number in range(3)]
    assert same_in_both(main) == Seen("main's", expected)
    assert variable.get() == "outer"


def test_a_parking_lot_lets_go_in_the_order_of_parking() -> None:
    async def main(log: Log) -> list[int]:
        lot, other = trio.lowlevel.ParkingLot(), trio.lowlevel.ParkingLot()
        order: list[int] = []

        async def member(number: int) -> None:
            await lot.park()
            order.append(number)

        async with trio.open_nursery() as nursery:
            for number in range(4):
                nursery.start_soon(member, number)
                await trio.testing.wait_all_tasks_blocked()
            for _ in range(2):
                lot.unpark()
                await trio.testing.wait_all_tasks_blocked()
            lot.repark_all(other)
            log.append((len(lot), len(other)))
            other.unpark_all()
        return [*order[:2], *sorted(order[2:])]

    assert same_in_both(main) == Seen([0, 1, 2, 3], [(0, 2)])


def test_who_waits_for_idleness_goes_by_the_length_of_its_cushion() -> None:
    async def main(log: Log) -> list[float]:
        order: list[float] = []

        async def waiter(cushion: float) -> None:
            await trio.testing.wait_all_tasks_blocked(cushion)
            order.append(cushion)

        async def busy() -> None:
            for _ in range(20):
                await trio.lowlevel.checkpoint()
            log.append(len(order))

        async with trio.open_nursery() as nursery:
            for cushion in (0.002, 0.0, 0.001, 0.0):
                nursery.start_soon(waiter, cushion)
            nursery.start_soon(busy)
            nursery.start_soon(trio.sleep, 5)
            with trio.move_on_after(0.0):
                await trio.testing.wait_all_tasks_blocked(9)
        return order

    assert same_in_both(main) == Seen([0.0, 0.0, 0.001, 0.002], [0])


def test_statistics_count_the_tasks_and_the_time_to_the_next_deadline() -> None:
    async def main(log: Log) -> tuple[int, float]:
        before = trio.lowlevel.current_statistics()
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(trio.sleep, 7)
            await trio.testing.wait_all_tasks_blocked()
            now = trio.lowlevel.current_statistics()
            log.append((now.tasks_runnable, now.run_sync_soon_queue_size))
            return now.tasks_living - before.tasks_living, now.seconds_to_next_deadline

    assert same_in_both(main) == Seen((3, 7.0), [(0, 0)])


def test_other_seeds_let_other_tasks_go_first_at_each_step_not_only_in_each_round() -> None:
    async def main() -> str:
        order = ""

        async def member(name: str) -> None:
            nonlocal order
            for _ in range(3):
                order += name
                await trio.lowlevel.checkpoint()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(member, "a")
            nursery.start_soon(member, "b")
        return order

    found = {run(main, seed=seed) for seed in range(200)}
    assert {"aaabbb", "bbbaaa", "ababab"} <= found
    assert len(found) == 20
