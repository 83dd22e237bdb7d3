"""Labelled points: harmless where nobody explores, and told by name where somebody does."""

import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
import trio
from loops import all_schedules, in_trios_loop, oldest

from lsart.engine import (
    EVERYTHING,
    Choose,
    Label,
    Ready,
    Trace,
    _trio,
    announce,
    exploring,
    labelled_primitives,
    point,
    run,
    run_schedule,
    touch,
    touch_everything,
)
from lsart.engine._primitives import _ACTS, _WAITS

T = TypeVar("T")


def explored(main: Callable[[], Awaitable[object]], choose: Choose = oldest, **options: Any) -> Trace:
    """The trace of a run that must go well."""
    trace = run_schedule(main, choose, **options)
    assert trace.error is None, trace.error
    return trace


def in_a_schedule(main: Callable[[], Awaitable[object]]) -> object:
    trace = explored(main, lambda ready: max(ready.numbers))
    assert trace.result is not None
    return trace.result.unwrap()


RUNNERS: list[Callable[[Callable[[], Awaitable[object]]], object]] = [in_trios_loop, run, in_a_schedule]


@pytest.mark.parametrize("runner", RUNNERS)
def test_points_and_touches_are_harmless_wherever_they_are(
    runner: Callable[[Callable[[], Awaitable[object]]], object],
) -> None:
    async def main() -> str:
        with labelled_primitives():
            await point("a")
            await point("a", "r")
            await point()
            await announce(EVERYTHING)
            touch("a")
            touch_everything()
            async with trio.Lock():
                return "done"

    assert runner(main) == "done"


def test_touches_outside_of_any_run_are_harmless() -> None:
    touch("a")
    touch_everything()
    assert not exploring()


def test_only_a_run_whose_steps_are_noted_explores() -> None:
    async def main() -> bool:
        return exploring()

    assert [runner(main) for runner in RUNNERS] == [False, False, True]


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_point_lets_others_run_and_is_no_place_to_be_cancelled(
    runner: Callable[[Callable[[], Awaitable[object]]], object],
) -> None:
    async def main() -> list[str]:
        log: list[str] = []

        async def other() -> None:
            log.append("other")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(other)
            nursery.cancel_scope.cancel()
            for _ in range(50):
                await point("a")
            log.append("passed")
            await trio.lowlevel.checkpoint()
            log.append("never")
        return log

    assert runner(main) == ["other", "passed"]


def test_a_label_stands_at_the_step_that_comes_after_its_point() -> None:
    async def main() -> None:
        await point("a")
        touch("b", "r")
        await point("c", "r")
        await point()
        touch_everything()
        touch("d", "w", "fill d[2:4]", 2, 4)

    trace = explored(main)
    assert trace.numbers == [0, 1, 1, 1, 1, 0]
    assert trace.labels == {2: Label("a", "w", "write a"), 3: Label("c", "r", "read c"), 4: EVERYTHING}
    assert trace.touched == [
        (2, Label("b", "r", "read b")),
        (4, EVERYTHING),
        (4, Label("d", "w", "fill d[2:4]", 2, 4)),
    ]


def test_a_chooser_sees_what_each_task_is_about_to_touch() -> None:
    seen: list[set[str]] = []

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(point, "a")
            nursery.start_soon(point, "b", "r")

    def choose(ready: Ready) -> int:
        seen.append({str(label) for label in ready.pending.values()})
        return max(ready.numbers, key=lambda number: (number not in ready.pending, number))

    run_schedule(main, choose)
    assert {"write a", "read b"} in seen


def test_a_kind_that_is_neither_read_nor_write_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="kind must be 'r' or 'w', not 'x'"):
            await point("a", "x")  # type: ignore[arg-type]  # what the test is about

    explored(main)


# ------------------------------------------------------------------ trio's primitives

OWNERS = {owner for owner, *_ in (*_WAITS, *_ACTS)} | {trio.CancelScope}


def classes() -> dict[type[Any], dict[str, object]]:
    return {owner: dict(vars(owner)) for owner in OWNERS}


def test_trios_classes_are_put_back_exactly_as_they_were() -> None:
    before = classes()
    with labelled_primitives():
        inside = classes()
        assert all(inside[owner] != before[owner] for owner in OWNERS)
        with labelled_primitives():
            pass
        assert classes() == inside
    assert classes() == before


def test_trios_classes_are_put_back_after_an_error() -> None:
    before = classes()
    with pytest.raises(ZeroDivisionError), labelled_primitives():
        raise ZeroDivisionError
    assert classes() == before


def _channel() -> tuple[trio.MemorySendChannel[int], trio.MemoryReceiveChannel[int]]:
    return trio.open_memory_channel[int](2)


def _fresh(owner: type[Any]) -> Any:
    """A primitive of this kind, ready for whatever may be done to it."""
    if owner in (trio.Semaphore, trio.CapacityLimiter):
        return owner(1)
    if owner in (trio.MemorySendChannel, trio.MemoryReceiveChannel):
        send, receive = _channel()
        send.send_nowait(1)
        kept.append((send, receive))
        return send if owner is trio.MemorySendChannel else receive
    return owner()


