"""The one file that touches trio's private names.

The canary runs the loop once and sees whether it works; a test lists every name and says which trio version lacks one.
What the clock needs in trio's own loop has a fallback beside each use, which costs a property and not the run.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import inspect
import operator
import warnings
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import outcome
import trio
import trio._core._run
import trio._core._traps
import trio._threads

from lsart.engine._loop_parts import AGAIN, Calls, InOrder, NoIO, NoSignals, how, only_run
from lsart.engine._outside import SystemTaskError, start_no_thread
from lsart.engine._schedule import CLOCK, Ready, Trace

if TYPE_CHECKING:
    from lsart.engine._loop import Loop

_run: Any = trio._core._run
_traps: Any = trio._core._traps
_threads: Any = trio._threads

# Modules in which a parked task waits for something that this process does not decide. A renamed
# module would turn such a wait into a false deadlock; the tests wait for a thread, a socket and a signal.
OUTSIDE = frozenset(
    {*(f"trio._core._io_{name}" for name in ("epoll", "kqueue", "windows")), "trio._signals", "trio._threads"}
)
# Modules that park a task for somebody else: the next frame out says what for.
PARKING = frozenset({"trio._core._traps", "trio._core._parking_lot"})
# Modules whose primitives have parking lots inside.
PRIMITIVES = frozenset({"trio._sync", "trio._channel"})
# trio's own task for run_sync_soon always waits for a wake-up byte and never means anything by it.
ENTRY_QUEUE = "trio._core._entry_queue"

# What cancels a scope: the latter is what trio itself calls where a nursery's body or a child has failed.
CANCEL_METHODS = tuple(name for name in ("cancel", "_cancel") if hasattr(trio.CancelScope, name))
# What ``async with trio.open_nursery()`` enters; its exit may close the nursery.
NURSERY_MANAGER: Any = getattr(_run, "NurseryManager", None)

_IO_NAMES = ("get_events", "process_events")
_counter = operator.attrgetter("_counter")


def _runner() -> Any:
    return getattr(getattr(_run, "GLOBAL_RUN_CONTEXT", None), "runner", None)


@contextlib.contextmanager
def seeded_scheduler(stream: object) -> Iterator[None]:
    """Let `stream` alone decide who of the runnable tasks goes first in trio's own loop, as long as the block runs.

    Swapped, not reseeded: Hypothesis has registered trio's random object and must find it as it left it.

    Raises:
        RuntimeError: another thread is inside a run of ours.
    """
    wanted = {"_r": stream, "_ALLOW_DETERMINISTIC_SCHEDULING": True}
    with only_run():
        absent = [name for name in wanted if not hasattr(_run, name)]
        if absent:
            lost = f"trio {trio.__version__} has no {' and no '.join(absent)}: the order of tasks does not follow from"
            warnings.warn(f"{lost} the seed", RuntimeWarning, stacklevel=4)
            yield
            return
        saved = {name: getattr(_run, name) for name in wanted}
        try:
            vars(_run).update(wanted)
            yield
        finally:
            vars(_run).update(saved)


def idle_waiters() -> bool | None:
    """Whether a task is in ``wait_all_tasks_blocked``; None if this trio does not tell."""
    waiting = getattr(_runner(), "waiting_for_idle", None)
    return None if waiting is None else bool(waiting)


def take_news_from_outside() -> bool:
    """Wake the tasks whose file descriptor is ready or whose thread is done; False if there are none.

    trio asks the clock before it polls: bytes that lie in a socket already would lose against a virtual timeout.
    """
    io_manager: Any = getattr(_runner(), "io_manager", None)
    if any(not hasattr(io_manager, name) for name in _IO_NAMES):
        return False
    events = io_manager.get_events(0)
    if events:
        io_manager.process_events(events)
    return bool(events)


def is_guest() -> bool:
    """Whether trio is a guest of another event loop, which may wake tasks whenever it likes."""
    return bool(getattr(_runner(), "is_guest", False))


def unshield(tasks: Iterable[trio.lowlevel.Task]) -> bool:
    """Lift the shield of every cancel scope around `tasks`; False if there was none to lift."""
    lifted = False
    for task in tasks:
        status = getattr(task, "_cancel_status", None)
        while status is not None:
            scope = getattr(status, "_scope", None)
            if scope is not None and scope.shield:
                scope.shield = False
                lifted = True
            status = getattr(status, "parent", None)
    return lifted


def ready() -> Ready | None:
    """Who can run now, if the calling thread is inside a `Loop`."""
    return getattr(_run.GLOBAL_RUN_CONTEXT, "lsart_ready", None)


def give_up(task: Any) -> None:
    """Its clean-up runs now, and whatever that does is nobody's concern any more."""
    with contextlib.suppress(BaseException):
        task.coro.close()
    for nursery in task.child_nurseries:
        nursery._children.clear()  # else it complains when it is collected


def number_of(task: Any) -> int:
    """The number of a task among all that this process has spawned; 0 if this trio does not count."""
    return int(getattr(task, "_counter", 0))


