"""The canary: says which trio version broke which private name, and that life goes on without it."""

import importlib
import inspect
import random
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import trio
import trio.testing
from trio._core import _run as internals

from lsart.engine import _trio, now_ns, run, sleep_ns
from lsart.engine._canary import loop_works

# What the engine uses, by who has it.
NAMES = {
    "trio._core._run": (
        *("AsyncGenerators", "Runner", "Instruments", "KIManager", "GLOBAL_RUN_CONTEXT"),
        *("_r", "_ALLOW_DETERMINISTIC_SCHEDULING"),
    ),
    "trio._core._traps": ("CancelShieldedCheckpoint", "WaitTaskRescheduled", "PermanentlyDetachCoroutineObject"),
    "trio._threads": ("start_thread_soon",),
    "Runner": (
        *("asyncgens", "close", "deadlines", "deliver_ki", "entry_queue", "init_task", "instruments", "ki_manager"),
        *("ki_pending", "main_task", "main_task_outcome", "reschedule", "runq", "spawn_impl", "system_nursery"),
        *("task_exited", "tasks", "waiting_for_idle", "is_guest", "io_manager"),
    ),
    "IOManager": ("get_events", "process_events"),
    "CancelStatus": ("_scope", "parent"),
    "AsyncGenerators": ("_finalize_one", "alive", "install_hooks", "trailing_needs_finalize"),
    "Deadlines": ("_active", "expire", "next_deadline"),
    "EntryQueue": ("run_sync_soon", "size", "close"),
    "Instruments": ("call", "__contains__"),
    "KIManager": ("install", "close"),
    "Task": (
        *("_abort_func", "_attempt_abort", "_attempt_delivery_of_any_pending_cancel", "_cancel_points"),
        *(
            "_attempt_delivery_of_pending_ki",
            "_cancel_status",
            "_counter",
            "_next_send",
            "_next_send_fn",
            "_schedule_points",
        ),
    ),
    "WaitTaskRescheduled": ("abort_func",),
    "PermanentlyDetachCoroutineObject": ("final_outcome",),
    "MemorySendChannel": ("_state",),
    "MemoryReceiveChannel": ("_state",),
}
RUNNER_ARGUMENTS = {
    *("clock", "entry_queue", "instruments", "io_manager", "ki_manager"),
    *("runq", "strict_exception_groups", "system_context", "waiting_for_idle"),
}


async def owners() -> dict[str, object]:
    """Where those names are looked for, inside a run of trio's own."""
    runner: Any = internals.GLOBAL_RUN_CONTEXT.runner
    task: Any = trio.lowlevel.current_task()
    send, receive = trio.open_memory_channel[None](0)
    modules = {name: importlib.import_module(name) for name in NAMES if name.startswith("trio.")}
    traps: Any = modules["trio._core._traps"]
    return {
        **modules,
        "Runner": runner,
        "AsyncGenerators": runner.asyncgens,
        "Deadlines": runner.deadlines,
        "EntryQueue": runner.entry_queue,
        "Instruments": runner.instruments,
        "KIManager": runner.ki_manager,
        "IOManager": runner.io_manager,
        "CancelStatus": task._cancel_status,
        "Task": task,
        "WaitTaskRescheduled": traps.WaitTaskRescheduled(None),
        "PermanentlyDetachCoroutineObject": traps.PermanentlyDetachCoroutineObject(None),
        "MemorySendChannel": send,
        "MemoryReceiveChannel": receive,
    }


def test_this_trio_has_every_private_name_that_the_engine_uses() -> None:
    found = trio.run(owners)
    missing = [f"{owner}.{name}" for owner in NAMES for name in NAMES[owner] if not hasattr(found[owner], name)]
    assert not missing, f"trio {trio.__version__} no longer has {', '.join(missing)}"


def test_this_trio_makes_a_runner_and_a_first_task_as_the_loop_does() -> None:
    made = inspect.signature(internals.Runner).parameters
    required = {name for name, each in made.items() if each.default is inspect.Parameter.empty}
    assert set(made) >= RUNNER_ARGUMENTS, f"trio {trio.__version__}: Runner takes no {RUNNER_ARGUMENTS - set(made)}"
    assert required <= RUNNER_ARGUMENTS, f"trio {trio.__version__}: Runner also needs {required - RUNNER_ARGUMENTS}"
    spawn: Callable[..., object] = internals.Runner.spawn_impl
    spawned = list(inspect.signature(spawn).parameters)[1:]
    assert spawned[:4] == ["async_fn", "args", "nursery", "name"], f"trio {trio.__version__}: {spawned}"
    assert "system_task" in spawned, f"trio {trio.__version__}: {spawned}"


def test_the_loop_works_on_this_trio() -> None:
    loop_works.cache_clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert loop_works(), f"trio {trio.__version__}: {[str(each.message) for each in caught]}"
    loop_works.cache_clear()


def test_modules_whose_waits_mean_the_outside_world_exist() -> None:
    # Which of the three I/O modules exists depends on the platform; the other two always do.
    known = {name for name in _trio.OUTSIDE | _trio.PARKING if _imports(name)}
    assert {"trio._signals", "trio._threads", *_trio.PARKING} <= known
    assert any("_io_" in name for name in known), f"trio {trio.__version__} has none of its I/O modules"


def _imports(name: str) -> bool:
    try:
        importlib.import_module(name)
    except Exception:
        return False
    return True


@pytest.fixture
def trio_without_a_seedable_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    # trio itself needs the name, so the engine looks at a stand-in.
    monkeypatch.setattr(_trio, "_run", _Without(internals, "_r"))


@pytest.fixture
def trio_without_a_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_trio, "_runner", lambda: None)


class _Without:
    def __init__(self, module: object, *names: str) -> None:
        self._module = module
        self._names = names

    def __getattr__(self, name: str) -> object:
        if name in self._names:
            raise AttributeError(name)
        return getattr(self._module, name)


@pytest.mark.usefixtures("trio_without_a_seedable_scheduler")
def test_without_trios_random_the_run_works_and_says_what_is_lost() -> None:
    async def main() -> bool:
        await sleep_ns(3)
        return now_ns() >= 3

    with pytest.warns(RuntimeWarning, match=f"trio {trio.__version__} has no _r: the order of tasks"):
        assert run(main, clock="real")


@pytest.mark.usefixtures("trio_without_a_runner")
def test_without_the_runner_idle_waiters_still_go_first() -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(sleep_ns, 10)
            await trio.testing.wait_all_tasks_blocked()
            assert now_ns() == 0
        assert now_ns() == 10

    run(main)


def test_only_one_seeded_block_can_be_open() -> None:
    stream = random.Random(0)
    with (
        _trio.seeded_scheduler(stream),
        pytest.raises(RuntimeError, match="use processes"),
        _trio.seeded_scheduler(stream),
    ):
        raise AssertionError