kept: list[object] = []
BEFORE: dict[str, Callable[[Any], object]] = {
    "release": lambda each: None if isinstance(each, trio.Semaphore) else each.acquire_nowait(),
    "release_on_behalf_of": lambda each: each.acquire_on_behalf_of_nowait("somebody"),
    "notify": lambda each: each.acquire_nowait(),
    "notify_all": lambda each: each.acquire_nowait(),
}
ARGUMENTS: dict[str, tuple[object, ...]] = {
    "acquire_on_behalf_of": ("somebody",),
    "acquire_on_behalf_of_nowait": ("somebody",),
    "release_on_behalf_of": ("somebody",),
    "send": (1,),
    "send_nowait": (1,),
}


def expected_of(owner: type[Any], verb: str) -> str:
    return f"{verb} {'channel' if 'Channel' in owner.__name__ else owner.__name__} 1.1"


@pytest.mark.parametrize(("owner", "method", "kind", "_", "verb"), _WAITS)
def test_what_waits_is_announced(owner: type[Any], method: str, kind: str, _: object, verb: str) -> None:
    async def main() -> None:
        primitive = _fresh(owner)
        if isinstance(primitive, trio.Condition):
            primitive.acquire_nowait()
        with trio.move_on_after(1):
            await getattr(primitive, method)(*ARGUMENTS.get(method, ()))

    with labelled_primitives():
        trace = explored(main)
    found = [(label.kind, str(label)) for label in trace.labels.values()]
    assert found[0] == (kind, expected_of(owner, verb))


@pytest.mark.parametrize(("owner", "method", "kind", "named", "verb"), _ACTS)
def test_what_does_not_wait_is_noted(owner: type[Any], method: str, kind: str, named: object, verb: str) -> None:
    expected = f"{verb} Lock 1.1" if named is _trio.lock_of else expected_of(owner, verb)

    async def main() -> None:
        primitive = _fresh(owner)
        BEFORE.get(method, lambda _: None)(primitive)
        getattr(primitive, method)(*ARGUMENTS.get(method, ()))

    with labelled_primitives():
        trace = explored(main)
    assert (kind, expected) in [(label.kind, str(label)) for _, label in trace.touched]
    assert trace.labels == {}


def test_a_cancellation_touches_everything() -> None:
    async def main() -> None:
        with trio.CancelScope() as scope:
            scope.cancel()

    with labelled_primitives():
        assert EVERYTHING in [label for _, label in explored(main).touched]


def test_both_ends_of_a_channel_and_their_clones_are_one_thing() -> None:
    async def main() -> None:
        send, receive = trio.open_memory_channel[int](2)
        async with send.clone() as other, receive:
            await send.send(1)
            await other.send(2)
            await receive.receive()

    with labelled_primitives():
        trace = explored(main)
    assert {label.resource for label in trace.labels.values()} == {"channel 1.1"}


def test_a_primitive_does_what_it_did_while_it_is_labelled() -> None:
    async def main() -> list[int]:
        lock, found = trio.Lock(), [0]

        async def member() -> None:
            async with lock:
                value = found[0]
                await trio.lowlevel.checkpoint()
                found[0] = value + 1

        async with trio.open_nursery() as nursery:
            nursery.start_soon(member)
            nursery.start_soon(member)
        return found

    with labelled_primitives():
        results = [trace.result for trace in all_schedules(main)]
    assert len(results) > 2
    assert all(result is not None and result.unwrap() == [2] for result in results)


NAMES = """if True:
    import trio
    from lsart.engine import labelled_primitives, run_schedule

    async def main():
        locks = [trio.Lock() for _ in range(3)]
        events = [trio.Event() for _ in range(3)]

        async def member(number):
            for lock in (locks[number], locks[number - 1]):
                async with lock:
                    events[number].set()
            await events[number - 1].wait()

        async with trio.open_nursery() as nursery:
            for number in range(3):
                nursery.start_soon(member, number)

    def names():
        with labelled_primitives():
            trace = run_schedule(main, lambda ready: min(ready.numbers))
        return [(step, label.resource) for step, label in trace.labels.items()], trace.touched
"""


def test_names_of_primitives_are_the_same_in_every_run_and_process() -> None:
    program = NAMES + "    first = names()\n    print(first if first == names() else 'two names')\n"
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        for hash_seed in ("1", "4711")
    }
    (text,) = said
    assert text.count("Event") > 3


def test_a_story_calls_primitives_by_the_names_of_the_code() -> None:
    async def main() -> None:
        my_lock, my_event = trio.Lock(), trio.Event()
        async with my_lock:
            my_event.set()
        await my_event.wait()

    with labelled_primitives():
        trace = explored(main, shows_names=True)
    assert [str(label) for label in trace.labels.values()] == ["acquire Lock 'my_lock'", "wait for Event 'my_event'"]
    assert "set Event 'my_event'" in [str(label) for _, label in trace.touched]
    # What explorers compare is the same with and without them.
    with labelled_primitives():
        plain = explored(main)
    assert [label.resource for label in trace.labels.values()] == [label.resource for label in plain.labels.values()]


def test_a_story_calls_a_channel_by_the_first_variable_that_it_was_met_under() -> None:
    async def main() -> None:
        outbox, inbox = trio.open_memory_channel[int](1)
        with outbox, inbox:
            await outbox.send(1)
            await inbox.receive()

    with labelled_primitives():
        trace = explored(main, shows_names=True)
    assert next(str(label) for label in trace.labels.values()) == "send to channel 'outbox'"