def task_number(task: Any) -> int:
    """The number of a task in its run."""
    return int(task._counter - _runner().init_task._counter)


def made_ready() -> list[int]:
    """Whom the step under way has woken or spawned so far."""
    return sorted(map(task_number, _runner().runq))


def can_run(task: Any) -> bool:
    """Whether a task waits for nothing but its turn."""
    return task._next_send_fn is not None


def put_back(found: Ready, tasks: Iterable[Any]) -> None:
    """For the fallback: what `ready` returns from now on, and tasks that wait in trio's queue again."""
    _run.GLOBAL_RUN_CONTEXT.lsart_ready = found
    _runner().runq.extend(tasks)


def channel_state(channel: object) -> object:
    """What all clones of both ends of a memory channel share; the channel itself if that cannot be found."""
    return getattr(channel, "_state", channel)


def lock_of(condition: object) -> object:
    """The lock of a condition, into whose queue notified tasks go; the condition itself if that cannot be found."""
    return getattr(condition, "_lock", condition)


def enter(
    ready: Ready, clock: object, instruments: Sequence[trio.abc.Instrument], *, handles_signals: bool
) -> tuple[Any, Callable[[], None]]:
    """trio's Runner without its I/O and its entry queue, made the current run of this thread; and how to leave it."""
    runner = _run.Runner(
        clock=clock,
        instruments=_run.Instruments(instruments),
        io_manager=NoIO(),
        ki_manager=_run.KIManager() if handles_signals else NoSignals(),
        system_context=copy_context(),
        strict_exception_groups=True,
        entry_queue=Calls(),
        runq=[],
        waiting_for_idle={},
        asyncgens=_run.AsyncGenerators(alive=InOrder()),
    )
    context = _run.GLOBAL_RUN_CONTEXT
    library = getattr(_run, "sniffio_library", None)
    library_before = getattr(library, "name", None)
    start_thread = _threads.start_thread_soon
    collects = gc.isenabled()

    def leave() -> None:
        _threads.start_thread_soon = start_thread
        runner.close()
        context.__dict__.clear()
        # Without these circles hardly anything of a run is left to the garbage collector.
        runner.init_task = runner.main_task = runner.system_nursery = runner.trio_token = None
        if library is not None:
            library.name = library_before
        if collects:
            gc.enable()

    runner.asyncgens.install_hooks(runner)
    if handles_signals:
        runner.ki_manager.install(runner.deliver_ki, False)
    context.runner, context.lsart_ready = runner, ready
    if library is not None:
        library.name = "trio"
    _threads.start_thread_soon = functools.partial(start_no_thread, context, start_thread)
    gc.disable()  # the loop collects at fixed steps
    return runner, leave


def spawn_root(runner: Any, main: Callable[[], Awaitable[object]]) -> None:
    """The first task, from which all others descend."""
    runner.init_task = runner.spawn_impl(_root, (runner, main), None, "<init>", system_task=True)


async def _root(runner: Any, main: Callable[[], Awaitable[object]]) -> None:
    """As trio's own, with one nursery in place of three, as there is no task of an entry queue."""
    try:
        async with trio.open_nursery() as runner.system_nursery:
            try:
                runner.main_task = runner.spawn_impl(main, (), runner.system_nursery, None)
            except BaseException as error:
                runner.main_task_outcome = outcome.Error(error)
    except BaseExceptionGroup as error:
        if error.split(KeyboardInterrupt)[0] is not None:
            raise
        raise SystemTaskError("a system task", error) from error
    generators = runner.asyncgens
    runner.entry_queue.empty()
    while generators.alive or generators.trailing_needs_finalize:
        left = [*generators.alive, *generators.trailing_needs_finalize]
        generators.trailing_needs_finalize.clear()
        generators.alive = InOrder()
        for each in left:
            await generators._finalize_one(each, each.__qualname__)
        runner.entry_queue.empty()


@trio.lowlevel.enable_ki_protection
def take_steps(loop: Loop, runner: Any) -> None:
    """Step after step until no task lives: trio's loop, but for who goes next and for what time it is.

    The hot loop: names are local, nothing is looked up twice.
    """
    ready, trace, choose = loop.ready, loop.trace, loop.choose
    living, arrivals, calls = runner.tasks, runner.runq, runner.entry_queue.queue
    numbers, places, pending, tasks = ready.numbers, ready.places, ready.pending, loop.tasks
    # A plain dict up to trio 0.29, with one inside from 0.30 on; either way "_all" is every instrument there is now.
    hooks, base = getattr(runner.instruments, "data", runner.instruments), runner.init_task._counter
    hooked = hooks["_all"]
    context, deadlines, clock = _run.GLOBAL_RUN_CONTEXT, runner.deadlines, loop.clock
    time_is_a_choice, attend_at = loop.time_is_a_choice, loop.steps
    checkpoint = _traps.CancelShieldedCheckpoint
    noted = Trace() if trace is None else trace
    ran, woken, names, ends = noted.numbers.append, noted.woken.append, noted.names, noted.ends
    shows_names = noted.shows_names
    step = loop.steps - 1
    while living:
        if calls:
            loop.make_calls(runner, step + 1)
        if deadlines._active:
            runner.deadlines.expire(clock.current_time())  # one that was moved to now; all others come with time
        if arrivals:
            # trio wakes in the order of sets; the order of tasks must not follow from where objects lie.
            if len(arrivals) > 1:
                arrivals.sort(key=_counter)
            for task in arrivals:
                number = task._counter - base
                tasks[number] = task
                places[number] = len(numbers)
                numbers.append(number)
                if trace is not None:
                    woken((step, number))
                    if number not in names:
                        names[number] = task.name
                        if shows_names or number == 1:
                            task.name = trace.name_task(number, task.name)
                        if ready.owners and ready.current in ready.owners:  # a package's tasks are the package's
                            ready.owners.setdefault(number, ready.owners[ready.current])
            if ready.arrived is not None:
                ready.arrived += [task._counter - base for task in arrivals]
            arrivals.clear()
        if time_is_a_choice:
            loop.offer_time(runner)
        if len(numbers) > 1:
            try:
                number = choose(ready)
            except BaseException as error:
                loop.stop(runner, step + 1, error)
        elif numbers:
            number = numbers[0]
        else:
            loop.wait_for_time(runner, step + 1)
            continue
        step += 1
        if step >= attend_at:
            attend_at = loop.attend(runner, step, number)
        if trace is not None:
            ran(number)
            if pending and number in pending:
                trace.labels[step] = pending.pop(number)
        if time_is_a_choice and number == CLOCK:
            loop.let_time_come(runner, step + 1)
            continue
        ready.current = number
        ready.has_stopped = False
        try:
            task = context.task = tasks[number]
        except KeyError:
            loop.stop(runner, step, ValueError(f"task {number} was chosen, and only {sorted(numbers)} can run"))
        if hooked and "before_task_step" in hooks:
            runner.instruments.call("before_task_step", task)
        function, value = task._next_send_fn, task._next_send
        task._next_send_fn = task._next_send = None
        ended: outcome.Outcome[object] | None = None
        message = None
        try:
            message = task.context.run(function, value)
        except StopIteration as stop:
            ended = outcome.Value(stop.value)
        except BaseException as error:
            trace_back = error.__traceback__
            ended = outcome.Error(error.with_traceback(trace_back and trace_back.tb_next))
            del trace_back
        if message is checkpoint:
            # It stays where it stands among the ready; to take it out and put it back would only cost time.
            task._schedule_points += 1
            task._next_send_fn = task.coro.send
            task._next_send = AGAIN
            if hooked and "task_scheduled" in hooks:
                runner.instruments.call("task_scheduled", task)
        else:
            ready.take_out(number)
            ready.has_stopped = True
            del tasks[number]
            if ended is None:
                if trace is not None:
                    ends[step] = "b"
                _park(runner, task, message)
                if trace is not None and trace.shows_names:
                    loop.note_wait(task, step)
            else:
                if trace is not None:
                    ends[step] = "e" if type(ended) is outcome.Value else how(ended)
                    if trace.notes_nurseries and task.parent_nursery is not None:  # where it has come to by now
                        trace.parents[number] = task.parent_nursery.parent_task._counter - base
                _exit(runner, task, ended)
        if hooked and "after_task_step" in hooks:
            runner.instruments.call("after_task_step", task)
    loop.steps = step + 1


def _park(runner: Any, task: Any, message: Any) -> None:
    """Note how a wait can be cancelled, and cancel it if it is already."""
    if type(message) is _traps.WaitTaskRescheduled:
        task._schedule_points += 1
        task._cancel_points += 1
        task._abort_func = message.abort_func
        if runner.ki_pending and task is runner.main_task:
            task._attempt_delivery_of_pending_ki()
        task._attempt_delivery_of_any_pending_cancel()
    elif type(message) is _traps.PermanentlyDetachCoroutineObject:
        _exit(runner, task, message.final_outcome)
    else:
        runner.reschedule(task)
        task._next_send_fn = task.coro.throw
        task._next_send = TypeError(
            f"a task yielded {message!r}, which trio does not know; is this a library for another framework?"
        )


def _exit(runner: Any, task: Any, ended: outcome.Outcome[object]) -> None:
    runner.task_exited(task, ended)
    if task is runner.main_task and runner.system_nursery.child_tasks:
        runner.system_nursery.cancel_scope.cancel()


def abort_wait(task: Any, error: BaseException) -> None:
    """Let a task that waits go on with an error, if its wait can be given up."""

    def raise_error() -> None:
        raise error

    task._attempt_abort(raise_error)


def raise_inside(task: Any, error: BaseException) -> None:
    """Let a task that can run go on with an error instead."""
    if inspect.getcoroutinestate(task.coro) == inspect.CORO_CREATED:
        task._next_send_fn, task._next_send = task.coro.throw, error
    else:
        task._next_send_fn, task._next_send = task.coro.send, outcome.Error(error)
